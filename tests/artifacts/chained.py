"""Puts a stack's triggers in front of the functions that a customers' pool has already, and takes them off again.

The pool and its functions are made with AWS's API, as a customer would. The stack is a second one, for this pool, with the
template and the table of the first one. `infra/attach-triggers.py` runs as a program. The tokens show what each
function has added. The emulator does not call the trigger of a confirmed sign-up, and ignores the groups in an answer of
version 2. For these, the test calls Usher's function as the pool would.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

from . import account
from .stack import PASSWORD, REGION, claims_of, delete, outputs_of
from .story import EVENTS, same

SCRIPT = Path(__file__).parents[2] / "infra/attach-triggers.py"
STACK = "chained"
ROLE = "customer"
LEFT = 3  # the exit status of the script if it has left a trigger
# The customer's functions. `plan` adds claims, a scope and groups. For `old@` it answers as a function for events of
# version 1 does, whatever it gets. Both fail for `refused@`.
FUNCTIONS = {
    "plan": """
def handler(event, context):
    address = event["request"]["userAttributes"]["email"]
    if address.startswith("refused@"):
        raise Exception("no plan")
    claims, groups = {"plan": "gold"}, {"groupsToOverride": ["customers"]}
    token = {"claimsToAddOrOverride": claims}
    if address.startswith("old@"):
        event["response"] = {"claimsOverrideDetails": token | {"groupOverrideDetails": groups}}
    else:
        both = {"idTokenGeneration": token, "accessTokenGeneration": token | {"scopesToAdd": ["plans/read"]}}
        event["response"] = {"claimsAndScopeOverrideDetails": both | {"groupOverrideDetails": groups}}
    return event
""",
    "welcome": """
def handler(event, context):
    address = event["request"]["userAttributes"]["email"]
    if address.startswith("refused@"):
        raise Exception("not welcome")
    event["response"] = {"welcomed": address}
    return event
""",
}
ANN, OLD, REFUSED = "ann@acme.example", "old@acme.example", "refused@acme.example"
TEXTS = ["SmsAuthenticationMessage", "SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject"]
PLAN = {"plan": "gold"}
ORGANIZATIONS = {"organizations": ["acme"], "organization_roles": []}
# Claims that are compared, with the value of those that a token has not.
NONE = {"plan": None, "organizations": None, "organization_roles": None}
SCOPE = "aws.cognito.signin.user.admin"


class Customer:
    """A user pool with two functions of its own, and with users."""

    def __init__(self):
        statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = boto3.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        self.functions = {name: made_function(name, code, role) for name, code in FUNCTIONS.items()}
        # A failing trigger is an answer with status 500, which is not to be tried again.
        self.cognito = boto3.client("cognito-idp", config=Config(retries={"total_max_attempts": 1}))
        self.own = {
            "PostConfirmation": self.functions["welcome"],
            "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": self.functions["plan"]},
        }
        # The emulator describes a text that is not set as an empty one, which UpdateUserPool does not take. And it does
        # not derive UnusedAccountValidityDays from the password policy.
        settings = dict.fromkeys(TEXTS, "Your code is {####}")
        settings["AdminCreateUserConfig"] = {"AllowAdminCreateUserOnly": False}
        pool = self.cognito.create_user_pool(PoolName="customers", LambdaConfig=self.own, **settings)["UserPool"]
        self.pool = {"UserPoolId": pool["Id"]}
        for arn in self.functions.values():
            boto3.client("lambda").add_permission(
                FunctionName=arn,
                StatementId="pool",
                Action="lambda:InvokeFunction",
                Principal="cognito-idp.amazonaws.com",
                SourceArn=pool["Arn"],
            )
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = self.cognito.create_user_pool_client(**self.pool, ClientName="test", ExplicitAuthFlows=flows)
        self.client = client["UserPoolClient"]["ClientId"]
        for address in (ANN, OLD, REFUSED):
            attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
            user = self.pool | {"Username": address}
            self.cognito.admin_create_user(**user, UserAttributes=attributes, MessageAction="SUPPRESS")
            self.cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)

    def triggers(self):
        return self.cognito.describe_user_pool(**self.pool)["UserPool"]["LambdaConfig"]

    def sign_in(self, address):
        return self.cognito.admin_initiate_auth(
            **self.pool,
            ClientId=self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": address, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]

    def gets(self, address, both, of_id_token={}, scope=SCOPE):
        """Checks the claims of both tokens of a user, and the scope of the access token."""
        answer = self.sign_in(address)
        for kind, expected in [("IdToken", both | of_id_token), ("AccessToken", both | {"scope": scope})]:
            claims = claims_of(answer[kind])
            found = {name: claims.get(name) for name in (NONE | expected)}
            same(NONE | expected, found, f"the {kind} of {address}")

    def is_refused(self, address):
        try:
            self.sign_in(address)
        except ClientError:
            return
        raise SystemExit(f"{address} gets tokens, although a trigger has failed")

    def event(self, name, address):
        """An event for Usher's function about a user of the pool."""
        event = json.loads((EVENTS / f"{name}.json").read_text())
        user = self.cognito.admin_get_user(**self.pool, Username=address)
        attributes = {it["Name"]: it["Value"] for it in user["UserAttributes"]}
        event |= {"userPoolId": self.pool["UserPoolId"], "userName": address}
        event["request"]["userAttributes"] |= attributes
        return event

    def delete(self):
        self.cognito.delete_user_pool(**self.pool)
        for arn in self.functions.values():
            boto3.client("lambda").delete_function(FunctionName=arn)
        boto3.client("iam").delete_role(RoleName=ROLE)


def check(first, folder):
    """Checks it all beside the first stack. Returns what has been checked."""
    customer = Customer()
    customer.gets(ANN, PLAN, scope=f"{SCOPE} plans/read")

    stack = Stack(first, customer.pool["UserPoolId"], outputs_of(first)["TableName"])
    stack.deploy()
    command = ["--user-pool-id", customer.pool["UserPoolId"], "--stack-name", STACK]
    said = run(folder, LEFT, *command, "--chain")
    welcome, plan = customer.functions["welcome"], customer.functions["plan"]
    names = {"NextPostConfirmationArn": welcome, "NextPreTokenGenerationArn": plan}
    given = " ".join(f"{name}={arn}" for name, arn in names.items())
    same(2, said.count(f"PARAMETERS='{given}'"), f"how often {said!r} names both functions")
    same(customer.own, customer.triggers(), "the triggers that were left")

    stack.deploy(**names)
    run(folder, 0, *command, "--chain")
    usher = {name: outputs_of(STACK)[f"{name}FunctionArn"] for name in ("PostConfirmation", "PreTokenGeneration")}
    token = {"LambdaVersion": "V2_0", "LambdaArn": usher["PreTokenGeneration"]}
    expected = {"PostConfirmation": usher["PostConfirmation"], "PreTokenGenerationConfig": token}
    same(expected, customer.triggers(), "the triggers of the chain")
    verified = {
        "triggers": ("pass", "both, with event version V2_0"),
        "trigger-permissions": ("pass", "4 permissions, all for arn:aws:cognito-idp:"),
        "throttled-keys": ("SKIPPED", f"the table was given, and the table {outputs_of(STACK)['TableName']} has DISABLED"),
        "chained": ("pass", f"{welcome} and {plan}, and no other"),
    }
    account.check_only(STACK, verified)
    answers(customer, usher)
    failures(customer, usher, stack, names)

    file = f"user-pool-{customer.pool['UserPoolId']}-triggers"
    run(folder, 0, "--undo", f"{file}.json")
    same(customer.own, customer.triggers(), "the triggers after undoing")
    customer.gets(ANN, PLAN, scope=f"{SCOPE} plans/read")
    run(folder, 0, "--undo", f"{file}-2.json")
    same(expected, customer.triggers(), "the triggers after undoing that")
    run(folder, 0, *command, "--detach")
    same(customer.own, customer.triggers(), "the triggers after detaching")
    delete(STACK)
    customer.gets(ANN, PLAN, scope=f"{SCOPE} plans/read")
    customer.delete()
    return "a pool's own functions and the stack's work together, and the pool's own work alone before and afterwards"


def answers(customer, usher):
    """Both functions reach the tokens, and a confirmed sign-up."""
    customer.gets(ANN, PLAN | ORGANIZATIONS, scope=f"{SCOPE} plans/read")
    customer.gets(OLD, ORGANIZATIONS, of_id_token=PLAN)
    for address in (ANN, OLD):
        answer = invoke(usher["PreTokenGeneration"], customer.event("pre-token-generation", address))
        groups = answer["response"]["claimsAndScopeOverrideDetails"]["groupOverrideDetails"]
        same({"groupsToOverride": ["customers"]}, groups, f"the groups of {address}")
    event = customer.event("post-confirmation", ANN)
    expected = event | {"response": {"welcomed": ANN}}
    same(expected, invoke(usher["PostConfirmation"], event), "the answer to a confirmed sign-up")


def failures(customer, usher, stack, names):
    """A failure of the pool's own functions is one, until the stack says that Usher goes on."""
    for trigger, name, message in [
        ("PostConfirmation", "post-confirmation", "not welcome"),
        ("PreTokenGeneration", "pre-token-generation", "no plan"),
    ]:
        failed = invoke(usher[trigger], customer.event(name, REFUSED))
        same(message, failed.get("errorMessage"), f"why {name} fails")
    customer.is_refused(REFUSED)

    stack.deploy(**names, NextTriggerFailure="continue")
    customer.gets(REFUSED, ORGANIZATIONS)
    customer.gets(ANN, PLAN | ORGANIZATIONS, scope=f"{SCOPE} plans/read")
    event = customer.event("post-confirmation", REFUSED)
    same(event, invoke(usher["PostConfirmation"], event), "the answer to a confirmed sign-up that goes on")
    said = f"the logs since five minutes before this run have: {STACK}-post-confirmation: the pool's own function failed: "
    account.check_only(STACK, {"chained": ("FAIL", said)})


class Stack:
    """A stack for a pool, from the template of another stack, with its table."""

    def __init__(self, other, pool, table):
        self.formation = boto3.client("cloudformation")
        body = self.formation.get_template(StackName=other, TemplateStage="Original")["TemplateBody"]
        self.template = yaml.safe_load(body) if isinstance(body, str) else body
        boto3.client("s3").create_bucket(Bucket=STACK, CreateBucketConfiguration={"LocationConstraint": REGION})
        parameters = self.formation.describe_stacks(StackName=other)["Stacks"][0]["Parameters"]
        own = ("Architecture", "MemorySize", "TriggerDeployment")
        given = {it["ParameterKey"]: it["ParameterValue"] for it in parameters if it["ParameterKey"] in own}
        self.given = given | {"UserPoolId": pool, "ExistingTableName": table}
        self.exists = False

    def deploy(self, **parameters):
        given = self.given | parameters
        # With another digest, each function gets a new version.
        digest = hashlib.sha256(json.dumps(given).encode()).hexdigest()
        for resource in self.template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["AutoPublishCodeSha256"] = digest
        # A template of this size has to be in a bucket.
        boto3.client("s3").put_object(Bucket=STACK, Key=digest, Body=json.dumps(self.template).encode())
        request = {
            "StackName": STACK,
            "TemplateURL": f"{os.environ['AWS_ENDPOINT_URL']}/{STACK}/{digest}",
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        }
        action = "update" if self.exists else "create"
        getattr(self.formation, f"{action}_stack")(**request)
        waiter = self.formation.get_waiter(f"stack_{action}_complete")
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.exists = True


def made_function(name, code, role):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", code)
    made = boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
    )
    return made["FunctionArn"]


def invoke(arn, event):
    return json.loads(boto3.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(event))["Payload"].read())


def run(folder, status, *arguments):
    """Runs the script in the folder for its files. Returns what it says."""
    done = subprocess.run([sys.executable, "-B", SCRIPT, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != status:
        raise SystemExit(f"attach-triggers.py {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
