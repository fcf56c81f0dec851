"""Asks AWS about the stack of the test, its parts, and the tokens of its users."""

import base64
import json
import os
import time

import boto3
import yaml
from botocore.exceptions import ClientError

from .story import same

STACK = "usher"
PATIENCE = 60  # seconds to wait for a stack
REGION = "eu-central-1"
PASSWORD = "Correct-Horse-Battery-9"
# The alias by which Cognito and the API call each function.
ALIAS = "live"


def machine():
    """The architecture of this machine, for which `make quick-build` builds."""
    return "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"


def described(name):
    return boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]


def parameters_of(name):
    return {it["ParameterKey"]: it["ParameterValue"] for it in described(name).get("Parameters", [])}


def outputs_of(name):
    return {output["OutputKey"]: output["OutputValue"] for output in described(name)["Outputs"]}


def stacks(template):
    """Every stack by its name or id, with the built template that it was made from."""
    found = {STACK: template}
    for resource in boto3.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]:
        if resource["ResourceType"] == "AWS::CloudFormation::Stack":
            name = resource["PhysicalResourceId"].split("/")[1]
            found[name] = template.parent / resource["LogicalResourceId"] / "template.yaml"
    return found


def resources_of(path):
    return yaml.safe_load(path.read_text())["Resources"]


def made_with(path, parameters):
    """The resources of a built template that it makes with these parameters."""
    template = yaml.safe_load(path.read_text())
    defaults = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
    values = defaults | parameters
    conditions = template.get("Conditions", {})
    mappings = template.get("Mappings", {})

    def value(expression):
        match expression:
            case {"Fn::FindInMap": [name, key, attribute]}:
                return mappings[name][value(key)][attribute]
            case {"Ref": name}:
                return values[name]
            case {"Fn::Join": [separator, parts]}:
                parts = value(parts)
                return separator.join(parts.split(",") if isinstance(parts, str) else map(value, parts))
        return expression

    def holds(expression):
        match expression:
            case {"Condition": name}:
                return holds(conditions[name])
            case {"Fn::Equals": [one, other]}:
                return value(one) == value(other)
            case {"Fn::Not": [one]}:
                return not holds(one)
            case {"Fn::And": all_of}:
                return all(map(holds, all_of))
            case {"Fn::Or": any_of}:
                return any(map(holds, any_of))
        raise ValueError(f"{path}: {expression}")

    return {
        id: resource
        for id, resource in template["Resources"].items()
        if "Condition" not in resource or holds({"Condition": resource["Condition"]})
    }


def events(name):
    return boto3.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]


def settled(name, status):
    """Waits until a stack does not change any more."""
    end = time.monotonic() + PATIENCE
    while described(name)["StackStatus"].endswith("_IN_PROGRESS") and time.monotonic() < end:
        time.sleep(0.2)
    same(status, described(name)["StackStatus"], name)


def delete(name):
    formation = boto3.client("cloudformation")
    # By its id, because a deleted stack has no name.
    id = described(name)["StackId"]
    formation.delete_stack(StackName=name)
    formation.get_waiter("stack_delete_complete").wait(StackName=id, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def table_of(name):
    return boto3.client("dynamodb").describe_table(TableName=name)["Table"]


def pools(cognito):
    return cognito.list_user_pools(MaxResults=60)["UserPools"]


def tokens_of(address, client):
    """The tokens of a user who signs in through a client of the users' pool."""
    return boto3.client("cognito-idp").admin_initiate_auth(
        UserPoolId=outputs_of(STACK)["UserPoolId"],
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": address, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def refused(call):
    """What AWS says to a call that it refuses."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Message"]
    return "not refused"
