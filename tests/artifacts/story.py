"""Sends the requests of `tests/events/story.json` and the events of `tests/events` to the built functions, and compares each
answer with the story.

Ids and times differ from run to run. The functions make other ids for the role and the user than those in the story. When
an answer has another id than the story, all later steps use the id of the answer.
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import yaml

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests/events"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
GENERATED = re.compile(r"(role_|usher-domain-verification=)[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def functions(template):
    """The functions of a built template: their names, with their logical ids."""
    return {name: id for name, id, _ in resources(template)}


def resources(template):
    return [
        (resource["Properties"]["Handler"], id, resource["Properties"])
        for id, resource in yaml.safe_load(Path(template).read_text())["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def routes(template):
    """The routes of a built template, those without parameters first: method, path, function."""
    found = [
        (event["Properties"]["Method"], event["Properties"]["Path"], name)
        for name, _, properties in resources(template)
        for event in properties.get("Events", {}).values()
    ]
    return sorted(found, key=lambda route: route[1].count("{"))


def route_of(request, known):
    method, address = request.split(" ")
    for route in known:
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(route[1]))
        if route[0] == method and re.fullmatch(pattern, address.split("?")[0]):
            return route
    raise SystemExit(f"story.json: no route for {request}")


def left_out(steps, known):
    """The events and the GET requests without a step. The requests use the examples of the OpenAPI document."""
    told = {step.get("event") for step in steps}
    names = sorted(path.stem for path in EVENTS.glob("*.json") if path.stem != "story")
    found = [{"event": name} for name in names if name not in told]
    asked = {route_of(step["request"], known) for step in steps if step.get("request", "*") != "*"}
    paths = json.loads((ROOT / "functions/console/openapi.json").read_text())["paths"]
    for method, path, function in known:
        if method == "GET" and (method, path, function) not in asked:
            path = path.replace("+}", "}")
            for parameter in paths[path]["get"].get("parameters", []):
                path = path.replace("{" + parameter["name"] + "}", parameter.get("example", ""))
            found.append({"request": f"GET {path}"})
    return found


def make_provider(cognito, pool):
    """Makes the identity provider of the sample events in a user pool."""
    metadata = {"MetadataURL": "https://idp.okta.example/metadata"}
    cognito.create_identity_provider(
        UserPoolId=pool, ProviderName="Okta", ProviderType="SAML", ProviderDetails=metadata
    )


def tell(template, invoke):
    """Sends every step with `invoke(name, id, event)`, which returns the answer. Returns the number of steps."""
    ids, known = functions(template), routes(template)
    story = json.loads((EVENTS / "story.json").read_text())
    # The other part of the story is for the tests of the handlers.
    steps = story["everywhere"]
    others = left_out(steps + story["handlers"], known)
    place = steps.index({"request": "*"})
    steps[place : place + 1] = others

    real, reached = {}, set()
    for step in steps:
        text = json.dumps(event_of(step))
        for shown, this in real.items():
            text = text.replace(shown, this)
        event = json.loads(text)
        if "event" in step:
            name = step["event"]
            function = name.split(".")[0]
        else:
            name = step["request"]
            function = route_of(name, known)[2]
        answer = invoke(function, ids[function], event)
        reached.add(function)
        if "response" in step:
            expected = event | {"response": step["response"]}
            same(expected, answer, name)
        elif "answer" in step and step["answer"] is None:
            same(None, answer, name)
        elif "answer" in step and "event" in step:
            same(step["answer"], answer, name)
        elif "answer" in step:
            same(step["answer"], essence(answer, name), name, real)
        elif not 200 <= answer.get("statusCode", 0) < 300:
            raise SystemExit(f"{name}: {answer}")
    same([], sorted(ids.keys() - reached), "the functions that no step is for")
    return len(steps)


def event_of(step):
    """The event of a step. A request becomes the event that API Gateway would send."""
    event = json.loads((EVENTS / f"{step.get('event', 'list-email-domains')}.json").read_text())
    if "event" in step:
        return event
    method, address = step["request"].split(" ")
    path, _, query = address.partition("?")
    event |= {"routeKey": f"{method} {path}", "rawPath": unquote(path), "rawQueryString": query, "pathParameters": {}}
    event["requestContext"]["routeKey"] = event["routeKey"]
    event["requestContext"]["http"] |= {"method": method, "path": unquote(path)}
    if "body" in step:
        event["body"] = json.dumps(step["body"])
        event["headers"] |= {"content-type": "application/json", "content-length": str(len(event["body"]))}
    event["headers"] |= step.get("headers", {})
    return event


def essence(answer, name):
    """An HTTP function's answer, with a parsed body, without the parts that are always the same."""
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
    """Ends the run if two values differ in more than times and, with `real`, generated ids."""
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
