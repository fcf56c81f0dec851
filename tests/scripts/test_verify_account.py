"""infra/verify-account.py: what it says, how it ends, and that it cleans up. `make test-sam` runs its checks."""

import contextlib
import importlib.util
import io
import json
import os
import re
import signal
import unittest
from pathlib import Path
from unittest import mock

from botocore.exceptions import ClientError

ROOT = Path(__file__).parents[2]
specification = importlib.util.spec_from_file_location("verify_account", ROOT / "infra/verify-account.py")
script = importlib.util.module_from_spec(specification)
specification.loader.exec_module(script)

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/usher"


def refusal(code="AccessDeniedException", **more):
    return ClientError({"Error": {"Code": code, "Message": "not today"}, **more}, "AnOperation")


class Stack:
    """The account of a run that has made two things."""

    stack, account, region, address = "usher", "123456789012", "eu-central-1", "success+usher-verify-1@example.com"
    parameters, tried_functions = {}, {"memberships": set()}

    def __init__(self):
        self.things = {"role": ["earlier"], "user": ["earlier"]}
        self.refusals = set()

    def make(self, kind, name):
        self.things[kind].append(name)

    def kinds(self):
        return tuple((kind, lambda _, kind=kind: [*self.things[kind]], self.remover(kind)) for kind in self.things)

    def remover(self, kind):
        def remove(_, name):
            if name in self.refusals:
                raise refusal()
            self.things[kind].remove(name)
            return True

        return remove


class Ending(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def run_script(self, *checks, arguments=("--yes",), kinds=None, answer=None):
        checks = [script.Check(f"check-{number}", "All is well", it) for number, it in enumerate(checks, 1)]
        said, errors = io.StringIO(), io.StringIO()
        with (
            mock.patch.object(script, "Run", lambda stack, region: self.stack),
            mock.patch.object(script, "CHECKS", checks),
            mock.patch.object(script, "KINDS", kinds or self.stack.kinds()),
            mock.patch("builtins.input", mock.Mock(side_effect=[answer] if answer is not None else EOFError)),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(errors),
        ):
            status = script.main(["--stack-name", "usher", *arguments])
        lines = said.getvalue().splitlines()
        if lines and lines[0].startswith("This tries the stack usher in account 123456789012, eu-central-1."):
            lines = lines[lines.index("") + 1 :]
        return status, lines, errors.getvalue()

    def test_all_checks_pass_and_all_is_removed(self):
        def first(stack):
            stack.make("user", "new")
            return "two\n  lines"

        status, said, errors = self.run_script(first, lambda _: "yes")
        self.assertEqual((0, ""), (status, errors))
        self.assertEqual(
            [
                "Removed: role earlier, user earlier.",
                "pass    check-1             All is well: two lines",
                "pass    check-2             All is well: yes",
                "2 passed, 0 failed, 0 skipped.",
                "Removed: user new.",
            ],
            said,
        )

    def test_each_other_outcome_has_its_line_and_the_checks_go_on(self):
        def failing(_):
            raise script.Failed("seen. Do this.")

        def skipped(_):
            raise script.Skipped("not here")

        def refused(_):
            raise refusal()

        def crashing(_):
            raise KeyError("key")

        status, said, errors = self.run_script(failing, skipped, refused, crashing, lambda _: "yes")
        self.assertEqual((1, ""), (status, errors))
        self.assertEqual(
            [
                "Removed: role earlier, user earlier.",
                "FAIL    check-1             All is well: seen. Do this.",
                "SKIPPED check-2             All is well: not here",
                "FAIL    check-3             All is well: this could not be tried. AWS refuses AnOperation: not today",
                "FAIL    check-4             All is well: this could not be tried. KeyError: 'key'",
                "pass    check-5             All is well: yes",
                "1 passed, 3 failed, 1 skipped.",
            ],
            said,
        )

    def test_a_skipped_check_alone_is_no_failure(self):
        status, said, _ = self.run_script(lambda _: self.fail("tried"), arguments=("--yes", "--skip", "check-1"))
        self.assertEqual(0, status)
        self.assertIn("SKIPPED check-1             All is well: asked for by --skip", said)

    def test_every_signal_ends_the_run_after_all_is_removed(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.stack = Stack()

            def interrupted(stack, number=number):
                stack.make("role", "new")
                os.kill(os.getpid(), number)

            status, said, errors = self.run_script(interrupted, lambda _: self.fail("went on"))
            self.assertEqual((1, f"Interrupted by {number.name}.\n"), (status, errors))
            self.assertEqual(["Removed: role earlier, user earlier.", "Removed: role new."], said)

    def test_a_second_signal_does_not_end_the_removal(self):
        def interrupted(stack):
            stack.make("role", "new")
            os.kill(os.getpid(), signal.SIGTERM)

        def find(_):
            if "new" in self.stack.things["role"]:
                os.kill(os.getpid(), signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGINT)
            return [*self.stack.things["role"]]

        kinds = (("role", find, self.stack.remover("role")),)
        status, said, errors = self.run_script(interrupted, kinds=kinds)
        self.assertEqual((1, "Interrupted by SIGTERM.\n"), (status, errors))
        self.assertEqual(["Removed: role earlier.", "Removed: role new."], said)

    def test_a_crash_of_the_script_itself_removes_all(self):
        def exiting(stack):
            stack.make("user", "new")
            raise SystemExit("crash")

        with self.assertRaisesRegex(SystemExit, "crash"):
            self.run_script(exiting)
        self.assertEqual({"role": [], "user": []}, self.stack.things)

    def test_what_cannot_be_removed_is_named_and_the_rest_is_removed(self):
        self.stack.refusals = {"new"}

        def making(stack):
            stack.make("role", "new")
            stack.make("user", "another")
            return "yes"

        status, said, errors = self.run_script(making)
        self.assertEqual("LEFT    role new. AWS refuses AnOperation: not today. Give --clean to try again.\n", errors)
        self.assertEqual((1, "Removed: user another."), (status, said[-1]))
        self.assertEqual({"role": ["new"], "user": []}, self.stack.things)

    def test_a_kind_that_cannot_be_listed_is_named_and_the_rest_is_removed(self):
        def unlisted(_):
            raise refusal()

        kinds = (("app client", unlisted, None), *self.stack.kinds())
        status, said, errors = self.run_script(arguments=("--clean",), kinds=kinds)
        left = "LEFT    any app client. AWS refuses AnOperation: not today. Give --clean to try again.\n"
        self.assertEqual(left, errors)
        self.assertEqual((1, ["Removed: role earlier, user earlier."]), (status, said))

    def test_clean_only_removes(self):
        status, said, errors = self.run_script(lambda _: self.fail("tried"), arguments=("--clean",))
        self.assertEqual((0, ["Removed: role earlier, user earlier."], ""), (status, said, errors))

    def test_without_a_yes_nothing_is_made_or_removed(self):
        refused = "Nothing was made."
        unanswered = "Nothing was made: answer y, or give --yes."
        for answer, expected in [(None, unanswered), ("", refused), ("n", refused), ("yess", refused)]:
            status, said, errors = self.run_script(lambda _: self.fail("tried"), arguments=(), answer=answer)
            self.assertEqual((expected, [], ""), (status, said, errors))
            self.assertEqual({"role": ["earlier"], "user": ["earlier"]}, self.stack.things)

    def test_a_yes_starts_the_checks(self):
        status, said, _ = self.run_script(lambda _: "yes", arguments=(), answer="Y")
        self.assertEqual((0, "1 passed, 0 failed, 0 skipped."), (status, said[-1]))

    def test_an_unknown_check_is_refused(self):
        with self.assertRaises(SystemExit) as ended:
            self.run_script(arguments=("--yes", "--skip", "check-9"))
        self.assertEqual(2, ended.exception.code)

    def test_a_stack_that_aws_does_not_know_is_one_sentence(self):
        def unknown(*_):
            raise refusal("ValidationError")

        with mock.patch.object(script, "Run", unknown):
            self.assertEqual("AWS refuses AnOperation: not today", script.main(["--stack-name", "usher", "--yes"]))


class Keys(unittest.TestCase):
    def run_of(self, **statements):
        """A run of a stack whose functions have these statements: actions and patterns."""
        run = object.__new__(script.Run)
        run.id, run.table, run.table_arn, run.roles = "usher-verify-1", "usher", TABLE, dict.fromkeys(statements)
        run.policies = {
            function: (
                {
                    "own-items": {
                        "Statement": [
                            {
                                "Action": [f"dynamodb:{action}" for action in actions],
                                "Resource": resource,
                                "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": patterns}},
                            }
                            for actions, resource, patterns in those
                        ]
                    }
                },
                [],
            )
            for function, those in statements.items()
        }
        return run

    def test_an_action_is_tried_outside_its_keys_at_a_key_that_the_role_may_use_for_something_else(self):
        run = self.run_of(
            reader=[(["GetItem"], TABLE, ["ORG#*"]), (["Query"], f"{TABLE}/index/gsi1", ["ORGS"])],
            writer=[(["GetItem"], TABLE, "ORG#*"), (["GetItem", "PutItem"], TABLE, ["USER#*"])],
            stranger=[(["DeleteItem"], f"{TABLE}-of-another-stack", ["ORG#*"])],
        )
        with mock.patch.object(script, "ACTIONS", ("GetItem", "PutItem", "Query of gsi1")):
            self.assertEqual({"reader": {"GetItem", "Query of gsi1"}, "writer": {"PutItem"}}, run.tried_functions)
            found = {action: script.Probe(run, action) for action in script.ACTIONS}
        self.assertEqual(
            {
                "GetItem": ("ORG#usher-verify-1", "ORGS"),
                "PutItem": ("USER#usher-verify-1", "ORG#usher-verify-1"),
                "Query of gsi1": ("ORGS", "ORG#usher-verify-1"),
            },
            {action: (probe.inside, probe.outside) for action, probe in found.items()},
        )

    def test_an_action_that_no_role_has_is_a_failure(self):
        with self.assertRaisesRegex(script.Failed, "no role of the stack may PutItem on usher"):
            script.Probe(self.run_of(reader=[(["GetItem"], TABLE, ["ORG#*"])]), "PutItem")

    def test_a_call_is_denied_only_if_aws_says_so(self):
        def answers(error=None):
            return mock.Mock(side_effect=error)

        def cancelled(*codes):
            return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])

        probe = object.__new__(script.Probe)
        for denied, call in [
            (False, answers()),
            (False, answers(refusal("ConditionalCheckFailedException"))),
            (False, answers(cancelled("None", "ConditionalCheckFailed"))),
            (True, answers(cancelled("None", "AccessDenied"))),
            (True, answers(refusal("AccessDeniedException"))),
        ]:
            self.assertIs(denied, probe.is_denied(call))
        with self.assertRaises(ClientError):
            probe.is_denied(answers(refusal("ProvisionedThroughputExceededException")))

    def test_no_probe_can_change_an_item(self):
        """Every writing call has a condition on an item that does not exist, or deletes one."""
        run = self.run_of(all=[(script.ACTIONS, TABLE, ["USER#*"]), (["Query"], f"{TABLE}/index/gsi1", ["USER#*"])])
        for action in script.ACTIONS:
            probe = script.Probe(run, action)
            for way in (probe.single, probe.transaction):
                if call := way("USER#usher-verify-1", "NOTHING#usher-verify-1"):
                    probe.dynamodb = mock.Mock()
                    call()
                    (name, _, sent), *others = probe.dynamodb.mock_calls
                    self.assertEqual([], others)
                    text = json.dumps(sent)
                    if name in ("put_item", "update_item", "delete_item", "transact_write_items"):
                        parts = len(sent.get("TransactItems", [0]))
                        self.assertEqual(parts, text.count('"ConditionExpression": "attribute_exists(pk)"'), name)
                    elif name == "batch_write_item":
                        self.assertEqual((2, 0), (text.count("DeleteRequest"), text.count("PutRequest")))
                    else:
                        self.assertIn(name, ("get_item", "batch_get_item", "query", "transact_get_items"))
                    self.assertNotIn('"sk": {"S": "ORG"}', text)


class Expressions(unittest.TestCase):
    """No emulator computes expressions, so CloudWatch is a stand-in here."""

    def setUp(self):
        self.asked = []
        self.run = mock.Mock()
        there = {"Dashboard": ["usher"], "Alarm": ["one", "two"], "CompositeAlarm": ["whole"]}
        self.run.of_type = lambda kind: there[kind.removeprefix("AWS::CloudWatch::")]
        self.cloudwatch = self.run.client.return_value
        self.cloudwatch.get_metric_data = self.get_metric_data

    def get_metric_data(self, MetricDataQueries, StartTime, EndTime):
        self.assertEqual(3600, (EndTime - StartTime).total_seconds())
        self.asked.append([query["Id"] for query in MetricDataQueries])
        if "refused" in self.asked[-1]:
            raise refusal("ValidationError")
        messages = [{"Code": "Unsupported", "Value": "not today"}] if "unknown" in self.asked[-1] else []
        return {"MetricDataResults": [{"Id": self.asked[-1][0]}], "Messages": messages}

    def shows(self, *rows):
        widgets = [
            {"properties": {"title": "None", "metrics": [["Usher", "Joined", "Stack", "usher"]]}},
            {"properties": {"title": "Alarms", "alarms": []}},
            {"properties": {"title": "Some", "metrics": list(rows)}},
        ]
        self.cloudwatch.get_dashboard.return_value = {"DashboardBody": json.dumps({"widgets": widgets})}

    def has(self, *alarms, composite=("whole",)):
        page = {
            "MetricAlarms": [{"AlarmName": name, **about} for name, about in zip(("one", "two"), alarms)],
            "CompositeAlarms": [{"AlarmName": name, "AlarmRule": "ALARM(one)"} for name in composite],
        }

        def paginate(AlarmNames, AlarmTypes=("MetricAlarm",)):
            self.assertEqual(["one", "two", "whole"], AlarmNames)
            return [{f"{kind}s": page[f"{kind}s"] for kind in AlarmTypes}]

        self.cloudwatch.get_paginator.return_value.paginate = paginate

    def test_a_widget_is_asked_as_a_whole(self):
        self.shows(
            [{"expression": "SUM(SEARCH('{A,B} C=\"c\"', 'Sum', 300))", "id": "searched"}],
            ["Usher", "Joined", "Stack", "usher", {"id": "joined"}],
            [{"expression": "joined * 2", "id": "twice"}],
        )
        self.assertEqual("Some", script.dashboard(self.run))
        self.assertEqual([["searched", "joined", "twice"]], self.asked)

    def test_what_cloudwatch_refuses_or_cannot_compute_is_a_failure(self):
        for id, expected in [("refused", "AWS refuses AnOperation: not today"), ("unknown", "not today")]:
            self.shows([{"expression": "1", "id": id}])
            with self.assertRaisesRegex(script.Failed, f"^Some: {expected}. The widget stays empty"):
                script.dashboard(self.run)
            self.has({"Metrics": [{"Id": id}]}, {"MetricName": "Joined"})
            with self.assertRaisesRegex(script.Failed, f"^one: {expected}. The alarm may never ring"):
                script.alarm_expressions(self.run)

    def test_an_alarm_is_asked_as_it_is_and_one_of_a_single_metric_not_at_all(self):
        self.has({"Metrics": [{"Id": "tokens"}]}, {"MetricName": "Joined"})
        self.assertEqual("one", script.alarm_expressions(self.run))
        self.assertEqual([["tokens"]], self.asked)

    def test_alarms_without_expressions_and_alarms_that_are_gone(self):
        self.has({"MetricName": "Joined"}, {"MetricName": "Refused"})
        with self.assertRaisesRegex(script.Skipped, "the stack has no alarms with expressions"):
            script.alarm_expressions(self.run)
        self.has({"MetricName": "Joined"})
        with self.assertRaisesRegex(script.Failed, "^these alarms do not exist any more: two. "):
            script.alarm_expressions(self.run)
        self.has({"MetricName": "Joined"}, {"MetricName": "Refused"}, composite=())
        with self.assertRaisesRegex(script.Failed, "^these alarms do not exist any more: whole. "):
            script.alarm_expressions(self.run)


class Documents(unittest.TestCase):
    def test_each_check_has_its_row(self):
        text = (ROOT / "docs/verify-account.md").read_text()
        rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", text, re.MULTILINE)
        self.assertEqual([(it.name, it.promise) for it in script.CHECKS], rows)

    def test_list_prints_the_checks(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(0, script.main(["--list"]))
        self.assertEqual([it.name for it in script.CHECKS], [line.split()[0] for line in said.getvalue().splitlines()])

    def test_the_words_of_a_widget_become_the_words_of_a_query(self):
        widget = {
            "stat": "p99",
            "period": 60,
            "metrics": [
                [{"expression": "m1 * 2", "id": "twice"}],
                ["Usher", "Joined", "Stack", "usher", {"label": "joined"}],
                ["AWS/Lambda", "ConcurrentExecutions", {"stat": "Maximum", "period": 300, "id": "running"}],
            ],
        }
        stack = [{"Name": "Stack", "Value": "usher"}]
        joined = {"Namespace": "Usher", "MetricName": "Joined", "Dimensions": stack}
        running = {"Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions", "Dimensions": []}
        self.assertEqual(
            [
                {"Id": "twice", "Expression": "m1 * 2", "Period": 60},
                {"Id": "m1", "MetricStat": {"Metric": joined, "Period": 60, "Stat": "p99"}},
                {"Id": "running", "MetricStat": {"Metric": running, "Period": 300, "Stat": "Maximum"}},
            ],
            script.queries_of(widget),
        )


if __name__ == "__main__":
    unittest.main()
