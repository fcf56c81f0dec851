"""infra/deploy.py, through the real AWS SDK, against what it reads from AWS. tests/artifacts runs it with SAM."""

import contextlib
import io
import json
import os
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import yaml
from support import ROOT, Loopback, ScriptTest, load, run

# The tests replace this function, through which the script runs SAM.
RUN = subprocess.run
SCRIPT = ROOT / "infra/deploy.py"
script = load("deploy")

TEMPLATE = (ROOT / "template.yaml").read_text()
DECLARED = yaml.load(TEMPLATE, script.Loader)["Parameters"]
DEFAULTS = {name: f"{parameter['Default']}" for name, parameter in DECLARED.items()}
POOL = "eu-central-1_Ab3dE"
CONSOLE = "https://a1.execute-api.eu-central-1.amazonaws.com/console"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:usher"
OUTPUTS = {
    "ApiEndpoint": "https://a1.execute-api.eu-central-1.amazonaws.com",
    "ConsoleUrl": CONSOLE,
    "TableName": "usher-Storage-Table-1",
    "UserPoolId": POOL,
    "PostConfirmationFunctionArn": f"{FUNCTION}-post-confirmation",
    "PreTokenGenerationFunctionArn": f"{FUNCTION}-pre-token-generation",
}
TRIGGERS = {
    "PostConfirmation": OUTPUTS["PostConfirmationFunctionArn"],
    "PreTokenGenerationConfig": {"LambdaArn": OUTPUTS["PreTokenGenerationFunctionArn"], "LambdaVersion": "V2_0"},
}
STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/usher-restored/stream/2026-11-22T01:30:00.000"
TABLE = {
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "gsi1",
            "KeySchema": [
                {"AttributeName": "gsi1pk", "KeyType": "HASH"},
                {"AttributeName": "gsi1sk", "KeyType": "RANGE"},
            ],
        }
    ],
    "DeletionProtectionEnabled": True,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "LatestStreamArn": STREAM,
}
HEAD = "The stack usher in eu-central-1, account 123456789012:\n"
NEW = "The stack usher in eu-central-1, account 123456789012, which is not there yet:\n"
TAIL = f"The console of usher: {CONSOLE}\nThe user pool {POOL} calls both triggers.\n"
KEPT = "  All parameters stay.\n"
OTHERS = "  All other parameters stay.\n"
DRY = "Nothing was deployed, since this is a dry run.\n"
ELF = {"arm64": b"\x7fELF".ljust(18, b"\0") + b"\xb7\0", "x86_64": b"\x7fELF".ljust(18, b"\0") + b"\x3e\0"}


class Aws(Loopback):
    """CloudFormation with at most one stack, and DynamoDB and Cognito with what the test puts there, on loopback."""

    def __init__(self):
        self.parameters = DEFAULTS | {"OperatorCallbackUrls": CONSOLE, "MadeUserPoolId": POOL}
        self.outputs = dict(OUTPUTS)
        self.status = "UPDATE_COMPLETE"  # or nothing: there is no stack
        self.root = None  # of which stack it is a part
        self.tags = {}
        self.tables = {}
        self.pools = {POOL: TRIGGERS}
        self.template = "Resources: {}"  # that the stack has been deployed with
        self.versions = []  # that the stack has deployed
        self.aliases = {}  # the versions at which the triggers' aliases are
        self.refusal = None  # what CloudFormation answers instead
        super().__init__()

    def answer(self, method, path, headers, body):
        if method == "GET":
            return 200, json.dumps({"FunctionVersion": self.aliases[path.split("/")[3]]})
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        return self.described(target, json.loads(body)) if target else self.queried(parse_qs(body))

    def described(self, operation, request):
        if operation == "DescribeTable" and request["TableName"] in self.tables:
            return 200, json.dumps({"Table": self.tables[request["TableName"]]})
        if operation == "DescribeUserPool" and request["UserPoolId"] in self.pools:
            return 200, json.dumps({"UserPool": {"LambdaConfig": self.pools[request["UserPoolId"]]}})
        return 400, json.dumps({"__type": "ResourceNotFoundException", "message": f"not found: {request}"})

    def queried(self, request):
        if request["Action"] == ["GetCallerIdentity"]:
            result = "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
            return 200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
        if request["Action"] == ["GetTemplate"]:
            result = f"<GetTemplateResult><TemplateBody>{escape(self.template)}</TemplateBody></GetTemplateResult>"
            return 200, f"<GetTemplateResponse>{result}</GetTemplateResponse>"
        if request["Action"] == ["ListStackResources"]:
            listed = [("Version", arn) for arn in self.versions]
            listed += [("Alias", f"{arn.rpartition(':')[0]}:live") for arn in self.versions]
            entries = "".join(
                f"<member><ResourceType>AWS::Lambda::{kind}</ResourceType><ResourceStatus>UPDATE_COMPLETE</ResourceStatus>"
                f"<PhysicalResourceId>{arn}</PhysicalResourceId></member>"
                for kind, arn in listed
            )
            result = f"<ListStackResourcesResult><StackResourceSummaries>{entries}</StackResourceSummaries></ListStackResourcesResult>"
            return 200, f"<ListStackResourcesResponse>{result}</ListStackResourcesResponse>"
        if self.refusal or not self.status:
            message = self.refusal or "Stack with id usher does not exist"
            return 400, f"<R><Error><Code>ValidationError</Code><Message>{message}</Message></Error></R>"

        def members(name, key, value, given):
            pairs = [
                f"<member><{key}>{escape(one)}</{key}><{value}>{escape(other)}</{value}></member>"
                for one, other in given.items()
            ]
            return f"<{name}>{''.join(pairs)}</{name}>"

        empty = self.status == "REVIEW_IN_PROGRESS"
        stack = (
            f"<StackName>usher</StackName><StackStatus>{self.status}</StackStatus>"
            + members("Parameters", "ParameterKey", "ParameterValue", {} if empty else self.parameters)
            + members("Outputs", "OutputKey", "OutputValue", {} if empty else self.outputs)
            + members("Tags", "Key", "Value", self.tags)
            + (f"<RootId>{self.root}</RootId>" if self.root else "")
        )
        result = f"<DescribeStacksResult><Stacks><member>{stack}</member></Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>"


class Deploy(ScriptTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name, "usher")
        self.build = self.root / ".aws-sam/build"
        elsewhere = Path(folder.name, "elsewhere")
        elsewhere.mkdir()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(elsewhere)
        self.start(Aws())
        self.sam_ends = 0  # the exit code of SAM
        self.executes = True  # whether its change set is executed
        self.commands, self.sent = [], []
        for patch in (
            mock.patch.object(script, "ROOT", self.root),
            mock.patch.object(script.subprocess, "run", self.sam),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.built()

    def built(self, template=TEMPLATE, machine="arm64"):
        """The sources with this template, and a build of them. Functions are for this kind of machine."""
        self.root.mkdir(exist_ok=True)
        (self.root / "template.yaml").write_text(template)
        for name in ("FirstFunction", "SecondFunction"):
            (self.build / name).mkdir(parents=True, exist_ok=True)
            (self.build / name / "bootstrap").write_bytes(ELF[machine])
        functions = {
            name: {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": name}}
            for name in ("FirstFunction", "SecondFunction")
        }
        (self.build / "storage.yaml").write_text("Resources: {}")
        nested = {"Storage": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "storage.yaml"}}}
        parameters = yaml.load(template, script.Loader)["Parameters"]
        written = {"Parameters": parameters, "Resources": functions | nested}
        (self.build / "template.yaml").write_text(json.dumps(written))
        (self.build / "sources").write_text(script.digest_of_sources(self.root) + "\n")

    def sam(self, command, **_):
        """What the script sees of SAM: the stack gets the named parameters, and keeps the others."""
        self.commands.append(command)
        given = dict(zip(command, command[1:], strict=False))
        overrides = given.get("--parameter-overrides", "").removeprefix("file://")
        sent = json.loads(Path(overrides).read_text()) if overrides else {}
        self.sent.append(sent)
        if self.executes and not self.sam_ends:
            declared = yaml.load((self.root / "template.yaml").read_text(), script.Loader)["Parameters"]
            before = self.aws.parameters if self.aws.status else {}
            self.aws.parameters = {
                name: sent.get(name, before.get(name, f"{parameter.get('Default')}"))
                for name, parameter in declared.items()
            }
            self.aws.status = "UPDATE_COMPLETE"
            self.aws.template = Path(given["--template-file"]).read_text()
        return subprocess.CompletedProcess(command, self.sam_ends)

    def deploy(self, *arguments, **rest):
        return run(script, "--stack-name", "usher", "--region", "eu-central-1", *arguments, **rest)

    def assert_refused(self, refusal, *arguments, **rest):
        """Refused with this sentence, before anything is printed or changed."""
        self.assertEqual((refusal, "", ""), self.deploy("--yes", *arguments, **rest))
        self.assertEqual([], self.commands)

    def test_a_release_keeps_every_parameter_of_the_stack_and_names_none_to_sam(self):
        own = {"ExistingTableName": "usher-restored", "UserPoolId": POOL, "TrustedProviders": "", "MemorySize": "512"}
        self.aws.parameters |= own | {"MadeUserPoolId": ""}
        before = dict(self.aws.parameters)
        self.assertEqual((0, HEAD + KEPT + TAIL, ""), self.deploy())
        self.assertEqual(([{}], before), (self.sent, self.aws.parameters))
        command = self.commands[0]
        settings = command[command.index("--config-file") + 1]
        sam = [
            f"{script.SAM}", "deploy", "--template-file", f"{self.build}/deployed.yaml", "--config-file", settings,
            "--stack-name", "usher", "--region", "eu-central-1", "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
            "--no-fail-on-empty-changeset", "--no-progressbar", "--confirm-changeset",
        ]  # fmt: skip
        self.assertEqual(sam, command)
        self.assertNotEqual("samconfig.toml", Path(settings).name)

    def test_named_parameters_change_and_no_others(self):
        self.aws.parameters["TrustedProviders"] = "Google"
        text = "TrustedProviders= OperatorCallbackUrls='https://a.example/console, https://b.example/?x=1&y=2' MemorySize=512"
        said = (
            f"{HEAD}  MemorySize: 256 -> 512\n  OperatorCallbackUrls: {CONSOLE} -> "
            "https://a.example/console, https://b.example/?x=1&y=2\n  TrustedProviders: Google -> nothing\n" + OTHERS
        )
        ended, output, errors = self.deploy("--parameters", text, "--yes")
        self.assertEqual((0, said, ""), (ended, output[: len(said)], errors))
        sent = {
            "TrustedProviders": "",
            "OperatorCallbackUrls": "https://a.example/console, https://b.example/?x=1&y=2",
            "MemorySize": "512",
        }
        self.assertEqual([sent], self.sent)

    def test_parameters_may_be_arguments_of_the_script(self):
        self.assertEqual(0, self.deploy("MemorySize=512", "--yes", "TrustedProviders=A=b,Acme's")[0])
        self.assertEqual([{"MemorySize": "512", "TrustedProviders": "A=b,Acme's"}], self.sent)

    def test_a_value_that_is_there_already_is_no_change(self):
        self.aws.parameters |= {"UserPoolId": POOL, "MadeUserPoolId": ""}
        self.assertEqual((0, HEAD + KEPT + TAIL, ""), self.deploy("MemorySize=256", f"UserPoolId={POOL}"))
        self.assertEqual([{}], self.sent)

    def test_the_pool_that_the_stack_has_made_is_filled_in_and_never_named(self):
        del self.aws.parameters["MadeUserPoolId"]  # as in a stack of an earlier release
        said = f"{HEAD}  MadeUserPoolId: {POOL}\n{OTHERS}"
        self.assertEqual((0, said + TAIL, ""), self.deploy("--yes"))
        self.assertEqual((0, HEAD + KEPT + TAIL, ""), self.deploy())
        self.assertEqual([{"MadeUserPoolId": POOL}, {}], self.sent)
        self.commands.clear()
        self.assert_refused("MadeUserPoolId is filled in by itself: do not name it.", f"MadeUserPoolId={POOL}")

    def test_a_new_stack_gets_the_defaults_and_what_is_named(self):
        for status in (None, "REVIEW_IN_PROGRESS"):
            with self.subTest(status):
                self.aws.status, self.sent[:] = status, []
                ended, output, _ = self.deploy("MemorySize=512", answers=["y"])
                said = f"{NEW}  MemorySize: 512\n  All other parameters have their defaults.\nMake a new stack usher? [y/N] \n"
                hint = (
                    f"The console of usher: {CONSOLE}\nOperators cannot sign in to the console yet: run make deploy "
                    f"STACK=usher REGION=eu-central-1 PARAMETERS=OperatorCallbackUrls={CONSOLE}\n"
                    f"The user pool {POOL} calls both triggers.\n"
                )
                self.assertEqual((0, said + hint), (ended, output))
                self.assertEqual([{"MemorySize": "512"}], self.sent)

    def test_settings_for_deployments_in_a_samconfig_are_refused_wherever_sam_would_read_them(self):
        guided = 'parameter_overrides = "ExistingTableName=\\"\\" UserPoolId=\\"\\""\nregion = "us-east-1"\n'
        for folder in (self.root, Path.cwd()):
            for name, text, section in [
                ("samconfig.toml", f"version = 0.1\n[default.deploy.parameters]\n{guided}", "default.deploy"),
                ("samconfig.toml", f"[prod.deploy.parameters]\n{guided}", "prod.deploy"),
                ("samconfig.toml", f"[default.global.parameters]\n{guided}", "default.global"),
                (
                    "samconfig.yaml",
                    "default: {deploy: {parameters: {parameter_overrides: [A=b], region: us-east-1}}}",
                    "default.deploy",
                ),
            ]:
                with self.subTest(f"{folder} {section}"):
                    path = folder / name
                    path.write_text(text)
                    self.assert_refused(
                        f"{path} has settings for deployments ({section}): parameter_overrides, region. Remove them: "
                        "the stack keeps its parameters, and changes are named on the command line."
                    )
                    path.unlink()

    def test_the_samconfig_of_the_project_has_no_settings_for_deployments(self):
        script.refuse_samconfig(ROOT)

    def test_no_default_of_a_release_changes_the_table_or_the_pool(self):
        kinds = {"UserPoolId": "user pool", "ExistingTableName": "table", "TableName": "table"}
        values = {"UserPoolId": "eu-central-1_Other", "ExistingTableName": "other", "TableName": "other"}
        for name, kind in kinds.items():
            with self.subTest(name):
                # An older stack without the parameter, and a new stack.
                head, found, rest = TEMPLATE.partition(f"  {name}:\n")
                self.built(head + found + rest.replace('Default: ""', f"Default: {values[name]}", 1))
                refusal = (
                    f"The template would change {name} from nothing to {values[name]}, and nobody has named it: "
                    f"the functions would use another {kind}."
                )
                kept = self.aws.parameters.pop(name)
                self.assert_refused(refusal)
                self.aws.parameters[name] = kept
                self.aws.status = None
                self.assert_refused(refusal)
                self.aws.status = "UPDATE_COMPLETE"
                # What the stack has stays, whatever the default.
                self.assertEqual((0, HEAD + KEPT + TAIL, ""), self.deploy())
                self.commands.clear()

    def test_no_release_drops_the_table_or_the_pool_that_the_stack_uses(self):
        for name, kind in {"UserPoolId": "user pool", "ExistingTableName": "table", "TableName": "table"}.items():
            with self.subTest(name):
                self.built(TEMPLATE.replace(f"  {name}:\n", f"  Renamed{name}:\n", 1))
                self.aws.parameters[name] = POOL
                self.assert_refused(
                    f"The template would change {name} from {POOL} to nothing, and nobody has named it: "
                    f"the functions would use another {kind}."
                )
                self.aws.parameters[name] = ""

    def test_a_parameter_that_a_release_drops_or_adds_is_told(self):
        self.aws.parameters["Forgotten"] = "7"
        del self.aws.parameters["ClaimsIn"]
        said = (
            f"{HEAD}  ClaimsIn: both, the default of a parameter that is new in this release\n"
            "  Forgotten: 7 is dropped, since this release has no such parameter\n"
        )
        self.assertEqual((0, said + OTHERS + TAIL, ""), self.deploy("--yes"))
        self.assertEqual([{}], self.sent)

    def test_what_is_no_parameter_with_a_value_is_refused(self):
        for arguments, refusal in [
            (["userpoolId=x"], "There is no parameter userpoolId: did you mean UserPoolId?"),
            (["MemorySizes=512"], "There is no parameter MemorySizes: did you mean MemorySize?"),
            (["Zebra=1"], "There is no parameter Zebra: docs/parameters.md lists them."),
            (
                ["MemorySize"],
                "MemorySize is no parameter with a value: write NAME=VALUE, and quote a value that has spaces.",
            ),
            (["MemorySize=1024", "MemorySize=512"], "MemorySize is named twice: once with 1024, once with 512."),
            (["--parameters", "ClaimsIn='id"], "A quote is not closed: ClaimsIn='id"),
            (
                ['TrustedProviders="Acme"'],
                'TrustedProviders cannot be "Acme": no value is in quotes, or has a backslash before a quote or a blank.',
            ),
        ]:
            with self.subTest(refusal):
                self.assert_refused(refusal, *arguments)

    def test_a_value_that_cloudformation_would_refuse_is_refused_before_anything_is_built(self):
        for value, fault in {
            "MemorySize=64": "the least is 128.",
            "MemorySize=20000": "the most is 10240.",
            "MemorySize=": "it must be a number.",
            "MemorySize=nan": "it must be a number.",
            "ClaimsIn=all": "it must be one of both, access, id.",
            "ClaimsBytes=9000": "Write a whole number from 100 to 8000.",
            "ExistingTableName=a b": "it must match ^([A-Za-z0-9_.-]{3,255})?$",
            "AllowedOrigins=https://a.example,ftp://b.example": (
                "it must match ^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?)?$"
            ),
        }.items():
            with self.subTest(value):
                self.assert_refused(f"{value}, which this release does not take: {fault}", value)
                self.assertEqual(1, len(self.deploy(value, "--architecture")[0].splitlines()))

    def test_every_default_is_a_value_that_the_template_takes(self):
        faults = {name: script.fault_of(DECLARED[name], value) for name, value in DEFAULTS.items()}
        self.assertEqual(dict.fromkeys(DEFAULTS), faults)

    def test_a_value_of_the_stack_that_a_release_no_longer_takes_is_refused(self):
        self.aws.parameters["ClaimsBytes"] = "50"
        self.assert_refused(
            "The stack's ClaimsBytes is 50, which this release does not take: Write a whole number from 100 to 8000. "
            "Name another value: ClaimsBytes=VALUE."
        )
        self.assertEqual(0, self.deploy("ClaimsBytes=100", "--yes")[0])

    def test_a_stack_that_cannot_be_updated_is_refused_with_what_to_do(self):
        failed = "its first deployment failed: delete it with `aws cloudformation delete-stack`, and deploy again."
        for status, what in {
            "CREATE_FAILED": failed,
            "ROLLBACK_COMPLETE": failed,
            "ROLLBACK_FAILED": failed,
            "DELETE_FAILED": "its deletion failed: delete it again, and deploy after that.",
            "UPDATE_FAILED": (
                "its last update failed: roll it back with `aws cloudformation rollback-stack`, and deploy again."
            ),
            "UPDATE_ROLLBACK_FAILED": (
                "its last update could not be rolled back: remove the cause that its events name, run "
                "`aws cloudformation continue-update-rollback`, and deploy again."
            ),
        }.items():
            with self.subTest(status):
                self.aws.status = status
                self.assert_refused(f"The stack usher is {status}, {what}")
        for status in ("CREATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            with self.subTest(status):
                self.aws.status = status
                self.assert_refused(f"The stack usher is {status}: wait until that has ended, and deploy again.")

    def test_a_stack_of_something_else_and_a_part_of_a_stack_are_refused(self):
        del self.aws.outputs["TableName"]
        self.assert_refused("The stack usher is not Usher's: it has no output TableName. Name another stack.")
        self.aws.root = "arn:aws:cloudformation:eu-central-1:123456789012:stack/root/1"
        self.assert_refused(f"The stack usher is a part of {self.aws.root}: name that one.")

    def test_a_restored_table_is_used_if_it_is_named_and_the_old_one_stays(self):
        self.aws.parameters["TriggerDeployment"] = "AllAtOnce"
        self.aws.tables["usher-restored"] = TABLE
        told = "The functions will use the table usher-restored. The table usher-Storage-Table-1 stays, and they no longer use it.\n"
        streamed = f"  ExistingTableStreamArn: nothing -> {STREAM}\n"
        said = f"{HEAD}  ExistingTableName: nothing -> usher-restored\n{streamed}{OTHERS}{told}Deploy this? [y/N] \n{TAIL}"
        self.assertEqual((0, said, ""), self.deploy("ExistingTableName=usher-restored", answers=["yes"]))
        sent = {"ExistingTableName": "usher-restored", "ExistingTableStreamArn": STREAM}
        self.assertEqual([sent], self.sent)

    def test_the_stream_of_a_given_table_is_filled_in_and_never_named(self):
        self.aws.parameters["ExistingTableName"] = "restored"
        off = "aws dynamodb update-table --table-name restored --stream-specification StreamEnabled="
        on = f"{off}true,StreamViewType=NEW_AND_OLD_IMAGES"
        said = (
            f"{HEAD}{KEPT}Nothing will be published, since the table restored has no stream: run `{on}`, and deploy again.\n"
        )
        # A stream that was switched off still has its ARN.
        for stream in ({}, {"StreamSpecification": {"StreamEnabled": False}}):
            self.aws.tables["restored"] = {"LatestStreamArn": STREAM} | stream
            self.assertEqual((0, said + TAIL, ""), self.deploy("--yes"))
        self.aws.tables["restored"] = TABLE | {
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        }
        said = (
            f"{HEAD}{KEPT}Nothing will be published, since the stream of the table restored has KEYS_ONLY and not "
            f"NEW_AND_OLD_IMAGES. If nobody else reads it, run `{off}false`, then `{on}`, and deploy again.\n"
        )
        self.assertEqual((0, said + TAIL, ""), self.deploy("--yes"))
        self.aws.tables["restored"] = TABLE
        said = f"{HEAD}  ExistingTableStreamArn: nothing -> {STREAM}\n{OTHERS}"
        self.assertEqual((0, said + TAIL, ""), self.deploy("--yes"))
        self.assertEqual((0, HEAD + KEPT + TAIL, ""), self.deploy("--yes"))
        self.assertEqual([{}, {}, {}, {"ExistingTableStreamArn": STREAM}, {}], self.sent)
        # With a table of its own again, the stack needs none.
        ended, output, _ = self.deploy("ExistingTableName=", "TriggerDeployment=AllAtOnce", "--dry-run")
        self.assertIn(f"  ExistingTableStreamArn: {STREAM} -> nothing\n", output)
        self.commands.clear()
        self.assert_refused(
            "ExistingTableStreamArn is filled in by itself: do not name it.", f"ExistingTableStreamArn={STREAM}"
        )

    def test_a_named_table_that_is_not_ready_is_told_what_it_lacks(self):
        self.aws.parameters["TriggerDeployment"] = "AllAtOnce"
        for change, told in [
            (
                {"DeletionProtectionEnabled": False},
                "The table other has no deletion protection: docs/operations.md says what a restored table needs.\n",
            ),
            (
                {"SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": "arn:aws:kms:key"}},
                "The table other is encrypted with arn:aws:kms:key: if that is a key of yours, name it as KmsKeyArn too.\n",
            ),
        ]:
            with self.subTest(told):
                self.aws.tables["other"] = TABLE | change
                ended, output, _ = self.deploy("ExistingTableName=other", "--dry-run")
                self.assertEqual((0, True), (ended, told in output))

    def test_a_table_that_is_not_there_or_is_not_ushers_is_refused(self):
        self.assert_refused("There is no table other in eu-central-1.", "ExistingTableName=other")
        one_key = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
        for change, refusal in [
            (one_key, "The table other is not Usher's: it has not the keys pk and sk."),
            (
                {"GlobalSecondaryIndexes": []},
                "The table other is not Usher's: its index gsi1 has not the keys gsi1pk and gsi1sk.",
            ),
            ({"TableStatus": "CREATING"}, "The table other is CREATING: wait until it is ACTIVE."),
        ]:
            with self.subTest(refusal):
                self.aws.tables["other"] = TABLE | change
                self.assert_refused(refusal, "ExistingTableName=other")
                self.aws.status = None
                self.assert_refused(refusal, "ExistingTableName=other")
                self.aws.status = "UPDATE_COMPLETE"

    def test_a_new_empty_table_is_told_and_never_has_the_name_of_one_that_is_there(self):
        self.aws.parameters["TriggerDeployment"] = "AllAtOnce"
        told = "The stack makes a new, empty table. The table usher-Storage-Table-1 stays, and the functions no longer use it.\n"
        said = f"{HEAD}  TableName: nothing -> mine\n{OTHERS}{told}{DRY}"
        self.assertEqual((0, said, ""), self.deploy("TableName=mine", "--dry-run"))
        self.aws.parameters["ExistingTableName"] = "restored"
        said = f"{HEAD}  TableName: nothing -> mine\n{OTHERS}TableName has no effect while ExistingTableName is restored.\n{DRY}"
        self.assertEqual((0, said, ""), self.deploy("TableName=mine", "--dry-run"))
        said = f"{HEAD}  ExistingTableName: restored -> nothing\n{OTHERS}{told}{DRY}"
        self.assertEqual((0, said, ""), self.deploy("ExistingTableName=", "TriggerDeployment=AllAtOnce", "--dry-run"))

        self.aws.parameters["ExistingTableName"] = ""
        self.aws.tables["mine"] = TABLE
        refusal = "The stack would make a table mine, which is there: to use it, name ExistingTableName=mine."
        self.assert_refused(refusal, "TableName=mine")
        # The stack has made it once, and it stayed when another one was given.
        self.aws.parameters |= {"ExistingTableName": "restored", "TableName": "mine"}
        self.assert_refused(refusal, "ExistingTableName=")
        self.aws.status = None
        self.assert_refused(refusal, "TableName=mine")

    def test_the_triggers_do_not_change_in_steps_if_the_earlier_version_would_fail_meanwhile(self):
        self.aws.tables["usher-restored"] = TABLE
        plan = f"{FUNCTION}-plan"
        self.aws.parameters["NextPreTokenGenerationArn"] = plan
        for named, gone in [
            ("ExistingTableName=usher-restored", "the table usher-Storage-Table-1"),
            ("TableName=mine", "the table usher-Storage-Table-1"),
            (f"NextPreTokenGenerationArn={plan}:7", f"the function {plan}"),
            ("NextPreTokenGenerationArn=", f"the function {plan}"),
        ]:
            refusal = (
                f"The triggers change in steps, and until the last step the earlier version may not use {gone} any more. "
                "So name TriggerDeployment=AllAtOnce too, and set it back with a later deployment."
            )
            with self.subTest(named):
                self.assert_refused(refusal, named)
                self.assertEqual(0, self.deploy(named, "TriggerDeployment=AllAtOnce", "--dry-run")[0])
        said = self.deploy("NextPreTokenGenerationArn=", "TriggerDeployment=AllAtOnce", "--dry-run")[1]
        self.assertIn(f"For some seconds the trigger that runs may not invoke {plan} any more, and its events fail.", said)
        # A trigger that invoked nothing before loses nothing.
        self.assertEqual(0, self.deploy(f"NextPostConfirmationArn={plan}", "--dry-run")[0])

    def test_a_deployment_after_one_that_was_taken_back_is_not_made_in_steps(self):
        names = ("PostConfirmationFunctionArn", "PreTokenGenerationFunctionArn")
        self.aws.outputs |= {name: f"{OUTPUTS[name]}:live" for name in names}
        self.aws.versions = [f"{OUTPUTS[name]}:3" for name in names]
        self.aws.aliases = {"usher-post-confirmation": "3", "usher-pre-token-generation": "3"}
        self.assertEqual(0, self.deploy("--dry-run")[0])
        self.aws.aliases["usher-pre-token-generation"] = "2"
        told = "Somebody has taken back a deployment: usher-pre-token-generation is at version 2 instead of 3."
        refusal = (
            f"{told} CodeDeploy would begin at the version that was taken back. "
            "So name TriggerDeployment=AllAtOnce too, and set it back with a later deployment."
        )
        self.assert_refused(refusal)
        said = self.deploy("TriggerDeployment=AllAtOnce", "--dry-run")[1]
        self.assertIn(f"{told} This deployment moves the aliases to new versions.\n", said)

    def test_another_pool_is_served_if_it_is_named_and_there(self):
        other = "eu-central-1_Other"
        self.assert_refused(f"There is no user pool {other} in this account.", f"UserPoolId={other}")
        refusal = "The user pool us-east-1_Other is in us-east-1, and the stack is in eu-central-1."
        self.assert_refused(refusal, "UserPoolId=us-east-1_Other")
        self.aws.pools[other] = {}
        stays = (
            f"The pool {POOL} stays, but it may no longer call the functions: take their triggers off it first, "
            "or nobody can sign in there.\n"
        )
        said = (
            f"{HEAD}  UserPoolId: nothing -> {other}\n  MadeUserPoolId: {POOL} -> nothing\n{OTHERS}"
            f"The stack will serve the user pool {other}. {stays}{DRY}"
        )
        self.assertEqual((0, said, ""), self.deploy(f"UserPoolId={other}", "--dry-run"))
        self.aws.parameters |= {"UserPoolId": POOL, "MadeUserPoolId": ""}
        said = f"{HEAD}  UserPoolId: {POOL} -> nothing\n{OTHERS}The stack makes a new, empty user pool. {stays}{DRY}"
        self.assertEqual((0, said, ""), self.deploy("UserPoolId=", "--dry-run"))

    def test_the_table_and_the_pool_that_the_stack_has_made_can_become_given_ones(self):
        self.aws.tables[OUTPUTS["TableName"]] = TABLE
        given = [f"ExistingTableName={OUTPUTS['TableName']}", f"UserPoolId={POOL}"]
        told = (
            f"The functions will use the table {OUTPUTS['TableName']}. The stack no longer manages it.\n"
            f"The stack will serve the user pool {POOL}. The stack no longer manages it.\n"
        )
        ended, output, _ = self.deploy(*given, "--dry-run")
        self.assertEqual((0, True), (ended, output.endswith(f"{OTHERS}{told}{DRY}")))

    def test_a_build_that_is_not_of_these_sources_is_refused(self):
        # The help in the console is made of the documents.
        for name in (
            "functions/src/lib.rs", ".cargo/config.toml", "docs/errors.md", "docs/adr/README.md", "ARCHITECTURE.md"
        ):
            source = self.root / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text("newer")
            self.assert_refused(
                f"The build in {self.build} is of other sources than these: run make deploy, which builds."
            )
            self.built()
        self.assertEqual(0, self.deploy("--yes")[0])
        for made in ("functions/console/dist/index.html", "functions/console/node_modules/a.js", "functions/target/a"):
            (self.root / made).parent.mkdir(parents=True)
            (self.root / made).write_text("made")
        self.assertEqual(0, self.deploy("--yes")[0])
        self.commands.clear()
        for missing in ("sources", "template.yaml"):
            (self.build / missing).unlink()
            self.assert_refused(f"There is no complete build in {self.build}: run make deploy, which builds.")
            self.built()

    def test_the_build_is_for_the_architecture_of_the_stack(self):
        self.aws.parameters["Architecture"] = "x86_64"
        refusal = (
            "FirstFunction is built for arm64, and the stack's Architecture is x86_64: run make deploy, which builds."
        )
        self.assertEqual((refusal, HEAD + KEPT, ""), self.deploy("--yes"))
        self.assertEqual([], self.commands)
        self.assertEqual((0, "x86_64\n", ""), self.deploy("--architecture"))
        self.assertEqual((0, "arm64\n", ""), self.deploy("--architecture", "Architecture=arm64"))
        self.built(machine="x86_64")
        self.assertEqual(0, self.deploy("--yes")[0])

    def test_only_a_yes_deploys(self):
        change = f"{HEAD}  MemorySize: 256 -> 512\n{OTHERS}Deploy this? [y/N] \n"
        nobody = "Nothing was deployed, because nobody answered: give --yes (in make: YES=1)."
        self.assertEqual((nobody, change, ""), self.deploy("MemorySize=512"))
        for answer in ("", "n", "no", "maybe"):
            self.assertEqual(("Nothing was deployed.", change, ""), self.deploy("MemorySize=512", answers=[answer]))
        self.assertEqual([], self.commands)
        self.assertEqual((0, change + TAIL, ""), self.deploy("MemorySize=512", answers=["Y"]))
        self.assertEqual("--no-confirm-changeset", (self.deploy("--yes"), self.commands)[1][1][-1])

    def test_who_stops_it_is_told_what_may_go_on(self):
        stopped = "Stopped. If CloudFormation has begun to execute a change set, it continues: look at the stack."
        for place in ("builtins.input", "subprocess.run"):
            with mock.patch(place, side_effect=KeyboardInterrupt):
                with contextlib.redirect_stdout(io.StringIO()):
                    yes = ["--yes"] if place == "subprocess.run" else []
                    arguments = ["--stack-name", "usher", "--region", "eu-central-1", "MemorySize=512", *yes]
                    self.assertEqual(stopped, script.main(arguments))

    def test_a_dry_run_needs_no_build_and_changes_nothing(self):
        (self.build / "template.yaml").unlink()
        said = f"{HEAD}  MemorySize: 256 -> 512\n{OTHERS}{DRY}"
        self.assertEqual((0, said, ""), self.deploy("MemorySize=512", "--dry-run"))
        self.assertEqual([], self.commands)

    def test_every_function_has_the_digest_of_all_that_is_deployed(self):
        def deployed():
            self.assertEqual(0, self.deploy("--yes")[0])
            resources = yaml.safe_load((self.build / "deployed.yaml").read_text())["Resources"]
            self.assertEqual({"TemplateURL": "storage.yaml"}, resources.pop("Storage")["Properties"])
            [one] = {resource["Properties"]["AutoPublishCodeSha256"] for resource in resources.values()}
            self.assertRegex(one, "^[0-9a-f]{64}$")
            return one

        first = deployed()
        os.utime(self.build / "FirstFunction/bootstrap", (1, 1))
        self.assertEqual(first, deployed(), "the same artifacts, template and parameters")
        self.aws.parameters |= {"OperatorCallbackUrls": f"{CONSOLE},https://a.example", "AlarmTopicArn": ""}
        self.assertEqual(first, deployed(), "parameters that no function depends on")
        # CloudFormation retains the versions of a deployment that it has rolled back. Lambda would publish none again.
        self.aws.template = "Resources: {}"
        again = deployed()
        self.assertEqual((True, first[10:]), (again[:10] != first[:10], again[10:]), "a repeated deployment")
        digests = {first}
        (self.build / "SecondFunction/bootstrap").write_bytes(ELF["arm64"] + b"changed")
        digests.add(deployed())
        (self.build / "storage.yaml").write_text("Resources: {Changed: {}}")
        digests.add(deployed())
        template = json.loads((self.build / "template.yaml").read_text())
        (self.build / "template.yaml").write_text(json.dumps(template | {"Description": "changed"}))
        digests.add(deployed())
        self.aws.parameters["ClaimsBytes"] = "3000"
        digests.add(deployed())
        self.assertEqual(5, len(digests))

    def test_functions_with_the_same_artifact_name_one_folder_and_others_their_own(self):
        def folders():
            self.assertEqual(0, self.deploy("--yes")[0])
            resources = yaml.safe_load((self.build / "deployed.yaml").read_text())["Resources"]
            return [resource["Properties"].get("CodeUri") for resource in resources.values()]

        self.assertEqual(["FirstFunction", "FirstFunction", None], folders())
        (self.build / "SecondFunction/bootstrap").write_bytes(ELF["arm64"] + b"changed")
        self.assertEqual(["FirstFunction", "SecondFunction", None], folders())
        # An artifact is all that the folder has.
        (self.build / "SecondFunction/bootstrap").write_bytes(ELF["arm64"])
        (self.build / "SecondFunction/more").write_text("more")
        self.assertEqual(["FirstFunction", "SecondFunction", None], folders())

    def test_a_deployment_that_sam_could_not_make_or_nobody_confirmed_is_told(self):
        change = f"{HEAD}  MemorySize: 256 -> 512\n{OTHERS}"
        self.sam_ends = 1
        failed = (
            "SAM has not deployed: see what it says above. A change set that CloudFormation has begun to execute is "
            "rolled back by CloudFormation."
        )
        self.assertEqual((failed, change, ""), self.deploy("--yes", "MemorySize=512"))
        self.sam_ends, self.executes = 0, False
        declined = (
            "The stack usher does not have the planned value of MemorySize: "
            "nobody has confirmed the change set, or somebody else has deployed."
        )
        self.assertEqual((declined, change, ""), self.deploy("--yes", "MemorySize=512"))

    def test_the_tags_of_the_stack_stay(self):
        self.aws.tags = {"team": "identity and access", "cost:center": "7=a@b"}
        self.assertEqual(0, self.deploy("--yes")[0])
        self.assertEqual(["--tags", '"team"="identity and access"', '"cost:center"="7=a@b"'], self.commands[0][-3:])

    def test_a_pool_that_does_not_call_the_triggers_is_told_how_it_will(self):
        for config in ({}, TRIGGERS | {"PostConfirmation": f"{FUNCTION}-other"}):
            self.aws.pools[POOL] = config
            hint = (
                f"The console of usher: {CONSOLE}\nThe user pool {POOL} does not call both triggers: run "
                f".venv/bin/python infra/attach-triggers.py --user-pool-id {POOL} --stack-name usher\n"
            )
            self.assertEqual((0, HEAD + KEPT + hint, ""), self.deploy("--yes"))

    def test_stack_and_region_are_named_and_what_aws_refuses_is_told(self):
        refusal = "Name the stack: make deploy STACK=usher REGION=eu-central-1."
        for arguments in (["--region", "eu-central-1"], ["--stack-name", "", "--region", "eu-central-1"]):
            self.assertEqual((refusal, "", ""), run(script, *arguments))
        refusal = "Name the region: make deploy STACK=usher REGION=eu-central-1."
        for arguments in (["--stack-name", "usher"], ["--stack-name", "usher", "--region", ""]):
            self.assertEqual((refusal, "", ""), run(script, *arguments))
        with mock.patch.dict(os.environ, {"AWS_REGION": "eu-central-1"}):
            self.assertEqual((0, HEAD + KEPT + TAIL, ""), run(script, "--stack-name", "usher", "--region", ""))
        self.aws.refusal = "Not today."
        self.assertEqual("AWS refuses DescribeStacks: Not today.", self.deploy()[0])

    def make(self, *arguments, **environment):
        """What `make deploy` would run after it has read the stack: its exit code, the lines, and the errors."""
        command = ["make", "--dry-run", "--no-print-directory", "deploy", *arguments]
        run = RUN(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
        return run.returncode, run.stdout.splitlines(), run.stderr

    def test_make_builds_for_the_stack_and_passes_every_value_on_as_it_is(self):
        self.aws.parameters["Architecture"] = "x86_64"
        values = (
            """TrustedProviders= OperatorCallbackUrls='https://a.example/?x=1&y=2,https://b.example/*' ClaimsIn="id" """
            "NextPostConfirmationArn=arn:aws:lambda:eu-central-1:123456789012:function:welcome:$LATEST"
        )
        code, lines, errors = self.make(
            "STACK=usher", "REGION=eu-central-1", f"PARAMETERS={values}", "YES=1", ARCH="arm64"
        )
        self.assertEqual((0, ""), (code, errors))
        [build] = [line for line in lines if "sam build" in line]
        self.assertIn("--parameter-overrides Architecture=x86_64 ", build)
        passed = [
            "infra/deploy.py",
            "--stack-name",
            "usher",
            "--region",
            "eu-central-1",
            "--parameters",
            values,
            "--yes",
        ]
        self.assertEqual([".venv/bin/python", "-B", *passed], shlex.split(lines[-1]))

    def test_make_takes_nothing_from_the_environment(self):
        left = {"PARAMETERS": "UserPoolId= ExistingTableName=other", "YES": "1", "DRY_RUN": "1", "REGION": "us-east-1"}
        code, lines, errors = self.make("STACK=usher", AWS_REGION="eu-central-1", **left)
        self.assertEqual((0, ""), (code, errors))
        passed = ["infra/deploy.py", "--stack-name", "usher", "--region", "", "--parameters", ""]
        self.assertEqual([".venv/bin/python", "-B", *passed], shlex.split(lines[-1]))
        code, _, errors = self.make(STACK="usher", AWS_REGION="eu-central-1")
        refusal = "Name the stack: make deploy STACK=usher REGION=eu-central-1."
        self.assertEqual((2, refusal), (code, errors.splitlines()[0]))

    def test_make_builds_nothing_after_a_refusal_or_for_a_dry_run(self):
        code, lines, errors = self.make("STACK=usher", "REGION=eu-central-1", "PARAMETERS=Memory=1")
        refusal = "There is no parameter Memory: did you mean MemorySize?"
        self.assertEqual(
            (2, refusal, []), (code, errors.splitlines()[0], [line for line in lines if "sam build" in line])
        )
        code, lines, _ = self.make("STACK=usher", "REGION=eu-central-1", "DRY_RUN=1")
        self.assertEqual((0, "--dry-run"), (code, shlex.split(lines[-1])[-1]))
        self.assertEqual([], [line for line in lines if "sam build" in line])


if __name__ == "__main__":
    unittest.main()
