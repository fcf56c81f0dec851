"""infra/replay-events.py, with the real SDK, against an imitation of AWS on loopback.

`tests/artifacts/events.py` runs the script against an emulator, with the function that runs. Here are the states that the
emulator does not reach: a stream that has forgotten its records, changes that are gone, and what nobody can publish.
"""

import json
import unittest
from datetime import datetime, timedelta, timezone
from unittest import mock
from urllib.parse import parse_qs

from support import Loopback, ScriptTest, load, run

script = load("replay-events")

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
STREAM = "arn:aws:dynamodb:eu-central-1:111122223333:table/usher/stream/2026-11-01T00:00:00.000"
END = "usher: {}.\n"


def id_at(moment, number=0):
    """The id of a change of this time."""
    return f"{int(moment.timestamp() * 1000):012x}7000{number:016x}"


def change(user, moment=NOW, number=0):
    return f"CHANGE#USER#{user}", id_at(moment, number)


def of_publisher(key, cause="unreadable"):
    return json.dumps({"key": {"pk": key[0], "sk": key[1]}, "cause": cause, "record": {}})


def of_lambda(start, end, at=NOW):
    batch = {
        "shardId": "shardId-00000001700000000000-0123abcd",
        "startSequenceNumber": f"{start:021}",
        "endSequenceNumber": f"{end:021}",
        "approximateArrivalOfFirstRecord": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "approximateArrivalOfLastRecord": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "batchSize": 2,
        "streamArn": STREAM,
    }
    return json.dumps({"requestContext": {"condition": "RecordAgeExceeded"}, "DDBStreamBatchInfo": batch})


class Aws(Loopback):
    """A stack with its queue, its table, its stream and its function."""

    def __init__(self):
        self.outputs = {"DeadLetterQueueUrl": "http://127.0.0.1/queue", "TableName": "usher"}
        self.messages = []  # bodies
        self.visible = {}  # by number of the message
        self.table = set()  # keys of changes
        self.records = []  # of the stream: sequence number, kind, key
        self.forgotten = False  # whether the stream has no records any more
        self.broken = set()  # keys at which the function fails
        self.unreadable = set()  # keys that it cannot publish
        self.calls = []
        self.deleted = []
        super().__init__()

    def answer(self, method, path, headers, body):
        if path.startswith("/2015-03-31/functions/"):
            return self.invoked(path, json.loads(body))
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation:
            return self.stack(parse_qs(body))
        return getattr(self, operation)(json.loads(body))

    def stack(self, request):
        if request["StackName"] != ["usher"]:
            return 400, "<R><Error><Code>ValidationError</Code><Message>Stack does not exist</Message></Error></R>"
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for key, value in self.outputs.items()
        )
        stack = f"<StackName>usher</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs>"
        result = f"<DescribeStacksResult><Stacks><member>{stack}</member></Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>"

    def ReceiveMessage(self, request):
        here = [n for n in range(len(self.messages)) if self.visible.get(n, True) and f"{n}" not in self.deleted]
        here = here[: request["MaxNumberOfMessages"]]
        self.visible |= dict.fromkeys(here, False)
        messages = [{"MessageId": f"m{n}", "ReceiptHandle": f"{n}", "Body": self.messages[n]} for n in here]
        return 200, json.dumps({"Messages": messages} if messages else {})

    def DeleteMessage(self, request):
        self.deleted.append(request["ReceiptHandle"])
        return 200, "{}"

    def ChangeMessageVisibility(self, request):
        assert request["VisibilityTimeout"] == 0
        self.visible[int(request["ReceiptHandle"])] = True
        return 200, "{}"

    def GetShardIterator(self, request):
        assert (request["StreamArn"], request["ShardIteratorType"]) == (STREAM, "AT_SEQUENCE_NUMBER")
        if self.forgotten:
            return 400, json.dumps({"__type": "TrimmedDataAccessException", "message": "trimmed"})
        return 200, json.dumps({"ShardIterator": request["SequenceNumber"]})

    def GetRecords(self, request):
        # Two to a page, and an open shard has no end.
        start = int(request["ShardIterator"])
        page = [it for it in self.records if it[0] >= start][:2]
        records = [
            {
                "eventName": kind,
                "dynamodb": {"SequenceNumber": f"{number:021}", "Keys": {"pk": {"S": key[0]}, "sk": {"S": key[1]}}},
            }
            for number, kind, key in page
        ]
        following = page[-1][0] + 1 if page else start
        return 200, json.dumps({"Records": records, "NextShardIterator": f"{following}"})

    def Scan(self, request):
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        start = int(request.get("ExclusiveStartKey", {"pk": {"S": "0"}})["pk"]["S"])
        page = sorted(self.table)[start : start + 2]
        items = [
            {"pk": {"S": pk}, "sk": {"S": sk}}
            for pk, sk in page
            if pk.startswith(values[":changes"]) and values[":first"] <= sk <= values[":last"]
        ]
        more = {"LastEvaluatedKey": {"pk": {"S": f"{start + 2}"}}} if start + 2 < len(self.table) else {}
        return 200, json.dumps({"Items": items, "Count": len(items), "ScannedCount": 2} | more)

    def invoked(self, path, event):
        assert path == "/2015-03-31/functions/usher-publish-events/invocations?Qualifier=live", path
        keys = [(key["pk"], key["sk"]) for key in event["replay"]]
        if self.broken.intersection(keys):
            return 200, json.dumps({"errorMessage": "unreadable item", "errorType": "Error"})
        self.calls.append(keys)
        missing = [{"pk": pk, "sk": sk} for pk, sk in keys if (pk, sk) not in self.table]
        failed = [{"key": {"pk": pk, "sk": sk}, "cause": "unreadable"} for pk, sk in keys if (pk, sk) in self.unreadable]
        answer = {"published": len(keys) - len(missing) - len(failed), "missing": missing, "failed": failed}
        return 200, json.dumps(answer)

    def headers_of(self, status, text):
        return {"X-Amz-Function-Error": "Unhandled"} if '"errorMessage"' in text else {}


class ReplayEvents(ScriptTest):
    def setUp(self):
        self.start(Aws(), AWS_DEFAULT_REGION="eu-central-1", AWS_MAX_ATTEMPTS="1")
        patch = mock.patch.object(script, "now", lambda: NOW)
        patch.start()
        self.addCleanup(patch.stop)

    def replay(self, *arguments, stack="usher"):
        return run(script, "--stack-name", stack, *arguments)

    def test_messages_of_the_function_are_published_in_the_order_of_each_user_and_deleted(self):
        first, second, other = change("a", number=1), change("a", number=2), change("b")
        self.aws.table = {first, second, other}
        self.aws.messages = [of_publisher(it) for it in (second, other, first)]
        said = (
            "".join(f"m{n}, which publish-events gave up (unreadable): 1 change\n" for n in range(3))
            + END.format("3 messages in the queue, 3 changes")
            + END.format("3 changes published, 3 messages deleted")
        )
        self.assertEqual((0, said, ""), self.replay())
        self.assertEqual([[first, second, other]], self.aws.calls)
        self.assertEqual(["0", "1", "2"], self.aws.deleted)
        self.assertEqual(0, self.replay()[0])
        self.assertEqual(1, len(self.aws.calls))

    def test_a_dry_run_publishes_and_deletes_nothing_and_gives_the_messages_back(self):
        key = change("a")
        self.aws.table, self.aws.messages = {key}, [of_publisher(key)]
        said = (
            "m0, which publish-events gave up (unreadable): 1 change\n"
            f"  {' '.join(key)}\n"
            "usher: 1 message in the queue, 1 change. Nothing is published, since this is a dry run.\n"
        )
        for _ in range(2):
            self.assertEqual((0, said, ""), self.replay("--dry-run"))
        self.assertEqual(([], []), (self.aws.calls, self.aws.deleted))

    def test_a_message_of_lambda_names_a_part_of_the_stream_of_which_only_changes_count(self):
        inside = [change("a"), change("b"), change("c")]
        self.aws.table = {*inside, change("d"), change("e")}
        self.aws.records = [
            (9, "INSERT", change("d")),
            (10, "INSERT", inside[0]),
            (11, "INSERT", ("USER#a", "ORG#acme")),
            (12, "REMOVE", change("e")),
            (13, "INSERT", inside[1]),
            (20, "INSERT", inside[2]),
            (21, "INSERT", change("e")),
        ]
        self.aws.messages = [of_lambda(10, 20)]
        ended, output, _ = self.replay()
        self.assertEqual(0, ended)
        self.assertIn("m0, which Lambda gave up (RecordAgeExceeded): 3 changes\n", output)
        self.assertEqual(([inside], ["0"]), (self.aws.calls, self.aws.deleted))

    def test_what_the_stream_has_forgotten_is_found_in_the_table_by_its_time(self):
        lost = [change("a", NOW - timedelta(hours=30)), change("b", NOW - timedelta(hours=30, seconds=50))]
        others = [change("c"), change("d", NOW - timedelta(hours=31)), ("ORG#acme", id_at(NOW - timedelta(hours=30)))]
        self.aws.table = {*lost, *others}
        self.aws.messages = [of_lambda(10, 20, NOW - timedelta(hours=30))]
        # Whether it says so, or has the shard and no records.
        for forgotten in (True, False):
            with self.subTest(forgotten):
                self.aws.forgotten, self.aws.calls[:], self.aws.deleted[:] = forgotten, [], []
                self.aws.visible.clear()
                self.assertEqual(0, self.replay()[0])
                self.assertEqual(([lost], ["0"]), (self.aws.calls, self.aws.deleted))
        self.aws.deleted.clear()
        self.aws.visible.clear()
        self.assertIn(
            "m0, which Lambda gave up (RecordAgeExceeded): 0 changes, and others from 2026-11-21T05:59:00Z until "
            "2026-11-21T06:01:00Z\n",
            self.replay("--dry-run")[1],
        )

    def test_what_is_gone_everywhere_keeps_its_message_until_it_is_discarded(self):
        gone, there = change("a"), change("b")
        self.aws.table, self.aws.forgotten = {there}, True
        self.aws.messages = [of_publisher(gone), of_publisher(there), of_lambda(1, 2, NOW - timedelta(days=10))]
        ended, output, _ = self.replay()
        self.assertEqual("2 of these were not published: see docs/operations.md#event-dead-letters.", ended)
        self.assertIn(f"{' '.join(gone)}: is no longer in the table, which keeps it for 7 days\n", output)
        self.assertIn(f"m2, which Lambda gave up (RecordAgeExceeded): {script.LOST}\n", output)
        self.assertEqual(["1"], self.aws.deleted)
        ended, output, _ = self.replay("--discard-missing")
        self.assertEqual(0, ended)
        self.assertEqual({"0", "1", "2"}, {*self.aws.deleted})

    def test_a_change_that_nobody_can_publish_does_not_keep_the_others_and_its_message_stays(self):
        broken, others = change("b"), [change("a"), change("c")]
        self.aws.table, self.aws.broken = {broken, *others}, {broken}
        self.aws.messages = [of_publisher(it) for it in (broken, *others)] + ["hello", '{"key": 1}']
        self.aws.messages.append(of_lambda(10, 20).replace("shardId-0", "0").replace("-0123abcd", ""))
        ended, output, _ = self.replay()
        self.assertEqual("4 of these were not published: see docs/operations.md#event-dead-letters.", ended)
        self.assertEqual([[it] for it in others], self.aws.calls)
        self.assertEqual(["1", "2"], self.aws.deleted)
        self.assertIn(f"{' '.join(broken)}: unreadable item\n", output)
        self.assertIn(f"m3: {script.FOREIGN}\n", output)
        self.assertEqual({0: True, 1: False, 2: False, 3: True, 4: True, 5: True}, self.aws.visible)

    def test_a_change_of_which_the_function_says_that_it_failed_keeps_its_message(self):
        failed, other = change("a"), change("b")
        self.aws.table, self.aws.unreadable = {failed, other}, {failed}
        self.aws.messages = [of_publisher(failed), of_publisher(other)]
        self.aws.messages.append(json.dumps({"key": None, "cause": "no keys", "record": {}}))
        ended, output, _ = self.replay()
        self.assertEqual("2 of these were not published: see docs/operations.md#event-dead-letters.", ended)
        self.assertIn(f"{' '.join(failed)}: unreadable\n", output)
        self.assertIn("m2: a record without a key (no keys): delete it by hand\n", output)
        self.assertEqual(([[failed, other]], ["1"]), (self.aws.calls, self.aws.deleted))

    def test_many_changes_are_published_some_at_once(self):
        keys = [change("a", number=n) for n in range(60)]
        self.aws.table = {*keys}
        self.aws.messages = [of_publisher(it) for it in keys]
        self.assertEqual(0, self.replay()[0])
        self.assertEqual([25, 25, 10], [len(call) for call in self.aws.calls])
        self.assertEqual(keys, [key for call in self.aws.calls for key in call])

    def test_a_run_takes_no_more_messages_than_its_limit(self):
        self.aws.table = {change("a", number=n) for n in range(12)}
        self.aws.messages = [of_publisher(it) for it in sorted(self.aws.table)]
        ended, output, _ = self.replay("--limit", "11")
        self.assertEqual((0, 11), (ended, len(self.aws.deleted)))
        self.assertIn("There may be more than 11 messages: run it again.\n", output)
        self.assertEqual((0, 12), (self.replay()[0], len(self.aws.deleted)))

    def test_the_changes_of_a_time_are_published_to_the_millisecond(self):
        start, end = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
        inside = [change("a", start), change("a", end, 2**60)]
        self.aws.table = {*inside, change("b", start - timedelta(milliseconds=1)), change("b", end + timedelta(milliseconds=1))}
        asked = ["--since", "2026-11-22T10:00:00Z", "--until", "2026-11-22T12:00:00+01:00"]
        said = "usher: 2 changes from 2026-11-22T10:00:00Z until 2026-11-22T11:00:00Z"
        dry = "".join(f"  {' '.join(it)}\n" for it in inside)
        self.assertEqual(
            (0, f"{dry}{said}. Nothing is published, since this is a dry run.\n", ""), self.replay(*asked, "--dry-run")
        )
        self.assertEqual([], self.aws.calls)
        self.assertEqual((0, f"{said}.\nusher: 2 changes published.\n", ""), self.replay(*asked))
        self.assertEqual([inside], self.aws.calls)

    def test_more_changes_than_the_limit_are_refused_before_one_is_published(self):
        self.aws.table = {change("a", number=n) for n in range(5)}
        refusal = (
            "There are more than 4 changes from 2026-11-22T11:00:00Z until 2026-11-22T12:00:00Z: give a shorter time, or a "
            "higher --limit. Nothing was published."
        )
        self.assertEqual((refusal, "", ""), self.replay("--since", "2026-11-22T11:00:00Z", "--limit", "4"))
        self.assertEqual([], self.aws.calls)
        self.assertEqual(0, self.replay("--since", "2026-11-22T11:00:00Z", "--limit", "5")[0])

    def test_a_time_before_what_the_table_keeps_is_told(self):
        output = self.replay("--since", "2026-11-01T00:00:00Z")[1]
        self.assertTrue(output.startswith("usher keeps changes for 7 days: older ones are gone.\n"), output)

    def test_wrong_arguments_are_refused_with_what_to_write(self):
        for arguments, refusal in [
            (["--since", "yesterday"], "yesterday is no time: write it like 2026-11-22T01:00:00Z"),
            (["--since", "2026-11-22T01:00:00"], "2026-11-22T01:00:00 has no time zone: write 2026-11-22T01:00:00Z for UTC"),
            (["--until", "2026-11-22T01:00:00Z"], "--until needs --since"),
            (["--since", "2026-11-22T02:00:00Z", "--until", "2026-11-22T01:00:00Z"], "--until is before --since"),
            (["--since", "2026-11-22T02:00:00Z", "--discard-missing"], "give no --since"),
            (["--limit", "0"], "--limit is 1 or more"),
        ]:
            with self.subTest(arguments):
                ended, _, errors = self.replay(*arguments)
                self.assertEqual(2, ended)
                self.assertIn(refusal, errors)

    def test_a_stack_that_is_not_there_or_has_no_events_is_refused(self):
        self.assertEqual("There is no stack other in eu-central-1.", self.replay(stack="other")[0])
        del self.aws.outputs["DeadLetterQueueUrl"]
        refusal = "The stack usher has no output DeadLetterQueueUrl: deploy a release of Usher that has events."
        self.assertEqual((refusal, "", ""), self.replay())


if __name__ == "__main__":
    unittest.main()
