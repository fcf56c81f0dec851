"""Deploys the templates that docs/events.md shows, each for a bus, and sees an event delivered by each.

    cd tests && ../.venv/bin/python -B -m artifacts.event_templates

With the emulator's CloudFormation a template is deployed as it is. It does not know API destinations, but its EventBridge
does. So what that template makes is made by AWS's API, from the template.
"""

import contextlib
import http.server
import json
import queue
import threading
import time

import boto3
from samcli.yamlhelper import yaml_parse

from .chained import made_function
from .emulator import emulator
from .stack import STACK, outputs_of
from .story import ROOT, same

FOLDER = ROOT / "docs/events"
SAMPLES = json.loads((FOLDER / "samples.json").read_text())
PATIENCE = 30  # seconds to wait for a delivery
KEY = "correct-horse-battery"
# Sends its event to a URL, so that the test sees it.
FUNCTION = """
import json, urllib.request
def handler(event, context):
    urllib.request.urlopen(urllib.request.Request("{url}", json.dumps(event).encode()), timeout=10).close()
"""


def main():
    with emulator():
        boto3.client("events").create_event_bus(Name="tried")
        print(f"{delivered(None, 'tried')}.")


def delivered(_, bus=None):
    """Tries each template on this bus, or on that of the deployed stack."""
    bus = bus or outputs_of(STACK)["EventBusName"]
    with receiver() as (url, received):
        for part in (to_a_queue, to_a_function, to_a_url):
            part(bus, url, received)
    return "each template of docs/events.md delivers the events that it is for, and no others"


@contextlib.contextmanager
def receiver():
    """A web server on loopback, and a queue of what it gets: the key, and the body."""
    received = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            received.put((self.headers.get("x-api-key"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", received
        finally:
            server.shutdown()


def put(bus, *types):
    """Puts the samples of these types on the bus, as `publish-events` does."""
    entries = [
        {"EventBusName": bus, "Source": "usher", "DetailType": it, "Detail": json.dumps(SAMPLES[it])} for it in types
    ]
    same(0, boto3.client("events").put_events(Entries=entries)["FailedEntryCount"], "events that the bus refused")


@contextlib.contextmanager
def deployed(name, **parameters):
    """A stack of a template, and its outputs."""
    formation = boto3.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    template = (FOLDER / f"{name}.yaml").read_text()
    formation.create_stack(StackName=f"events-{name}", TemplateBody=template, Parameters=given)
    formation.get_waiter("stack_create_complete").wait(
        StackName=f"events-{name}", WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE}
    )
    try:
        yield outputs_of(f"events-{name}") if "Outputs" in template else {}
    finally:
        formation.delete_stack(StackName=f"events-{name}")


def to_a_queue(bus, *_):
    with deployed("queue", EventBusName=bus) as outputs:
        put(bus, "OrganizationRole.Created", "Organization.Membership.Removed")
        sqs, end, found = boto3.client("sqs"), time.monotonic() + PATIENCE, []
        while not found and time.monotonic() < end:
            found = sqs.receive_message(QueueUrl=outputs["QueueUrl"], WaitTimeSeconds=1).get("Messages", [])
        [message] = found
        event = json.loads(message["Body"])
        same(["usher", SAMPLES["Organization.Membership.Removed"]], [event["source"], event["detail"]], "the message")


def to_a_function(bus, url, received):
    principal = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [principal]})
    role = boto3.client("iam").create_role(RoleName="events-function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    function = made_function("events-function", FUNCTION.format(url=url), role)
    with deployed("lambda", EventBusName=bus, FunctionArn=function):
        put(bus, "Organization.Membership.Removed", "Organization.Membership.Created")
        _, event = received.get(timeout=PATIENCE)
        same(SAMPLES["Organization.Membership.Created"], event["detail"], "the event of the function")
    boto3.client("lambda").delete_function(FunctionName="events-function")
    boto3.client("iam").delete_role(RoleName="events-function")


def to_a_url(bus, url, received):
    resources = yaml_parse((FOLDER / "api-destination.yaml").read_text())["Resources"]
    values, arns = {"EventBusName": bus, "Url": url, "ApiKey": KEY}, {}

    def resolved(part):
        match part:
            case {"Ref": name}:
                return values[name]
            case {"Fn::GetAtt": [id, "Arn"]}:
                return arns[id]
            case dict():
                return {name: resolved(it) for name, it in part.items()}
            case list():
                return [resolved(it) for it in part]
        return part

    def properties(id):
        return resolved(resources[id]["Properties"])

    events, iam = boto3.client("events"), boto3.client("iam")
    arns["Connection"] = events.create_connection(Name="tried", **properties("Connection"))["ConnectionArn"]
    arns["Destination"] = events.create_api_destination(Name="tried", **properties("Destination"))["ApiDestinationArn"]
    role = properties("Role")
    trust = json.dumps({"Version": "2012-10-17"} | role["AssumeRolePolicyDocument"])
    arns["Role"] = iam.create_role(RoleName="tried", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    [policy] = role["Policies"]
    document = json.dumps({"Version": "2012-10-17"} | policy["PolicyDocument"])
    iam.put_role_policy(RoleName="tried", PolicyName=policy["PolicyName"], PolicyDocument=document)
    rule = properties("Rule")
    place = {"EventBusName": rule["EventBusName"]}
    events.put_rule(Name="tried", EventPattern=json.dumps(rule["EventPattern"]), **place)
    events.put_targets(Rule="tried", Targets=rule["Targets"], **place)

    put(bus, "Organization.Membership.Created", "Organization.Membership.Updated")
    same((KEY, SAMPLES["Organization.Membership.Updated"]), received.get(timeout=PATIENCE), "the request to the URL")
    same(True, received.empty(), "whether no other event came")

    events.remove_targets(Rule="tried", Ids=[it["Id"] for it in rule["Targets"]], **place)
    events.delete_rule(Name="tried", **place)
    events.delete_api_destination(Name="tried")
    events.delete_connection(Name="tried")
    iam.delete_role_policy(RoleName="tried", PolicyName=policy["PolicyName"])
    iam.delete_role(RoleName="tried")


if __name__ == "__main__":
    main()
