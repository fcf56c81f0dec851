"""The sample events of `tests/events`, each sent to its function and its answer compared with what the story tells.

Ids and moments differ from run to run. The role and the user that the functions make are other ones than the events
name, so an id that is answered in place of one that is told stands for it in every later event.
"""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests/events"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
GENERATED = re.compile(r"role_[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def functions(template):
    """The functions of a built template: their names, and their ids in it."""
    resources = yaml.safe_load(Path(template).read_text())["Resources"]
    return {
        resource["Metadata"]["BuildProperties"]["Binary"]: id
        for id, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def tell(template, invoke):
    """Sends every event by `invoke(name, id, event)`, which answers what the function does; tells how many there are."""
    ids = functions(template)
    files = sorted(path.stem for path in EVENTS.glob("*.json") if path.stem != "story")
    lacking = sorted(ids.keys() - set(files))
    same([], lacking, "the functions without an event in tests/events")
    # Its requests are for the tests of the handlers.
    steps = [step for step in json.loads((EVENTS / "story.json").read_text()) if "event" in step]
    told = {step["event"] for step in steps}
    steps += [{"event": name} for name in files if name not in told]

    real = {}
    for step in steps:
        name = step["event"]
        function = name.split(".")[0]
        text = (EVENTS / f"{name}.json").read_text()
        for shown, this in real.items():
            text = text.replace(shown, this)
        event = json.loads(text)
        answer = invoke(function, ids[function], event)
        if "response" in step:
            expected = event | {"response": step["response"]}
            same(expected, answer, name)
        elif "answer" in step:
            same(step["answer"], essence(answer, name), name, real)
        elif not 200 <= answer.get("statusCode", 0) < 300:
            raise SystemExit(f"{name}: {answer}")
    return len(steps)


def essence(answer, name):
    """An HTTP function's answer without what is always the same, its body parsed."""
    if "statusCode" not in answer:
        raise SystemExit(f"{name}: {answer}")
    headers = {key: value for key, value in answer["headers"].items() if key != "content-length"}
    rest = {key: value for key, value in answer.items() if key not in ("statusCode", "headers", "body")}
    same({"multiValueHeaders": {}, "isBase64Encoded": False, "cookies": []}, rest, name)
    return {"statusCode": answer["statusCode"], "headers": headers, "body": parsed(answer.get("body"))}


def parsed(body):
    try:
        return json.loads(body or "null")
    except ValueError:
        return body


def same(expected, found, what, real=None):
    """Ends the run where two values differ in more than moments and, with `real`, generated ids."""
    if not alike(expected, found, {} if real is None else real):
        raise SystemExit(f"{what}\nexpected {json.dumps(expected)}\n   found {json.dumps(found, default=str)}")


def alike(expected, found, real):
    match expected, found:
        case dict(), dict():
            return expected.keys() == found.keys() and all(alike(expected[key], found[key], real) for key in expected)
        case list(), list():
            return len(expected) == len(found) and all(map(lambda pair: alike(*pair, real), zip(expected, found)))
        case str(), str() if GENERATED.fullmatch(expected) and GENERATED.fullmatch(found):
            return real.setdefault(expected, found) == found
        case str(), str():
            return expected == found or bool(MOMENT.fullmatch(expected) and MOMENT.fullmatch(found))
    return expected == found
