"""infra/attach-triggers.py, through the real AWS SDK, against a Cognito that resets what an update leaves out."""

import contextlib
import importlib.util
import io
import json
import os
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import botocore.session

SCRIPT = Path(__file__).parents[2] / "infra/attach-triggers.py"
specification = importlib.util.spec_from_file_location("attach_triggers", SCRIPT)
script = importlib.util.module_from_spec(specification)
specification.loader.exec_module(script)

POOL = "eu-central-1_Ab3dE"
FILE = f"user-pool-{POOL}-triggers.json"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:"
POST_CONFIRMATION = f"{FUNCTION}usher-post-confirmation"
PRE_TOKEN_GENERATION = f"{FUNCTION}usher-pre-token-generation"
OUTPUTS = {
    "UserPoolId": POOL,
    "PostConfirmationFunctionArn": POST_CONFIRMATION,
    "PreTokenGenerationFunctionArn": PRE_TOKEN_GENERATION,
}
ATTACHED = {
    "PostConfirmation": POST_CONFIRMATION,
    "PreTokenGeneration": PRE_TOKEN_GENERATION,
    "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": PRE_TOKEN_GENERATION},
}
CUSTOM_MESSAGE = {"CustomMessage": f"{FUNCTION}letters"}
SAVED = f"What was there is in {FILE}: undo with --undo {FILE}\n"
DONE = f"{POOL}: done, all other settings are as they were.\n"
ATTACHING = (
    f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
    f"PreTokenGenerationConfig: none -> {PRE_TOKEN_GENERATION} (V2_0)\n"
)

MODEL = botocore.session.get_session().get_service_model("cognito-idp")
SETTABLE = MODEL.operation_model("UpdateUserPool").input_shape.members.keys()


def a_pool(**settings):
    """A pool in which every setting that an update takes differs from its default."""
    return {
        "Id": POOL,
        "Name": "customers",
        "Arn": f"arn:aws:cognito-idp:eu-central-1:123456789012:userpool/{POOL}",
        "CreationDate": 1767225600,
        "LastModifiedDate": 1767225600,
        "EstimatedNumberOfUsers": 7,
        "SchemaAttributes": [{"Name": "email", "AttributeDataType": "String", "Required": True}],
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
        "Domain": "customers",
        "DeletionProtection": "ACTIVE",
        "UserPoolTier": "ESSENTIALS",
        "UserPoolTags": {"team": "identity"},
        "AutoVerifiedAttributes": ["email"],
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
        "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:eu-central-1::identity/a"},
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "sms"},
        "SmsAuthenticationMessage": "Sign in with {####}",
        "SmsVerificationMessage": "Your code is {####}",
        "EmailVerificationMessage": "Your code is {####}",
        "EmailVerificationSubject": "Your code",
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailMessage": "Your code is {####}",
            "EmailSubject": "Your code",
            "SmsMessage": "Your code is {####}",
        },
        "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
        "MfaConfiguration": "OPTIONAL",
        "KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": "arn:aws:kms:eu-central-1:1:key/a"},
        "IssuerConfiguration": {"Type": "UPDATED"},
        "AcrConfiguration": {"acr.password": {"AcrValue": "urn:example:password"}},
        "Policies": {
            "PasswordPolicy": {"MinimumLength": 15, "TemporaryPasswordValidityDays": 3},
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
        },
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            "UnusedAccountValidityDays": 3,
            "InviteMessageTemplate": {"EmailSubject": "Welcome", "EmailMessage": "{username} {####}"},
        },
        "LambdaConfig": {},
    } | settings


class Aws:
    """Cognito with one pool, and CloudFormation with one stack, on loopback."""

    def __init__(self):
        self.pool = a_pool()
        self.outputs = dict(OUTPUTS)
        self.parameters = {}
        self.clients = []
        self.updates = []
        self.refusal = None  # what the next update is answered with
        self.forgets = []  # settings that are lost in an update whatever it says
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
                status, answer = aws.cognito(operation, json.loads(body)) if operation else aws.stack(body.decode())
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # The interval in seconds at which it looks whether it is to end.
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def cognito(self, operation, request):
        if request["UserPoolId"] != POOL:
            return refused("ResourceNotFoundException", f"User pool {request['UserPoolId']} does not exist.")
        if operation == "UpdateUserPool":
            return self.update(request)
        if operation == "GetUserPoolMfaConfig":
            factors = {"MfaConfiguration": self.pool["MfaConfiguration"]}
            return 200, json.dumps(factors | {"SoftwareTokenMfaConfiguration": {"Enabled": True}}).encode()
        if operation == "ListUserPoolClients":
            listed = [{"ClientId": client["ClientId"], "UserPoolId": POOL} for client in self.clients]
            return 200, json.dumps({"UserPoolClients": listed}).encode()
        if operation == "DescribeUserPoolClient":
            [client] = [client for client in self.clients if client["ClientId"] == request["ClientId"]]
            return 200, json.dumps({"UserPoolClient": client}).encode()
        return 200, json.dumps({"UserPool": self.pool}).encode()

    def update(self, request):
        self.updates.append(request)
        if self.refusal:
            return refused("InvalidParameterException", self.refusal)
        policy = request.get("Policies", {}).get("PasswordPolicy", {})
        if "TemporaryPasswordValidityDays" in policy and "UnusedAccountValidityDays" in request["AdminCreateUserConfig"]:
            return refused("InvalidParameterException", "Please use TemporaryPasswordValidityDays instead.")

        given = {name: value for name, value in request.items() if name not in ("UserPoolId", "PoolName")}
        given["Name"] = request["PoolName"]
        if "TemporaryPasswordValidityDays" in policy:
            given["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = policy["TemporaryPasswordValidityDays"]
        config = given["LambdaConfig"]
        if "PreTokenGenerationConfig" in config:
            config["PreTokenGeneration"] = config["PreTokenGenerationConfig"]["LambdaArn"]
        kept = {name: value for name, value in self.pool.items() if name not in SETTABLE}
        self.pool = kept | given | {"LastModifiedDate": 1767225601}
        for name in self.forgets:
            del self.pool[name]
        return 200, b"{}"

    def stack(self, body):
        if parse_qs(body)["StackName"] != ["usher"]:
            message = "Stack with id other does not exist"
            return 400, f"<R><Error><Code>ValidationError</Code><Message>{message}</Message></Error></R>".encode()
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{escape(value)}</OutputValue></member>"
            for key, value in self.outputs.items()
        )
        parameters = "".join(
            f"<member><ParameterKey>{key}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
            for key, value in self.parameters.items()
        )
        parts = f"<Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters>"
        stack = f"<member><StackName>usher</StackName>{parts}</member>"
        result = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def refused(code, message):
    return 400, json.dumps({"__type": code, "message": message}).encode()


class AttachTriggers(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.aws = Aws()
        self.addCleanup(self.aws.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws.server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": "none",
            "AWS_SHARED_CREDENTIALS_FILE": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": os.environ["PATH"],
        }
        patch = mock.patch.dict(os.environ, environment, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def run_script(self, *arguments):
        """How the script ends, and what it prints to standard output and standard error."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                ended = script.main(arguments)
            except SystemExit as exit:
                ended = exit.code
        return ended, output.getvalue(), errors.getvalue()

    def attach(self, *arguments):
        return self.run_script("--user-pool-id", POOL, "--stack-name", "usher", *arguments)

    def assert_untouched(self, pool):
        self.assertEqual(([], pool), (self.aws.updates, self.aws.pool))
        self.assertEqual([], os.listdir())

    def test_the_pool_of_these_tests_has_every_setting_that_an_update_takes(self):
        names = a_pool().keys() | {"UserPoolId", "PoolName"}
        self.assertEqual(set(), SETTABLE - names)

    def test_attaching_keeps_every_other_setting_and_every_other_trigger(self):
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE)
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())
        self.assertEqual(a_pool(LambdaConfig=CUSTOM_MESSAGE | ATTACHED, LastModifiedDate=1767225601), self.aws.pool)

    def test_a_setting_inside_another_that_an_update_does_not_know_is_not_sent(self):
        known = {
            "Policies": {"PasswordPolicy": {"MinimumLength": 15}},
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email"}]},
            "AcrConfiguration": {"acr.password": {"AcrValue": "urn:a"}},
        }
        shape = MODEL.operation_model("UpdateUserPool").input_shape
        described = {
            "Policies": {"PasswordPolicy": {"MinimumLength": 15, "New": 1}, "New": 1},
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "New": 1}]},
            "AcrConfiguration": {"acr.password": {"AcrValue": "urn:a", "New": 1}},
            "New": 1,
        }
        self.assertEqual(known, script.accepted(shape, described))

    def test_without_the_newer_setting_the_older_life_of_a_temporary_password_is_kept(self):
        self.aws.pool = a_pool(Policies={"PasswordPolicy": {"MinimumLength": 15}})
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())
        self.assertEqual(3, self.aws.pool["AdminCreateUserConfig"]["UnusedAccountValidityDays"])

    def test_attaching_again_changes_nothing_and_says_so(self):
        self.attach()
        self.assertEqual((0, f"{POOL}: nothing to change.\n", ""), self.attach())
        self.assertEqual(1, len(self.aws.updates))

    def test_version_3_of_the_same_function_stays(self):
        config = {"LambdaVersion": "V3_0", "LambdaArn": PRE_TOKEN_GENERATION}
        self.aws.pool = pool = a_pool(LambdaConfig=ATTACHED | {"PreTokenGenerationConfig": config})
        self.assertEqual((0, f"{POOL}: nothing to change.\n", ""), self.attach())
        self.assert_untouched(pool)

    def test_version_1_of_the_same_function_becomes_version_2_and_returns_by_undo(self):
        version_1 = {"PreTokenGeneration": PRE_TOKEN_GENERATION}
        self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": POST_CONFIRMATION} | version_1)
        change = f"PreTokenGenerationConfig: {PRE_TOKEN_GENERATION} (V1_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n"
        self.assertEqual((0, change + SAVED + DONE, ""), self.attach())
        self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])
        self.assertEqual(0, self.run_script("--undo", FILE)[0])
        config = {"PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": PRE_TOKEN_GENERATION}}
        self.assertEqual(ATTACHED | config, self.aws.pool["LambdaConfig"])

    def test_the_functions_may_be_given_instead_of_the_stack(self):
        functions = ["--post-confirmation", POST_CONFIRMATION, "--pre-token-generation", PRE_TOKEN_GENERATION]
        ended = self.run_script("--user-pool-id", POOL, *functions)
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), ended)
        self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self):
        nothing = f"{POOL}: nothing changed, since this is a dry run.\n"
        self.assertEqual((0, ATTACHING + nothing, ""), self.attach("--dry-run"))
        self.assert_untouched(a_pool())

    def test_another_trigger_is_replaced_only_on_demand_and_returns_by_undo(self):
        other = f"{FUNCTION}other"
        version_1 = {
            "PreTokenGeneration": other,
            "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": other},
        }
        for trigger, there, shown in [
            ("PostConfirmation", {"PostConfirmation": other}, other),
            ("PreTokenGeneration", version_1, f"{other} (V1_0)"),
        ]:
            with self.subTest(trigger):
                self.aws.pool, self.aws.updates = pool, _ = a_pool(LambdaConfig=there), []
                refusal = (
                    f"{trigger} of {POOL} is {other} already, and a pool has one function per trigger: "
                    "give --replace to put Usher's in its place."
                )
                self.assertEqual((refusal, "", ""), self.attach())
                self.assert_untouched(pool)

                ended, output, errors = self.attach("--replace")
                self.assertEqual((0, ""), (ended, errors))
                self.assertIn(f": {shown} -> ", output)
                self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])

                self.assertEqual(0, self.run_script("--undo", FILE)[0])
                self.assertEqual(a_pool(LambdaConfig=there, LastModifiedDate=1767225601), self.aws.pool)
                os.remove(FILE)

    def test_undo_keeps_what_has_changed_since_and_a_second_one_changes_nothing(self):
        self.attach()
        self.aws.pool["MfaConfiguration"] = "ON"
        self.aws.pool["LambdaConfig"] |= CUSTOM_MESSAGE
        detaching = (
            f"PostConfirmation: {POST_CONFIRMATION} -> none\n"
            f"PreTokenGenerationConfig: {PRE_TOKEN_GENERATION} (V2_0) -> none\n"
        )
        self.assertEqual((0, detaching + DONE, ""), self.run_script("--undo", FILE))
        changed = a_pool(LambdaConfig=CUSTOM_MESSAGE, MfaConfiguration="ON", LastModifiedDate=1767225601)
        self.assertEqual(changed, self.aws.pool)
        self.assertEqual((0, f"{POOL}: nothing to change.\n", ""), self.run_script("--undo", FILE))
        self.assertEqual(2, len(self.aws.updates))
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())

    def test_a_dry_run_of_undo_changes_nothing(self):
        self.attach()
        ended, output, _ = self.run_script("--undo", FILE, "--dry-run")
        self.assertEqual((0, f"{POOL}: nothing changed, since this is a dry run."), (ended, output.splitlines()[-1]))
        self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])

    def test_undo_does_not_remove_a_trigger_that_somebody_else_has_set_since(self):
        self.attach()
        self.aws.pool["LambdaConfig"]["PostConfirmation"] = other = f"{FUNCTION}other"
        refusal = (
            f"PostConfirmation of {POOL} has become {other} since {FILE} was written: "
            "give --replace to put back what was there before all the same."
        )
        self.assertEqual((refusal, "", ""), self.run_script("--undo", FILE))
        self.assertEqual(other, self.aws.pool["LambdaConfig"]["PostConfirmation"])
        self.assertEqual(0, self.run_script("--undo", FILE, "--replace")[0])
        self.assertEqual({}, self.aws.pool["LambdaConfig"])

    def test_detaching_takes_both_triggers_off_and_keeps_everything_else(self):
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE | ATTACHED)
        ended, output, errors = self.attach("--detach")
        done = f"{POOL}: done, all other settings are as they were."
        self.assertEqual((0, done, ""), (ended, output.splitlines()[-1], errors))
        self.assertEqual(a_pool(LambdaConfig=CUSTOM_MESSAGE, LastModifiedDate=1767225601), self.aws.pool)
        self.assertEqual((0, f"{POOL}: nothing to change.\n", ""), self.attach("--detach"))

    def test_detaching_takes_no_trigger_of_somebody_else_off_but_on_demand(self):
        other = f"{FUNCTION}other"
        self.aws.pool = pool = a_pool(LambdaConfig=ATTACHED | {"PostConfirmation": other})
        refusal = f"PostConfirmation of {POOL} is {other}, which is none of these: give --replace alone to remove it."
        self.assertEqual((refusal, "", ""), self.attach("--detach"))
        self.assert_untouched(pool)
        self.assertEqual(0, self.run_script("--detach", "--replace", "--user-pool-id", POOL)[0])
        self.assertEqual({}, self.aws.pool["LambdaConfig"])

    def test_a_dry_run_of_detaching_changes_nothing(self):
        self.aws.pool = pool = a_pool(LambdaConfig=ATTACHED)
        ended, output, _ = self.attach("--detach", "--dry-run")
        self.assertEqual((0, f"{POOL}: nothing changed, since this is a dry run."), (ended, output.splitlines()[-1]))
        self.assert_untouched(pool)

    def test_a_file_that_keeps_something_else_is_not_overwritten(self):
        Path(FILE).write_text("precious")
        ended, output, errors = self.attach()
        refusal = f"{FILE} keeps what was there at another time: undo with it, move it away, or give --save."
        self.assertEqual((refusal, ATTACHING, ""), (ended, output, errors))
        self.assertEqual(([], "precious"), (self.aws.updates, Path(FILE).read_text()))
        self.assertEqual(0, self.attach("--save", "elsewhere.json")[0])
        self.assertEqual(0, self.run_script("--undo", "elsewhere.json")[0])
        self.assertEqual({}, self.aws.pool["LambdaConfig"])

    def test_what_aws_refuses_can_be_tried_again(self):
        self.aws.refusal = "Not today."
        self.assertEqual("AWS refuses UpdateUserPool: Not today.", self.attach()[0])
        self.assertEqual(a_pool(), self.aws.pool)
        self.aws.refusal = None
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())

    def test_a_setting_that_was_lost_all_the_same_is_named(self):
        self.aws.forgets = ["Domain", "UserPoolAddOns"]
        lost = (
            f"{POOL} has the triggers, but these settings are not what they were: Domain, UserPoolAddOns; "
            "somebody else may have changed them meanwhile, else set them again."
        )
        self.assertEqual((lost, ATTACHING + SAVED, ""), self.attach())

    def test_a_pool_that_cannot_use_or_prove_what_is_attached_is_warned_about(self):
        for settings, warning in [
            (
                {"UserPoolTier": "LITE"},
                "Warning: its plan is LITE, which knows version 1 of the token trigger only: "
                "Essentials is the least for version 2.\n",
            ),
            (
                {"LambdaConfig": {"PreSignUp": f"{FUNCTION}pre-sign-up"}},
                "Warning: it has the trigger PreSignUp: if that one verifies addresses by itself, "
                "nobody has proven theirs.\n",
            ),
            (
                {"LambdaConfig": {"UserMigration": f"{FUNCTION}migrate"}},
                "Warning: it has the trigger UserMigration: that one says itself which addresses are verified, "
                "and Usher trusts it.\n",
            ),
            (
                {"LambdaConfig": {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": f"{FUNCTION}inbound"}}},
                "Warning: it has the trigger InboundFederation: that one can change all that a provider says, "
                "also email_verified, and Usher trusts it.\n",
            ),
            ({"LambdaConfig": CUSTOM_MESSAGE}, ""),
        ]:
            with self.subTest(settings):
                self.aws.pool = a_pool(**settings)
                ended, _, errors = self.attach("--dry-run")
                self.assertEqual((0, warning), (ended, errors))

    def test_an_app_client_whose_users_can_write_the_hosted_domain_is_warned_about(self):
        refresh, password = ["ALLOW_REFRESH_TOKEN_AUTH"], ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
        own = ["openid", "aws.cognito.signin.user.admin"]
        for attribute, client, warned in [
            ("custom:hd", {"WriteAttributes": ["email", "custom:hd"], "ExplicitAuthFlows": password}, True),
            ("custom:hd", {"WriteAttributes": ["email", "custom:hd"]}, True),
            (
                "custom:hd",
                {"WriteAttributes": ["custom:hd"], "ExplicitAuthFlows": refresh, "AllowedOAuthScopes": own},
                True,
            ),
            (
                "custom:hd",
                {"WriteAttributes": ["custom:hd"], "ExplicitAuthFlows": refresh, "AllowedOAuthScopes": ["openid"]},
                False,
            ),
            ("custom:hd", {"WriteAttributes": ["email"], "ExplicitAuthFlows": password}, False),
            ("custom:hd", {"ExplicitAuthFlows": password}, False),
            ("profile", {"ExplicitAuthFlows": password}, True),
            ("", {"WriteAttributes": ["custom:hd"], "ExplicitAuthFlows": password}, False),
        ]:
            with self.subTest(attribute=attribute, client=client):
                self.aws.parameters = {"GoogleHostedDomainAttribute": attribute}
                self.aws.clients = [client | {"ClientId": "abc123", "ClientName": "web"}]
                warning = (
                    f"Warning: users of its app client web can write {attribute} themselves: "
                    "leave it only ALLOW_REFRESH_TOKEN_AUTH, without the scope aws.cognito.signin.user.admin.\n"
                )
                ended, _, errors = self.attach("--dry-run")
                self.assertEqual((0, warning if warned else ""), (ended, errors))

    def test_a_stack_that_does_not_serve_this_pool_is_refused(self):
        other = f"serves the user pool eu-central-1_Other: deploy it with UserPoolId={POOL} first."
        older = {key: OUTPUTS[key] for key in ("UserPoolId", "PostConfirmationFunctionArn")}
        for outputs, refusal in [
            (OUTPUTS | {"UserPoolId": "eu-central-1_Other"}, other),
            (older, "has no output PreTokenGenerationFunctionArn: deploy Usher's present version."),
            ({}, "has no output UserPoolId: deploy Usher's present version."),
        ]:
            with self.subTest(outputs):
                self.aws.outputs = outputs
                self.assertEqual((f"The stack usher {refusal}", "", ""), self.attach())
                self.assert_untouched(a_pool())

    def test_what_cannot_be_done_is_one_sentence(self):
        Path("other.json").write_text("[]")
        Path("broken.json").write_bytes(b"\xff")
        foreign = {"userPoolId": "eu-central-1_Other", "before": {}, "attached": {}}
        Path("foreign.json").write_text(json.dumps(foreign))
        functions = ["--post-confirmation", POST_CONFIRMATION, "--pre-token-generation", PRE_TOKEN_GENERATION]
        missing = "AWS refuses DescribeUserPool: User pool eu-central-1_None does not exist."
        for arguments, sentence in [
            (["--user-pool-id", "eu-central-1_None", *functions], missing),
            (["--user-pool-id", "none", *functions], "none is no id of a user pool: they look like eu-central-1_Ab3dE."),
            (
                ["--user-pool-id", POOL, "--stack-name", "other"],
                "AWS refuses DescribeStacks: Stack with id other does not exist",
            ),
            (["--undo", "none.json"], "none.json: No such file or directory."),
            (["--undo", "other.json"], "other.json was not written by this script."),
            (["--undo", "broken.json"], "broken.json was not written by this script."),
            (
                ["--undo", "foreign.json", "--user-pool-id", POOL],
                f"foreign.json is about eu-central-1_Other, not about {POOL}.",
            ),
        ]:
            with self.subTest(arguments):
                self.assertEqual((sentence, "", ""), self.run_script(*arguments))
                self.assertEqual(([], a_pool()), (self.aws.updates, self.aws.pool))

    def test_an_aws_that_cannot_be_reached_is_one_sentence(self):
        os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        told = 'AWS cannot be asked: Could not connect to the endpoint URL: "http://127.0.0.1:1/"'
        self.assertEqual((told, "", ""), self.attach())

    def test_flags_that_do_not_go_together_are_refused(self):
        either = "give either --stack-name, or both --post-confirmation and --pre-token-generation"
        undo = "--undo takes everything from its file, besides --user-pool-id, --replace and --dry-run"
        save = "--detach keeps nothing that --save could name"
        whatever = "--detach with --replace takes off whatever is there: name no stack and no function"
        pool = ["--user-pool-id", POOL]
        for arguments, error in [
            ([], "--user-pool-id is missing"),
            (pool, either),
            ([*pool, "--post-confirmation", "a"], either),
            ([*pool, "--stack-name", "usher", "--pre-token-generation", "a"], either),
            ([*pool, "--stack-name", "usher", "--post-confirmation", "a", "--pre-token-generation", "b"], either),
            (["--undo", FILE, "--stack-name", "usher"], undo),
            (["--undo", FILE, "--save", "a"], undo),
            (["--undo", FILE, "--post-confirmation", "a"], undo),
            (["--undo", FILE, "--detach"], undo),
            ([*pool, "--detach"], either),
            ([*pool, "--detach", "--stack-name", "usher", "--save", "a"], save),
            ([*pool, "--detach", "--stack-name", "usher", "--replace"], whatever),
        ]:
            with self.subTest(arguments):
                ended, output, errors = self.run_script(*arguments)
                self.assertEqual((2, "", f"error: {error}"), (ended, output, errors[errors.index("error:") :].rstrip()))


if __name__ == "__main__":
    unittest.main()
