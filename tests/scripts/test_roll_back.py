"""infra/roll-back.py, with the real SDK, against an imitation of CloudFormation and Lambda on loopback.

`tests/artifacts/deploy.py` runs the script against an emulator, on functions that run. Here are the states that the
emulator does not reach: a deployment that runs or has failed, somebody else who moves an alias, and refusals by AWS.
"""

import json
import os
import unittest
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from support import Loopback, ScriptTest, load, run

script = load("roll-back")

STACK_ID = "arn:aws:cloudformation:eu-central-1:111122223333:stack/usher/1"
ARN = "arn:aws:lambda:eu-central-1:111122223333:function"
ONLY_ALIASES = "usher: done. Only aliases have moved: see docs/operations.md#rolling-back.\n"


class Aws(Loopback):
    """One stack with the functions `users` and `post-confirmation`, deployed as version 3."""

    def __init__(self):
        self.status = "UPDATE_COMPLETE"
        names = ("usher-post-confirmation", "usher-users")
        self.deployed = dict.fromkeys(names, "3")
        self.versions = {name: ["$LATEST", "1", "2", "3"] for name in names}
        self.aliases = {name: {"FunctionVersion": "3", "RevisionId": f"{name}-0"} for name in names}
        self.states = {}  # of versions that are not active
        self.variables = {}  # of versions, by function and version
        self.events = []  # of the stack, oldest first: type, id, status, day of November
        self.pages = 0  # of events that were read
        self.moves = []
        self.lost = None  # the function of which the answer to a move is lost
        self.calls = []  # function, version, and how many aliases had moved before
        self.refused = {}  # function and version, with what UpdateAlias says
        super().__init__()

    def answer(self, method, path, _, body):
        address = urlsplit(path)
        if method == "POST" and address.path.endswith("/invocations"):
            name, [version] = address.path.split("/")[3], parse_qs(address.query)["Qualifier"]
            self.calls.append((name, version, len(self.moves)))
            self.states[name, version] = {"State": "Active"}
            return 502, json.dumps({"Message": "pending", "__type": "CodeArtifactUserPendingException"})
        if method == "POST":
            return self.formation(parse_qs(body))
        return self.read(address) if method == "GET" else self.move(address.path.split("/")[3], json.loads(body))

    def formation(self, body):
        [action], name = body["Action"], body["StackName"][0]
        if name not in ("usher", STACK_ID):
            message = f"Stack with id {name} does not exist"
            return 400, f"<R><Error><Code>ValidationError</Code><Message>{message}</Message></Error></R>"
        if action == "DescribeStacks":
            parts = f"<StackId>{STACK_ID}</StackId><StackName>usher</StackName><StackStatus>{self.status}</StackStatus>"
            return listed(action, "Stacks", [parts])
        if action == "DescribeStackEvents":
            # The newest first, two to a page.
            start = int(body.get("NextToken", ["0"])[0])
            self.pages += 1
            more = str(start + 2) if start + 2 < len(self.events) else None
            page = self.events[::-1][start : start + 2]
            return listed(action, "StackEvents", [entry(*it) for it in page], more)
        resources = [("AWS::Lambda::Function", name) for name in self.deployed]
        resources += [("AWS::Lambda::Version", f"{ARN}:{name}:{it}") for name, it in self.deployed.items()]
        resources += [("AWS::Lambda::Alias", f"{ARN}:{name}:live") for name in self.aliases]
        return listed(action, "StackResourceSummaries", [entry(*it) for it in resources])

    def read(self, address):
        name, *kinds = address.path.split("/")[3:]
        kind = kinds[0] if kinds else "function"
        if kind == "versions":
            # Two to a page.
            start = int(parse_qs(address.query).get("Marker", ["0"])[0])
            page = {"Versions": [configuration(it) for it in self.versions[name][start : start + 2]]}
            if start + 2 < len(self.versions[name]):
                page["NextMarker"] = str(start + 2)
            return 200, json.dumps(page)
        if kind == "aliases":
            return 200, json.dumps(self.aliases[name])
        [version] = parse_qs(address.query)["Qualifier"]
        variables = {"Environment": {"Variables": self.variables.get((name, version), {"TABLE_NAME": "usher"})}}
        state = self.states.get((name, version), {"State": "Active"})
        found = configuration(version) | variables | state
        return 200, json.dumps({"Configuration": found} if kind == "function" else found)

    def move(self, name, body):
        self.moves.append((name, body["FunctionVersion"]))
        if (name, body["FunctionVersion"]) in self.refused:
            return 403, json.dumps({"Message": self.refused[name, body["FunctionVersion"]]})
        if body["RevisionId"] != self.aliases[name]["RevisionId"]:
            return 412, json.dumps({"Message": "The RevisionId provided does not match the latest one."})
        revision = f"{name}-{len(self.moves)}"
        self.aliases[name] = {"FunctionVersion": body["FunctionVersion"], "RevisionId": revision}
        if self.lost == name:
            self.lost = None
            return 500, json.dumps({"Message": "lost"})
        return 200, json.dumps(self.aliases[name])

    def at(self):
        return {name: alias["FunctionVersion"] for name, alias in self.aliases.items()}


def configuration(version):
    """Of a version of a function. Each is a day younger than the one before."""
    day = 20 + int(version) if version.isdigit() else 30
    return {"Version": version, "LastModified": f"2026-11-{day}T10:00:00.000+0000"}


def entry(kind, id, status="", day=30):
    parts = {"ResourceType": kind, "PhysicalResourceId": id, "ResourceStatus": status}
    parts["Timestamp"] = f"2026-11-{day}T10:00:05.000Z"
    return "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())


def listed(action, key, entries, more=None):
    members = "".join(f"<member>{it}</member>" for it in entries)
    token = f"<NextToken>{more}</NextToken>" if more else ""
    result = f"<{action}Result><{key}>{members}</{key}>{token}</{action}Result>"
    return 200, f"<{action}Response>{result}</{action}Response>"


def update(day, ended, dropped):
    """The events of an update, oldest first, which drops a version while it cleans up."""
    stack = ("AWS::CloudFormation::Stack", STACK_ID)
    return [
        (*stack, "UPDATE_IN_PROGRESS", day),
        (*stack, f"{ended}_CLEANUP_IN_PROGRESS", day),
        ("AWS::Lambda::Version", f"{ARN}:{dropped}", "DELETE_SKIPPED", day),
        (*stack, ended, day),
    ]


class RollBack(ScriptTest):
    def setUp(self):
        self.start(Aws(), AWS_DEFAULT_REGION="eu-central-1", AWS_MAX_ATTEMPTS="1")

    def roll_back(self, *arguments):
        return run(script, "--stack-name", "usher", *arguments)

    def assert_refused(self, sentence, *arguments):
        self.assertEqual((sentence, "", ""), self.roll_back(*arguments))
        self.assertEqual([], self.aws.moves)

    def test_every_alias_goes_to_the_version_before_the_deployed_one(self):
        said = (
            "usher-post-confirmation: 3 -> 2, from 2026-11-22 10:00 UTC\n"
            "usher-users: 3 -> 2, from 2026-11-22 10:00 UTC\n"
        )
        self.assertEqual((0, said + ONLY_ALIASES, ""), self.roll_back())
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_a_second_run_does_not_go_back_another_release(self):
        self.roll_back()
        said = "usher-post-confirmation: is at 2.\nusher-users: is at 2.\nusher: nothing to change.\n"
        self.assertEqual((0, said, ""), self.roll_back())
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_two_releases_are_taken_back_if_that_is_said_and_a_run_after_one_counts_from_the_deployed_version(self):
        self.roll_back()
        said = (
            "usher-post-confirmation: 2 -> 1, from 2026-11-21 10:00 UTC\n"
            "usher-users: 2 -> 1, from 2026-11-21 10:00 UTC\n"
        )
        self.assertEqual((0, said + ONLY_ALIASES, ""), self.roll_back("--releases", "2"))
        self.assertEqual({"usher-post-confirmation": "1", "usher-users": "1"}, self.aws.at())

    def test_the_deployed_version_comes_back(self):
        self.roll_back()
        said = (
            "usher-post-confirmation: 2 -> 3, from 2026-11-23 10:00 UTC\n"
            "usher-users: 2 -> 3, from 2026-11-23 10:00 UTC\n"
        )
        self.assertEqual((0, said + ONLY_ALIASES, ""), self.roll_back("--to-deployed"))
        self.assertEqual({"usher-post-confirmation": "3", "usher-users": "3"}, self.aws.at())

    def test_a_dry_run_moves_nothing(self):
        said = (
            "usher-post-confirmation: 3 -> 2, from 2026-11-22 10:00 UTC\n"
            "usher-users: 3 -> 2, from 2026-11-22 10:00 UTC\n"
            "usher: nothing changed, since this is a dry run.\n"
        )
        self.assertEqual((0, said, ""), self.roll_back("--dry-run"))
        self.assertEqual([], self.aws.moves)

    def test_one_function_is_named_with_or_without_the_stack_and_the_others_stay(self):
        for name in ("users", "usher-users"):
            self.roll_back("--function", name)
            self.assertEqual({"usher-post-confirmation": "3", "usher-users": "2"}, self.aws.at())

    def test_an_unknown_function_is_refused_with_those_that_are_there(self):
        self.assert_refused(
            "usher has no function user: it has post-confirmation, users.", "--function", "users", "--function", "user"
        )

    def test_a_version_of_a_deployment_that_failed_is_left_out(self):
        # Version 2 of one function was published by an update that was rolled back, and version 3 by the next one.
        self.aws.events = [
            *update(21, "UPDATE_COMPLETE", "usher-users:1"),
            *update(22, "UPDATE_ROLLBACK_COMPLETE", "usher-users:2"),
            # The predecessor of a deployment that succeeded is one to go back to.
            *update(23, "UPDATE_COMPLETE", "usher-post-confirmation:2"),
        ]
        self.assertEqual(0, self.roll_back()[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "1"}, self.aws.at())

    def test_if_every_earlier_version_has_failed_the_function_stays(self):
        self.aws.events = [
            *update(21, "UPDATE_ROLLBACK_COMPLETE", "usher-users:1"),
            *update(22, "UPDATE_ROLLBACK_COMPLETE", "usher-users:2"),
        ]
        self.assertEqual(0, self.roll_back()[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "3"}, self.aws.at())

    def test_events_that_are_older_than_the_version_are_not_read(self):
        old = [it for day in range(1, 21) for it in update(day, "UPDATE_COMPLETE", "usher-users:0")]
        self.aws.events = [*old, *update(22, "UPDATE_COMPLETE", "usher-users:1")]
        self.assertEqual(0, self.roll_back()[0])
        # Two pages of that update, and one on which the events are older.
        self.assertEqual(3, self.aws.pages)

    def test_versions_after_the_deployed_one_do_not_count(self):
        # The last update failed: the stack has version 3 again, and version 4 remains.
        self.aws.status = "UPDATE_ROLLBACK_COMPLETE"
        for versions in self.aws.versions.values():
            versions.append("4")
        self.assertEqual(0, self.roll_back()[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_versions_are_compared_as_numbers(self):
        self.aws.deployed["usher-users"] = self.aws.aliases["usher-users"]["FunctionVersion"] = "11"
        self.aws.versions["usher-users"] = ["$LATEST", "9", "10", "11"]
        self.assertEqual(0, self.roll_back()[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "10"}, self.aws.at())

    def test_a_function_that_is_new_in_the_release_stays(self):
        self.aws.versions["usher-users"] = ["$LATEST", "3"]
        said = (
            "usher-users: stays at 3, since it has no such version.\n"
            "usher-post-confirmation: 3 -> 2, from 2026-11-22 10:00 UTC\n"
        )
        self.assertEqual((0, said + ONLY_ALIASES, ""), self.roll_back())
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "3"}, self.aws.at())

    def test_without_any_earlier_version_it_is_refused(self):
        for name in self.aws.versions:
            self.aws.versions[name] = ["$LATEST", "3"]
        self.assert_refused(
            "No function of usher has a version that is 1 before the deployed one: "
            "check out the commit that ran before, and deploy it."
        )

    def test_while_the_stack_changes_it_is_refused(self):
        for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
            self.aws.status = status
            self.assert_refused(f"usher is {status}: wait for the end, or cancel the update, which takes it back.")

    def test_while_an_alias_has_two_versions_it_is_refused(self):
        self.aws.aliases["usher-users"]["RoutingConfig"] = {"AdditionalVersionWeights": {"3": 0.1}}
        self.assert_refused(
            "usher-users is being deployed: its alias live has two versions. Stop that deployment in CodeDeploy, "
            "which takes it back."
        )

    def test_an_alias_that_was_shifted_to_the_end_is_not_being_deployed(self):
        self.aws.aliases["usher-users"]["RoutingConfig"] = {"AdditionalVersionWeights": {}}
        self.assertEqual(0, self.roll_back()[0])

    def test_a_version_that_cannot_run_is_refused_before_the_first_alias_moves(self):
        broken = {"State": "Failed", "StateReason": "The key is disabled"}
        self.aws.states["usher-users", "2"] = broken
        ended, _, errors = self.roll_back()
        self.assertEqual(("Version 2 of usher-users is Failed: The key is disabled.", ""), (ended, errors))
        self.assertEqual([], self.aws.moves)

    def test_a_version_with_another_table_or_without_the_pools_own_function_is_refused_unless_that_is_meant(self):
        for variables, told in [
            ({"TABLE_NAME": "old"}, "version 3 uses the table usher, and version 2 old"),
            (
                {"TABLE_NAME": "usher", "NEXT_TRIGGER_ARN": f"{ARN}:plan"},
                f"version 3 first invokes nothing, and version 2 {ARN}:plan",
            ),
        ]:
            with self.subTest(told):
                self.aws.variables = {("usher-users", "2"): variables}
                refusal = (
                    f"usher-users: {told}. Give --other-settings if that is meant, or check out the earlier commit and "
                    "deploy it."
                )
                self.assert_refused(refusal)
                self.assert_refused(refusal, "--dry-run")
        self.assertEqual(0, self.roll_back("--other-settings")[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_a_version_that_nobody_has_called_for_long_is_called_before_its_alias_moves(self):
        self.aws.states = {("usher-users", "2"): {"State": "Inactive"}}
        self.assertEqual(0, self.roll_back()[0])
        self.assertEqual([("usher-users", "2", 0)], self.aws.calls)
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_what_differs_is_told(self):
        self.aws.variables = {("usher-users", "2"): {"TABLE_NAME": "usher", "TRUSTED_PROVIDERS": "Google"}}
        self.aws.states = {(name, version): {"State": "Active", "CodeSha256": "same"} for name in self.aws.aliases for version in "23"}
        said = (
            "usher-post-confirmation: 3 -> 2, from 2026-11-22 10:00 UTC, with the same code\n"
            "usher-users: 3 -> 2, from 2026-11-22 10:00 UTC, with the same code, with other TRUSTED_PROVIDERS\n"
        )
        self.assertEqual((0, said + ONLY_ALIASES, ""), self.roll_back())

    def test_settings_that_cannot_be_read_are_refused(self):
        error = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "The key is disabled."}}}
        self.aws.states = {("usher-users", "2"): {"State": "Active"} | error}
        self.assert_refused("The settings of version 2 of usher-users cannot be read: The key is disabled.")

    def test_an_alias_that_has_moved_although_the_answer_was_lost_has_moved(self):
        self.aws.lost = "usher-users"
        with mock.patch.dict(os.environ, {"AWS_MAX_ATTEMPTS": "2"}):
            self.assertEqual(0, self.roll_back()[0])
        self.assertEqual({"usher-post-confirmation": "2", "usher-users": "2"}, self.aws.at())

    def test_a_stack_whose_rolling_back_has_failed_is_refused(self):
        self.aws.status = "UPDATE_ROLLBACK_FAILED"
        self.assert_refused(
            "usher is UPDATE_ROLLBACK_FAILED: run aws cloudformation continue-update-rollback, which takes it back."
        )

    def test_if_one_alias_cannot_be_moved_the_others_are_moved_back(self):
        self.aws.refused["usher-users", "2"] = "not allowed"
        ended, _, errors = self.roll_back()
        self.assertEqual(
            ("usher-users: AWS refuses UpdateAlias: not allowed\nNo alias has moved.", ""), (ended, errors)
        )
        self.assertEqual({"usher-post-confirmation": "3", "usher-users": "3"}, self.aws.at())

    def test_if_that_fails_too_it_says_which_aliases_have_moved(self):
        self.aws.refused["usher-users", "2"] = "not allowed"
        self.aws.refused["usher-post-confirmation", "3"] = "not allowed"
        ended, _, errors = self.roll_back()
        said = (
            "usher-users: AWS refuses UpdateAlias: not allowed\n"
            "These have moved and could not be moved back: usher-post-confirmation (was at 3). "
            "Run the same command again."
        )
        self.assertEqual((said, ""), (ended, errors))

    def test_an_alias_that_somebody_else_moves_meanwhile_is_not_moved(self):
        read = self.aws.read

        def moved_after_it_was_read(address):
            answer = read(address)
            if address.path.endswith("/usher-users/aliases/live"):
                self.aws.aliases["usher-users"] = {"FunctionVersion": "4", "RevisionId": "another"}
            return answer

        self.aws.read = moved_after_it_was_read
        ended, _, _ = self.roll_back()
        said = "The RevisionId provided does not match the latest one."
        self.assertEqual(f"usher-users: AWS refuses UpdateAlias: {said}\nNo alias has moved.", ended)
        self.assertEqual({"usher-post-confirmation": "3", "usher-users": "4"}, self.aws.at())

    def test_a_stack_of_an_earlier_release_has_no_alias(self):
        self.aws.deployed, self.aws.aliases = {}, {}
        self.assert_refused("usher has no function with the alias live: deploy Usher's present version.")

    def test_an_unknown_stack_is_refused_as_aws_says_it(self):
        ended = run(script, "--stack-name", "other")
        self.assertEqual(("AWS refuses DescribeStacks: Stack with id other does not exist", "", ""), ended)

    def test_wrong_arguments_are_refused(self):
        for arguments in (["--releases", "0"], ["--to-deployed", "--releases", "2"]):
            self.assertEqual(2, self.roll_back(*arguments)[0], arguments)
        self.assertEqual(2, run(script)[0])
        self.assertEqual([], self.aws.moves)


if __name__ == "__main__":
    unittest.main()
