"""infra/attach-triggers.py, through the real AWS SDK, against a Cognito that resets what an update leaves out."""

import copy
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import botocore.session
from support import Loopback, ScriptTest, load, run

script = load("attach-triggers")

POOL = "eu-central-1_Ab3dE"
FILE = f"user-pool-{POOL}-triggers.json"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:"
# The functions of an earlier release, which had no alias, and those of this one.
EARLIER_POST_CONFIRMATION = f"{FUNCTION}usher-post-confirmation"
EARLIER_PRE_TOKEN_GENERATION = f"{FUNCTION}usher-pre-token-generation"
POST_CONFIRMATION = f"{EARLIER_POST_CONFIRMATION}:live"
PRE_TOKEN_GENERATION = f"{EARLIER_PRE_TOKEN_GENERATION}:live"
# The customers' own functions.
WELCOME = f"{FUNCTION}welcome"
PLAN = f"{FUNCTION}plan:prod"
OUTPUTS = {
    "UserPoolId": POOL,
    "PostConfirmationFunctionArn": POST_CONFIRMATION,
    "PreTokenGenerationFunctionArn": PRE_TOKEN_GENERATION,
}
CUSTOM_MESSAGE = {"CustomMessage": f"{FUNCTION}letters"}
UNCHANGED = f"{POOL}: nothing to change.\n"
DRY_RUN = f"{POOL}: nothing changed, since this is a dry run.\n"
DONE = f"{POOL}: done, all other settings are as they were.\n"
ATTACHING = (
    f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
    f"PreTokenGeneration: none -> {PRE_TOKEN_GENERATION} (V2_0)\n"
)
STAYING = f"PostConfirmation: {POST_CONFIRMATION} stays\nPreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays\n"
LEFT = 3
UNVERIFIED = 4
# What detaching says if nothing tells what was there before.
UNTOLD = "Neither a stack of this pool nor a file in this folder tells which function was there before. "


def ways(trigger):
    return (
        f"Undo with the file that attaching wrote (--undo FILE), or give --replace {NAMES[trigger]} "
        "to take it off and put nothing back."
    )


def file(number=1):
    """The name of the file that the script writes, and of the next ones."""
    return FILE if number == 1 else FILE.replace(".json", f"-{number}.json")


def saved(number=1):
    return f"What was there is in {file(number)}: undo with --undo {file(number)}\n"


def token(arn, version="V2_0"):
    """A token trigger, as Cognito describes it."""
    return {"PreTokenGeneration": arn, "PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": arn}}


SAVED = saved()
ATTACHED = {"PostConfirmation": POST_CONFIRMATION, **token(PRE_TOKEN_GENERATION)}
# A pool with triggers of its own, and the parameters that a stack needs to invoke them.
OWN = {"PostConfirmation": WELCOME, **token(PLAN)}
NEXT = {"NextPostConfirmationArn": WELCOME, "NextPreTokenGenerationArn": PLAN}
FIRST = {trigger: f"It invokes {arn} first, as Next{trigger}Arn says." for trigger, arn in [
    ("PostConfirmation", WELCOME),
    ("PreTokenGeneration", PLAN),
]}
CHAINING = (
    f"PostConfirmation: {WELCOME} -> {POST_CONFIRMATION}. {FIRST['PostConfirmation']}\n"
    f"PreTokenGeneration: {PLAN} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0). {FIRST['PreTokenGeneration']}\n"
)
DETACHING = (
    f"PostConfirmation: {POST_CONFIRMATION} -> none\n"
    f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> none\n"
)
NAMES = {"PostConfirmation": "post-confirmation", "PreTokenGeneration": "pre-token-generation"}
# What the script is called with.
ATTACH = ["--user-pool-id", POOL, "--stack-name", "usher"]
FUNCTIONS = ["--user-pool-id", POOL]
FUNCTIONS += ["--post-confirmation", POST_CONFIRMATION, "--pre-token-generation", PRE_TOKEN_GENERATION]
UNDO = ["--undo", FILE]
DETACH = [*ATTACH, "--detach"]


def offers(trigger):
    return (
        "A pool has one function per trigger: give --chain to put Usher's in its place, which then invokes this one first, "
        f"or --replace {NAMES[trigger]} to put Usher's there instead of it."
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


class Aws(Loopback):
    """Cognito with one pool, CloudFormation with one stack, and Lambda with its and the pool's functions, on loopback."""

    def __init__(self):
        self.pool = a_pool()
        self.outputs = dict(OUTPUTS)
        self.parameters = {}
        self.status = "UPDATE_COMPLETE"
        # By ARN, each with the source of the events that its policy allows, or the statements of its policy, and None
        # without a policy.
        self.functions = dict.fromkeys([POST_CONFIRMATION, PRE_TOKEN_GENERATION, WELCOME, PLAN], self.pool["Arn"])
        self.functions |= dict.fromkeys([EARLIER_POST_CONFIRMATION, EARLIER_PRE_TOKEN_GENERATION])
        self.environment = {}  # of the stack's functions, if it is not what its parameters say
        self.following = {}  # by ARN of another function, the one that it invokes first
        self.denied = []  # calls to Lambda that AWS refuses
        self.clients = []
        self.updates = []
        self.refusal = None  # what the next update is answered with
        self.failing = {}  # by operation of Cognito, the statuses of its next answers, with 200 for its own answer
        self.forgets = []  # settings that are lost in an update whatever it says
        super().__init__()

    def answer(self, method, path, headers, body):
        if method == "GET":
            status, answer = self.function(urlsplit(path))
        elif operation := headers.get("x-amz-target", "").rpartition(".")[2]:
            status, answer = self.cognito(operation, json.loads(body))
        else:
            status, answer = self.stack(body)
        return status, answer.decode()

    def cognito(self, operation, request):
        if self.failing.get(operation) and (status := self.failing[operation].pop(0)) != 200:
            return refused("InternalErrorException", f"{operation} failed.", status)
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
        if any(name.startswith("aws:") for name in request.get("UserPoolTags", {})):
            return refused("InvalidParameterException", "Tags that begin with aws: are reserved.")

        given = {name: value for name, value in request.items() if name not in ("UserPoolId", "PoolName")}
        given["Name"] = request["PoolName"]
        if "TemporaryPasswordValidityDays" in policy:
            given["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = policy["TemporaryPasswordValidityDays"]
        config = given["LambdaConfig"]
        if "PreTokenGenerationConfig" in config:
            config["PreTokenGeneration"] = config["PreTokenGenerationConfig"]["LambdaArn"]
        reserved = {name: it for name, it in self.pool["UserPoolTags"].items() if name.startswith("aws:")}
        given["UserPoolTags"] = reserved | given["UserPoolTags"]
        kept = {name: value for name, value in self.pool.items() if name not in SETTABLE}
        self.pool = kept | given | {"LastModifiedDate": 1767225601}
        for name in self.forgets:
            del self.pool[name]
        return 200, b"{}"

    def function(self, url):
        """Answers GetFunctionConfiguration and GetPolicy."""
        arn, call = unquote(url.path).removeprefix("/2015-03-31/functions/").rsplit("/", 1)
        arn = ":".join([arn, *parse_qs(url.query).get("Qualifier", [])])
        if call in self.denied:
            return refused("AccessDeniedException", f"You may not see {arn}.")
        if arn not in self.functions or (call == "policy" and not self.functions[arn]):
            return refused("ResourceNotFoundException", f"Function not found: {arn}", 404)
        if call == "configuration":
            return 200, json.dumps({"FunctionArn": arn, **self.settings_of(arn)}).encode()
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cognito-idp.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Condition": {"ArnLike": {"AWS:SourceArn": self.functions[arn]}},
        }
        statements = self.functions[arn] if isinstance(self.functions[arn], list) else [statement]
        return 200, json.dumps({"Policy": json.dumps({"Statement": statements})}).encode()

    def settings_of(self, arn):
        if arn in self.following:
            return {"Environment": {"Variables": {"NEXT_TRIGGER_ARN": self.following[arn]}}}
        if not arn.startswith(f"{FUNCTION}usher-"):
            return {}
        trigger = "PostConfirmation" if arn.startswith(EARLIER_POST_CONFIRMATION) else "PreTokenGeneration"
        variables = {"CLAIMS_IN": "both", "NEXT_TRIGGER_ARN": self.parameters.get(f"Next{trigger}Arn", "")}
        return {"Environment": self.environment or {"Variables": variables}}

    def stack(self, body):
        [name] = parse_qs(body)["StackName"]
        if "usher" not in name.split("/") or self.status == "DELETE_COMPLETE":
            message = f"Stack with id {name} does not exist"
            return 400, f"<R><Error><Code>ValidationError</Code><Message>{message}</Message></Error></R>".encode()
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{escape(value)}</OutputValue></member>"
            for key, value in self.outputs.items()
        )
        parameters = "".join(
            f"<member><ParameterKey>{key}</ParameterKey><ParameterValue>{escape(value)}</ParameterValue></member>"
            for key, value in self.parameters.items()
        )
        parts = f"<Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters>"
        stack = f"<member><StackName>usher</StackName><StackStatus>{self.status}</StackStatus>{parts}</member>"
        result = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode()


def refused(code, message, status=400):
    return status, json.dumps({"__type": code, "message": message}).encode()


class AttachTriggers(ScriptTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        self.start(Aws())

    def attach(self, *arguments):
        return run(script, "--user-pool-id", POOL, "--stack-name", "usher", *arguments)

    def assert_untouched(self, pool):
        self.assertEqual(([], pool), (self.aws.updates, self.aws.pool))
        self.assertEqual([], os.listdir())

    def assert_changes(self, arguments, outcomes, triggers, status=0, errors="", number=1, then=""):
        """A dry run says the outcomes and changes nothing. Then a run says the same, and changes only the triggers."""
        before, files, updates = copy.deepcopy(self.aws.pool), sorted(os.listdir()), len(self.aws.updates)
        self.assertEqual((status, outcomes + DRY_RUN, errors), run(script, *arguments, "--dry-run"))
        self.assertEqual((before, files, updates), (self.aws.pool, sorted(os.listdir()), len(self.aws.updates)))
        self.assertEqual((status, outcomes + saved(number) + DONE + then, errors), run(script, *arguments))
        self.assertEqual(before | {"LambdaConfig": triggers, "LastModifiedDate": 1767225601}, self.aws.pool)

    def assert_changes_nothing(self, arguments, outcomes, status=0, errors=""):
        before, files, updates = copy.deepcopy(self.aws.pool), sorted(os.listdir()), len(self.aws.updates)
        for more in ([], ["--dry-run"]):
            self.assertEqual((status, outcomes + UNCHANGED, errors), run(script, *arguments, *more))
            self.assertEqual((before, files, updates), (self.aws.pool, sorted(os.listdir()), len(self.aws.updates)))

    def a_chain(self):
        """A pool whose own functions are invoked by Usher's."""
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE | OWN)
        self.aws.parameters = dict(NEXT)
        self.assertEqual((0, CHAINING + SAVED + DONE, ""), self.attach("--chain"))

    def test_the_pool_of_these_tests_has_every_setting_that_an_update_takes(self):
        names = a_pool().keys() | {"UserPoolId", "PoolName"}
        self.assertEqual(set(), SETTABLE - names)

    # Attaching

    def test_attaching_keeps_every_other_setting_and_every_other_trigger(self):
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE)
        self.assert_changes(ATTACH, ATTACHING, CUSTOM_MESSAGE | ATTACHED)

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
        self.assert_changes_nothing(ATTACH, STAYING)

    def test_version_3_of_the_same_function_stays(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED | token(PRE_TOKEN_GENERATION, "V3_0"))
        self.assert_changes_nothing(ATTACH, STAYING.replace("V2_0", "V3_0"))

    def test_version_1_of_the_same_function_becomes_version_2_and_returns_by_undo(self):
        self.aws.pool = a_pool(LambdaConfig={
            "PostConfirmation": POST_CONFIRMATION,
            "PreTokenGeneration": PRE_TOKEN_GENERATION,
        })
        stays = f"PostConfirmation: {POST_CONFIRMATION} stays\n"
        one, two = f"{PRE_TOKEN_GENERATION} (V1_0)", f"{PRE_TOKEN_GENERATION} (V2_0)"
        self.assert_changes(ATTACH, f"{stays}PreTokenGeneration: {one} -> {two}\n", ATTACHED)
        version_1 = ATTACHED | token(PRE_TOKEN_GENERATION, "V1_0")
        self.assert_changes(UNDO, f"{stays}PreTokenGeneration: {two} -> {one}\n", version_1, number=2)

    def test_the_functions_may_be_given_instead_of_the_stack(self):
        self.assert_changes(FUNCTIONS, ATTACHING, ATTACHED)

    def test_a_pool_with_the_functions_of_an_earlier_release_gets_their_aliases(self):
        self.aws.pool = a_pool(LambdaConfig={
            "PostConfirmation": EARLIER_POST_CONFIRMATION,
            **token(EARLIER_PRE_TOKEN_GENERATION),
        })
        moving = (
            f"PostConfirmation: {EARLIER_POST_CONFIRMATION} -> {POST_CONFIRMATION}\n"
            f"PreTokenGeneration: {EARLIER_PRE_TOKEN_GENERATION} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n"
        )
        self.assert_changes(ATTACH, moving, ATTACHED)

    def test_a_function_of_usher_in_the_place_of_the_other_is_moved(self):
        swapped = {"PostConfirmation": f"{EARLIER_PRE_TOKEN_GENERATION}:7", **token(POST_CONFIRMATION)}
        self.aws.pool = a_pool(LambdaConfig=swapped)
        moving = (
            f"PostConfirmation: {EARLIER_PRE_TOKEN_GENERATION}:7 -> {POST_CONFIRMATION}\n"
            f"PreTokenGeneration: {POST_CONFIRMATION} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n"
        )
        self.assert_changes([*ATTACH, "--chain"], moving, ATTACHED)

    def test_a_function_that_cognito_cannot_invoke_is_not_attached(self):
        permission = (
            "Its policy does not let Cognito invoke it for this pool. First run aws lambda add-permission "
            f"--function-name {{}} --statement-id {POOL} --action lambda:InvokeFunction "
            f"--principal cognito-idp.amazonaws.com --source-arn {a_pool()['Arn']}"
        )
        missing = "That function does not exist: deploy Usher, or name another function."
        for arn, why in [
            (f"{FUNCTION}nothing", missing),
            (f"{EARLIER_PRE_TOKEN_GENERATION}:7", missing),
            (EARLIER_PRE_TOKEN_GENERATION, permission.format(EARLIER_PRE_TOKEN_GENERATION)),
        ]:
            self.aws.pool = a_pool()
            self.aws.outputs["PreTokenGenerationFunctionArn"] = arn
            outcomes = (
                f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
                f"PreTokenGeneration: none. {arn} cannot be attached. {why}\n"
            )
            for arguments in (ATTACH, [*FUNCTIONS[:-1], arn], [*ATTACH, "--replace", "pre-token-generation"]):
                self.aws.pool = a_pool()
                self.assert_changes(arguments, outcomes, {"PostConfirmation": POST_CONFIRMATION}, LEFT)
                os.remove(FILE)

    # A trigger that somebody else's function has

    def test_a_trigger_that_is_taken_is_left_and_the_other_is_attached(self):
        for trigger, there, now, after in [
            ("PostConfirmation", {"PostConfirmation": WELCOME}, WELCOME, {**ATTACHED, "PostConfirmation": WELCOME}),
            ("PreTokenGeneration", token(PLAN), f"{PLAN} (V2_0)", {**ATTACHED, **token(PLAN)}),
            ("PreTokenGeneration", token(PLAN, "V1_0"), f"{PLAN} (V1_0)", {**ATTACHED, **token(PLAN, "V1_0")}),
        ]:
            with self.subTest(there):
                self.aws.pool = a_pool(LambdaConfig=there)
                outcomes = "".join(
                    f"{name}: {now} stays. {offers(name)}\n" if name == trigger else f"{line}\n"
                    for name, line in zip(NAMES, ATTACHING.splitlines(), strict=True)
                )
                self.assert_changes(ATTACH, outcomes, after, LEFT)
                os.remove(FILE)

    def test_two_triggers_that_are_taken_are_left(self):
        self.aws.pool = a_pool(LambdaConfig=OWN)
        # Also if the stack names the functions: taking their places has to be asked for.
        for parameters in ({}, NEXT):
            self.aws.parameters = parameters
            self.assert_changes_nothing(
                ATTACH,
                f"PostConfirmation: {WELCOME} stays. {offers('PostConfirmation')}\n"
                f"PreTokenGeneration: {PLAN} (V2_0) stays. {offers('PreTokenGeneration')}\n",
                LEFT,
            )

    def test_a_trigger_is_replaced_by_its_name_and_returns_by_undo(self):
        self.aws.pool = a_pool(LambdaConfig=OWN)
        self.assert_changes(
            [*ATTACH, "--replace", "pre-token-generation"],
            f"PostConfirmation: {WELCOME} stays. {offers('PostConfirmation')}\n"
            f"PreTokenGeneration: {PLAN} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n",
            {"PostConfirmation": WELCOME, **token(PRE_TOKEN_GENERATION)},
            LEFT,
        )
        self.assert_changes(
            [*ATTACH, "--replace", "pre-token-generation", "--replace", "post-confirmation"],
            f"PostConfirmation: {WELCOME} -> {POST_CONFIRMATION}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays\n",
            ATTACHED,
            number=2,
        )
        self.assert_changes(
            UNDO,
            # The first file is about the other trigger.
            f"PostConfirmation: {POST_CONFIRMATION} stays\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V2_0)\n",
            {"PostConfirmation": POST_CONFIRMATION, **token(PLAN)},
            number=3,
        )
        self.assert_changes(
            ["--undo", file(2)],
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\nPreTokenGeneration: {PLAN} (V2_0) stays\n",
            OWN,
            number=4,
        )

    # Chains

    def test_a_chain_takes_the_places_of_the_functions_that_the_stack_names(self):
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE | OWN)
        self.aws.parameters = dict(NEXT)
        self.assert_changes([*ATTACH, "--chain"], CHAINING, CUSTOM_MESSAGE | ATTACHED)
        kept = {
            "userPoolId": POOL,
            "before": {
                "PostConfirmation": WELCOME,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": PLAN},
            },
            "attached": {
                "PostConfirmation": POST_CONFIRMATION,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": PRE_TOKEN_GENERATION},
            },
            "stackName": "usher",
            "following": {"PostConfirmation": WELCOME, "PreTokenGeneration": PLAN},
            "detaches": False,
        }
        self.assertEqual(kept, json.loads(Path(FILE).read_text()))
        again = (
            f"PostConfirmation: {POST_CONFIRMATION} stays. {FIRST['PostConfirmation']}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. {FIRST['PreTokenGeneration']}\n"
        )
        for more in ([], ["--chain"]):
            self.assert_changes_nothing([*ATTACH, *more], again)

    def test_a_function_that_the_stack_does_not_name_exactly_is_left_with_the_deployment_that_names_it(self):
        for given, there in [
            ({}, "does not name it"),
            ({"NextPreTokenGenerationArn": ""}, "does not name it"),
            ({"NextPreTokenGenerationArn": f"{FUNCTION}other"}, f"is {FUNCTION}other"),
            ({"NextPreTokenGenerationArn": f"{FUNCTION}plan"}, f"is {FUNCTION}plan"),
        ]:
            with self.subTest(given):
                self.aws.pool = a_pool(LambdaConfig=token(PLAN))
                self.aws.parameters = given
                outcomes = (
                    f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
                    f"PreTokenGeneration: {PLAN} (V2_0) stays. NextPreTokenGenerationArn of the stack usher {there}. "
                    f"First run make deploy STACK=usher REGION=eu-central-1 PARAMETERS='NextPreTokenGenerationArn={PLAN}'\n"
                )
                after = {"PostConfirmation": POST_CONFIRMATION, **token(PLAN)}
                self.assert_changes([*ATTACH, "--chain"], outcomes, after, LEFT)
                os.remove(FILE)

    def test_one_deployment_names_the_functions_of_both_triggers(self):
        self.aws.pool = a_pool(LambdaConfig=OWN)
        command = (
            f"make deploy STACK=usher REGION=eu-central-1 PARAMETERS='NextPostConfirmationArn={WELCOME} NextPreTokenGenerationArn={PLAN}'"
        )
        self.assert_changes_nothing(
            [*ATTACH, "--chain"],
            f"PostConfirmation: {WELCOME} stays. "
            f"NextPostConfirmationArn of the stack usher does not name it. First run {command}\n"
            f"PreTokenGeneration: {PLAN} (V2_0) stays. "
            f"NextPreTokenGenerationArn of the stack usher does not name it. First run {command}\n",
            LEFT,
        )

    def test_one_trigger_can_be_chained_and_the_other_replaced(self):
        self.aws.pool = a_pool(LambdaConfig=OWN)
        self.aws.parameters = {"NextPostConfirmationArn": WELCOME}
        self.assert_changes(
            [*ATTACH, "--chain", "--replace", "pre-token-generation"],
            f"PostConfirmation: {WELCOME} -> {POST_CONFIRMATION}. {FIRST['PostConfirmation']}\n"
            f"PreTokenGeneration: {PLAN} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n",
            ATTACHED,
        )
        self.assertEqual({"PostConfirmation": WELCOME}, json.loads(Path(FILE).read_text())["following"])

    def test_a_version_of_usher_from_before_the_parameter_is_not_chained(self):
        self.aws.pool = a_pool(LambdaConfig=token(PLAN))
        self.aws.parameters = dict(NEXT, NextPostConfirmationArn="")
        outcomes = (
            f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
            f"PreTokenGeneration: {PLAN} (V2_0) stays. "
            f"NextPreTokenGenerationArn of the stack usher is {PLAN}, but {PRE_TOKEN_GENERATION} is another version, "
            "which does not invoke it. First go to the deployed version: .venv/bin/python infra/roll-back.py "
            "--stack-name usher --region eu-central-1 --to-deployed --other-settings\n"
        )
        for variables in ({"NEXT_TRIGGER_ARN": f"{FUNCTION}plan"}, {"NEXT_TRIGGER_ARN": ""}, {}):
            self.aws.environment = {"Variables": variables}
            self.assertEqual((LEFT, outcomes + DRY_RUN, ""), self.attach("--chain", "--dry-run"))
        # Nor does it get the trigger otherwise.
        replaced = self.attach("--replace", "pre-token-generation", "--dry-run")
        self.assertEqual((LEFT, outcomes + DRY_RUN, ""), replaced)
        self.aws.pool = a_pool()
        outcomes = outcomes.replace(f"{PLAN} (V2_0) stays", "none")
        self.assertEqual((LEFT, outcomes + DRY_RUN, ""), self.attach("--dry-run"))

    def test_a_chain_whose_version_cannot_be_seen_is_made_with_a_warning(self):
        self.aws.pool = a_pool(LambdaConfig=token(PLAN))
        self.aws.parameters = dict(NEXT, NextPostConfirmationArn="")
        self.aws.environment = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt"}}
        warning = (
            f"Warning: AWS cannot decrypt the environment of {PRE_TOKEN_GENERATION}, "
            "so nothing shows which function it invokes first.\n"
        )
        outcomes = f"PostConfirmation: none -> {POST_CONFIRMATION}\n{CHAINING.splitlines()[1]}\n"
        self.assert_changes([*ATTACH, "--chain"], outcomes, ATTACHED, errors=warning)

    def test_a_function_of_version_1_gets_events_of_version_2_in_a_chain_and_version_1_again_by_undo(self):
        for there in (token(PLAN, "V1_0"), {"PreTokenGeneration": PLAN}):
            self.aws.pool = a_pool(LambdaConfig=there)
            self.aws.parameters = {"NextPreTokenGenerationArn": PLAN}
            warning = (
                f"Warning: {PLAN} gets events of version 2 instead of 1. Usher converts its answers of version 1.\n"
            )
            outcomes = ATTACHING.splitlines()[0] + "\n" + CHAINING.splitlines()[1].replace("V2_0", "V1_0", 1) + "\n"
            self.assert_changes([*ATTACH, "--chain"], outcomes, ATTACHED, errors=warning)
            self.assertEqual(0, run(script, *UNDO)[0])
            self.assertEqual(token(PLAN, "V1_0"), self.aws.pool["LambdaConfig"])
            for name in os.listdir():
                os.remove(name)

    def test_a_function_of_version_3_gets_events_of_version_3_in_a_chain_but_not_if_it_is_replaced(self):
        own = token(PLAN, "V3_0")
        for arguments, version, parameters in [
            (["--chain"], "V3_0", {"NextPreTokenGenerationArn": PLAN}),
            (["--replace", "pre-token-generation"], "V3_0", {"NextPreTokenGenerationArn": PLAN}),
            (["--replace", "pre-token-generation"], "V2_0", {}),
        ]:
            self.aws.pool = a_pool(LambdaConfig=own)
            self.aws.parameters = parameters
            self.assertEqual((0, ""), self.attach(*arguments)[::2])
            after = {"PostConfirmation": POST_CONFIRMATION, **token(PRE_TOKEN_GENERATION, version)}
            self.assertEqual(after, self.aws.pool["LambdaConfig"])

    def test_a_function_that_the_stack_names_by_another_alias_keeps_its_version_and_returns(self):
        plain = f"{FUNCTION}plan"
        self.aws.functions[plain] = self.aws.pool["Arn"]
        self.aws.pool = a_pool(LambdaConfig=token(PLAN, "V3_0"))
        self.aws.parameters = {"NextPreTokenGenerationArn": plain}
        outcomes = (
            f"PostConfirmation: none -> {POST_CONFIRMATION}\n"
            f"PreTokenGeneration: {PLAN} (V3_0) -> {PRE_TOKEN_GENERATION} (V3_0). "
            f"It invokes {plain} first, as NextPreTokenGenerationArn says.\n"
        )
        after = {"PostConfirmation": POST_CONFIRMATION, **token(PRE_TOKEN_GENERATION, "V3_0")}
        self.assert_changes([*ATTACH, "--replace", "pre-token-generation"], outcomes, after)
        self.assertEqual({"PreTokenGeneration": plain}, json.loads(Path(FILE).read_text())["following"])
        back = f"PostConfirmation: {POST_CONFIRMATION} -> none\nPreTokenGeneration: {PRE_TOKEN_GENERATION} (V3_0) -> {{}} (V3_0)\n"
        # The stack knows which alias Usher's function invokes, and the file which one was there.
        self.assertEqual((0, back.format(plain) + DRY_RUN, ""), run(script, *DETACH, "--dry-run"))
        self.aws.status = "DELETE_COMPLETE"
        self.assertEqual((0, back.format(PLAN) + DRY_RUN, ""), run(script, *DETACH, "--dry-run"))

    def test_a_function_in_another_region_or_account_is_not_chained(self):
        region = "arn:aws:lambda:us-east-1:123456789012:function:plan"
        account = "arn:aws:lambda:eu-central-1:210987654321:function:plan"
        for arn, why in [
            (
                region,
                "Usher's function can invoke only functions of its own region: "
                "give --replace pre-token-generation to put Usher's there instead of it.",
            ),
            (
                account,
                "It is in another account. Its policy there must let the role of Usher's function invoke it: give "
                "--replace pre-token-generation when it does. Usher's function then invokes it first, as "
                "NextPreTokenGenerationArn says.",
            ),
        ]:
            with self.subTest(arn):
                self.aws.pool = a_pool(LambdaConfig=ATTACHED | token(arn))
                self.aws.parameters = {"NextPreTokenGenerationArn": arn}
                outcomes = f"{STAYING.splitlines()[0]}\nPreTokenGeneration: {arn} (V2_0) stays. {why}\n"
                self.assert_changes_nothing([*ATTACH, "--chain"], outcomes, LEFT)
        changed = f"PreTokenGeneration: {account} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0). It invokes {account} first"
        self.assertIn(changed, self.attach("--replace", "pre-token-generation")[1])

    def test_a_stack_that_names_a_next_function_says_so_also_if_none_was_there(self):
        self.aws.parameters = dict(NEXT)
        outcomes = (
            f"PostConfirmation: none -> {POST_CONFIRMATION}. {FIRST['PostConfirmation']}\n"
            f"PreTokenGeneration: none -> {PRE_TOKEN_GENERATION} (V2_0). {FIRST['PreTokenGeneration']}\n"
        )
        self.assert_changes(ATTACH, outcomes, ATTACHED)

    def test_a_function_that_only_the_stack_named_gets_the_trigger_after_the_stack_is_deleted(self):
        self.aws.parameters = dict(NEXT)
        self.assertEqual(0, self.attach()[0])
        self.aws.status = "DELETE_COMPLETE"
        first = f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
        left = (
            f"{first}PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. It invokes {PLAN} first. Give "
            f"--next-version, the version of events that this one takes. {ways('PreTokenGeneration')}\n"
        )
        self.assertEqual((LEFT, left + DRY_RUN, ""), run(script, *DETACH, "--dry-run"))
        self.assert_changes(
            [*DETACH, "--next-version", "V1_0"],
            f"{first}PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V1_0)\n",
            {"PostConfirmation": WELCOME, **token(PLAN, "V1_0")},
            number=2,
        )

    def test_a_function_of_usher_is_never_its_own_next_one(self):
        for arn in (PRE_TOKEN_GENERATION, EARLIER_PRE_TOKEN_GENERATION, f"{EARLIER_PRE_TOKEN_GENERATION}:7"):
            for there in ({}, token(PRE_TOKEN_GENERATION), token(PLAN)):
                with self.subTest(arn, there=there):
                    self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": POST_CONFIRMATION, **there})
                    self.aws.parameters = {"NextPreTokenGenerationArn": arn}
                    now = there.get("PreTokenGeneration")
                    outcomes = (
                        f"{STAYING.splitlines()[0]}\n"
                        f"PreTokenGeneration: {f'{now} (V2_0) stays' if now else 'none'}. "
                        "NextPreTokenGenerationArn names Usher's own function, which would invoke itself. "
                        "First run make deploy STACK=usher REGION=eu-central-1 PARAMETERS='NextPreTokenGenerationArn='\n"
                    )
                    for more in (["--chain"], ["--replace", "pre-token-generation"], []):
                        self.assert_changes_nothing([*ATTACH, *more], outcomes, LEFT)

    def test_usher_in_the_pool_is_not_chained_to_itself(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED | token(f"{EARLIER_PRE_TOKEN_GENERATION}:7"))
        outcomes = (
            f"{STAYING.splitlines()[0]}\n"
            f"PreTokenGeneration: {EARLIER_PRE_TOKEN_GENERATION}:7 (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n"
        )
        self.assert_changes([*ATTACH, "--chain"], outcomes, ATTACHED)

    # Undoing

    def test_undo_keeps_what_has_changed_since_and_a_second_one_changes_nothing(self):
        self.attach()
        self.aws.pool["MfaConfiguration"] = "ON"
        self.aws.pool["LambdaConfig"] |= CUSTOM_MESSAGE
        self.assert_changes(UNDO, DETACHING, CUSTOM_MESSAGE, number=2)
        self.assert_changes_nothing(UNDO, "PostConfirmation: none\nPreTokenGeneration: none\n")
        # The first file has the same text as a new one.
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())

    def test_undoing_a_chain_puts_the_functions_back_and_says_what_the_stack_need_not_name(self):
        self.a_chain()
        outcomes = (
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V2_0)\n"
        )
        then = "".join(
            f"The stack usher need not name {arn} any more: "
            f"you can run make deploy STACK=usher REGION=eu-central-1 PARAMETERS='{parameter}='\n"
            for parameter, arn in NEXT.items()
        )
        # Not before the pool is changed, which a dry run does not do.
        self.aws.refusal = "Not today."
        self.assertEqual(("AWS refuses UpdateUserPool: Not today.", outcomes + saved(2), ""), run(script, *UNDO))
        os.remove(file(2))
        self.aws.refusal = None
        self.assert_changes(UNDO, outcomes, CUSTOM_MESSAGE | OWN, number=2, then=then)
        self.assert_changes_nothing(UNDO, f"PostConfirmation: {WELCOME} stays\nPreTokenGeneration: {PLAN} (V2_0) stays\n")

    def test_an_undo_can_be_undone(self):
        self.attach()
        run(script, *UNDO)
        # The first file has the same text as a new one.
        self.assert_changes(["--undo", file(2)], ATTACHING, ATTACHED)

    def test_an_undo_or_a_detachment_is_not_undone_if_usher_would_not_invoke_the_function_that_is_there(self):
        for arguments in (UNDO, DETACH):
            with self.subTest(arguments):
                self.a_chain()
                self.assertEqual(0, run(script, *arguments)[0])
                back = ["--undo", file(2)]
                outcomes = (
                    f"PostConfirmation: {WELCOME} -> {POST_CONFIRMATION}\n"
                    f"PreTokenGeneration: {PLAN} (V2_0) -> {PRE_TOKEN_GENERATION} (V2_0)\n"
                )
                self.assertEqual((0, outcomes + DRY_RUN, ""), run(script, *back, "--dry-run"))
                for following in ("", f"{FUNCTION}other"):
                    self.aws.parameters = dict.fromkeys(NEXT, following)
                    left = "".join(
                        f"{trigger}: {there} stays. {usher} was there before, but does not invoke this one first. "
                        f"Attach it with --chain, or give --replace {NAMES[trigger]} to put it back instead of this one.\n"
                        for trigger, there, usher in [
                            ("PostConfirmation", WELCOME, POST_CONFIRMATION),
                            ("PreTokenGeneration", f"{PLAN} (V2_0)", PRE_TOKEN_GENERATION),
                        ]
                    )
                    self.assert_changes_nothing(back, left, LEFT)
                replace = ["--replace", "post-confirmation", "--replace", "pre-token-generation"]
                self.assert_changes([*back, *replace], outcomes, CUSTOM_MESSAGE | ATTACHED)
                for name in os.listdir():
                    os.remove(name)

    def test_undoing_the_undoing_of_a_replacement_does_not_replace_again_by_itself(self):
        self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": WELCOME})
        self.assertEqual(0, self.attach("--replace", "post-confirmation")[0])
        self.assertEqual(0, run(script, *UNDO)[0])
        self.assert_changes(
            ["--undo", file(2)],
            f"PostConfirmation: {WELCOME} stays. {POST_CONFIRMATION} was there before, but does not invoke this one first. "
            "Attach it with --chain, or give --replace post-confirmation to put it back instead of this one.\n"
            f"PreTokenGeneration: none -> {PRE_TOKEN_GENERATION} (V2_0)\n",
            {"PostConfirmation": WELCOME, **token(PRE_TOKEN_GENERATION)},
            LEFT,
            number=3,
        )

    def test_a_chain_that_was_undone_and_made_again_by_undo_is_detached_after_the_stack_is_deleted(self):
        detached = (
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V2_0)\n"
        )
        functions = dict(self.aws.functions)
        for arguments in (UNDO, DETACH):
            self.aws.status, self.aws.functions = "UPDATE_COMPLETE", dict(functions)
            self.a_chain()
            self.assertEqual([0, 0], [run(script, *arguments)[0], run(script, "--undo", file(2))[0]])
            self.aws.status = "DELETE_COMPLETE"
            del self.aws.functions[POST_CONFIRMATION], self.aws.functions[PRE_TOKEN_GENERATION]
            # The file of the earlier detachment has the same text.
            self.assert_changes(DETACH, detached, CUSTOM_MESSAGE | OWN, number=2)
            for name in os.listdir():
                os.remove(name)

    def test_undo_leaves_a_trigger_that_somebody_has_changed_since_and_puts_the_other_back(self):
        other = f"{FUNCTION}other"
        for now in (other, None):
            with self.subTest(now):
                self.aws.pool = a_pool(LambdaConfig=OWN)
                self.attach("--replace", "post-confirmation", "--replace", "pre-token-generation")
                del self.aws.pool["LambdaConfig"]["PostConfirmation"]
                there = {"PostConfirmation": now} if now else {}
                self.aws.pool["LambdaConfig"] |= there
                self.assert_changes(
                    UNDO,
                    f"PostConfirmation: {f'{now} stays' if now else 'none'}. This was set after {FILE} was written: "
                    f"give --replace post-confirmation to put back {WELCOME} all the same.\n"
                    f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V2_0)\n",
                    there | token(PLAN),
                    LEFT,
                    number=2,
                )
                self.assert_changes(
                    [*UNDO, "--replace", "post-confirmation"],
                    f"PostConfirmation: {now or 'none'} -> {WELCOME}\nPreTokenGeneration: {PLAN} (V2_0) stays\n",
                    OWN,
                    number=3,
                )
                for name in os.listdir():
                    os.remove(name)

    def test_undo_leaves_a_trigger_that_it_had_left(self):
        self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": WELCOME})
        self.assertEqual(LEFT, self.attach()[0])
        self.aws.pool["LambdaConfig"]["PostConfirmation"] = other = f"{FUNCTION}other"
        outcomes = f"PostConfirmation: {other} stays\nPreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> none\n"
        self.assert_changes(UNDO, outcomes, {"PostConfirmation": other}, number=2)

    def test_undo_puts_no_function_back_that_cognito_cannot_invoke(self):
        policy = (
            "Its policy does not let Cognito invoke it for this pool. First run aws lambda add-permission "
            f"--function-name {PLAN} --statement-id {POOL} --action lambda:InvokeFunction "
            f"--principal cognito-idp.amazonaws.com --source-arn {a_pool()['Arn']}"
        )
        self.a_chain()
        gone = dict(self.aws.functions)
        del gone[PLAN]
        missing = "That function does not exist: take Usher's off with --detach."
        elsewhere = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Other"
        for functions, why in [
            (gone, missing),
            (self.aws.functions | {PLAN: None}, policy),
            (self.aws.functions | {PLAN: elsewhere}, policy),
        ]:
            with self.subTest(functions):
                self.aws.functions = functions
                ended, output, errors = run(script, *UNDO, "--dry-run")
                left = f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. {PLAN} (V2_0) was there before. {why}"
                self.assertEqual((LEFT, left, ""), (ended, output.splitlines()[1], errors))
        self.aws.functions = gone
        run(script, *UNDO)
        self.assertEqual({**CUSTOM_MESSAGE, "PostConfirmation": WELCOME, **token(PRE_TOKEN_GENERATION)}, self.aws.pool["LambdaConfig"])

    def test_only_a_policy_that_certainly_lets_cognito_invoke_a_function_does(self):
        arn, account = a_pool()["Arn"], "123456789012"
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "cognito-idp.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
        }
        deny = allow | {"Effect": "Deny"}
        url = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}

        def when(**conditions):
            return {"Condition": conditions}

        for statements, invocable in [
            ([allow], True),
            ([allow | {"Action": ["lambda:GetFunction", "lambda:invoke*"]}], True),
            ([allow | {"Action": "*", "Principal": "*"}], True),
            ([allow | {"Principal": {"AWS": "*"}}], True),
            ([allow | {"Principal": {"Service": ["sns.amazonaws.com", "cognito-idp.amazonaws.com"]}}], True),
            ([allow | {"Principal": {"Service": "sns.amazonaws.com"}}], False),
            ([allow | {"Principal": {"AWS": "cognito-idp.amazonaws.com"}}], False),
            ([allow | {"Action": "lambda:GetFunction"}], False),
            ([allow | {"Action": "lambda:InvokeFunctionUrl", "Principal": "*"} | {"Condition": url}], False),
            ([allow | {"Principal": "*"} | when(Bool={"lambda:InvokedViaFunctionUrl": "true"})], False),
            ([allow | {"Principal": "*"} | when(StringEquals={"aws:PrincipalOrgID": "o-1"})], False),
            ([allow | when(StringEquals={"AWS:SourceAccount": account})], True),
            ([allow | when(StringEquals={"aws:SourceAccount": "210987654321"})], False),
            ([allow | when(StringEquals={"aws:SourceAccount": account}, ArnLike={"aws:SourceArn": arn})], True),
            ([allow | when(StringEquals={"aws:SourceAccount": "1"}, ArnLike={"aws:SourceArn": arn})], False),
            ([allow | when(ArnEquals={"aws:SourceArn": "arn:aws:cognito-idp:*:*:userpool/*"})], True),
            ([allow | when(StringEquals={"aws:SourceArn": "arn:aws:cognito-idp:*:*:userpool/*"})], False),
            ([allow | when(ArnNotLike={"aws:SourceArn": ["arn:aws:sns:*", arn]})], False),
            ([allow, deny], False),
            ([allow, deny | {"Principal": "*", "Action": "lambda:*"}], False),
            ([allow, deny | when(ArnNotLike={"aws:SourceArn": f"{arn}2"})], False),
            ([allow, deny | when(ArnNotLike={"aws:SourceArn": arn})], True),
            ([allow, deny | {"Principal": "*"} | when(Bool={"aws:SecureTransport": "false"})], True),
            ([deny | {"Action": "lambda:GetFunction"}, allow], True),
        ]:
            with self.subTest(statements):
                self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": POST_CONFIRMATION})
                self.aws.functions[WELCOME] = statements
                kept = {"before": {"PostConfirmation": WELCOME}, "attached": {"PostConfirmation": POST_CONFIRMATION}}
                Path(FILE).write_text(json.dumps({"userPoolId": POOL, **kept}))
                ended, output, errors = run(script, *UNDO, "--dry-run")
                self.assertEqual((0 if invocable else LEFT, ""), (ended, errors))
                self.assertIn(f"-> {WELCOME}" if invocable else "Its policy ", output)

    def test_undo_does_not_go_back_to_a_function_without_an_alias_that_cognito_may_not_invoke(self):
        self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": EARLIER_POST_CONFIRMATION, **token(PRE_TOKEN_GENERATION)})
        self.attach()
        ended, output, errors = run(script, *UNDO)
        self.assertEqual((LEFT, ""), (ended, errors))
        self.assertIn(f"--function-name {EARLIER_POST_CONFIRMATION} --statement-id", output)
        self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])

    def test_a_policy_that_may_not_be_seen_is_warned_about(self):
        self.a_chain()
        self.aws.denied = ["policy"]
        ended, output, errors = run(script, *UNDO)
        warning = "Warning: AWS refuses GetPolicy of {}: make sure that the function exists, and that Cognito may invoke it.\n"
        self.assertEqual((0, warning.format(WELCOME) + warning.format(PLAN)), (ended, errors))
        self.assertEqual(CUSTOM_MESSAGE | OWN, self.aws.pool["LambdaConfig"])

    def test_a_file_of_an_earlier_release_can_be_undone(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED)
        Path("old.json").write_text(json.dumps({
            "userPoolId": POOL,
            "before": {"PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": PLAN}},
            "attached": {
                "PostConfirmation": EARLIER_POST_CONFIRMATION,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": EARLIER_PRE_TOKEN_GENERATION},
            },
        }))
        outcomes = (
            f"PostConfirmation: {POST_CONFIRMATION} -> none\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V1_0)\n"
        )
        self.assert_changes(["--undo", "old.json"], outcomes, token(PLAN, "V1_0"))

    # Detaching

    def test_detaching_takes_both_triggers_off_and_keeps_everything_else(self):
        self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE | ATTACHED)
        self.assert_changes(DETACH, DETACHING, CUSTOM_MESSAGE)
        self.assert_changes_nothing(DETACH, "PostConfirmation: none\nPreTokenGeneration: none\n")
        self.assert_changes(UNDO, ATTACHING, CUSTOM_MESSAGE | ATTACHED, number=2)

    def test_detaching_takes_the_functions_off_by_any_version(self):
        named = ["--detach", *FUNCTIONS]
        self.attach()
        for version in ("", ":7", ":live", ":$LATEST"):
            for arguments, status in [(DETACH, "UPDATE_COMPLETE"), (DETACH, "DELETE_COMPLETE"), (named, "UPDATE_COMPLETE")]:
                with self.subTest(arguments, version=version, status=status):
                    self.aws.status = status
                    first, second = EARLIER_POST_CONFIRMATION + version, EARLIER_PRE_TOKEN_GENERATION + version
                    self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": first, **token(second)})
                    outcomes = f"PostConfirmation: {first} -> none\nPreTokenGeneration: {second} (V2_0) -> none\n"
                    self.assert_changes(arguments, outcomes, {}, number=2)
                    os.remove(file(2))

    def test_detaching_leaves_functions_of_others_and_says_so(self):
        # A longer name is another function.
        other = f"{EARLIER_PRE_TOKEN_GENERATION}-2"
        named = ["--detach", *FUNCTIONS]
        detached = f"PostConfirmation: {POST_CONFIRMATION} -> none\n"
        self.attach()
        force = "--replace pre-token-generation takes it off all the same."
        for arguments, status, why, ended in [
            (DETACH, "UPDATE_COMPLETE", "It is not of the stack usher.", 0),
            (DETACH, "DELETE_COMPLETE", f"It is not of a stack usher, which does not exist. {force}", LEFT),
            (named, "UPDATE_COMPLETE", "It is neither of the functions that were named.", 0),
        ]:
            with self.subTest(arguments, status=status):
                self.aws.status = status
                self.aws.pool = a_pool(LambdaConfig=ATTACHED | token(other))
                outcomes = f"{detached}PreTokenGeneration: {other} (V2_0) stays. {why}\n"
                self.assert_changes(arguments, outcomes, token(other), ended, number=2)
                self.assert_changes(
                    [*arguments, "--replace", "pre-token-generation"],
                    f"PostConfirmation: none\nPreTokenGeneration: {other} (V2_0) -> none\n",
                    {},
                    number=3,
                )
                os.remove(file(2))
                os.remove(file(3))

    def test_detaching_ends_with_a_function_left_if_another_stack_invokes_one_of_these_first(self):
        other = f"{FUNCTION}usher2-pre-token-generation:live"
        for arguments, why in [
            (DETACH, "It is not of the stack usher"),
            (["--detach", *FUNCTIONS], "It is neither of the functions that were named"),
        ]:
            for following in (PRE_TOKEN_GENERATION, f"{EARLIER_PRE_TOKEN_GENERATION}:7"):
                self.aws.functions[other] = self.aws.pool["Arn"]
                self.aws.following[other] = following
                self.aws.pool = a_pool(LambdaConfig=token(other))
                outcomes = (
                    f"PostConfirmation: none\nPreTokenGeneration: {other} (V2_0) stays. {why}, but invokes {following} first, "
                    "and would fail without it. Detach the stack of this one first.\n"
                )
                self.assert_changes_nothing(arguments, outcomes, LEFT)
            self.aws.following[other] = PLAN
            outcomes = f"PostConfirmation: none\nPreTokenGeneration: {other} (V2_0) stays. {why}.\n"
            self.assert_changes_nothing(arguments, outcomes)
            self.aws.denied = ["configuration"]
            warning = (
                f"Warning: make sure that {other} does not invoke what you detach. "
                f"AWS refuses GetFunctionConfiguration: You may not see {other}.\n"
            )
            self.assert_changes_nothing(arguments, outcomes, errors=warning)
            self.aws.denied = []

    def test_without_a_stack_only_functions_that_do_not_exist_are_detached(self):
        elsewhere = "arn:aws:lambda:us-east-1:123456789012:function:plan"
        self.attach()
        for there, arn in [(ATTACHED, PRE_TOKEN_GENERATION), (ATTACHED | token(elsewhere), elsewhere)]:
            self.aws.pool = a_pool(LambdaConfig=there)
            self.aws.functions = {PRE_TOKEN_GENERATION: None, elsewhere: None}
            self.assert_changes(
                ["--detach", "--user-pool-id", POOL],
                f"PostConfirmation: {POST_CONFIRMATION} -> none\n"
                f"PreTokenGeneration: {arn} (V2_0) stays. The function exists. If it is Usher's, name its stack with "
                "--stack-name; --replace pre-token-generation takes it off all the same.\n",
                token(arn),
                LEFT,
                number=2,
            )
            os.remove(file(2))

    def test_without_a_stack_a_function_that_may_not_be_seen_is_not_detached(self):
        self.aws.pool = pool = a_pool(LambdaConfig=ATTACHED)
        self.aws.denied = ["configuration"]
        refusal = f"AWS refuses GetFunctionConfiguration: You may not see {POST_CONFIRMATION}."
        self.assertEqual((refusal, "", ""), run(script, "--detach", "--user-pool-id", POOL))
        self.assert_untouched(pool)

    def test_detaching_a_chain_puts_the_functions_back_before_and_after_the_stack_is_deleted(self):
        outcomes = (
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V1_0)\n"
        )
        own = CUSTOM_MESSAGE | OWN | token(PLAN, "V1_0")
        usher = [POST_CONFIRMATION, PRE_TOKEN_GENERATION, EARLIER_POST_CONFIRMATION, EARLIER_PRE_TOKEN_GENERATION]
        functions = self.aws.functions
        for arguments, status in [
            (DETACH, "UPDATE_COMPLETE"),
            (DETACH, "DELETE_COMPLETE"),
            (["--detach", "--user-pool-id", POOL], "DELETE_COMPLETE"),
            (["--detach", *FUNCTIONS], "DELETE_COMPLETE"),
        ]:
            with self.subTest(arguments, status=status):
                self.aws.pool = a_pool(LambdaConfig=own)
                self.aws.parameters, self.aws.status, self.aws.functions = dict(NEXT), "UPDATE_COMPLETE", functions
                self.assertEqual(0, self.attach("--chain")[0])
                # A later file, and one that somebody else wrote, tell nothing about the chain.
                self.aws.pool["LambdaConfig"]["PostConfirmation"] = EARLIER_POST_CONFIRMATION
                self.assertEqual(0, self.attach()[0])
                Path(file(3)).write_text("[]")
                self.aws.status = status
                if status == "DELETE_COMPLETE":
                    self.aws.functions = {arn: source for arn, source in functions.items() if arn not in usher}
                self.assert_changes(arguments, outcomes, own, number=4)
                for name in os.listdir():
                    os.remove(name)

    def test_only_the_file_of_the_change_that_attached_usher_tells_of_a_chain(self):
        self.a_chain()
        run(script, *UNDO)
        # The pool's own functions are taken off, and Usher's are attached without a chain.
        self.aws.pool["LambdaConfig"] = {}
        parameters, self.aws.parameters = self.aws.parameters, {}
        self.assertEqual(0, self.attach()[0])
        detach = ["--detach", "--user-pool-id", POOL]
        functions = self.aws.functions
        self.aws.functions = dict.fromkeys([WELCOME, PLAN], self.aws.pool["Arn"])
        self.assertEqual((0, DETACHING + DRY_RUN, ""), run(script, *detach, "--dry-run"))
        # The chain is made once more, with a file that is there already.
        self.aws.pool["LambdaConfig"] = dict(CUSTOM_MESSAGE | OWN)
        self.aws.parameters, self.aws.functions = parameters, functions
        self.assertEqual((0, CHAINING + SAVED + DONE, ""), self.attach("--chain"))
        self.aws.functions = dict.fromkeys([WELCOME, PLAN], self.aws.pool["Arn"])
        self.assertEqual(0, run(script, *detach)[0])
        self.assertEqual(CUSTOM_MESSAGE | OWN, self.aws.pool["LambdaConfig"])

    def test_detaching_a_chain_without_its_file_needs_the_version_of_the_events(self):
        self.a_chain()
        os.remove(FILE)
        first = f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
        self.assert_changes(
            DETACH,
            f"{first}PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. It invokes {PLAN} first. Give "
            f"--next-version, the version of events that this one takes. {ways('PreTokenGeneration')}\n",
            {**CUSTOM_MESSAGE, "PostConfirmation": WELCOME, **token(PRE_TOKEN_GENERATION)},
            LEFT,
        )
        self.assert_changes(
            [*DETACH, "--next-version", "V1_0"],
            f"PostConfirmation: {WELCOME} stays. It is not of the stack usher.\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V1_0)\n",
            CUSTOM_MESSAGE | OWN | token(PLAN, "V1_0"),
            number=2,
        )

    def test_detaching_a_chain_puts_back_what_the_stack_names_now(self):
        self.a_chain()
        self.aws.parameters["NextPostConfirmationArn"] = newer = f"{FUNCTION}newer"
        self.aws.parameters["NextPreTokenGenerationArn"] = ""
        self.aws.functions[newer] = self.aws.pool["Arn"]
        outcomes = (
            f"PostConfirmation: {POST_CONFIRMATION} -> {newer}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> none\n"
        )
        self.assert_changes(DETACH, outcomes, CUSTOM_MESSAGE | {"PostConfirmation": newer}, number=2)

    def test_a_function_that_would_invoke_itself_is_detached(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED)
        self.aws.parameters = {"NextPreTokenGenerationArn": EARLIER_PRE_TOKEN_GENERATION}
        self.assert_changes(DETACH, DETACHING, {})

    def test_the_stack_may_be_named_by_its_id(self):
        stack = "arn:aws:cloudformation:eu-central-1:123456789012:stack/usher/8c1d"
        command = ["--user-pool-id", POOL, "--stack-name", stack]
        self.assert_changes(command, ATTACHING, ATTACHED)
        self.assert_changes([*command, "--detach"], DETACHING, {}, number=2)

    def test_detaching_a_chain_puts_no_function_back_that_does_not_exist(self):
        self.a_chain()
        del self.aws.functions[PLAN]
        first = f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
        self.assert_changes(
            DETACH,
            f"{first}PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. It invokes {PLAN} first. "
            "That function does not exist: take Usher's off with --replace pre-token-generation.\n",
            {**CUSTOM_MESSAGE, "PostConfirmation": WELCOME, **token(PRE_TOKEN_GENERATION)},
            LEFT,
            number=2,
        )
        self.assert_changes(
            [*DETACH, "--replace", "pre-token-generation"],
            f"PostConfirmation: {WELCOME} stays. It is not of the stack usher.\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> none\n",
            {**CUSTOM_MESSAGE, "PostConfirmation": WELCOME},
            number=3,
        )

    def test_a_detachment_that_nothing_tells_about_leaves_the_triggers(self):
        functions, usher = dict(self.aws.functions), (POST_CONFIRMATION, PRE_TOKEN_GENERATION)
        deleted = {arn: source for arn, source in functions.items() if arn not in usher}
        left = (
            f"PostConfirmation: {POST_CONFIRMATION} stays. {UNTOLD}{ways('PostConfirmation')}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) stays. {UNTOLD}{ways('PreTokenGeneration')}\n"
        )
        back = (
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V2_0)\n"
        )
        os.mkdir("elsewhere")
        for arguments, status, pool in [
            (DETACH, "DELETE_COMPLETE", POOL),
            (["--detach", "--user-pool-id", POOL], "DELETE_COMPLETE", POOL),
            (["--detach", *FUNCTIONS], "DELETE_COMPLETE", POOL),
            # The stack serves another pool now, whatever its functions invoke.
            (DETACH, "UPDATE_COMPLETE", "eu-central-1_Other"),
        ]:
            with self.subTest(arguments, status=status):
                self.aws.status, self.aws.functions, self.aws.outputs = "UPDATE_COMPLETE", functions, dict(OUTPUTS)
                self.aws.pool = a_pool(LambdaConfig=OWN)
                self.aws.parameters = dict(NEXT)
                self.assertEqual(0, self.attach("--chain", "--save", "elsewhere/kept.json")[0])
                self.aws.status, self.aws.outputs["UserPoolId"] = status, pool
                self.aws.functions = deleted if status == "DELETE_COMPLETE" else functions
                self.assert_changes_nothing(arguments, left, LEFT)
                self.assert_changes_nothing([*arguments, "--next-version", "V2_0"], left, LEFT)
                replace = ["--replace", "post-confirmation", "--replace", "pre-token-generation", "--dry-run"]
                self.assertEqual((0, DETACHING + DRY_RUN, ""), run(script, *arguments, *replace))
                # A file of another pool tells nothing, and one that cannot be read stops it all.
                kept = json.loads(Path("elsewhere/kept.json").read_text())
                Path(FILE).write_text(json.dumps(kept | {"userPoolId": "eu-central-1_Other"}))
                self.assert_changes_nothing(arguments, left, LEFT)
                with mock.patch.object(Path, "read_text", side_effect=PermissionError(13, "Permission denied", FILE)):
                    self.assertEqual((f"{FILE}: Permission denied.", "", ""), run(script, *arguments))
                os.remove(FILE)
                os.rename("elsewhere/kept.json", FILE)
                self.assert_changes(arguments, back, OWN, number=2)
                os.remove(FILE)
                os.remove(file(2))

    def test_a_detachment_of_named_functions_asks_those_that_exist_what_they_invoke(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED)
        arguments = ["--detach", *FUNCTIONS]
        self.assertEqual((0, DETACHING + DRY_RUN, ""), run(script, *arguments, "--dry-run"))
        self.aws.parameters = dict(NEXT)
        self.assert_changes(
            [*arguments, "--next-version", "V1_0"],
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\n"
            f"PreTokenGeneration: {PRE_TOKEN_GENERATION} (V2_0) -> {PLAN} (V1_0)\n",
            {"PostConfirmation": WELCOME, **token(PLAN, "V1_0")},
        )

    def test_a_stack_without_parameters_for_chains_is_detached(self):
        self.aws.pool = a_pool(LambdaConfig=ATTACHED)
        self.assertEqual({}, self.aws.parameters)
        self.assert_changes(DETACH, DETACHING, {})

    def test_a_detachment_takes_the_change_that_attached_usher_from_its_file_and_not_the_end_of_another_chain(self):
        # The chain of another stack in front of this one has ended.
        other = f"{FUNCTION}usher2-post-confirmation:live"
        kept = {"userPoolId": POOL, "before": {"PostConfirmation": WELCOME}, "attached": {"PostConfirmation": POST_CONFIRMATION}}
        Path(FILE).write_text(json.dumps(kept | {"stackName": "usher", "following": {"PostConfirmation": WELCOME}}))
        ended = kept | {"before": {"PostConfirmation": other}, "stackName": "usher2", "detaches": True}
        Path(file(2)).write_text(json.dumps(ended | {"following": {"PostConfirmation": POST_CONFIRMATION}}))
        os.utime(FILE, (0, 0))
        self.aws.pool = a_pool(LambdaConfig={"PostConfirmation": POST_CONFIRMATION})
        self.aws.status = "DELETE_COMPLETE"
        self.assert_changes(
            DETACH,
            f"PostConfirmation: {POST_CONFIRMATION} -> {WELCOME}\nPreTokenGeneration: none\n",
            {"PostConfirmation": WELCOME},
            number=3,
        )

    # The file

    def test_a_file_that_keeps_something_else_is_not_overwritten(self):
        Path(FILE).write_text("precious")
        Path(file(2)).mkdir()
        Path(file(3)).write_bytes(b"\xff")
        self.assert_changes(ATTACH, ATTACHING, ATTACHED, number=4)
        self.assertEqual(("precious", b"\xff"), (Path(FILE).read_text(), Path(file(3)).read_bytes()))
        self.assert_changes(["--undo", file(4)], DETACHING, {}, number=5)

    def test_the_file_can_have_another_name(self):
        first, second = "elsewhere.json", "elsewhere-2.json"
        for arguments, files in [
            (ATTACH, [first]),
            (["--undo", first], [second, first]),
            # A file with the same text is there already.
            (ATTACH, [second, first]),
            (DETACH, [second, first]),
        ]:
            self.assertEqual(0, run(script, *arguments, "--save", first)[0])
            self.assertEqual(files, sorted(os.listdir()))

    def test_nothing_is_changed_if_the_file_cannot_be_written(self):
        ended, output, errors = self.attach("--save", "missing/a.json")
        self.assertEqual(("missing/a.json: No such file or directory.", ATTACHING, ""), (ended, output, errors))
        self.assert_untouched(a_pool())

    def test_the_file_is_written_before_the_pool_is_changed(self):
        self.aws.refusal = "Not today."
        token_trigger = {"LambdaVersion": "V2_0", "LambdaArn": PRE_TOKEN_GENERATION}
        attached = {"PostConfirmation": POST_CONFIRMATION, "PreTokenGenerationConfig": token_trigger}
        Path("undo.json").write_text(json.dumps({"userPoolId": POOL, "before": {}, "attached": attached}))
        for there, arguments, before, after in [
            ({}, ATTACH, {}, attached),
            (ATTACHED, ["--undo", "undo.json"], attached, {}),
            (ATTACHED, DETACH, attached, {}),
        ]:
            self.aws.pool = pool = a_pool(LambdaConfig=there)
            self.assertEqual("AWS refuses UpdateUserPool: Not today.", run(script, *arguments)[0])
            kept = json.loads(Path(FILE).read_text())
            self.assertEqual((before, after, pool), (kept["before"], kept["attached"], self.aws.pool))
            os.remove(FILE)

    def test_what_aws_refuses_can_be_tried_again(self):
        self.aws.refusal = "Not today."
        self.assertEqual("AWS refuses UpdateUserPool: Not today.", self.attach()[0])
        self.assertEqual(a_pool(), self.aws.pool)
        self.aws.refusal = None
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())

    # All else

    def test_a_setting_that_was_lost_all_the_same_is_named(self):
        for forgets, lost in [(["Domain", "UserPoolAddOns"], "Domain, UserPoolAddOns"), (["LambdaConfig"], "LambdaConfig")]:
            self.aws.pool = a_pool(LambdaConfig=CUSTOM_MESSAGE)
            self.aws.forgets = forgets
            refusal = (
                f"{POOL} was updated, but these settings are not as expected: {lost}; "
                "somebody else may have changed them meanwhile, else set them again."
            )
            self.assertEqual((UNVERIFIED, ATTACHING + SAVED, f"{refusal}\n"), self.attach())

    def test_a_pool_that_was_changed_but_cannot_be_seen_afterwards_has_a_status_of_its_own(self):
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        for operation in ("DescribeUserPool", "GetUserPoolMfaConfig"):
            self.aws.pool = a_pool()
            self.aws.failing = {operation: [200, 400]}
            told = (
                f"{POOL} was updated, but could not be compared with before: look at its settings yourself with "
                f"aws cognito-idp describe-user-pool --user-pool-id {POOL}. AWS refuses {operation}: {operation} failed.\n"
            )
            self.assertEqual((UNVERIFIED, ATTACHING + SAVED, told), self.attach())
            self.assertEqual(ATTACHED, self.aws.pool["LambdaConfig"])

    def test_a_pool_that_may_have_been_changed_has_the_same_status(self):
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        self.aws.failing = {"UpdateUserPool": [500]}
        told = f"{POOL} may have been updated: run this again. AWS refuses UpdateUserPool: UpdateUserPool failed.\n"
        self.assertEqual((UNVERIFIED, ATTACHING + SAVED, told), self.attach())

    def test_the_older_life_of_a_temporary_password_follows_the_newer_one(self):
        self.aws.pool["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = 7
        self.assertEqual((0, ATTACHING + SAVED + DONE, ""), self.attach())
        self.assertEqual(3, self.aws.pool["AdminCreateUserConfig"]["UnusedAccountValidityDays"])

    def test_tags_that_aws_sets_are_not_sent(self):
        self.aws.pool["UserPoolTags"] = {"aws:cloudformation:stack-name": "customers", "team": "identity"}
        self.assert_changes(ATTACH, ATTACHING, ATTACHED)
        self.assertEqual({"team": "identity"}, self.aws.updates[0]["UserPoolTags"])

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

    def test_a_stack_that_is_not_deployed_is_refused(self):
        for status in ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_IN_PROGRESS"):
            self.aws.status = status
            refusal = f"The stack usher is {status}: wait until it is deployed, or repair it."
            self.assertEqual((refusal, "", ""), self.attach())
            self.assert_untouched(a_pool())
        for status in ("CREATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"):
            self.aws.status = status
            self.assertEqual((0, ATTACHING + DRY_RUN, ""), self.attach("--dry-run"))

    def test_what_cannot_be_done_is_one_sentence(self):
        Path("other.json").write_text("[]")
        Path("broken.json").write_bytes(b"\xff")
        Path("none-of-ours.json").write_text('{"userPoolId": "a", "before": {"PostConfirmation": "a"}, "attached": {}}')
        foreign = {"userPoolId": "eu-central-1_Other", "before": {}, "attached": {}}
        Path("foreign.json").write_text(json.dumps(foreign))
        functions = FUNCTIONS[2:]
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
            (["--undo", "none-of-ours.json"], "none-of-ours.json was not written by this script."),
            (
                ["--undo", "foreign.json", "--user-pool-id", POOL],
                f"foreign.json is about eu-central-1_Other, not about {POOL}.",
            ),
        ]:
            with self.subTest(arguments):
                self.assertEqual((sentence, "", ""), run(script, *arguments))
                self.assertEqual(([], a_pool()), (self.aws.updates, self.aws.pool))

    def test_an_aws_that_cannot_be_reached_is_one_sentence(self):
        os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        told = 'AWS cannot be asked: Could not connect to the endpoint URL: "http://127.0.0.1:1/"'
        self.assertEqual((told, "", ""), self.attach())

    def test_flags_that_do_not_go_together_are_refused(self):
        either = "give either --stack-name, or both --post-confirmation and --pre-token-generation"
        undo = "--undo takes all else from its file: give only --user-pool-id, --replace, --save or --dry-run"
        chain = "--chain attaches the functions of a stack, which names the next ones: give --stack-name"
        version = "--next-version belongs to --detach"
        replace = (
            "argument --replace: invalid choice: 'all' (choose from 'post-confirmation', 'pre-token-generation')"
        )
        pool = ["--user-pool-id", POOL]
        functions = FUNCTIONS[2:]
        for arguments, error in [
            ([], "--user-pool-id is missing"),
            (pool, either),
            ([*pool, "--post-confirmation", "a"], either),
            ([*pool, "--stack-name", "usher", "--pre-token-generation", "a"], either),
            ([*pool, "--stack-name", "usher", "--post-confirmation", "a", "--pre-token-generation", "b"], either),
            (["--undo", FILE, "--stack-name", "usher"], undo),
            (["--undo", FILE, "--post-confirmation", "a"], undo),
            (["--undo", FILE, "--detach"], undo),
            (["--undo", FILE, "--chain"], undo),
            (["--undo", FILE, "--next-version", "V1_0"], undo),
            (["--detach"], "--user-pool-id is missing"),
            ([*pool, "--detach", "--stack-name", "usher", *functions], either),
            ([*pool, "--detach", "--post-confirmation", "a"], either),
            ([*pool, "--detach", "--stack-name", "usher", "--chain"], chain),
            ([*pool, *functions, "--chain"], chain),
            ([*pool, "--stack-name", "usher", "--next-version", "V1_0"], version),
            ([*pool, "--stack-name", "usher", "--replace", "all"], replace),
        ]:
            with self.subTest(arguments):
                ended, output, errors = run(script, *arguments)
                self.assertEqual((2, "", f"error: {error}"), (ended, output, errors[errors.index("error:") :].rstrip()))


if __name__ == "__main__":
    unittest.main()
