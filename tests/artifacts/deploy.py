"""Deploys the previous release to an AWS emulator, updates it to the built stack, runs, changes and deletes it.

    python -m artifacts.deploy .aws-sam/test/template.yaml

It tests what other tests cannot: CloudFormation creates, changes and deletes the stack, as infra/deploy.py lets it from a
folder without any saved state. The functions start from their artifacts, with only the permissions of their roles, and
answer. The pool calls the deployed trigger with event version 2, and the answer reaches both tokens. The emulator
(ministack) runs on loopback, and ends with this program. It does not take the routes of the HTTP API from the template, so
requests go through Lambda's own API, as the events that an HTTP API would send. Only `account.py` gives the API its routes.
"""

import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
import yaml
from samcli.yamlhelper import yaml_parse

from . import account, alarms, chained, events as of_events, permissions, story
from .emulator import emulated, emulator
from .stack import (
    ALIAS,
    PASSWORD,
    REGION,
    STACK,
    claims_of,
    delete,
    described,
    events,
    machine,
    made_with,
    outputs_of,
    parameters_of,
    pools,
    refused,
    resources_of,
    settled,
    stacks,
    table_of,
    tokens_of,
)
from .story import ROOT, same

# Names that a shell, SAM and CloudFormation could each read in another way.
PROVIDERS = "Google,SignInWithApple,Acme's,\"staff\""
ADDRESS = "ann@acme.example"
# The resources that stay when the stack is deleted: passwords cannot be exported, and apps use their client.
RETAINED = ["Table", "UserPool", "UserPoolClient"]
# The templates of the previous release.
RECORDED = ROOT / "tests/data/recorded-stack"
# What an update must not replace. If one of these got another id, data, users, programs or addresses would be lost.
KEPT = {
    "AWS::ApiGatewayV2::Api",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
}
# The resources that SAM makes from the events and the alias of a function, and from the API.
MADE_BY_SAM = {"AWS::Lambda::Permission", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::ApiGatewayV2::Stage"}


def main():
    template = emulated(Path(sys.argv[1]).resolve())
    with emulator():
        parts = (recorded, upgraded, answered, signed_in, published, permitted, verified, updated, rolled_back, restored)
        for part in (*parts, joined, alarms.composed, deleted, failed):
            begin = time.monotonic()
            said = part(template)
            print(f"{said} ({time.monotonic() - begin:.0f} s).", flush=True)


def deploy(template, *given, samconfig=None):
    """Runs infra/deploy.py in a folder with no file, or with this samconfig.toml. Returns its exit code and output."""
    with tempfile.TemporaryDirectory() as folder:
        if samconfig:
            Path(folder, "samconfig.toml").write_text(samconfig)
        done = subprocess.run(
            [ROOT / ".venv/bin/python", "-B", ROOT / "infra/deploy.py", "--yes", "--build-dir", template.parent]
            + ["--stack-name", STACK, "--region", REGION, *given],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return done.returncode, done.stdout


def deployed(template, *given):
    """Deploys, and returns what the script said."""
    code, said = deploy(template, *given)
    if code:
        sys.exit(said)
    return said


def run_sam(template, **parameters):
    """Deploys with SAM alone, as before there was infra/deploy.py."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = Path(folder, "parameters.yaml")
        # JSON is YAML.
        overrides.write_text(json.dumps(parameters))
        done = subprocess.run(
            [ROOT / ".venv/bin/sam", "deploy", "--template-file", template, "--stack-name", STACK, "--region", REGION]
            + ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
            + ["--parameter-overrides", f"file://{overrides}"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        sys.exit(done.stdout)


def recorded(template):
    """Deploys the templates of the previous release, with the present artifacts."""
    # All functions have the same artifact, so that SAM compresses one.
    [built, *_] = [template.parent / properties["CodeUri"] for _, _, properties in story.resources(template)]
    properties = [resource["Properties"] for resource in resources_of(template).values()]
    [pages] = [given["ContentUri"] for given in properties if "ContentUri" in given]
    with tempfile.TemporaryDirectory() as folder:
        root = yaml_parse((RECORDED / "template.yaml").read_text())
        # The metadata for publishing names files beside the template.
        del root["Metadata"]
        for resource in root["Resources"].values():
            match resource["Type"]:
                case "AWS::Serverless::Function":
                    resource["Properties"]["CodeUri"] = f"{built}"
                case "AWS::Serverless::LayerVersion":
                    resource["Properties"]["ContentUri"] = f"{(template.parent / pages).resolve()}"
                case "AWS::CloudFormation::Stack":
                    resource["Properties"]["TemplateURL"] = f"{RECORDED / resource['Properties']['TemplateURL']}"
        path = Path(folder, "template.yaml")
        # JSON is YAML.
        path.write_text(json.dumps(root))
        run_sam(path, Architecture=machine(), TrustedProviders=PROVIDERS)
    same("CREATE_COMPLETE", described(STACK)["StackStatus"], "the stack")
    return "make deploy creates a stack of the previous release"


def upgraded(template):
    before, described_table = kept(), table_of(outputs_of(STACK)["TableName"])
    table = described_table["TableId"]
    same(None, described_table.get("LatestStreamArn"), "the stream of the table before")
    # The story changes a rule and asks for a token at once.
    deployed(template, "TriggerDeployment=AllAtOnce", "TokenCacheSeconds=0")
    same(PROVIDERS, parameters_of(STACK)["TrustedProviders"], "a parameter that nobody has named")
    same(before, {id: there for id, there in kept().items() if id in before}, "what an update must not replace")
    described_table = table_of(outputs_of(STACK)["TableName"])
    same(table, described_table["TableId"], "the table")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    same(stream, described_table["StreamSpecification"], "the stream of the table, which the update has turned on")
    count = 0
    for name, path in stacks(template).items():
        expected = made_with(path, parameters_of(name))
        found = {
            resource["LogicalResourceId"]: resource
            for resource in boto3.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        }
        # SAM gives each version of a layer its own name.
        layers = {id for id, resource in expected.items() if resource["Type"] == "AWS::Serverless::LayerVersion"}
        lacking = (expected.keys() - found.keys() - layers) | {
            layer for layer in layers if not any(id.startswith(layer) for id in found)
        }
        same([], sorted(lacking), f"the resources of {path} that were not created")
        more = {
            id
            for id in found.keys() - expected.keys()
            if found[id]["ResourceType"] not in MADE_BY_SAM and not any(id.startswith(layer) for layer in layers)
        }
        same([], sorted(more), f"resources that {path} does not have")
        states = {resource["ResourceStatus"] for resource in found.values()} - {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        same([], sorted(states), f"other states of the resources of {path}")
        count += len(found)
    same([{"EmailSendingAccount": "COGNITO_DEFAULT"}] * 2, mail_of_pools(), "who sends the pools' emails")
    same([["INFO", "WARN"]], log_levels(template), "what functions and Lambda log")
    return f"an update to this release makes all {count} resources, and replaces none of {len(before)} that must stay"


def kept():
    """The physical ids of what an update must not replace, by stack and logical id."""
    formation = boto3.client("cloudformation")
    pages = formation.get_paginator("list_stack_resources")
    listed = {STACK: STACK}
    for resource in formation.describe_stack_resources(StackName=STACK)["StackResources"]:
        if resource["ResourceType"] == "AWS::CloudFormation::Stack":
            listed[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    return {
        f"{label}.{resource['LogicalResourceId']}": resource["PhysicalResourceId"]
        for label, name in listed.items()
        for page in pages.paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] in KEPT
    }


def answered(template):
    """Calls each function from its artifact, under its own role."""
    functions = boto3.client("lambda")

    def invoke(name, _, event):
        answer = functions.invoke(FunctionName=f"{STACK}-{name}", Qualifier=ALIAS, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    story.make_provider(boto3.client("cognito-idp"), outputs_of(STACK)["UserPoolId"])
    count = story.tell(template, invoke)
    return f"the deployed functions answer {count} events as told"


def signed_in(_):
    outputs = outputs_of(STACK)
    cognito = boto3.client("cognito-idp")
    pool = {"UserPoolId": outputs["UserPoolId"]}
    triggers = cognito.describe_user_pool(**pool)["UserPool"]["LambdaConfig"]
    version_2 = {"LambdaVersion": "V2_0", "LambdaArn": outputs["PreTokenGenerationFunctionArn"]}
    same(version_2, triggers["PreTokenGenerationConfig"], "the token trigger")
    same(outputs["PostConfirmationFunctionArn"], triggers["PostConfirmation"], "the sign-up trigger")

    # The stack's client never sends a password. A client with passwords is simpler here than SRP.
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(**pool, ClientName="test", ExplicitAuthFlows=flows)
    attributes = [{"Name": "email", "Value": ADDRESS}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(**pool, Username=ADDRESS, UserAttributes=attributes, MessageAction="SUPPRESS")
    # Ann joins when this token is issued. Joe joined in the story, when the role was a default role.
    for address, roles in [(ADDRESS, []), ("joe@acme.example", ["acme:Engineer"])]:
        cognito.admin_set_user_password(**pool, Username=address, Password=PASSWORD, Permanent=True)
        answer = tokens_of(address, client["UserPoolClient"]["ClientId"])
        expected = {"organizations": ["acme"], "organization_roles": roles, "organizations_overflow": None}
        for kind in ("IdToken", "AccessToken"):
            claims = claims_of(answer[kind])
            same(expected, {name: claims.get(name) for name in expected}, f"the {kind} of {address}")
    return "the claims are in the ID token and in the access token"


def published(template):
    """Makes changes through the deployed functions, and waits for their events."""
    with of_events.received(STACK) as queue:
        count = of_events.check(template, STACK, queue)
    return f"each change in the table has exactly its events on the bus, and as activity: {count}, and again by replay"


def permitted(template):
    count = permissions.check(STACK, story.functions(template), outputs_of(STACK))
    return f"each role can do its function's work and no other's: {count} calls allowed or denied as its policies say"


def verified(template):
    count = account.check(template, STACK)
    return f"verify-account.py makes {count} checks as far as the emulator goes, and leaves nothing, also if killed"


def updated(template):
    before = table_of(outputs_of(STACK)["TableName"])["TableId"]
    mail = {"SesIdentityArn": "arn:aws:ses:eu-central-1:000000000000:identity/acme.com", "EmailFrom": "Acme <no-reply@acme.com>"}
    named = {"MemorySize": "512", "LogRetentionDays": "14", "TableDeletionProtection": "false", "LogLevel": "DEBUG", **mail}
    deployed(template, "--parameters", " ".join(f"{name}={shlex.quote(value)}" for name, value in named.items()))
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}-")["logGroups"]
    for name in story.functions(template):
        same(("2", 512), behind_the_alias(name), f"version and memory of {name}")
        days = [group["retentionInDays"] for group in groups if group["logGroupName"] == f"/aws/lambda/{STACK}-{name}"]
        same([14], days, f"how long the log of {name} is kept")
    table = table_of(outputs_of(STACK)["TableName"])
    same(before, table["TableId"], "the table")
    by_ses = {"EmailSendingAccount": "DEVELOPER", "SourceArn": mail["SesIdentityArn"], "From": mail["EmailFrom"]}
    same([by_ses] * 2, mail_of_pools(), "who sends the pools' emails")
    same([["DEBUG", "INFO"]], log_levels(template), "what functions and Lambda log")
    boto3.client("sesv2").create_email_identity(EmailIdentity="acme.com")
    sends = f"2 pools send as {mail['EmailFrom']}, by a verified identity"
    debug = f"{len(story.functions(template))} functions have DEBUG"
    account.check_only(STACK, {"mail": ("pass", sends), "log-levels": ("pass", debug)})
    # As text, because the emulator keeps the type of a parameter.
    same("false", str(table["DeletionProtectionEnabled"]).lower(), "the table's protection")

    there = parameters_of(STACK)
    same(1, deployed(template).count("No changes to deploy"), "a deployment without a change")
    same(there, parameters_of(STACK), "the parameters after it")
    return "an update with other parameters changes functions, logs, pools and table, replaces none, and a second one nothing"


def restored(template):
    """Restores the table, and deploys as an operator does then: once with the new table, and later without naming it."""
    database, functions = boto3.client("dynamodb"), boto3.client("lambda")
    old, new = outputs_of(STACK)["TableName"], f"{STACK}-restored"
    database.restore_table_to_point_in_time(SourceTableName=old, TargetTableName=new, UseLatestRestorableTime=True)
    same("ACTIVE", table_of(new)["TableStatus"], "the restored table")
    refusal = "There is no table usher-restord in eu-central-1.\n"
    same((1, refusal), deploy(template, "ExistingTableName=usher-restord"), "a table that is not there")
    said = deployed(template, f"ExistingTableName={new}")
    missing = f"Nothing will be published, since the table {new} has no stream: run "
    same(True, missing in said, f"what the script says of the restored table's stream in {said}")
    stream = {"StreamEnabled": True, "StreamViewType": of_events.IMAGES}
    database.update_table(TableName=new, StreamSpecification=stream)
    told = f"The functions will use the table {new}. The table {old} stays, and they no longer use it.\n"
    same(True, told in said, f"what the script says in {said}")

    guided = f'[default.deploy.parameters]\nparameter_overrides = "ExistingTableName=\\"\\" TableName=\\"{old}\\""\n'
    code, said = deploy(template, samconfig=guided)
    same((1, True), (code, "samconfig.toml has settings for deployments" in said), f"an older samconfig.toml: {said}")
    deployed(template, "MemorySize=256")
    same(table_of(new)["LatestStreamArn"], of_events.mapping(STACK)["EventSourceArn"], "the stream that is read")
    same(new, outputs_of(STACK)["TableName"], "the table after a release that does not name it")
    for name in story.functions(template):
        function = functions.get_function_configuration(FunctionName=f"{STACK}-{name}", Qualifier=ALIAS)
        same(new, function["Environment"]["Variables"]["TABLE_NAME"], f"the table of {name}")

    # What is in the restored table alone is answered.
    key = {"pk": {"S": "ORG#acme"}, "sk": {"S": "ORG"}}
    items = {table: database.get_item(TableName=table, Key=key)["Item"] for table in (old, new)}
    same(items[old], items[new], "the restored organization")
    database.put_item(TableName=new, Item=items[new] | {"name": {"S": "Restored"}})
    event = story.event_of({"request": "GET /organizations/acme"})
    name, payload = f"{STACK}-organizations", json.dumps(event)
    answer = json.loads(functions.invoke(FunctionName=name, Qualifier=ALIAS, Payload=payload)["Payload"].read())
    same("Restored", json.loads(answer["body"])["name"], "the organization in the restored table")
    return "the next release keeps the restored table, and a function answers from it"


def rolled_back(template):
    """Takes the update back, twice, and then the rolling back itself."""
    names = list(story.functions(template))
    pool = outputs_of(STACK)["UserPoolId"]
    clients = boto3.client("cognito-idp").list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    [client] = [it["ClientId"] for it in clients if it["ClientName"] == "test"]
    for arguments, expected, last in [
        ([], ("1", 256), "done."),
        ([], ("1", 256), "nothing to change."),
        (["--to-deployed"], ("2", 512), "done."),
        (["--function", names[0]], ("1", 256), "done."),
        (["--to-deployed"], ("2", 512), "done."),
    ]:
        line = [ROOT / ".venv/bin/python", "-B", ROOT / "infra/roll-back.py", "--stack-name", STACK, *arguments]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode or f"\n{STACK}: {last}" not in done.stdout:
            sys.exit(done.stdout)
        for name in names[:1] if "--function" in arguments else names:
            same(expected, behind_the_alias(name), f"version and memory of {name} after {arguments}")
        claims = claims_of(tokens_of(ADDRESS, client)["IdToken"])
        same(["acme"], claims.get("organizations"), f"the organizations of {ADDRESS} after {arguments}")
    return "a deployment is taken back by one command, and taken back again"


def behind_the_alias(name):
    """The version that the alias of a function is at, and its memory."""
    functions = boto3.client("lambda")
    function = functions.get_function_configuration(FunctionName=f"{STACK}-{name}", Qualifier=ALIAS)
    version = functions.get_alias(FunctionName=f"{STACK}-{name}", Name=ALIAS)["FunctionVersion"]
    return version, function["MemorySize"]


def mail_of_pools():
    """The email configuration of the operators' pool and of the customers' pool."""
    cognito, outputs = boto3.client("cognito-idp"), outputs_of(STACK)
    pools = [cognito.describe_user_pool(UserPoolId=outputs[name])["UserPool"] for name in ("OperatorPoolId", "UserPoolId")]
    return [pool["EmailConfiguration"] for pool in pools]


def log_levels(template):
    """The log levels of all functions: of their own lines, and of Lambda's lines."""
    functions = boto3.client("lambda")
    found = set()
    for name in story.functions(template):
        logging = functions.get_function_configuration(FunctionName=f"{STACK}-{name}")["LoggingConfig"]
        found.add((logging["ApplicationLogLevel"], logging["SystemLogLevel"]))
    return sorted(map(list, found))


def joined(_):
    with tempfile.TemporaryDirectory() as folder:
        return chained.check(STACK, folder)


def deleted(template):
    """Deletes the stack. Only the retained resources stay."""
    nested = {name: path for name, path in stacks(template).items() if name != STACK}
    parameters = {name: parameters_of(name) for name in nested}
    for given in parameters.values():
        # As before the restore, because a stack with a given table has no table that could stay.
        given.update(dict.fromkeys(given.keys() & {"ExistingTableName"}, ""))
    delete(STACK)
    listed = boto3.client("cloudformation").list_stacks()["StackSummaries"]
    states = {it["StackName"]: it["StackStatus"] for it in listed if it["StackName"].startswith(STACK)}
    same(dict.fromkeys([STACK, *nested], "DELETE_COMPLETE"), states, "the stacks")
    account.check_without_stack(STACK)
    for service, listing, kind, key in [
        ("lambda", "list_functions", "Functions", "FunctionName"),
        ("iam", "list_roles", "Roles", "RoleName"),
        ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        ("apigatewayv2", "get_apis", "Items", "Name"),
    ]:
        there = [it[key] for it in getattr(boto3.client(service), listing)()[kind]]
        same([], [name for name in there if STACK in name], f"what is left of {kind}")

    # The emulator deletes everything in a nested stack. It retains resources only in a stack that is not nested.
    retained = []
    for name, path in nested.items():
        resources = made_with(path, parameters[name])
        expected = sorted(id for id, resource in resources.items() if resource.get("DeletionPolicy") == "Retain")
        if expected:
            same(expected, sorted(retained_of(path, parameters[name])), f"what {path} retains")
            retained += expected
    same(RETAINED, sorted(retained), "what is retained")
    return "deleting the stack leaves the table, the users' pool and its client, and nothing else"


def failed(template):
    """Does what docs/operations.md says about a first deployment that has failed, for the table and for the pool."""
    formation = boto3.client("cloudformation")
    dynamodb, cognito = boto3.client("dynamodb"), boto3.client("cognito-idp")
    before = [*dynamodb.list_tables()["TableNames"], *(it["Id"] for it in pools(cognito))]
    for part in ("Storage", "Identity"):
        broken = yaml.safe_load((template.parent / part / "template.yaml").read_text())
        retained = [id for id, it in broken["Resources"].items() if it.get("DeletionPolicy") == "Retain"]
        # It is made last, for a pool that is not there.
        properties = {"UserPoolId": f"{REGION}_Nobody"}
        broken["Resources"]["Broken"] = {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": properties,
            "DependsOn": retained,
        }
        values = dict.fromkeys(broken["Parameters"], "") | ({"DeletionProtection": "true"} if part == "Storage" else {})
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        name = f"{STACK}-{part}-failed"
        formation.create_stack(StackName=name, TemplateBody=json.dumps(broken), Parameters=given)
        settled(name, "ROLLBACK_COMPLETE")
        reasons = [it for it in events(name) if it["ResourceStatus"] == "CREATE_FAILED"]
        same(["Broken"], [it["LogicalResourceId"] for it in reasons], f"what failed of {part}")
        refusal = refused(lambda: formation.update_stack(StackName=name, TemplateBody=json.dumps(broken), Parameters=given))
        same(True, "ROLLBACK_COMPLETE" in refusal, f"an update of a stack that was never made: {refusal}")
        delete(name)

    tables = [it for it in dynamodb.list_tables()["TableNames"] if it not in before]
    left = [it for it in pools(cognito) if it["Id"] not in before]
    same(1, len(tables), f"tables that are left: {tables}")
    same([True], [it["Name"].startswith(f"{STACK}-Identity-") for it in left], "pools that are left, with this name")
    same(True, tables[0].startswith(f"{STACK}-Storage-"), tables[0])
    dynamodb.update_table(TableName=tables[0], DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=tables[0])
    cognito.update_user_pool(UserPoolId=left[0]["Id"], DeletionProtection="INACTIVE")
    cognito.delete_user_pool(UserPoolId=left[0]["Id"])
    after = [*dynamodb.list_tables()["TableNames"], *(it["Id"] for it in pools(cognito))]
    same(sorted(before), sorted(after), "what is there after cleaning up")
    return "a first deployment that fails leaves a table and a pool, which the documented commands find and delete"


def retained_of(path, parameters):
    """The resources that remain after a stack of this template was created and deleted."""
    formation = boto3.client("cloudformation")
    name = path.parent.name
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    formation.create_stack(StackName=name, TemplateBody=path.read_text(), Parameters=given)
    formation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    made = formation.describe_stack_resources(StackName=name)["StackResources"]
    ids = {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in made}
    delete(name)
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    cognito = boto3.client("cognito-idp")
    pool_ids = [pool["Id"] for pool in pools(cognito)]
    clients = [
        client["ClientId"]
        for pool in pool_ids
        for client in cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    ]
    return {logical for logical, id in ids.items() if id in [*tables, *pool_ids, *clients]}


if __name__ == "__main__":
    main()
