"""Runs the AWS emulator (ministack) on loopback, and leaves out of a template what it refuses."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from .stack import REGION
from .story import ROOT, same

PATIENCE = 60  # seconds to wait for the emulator
# The alarms that the emulator refuses, so it gets a template without them: those on queries, and the composite one.
REFUSED_ALARMS = [
    "FederationThrottlesAlarm",
    "PartOfTriggersNotCalledFederatedSignInsAlarm",
    "PartOfTriggersNotCalledSignInsAlarm",
    "PartOfTriggersNotCalledTokenRefreshesAlarm",
    "SignInThrottlesAlarm",
    "SignUpThrottlesAlarm",
    "TokenRefreshThrottlesAlarm",
    "TriggersNotCalledAlarm",
]


def emulated(template):
    """A copy of the built template and all that it needs, beside it, without what the emulator refuses: `REFUSED_ALARMS`,
    CodeDeploy, the registry of schemas, and the policy of the queue, which allows nothing without TLS."""
    copy = template.parent.with_name("emulated")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(template.parent, copy, copy_function=os.link)
    path = copy / "Observability" / "template.yaml"
    nested = yaml.safe_load(path.read_text())
    resources = nested["Resources"]
    composite = "AWS::CloudWatch::CompositeAlarm"
    refused = [id for id, it in resources.items() if it["Type"] == composite or "Metrics" in it["Properties"]]
    same(REFUSED_ALARMS, sorted(refused), "the alarms that the emulator refuses")
    dashboard = resources["Dashboard"]["Properties"]["DashboardBody"]
    body = json.loads(dashboard["Fn::Sub"])
    shown = body["widgets"][0]["properties"]["alarms"]
    for id in refused:
        del resources[id]
        shown = [arn for arn in shown if f"${{{id}}}" not in arn]
    body["widgets"][0]["properties"]["alarms"] = shown
    dashboard["Fn::Sub"] = json.dumps(body)
    of_events = copy / "Events" / "template.yaml"
    events = yaml.safe_load(of_events.read_text())
    schemas = [id for id, it in events["Resources"].items() if it["Type"].startswith("AWS::EventSchemas::")]
    same(True, "SchemaRegistry" in schemas, f"the schemas that the emulator refuses: {schemas}")
    for id in [*schemas, "DeadLetterQueuePolicy"]:
        del events["Resources"][id]
    root = yaml.safe_load(template.read_text())
    # Its SAM sees the defaults of parameters instead of their values.
    root["Parameters"]["TriggerDeployment"]["Default"] = "AllAtOnce"
    # The copied files are links.
    for path, changed in [(path, nested), (of_events, events), (copy / "template.yaml", root)]:
        path.unlink()
        path.write_text(yaml.safe_dump(changed, sort_keys=False))
    return copy / "template.yaml"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def emulator():
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    # Without the caller's credentials and settings, which could lead to a real account.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # Seconds between two questions whether CloudFormation has ended.
        "SAM_CLI_POLL_DELAY": "1",
        # It compresses an artifact once, not for each function.
        "SAM_CLI_BETA_PACKAGE_PERFORMANCE": "1",
    }
    os.environ.clear()
    os.environ.update(environment)

    with tempfile.TemporaryDirectory() as folder:
        own = {
            # Enforce roles: a caller may do only what the policies allow.
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            # This listener would not be on loopback.
            "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            # As on AWS, no token is issued if the trigger fails. So a failure is noticed.
            "MINISTACK_COGNITO_PRETOKEN_STRICT": "1",
            "TMPDIR": folder,
        }
        log = Path(folder, "log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [ROOT / ".venv-ministack/bin/ministack"],
                cwd=folder,
                env=environment | own,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait(process, f"{endpoint}/_ministack/health")
            yield
        except BaseException:
            print(f"--- the emulator's last words\n{log.read_text()[-4000:]}", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait()


def wait(process, url):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)
