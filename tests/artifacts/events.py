"""Compares the changes in the table with what arrives at a target of the bus, and with the activity.

The emulator reads its own stream and invokes the function that is deployed, under the function's role. It ignores which
records the function reports as failed, so failures are tested elsewhere.
"""

import contextlib
import json
import subprocess
import time
import uuid

import boto3

from . import story
from .stack import ALIAS, REGION, outputs_of
from .story import ROOT, same

SCRIPT = ROOT / "infra/replay-events.py"
FUNCTION = "publish-events"
IMAGES = "NEW_AND_OLD_IMAGES"
PATIENCE = 120  # seconds until all events have to be there
# It repeats what other events say, and is on the bus only.
UPDATED = "Organization.Membership.Updated"


def mapping(stack):
    """The event source mapping of the function."""
    name = f"{stack}-{FUNCTION}"
    mappings = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    [found] = [it for it in mappings if f":function:{name}" in it["FunctionArn"]]
    return found


@contextlib.contextmanager
def received(stack):
    """A queue that gets all events of the stack's bus, by a rule, as somebody who receives events makes it."""
    bus, events, sqs = outputs_of(stack)["EventBusName"], boto3.client("events"), boto3.client("sqs")
    queue = sqs.create_queue(QueueName="received")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["usher"]})
    rule = events.put_rule(Name="received", EventBusName=bus, EventPattern=pattern)["RuleArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events.put_targets(Rule="received", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield queue
    finally:
        events.remove_targets(Rule="received", EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name="received", EventBusName=bus)
        sqs.delete_queue(QueueUrl=queue)


def check(template, stack, queue):
    """Makes changes, and compares. Publishes some again, by their time and from the dead-letter queue. Returns how many
    events there are."""
    settle(stack, queue)
    before = changes(stack).keys()
    source = mapping(stack)
    same(
        ["Enabled", 100, 10, ["ReportBatchItemFailures"], True, 21600, -1, outputs_of(stack)["DeadLetterQueueUrl"].rpartition("/")[2]],
        [
            *(source[name] for name in ("State", "BatchSize", "ParallelizationFactor", "FunctionResponseTypes")),
            *(source[name] for name in ("BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds")),
            source["MaximumRetryAttempts"],
            source["DestinationConfig"]["OnFailure"]["Destination"].rpartition(":")[2],
        ],
        "the event source mapping",
    )
    make_changes(template, stack)
    made = {key: events for key, events in changes(stack).items() if key not in before}
    expected = sorted(event["id"] for events in made.values() for event in events)
    kept = {event["id"] for events in made.values() for event in events if "organizationId" in event}

    first = arrived(queue, expected)
    for event in first:
        same(["usher", event["detail"]["type"]], [event["source"], event["detail-type"]], "an event on the bus")
        same(False, "@" in json.dumps(event), f"whether an event has an address: {event}")
    told = {event["detail"]["id"]: event["detail"] for event in first}
    for events in made.values():
        for event in events:
            same(event, told[event["id"]], f"the event {event['id']} on the bus")
    same(sorted(kept), wait_for(lambda: sorted(kept & activity(stack)), sorted(kept)), "the activity")

    # All of a time.
    times = sorted(event["time"] for events in made.values() for event in events)
    said = replay(stack, "--since", times[0], "--until", times[-1])
    same(True, f"{len(made)} changes published." in said, f"what replay-events.py says: {said}")
    arrived(queue, expected)
    same(sorted(kept), sorted(kept & activity(stack)), "the activity after a replay")

    # One that the function gave up, and one that Lambda gave up.
    sqs, dead = boto3.client("sqs"), outputs_of(stack)["DeadLetterQueueUrl"]
    [one, other] = sorted(made)[:2]
    letter = {"key": {"pk": one[0], "sk": one[1]}, "cause": "test", "record": {}}
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(letter))
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(given_up(source["EventSourceArn"], other)))
    said = replay(stack)
    same(True, f"{stack}: 2 changes published, 2 messages deleted." in said, f"what replay-events.py says: {said}")
    arrived(queue, sorted(event["id"] for key in (one, other) for event in made[key]))
    return len(expected)


def make_changes(template, stack):
    """Creates, changes and deletes through the functions: an organization, its domain, a role, and a member."""
    functions = boto3.client("lambda")
    known = story.routes(template)

    def ask(request, body=None, status=200):
        name = story.route_of(request, known)[2]
        event = story.event_of({"request": request} | ({} if body is None else {"body": body}))
        answer = functions.invoke(FunctionName=f"{stack}-{name}", Qualifier=ALIAS, Payload=json.dumps(event))
        answer = json.loads(answer["Payload"].read())
        same(status, answer["statusCode"], f"{request}: {answer}")
        return json.loads(answer["body"] or "null")

    id = f"events-{uuid.uuid4().hex[:8]}"
    role = ask("POST /organization-roles", {"name": f"Role of {id}"}, 201)["id"]
    ask("POST /organizations", {"id": id, "name": "Events"}, 201)
    ask(f"POST /organizations/{id}/jit/email-domains", {"emailDomain": f"{id}.example"}, 201)
    ask(f"POST /organizations/{id}/jit/roles", {"organizationRoleIds": [role]}, 201)
    user = ask("POST /users", {"primaryEmail": f"ann@{id}.example"}, 201)["id"]
    ask(f"PUT /organizations/{id}/users/{user}/roles", {"organizationRoleIds": []}, 204)
    ask(f"DELETE /organizations/{id}/jit/email-domains/{id}.example", None, 204)
    ask(f"PATCH /organizations/{id}", {"name": "Renamed"})
    ask(f"DELETE /organizations/{id}/users/{user}", None, 204)


def changes(stack):
    """The events of each change in the table, by its key."""
    return {
        (item["pk"]["S"], item["sk"]["S"]): json.loads(item["events"]["S"])
        for item in items(stack)
        if item["pk"]["S"].startswith("CHANGE#")
    }


def activity(stack):
    """The ids of the events that are kept as activity of organizations."""
    return {item["sk"]["S"] for item in items(stack) if item["pk"]["S"].startswith("ACTIVITY#")}


def items(stack):
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(
        TableName=outputs_of(stack)["TableName"], ConsistentRead=True
    )
    return [item for page in pages for item in page["Items"]]


def arrived(queue, expected):
    """Waits for these events, by their ids. Each has to arrive once, and no others but those that repeat others."""
    sqs, found = boto3.client("sqs"), []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        page = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        for message in page:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            if event["detail-type"] != UPDATED:
                found.append(event)
        # Nothing may follow.
        if not page and len(found) >= len(expected):
            break
    same(expected, sorted(event["detail"]["id"] for event in found), "the events at a target of the bus")
    return found


def wait_for(value, expected):
    end = time.monotonic() + PATIENCE
    while (found := value()) != expected and time.monotonic() < end:
        time.sleep(0.5)
    return found


def settle(stack, queue):
    """Waits until everything from before is published, and takes it off the queue."""
    of_organizations = sorted(
        event["id"]
        for events in changes(stack).values()
        for event in events
        if "organizationId" in event and event["type"] != UPDATED
    )
    wait_for(lambda: set(of_organizations) <= activity(stack), True)
    boto3.client("sqs").purge_queue(QueueUrl=queue)


def replay(stack, *arguments):
    """Runs infra/replay-events.py, and returns what it says."""
    line = [ROOT / ".venv/bin/python", "-B", SCRIPT, "--stack-name", stack, "--region", REGION, *arguments]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    same(0, done.returncode, done.stdout)
    return done.stdout


def given_up(stream, key):
    """What Lambda writes into the dead-letter queue about the record of this change."""
    streams = boto3.client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        place = {"StreamArn": stream, "ShardId": shard["ShardId"]}
        iterator = streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                keys = record["dynamodb"]["Keys"]
                if record["eventName"] == "INSERT" and (keys["pk"]["S"], keys["sk"]["S"]) == key:
                    number, at = record["dynamodb"]["SequenceNumber"], record["dynamodb"]["ApproximateCreationDateTime"]
                    batch = {"startSequenceNumber": number, "endSequenceNumber": number, "batchSize": 1}
                    batch |= dict.fromkeys(
                        ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"), at.isoformat()
                    )
                    batch |= {"shardId": shard["ShardId"], "streamArn": stream}
                    return {"requestContext": {"condition": "RecordAgeExceeded"}, "DDBStreamBatchInfo": batch}
            iterator = page.get("NextShardIterator") if page["Records"] else None
    raise SystemExit(f"the stream has no record of {key}")
