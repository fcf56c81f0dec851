#!/usr/bin/env python3
"""Tries in a real account what no emulator shows about a deployed stack, and removes all that it made.

    verify-account.py --stack-name usher [--region eu-central-1] [--yes] [--skip CHECK,...]
    verify-account.py --stack-name usher --clean
    verify-account.py --list

Run it once after a first deployment, with an administrator's credentials, before customers are in. Each check prints
one line: `pass`, `FAIL` with what was seen and what to do, or `SKIPPED` with the reason. The exit status is 0 if no
check failed and nothing is left. See docs/verify-account.md.

All that is made has MARK in its name. So `clean` finds it without any notes, also what an earlier run has left that was
killed. The same function cleans up at the beginning, at the end, and with --clean.
"""

import argparse
import base64
import contextlib
import fnmatch
import functools
import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
import signal
import socket
import ssl
import sys
import time
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode, urlsplit

import boto3
from aws import ALIAS, Refusal, sentence
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Begins the name of all that a run makes.
MARK = "usher-verify"
# The mailbox simulator of SES takes every mail, and no mail to it counts against the sender. A label after `+` makes an
# address of its own. https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
MAIL_DOMAIN = "simulator.amazonses.com"
MAILBOX = "success"
# The functions that Cognito calls.
TRIGGERS = ("post-confirmation", "pre-token-generation")
# The parameters with the functions that they invoke first.
NEXT = {"post-confirmation": "NextPostConfirmationArn", "pre-token-generation": "NextPreTokenGenerationArn"}
# The actions of functions on the table and on its index, and the transaction's part that needs the action.
ACTIONS = (
    *("GetItem", "BatchGetItem", "Query", "ConditionCheckItem"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "Query of gsi1"),
)
PARTS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete", "ConditionCheckItem": "ConditionCheck"}
DENIED = ("AccessDenied", "AccessDeniedException")
GONE = ("NoSuchEntity", "ResourceNotFoundException", "UserNotFoundException")
NO_SECRET = (
    "Cognito shows no secret of the machine client that works. This may be so after you have changed the secret. Get a "
    "token with yours, and try it yourself"
)
# Seconds. IAM takes some until a new role can be used everywhere, and CloudWatch some until a line can be found.
SETTLING = 90
# Seconds until an event must be kept as activity. A stack may keep none.
PUBLISHING = 15
# Seconds until an alarm must be on. CloudWatch evaluates an alarm every minute.
RINGING = 600

WHAT_IT_MAKES = """\
This tries the stack {stack} in account {account}, {region}. It makes, and removes at the end:
  - a user in the customers' pool, who signs up as {address} (one mail goes there)
  - an operator in the operators' pool, without a mail
  - an app client in each of the two pools
  - an organization that lists {domain}, with one member
  - {roles} roles of IAM with the policies of functions, which only {principal} can assume
It also reports failures of provisioning that did not happen, so that an alarm rings{heard}.
{own}Log lines, these figures and the mail stay. Run it on a test stack, or before customers are in, and not during a
deployment.
"""

# A part of WHAT_IT_MAKES.
OWN_FUNCTIONS = """\
These functions, which are not Usher's, also get the user: {functions}.
What they make elsewhere, such as a mail or an entry, stays.
"""
# They end the run, but not within a call: what the call makes would be unknown.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NoStack(Refusal):
    """The stack does not exist."""


class Failed(Exception):
    """What was seen, and what to do."""


class Skipped(Exception):
    """Why a check cannot be made here."""


class Interrupted(BaseException):
    """A signal ended the run. No check catches it."""


Check = namedtuple("Check", "name promise try_")
CHECKS = []


def check(promise):
    """Adds a function to the checks, under its own name. It returns what was seen, or raises Failed or Skipped."""

    def add(function):
        CHECKS.append(Check(function.__name__.replace("_", "-"), promise, function))
        return function

    return add


def main(arguments=None):
    options = parse(arguments)
    if options.list:
        for name, promise, _ in CHECKS:
            print(f"{name:20}{promise}")
        return 0
    try:
        if options.clean:
            return 0 if only_clean(options.stack_name, options.region) else 1
        run = Run(options.stack_name, options.region)
        confirm(run, options.yes)
    except Refusal as refusal:
        return f"{refusal}"
    except (ClientError, BotoCoreError) as error:
        return told(error)

    failed = removed = False
    try:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            on_signals(interrupt)
            clean(run)
            failed = tried(run, options.skip)
        finally:
            on_signals(signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    except Interrupted as interrupted:
        failed = True
        print(f"Interrupted by {interrupted}.", file=sys.stderr)
    finally:
        removed = clean(run)
    return 0 if removed and not failed else 1


def parse(arguments):
    parser = argparse.ArgumentParser(description="Tries in a real account what no emulator shows about a stack.")
    parser.add_argument("--stack-name", metavar="NAME", help="the deployed stack")
    parser.add_argument("--region", metavar="REGION", help="its region, unless your settings of AWS name it")
    parser.add_argument("--yes", action="store_true", help="do not ask before anything is made")
    parser.add_argument("--skip", metavar="CHECK,...", default="", help="leave these checks out")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier run has left")
    parser.add_argument("--list", action="store_true", help="only print the names of the checks")
    options = parser.parse_args(arguments)
    options.skip = set(filter(None, options.skip.split(",")))
    if unknown := options.skip - {it.name for it in CHECKS}:
        parser.error(f"there is no check {', '.join(sorted(unknown))}: --list prints the names")
    if not options.list and not options.stack_name:
        parser.error("--stack-name is missing")
    return options


def confirm(run, yes):
    heard = " and tells its topic" if run.parameters.get("AlarmTopicArn") else ""
    own = OWN_FUNCTIONS.format(functions=", ".join(run.own_functions)) if run.own_functions else ""
    print(
        WHAT_IT_MAKES.format(
            stack=run.stack,
            account=run.account,
            region=run.region,
            address=run.address,
            domain=MAIL_DOMAIN,
            roles=len(run.tried_functions),
            principal=run.principal,
            heard=heard,
            own=own,
        ),
        flush=True,
    )
    if yes:
        return
    try:
        answer = input("Go on? [y/N] ")
    except (EOFError, KeyboardInterrupt):
        raise Refusal("Nothing was made: answer y, or give --yes.") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise Refusal("Nothing was made.")


def on_signals(handler):
    for number in SIGNALS:
        signal.signal(number, handler)


def interrupt(number, _):
    # A second signal must not end the removal.
    on_signals(signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


def pause(seconds):
    """Sleeps. A signal ends the run now, also one that came earlier."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        time.sleep(seconds)
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def tried(run, skipped):
    """Makes all checks, and returns how many failed."""
    counts = {"pass": 0, "FAIL": 0, "SKIPPED": 0}
    for name, promise, try_ in CHECKS:
        pause(0)
        try:
            if name in skipped:
                raise Skipped("asked for by --skip")
            outcome, seen = "pass", try_(run)
        except Skipped as reason:
            outcome, seen = "SKIPPED", reason
        except Failed as failure:
            outcome, seen = "FAIL", failure
        except Exception as error:
            outcome, seen = "FAIL", f"this could not be tried. {told(error)}"
        counts[outcome] += 1
        print(f"{outcome:8}{name:20}{promise}: {' '.join(str(seen).split())}", flush=True)
    pause(0)
    print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['SKIPPED']} skipped.", flush=True)
    return counts["FAIL"]


def told(error):
    return sentence(error) if isinstance(error, (ClientError, BotoCoreError)) else f"{type(error).__name__}: {error}"


# --- The stack, and what a run makes in it


class Place:
    """Where a stack is, or was before somebody deleted it."""

    def __init__(self, stack, region):
        self.stack = stack
        self.session = boto3.Session(region_name=region)
        self.region = self.session.region_name
        if not self.region:
            raise Refusal("Give --region: your settings of AWS name none.")
        # Names of roles that this run may have made. IAM lists them with delay.
        self.made_roles = set()

    @functools.cache
    def client(self, service, region=None):
        return self.session.client(service, region_name=region or self.region)


class Run(Place):
    """One run: the stack, the names of all that the run makes, and what it has made so far."""

    def __init__(self, stack, region):
        super().__init__(stack, region)
        try:
            described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in told(error):
                raise NoStack(f"There is no stack {stack} in {self.region}.") from None
            raise
        self.outputs = {it["OutputKey"]: it["OutputValue"] for it in described.get("Outputs", [])}
        self.parameters = {it["ParameterKey"]: it.get("ParameterValue", "") for it in described.get("Parameters", [])}
        for needed in ("ApiEndpoint", "TableName", "UserPoolId", "OperatorPoolId", "MachineClientId"):
            if needed not in self.outputs:
                raise Refusal(f"The stack {stack} has no output {needed}: name the root stack of Usher.")
        caller = self.client("sts").get_caller_identity()
        self.account, self.caller = caller["Account"], caller["Arn"]
        self.partition = self.caller.split(":")[1]
        self.pool, self.operators = self.outputs["UserPoolId"], self.outputs["OperatorPoolId"]
        self.table = self.outputs["TableName"]

        self.begin = time.time()
        self.id = f"{MARK}-{secrets.token_hex(6)}"
        self.address = f"{MAILBOX}+{self.id}@{MAIL_DOMAIN}"
        self.password = f"Aa1-{secrets.token_urlsafe(32)}"
        # What this run has made, or may have, and AWS lists with delay: names of users by pool, app clients as (pool, id,
        # name), and ids of organizations.
        self.users = {self.pool: set(), self.operators: set()}
        self.clients = set()
        self.organizations = set()

    @functools.cached_property
    def principal(self):
        """The caller, as a policy names it: for the session of a role, the role."""
        if ":assumed-role/" not in self.caller:
            return self.caller
        # The name of a session leaves out the path of its role.
        return self.client("iam").get_role(RoleName=self.caller.split("/")[1])["Role"]["Arn"]

    @functools.cached_property
    def resources(self):
        """The resources of the stack and of its nested stacks, as (type, physical id)."""
        found, stacks = [], [self.stack]
        for stack in stacks:
            for page in self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
                for resource in page["StackResourceSummaries"]:
                    found.append((resource["ResourceType"], resource.get("PhysicalResourceId", "")))
                    if resource["ResourceType"] == "AWS::CloudFormation::Stack":
                        stacks.append(resource["PhysicalResourceId"])
        return found

    def of_type(self, kind):
        return sorted(id for type_, id in self.resources if type_ == kind)

    @functools.cached_property
    def functions(self):
        """The functions of the stack, by the name without the stack's."""
        return {name.removeprefix(f"{self.stack}-"): name for name in self.of_type("AWS::Lambda::Function")}

    @functools.cached_property
    def version(self):
        """The version of a function that is called, as a parameter of Lambda's API."""
        return {"Qualifier": ALIAS} if self.of_type("AWS::Lambda::Alias") else {}

    @functools.cached_property
    def settings(self):
        """The settings of each function, of the version that is called."""
        get = self.client("lambda").get_function_configuration
        return {name: get(FunctionName=function, **self.version) for name, function in self.functions.items()}

    def group_of(self, function):
        return f"/aws/lambda/{self.functions[function]}"

    @functools.cached_property
    def made_pools(self):
        """The pools that the stack has made: both, or without the customers' pool if that one was given."""
        describe = self.client("cognito-idp").describe_user_pool
        return [describe(UserPoolId=id)["UserPool"] for id in self.of_type("AWS::Cognito::UserPool")]

    @functools.cached_property
    def made_table(self):
        """The table, unless it was given."""
        return next(iter(self.of_type("AWS::DynamoDB::Table")), None)

    @functools.cached_property
    def table_arn(self):
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{self.table}"

    @functools.cached_property
    def policies(self):
        """What each function's role has: its inline policies by name, and the ARNs of its managed policies."""
        iam, found = self.client("iam"), {}
        for name, function in self.functions.items():
            role = self.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
            inline = {
                policy: iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
            }
            attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
            found[name] = inline, [it["PolicyArn"] for it in attached]
        return found

    @functools.cached_property
    def confined(self):
        """What each function's role may do to the table: action, to the patterns of the partition keys."""
        found = {}
        for name, (inline, _) in self.policies.items():
            found[name] = {}
            for document in inline.values():
                for statement in listed(document["Statement"]):
                    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
                    patterns = listed(condition.get("dynamodb:LeadingKeys", []))
                    for resource in listed(statement["Resource"]):
                        if not resource.startswith(self.table_arn):
                            continue
                        of_index = " of gsi1" if resource.endswith("/index/gsi1") else ""
                        for action in listed(statement["Action"]):
                            action = action.removeprefix("dynamodb:") + of_index
                            found[name].setdefault(action, []).extend(patterns)
        return found

    @functools.cached_property
    def tried_functions(self):
        """As few functions as have all the actions. Each action is tried with the role of the function named for it."""
        lacking, chosen = set(ACTIONS), {}
        while lacking:
            name = max(sorted(self.confined), key=lambda it: len(lacking & self.confined[it].keys()))
            actions = lacking & self.confined[name].keys()
            if not actions:
                break
            chosen[name] = actions
            lacking -= actions
        return chosen

    @functools.cached_property
    def roles(self):
        """A client of DynamoDB for each tried function, with the credentials of a role that has its policies."""
        return {name: self.role_of(name) for name in self.tried_functions}

    def role_of(self, function):
        iam = self.client("iam")
        inline, attached = self.policies[function]
        name = f"{self.id}-{function}"
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": self.principal},
            "Action": "sts:AssumeRole",
        }
        self.made_roles.add(name)
        made = iam.create_role(
            Path=path_of_roles(self),
            RoleName=name,
            Description=f"The policies of {self.stack}-{function}, for infra/verify-account.py. Can be deleted.",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        for policy, document in inline.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        for policy in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=policy)

        def assumed():
            try:
                return self.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName=MARK)["Credentials"]
            except ClientError as error:
                if error.response["Error"]["Code"] in DENIED:
                    return None
                raise

        credentials = wait(assumed, SETTLING)
        if not credentials:
            raise Failed(
                f"the role {name} cannot be assumed. Use credentials that may call sts:AssumeRole, and not those of "
                "the account's root user."
            )
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=self.region,
        ).client("dynamodb", config=Config(retries={"total_max_attempts": 2}))

    @functools.cached_property
    def organization(self):
        """An organization that lists the domain of the run's address, made by the functions themselves."""
        self.organizations.add(self.id)
        self.call("organizations", "POST", "/organizations", {"id": self.id, "name": self.id})
        path = "/organizations/{organizationId}/jit/email-domains"
        given = {"emailDomain": MAIL_DOMAIN}
        self.call("add-email-domain", "POST", path, given, {"organizationId": self.id})
        return self.id

    def call(self, function, method, path, body, parameters=()):
        """Invokes a function with the event of a request. So this needs neither the API nor a token."""
        filled = functools.reduce(lambda text, it: text.replace("{%s}" % it[0], it[1]), dict(parameters).items(), path)
        claims = {"client_id": MARK, "sub": MARK, "scope": "usher/read usher/write", "token_use": "access"}
        text = json.dumps(body)
        event = {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": filled,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "content-length": str(len(text)), "host": MARK},
            "pathParameters": dict(parameters),
            "requestContext": {
                "authorizer": {"jwt": {"claims": claims, "scopes": ["usher/write"]}},
                "http": {"method": method, "path": filled, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
                "requestId": self.id,
                "routeKey": f"{method} {path}",
                "stage": "$default",
                "timeEpoch": int(time.time() * 1000),
            },
            "body": text,
            "isBase64Encoded": False,
        }
        answer = self.client("lambda").invoke(
            FunctionName=self.functions[function], Payload=json.dumps(event), **self.version
        )
        answer = json.loads(answer["Payload"].read())
        if not 200 <= answer.get("statusCode", 0) < 300:
            raise Failed(f"{function} answers {json.dumps(answer)[:300]}. Look at its log.")

    @functools.cached_property
    def app(self):
        """An app client of the customers' pool with which an administrator signs users in."""
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        return self.made_client(self.pool, GenerateSecret=False, ExplicitAuthFlows=flows)["ClientId"]

    def made_client(self, pool, **settings):
        made = self.client("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName=self.id, **settings)
        self.clients.add((pool, made["UserPoolClient"]["ClientId"], self.id))
        return made["UserPoolClient"]

    @functools.cached_property
    def described_pool(self):
        return self.client("cognito-idp").describe_user_pool(UserPoolId=self.pool)["UserPool"]

    @functools.cached_property
    def own_functions(self):
        """The functions of others that the pool or the stack's triggers invoke."""
        config = self.described_pool.get("LambdaConfig", {})
        called = {it.get("LambdaArn") if isinstance(it, dict) else it for it in config.values()}
        # Beside functions, the pool names a key.
        called = {it for it in called if it and ":lambda:" in it} | {self.parameters.get(it) for it in NEXT.values()}
        return sorted(filter(None, called - {*self.outputs.values()}))

    @functools.cached_property
    def user(self):
        """The name of the run's user in the customers' pool."""
        addressed = "email" in self.described_pool.get("UsernameAttributes", [])
        name = self.address if addressed else self.id
        self.users[self.pool].add(name)
        return name

    @property
    def attributes(self):
        return [{"Name": "email", "Value": self.address}, {"Name": "name", "Value": MARK}]

    @functools.cached_property
    def signed_up(self):
        """Signs the user up and confirms the sign-up, as the pool does with the code of the mail. Returns the `sub`."""
        cognito, user = self.client("cognito-idp"), {"UserPoolId": self.pool, "Username": self.user}
        try:
            sub = cognito.sign_up(
                ClientId=self.app, Username=self.user, Password=self.password, UserAttributes=self.attributes
            )["UserSub"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotAuthorizedException":
                raise Skipped("only administrators make users in this pool") from None
            raise
        # Confirming as an administrator verifies nothing. Here the script is who vouches for the address.
        verified = [{"Name": "email_verified", "Value": "true"}]
        cognito.admin_update_user_attributes(**user, UserAttributes=verified)
        # Cognito calls the trigger now, as after a code.
        cognito.admin_confirm_sign_up(**user)
        return sub

    @functools.cached_property
    def signed_in(self):
        """The tokens of the user's first sign-in. A user who could not sign up is made by the administrator."""
        cognito, user = self.client("cognito-idp"), {"UserPoolId": self.pool, "Username": self.user}
        self.organization
        try:
            cognito.admin_get_user(**user)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            verified = [{"Name": "email_verified", "Value": "true"}]
            self.created(user, [*self.attributes, *verified])
        return self.initiated("ADMIN_USER_PASSWORD_AUTH", USERNAME=self.user, PASSWORD=self.password)

    @functools.cached_property
    def sub(self):
        """The `sub` of the user, who has signed in."""
        self.signed_in
        user = self.client("cognito-idp").admin_get_user(UserPoolId=self.pool, Username=self.user)
        return next(it["Value"] for it in user["UserAttributes"] if it["Name"] == "sub")

    def created(self, user, attributes):
        """Makes a user with a password, without a mail."""
        cognito = self.client("cognito-idp")
        cognito.admin_create_user(
            **user, TemporaryPassword=self.password, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(**user, Password=self.password, Permanent=True)

    def initiated(self, flow, **parameters):
        answer = self.client("cognito-idp").admin_initiate_auth(
            UserPoolId=self.pool, ClientId=self.app, AuthFlow=flow, AuthParameters=parameters
        )
        if "AuthenticationResult" not in answer:
            raise Skipped(f"the pool asks every user for {answer.get('ChallengeName')}. Sign in yourself and look")
        return answer["AuthenticationResult"]

    @functools.cached_property
    def operator(self):
        """The tokens of an operator who signs in through the console's client with a password. They have no scopes."""
        cognito = self.client("cognito-idp")
        address = f"{self.id}@{MAIL_DOMAIN}"
        self.users[self.operators].add(self.id)
        attributes = [{"Name": "email", "Value": address}, {"Name": "name", "Value": MARK}]
        self.created({"UserPoolId": self.operators, "Username": self.id}, attributes)
        return signed_in_by_srp(cognito, self.operators, self.outputs["OperatorClientId"], self.id, self.password)

    @functools.cached_property
    def other_client(self):
        """A client of the operators' pool that has all scopes and that the API does not know: its id and its secret."""
        made = self.made_client(
            self.operators,
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["usher/read", "usher/write"],
            ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        )
        return made["ClientId"], made["ClientSecret"]

    @functools.cached_property
    def machine_client(self):
        client = self.client("cognito-idp").describe_user_pool_client(
            UserPoolId=self.operators, ClientId=self.outputs["MachineClientId"]
        )["UserPoolClient"]
        return client["ClientId"], client.get("ClientSecret")

    @functools.cache
    def machine_token(self, client, scopes):
        if not client[1]:
            raise Skipped(NO_SECRET)
        basic = base64.b64encode(":".join(client).encode()).decode()
        answer = send(
            "POST",
            self.outputs["TokenUrl"],
            {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"},
            urlencode({"grant_type": "client_credentials", "scope": scopes}),
        )
        if "invalid_client" in answer.text and client == self.machine_client:
            raise Skipped(NO_SECRET)
        if answer.status != 200:
            raise Failed(f"{self.outputs['TokenUrl']} issues no token: {answer.status} {answer.text[:200]}.")
        return json.loads(answer.text)["access_token"]

    def ask(self, method, path, token=None, body=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body)
        return send(method, self.outputs["ApiEndpoint"] + path, headers, body)


def listed(value):
    return value if isinstance(value, list) else [value]


def wait(ready, seconds):
    """Asks until the answer is true or the seconds are over, and returns the last answer."""
    end, some = time.monotonic() + seconds, 1
    while not (answer := ready()) and time.monotonic() < end:
        pause(some)
        some = min(some * 2, 15)
    return answer


# --- Removal


def only_clean(stack, region):
    """Removes what earlier runs have made for the stack, as `clean` does. Of a deleted stack, only roles are left."""
    try:
        return clean(Run(stack, region))
    except NoStack as reason:
        print(
            f"{reason} Only roles of IAM are looked for. If you have kept its pool or its table, delete there what has "
            f"{MARK}- in its name.",
            file=sys.stderr,
        )
        return clean(Place(stack, region), KINDS_WITHOUT_STACK)


def clean(run, kinds=None):
    """Removes what this run and earlier runs have made for the stack. Says what was removed, and whether all was."""
    removed, left = [], []
    # What cannot be removed must not keep the rest from being removed.
    for what, find, remove in kinds or KINDS:
        try:
            found = find(run)
        except Exception as error:
            left.append(f"any {what}. {told(error)}")
            continue
        for it in found:
            name = f"{what} {it[-1] if isinstance(it, tuple) else it}"
            try:
                if remove(run, it):
                    removed.append(name)
            except Exception as error:
                left.append(f"{name}. {told(error)}")
    if removed:
        print(f"Removed: {', '.join(removed)}.", flush=True)
    for it in left:
        print(f"LEFT    {it}. Give --clean to try again.", file=sys.stderr, flush=True)
    return not left


def path_of_roles(run):
    # IAM has no regions, and stacks in two of them can have the same name.
    return f"/{MARK}/{run.region}/{run.stack}/"


def roles_of_runs(run):
    pages = run.client("iam").get_paginator("list_roles").paginate(PathPrefix=path_of_roles(run))
    found = {role["RoleName"] for page in pages for role in page["Roles"]}
    return sorted(run.made_roles | {name for name in found if name.startswith(f"{MARK}-")})


def remove_role(run, name):
    iam = run.client("iam")
    # Each call by itself: IAM can know a role and not yet, or no longer, its policies.
    gone = contextlib.suppress(iam.exceptions.NoSuchEntityException)
    with gone:
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            with gone:
                iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    with gone:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            with gone:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
    with gone:
        iam.delete_role(RoleName=name)
        return True


def clients_of_runs(run):
    return sorted(
        run.clients
        | {
            (pool, client["ClientId"], client["ClientName"])
            for pool in (run.pool, run.operators)
            for page in run.client("cognito-idp").get_paginator("list_user_pool_clients").paginate(UserPoolId=pool)
            for client in page["UserPoolClients"]
            if client["ClientName"].startswith(f"{MARK}-")
        }
    )


def remove_client(run, client):
    cognito = run.client("cognito-idp")
    with contextlib.suppress(cognito.exceptions.ResourceNotFoundException):
        cognito.delete_user_pool_client(UserPoolId=client[0], ClientId=client[1])
        return True


def users_of_runs(run):
    """The users of the runs, as (pool, user name). The list of Cognito lags, so the run knows its own as well."""
    found = {(pool, name) for pool, names in run.users.items() for name in names}
    for pool in (run.pool, run.operators):
        pages = run.client("cognito-idp").get_paginator("list_users").paginate(
            UserPoolId=pool, Filter=f'name = "{MARK}"'
        )
        for user in (user for page in pages for user in page["Users"]):
            attributes = {it["Name"]: it["Value"] for it in user["Attributes"]}
            # Anybody can have that name. Nobody else has such an address.
            address = rf"({MAILBOX}\+)?{MARK}-[0-9a-f]{{12}}@{re.escape(MAIL_DOMAIN)}"
            if re.fullmatch(address, attributes.get("email", "")):
                found.add((pool, user["Username"]))
    return sorted(found)


def remove_user(run, user):
    """Removes a user, and first the user's items. So what a killed removal leaves can be found by the user."""
    cognito, user = run.client("cognito-idp"), {"UserPoolId": user[0], "Username": user[1]}
    with contextlib.suppress(cognito.exceptions.UserNotFoundException):
        described = cognito.admin_get_user(**user)
        # No more tokens, and so no more items.
        cognito.admin_disable_user(**user)
        if user["UserPoolId"] == run.pool:
            sub = next(it["Value"] for it in described["UserAttributes"] if it["Name"] == "sub")
            items = items_of(run, f"USER#{sub}")
            for digest in sorted({digest for item in items for digest in digests_in(item)}):
                delete(run, f"ADDRESS#{digest}", f"USER#{sub}")
                delete(run, f"ADDRESS#{digest}", "VERSION")
            forget(run, f"CHANGE#USER#{sub}", f"USER_ACTIVITY#{sub}")
            for item in items:
                delete(run, item["pk"]["S"], item["sk"]["S"])
        cognito.admin_delete_user(**user)
        return True


def digests_in(item):
    """The digests of addresses that a user's item names, in any shape."""
    return re.findall(r"'([0-9a-f]{64})'", repr([item.get(name) for name in ("addresses", "addressDigest")]))


def organizations_of_runs(run):
    """The organizations of the runs. The index lags, so the run knows its own as well."""
    pages = run.client("dynamodb").get_paginator("query").paginate(
        TableName=run.table,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :pk AND begins_with(gsi1sk, :mark)",
        ExpressionAttributeValues={":pk": {"S": "ORGS"}, ":mark": {"S": f"{MARK}-"}},
    )
    ids = {item["pk"]["S"].removeprefix("ORG#") for page in pages for item in page["Items"]}
    return sorted(run.organizations | {id for id in ids if re.fullmatch(rf"{MARK}-[0-9a-f]{{12}}", id)})


def remove_organization(run, id):
    """Removes all items of an organization of a run. Usher itself would keep the id, since it could be known."""
    pages = run.client("dynamodb").get_paginator("query").paginate(
        TableName=run.table,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ORG#{id}"}},
    )
    memberships = [item for page in pages for item in page["Items"]]
    items = items_of(run, f"ORG#{id}")
    for item in items:
        for domain in item.get("domains", {}).get("M", {}):
            delete(run, f"DOMAIN#{domain}", f"ORG#{id}")
    forget(run, f"CHANGE#ORG#{id}", f"ACTIVITY#{id}")
    for item in [*memberships, *items]:
        delete(run, item["pk"]["S"], item["sk"]["S"])
    return bool(memberships or items)


def forget(run, changes, activity):
    """Removes changes, and the activity that function publish-events makes of them. It may still be about to."""
    made = items_of(run, changes)
    last = max((item["sk"]["S"] for item in made), default="")
    end = time.monotonic() + PUBLISHING
    kept = items_of(run, activity)
    while last and not any(item["sk"]["S"].startswith(last) for item in kept) and time.monotonic() < end:
        time.sleep(1)
        kept = items_of(run, activity)
    for item in [*made, *kept]:
        delete(run, item["pk"]["S"], item["sk"]["S"])


def items_of(run, partition):
    pages = run.client("dynamodb").get_paginator("query").paginate(
        TableName=run.table,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
    )
    return [item for page in pages for item in page["Items"]]


def delete(run, pk, sk):
    run.client("dynamodb").delete_item(TableName=run.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})


# All kinds of things that a run makes, with how those of all runs are found, and how one is removed.
KINDS = (
    ("role", roles_of_runs, remove_role),
    ("app client", clients_of_runs, remove_client),
    ("user", users_of_runs, remove_user),
    ("organization", organizations_of_runs, remove_organization),
)
# Those that can be found without the stack.
KINDS_WITHOUT_STACK = KINDS[:1]


# --- Roles and the table


class Probe:
    """Calls to the table with the role of a function. None of them changes anything, whether allowed or not."""

    def __init__(self, run, action):
        self.run, self.action = run, action
        function = next((it for it, actions in run.tried_functions.items() if action in actions), None)
        if not function:
            raise Failed(f"no role of the stack may {action} on {run.table}: deploy Usher's present version.")
        self.function, self.dynamodb = function, run.roles[function]
        own = run.confined[function]
        self.inside = own[action][0].replace("*", run.id)
        # Best a key that the role may use for something else.
        others = [pattern.replace("*", run.id) for patterns in own.values() for pattern in patterns]
        self.outside = next(key for key in [*others, f"NOTHING#{run.id}"] if not self.matches(key))

    def matches(self, key):
        return any(fnmatch.fnmatchcase(key, pattern) for pattern in self.run.confined[self.function][self.action])

    def is_denied(self, call):
        try:
            call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # The condition on an item that does not exist: the role was asked, and the call was allowed.
            if code in ("ConditionalCheckFailedException", "TransactionCanceledException"):
                return any(it.get("Code") in DENIED for it in error.response.get("CancellationReasons", []))
            if code not in DENIED:
                raise
            return True
        return False

    def single(self, *keys):
        """The action as a call of its own. Only batches take several keys."""
        name, there = self.run.table, {"ConditionExpression": "attribute_exists(pk)"}
        one = {"TableName": name, "Key": key_of(keys[0])}
        match self.action:
            case "GetItem":
                return lambda: self.dynamodb.get_item(**one)
            case "BatchGetItem":
                return lambda: self.dynamodb.batch_get_item(RequestItems={name: {"Keys": [*map(key_of, keys)]}})
            case "Query" | "Query of gsi1":
                index = {"IndexName": "gsi1"} if self.action != "Query" else {}
                return lambda: self.dynamodb.query(
                    TableName=name,
                    KeyConditionExpression="gsi1pk = :pk" if index else "pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": keys[0]}},
                    Limit=1,
                    **index,
                )
            case "PutItem":
                return lambda: self.dynamodb.put_item(TableName=name, Item=key_of(keys[0]), **there)
            case "UpdateItem":
                return lambda: self.dynamodb.update_item(**one, **there, **updated_by())
            case "DeleteItem":
                return lambda: self.dynamodb.delete_item(**one, **there)
            case "BatchWriteItem":
                deletions = [{"DeleteRequest": {"Key": key_of(key)}} for key in keys]
                return lambda: self.dynamodb.batch_write_item(RequestItems={name: deletions})
        return None  # ConditionCheckItem has no call of its own.

    def transaction(self, *keys):
        """The action as parts of a transaction, one for each key."""
        name, there = self.run.table, {"ConditionExpression": "attribute_exists(pk)"}
        if self.action == "GetItem":
            gets = [{"Get": {"TableName": name, "Key": key_of(key)}} for key in keys]
            return lambda: self.dynamodb.transact_get_items(TransactItems=gets)
        if self.action not in PARTS:
            return None
        extra = updated_by() if self.action == "UpdateItem" else {}
        what = "Item" if self.action == "PutItem" else "Key"
        parts = [{PARTS[self.action]: {"TableName": name, what: key_of(key), **there, **extra}} for key in keys]
        return lambda: self.dynamodb.transact_write_items(TransactItems=parts)


def key_of(partition):
    return {"pk": {"S": partition}, "sk": {"S": MARK}}


def updated_by():
    return {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


def probes(run):
    found = [Probe(run, action) for action in ACTIONS]
    # A new role's policies do not hold everywhere at once. Before they do, everything is denied.
    for probe in {it.function: it for it in found}.values():
        call = probe.single(probe.inside) or probe.transaction(probe.inside)
        wait(lambda probe=probe, call=call: not probe.is_denied(call), SETTLING)
    return found


def denied_or_fail(calls, advice):
    """Makes calls that must be denied: (what, probe, call)."""
    allowed = [what for what, probe, call in calls if not probe.is_denied(call)]
    if allowed:
        raise Failed(f"AWS allows {', '.join(allowed)}. {advice}")
    return f"{len(calls)} calls denied ({', '.join(what for what, _, _ in calls)})"


UNCONFINED = (
    "A function that somebody takes over could then use its actions on all kinds of items: read docs/security.md, "
    "and tell the authors of Usher."
)


@check("A role allows what its function does")
def keys_inside(run):
    found = probes(run)
    calls = [
        (f"{way}{probe.action} of {probe.inside}", probe, call)
        for probe in found
        for way, call in (("", probe.single(probe.inside)), ("transactional ", probe.transaction(probe.inside)))
        if call
    ]
    denied = []

    def all_allowed():
        denied[:] = [what for what, probe, call in calls if probe.is_denied(call)]
        return not denied

    if not wait(all_allowed, SETTLING):
        raise Failed(f"AWS denies {', '.join(denied)}: functions will fail. Do not let customers in.")
    return f"{len(calls)} calls allowed"


@check("A call outside a role's keys is denied")
def keys_outside(run):
    found = probes(run)
    calls = [(probe.action, probe, probe.single(probe.outside)) for probe in found]
    return denied_or_fail([it for it in calls if it[2]], UNCONFINED)


@check("A part of a transaction outside a role's keys is denied")
def keys_transactions(run):
    found = probes(run)
    calls = [(PARTS.get(probe.action, "Get"), probe, probe.transaction(probe.outside)) for probe in found]
    return denied_or_fail([it for it in calls if it[2]], UNCONFINED)


@check("A request with one key inside and one outside is denied as a whole")
def keys_mixed(run):
    found = probes(run)
    calls = []
    for probe in found:
        keys = probe.inside, probe.outside
        if probe.action.startswith("Batch"):
            calls.append((probe.action, probe, probe.single(*keys)))
        elif call := probe.transaction(*keys):
            calls.append((f"transactional {probe.action}", probe, call))
    return denied_or_fail(calls, UNCONFINED)


@check("A request without keys is denied")
def no_keys(run):
    found = probes(run)
    calls = []
    for probe in {it.function: it for it in found}.values():
        dynamodb, table = probe.dynamodb, run.table
        calls += [
            (f"Scan as {probe.function}", probe, lambda d=dynamodb: d.scan(TableName=table, Limit=1)),
            (
                f"PartiQL as {probe.function}",
                probe,
                lambda d=dynamodb: d.execute_statement(Statement=f'SELECT pk FROM "{table}"', Limit=1),
            ),
        ]
    return denied_or_fail(calls, UNCONFINED)


# --- Users


@check("The customers' pool calls the stack's functions")
def triggers(run):
    config = run.described_pool.get("LambdaConfig", {})
    token = config.get("PreTokenGenerationConfig", {})
    has = {
        "PostConfirmation": config.get("PostConfirmation"),
        "PreTokenGeneration": token.get("LambdaArn") or config.get("PreTokenGeneration"),
    }
    wrong = [
        f"{trigger} is {function or 'none'} instead of {run.outputs[f'{trigger}FunctionArn']}"
        for trigger, function in has.items()
        if function != run.outputs[f"{trigger}FunctionArn"]
    ]
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Attach them: docs/given-user-pool.md.")
    version, where = token.get("LambdaVersion", "V1_0"), run.parameters.get("ClaimsIn", "both")
    if version == "V1_0" and where != "id":
        raise Failed(
            f"both, but with event version V1_0, which changes no access token, although ClaimsIn is {where}. Attach "
            "pre-token-generation with V2_0 (docs/given-user-pool.md), or deploy with ClaimsIn=id."
        )
    return f"both, with event version {version}"


@check("Only Cognito may call the triggers, for this pool alone")
def trigger_permissions(run):
    pool = f"arn:{run.partition}:cognito-idp:{run.region}:{run.account}:userpool/{run.pool}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "cognito-idp.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {
            "ArnLike": {"aws:sourcearn": pool},
            "StringEquals": {"aws:sourceaccount": run.account},
        },
    }
    # The early permission, which the next update of the pool needs.
    early = 1 if run.version and run.parameters.get("MadeUserPoolId") else 0
    wrong, counts = [], []
    for function in (run.functions[name] for name in TRIGGERS):
        needed = {None: 1}
        if run.version:
            alias = run.client("lambda").get_alias(FunctionName=function, Name=ALIAS)
            # By its number, nobody calls a version.
            needed |= {ALIAS: 1 + early, alias["FunctionVersion"]: 0}
        for qualifier, number in needed.items():
            name = f"{function}:{qualifier}" if qualifier else function
            statements = statements_of(run, function, qualifier)
            wrong += [f"{name} lets {json.dumps(it)}" for it in statements if it != allowed]
            if statements.count(allowed) < number:
                wrong.append(f"{name} has {statements.count(allowed)} permissions for {pool} instead of {number}")
            counts += [number]
    if wrong:
        raise Failed(
            f"{'; '.join(wrong)}. Anybody else who may call a trigger can make members: take that permission away (aws "
            "lambda remove-permission). If one is missing, deploy the stack again."
        )
    return f"{sum(counts)} permissions, all for {pool}"


def statements_of(run, function, qualifier):
    """What the policy of a function, an alias or a version says, without its ids."""
    functions, version = run.client("lambda"), {"Qualifier": qualifier} if qualifier else {}
    try:
        policy = json.loads(functions.get_policy(FunctionName=function, **version)["Policy"])
    except functions.exceptions.ResourceNotFoundException:
        return []
    found = []
    for statement in listed(policy["Statement"]):
        said = {name: value for name, value in statement.items() if name not in ("Sid", "Resource")}
        # The case of a condition's key means nothing.
        conditions = said.get("Condition", {}).items()
        said["Condition"] = {test: {key.lower(): value for key, value in keys.items()} for test, keys in conditions}
        found.append(said)
    return found


@check("A confirmed sign-up makes a member")
def sign_up(run):
    organization = run.organization
    sub = run.signed_up
    key = {"pk": {"S": f"USER#{sub}"}, "sk": {"S": f"ORG#{organization}"}}
    item = run.client("dynamodb").get_item(TableName=run.table, Key=key, ConsistentRead=True).get("Item", {})
    if item.get("entryPath", {}).get("S") != "PostConfirmation":
        raise Failed(
            f"the user {sub} is no member after the sign-up. If `triggers` has passed, look at the log of "
            "post-confirmation."
        )
    return f"{sub} is a member of {organization}"


def shown_claims(run, tokens):
    """Compares the claims of a user's tokens with the membership."""
    organization, where = run.organization, run.parameters.get("ClaimsIn", "both")
    kinds = {"both": ("IdToken", "AccessToken"), "id": ("IdToken",), "access": ("AccessToken",)}[where]
    trigger = run.described_pool.get("LambdaConfig", {}).get("PreTokenGenerationConfig", {})
    # An event of version 1 has no access token.
    if trigger.get("LambdaVersion", "V1_0") == "V1_0":
        kinds = ("IdToken",)
    for kind in kinds:
        payload = tokens[kind].split(".")[1]
        claim = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("organizations")
        if claim is None:
            raise Failed(f"the {kind} has no claim `organizations`. Look at the log of pre-token-generation.")
        if organization not in (json.loads(claim) if isinstance(claim, str) else claim):
            raise Failed(f"the {kind} has the claim `organizations`, without {organization}: {claim}.")
    return f"{' and '.join(kinds)} name {organization}"


@check("The tokens of a sign-in have the claims")
def tokens(run):
    return shown_claims(run, run.signed_in)


@check("The tokens of a refresh have the claims")
def refreshed_tokens(run):
    return shown_claims(run, run.initiated("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=run.signed_in["RefreshToken"]))


@check("The functions log what they decide, and no address")
def logs(run):
    sub, triggers_ = run.sub, [run.group_of(name) for name in TRIGGERS]
    lines = wait(lambda: [line for group in triggers_ for line in logged(run, group, sub)], SETTLING)
    if not lines:
        raise Failed(f"no line of the triggers names {sub}. Look at {' and '.join(triggers_)}.")
    for line in lines:
        try:
            json.loads(line)
        except ValueError:
            raise Failed(f"a line is no JSON: {line[:200]}. Was the log format changed? Deploy again.") from None
    groups = [it.removesuffix(":*") for it in run.of_type("AWS::Logs::LogGroup")]
    # The local part, so that an address in another form is found as well.
    leaking = [group for group in groups if logged(run, group, f"{MAILBOX}+{run.id}")]
    if leaking:
        raise Failed(f"the user's address is in {', '.join(leaking)}. Tell the authors of Usher.")
    return f"{len(lines)} lines about the user, and no address in {len(groups)} log groups"


def logged(run, group, text):
    # Five minutes earlier, because clocks differ.
    since = int((run.begin - 300) * 1000)
    pages = run.client("logs").get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=since, filterPattern=f'"{text}"'
    )
    return [event["message"] for page in pages for event in page["events"] if text in event["message"]]


def records(run, group, text):
    """The lines with this text that are JSON objects."""
    return [json.loads(line) for line in logged(run, group, text) if line.startswith("{")]


# --- The API and the console


Answer = namedtuple("Answer", "status headers text")


def send(method, url, headers=None, body=None, connection=None):
    target = urlsplit(url)
    # With boto3's own variable, an emulator answers for all hosts of AWS, and tells them apart by the header Host.
    place = urlsplit(os.environ.get("AWS_ENDPOINT_URL") or url)
    if not connection:
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        connection = kind(place.netloc, timeout=30)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        connection.request(method, path, body, {"host": target.netloc, **(headers or {})})
        answer = connection.getresponse()
        answered = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, answered, answer.read().decode(errors="replace"))
    except OSError as error:
        raise Failed(f"{url} cannot be reached: {error}.") from None
    finally:
        connection.close()


@check("The API's authorizer has the issuer that the operators' pool says")
def issuer(run):
    found = [
        (api, authorizer["JwtConfiguration"]["Issuer"])
        for api in run.of_type("AWS::ApiGatewayV2::Api")
        for authorizer in run.client("apigatewayv2").get_authorizers(ApiId=api)["Items"]
        if "JwtConfiguration" in authorizer
    ]
    if len(found) != 1:
        raise Failed(f"the API has {len(found)} authorizers for tokens instead of 1: deploy the stack again.")
    has = found[0][1]
    answer = send("GET", f"{has}/.well-known/openid-configuration")
    if answer.status != 200:
        raise Failed(f"{has} has no discovery document ({answer.status}): no token is valid. Deploy the stack again.")
    says = json.loads(answer.text).get("issuer")
    if says != has:
        raise Failed(
            f"the pool's tokens are from {says}, and the API wants {has}: it refuses all of them. Somebody has changed "
            "the pool's issuer: set it back."
        )
    return has


LET_IN = (
    "If the API has its routes, everybody can read or change memberships: delete the stage of the API, and tell the "
    "authors of Usher."
)


def refused(run, asked, untried=None):
    """Sends requests that must be refused: what, method, path, token. `untried` says why others cannot be sent."""
    seen, wrong = [], []
    for what, method, path, token in asked:
        status = run.ask(method, path, token).status
        (seen if status in (401, 403) else wrong).append(f"{what}: {status}")
    if wrong:
        let_in = any(it.endswith((": 200", ": 404")) for it in wrong)
        advice = LET_IN if let_in else "Deploy the stack again."
        raise Failed(f"{'; '.join(wrong)}, instead of 401 or 403. {advice}")
    if untried:
        raise Skipped(f"{untried}. The API refuses what was tried: {'; '.join(seen)}")
    return "; ".join(seen)


# Reads and changes that find nothing, so that a request which is let through changes nothing.
READ = "GET", "/organizations?page_size=1"
WRITE = "DELETE", f"/organizations/{MARK}-nobody/users/{MARK}"


@check("The API refuses a request without a valid token")
def api_tokens(run):
    tokens, untried = [("no token", None), ("no JWT", "usher")], None
    try:
        header, payload, signature = run.machine_token(run.machine_client, "usher/read usher/write").split(".")
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
        flipped = ("B" if signature[0] != "B" else "C") + signature[1:]
        tokens += [
            ("another signature", f"{header}.{payload}.{flipped}"),
            ("no signature", f"{unsigned}.{payload}."),
        ]
    except Skipped as reason:
        untried = reason
    other = run.machine_token(run.other_client, "usher/read usher/write")
    tokens.append(("another client of the operators' pool", other))
    with contextlib.suppress(Skipped):
        for kind, name in (("access", "AccessToken"), ("ID", "IdToken")):
            tokens.append((f"a customer's {kind} token", run.signed_in[name]))
    asked = [(f"{what}, {way[0]}", *way, token) for what, token in tokens for way in (READ, WRITE)]
    return refused(run, asked, untried)


@check("The API refuses a token without the route's scope")
def api_scopes(run):
    asked, untried = [], None
    try:
        reading = run.machine_token(run.machine_client, "usher/read")
        writing = run.machine_token(run.machine_client, "usher/write")
        asked += [("usher/read, DELETE", *WRITE, reading), ("usher/write, GET", *READ, writing)]
    except Skipped as reason:
        untried = reason
    for kind, token in (("access", run.operator["AccessToken"]), ("ID", run.operator["IdToken"])):
        asked += [(f"an operator's {kind} token without scopes, {way[0]}", *way, token) for way in (READ, WRITE)]
    return refused(run, asked, untried)


@check("The API answers a program that has the scope")
def api_works(run):
    read = run.ask(*READ, run.machine_token(run.machine_client, "usher/read"))
    if read.status != 200:
        raise Failed(f"GET /organizations: {read.status} {read.text[:200]}. Look at the log of organizations.")
    write = run.ask(*WRITE, run.machine_token(run.machine_client, "usher/write"))
    if write.status != 404 or '"code"' not in write.text:
        raise Failed(f"DELETE of no member: {write.status} {write.text[:200]}, instead of Usher's own 404.")
    return "reading: 200; a change of what does not exist: Usher's 404"


@check("The console and the API's description answer without a token, other paths do not")
def console(run):
    start = run.ask("GET", "/console")
    if start.status in (301, 302, 307, 308):
        path = urlsplit(start.headers.get("location", "")).path
        start = run.ask("GET", path)
    deep = run.ask("GET", f"/console/organizations/{MARK}-nobody")
    assets = sorted(set(re.findall(r'(?:src|href)="(/console/[^"]+)"', start.text)))
    settings = run.ask("GET", "/console/config.json")
    description = run.ask("GET", "/openapi.json")
    answers = {
        "the console": (start, "text/html"),
        "a deep link": (deep, "text/html"),
        "config.json": (settings, "application/json"),
        "openapi.json": (description, "application/json"),
    }
    for path in assets:
        answers[path] = run.ask("GET", path), ""
    wrong = [
        f"{what}: {answer.status} {answer.headers.get('content-type', '')}"
        for what, (answer, kind) in answers.items()
        if answer.status != 200 or kind not in answer.headers.get("content-type", "")
    ]
    if not assets:
        wrong.append("the console names no files of its own")
    if not wrong and run.outputs["OperatorClientId"] not in settings.text:
        wrong.append("config.json names another client than the output OperatorClientId")
    for path in ("/", "/nothing", "/organizations", "/console-nothing"):
        if run.ask("GET", path).status < 400:
            wrong.append(f"{path} answers without a token")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Deploy the stack again.")
    return f"{len(answers)} addresses answer"


@check("The API's own domain name answers over IPv6")
def ipv6(run):
    name = run.parameters.get("ApiDomainName")
    if not name:
        raise Skipped("the stack has no ApiDomainName")
    try:
        found = socket.getaddrinfo(name, 443, socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:
        raise Skipped(f"{name} has no AAAA record") from None
    plain = None
    try:
        plain = socket.create_connection(found[0][4][:2], timeout=30)
        connection = http.client.HTTPSConnection(name)
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=name)
    except ssl.SSLError as error:
        plain.close()
        raise Failed(f"{name} over IPv6: {error}. Look at ApiCertificateArn.") from None
    except OSError as error:
        raise Skipped(f"this machine reaches no address over IPv6 ({error}). Try it from another one") from None
    status = send("GET", f"https://{name}/openapi.json", connection=connection).status
    if status != 200:
        raise Failed(f"/openapi.json: {status}. Deploy the stack again.")
    return f"{found[0][4][0]} answers"


# --- What is logged of a run


@check("Each change through the API has one audit line, with the token's client")
def audit(run):
    organization, client = run.organization, run.machine_client[0]
    token = run.machine_token(run.machine_client, "usher/write")
    # Two changes. The second request changes nothing.
    for description in (MARK, MARK, run.id):
        answer = run.ask("PATCH", f"/organizations/{organization}", token, {"description": description})
        if answer.status != 200:
            seen = f"{answer.status} {answer.text[:200]}"
            raise Failed(f"PATCH of {organization}: {seen}. Look at the log of organizations.")
    group = run.group_of("organizations")

    def lines():
        wanted = {"message": "audit", "action": "updateOrganization", "organization": organization}
        return [line for line in records(run, group, organization) if wanted.items() <= line.items()]

    wait(lambda: len(lines()) > 1, SETTLING)
    callers = [f"{line.get('client_id')}, subject {line.get('subject')}" for line in lines()]
    # A program's token has its client as subject, too.
    if callers != [f"{client}, subject {client}"] * 2:
        raise Failed(
            f"two changes by {client} and one request without effect have these audit lines in {group}: "
            f"{'; '.join(callers) or 'none'}. Read docs/operations.md#who-changed-what, and tell the authors of Usher."
        )
    return f"two changes by {client} have a line each, and a request without effect has none"


@check("What functions and Lambda log is as `LogLevel` says")
def log_levels(run):
    level = run.parameters.get("LogLevel", "INFO")
    of_lambda = "INFO" if level == "DEBUG" else "WARN"
    expected = {"LogFormat": "JSON", "ApplicationLogLevel": level, "SystemLogLevel": of_lambda}
    has = {name: settings.get("LoggingConfig", {}) for name, settings in run.settings.items()}
    wrong = [f"{name} has {json.dumps(found)}" for name, found in has.items() if not expected.items() <= found.items()]
    if wrong:
        raise Failed(f"{'; '.join(wrong)}, instead of {json.dumps(expected)}. Deploy the stack again.")
    if level == "DEBUG":
        return f"{len(has)} functions have DEBUG. Set LogLevel back to INFO when you have found what you look for"

    # The invocations of this run are those whose lines name its organization or its user.
    named = {"organizations": run.organization}
    with contextlib.suppress(Skipped):
        named |= dict.fromkeys(TRIGGERS, run.sub)
    # What the triggers have written is older.
    wait(lambda: records(run, run.group_of("organizations"), run.organization), SETTLING)
    invocations = 0
    for name, id in named.items():
        group = run.group_of(name)
        lines = records(run, group, id)
        ids = {line["span"]["requestId"] for line in lines if "span" in line}
        invocations += len(ids)
        if details := sum(line.get("level") == "DEBUG" for line in lines):
            wrong.append(f"{name} has written {details} lines with the level DEBUG")
        starts = [line for line in records(run, group, "platform.start") if line["record"]["requestId"] in ids]
        if starts:
            wrong.append(f"Lambda has written {len(starts)} lines platform.start about {name}")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}, although LogLevel is {level}. These lines cost: tell the authors of Usher.")
    if not invocations:
        raise Failed("no line names the organization of this run. Look at the log of organizations.")
    return f"{len(has)} functions have {level}, and {invocations} invocations have no lines DEBUG or platform.start"


# --- The table and the key


@check("The key of `KmsKeyArn` encrypts all that the stack has made")
def own_key(run):
    key = run.parameters.get("KmsKeyArn")
    if not key:
        raise Skipped("the stack has no KmsKeyArn, so AWS uses keys of its own")
    used = {}
    for pool in run.made_pools:
        about = pool.get("KeyConfiguration", {})
        own = about.get("KeyType") == "CUSTOMER_MANAGED_KEY"
        used[f"the pool {pool['Id']}"] = about.get("KmsKeyArn") if own else None
    if run.made_table:
        table = run.client("dynamodb").describe_table(TableName=run.made_table)["Table"]
        used[f"the table {run.made_table}"] = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    for settings in run.settings.values():
        used[f"the function {settings['FunctionName']}"] = settings.get("KMSKeyArn")
    for name in (it.removesuffix(":*") for it in run.of_type("AWS::Logs::LogGroup")):
        pages = run.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        groups = {it["logGroupName"]: it for page in pages for it in page["logGroups"]}
        used[f"the log group {name}"] = groups[name].get("kmsKeyId")
    if wrong := [f"{what} has {other or 'a key of AWS'}" for what, other in used.items() if other != key]:
        raise Failed(f"{'; '.join(wrong)}. Deploy the stack again: docs/parameters.md#a-key-of-yours.")
    table = "the table" if run.made_table else "no table, because it was given"
    return f"{len(run.made_pools)} pools, {len(run.settings)} functions with their logs, and {table}"


@check("DynamoDB names the keys that it throttles")
def throttled_keys(run):
    if run.parameters.get("KmsKeyArn"):
        raise Skipped("with KmsKeyArn they stay off, because CloudWatch uses a key of its own for them")
    wrong, commands = [], []
    for index in ("", "gsi1"):
        place = {"TableName": run.table} | ({"IndexName": index} if index else {})

        def described(place=place):
            about = run.client("dynamodb").describe_contributor_insights(**place)
            return about if about.get("ContributorInsightsStatus") != "ENABLING" else None

        about = wait(described, SETTLING) or {"ContributorInsightsStatus": "ENABLING"}
        status, mode = about.get("ContributorInsightsStatus"), about.get("ContributorInsightsMode")
        if (status, mode) != ("ENABLED", "THROTTLED_KEYS"):
            reason = about.get("FailureException", {}).get("ExceptionDescription")
            seen = ", ".join(filter(None, (status, mode, reason)))
            wrong.append(f"{f'its index {index}' if index else f'the table {run.table}'} has {seen}")
            of_index = f" --index-name {index}" if index else ""
            commands.append(
                f"aws dynamodb update-contributor-insights --table-name {run.table}{of_index} "
                "--contributor-insights-action ENABLE --contributor-insights-mode THROTTLED_KEYS"
            )
    if wrong:
        problem = f"{'; '.join(wrong)}. Switch it on: {'; '.join(commands)}"
        raise Failed(problem) if run.made_table else Skipped(f"the table was given, and {problem}")
    return f"the table {run.table} and its index gsi1, with the mode THROTTLED_KEYS"


# --- Mail


@check("Amazon SES sends the mails of the pools that the stack has made")
def mail(run):
    identity, sender = run.parameters.get("SesIdentityArn"), run.parameters.get("EmailFrom")
    if not identity:
        raise Skipped("the stack has no SesIdentityArn: Cognito sends some 50 mails a day (docs/parameters.md#mail)")
    expected, wrong = {"EmailSendingAccount": "DEVELOPER", "SourceArn": identity, "From": sender}, []
    for pool in run.made_pools:
        has = pool.get("EmailConfiguration", {})
        if not expected.items() <= has.items():
            wrong.append(f"the pool {pool['Id']} has {json.dumps(has)} instead of {json.dumps(expected)}")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Deploy the stack again.")
    sent = f"{len(run.made_pools)} pools send as {sender}"
    _, _, _, region, account, name = identity.split(":", 5)
    if account != run.account:
        return f"{sent}. Look yourself whether {identity} is verified in account {account}"
    # The identity can be in another region than the stack.
    ses = run.client("sesv2", region)

    def is_verified(identity):
        try:
            return ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"]
        except ses.exceptions.NotFoundException:
            return False

    # Cognito also takes an address whose domain alone is verified.
    address = name.removeprefix("identity/")
    verified = is_verified(address) or is_verified(address.rpartition("@")[2])
    about = ses.get_account()
    if not verified:
        wrong.append(f"{identity} is not verified, so no mail goes out")
    if not about.get("ProductionAccessEnabled"):
        wrong.append(f"SES is in its sandbox in {region}, so mails reach verified addresses only")
    if not about.get("SendingEnabled"):
        wrong.append(f"AWS has paused SES for this account in {region}, so no mail goes out")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Read docs/parameters.md#mail.")
    return f"{sent}, by a verified identity"


# --- Releases and chained triggers


@check(f"The alias `{ALIAS}` of each function is its newest version")
def aliases(run):
    if not run.of_type("AWS::Lambda::Alias"):
        raise Skipped("the stack has no aliases")
    functions, wrong = run.client("lambda"), []
    for name in run.functions.values():
        try:
            alias = functions.get_alias(FunctionName=name, Name=ALIAS)
        except functions.exceptions.ResourceNotFoundException:
            wrong.append(f"{name} has no alias")
            continue
        pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        numbers = [int(it["Version"]) for page in pages for it in page["Versions"] if it["Version"].isdigit()]
        if int(alias["FunctionVersion"]) != max(numbers, default=0):
            wrong.append(f"{name} runs version {alias['FunctionVersion']} of {max(numbers, default=0)}")
        elif alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            wrong.append(f"{name} is being deployed")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Wait for the deployment, or deploy again after a rollback.")
    return f"{len(run.functions)} functions"


@check("A release stops at alarms that exist")
def release_alarms(run):
    codedeploy, found = run.client("codedeploy"), []
    for application in run.of_type("AWS::CodeDeploy::Application"):
        pages = codedeploy.get_paginator("list_deployment_groups").paginate(applicationName=application)
        for name in (name for page in pages for name in page["deploymentGroups"]):
            group = codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=name)
            found.append(group["deploymentGroupInfo"])
    if not found:
        raise Skipped("the stack has no deployment groups, so a release does not stop by itself")
    named = {group["deploymentGroupName"]: group.get("alarmConfiguration", {}) for group in found}
    heard = {it["name"] for alarms in named.values() if alarms.get("enabled") for it in alarms.get("alarms", [])}
    wanted = [f"{run.stack}-{trigger}-{kind}" for trigger in TRIGGERS for kind in ("errors", "slow")]
    if unheard := [name for name in wanted if name not in heard]:
        raise Failed(
            f"the deployment groups ({', '.join(named)}) do not stop at {', '.join(unheard)}, so a broken release goes "
            "on. Deploy the stack again."
        )
    there = {alarm["AlarmName"] for alarm in described_alarms(run, wanted)}
    if missing := [name for name in wanted if name not in there]:
        raise Failed(f"these alarms do not exist: {', '.join(missing)}. Deploy the stack again.")
    return f"{', '.join(wanted)}"


@check("The triggers invoke the functions that were there before, and may invoke no others")
def chained(run):
    nexts = {trigger: run.parameters.get(parameter, "") for trigger, parameter in NEXT.items()}
    if not any(nexts.values()):
        raise Skipped("no trigger has a function to invoke first")
    wrong = []
    for trigger, arn in nexts.items():
        name, settings = run.functions[trigger], run.settings[trigger]
        environment = settings.get("Environment", {})
        if "Error" in environment:
            raise Failed(f"the settings of {name} cannot be read: {environment['Error'].get('Message')}")
        expected = {"NEXT_TRIGGER_ARN": arn, "NEXT_TRIGGER_FAILURE": run.parameters.get("NextTriggerFailure")}
        has = {key: environment.get("Variables", {}).get(key, "") for key in expected}
        if has != expected:
            wrong.append(f"{name} runs with {json.dumps(has)} instead of {json.dumps(expected)}")
        if not arn:
            continue
        # An ARN has 7 parts, and with a version or an alias 8.
        parts = arn.split(":")
        function = ":".join(parts[:7])
        others = [f"{function}:{MARK}", f"{function}-{MARK}"] + ([function] if len(parts) > 7 else [])
        for resource, may in [(arn, True), *((other, False) for other in others)]:
            decision = run.client("iam").simulate_principal_policy(
                PolicySourceArn=settings["Role"], ActionNames=["lambda:InvokeFunction"], ResourceArns=[resource]
            )["EvaluationResults"][0]["EvalDecision"]
            if (decision == "allowed") != may:
                wrong.append(f"{name} may {'not ' if may else ''}invoke {resource} ({decision})")
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Deploy the stack again, or end a rollback: docs/operations.md#rolling-back.")
    # With `continue`, users go on although the function fails. And nothing else shows the policy of a function in another
    # account.
    with contextlib.suppress(Skipped):
        sub = run.sub
        wait(lambda: [line for name in TRIGGERS for line in logged(run, run.group_of(name), sub)], SETTLING)
    # It has failed, or is not invoked.
    message = "the pool's own function "
    failures = {
        f"{run.functions[name]}: {line['message']}: {line.get('function', arn)}, {line.get('error')}"
        for name, arn in nexts.items()
        if arn
        for line in records(run, run.group_of(name), message)
        if line.get("message", "").startswith(message)
    }
    if failures:
        raise Failed(
            f"the logs since five minutes before this run have: {'; '.join(sorted(failures))}. Look at "
            "docs/operations.md#the-pools-own-function."
        )
    return f"{' and '.join(filter(None, nexts.values()))}, and no other version or name of theirs"


# --- Alarms


def described_alarms(run, names):
    """The alarms of these names: those on metrics or queries, then those on the states of others."""
    found, kinds = [], ("MetricAlarm", "CompositeAlarm")
    for begin in range(0, len(names), 100):
        some = names[begin : begin + 100]
        # Without types, CloudWatch leaves composite alarms out.
        pages = run.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNames=some, AlarmTypes=kinds)
        found += [alarm for page in pages for kind in kinds for alarm in page.get(f"{kind}s", [])]
    return found


def alarms_of(run):
    names = [*run.of_type("AWS::CloudWatch::Alarm"), *run.of_type("AWS::CloudWatch::CompositeAlarm")]
    found = described_alarms(run, names)
    if missing := sorted(set(names) - {alarm["AlarmName"] for alarm in found}):
        raise Failed(f"these alarms do not exist any more: {', '.join(missing)}. Deploy the stack again.")
    return found


def computed(run, queries):
    """Lets CloudWatch compute queries over the last hour. Returns what it refuses."""
    now = datetime.now(timezone.utc)
    try:
        answer = run.client("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=now - timedelta(hours=1), EndTime=now
        )
    except ClientError as error:
        return [told(error)]
    about = [answer, *answer["MetricDataResults"]]
    return [message.get("Value") or message.get("Code") for it in about for message in it.get("Messages", [])]


@check("CloudWatch computes the alarms that are expressions")
def alarm_expressions(run):
    expressions = [alarm for alarm in alarms_of(run) if alarm.get("Metrics")]
    if not expressions:
        raise Skipped("the stack has no alarms with expressions")
    wrong = [f"{it['AlarmName']}: {problem}" for it in expressions for problem in computed(run, it["Metrics"])]
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. The alarm may never ring: tell the authors of Usher.")
    return ", ".join(sorted(alarm["AlarmName"] for alarm in expressions))


@check("CloudWatch computes the dashboard's expressions")
def dashboard(run):
    name = run.of_type("AWS::CloudWatch::Dashboard")[0]
    body = json.loads(run.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    wrong, titles = [], []
    for widget in body["widgets"]:
        shown = widget["properties"]
        if not any("expression" in (row[-1] if isinstance(row[-1], dict) else {}) for row in shown.get("metrics", [])):
            continue
        titles.append(shown["title"])
        wrong += [f"{shown['title']}: {problem}" for problem in computed(run, queries_of(shown))]
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. The widget stays empty: tell the authors of Usher.")
    return ", ".join(titles)


def queries_of(shown):
    """The metrics of a widget as GetMetricData takes them."""
    queries = []
    for number, row in enumerate(shown["metrics"]):
        settings = row[-1] if isinstance(row[-1], dict) else {}
        query = {"Id": settings.get("id", f"m{number}")}
        period = settings.get("period", shown.get("period", 300))
        if "expression" in settings:
            query |= {"Expression": settings["expression"], "Period": period}
        else:
            namespace, metric, *pairs = [it for it in row if isinstance(it, str)]
            dimensions = [{"Name": key, "Value": value} for key, value in zip(pairs[::2], pairs[1::2])]
            about = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
            stat = settings.get("stat", shown.get("stat", "Average"))
            query["MetricStat"] = {"Metric": about, "Period": period, "Stat": stat}
        queries.append(query)
    return queries


@check("CloudWatch evaluates the alarms without an error")
def alarm_states(run):
    def unwell():
        return [alarm for alarm in alarms_of(run) if alarm.get("EvaluationState")]

    # Some troubles are CloudWatch's own, and end.
    wait(lambda: not unwell(), SETTLING)
    if found := unwell():
        seen = "; ".join(f"{it['AlarmName']} is {it['EvaluationState']}: {it.get('StateReason')}" for it in found)
        raise Failed(f"{seen}. Such an alarm may not ring: look at it in CloudWatch, and tell the authors of Usher.")
    alarms = alarms_of(run)
    # CloudWatch says so from the creation of an alarm to its first evaluation.
    new = sorted(it["AlarmName"] for it in alarms if it.get("StateReason", "").startswith("Unchecked"))
    return f"{len(alarms)} alarms" + (f". It has not evaluated these yet: {', '.join(new)}" if new else "")


def forced_alarm(run):
    """The alarm of the metric that this script reports. Usher reports the same metric in its log lines."""
    metric = {"Namespace": "Usher", "MetricName": "ProvisioningFailures"}
    return next((alarm for alarm in alarms_of(run) if metric.items() <= alarm.items()), None)


@check("An alarm rings after failures")
def alarm_rings(run):
    alarm = forced_alarm(run)
    if not alarm:
        raise Skipped("the stack has no alarm on ProvisioningFailures")
    name, actions = alarm["AlarmName"], alarm.get("AlarmActions", [])
    if alarm["StateValue"] == "ALARM":
        raise Failed(
            f"{name} is on already. If no run of this script has made it ring in the last half hour, look at "
            "docs/operations.md#provisioning-failures."
        )
    begin = datetime.now(timezone.utc)
    datum = {"MetricName": "ProvisioningFailures", "Dimensions": alarm["Dimensions"], "Unit": "Count"}
    run.client("cloudwatch").put_metric_data(
        Namespace="Usher", MetricData=[datum | {"Value": alarm["Threshold"] + 1, "Timestamp": begin}]
    )
    if not wait(lambda: forced_alarm(run)["StateValue"] == "ALARM", RINGING):
        state = forced_alarm(run)["StateValue"]
        raise Failed(f"{name} is still {state} {RINGING // 60} minutes after failures. Deploy the stack again.")
    if not actions or not alarm.get("ActionsEnabled"):
        return f"{name} is on. It tells nobody: the stack has no AlarmTopicArn"

    def acted():
        pages = run.client("cloudwatch").get_paginator("describe_alarm_history").paginate(
            AlarmName=name,
            HistoryItemType="Action",
            StartDate=begin - timedelta(minutes=1),
            EndDate=begin + timedelta(hours=1),
        )
        return [item["HistorySummary"] for page in pages for item in page["AlarmHistoryItems"]]

    history = wait(acted, SETTLING)
    if not any(it.startswith("Successfully") for it in history):
        raise Failed(
            f"{name} is on, and its topic was not told ({'; '.join(history) or 'no action in its history'}). Does the "
            "topic's policy, and the policy of its key, allow cloudwatch.amazonaws.com?"
        )
    return f"{name} is on, and {', '.join(actions)} was told. Look whether somebody has heard it"


@check("The alarm ends by itself")
def alarm_ends(run):
    alarm = forced_alarm(run)
    if not alarm or alarm["StateValue"] != "ALARM":
        raise Skipped("the alarm does not ring")
    # The window of the failures has to pass.
    seconds = 2 * alarm["Period"] * alarm["EvaluationPeriods"] + RINGING
    print(f"Waiting for the end of the alarm, at most {seconds // 60} minutes.", file=sys.stderr, flush=True)
    if not wait(lambda: forced_alarm(run)["StateValue"] == "OK", seconds):
        raise Failed(
            f"{alarm['AlarmName']} is still on: users cannot be provisioned. Look at "
            "docs/operations.md#provisioning-failures."
        )
    return f"{alarm['AlarmName']} is OK"


# --- Secure Remote Password, as Cognito has it

# The 3072-bit group of RFC 3526, section 4.
GROUP = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2


def signed_in_by_srp(cognito, pool, client, user, password):
    """The tokens of a sign-in through a client that takes no plain passwords."""
    secret = secrets.randbelow(GROUP - 2) + 1
    public = pow(GENERATOR, secret, GROUP)
    challenge = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": user, "SRP_A": f"{public:x}"}
    )
    given = challenge["ChallengeParameters"]
    theirs, salt = int(given["SRP_B"], 16), int(given["SALT"], 16)
    name = pool.partition("_")[2] + given["USER_ID_FOR_SRP"]
    both = digest(padded(public) + padded(theirs))
    proof = digest(padded(salt) + hashlib.sha256(f"{name}:{password}".encode()).digest())
    factor = digest(padded(GROUP) + padded(GENERATOR))
    shared = pow(theirs - factor * pow(GENERATOR, proof, GROUP), secret + both * proof, GROUP)
    # One block of HKDF (RFC 5869).
    extracted = hmac.digest(padded(both), padded(shared), "sha256")
    key = hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]
    now = datetime.now(timezone.utc)
    moment = f"{now:%a %b} {now.day} {now:%H:%M:%S} UTC {now.year}"
    message = name.encode() + base64.b64decode(given["SECRET_BLOCK"]) + moment.encode()
    answer = cognito.respond_to_auth_challenge(
        ClientId=client,
        ChallengeName=challenge["ChallengeName"],
        ChallengeResponses={
            "USERNAME": given["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(key, message, "sha256")).decode(),
            "TIMESTAMP": moment,
        },
    )
    if "AuthenticationResult" not in answer:
        raise Skipped(f"the operators' pool asks every operator for {answer.get('ChallengeName')}")
    return answer["AuthenticationResult"]


def padded(number):
    """Big-endian bytes whose first bit is 0, as of a signed number."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def digest(data):
    return int.from_bytes(hashlib.sha256(data).digest())


if __name__ == "__main__":
    sys.exit(main())
