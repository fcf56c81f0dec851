"""infra/verify-account.py: what it says, how it ends, and that it cleans up. `make test-sam` runs its checks."""

import contextlib
import io
import json
import os
import re
import signal
import unittest
from unittest import mock

from botocore.exceptions import ClientError
from support import ROOT, load

script = load("verify-account")

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/usher"


def refusal(code="AccessDeniedException", **more):
    return ClientError({"Error": {"Code": code, "Message": "not today"}, **more}, "AnOperation")


class Stack:
    """The account of a run that has made two things."""

    stack, account, region, address = "usher", "123456789012", "eu-central-1", "success+usher-verify-1@example.com"
    parameters, tried_functions, own_functions = {}, {"memberships": set()}, []
    principal = "arn:aws:iam::123456789012:user/admin"

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
                os.kill(os.getpid(), number)
                # As if the call that makes the role had been under way.
                stack.make("role", "new")

            status, said, errors = self.run_script(interrupted, lambda _: self.fail("went on"))
            self.assertEqual((1, f"Interrupted by {number.name}.\n"), (status, errors))
            passed = "pass    check-1             All is well: None"
            self.assertEqual(["Removed: role earlier, user earlier.", passed, "Removed: role new."], said)

    def test_a_signal_ends_a_check_that_waits(self):
        def waiting(_):
            os.kill(os.getpid(), signal.SIGINT)
            script.wait(lambda: False, 600)

        status, said, errors = self.run_script(waiting)
        self.assertEqual((1, "Interrupted by SIGINT.\n"), (status, errors))
        self.assertEqual(["Removed: role earlier, user earlier."], said)

    def test_after_a_run_signals_come_at_once(self):
        self.run_script(lambda _: "yes")
        self.assertEqual(set(), signal.pthread_sigmask(signal.SIG_BLOCK, ()))

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
        passed = "pass    check-1             All is well: None"
        self.assertEqual(["Removed: role earlier.", passed, "Removed: role new."], said)

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

    def test_the_question_names_the_functions_that_run_for_the_user_and_who_can_assume_the_roles(self):
        self.stack.own_functions = ["welcome", "plan"]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            script.confirm(self.stack, yes=True)
        self.assertIn("which only arn:aws:iam::123456789012:user/admin can assume\n", said.getvalue())
        self.assertIn("which are not Usher's, also get the user: welcome, plan.\n", said.getvalue())

    def test_without_its_stack_clean_still_removes_roles(self):
        def no_stack(*_):
            raise script.NoStack("There is no stack usher in eu-central-1.")

        with mock.patch.object(script, "Place", lambda stack, region: self.stack):
            with mock.patch.object(script, "KINDS_WITHOUT_STACK", self.stack.kinds()[:1]):
                with mock.patch.object(script, "Run", no_stack):
                    said, errors = io.StringIO(), io.StringIO()
                    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
                        status = script.main(["--stack-name", "usher", "--clean"])
                    self.assertEqual((0, "Removed: role earlier.\n"), (status, said.getvalue()))
                    self.assertEqual(
                        "There is no stack usher in eu-central-1. Only roles of IAM are looked for. If you have kept its "
                        "pool or its table, delete there what has usher-verify- in its name.\n",
                        errors.getvalue(),
                    )
                    expected = "There is no stack usher in eu-central-1."
                    self.assertEqual(expected, script.main(["--stack-name", "usher", "--yes"]))

    def test_an_unknown_check_is_refused(self):
        with self.assertRaises(SystemExit) as ended:
            self.run_script(arguments=("--yes", "--skip", "check-9"))
        self.assertEqual(2, ended.exception.code)

    def test_a_stack_that_aws_does_not_know_is_one_sentence(self):
        def unknown(*_):
            raise refusal("ValidationError")

        with mock.patch.object(script, "Run", unknown):
            self.assertEqual("AWS refuses AnOperation: not today", script.main(["--stack-name", "usher", "--yes"]))


class NotFound(Exception):
    """An exception that a client of AWS has."""


def run_of_account(**clients):
    """A run as it is before it has made anything, with these clients."""
    run = object.__new__(script.Run)
    run.stack, run.region, run.id = "usher", "eu-central-1", "usher-verify-0123456789ab"
    run.caller, run.principal = "", "arn:aws:iam::123456789012:user/admin"
    run.pool, run.operators = "eu-central-1_Users", "eu-central-1_Operators"
    run.outputs, run.parameters = {"TokenUrl": "https://example.com/token"}, {}
    run.made_roles, run.clients = set(), set()
    run.client = lambda service, region=None: clients[service]
    return run


class Roles(unittest.TestCase):
    def setUp(self):
        self.iam = mock.Mock()
        self.iam.exceptions.NoSuchEntityException = NotFound
        self.iam.list_attached_role_policies.return_value = {"AttachedPolicies": [{"PolicyArn": "one"}]}
        self.iam.list_role_policies.return_value = {"PolicyNames": ["two"]}
        self.iam.get_paginator.return_value.paginate.return_value = [{"Roles": []}]
        self.run = run_of_account(iam=self.iam)
        self.run.policies = {"users": ({}, [])}

    def test_a_role_is_deleted_even_if_iam_does_not_know_its_policies(self):
        for name in ("list_attached_role_policies", "detach_role_policy", "list_role_policies", "delete_role_policy"):
            self.setUp()
            getattr(self.iam, name).side_effect = NotFound
            self.assertIs(True, script.remove_role(self.run, "usher-verify-role"))
            self.iam.delete_role.assert_called_once_with(RoleName="usher-verify-role")

    def test_a_role_that_was_not_made_is_not_named_as_removed(self):
        self.iam.delete_role.side_effect = NotFound
        self.assertIs(None, script.remove_role(self.run, "usher-verify-role"))

    def test_what_refuses_to_be_removed_is_an_error(self):
        for name in ("list_attached_role_policies", "detach_role_policy", "list_role_policies", "delete_role_policy"):
            self.setUp()
            getattr(self.iam, name).side_effect = refusal()
            with self.assertRaises(ClientError):
                script.remove_role(self.run, "usher-verify-role")

    def test_the_run_knows_a_role_that_iam_does_not_list_yet(self):
        self.iam.create_role.side_effect = refusal()
        with self.assertRaises(ClientError):
            self.run.role_of("users")
        self.assertEqual(["usher-verify-0123456789ab-users"], script.roles_of_runs(self.run))

    def test_stacks_of_one_name_in_two_regions_have_their_own_roles(self):
        for region in ("eu-central-1", "us-east-1"):
            self.run.region = region
            script.roles_of_runs(self.run)
            asked = self.iam.get_paginator.return_value.paginate
            asked.assert_called_with(PathPrefix=f"/usher-verify/{region}/usher/")
        self.iam.create_role.side_effect = refusal()
        with contextlib.suppress(ClientError):
            self.run.role_of("users")
        self.assertEqual("/usher-verify/us-east-1/usher/", self.iam.create_role.call_args.kwargs["Path"])

    def test_only_the_caller_can_assume_a_role(self):
        self.iam.create_role.side_effect = refusal()
        with contextlib.suppress(ClientError):
            self.run.role_of("users")
        trust = json.loads(self.iam.create_role.call_args.kwargs["AssumeRolePolicyDocument"])
        expected = {"Effect": "Allow", "Principal": {"AWS": self.run.principal}, "Action": "sts:AssumeRole"}
        self.assertEqual([expected], trust["Statement"])

    def test_the_session_of_a_role_is_the_role_with_its_path(self):
        role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admins"
        self.iam.get_role = lambda RoleName: {"Role": {"Arn": {"Admins": role}[RoleName]}}
        user = "arn:aws:iam::123456789012:user/people/ann"
        for caller, expected in [
            (user, user),
            ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
            ("arn:aws:sts::123456789012:assumed-role/Admins/ann@acme.com", role),
        ]:
            del self.run.principal
            self.run.caller = caller
            self.assertEqual(expected, self.run.principal)


class Clients(unittest.TestCase):
    def setUp(self):
        self.cognito = mock.Mock()
        self.cognito.get_paginator.return_value.paginate.return_value = [{"UserPoolClients": []}]
        made = {"ClientId": "one", "ClientSecret": "secret"}
        self.cognito.create_user_pool_client.return_value = {"UserPoolClient": made}
        self.run = run_of_account(**{"cognito-idp": self.cognito})
        self.sent = []
        patched = mock.patch.object(script, "send", self.send)
        patched.start()
        self.addCleanup(patched.stop)

    def send(self, method, url, headers=None, body=None, connection=None):
        self.sent.append(url)
        return script.Answer(400, {}, '{"error":"invalid_client"}')

    def test_the_run_knows_a_client_that_cognito_does_not_list_yet(self):
        self.assertEqual("one", self.run.app)
        self.assertEqual(("one", "secret"), self.run.other_client)
        id = "usher-verify-0123456789ab"
        expected = [("eu-central-1_Operators", "one", id), ("eu-central-1_Users", "one", id)]
        self.assertEqual(expected, script.clients_of_runs(self.run))

    def test_a_secret_that_was_changed_is_no_failure(self):
        self.run.outputs["MachineClientId"] = "machine"
        self.run.ask = lambda method, path, token: script.Answer(401, {}, "")
        for secret in ({}, {"ClientSecret": "deleted"}):
            self.cognito.describe_user_pool_client.return_value = {"UserPoolClient": {"ClientId": "machine"} | secret}
            vars(self.run).pop("machine_client", None)
            for check in (script.api_works, script.audit):
                self.run.organization = "usher-verify-1"
                with self.assertRaisesRegex(script.Skipped, "^Cognito shows no secret of the machine client"):
                    check(self.run)

    def test_without_that_secret_the_other_requests_are_tried(self):
        self.run.machine_client, self.run.signed_in = ("machine", None), {"AccessToken": "a", "IdToken": "b"}
        self.run.operator = self.run.signed_in
        status = 401
        self.run.ask = lambda method, path, token: script.Answer(status, {}, "")

        def machine_token(client, scopes, tokens=self.run.machine_token):
            return "c" if client == self.run.other_client else tokens(client, scopes)

        self.run.machine_token = machine_token
        for check, tried in [
            (script.api_tokens, "no token, GET: 401; .*another client of the operators' pool, DELETE: 401; .*ID token"),
            (script.api_scopes, "an operator's access token without scopes, GET: 401; .*, DELETE: 401"),
        ]:
            status = 401
            expected = f"^Cognito shows no .* The API refuses what was tried: {tried}"
            with self.assertRaisesRegex(script.Skipped, expected):
                check(self.run)
            status = 200
            with self.assertRaisesRegex(script.Failed, "GET: 200"):
                check(self.run)

    def test_a_client_of_the_run_that_gets_no_token_is_a_failure(self):
        self.run.machine_client = ("machine", "secret")
        with self.assertRaisesRegex(script.Failed, "^https://example.com/token issues no token: 400 "):
            self.run.machine_token(self.run.other_client, "usher/read")


class Triggers(unittest.TestCase):
    PLAN, WELCOME, SENDER = (f"arn:aws:lambda:eu-central-1:123456789012:function:{it}" for it in ("plan", "hi", "mail"))

    def run_of(self, version=None, **parameters):
        run = run_of_account()
        run.parameters = parameters
        own = {f"{trigger}FunctionArn": f"{self.PLAN}-{trigger}" for trigger in ("PostConfirmation", "PreTokenGeneration")}
        run.outputs |= own
        token = own["PreTokenGenerationFunctionArn"]
        config = {"PostConfirmation": own["PostConfirmationFunctionArn"], "PreTokenGeneration": token}
        if version:
            config["PreTokenGenerationConfig"] = {"LambdaVersion": version, "LambdaArn": token}
        run.described_pool = {"LambdaConfig": config}
        return run

    def test_version_1_is_a_failure_unless_only_id_tokens_have_claims(self):
        self.assertEqual("both, with event version V2_0", script.triggers(self.run_of("V2_0", ClaimsIn="both")))
        for version in ("V1_0", None):
            self.assertEqual("both, with event version V1_0", script.triggers(self.run_of(version, ClaimsIn="id")))
            for where in ("both", "access"):
                expected = f"^both, but with event version V1_0, .* although ClaimsIn is {where}. "
                with self.assertRaisesRegex(script.Failed, expected):
                    script.triggers(self.run_of(version, ClaimsIn=where))

    def test_the_pools_own_functions_are_those_that_are_not_the_stacks(self):
        run = self.run_of("V2_0", NextPreTokenGenerationArn="", NextPostConfirmationArn="")
        self.assertEqual([], run.own_functions)
        run = self.run_of("V2_0", NextPreTokenGenerationArn=self.PLAN)
        run.described_pool["LambdaConfig"] |= {
            "PreSignUp": self.WELCOME,
            "CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": self.SENDER},
            "KMSKeyID": "arn:aws:kms:eu-central-1:123456789012:key/1",
        }
        self.assertEqual([self.WELCOME, self.SENDER, self.PLAN], run.own_functions)


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


ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"
POOL = f"arn:aws:cognito-idp:eu-central-1:{ACCOUNT}:userpool/eu-central-1_Users"


def run_with(parameters=(), **clients):
    """A run of a stack with these parameters, whose clients answer what a test says."""
    return mock.Mock(
        parameters=dict(parameters),
        account=ACCOUNT,
        region="eu-central-1",
        partition="aws",
        pool="eu-central-1_Users",
        table="usher",
        made_table="usher",
        version={"Qualifier": "live"},
        functions={name: f"usher-{name}" for name in ("organizations", *script.TRIGGERS)},
        group_of=lambda name: f"/aws/lambda/usher-{name}",
        client=lambda service, region=None: clients[service],
    )


class AtOnce(unittest.TestCase):
    """Without a pause between two questions."""

    def setUp(self):
        patched = mock.patch.object(script, "wait", lambda ready, seconds: ready())
        patched.start()
        self.addCleanup(patched.stop)


class Permissions(unittest.TestCase):
    def setUp(self):
        self.policies = {}
        for trigger in script.TRIGGERS:
            self.policies[f"usher-{trigger}"] = [self.permission(f"usher-{trigger}")]
            self.policies[f"usher-{trigger}:live"] = [self.permission(f"usher-{trigger}:live")]
        functions = mock.Mock(get_policy=self.get_policy)
        functions.exceptions.ResourceNotFoundException = NotFound
        functions.get_alias.return_value = {"FunctionVersion": "7"}
        self.run = run_with(**{"lambda": functions})

    def permission(self, resource, **more):
        return {
            "Sid": "a",
            "Effect": "Allow",
            "Principal": {"Service": "cognito-idp.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": resource,
            "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": POOL}},
        } | more

    def get_policy(self, FunctionName, Qualifier=None):
        name = f"{FunctionName}:{Qualifier}" if Qualifier else FunctionName
        if name not in self.policies:
            raise NotFound
        return {"Policy": json.dumps({"Statement": self.policies[name]})}

    def test_the_permissions_of_the_stack_pass(self):
        self.assertEqual(f"4 permissions, all for {POOL}", script.trigger_permissions(self.run))

    def test_whoever_else_may_call_is_a_failure_wherever_it_is(self):
        foreign = POOL.replace("_Users", "_Others")
        anyone = {"ArnLike": {"AWS:SourceArn": POOL.replace("eu-central-1_Users", "*")}}
        for more in (
            {"Principal": "*"},
            {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
            {"Action": "lambda:*"},
            {"Condition": {"ArnLike": {"AWS:SourceArn": POOL}}},
            {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": foreign}}},
            {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, **anyone}},
            {"Condition": {}},
        ):
            for place in ("", ":live", ":7"):
                self.setUp()
                name = f"usher-pre-token-generation{place}"
                self.policies.setdefault(name, []).append(self.permission(name, **more))
                with self.assertRaisesRegex(script.Failed, f"^{name} lets "):
                    script.trigger_permissions(self.run)

    def test_a_missing_permission_is_a_failure(self):
        for place in ("", ":live"):
            self.setUp()
            del self.policies[f"usher-post-confirmation{place}"]
            with self.assertRaisesRegex(script.Failed, f"^usher-post-confirmation{place} has 0 permissions"):
                script.trigger_permissions(self.run)

    def test_a_stack_that_knows_its_pool_needs_the_early_permissions(self):
        self.run.parameters["MadeUserPoolId"] = "eu-central-1_Users"
        with self.assertRaisesRegex(script.Failed, "^usher-post-confirmation:live has 1 permissions .* instead of 2"):
            script.trigger_permissions(self.run)
        for trigger in script.TRIGGERS:
            self.policies[f"usher-{trigger}:live"] *= 2
        self.assertEqual(f"6 permissions, all for {POOL}", script.trigger_permissions(self.run))


class Lines(AtOnce):
    def setUp(self):
        super().setUp()
        self.lines = []
        self.run = run_with({"LogLevel": "INFO"})
        self.run.organization, self.run.sub, self.run.machine_client = "usher-verify-1", "ann", ("machine", "secret")
        self.run.ask.return_value = script.Answer(200, {}, "")
        levels = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN", "LogGroup": "a"}
        self.run.settings = {name: {"LoggingConfig": dict(levels)} for name in self.run.functions}
        patched = mock.patch.object(script, "logged", self.logged)
        patched.start()
        self.addCleanup(patched.stop)

    def logged(self, run, group, text):
        return [line for of, line in self.lines if of == group and text in line]

    def line(self, function="organizations", **fields):
        self.lines.append((f"/aws/lambda/usher-{function}", json.dumps(fields)))

    def changed(self, **more):
        about = {"message": "audit", "action": "updateOrganization", "organization": "usher-verify-1"}
        self.line(**about | {"client_id": "machine", "subject": "machine"} | more)

    def test_two_changes_have_two_audit_lines(self):
        self.line(message="audit", action="createOrganization", organization="usher-verify-1", client_id="usher-verify")
        self.line(message="other", action="updateOrganization", organization="usher-verify-1")
        self.changed()
        self.changed()
        self.assertEqual(
            "two changes by machine have a line each, and a request without effect has none", script.audit(self.run)
        )
        bodies = [call.args[3]["description"] for call in self.run.ask.call_args_list]
        self.assertEqual(["usher-verify", "usher-verify"], bodies[:2])
        self.assertEqual(3, len(bodies))

    def test_other_audit_lines_are_a_failure(self):
        for changes in ([], [{}], [{}] * 3, [{}, {"client_id": "another"}], [{}, {"subject": "none"}]):
            self.lines = []
            for more in changes:
                self.changed(**more)
            with self.assertRaisesRegex(script.Failed, "^two changes by machine and one request without effect have"):
                script.audit(self.run)

    def test_a_change_that_the_api_refuses_is_a_failure(self):
        self.run.ask.return_value = script.Answer(412, {}, "no")
        with self.assertRaisesRegex(script.Failed, "^PATCH of usher-verify-1: 412 no. "):
            script.audit(self.run)

    def test_the_levels_of_all_functions_are_compared(self):
        self.line(organization="usher-verify-1", level="INFO", span={"requestId": "1"})
        self.line("post-confirmation", type="platform.start", record={"requestId": "of another user"})
        expected = "3 functions have INFO, and 1 invocations have no lines DEBUG or platform.start"
        self.assertEqual(expected, script.log_levels(self.run))
        for name, value in [("ApplicationLogLevel", "DEBUG"), ("SystemLogLevel", "INFO"), ("LogFormat", "Text")]:
            settings = self.run.settings["organizations"]["LoggingConfig"]
            with mock.patch.dict(settings, {name: value}):
                with self.assertRaisesRegex(script.Failed, f'^organizations has .*"{name}": "{value}"'):
                    script.log_levels(self.run)

    def test_with_debug_only_the_levels_are_compared(self):
        self.run.parameters["LogLevel"] = "DEBUG"
        for settings in self.run.settings.values():
            settings["LoggingConfig"] |= {"ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO"}
        self.assertTrue(script.log_levels(self.run).startswith("3 functions have DEBUG. "))

    def test_a_detail_of_an_own_invocation_is_a_failure(self):
        self.line("pre-token-generation", user="ann", level="INFO", span={"requestId": "1"})
        self.line("pre-token-generation", type="platform.start", record={"requestId": "1"})
        expected = "^Lambda has written 1 lines platform.start about pre-token-generation,"
        with self.assertRaisesRegex(script.Failed, expected):
            script.log_levels(self.run)
        self.lines = []
        self.line("pre-token-generation", user="ann", level="DEBUG", span={"requestId": "1"})
        with self.assertRaisesRegex(script.Failed, "^pre-token-generation has written 1 lines with the level DEBUG,"):
            script.log_levels(self.run)

    def test_no_line_at_all_is_a_failure(self):
        with self.assertRaisesRegex(script.Failed, "^no line names the organization of this run"):
            script.log_levels(self.run)


class Settings(AtOnce):
    """Settings that the emulator does not have, or that its stacks have not."""

    def keyed(self, **other):
        """A run of a stack whose parts have the key, but for these."""
        has = dict.fromkeys(("pool", "table", "function", "group"), KEY) | other
        logs, dynamodb = mock.Mock(), mock.Mock()
        group = {"logGroupName": "/aws/lambda/usher-users", "kmsKeyId": has["group"]}
        groups = [group, {"logGroupName": "/aws/lambda/usher-users-2"}]
        logs.get_paginator.return_value.paginate.return_value = [{"logGroups": groups}]
        dynamodb.describe_table.return_value = {"Table": {"SSEDescription": {"KMSMasterKeyArn": has["table"]}}}
        run = run_with({"KmsKeyArn": KEY}, logs=logs, dynamodb=dynamodb)
        run.of_type = {"AWS::Logs::LogGroup": ["/aws/lambda/usher-users"]}.get
        run.settings = {"users": {"FunctionName": "usher-users", "KMSKeyArn": has["function"]}}
        own = {"Id": "one", "KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": KEY}}
        kind = "CUSTOMER_MANAGED_KEY" if has["pool"] else "AWS_OWNED_KEY"
        run.made_pools = [own, {"Id": "two", "KeyConfiguration": {"KeyType": kind, "KmsKeyArn": has["pool"]}}]
        return run

    def test_the_key_of_each_part_is_compared(self):
        self.assertEqual("2 pools, 1 functions with their logs, and the table", script.own_key(self.keyed()))
        for part, name in [
            ("pool", "the pool two"),
            ("table", "the table usher"),
            ("function", "the function usher-users"),
            ("group", "the log group /aws/lambda/usher-users"),
        ]:
            for other, seen in [(None, "a key of AWS"), (f"{KEY}2", f"{KEY}2")]:
                with self.assertRaisesRegex(script.Failed, f"^{name} has {seen}. "):
                    script.own_key(self.keyed(**{part: other}))

    def test_a_given_table_has_a_key_of_its_own_and_without_a_key_nothing_is_compared(self):
        run = self.keyed(table=None)
        run.made_table = None
        expected = "2 pools, 1 functions with their logs, and no table, because it was given"
        self.assertEqual(expected, script.own_key(run))
        with self.assertRaisesRegex(script.Skipped, "the stack has no KmsKeyArn"):
            script.own_key(run_with({"KmsKeyArn": ""}))

    def insights(self, of_table, of_index):
        dynamodb = mock.Mock()
        dynamodb.describe_contributor_insights = lambda TableName, IndexName=None: of_index if IndexName else of_table
        return run_with(dynamodb=dynamodb)

    def test_insights_of_table_and_index_are_compared(self):
        on = {"ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": "THROTTLED_KEYS"}
        expected = "the table usher and its index gsi1, with the mode THROTTLED_KEYS"
        self.assertEqual(expected, script.throttled_keys(self.insights(on, on)))
        for off, seen in [
            ({"ContributorInsightsStatus": "DISABLED"}, "DISABLED"),
            ({"ContributorInsightsStatus": "ENABLING"}, "ENABLING"),
            (on | {"ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS"}, "ENABLED, ACCESSED_AND_THROTTLED_KEYS"),
            (
                on | {"ContributorInsightsStatus": "FAILED", "FailureException": {"ExceptionDescription": "too many"}},
                "FAILED, THROTTLED_KEYS, too many",
            ),
        ]:
            expected = f"^the table usher has {seen}. Switch it on: .* --table-name usher --contributor"
            with self.assertRaisesRegex(script.Failed, expected):
                script.throttled_keys(self.insights(off, on))
            expected = f"^its index gsi1 has {seen}. Switch it on: .* --index-name gsi1 --contributor"
            with self.assertRaisesRegex(script.Failed, expected):
                script.throttled_keys(self.insights(on, off))

    def test_insights_of_a_given_table_and_with_a_key_are_skipped(self):
        off = {"ContributorInsightsStatus": "DISABLED"}
        run = self.insights(off, off)
        run.made_table = None
        expected = "^the table was given, and the table usher has DISABLED; its index gsi1 has DISABLED. Switch it on: "
        with self.assertRaisesRegex(script.Skipped, expected):
            script.throttled_keys(run)
        with self.assertRaisesRegex(script.Skipped, "^with KmsKeyArn they stay off"):
            script.throttled_keys(run_with({"KmsKeyArn": KEY}))

    def sending(self, account=ACCOUNT, name="acme.com", there={"acme.com": True}, production=True, enabled=True):
        """A run of a stack that sends by SES in another region, which has these identities: verified or not."""
        identity = f"arn:aws:ses:eu-west-1:{account}:identity/{name}"

        def get_email_identity(EmailIdentity):
            if EmailIdentity not in there:
                raise NotFound
            return {"VerifiedForSendingStatus": there[EmailIdentity]}

        ses = mock.Mock(get_email_identity=get_email_identity)
        ses.exceptions.NotFoundException = NotFound
        ses.get_account.return_value = {"ProductionAccessEnabled": production, "SendingEnabled": enabled}
        run = run_with({"SesIdentityArn": identity, "EmailFrom": "no-reply@acme.com"})
        run.client = lambda service, region: {("sesv2", "eu-west-1"): ses}[service, region]
        by_ses = {"EmailSendingAccount": "DEVELOPER", "SourceArn": identity, "From": "no-reply@acme.com"}
        run.made_pools = [{"Id": id, "EmailConfiguration": dict(by_ses)} for id in ("one", "two")]
        return run

    def test_mail_goes_out_only_by_a_verified_identity_outside_the_sandbox(self):
        address, expected = "no-reply@acme.com", "2 pools send as no-reply@acme.com, by a verified identity"
        self.assertEqual(expected, script.mail(self.sending()))
        self.assertEqual(expected, script.mail(self.sending(name=address)))
        self.assertEqual(expected, script.mail(self.sending(name=address, there={address: True})))
        for more, seen in [
            ({"there": {"acme.com": False}}, "identity/acme.com is not verified"),
            ({"there": {}}, "identity/acme.com is not verified"),
            ({"name": address, "there": {address: False}}, "identity/no-reply@acme.com is not verified"),
            ({"production": False}, "SES is in its sandbox in eu-west-1"),
            ({"enabled": False}, "AWS has paused SES"),
        ]:
            with self.assertRaisesRegex(script.Failed, seen):
                script.mail(self.sending(**more))

    def test_each_pool_has_to_send_by_the_identity(self):
        for name in ("EmailSendingAccount", "SourceArn", "From"):
            run = self.sending()
            run.made_pools[1]["EmailConfiguration"][name] = "another"
            with self.assertRaisesRegex(script.Failed, "^the pool two has "):
                script.mail(run)

    def test_an_identity_of_another_account_cannot_be_looked_at(self):
        expected = "2 pools send as no-reply@acme.com. Look yourself whether "
        self.assertTrue(script.mail(self.sending(account="210987654321")).startswith(expected))
        expected = "^the stack has no SesIdentityArn: Cognito sends some 50 mails a day"
        with self.assertRaisesRegex(script.Skipped, expected):
            script.mail(run_with({"SesIdentityArn": ""}))


class Releases(unittest.TestCase):
    NAMES = [f"usher-{trigger}-{kind}" for trigger in script.TRIGGERS for kind in ("errors", "slow")]

    def stopping_at(self, *groups, there=NAMES):
        """A run of a stack whose deployment groups have these settings of alarms."""
        named = {f"group-{number}": group for number, group in enumerate(groups, 1)}
        codedeploy, cloudwatch = mock.Mock(), mock.Mock()
        codedeploy.get_paginator.return_value.paginate.return_value = [{"deploymentGroups": [*named]}]
        codedeploy.get_deployment_group = lambda applicationName, deploymentGroupName: {
            "deploymentGroupInfo": {
                "deploymentGroupName": deploymentGroupName,
                "alarmConfiguration": named[deploymentGroupName],
            }
        }
        alarms = [{"MetricAlarms": [{"AlarmName": name} for name in there]}]
        cloudwatch.get_paginator.return_value.paginate.return_value = alarms
        run = run_with(codedeploy=codedeploy, cloudwatch=cloudwatch)
        run.stack = "usher"
        run.of_type = {"AWS::CodeDeploy::Application": ["application"]}.get
        return run

    def test_the_deployment_of_each_trigger_stops_at_its_alarms(self):
        first, second = (
            {"enabled": True, "alarms": [{"name": name} for name in names]}
            for names in (self.NAMES[:2], self.NAMES[2:])
        )
        self.assertEqual(", ".join(self.NAMES), script.release_alarms(self.stopping_at(first, second)))
        for groups in [
            (first,),
            (first, {}),
            (first, {"enabled": True, "alarms": []}),
            (first, second | {"enabled": False}),
        ]:
            expected = " do not stop at usher-pre-token-generation-errors, usher-pre-token-generation-slow, "
            with self.assertRaisesRegex(script.Failed, expected):
                script.release_alarms(self.stopping_at(*groups))
        with self.assertRaisesRegex(script.Failed, "^these alarms do not exist: usher-pre-token-generation-slow. "):
            script.release_alarms(self.stopping_at(first, second, there=self.NAMES[:3]))


class Chains(AtOnce):
    ARN = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:plan"

    def chain(self, arn, allowed=None, **environment):
        parameters = {"NextPreTokenGenerationArn": arn, "NextPostConfirmationArn": "", "NextTriggerFailure": "fail"}
        self.asked, self.lines = [], []
        patched = mock.patch.object(script, "logged", lambda run, group, text: self.logged(group, text))
        patched.start()
        self.addCleanup(patched.stop)

        def simulate(PolicySourceArn, ActionNames, ResourceArns):
            self.asked += ResourceArns
            decision = "allowed" if ResourceArns[0] in (allowed or [arn]) else "implicitDeny"
            return {"EvaluationResults": [{"EvalDecision": decision}]}

        run = run_with(parameters, iam=mock.Mock(simulate_principal_policy=simulate))
        run.sub = "ann"
        has = {"post-confirmation": "", "pre-token-generation": arn}
        run.settings = {
            name: {
                "Role": f"role-of-{name}",
                "Environment": {
                    "Variables": {"NEXT_TRIGGER_ARN": has[name], "NEXT_TRIGGER_FAILURE": "fail", **environment}
                },
            }
            for name in script.TRIGGERS
        }
        return run

    def logged(self, group, text):
        return [line for of, line in self.lines if of == group and text in line]

    def test_only_the_exact_arn_may_be_invoked(self):
        for arn, others in [
            (self.ARN, [f"{self.ARN}:usher-verify", f"{self.ARN}-usher-verify"]),
            (f"{self.ARN}:live", [f"{self.ARN}:usher-verify", f"{self.ARN}-usher-verify", self.ARN]),
        ]:
            self.assertEqual(f"{arn}, and no other version or name of theirs", script.chained(self.chain(arn)))
            self.assertEqual([arn, *others], self.asked)
            for other in others:
                with self.assertRaisesRegex(script.Failed, f"^usher-pre-token-generation may invoke {other} "):
                    script.chained(self.chain(arn, allowed=[arn, other]))
            with self.assertRaisesRegex(script.Failed, f"^usher-pre-token-generation may not invoke {arn} "):
                script.chained(self.chain(arn, allowed=["none"]))

    def test_the_version_that_runs_has_the_parameters(self):
        for name in ("NEXT_TRIGGER_ARN", "NEXT_TRIGGER_FAILURE"):
            with self.assertRaisesRegex(script.Failed, f'^usher-post-confirmation runs with .*"{name}": "another"'):
                script.chained(self.chain(self.ARN, **{name: "another"}))

    def test_a_failure_of_the_function_is_one_even_if_users_go_on_without_it(self):
        for line, seen in [
            (
                {"message": "the pool's own function failed", "function": self.ARN, "error": "it failed with E"},
                f"the pool's own function failed: {self.ARN}, it failed with E",
            ),
            (
                {"message": "the pool's own function is not invoked", "error": "NEXT_TRIGGER_ARN names no function"},
                f"the pool's own function is not invoked: {self.ARN}, NEXT_TRIGGER_ARN names no function",
            ),
        ]:
            run = self.chain(self.ARN)
            other = {"message": "the event ended with the error of the pool's own function: E"}
            self.lines.append(("/aws/lambda/usher-pre-token-generation", json.dumps(other)))
            self.lines.append(("/aws/lambda/usher-pre-token-generation", json.dumps(line)))
            with self.assertRaisesRegex(script.Failed, f" have: usher-pre-token-generation: {seen}. Look at "):
                script.chained(run)

    def test_without_functions_it_is_skipped(self):
        with self.assertRaisesRegex(script.Skipped, "^no trigger has a function to invoke first"):
            script.chained(self.chain(""))


class States(AtOnce):
    def states(self, *alarms, composite=()):
        run = mock.Mock()
        there = {"AWS::CloudWatch::Alarm": alarms, "AWS::CloudWatch::CompositeAlarm": composite}
        run.of_type = lambda kind: [it["AlarmName"] for it in there[kind]]
        page = {"MetricAlarms": alarms, "CompositeAlarms": composite}
        run.client.return_value.get_paginator.return_value.paginate = lambda AlarmNames, AlarmTypes: [
            {f"{kind}s": page[f"{kind}s"] for kind in AlarmTypes}
        ]
        return script.alarm_states(run)

    def test_an_alarm_on_other_alarms_is_one_of_them(self):
        whole = {"AlarmName": "whole", "StateReason": "Unchecked: Initial alarm creation"}
        expected = "2 alarms. It has not evaluated these yet: whole"
        self.assertEqual(expected, self.states({"AlarmName": "one"}, composite=[whole]))

    def test_alarms_are_evaluated(self):
        new = {"AlarmName": "new", "StateReason": "Unchecked: Initial alarm creation"}
        self.assertEqual("1 alarms", self.states({"AlarmName": "old", "StateReason": "Threshold Crossed"}))
        self.assertEqual("2 alarms. It has not evaluated these yet: new", self.states({"AlarmName": "old"}, new))

    def test_an_error_is_a_failure(self):
        for state in ("EVALUATION_ERROR", "EVALUATION_FAILURE", "PARTIAL_DATA"):
            about = {"AlarmName": "one", "EvaluationState": state, "StateReason": "because"}
            with self.assertRaisesRegex(script.Failed, f"^one is {state}: because. Such an alarm may not ring"):
                self.states({"AlarmName": "other"}, about)


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
