"""Runs infra/verify-account.py against the deployed stack, as an operator does.

The script tries what no emulator shows. So some of its checks must fail here, and this test says which and why. The
others must pass. Whatever the outcome, and however the script ends, nothing of what it has made may be left.
"""

import contextlib
import json
import signal
import subprocess
import sys

import boto3

from . import story
from .stack import REGION
from .story import ROOT, same

SCRIPT = ROOT / "infra/verify-account.py"
# The alias of the functions, if they have one.
ALIAS = "live"
# A policy of a role.
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}'
# Every check, with its outcome here and how its text begins.
EXPECTED = {
    "keys-inside": ("pass", "13 calls allowed"),
    # The emulator does not support `dynamodb:LeadingKeys`, so it allows every call that the actions allow.
    "keys-outside": ("FAIL", "AWS allows GetItem, BatchGetItem, Query, PutItem, UpdateItem, DeleteItem, "),
    "keys-transactions": ("FAIL", "AWS allows Get, ConditionCheck, Put, Update, Delete. "),
    "keys-mixed": ("FAIL", "AWS allows transactional GetItem, BatchGetItem, transactional ConditionCheckItem, "),
    "no-keys": ("pass", "4 calls denied"),
    "triggers": ("pass", "both, with event version V2_0"),
    "trigger-permissions": ("pass", "6 permissions, all for arn:aws:cognito-idp:"),
    # The emulator confirms a user without calling the trigger. The function itself is tested in `answered`.
    "sign-up": ("FAIL", "the user "),
    "tokens": ("pass", "IdToken and AccessToken name usher-verify-"),
    "refreshed-tokens": ("pass", "IdToken and AccessToken name usher-verify-"),
    "logs": ("pass", ""),
    "issuer": ("pass", "https://cognito-idp."),
    "api-tokens": ("pass", "no token, GET: 401; no token, DELETE: 401; "),
    "api-scopes": ("pass", "usher/read, DELETE: 403; usher/write, GET: 403; "),
    "api-works": ("pass", "reading: 200; "),
    # The emulator gives a function no layers, and the console's pages are in one.
    "console": ("FAIL", "the console: 503 text/html"),
    "ipv6": ("SKIPPED", "the stack has no ApiDomainName"),
    "audit": ("pass", "two changes by "),
    # The emulator writes no lines of Lambda as JSON, whatever the level.
    "log-levels": ("pass", ""),
    # The emulator's pools have no key.
    "own-key": ("SKIPPED", "the stack has no KmsKeyArn"),
    # The emulator's CloudFormation does not switch them on.
    "throttled-keys": ("FAIL", "the table usher-Storage-"),
    # With it, see `updated`.
    "mail": ("SKIPPED", "the stack has no SesIdentityArn"),
    # With them, see `chained.py`.
    "chained": ("SKIPPED", "no trigger has a function to invoke first"),
    # The emulator does not compute expressions, and alarms with them are not deployed to it.
    "alarm-expressions": ("SKIPPED", "the stack has no alarms with expressions"),
    "dashboard": ("FAIL", "Who did not join, and why: Expressions not implemented"),
    "alarm-states": ("pass", ""),
    "alarm-rings": ("pass", "usher-provisioning-failures is on. It tells nobody"),
    # This takes CloudWatch a quarter of an hour.
    "alarm-ends": ("SKIPPED", "asked for by --skip"),
    # The emulator has no CodeDeploy.
    "release-alarms": ("SKIPPED", "the stack has no deployment groups"),
}


def check(template, stack):
    """Runs the script to its end, and twice to half its way. Returns the number of checks."""
    has_aliases = "AutoPublishAlias" in template.read_text()
    count = len(story.functions(template))
    aliases = ("pass", f"{count} functions") if has_aliases else ("SKIPPED", "the stack has no aliases")
    route(template, stack, {"Qualifier": ALIAS} if has_aliases else {})
    before = there(stack)

    with started(stack) as process:
        said, errors = process.communicate()
    levels = ("pass", f"{count} functions have INFO, and ")
    found = compared(EXPECTED | {"aliases": aliases, "log-levels": levels}, said)
    same(["", 1], [errors, process.returncode], "how verify-account.py ends after checks that failed")
    same(before, there(stack), "what is there after verify-account.py")

    # When the tokens have passed, all has been made but the operator.
    with started(stack) as process:
        until(process, "tokens")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    same(["Interrupted by SIGTERM.\n", 1], [errors, process.returncode], "how verify-account.py ends after SIGTERM")
    same(before, there(stack), "what is there after SIGTERM")

    with started(stack) as process:
        until(process, "tokens")
        process.kill()
    between = there(stack)
    changed = [kind for kind in before if before[kind] != between[kind]]
    same(["users", "app clients", "roles", "items"], changed, "what verify-account.py leaves if it is killed")
    with started(stack, "--clean") as process:
        said, errors = process.communicate()
    same(["", 0], [errors, process.returncode], "how verify-account.py --clean ends")
    same(before, there(stack), "what is there after verify-account.py --clean")
    return len(found)


def compared(expected, said):
    """Compares the outcomes that the script prints, and returns them by the check's name."""
    found = {}
    for line in said.splitlines():
        outcome, _, rest = line.partition(" ")
        if outcome in ("pass", "FAIL", "SKIPPED"):
            name, _, rest = rest.strip().partition(" ")
            found[name] = outcome, rest.strip().partition(": ")[2]
    same(sorted(expected), sorted(found), "the checks of verify-account.py")
    for name, (outcome, beginning) in expected.items():
        seen = found[name][0], found[name][1][: len(beginning)]
        same([outcome, beginning], [*seen], f"{name}: {found[name][1]}")
    return found


def check_only(stack, expected):
    """Runs the script for a few checks of a stack that has other settings."""
    names = {*EXPECTED, "aliases"} - {*expected}
    with started(stack, "--yes", "--skip", ",".join(names)) as process:
        said, errors = process.communicate()
    same("", errors, "what verify-account.py says of errors")
    compared(dict.fromkeys(names, ("SKIPPED", "asked for by --skip")) | expected, said)


def check_without_stack(stack):
    """After the stack is deleted, the script removes what a killed run has left in IAM, for this region alone."""
    iam, names = boto3.client("iam"), {f"usher-verify-{region}": region for region in (REGION, "us-east-1")}
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    for name, region in names.items():
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(Path=f"/usher-verify/{region}/{stack}/", RoleName=name, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=name, PolicyName="own-items", PolicyDocument=POLICY)
    own, other = names
    with started(stack, "--clean") as process:
        said, errors = process.communicate()
    same([f"Removed: role {own}.\n", 0], [said, process.returncode], "how --clean ends without a stack")
    same(f"There is no stack {stack} in {REGION}.", errors[: errors.index(".") + 1], "what --clean says of the stack")
    same([other], [it["RoleName"] for it in iam.list_roles()["Roles"] if it["RoleName"] in names], "the roles left")
    iam.delete_role_policy(RoleName=other, PolicyName="own-items")
    iam.delete_role(RoleName=other)


@contextlib.contextmanager
def started(stack, *arguments):
    command = [sys.executable, "-B", SCRIPT, "--stack-name", stack]
    command += arguments or ["--yes", "--skip", "alarm-ends"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process, name):
    """Reads what the script says until this check has an outcome."""
    for line in process.stdout:
        if line.split()[1:2] == [name]:
            return
    raise SystemExit(f"verify-account.py ends before {name}\n{process.stderr.read()}")


def there(stack):
    """All that the script could leave, by kind."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    cognito = boto3.client("cognito-idp")
    pools = [{"UserPoolId": outputs[name]} for name in ("UserPoolId", "OperatorPoolId")]
    users = [user for pool in pools for user in cognito.list_users(**pool)["Users"]]
    clients = [it for pool in pools for it in cognito.list_user_pool_clients(**pool, MaxResults=60)["UserPoolClients"]]
    items = boto3.client("dynamodb").scan(TableName=outputs["TableName"], ConsistentRead=True)["Items"]
    return {
        "users": sorted(user["Username"] for user in users),
        "app clients": sorted(client["ClientId"] for client in clients),
        "roles": sorted(role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]),
        "items": sorted(json.dumps(item, sort_keys=True) for item in items),
    }


def route(template, stack, version):
    """Gives the API the routes, scopes and authorizer of the template. The emulator does not take them from there."""
    gateway = boto3.client("apigatewayv2")
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    api = next(it["ApiId"] for it in gateway.get_apis()["Items"] if it["ApiEndpoint"] == outputs["ApiEndpoint"])
    pool = outputs["OperatorPoolId"]
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="Operators",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Issuer": f"https://cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}",
            "Audience": [outputs["OperatorClientId"], outputs["MachineClientId"]],
        },
    )["AuthorizerId"]
    for name, _, properties in story.resources(template):
        function = boto3.client("lambda").get_function_configuration(FunctionName=f"{stack}-{name}", **version)
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function["FunctionArn"], PayloadFormatVersion="2.0"
        )["IntegrationId"]
        for event in properties.get("Events", {}).values():
            about = event["Properties"]
            auth = about.get("Auth", {})
            open_ = auth.get("Authorizer") == "NONE"
            needed = {"AuthorizationType": "JWT", "AuthorizerId": authorizer}
            gateway.create_route(
                ApiId=api,
                RouteKey=f"{about['Method']} {about['Path']}",
                Target=f"integrations/{integration}",
                **({} if open_ else needed | {"AuthorizationScopes": auth["AuthorizationScopes"]}),
            )
