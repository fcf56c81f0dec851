#!/usr/bin/env python3
"""Publishes events again that a stack has given up, or those of a time.

    replay-events.py --stack-name usher [--region REGION] [--limit N] [--dry-run] [--discard-missing]
    replay-events.py --stack-name usher --since TIME [--until TIME] [--region REGION] [--limit N] [--dry-run]

Without a time, the script empties the dead-letter queue. A message of publish-events names the change that could not be
published. A message of Lambda names a part of the table's stream, which the script reads there for 24 hours, and looks for
in the table after that. With a time, the script looks for all changes of that time in the table, which keeps them for seven
days. Looking in the table reads all of it.

Function publish-events publishes the changes, each with the same ids as before. A message is deleted when all that it names
is published. See docs/operations.md#publishing-events-again.
"""

import argparse
import json
import sys
from collections import namedtuple
from datetime import datetime, timedelta, timezone

import boto3
from aws import ALIAS, Refusal, sentence
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

FUNCTION = "publish-events"
# What the partition key of a change begins with.
CHANGES = "CHANGE#"
# How long the table keeps changes.
KEPT = timedelta(days=7)
# Changes that one call of the function publishes. It has two minutes for them.
AT_ONCE = 25
# Seconds for which nobody else gets the messages that the script has received. They are given back at its end.
HELD = 900
# Lambda's clock and that of the function that wrote a change differ by less.
SKEW = timedelta(minutes=1)
# What a stream says about records that it has no more, or of itself when it is gone.
GONE = ("ResourceNotFoundException", "TrimmedDataAccessException")

# Pages of a stream without a record after which the rest is looked for in the table.
EMPTY_PAGES = 50
# Why a message cannot be used.
FOREIGN = "nothing that Usher or Lambda has written: delete it by hand"
LOST = "neither the stream nor the table has what it names any more"

# A message of the queue, with the changes that it names. `lost` is the time of what only the table still has, and `fault`
# why the message cannot be used.
Message = namedtuple("Message", "receipt title keys lost fault")


class Place:
    """The stack, and what is asked about it."""

    def __init__(self, name, region):
        session = boto3.Session(region_name=region)
        try:
            stack = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response.get("Error", {}).get("Message", ""):
                raise Refusal(f"There is no stack {name} in {session.region_name}.") from None
            raise
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if lacking := {"DeadLetterQueueUrl", "TableName"} - outputs.keys():
            raise Refusal(f"The stack {name} has no output {min(lacking)}: deploy a release of Usher that has events.")
        self.stack, self.queue, self.table = name, outputs["DeadLetterQueueUrl"], outputs["TableName"]
        self.sqs, self.dynamodb = session.client("sqs"), session.client("dynamodb")
        self.streams = session.client("dynamodbstreams")
        # It answers when all is published. The function has two minutes.
        self.functions = session.client("lambda", config=Config(read_timeout=150))


def main(arguments=None):
    options = parse(arguments)
    try:
        place = Place(options.stack_name, options.region)
        return replay_time(place, options) if options.since else replay_queue(place, options)
    except Refusal as refusal:
        return f"{refusal}"
    except (ClientError, BotoCoreError) as error:
        return sentence(error)
    except KeyboardInterrupt:
        return "Stopped. What was published is published. Run it again for the rest."


def parse(arguments):
    parser = argparse.ArgumentParser(description="Publishes events again that a stack has given up, or those of a time.")
    parser.add_argument("--stack-name", metavar="NAME", required=True, help="the stack")
    parser.add_argument("--region", metavar="REGION", help="the stack's region, instead of the profile's")
    parser.add_argument("--since", metavar="TIME", type=moment, help="publish the changes since then: 2026-11-22T01:00:00Z")
    parser.add_argument("--until", metavar="TIME", type=moment, help="and no later ones (now)")
    parser.add_argument(
        "--limit", metavar="N", type=int, default=1000, help="messages, or changes of a time, that are too many (1000)"
    )
    parser.add_argument(
        "--discard-missing", action="store_true", help="delete messages of which only missing changes are left"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be published, and publish nothing")
    options = parser.parse_args(arguments)
    if options.until and not options.since:
        parser.error("--until needs --since")
    if options.since and options.discard_missing:
        parser.error("--discard-missing is about messages: give no --since")
    if options.since and (options.until or now()) < options.since:
        parser.error("--until is before --since")
    if options.limit < 1:
        parser.error("--limit is 1 or more")
    return options


def moment(text):
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no time: write it like 2026-11-22T01:00:00Z") from None
    if not found.tzinfo:
        raise argparse.ArgumentTypeError(f"{text} has no time zone: write {text}Z for UTC")
    return found


def now():
    return datetime.now(timezone.utc)


def replay_time(place, options):
    """Publishes all changes of a time."""
    until = options.until or now()
    if options.since < now() - KEPT:
        print(f"{place.table} keeps changes for {KEPT.days} days: older ones are gone.")
    keys = in_table(place, [(options.since, until)], options.limit)
    said = f"{counted(len(keys), 'change')} from {shown(options.since)} until {shown(until)}"
    if options.dry_run:
        listed(keys)
        print(f"{place.stack}: {said}. Nothing is published, since this is a dry run.")
        return 0
    print(f"{place.stack}: {said}.")
    done = published(place, keys)
    print(f"{place.stack}: {counted(len(done.published), 'change')} published.")
    return told(done.failed)


def replay_queue(place, options):
    """Publishes what the messages of the queue name, and deletes the messages of what is published."""
    received, deleted = [], set()
    try:
        receive(place, options.limit, received)
        messages = [read(place, it) for it in received]
        # One reading of the table for all of them.
        lost = [it.lost for it in messages if it.lost]
        if lost and not options.dry_run:
            found = in_table(place, lost, options.limit)
            messages = [with_lost(it, found) for it in messages]
        for message in messages:
            where = f", and others from {shown(message.lost[0])} until {shown(message.lost[1])}" if message.lost else ""
            named = f"{counted(len(message.keys), 'change')}{where}"
            print(f"{message.title}: {message.fault or named}")
        keys = {key for message in messages for key in message.keys}
        said = f"{counted(len(messages), 'message')} in the queue, {counted(len(keys), 'change')}"
        if options.dry_run:
            listed(keys)
            print(f"{place.stack}: {said}. Nothing is published, since this is a dry run.")
            return 0
        print(f"{place.stack}: {said}.")
        done = published(place, keys)
        settled = done.published | (done.missing if options.discard_missing else set())
        for message in messages:
            is_usable = not message.fault or (message.fault == LOST and options.discard_missing)
            if is_usable and set(message.keys) <= settled:
                place.sqs.delete_message(QueueUrl=place.queue, ReceiptHandle=message.receipt)
                deleted.add(message.receipt)
    finally:
        give_back(place, [it["ReceiptHandle"] for it in received if it["ReceiptHandle"] not in deleted])
    print(
        f"{place.stack}: {counted(len(done.published), 'change')} published, {counted(len(deleted), 'message')} deleted."
    )
    if len(received) == options.limit:
        print(f"There may be more than {options.limit} messages: run it again.")
    failed = {key: why for key, why in done.failed.items() if key not in settled}
    return told(failed | {it.title: it.fault for it in messages if it.fault and it.receipt not in deleted})


def receive(place, limit, received):
    """Adds the messages of the queue to those that were received."""
    while len(received) < limit:
        # Waiting for a second makes SQS ask all of its servers.
        page = place.sqs.receive_message(
            QueueUrl=place.queue,
            MaxNumberOfMessages=min(10, limit - len(received)),
            VisibilityTimeout=HELD,
            WaitTimeSeconds=1,
        ).get("Messages", [])
        if not page:
            return
        received += page


def give_back(place, receipts):
    for receipt in receipts:
        place.sqs.change_message_visibility(QueueUrl=place.queue, ReceiptHandle=receipt, VisibilityTimeout=0)


def read(place, received):
    """What a message names."""
    receipt, id = received["ReceiptHandle"], received.get("MessageId", "message")
    try:
        body = json.loads(received["Body"])
        if "DDBStreamBatchInfo" in body:
            batch, why = body["DDBStreamBatchInfo"], body["requestContext"]["condition"]
            title = f"{id}, which Lambda gave up ({why})"
            keys = in_stream(place, batch)
            if keys is None:
                first, last = (moment(batch[f"approximateArrivalOf{it}Record"]) for it in ("First", "Last"))
                return Message(receipt, title, [], (first - SKEW, last + SKEW), None)
            return Message(receipt, title, keys, None, None)
        why = body["cause"]
        if body["key"] is None:
            return Message(receipt, id, [], None, f"a record without a key ({why}): delete it by hand")
        key = (body["key"]["pk"], body["key"]["sk"])
    except (ValueError, KeyError, TypeError, argparse.ArgumentTypeError, ParamValidationError):
        return Message(receipt, id, [], None, FOREIGN)
    return Message(receipt, f"{id}, which {FUNCTION} gave up ({why})", [key], None, None)


def with_lost(message, found):
    """A message with the changes of its time."""
    if not message.lost:
        return message
    first, last = map(bounds, message.lost)
    keys = [(pk, sk) for pk, sk in found if first[0] <= sk <= last[1]]
    return message._replace(keys=keys, lost=None, fault=None if keys else LOST)


def in_stream(place, batch):
    """The changes in this part of the stream; nothing if the stream has it no more."""
    end, keys, empty = int(batch["endSequenceNumber"]), [], 0
    try:
        iterator = place.streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        while iterator:
            page = place.streams.get_records(ShardIterator=iterator)
            empty = 0 if page["Records"] else empty + 1
            if empty == EMPTY_PAGES:
                return None
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > end:
                    return keys
                key = record["dynamodb"]["Keys"]
                if record["eventName"] == "INSERT" and key["pk"]["S"].startswith(CHANGES):
                    keys.append((key["pk"]["S"], key["sk"]["S"]))
                if int(record["dynamodb"]["SequenceNumber"]) == end:
                    return keys
            iterator = page.get("NextShardIterator")
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    return keys


def in_table(place, times, limit):
    """The changes of these times in the table. The id of a change begins with its time."""
    first, last = min(it[0] for it in times), max(it[1] for it in times)
    values = {":changes": CHANGES, ":first": bounds(first)[0], ":last": bounds(last)[1]}
    pages = place.dynamodb.get_paginator("scan").paginate(
        TableName=place.table,
        ConsistentRead=True,
        ProjectionExpression="pk, sk",
        FilterExpression="begins_with(pk, :changes) AND sk BETWEEN :first AND :last",
        ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
    )
    keys = set()
    for page in pages:
        found = {(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]}
        keys |= {(pk, sk) for pk, sk in found if any(bounds(a)[0] <= sk <= bounds(b)[1] for a, b in times)}
        if len(keys) > limit:
            raise Refusal(
                f"There are more than {counted(limit, 'change')} from {shown(first)} until {shown(last)}: "
                "give a shorter time, or a higher --limit. Nothing was published."
            )
    return keys


def bounds(time):
    """The least and the greatest id that a change of this millisecond can have."""
    milliseconds = f"{int(time.timestamp() * 1000):012x}"
    return f"{milliseconds:0<32}", f"{milliseconds:f<32}"


Done = namedtuple("Done", "published missing failed")


def published(place, keys):
    """Lets the function publish these changes, those of one partition in their order."""
    done, left = Done(set(), set(), {}), sorted(keys)
    while left:
        some, left = left[:AT_ONCE], left[AT_ONCE:]
        why = publish(place, some, done)
        if why and len(some) > 1:
            # One of them: each by itself, so that it does not keep the others.
            for key in some:
                if why := publish(place, [key], done):
                    done.failed[key] = why
        elif why:
            done.failed[some[0]] = why
    done.failed.update(dict.fromkeys(done.missing, f"is no longer in the table, which keeps it for {KEPT.days} days"))
    return done


def publish(place, keys, done):
    """Lets the function publish these changes. Returns why it has not."""
    event = {"replay": [{"pk": pk, "sk": sk} for pk, sk in keys]}
    answer = place.functions.invoke(
        FunctionName=f"{place.stack}-{FUNCTION}", Qualifier=ALIAS, Payload=json.dumps(event).encode()
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return f"{said.get('errorMessage', said)}"
    missing = {(key["pk"], key["sk"]) for key in said["missing"]}
    failed = {(it["key"]["pk"], it["key"]["sk"]): it["cause"] for it in said["failed"]}
    done.missing.update(missing)
    done.failed.update(failed)
    done.published.update(set(keys) - missing - failed.keys())
    return None


def told(failed):
    """Says what could not be published. Returns how the script ends."""
    if not failed:
        return 0
    for key, why in sorted(failed.items(), key=str):
        print(f"{key if isinstance(key, str) else ' '.join(key)}: {why}")
    return f"{counted(len(failed), 'of these was', 'of these were')} not published: see docs/operations.md#event-dead-letters."


def listed(keys):
    for key in sorted(keys):
        print(f"  {' '.join(key)}")


def counted(number, thing, things=None):
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def shown(time):
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())
