"""Runs the built functions with `sam local`, in containers, against usher-local's DynamoDB and a Cognito emulator.

    python -m artifacts.sam .aws-sam/test/template.yaml

The story of `tests/events` goes through `sam local start-lambda`, one event of it also through `sam local invoke`, which
starts SAM for each event. Then the README's tour goes through `sam local start-api`, with sign-ups and tokens through
`sam local start-lambda`. Where no Docker daemon answers, the test runs its own.
"""

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

from . import daemon, story
from .emulator import free_port
from .story import same

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds to wait for the emulators

specification = importlib.util.spec_from_file_location("sam_local", ROOT / "infra/local/sam.py")
sam_local = importlib.util.module_from_spec(specification)
specification.loader.exec_module(sam_local)


def main():
    template = Path(sys.argv[1]).resolve()
    if "USHER_CGROUP" in os.environ:
        os.environ["CARGO_NET_OFFLINE"] = "true"
        with daemon.started():
            daemon.import_base_image(base_image(), sorted(template.parent.glob("*/bootstrap")))
            os.environ["SAM_SKIP_PULL"] = "1"
            check(template)
    elif sam_local.daemon_answers():
        check(template)
    elif obstacle := daemon.may_run():
        sys.exit(f"No Docker daemon answers, and {obstacle}, so that this test cannot run its own: start Docker.")
    else:
        # These builds need the network, which is missing inside the namespaces.
        for line in (["build", "--bin", "usher-local"], ["test", "--no-run", "--test", "it"]):
            subprocess.run(["cargo", line[0], "--locked", "--quiet", *line[1:]], cwd=ROOT, check=True)
        sys.exit(daemon.run_inside([sys.executable, "-B", "-m", "artifacts.sam", str(template)]))


def base_image():
    machine = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"
    return f"public.ecr.aws/lambda/provided:al2023-{machine}"


def check(template):
    events(template)
    begin = time.monotonic()
    subprocess.run(
        ["cargo", "test", "--locked", "--quiet", "--test", "it", "the_tour_works_as_written"],
        cwd=ROOT,
        env=os.environ | {"SAM": str(template)},
        check=True,
        stdout=sys.stderr,
    )
    print(f"The README's tour works through sam local ({time.monotonic() - begin:.0f} s).", flush=True)


def events(template):
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        ports = dict.fromkeys(["HTTP_PORT", "DYNAMODB_PORT", "LAMBDA_PORT", "COGNITO_PORT"], "0")
        emulators = subprocess.Popen(
            ["node", "infra/local/run.mjs"],
            cwd=ROOT,
            env=os.environ | ports | {"RUN_DIR": str(run)},
            stdout=subprocess.DEVNULL,
        )
        try:
            env = ready(emulators, run / "env")
            addresses = {name: env[name.upper()].removeprefix("http://") for name in ("dynamodb", "cognito", "dns")}
            story.make_provider(client("cognito-idp", env["COGNITO"]), env["USER_POOL_ID"])
            with sam_local.reachable(template, Path(folder), addresses, env["USER_POOL_ID"]) as options:
                with served(options, Path(folder, "log")) as functions:
                    count = story.tell(template, lambda _, id, event: invoked(functions, id, event))
                event = story.event_of({"event": "list-email-domains"})
                same(200, invoke("ListEmailDomainsFunction", event, options)["statusCode"], "sam local invoke")
        finally:
            emulators.send_signal(signal.SIGTERM)
            emulators.wait()
    print(f"sam local answers {count} events as told ({time.monotonic() - begin:.0f} s).", flush=True)


def ready(emulators, file):
    end = time.monotonic() + PATIENCE
    # The client's id is in the last line.
    while not (file.exists() and re.search(r"^CLIENT_ID=.*\n", text := file.read_text(), re.MULTILINE)):
        if emulators.poll() is not None or time.monotonic() > end:
            sys.exit("the emulators do not start")
        time.sleep(0.1)
    return dict(line.split("=", 1) for line in text.splitlines())


def client(service, endpoint):
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", **keys)


@contextlib.contextmanager
def served(options, log):
    """A client of `sam local start-lambda`, which starts a container for each event."""
    port = free_port()
    line = [sam_local.SAM, "local", "start-lambda", "--host", "127.0.0.1", "--port", str(port), *options]
    with log.open("w") as output:
        server = subprocess.Popen(line, cwd=ROOT, env=sam_local.environment(), stdout=output, stderr=output)
    try:
        sam_local.wait(server, f"127.0.0.1:{port}")
        yield client("lambda", f"http://127.0.0.1:{port}")
    except BaseException:
        print(f"--- the last words of sam local\n{log.read_text()[-4000:]}", file=sys.stderr)
        raise
    finally:
        sam_local.end(server)


def invoked(functions, id, event):
    answer = functions.invoke(FunctionName=id, Payload=json.dumps(event))
    payload = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        sys.exit(f"{id}\n{payload}")
    # Nothing is sent for the answer `null`.
    return json.loads(payload or "null")


def invoke(id, event, options):
    line = [sam_local.SAM, "local", "invoke", id, "--event", "-", *options]
    done = subprocess.run(
        line, cwd=ROOT, env=sam_local.environment(), input=json.dumps(event), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{id}\n{done.stdout}{done.stderr}")
    # Nothing is printed for the answer `null`.
    return json.loads(done.stdout or "null")


if __name__ == "__main__":
    main()
