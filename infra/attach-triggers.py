#!/usr/bin/env python3
"""Attaches both triggers of a deployed stack to a customers' user pool that the stack did not make, and undoes it.

    attach-triggers.py --user-pool-id eu-central-1_Ab3dE --stack-name usher [--dry-run] [--replace] [--save FILE]
    attach-triggers.py --undo user-pool-eu-central-1_Ab3dE-triggers.json [--dry-run] [--replace]
    attach-triggers.py --detach --user-pool-id eu-central-1_Ab3dE [--stack-name usher | --replace] [--dry-run]

UpdateUserPool resets every setting that a request leaves out. So the script describes the pool first, and sends back
all settings that UpdateUserPool takes, together with the triggers. The SDK's model of the API lists these settings; a
newer SDK knows more of them. Afterwards the script describes the pool again and compares. See docs/given-user-pool.md.
"""

import argparse
import json
import sys
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# The triggers that this script sets. The third is the older name of the second. Cognito shows both, and refuses two
# different values.
TRIGGERS = ("PostConfirmation", "PreTokenGenerationConfig", "PreTokenGeneration")
# Version 3 adds machine tokens, which the function does not change. A pool with version 3 keeps it.
LIST_CLAIMS = ("V2_0", "V3_0")
# Other triggers of a pool that can change what Usher trusts, each with what it can do.
ASSERTING = {
    "PreSignUp": "if that one verifies addresses by itself, nobody has proven theirs.",
    "UserMigration": "that one says itself which addresses are verified, and Usher trusts it.",
    "InboundFederation": "that one can change all that a provider says, also email_verified, and Usher trusts it.",
}
# The scope with which users change their own attributes. Tokens of a sign-in without the sign-in page have it too.
OWN_ATTRIBUTES = "aws.cognito.signin.user.admin"
# Fields that may differ between two descriptions of a pool although no setting has changed.
NO_SETTINGS = ("LambdaConfig", "LastModifiedDate", "EstimatedNumberOfUsers")


class Refusal(Exception):
    """One sentence for the caller."""


def main(arguments=None):
    options = parse(arguments)
    try:
        (undo if options.undo else detach if options.detach else attach)(options)
    except Refusal as refusal:
        return f"{refusal}"
    except ClientError as error:
        told = error.response.get("Error", {})
        return f"AWS refuses {error.operation_name}: {told.get('Message') or told.get('Code')}"
    except BotoCoreError as error:
        return f"AWS cannot be asked: {error}"
    except OSError as error:
        return f"{error.filename}: {error.strerror}."
    return 0


def parse(arguments):
    summary = "Attaches both triggers of a stack to a user pool that is already there, or undoes it."
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--user-pool-id", metavar="ID", help="the customers' user pool")
    parser.add_argument("--stack-name", metavar="NAME", help="the stack, deployed with UserPoolId=ID")
    parser.add_argument("--post-confirmation", metavar="ARN", help="the function, instead of the stack's output")
    parser.add_argument("--pre-token-generation", metavar="ARN", help="the function, instead of the stack's output")
    parser.add_argument("--replace", action="store_true", help="even if another trigger is there")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument(
        "--save",
        metavar="FILE",
        type=Path,
        help="where to keep what was there (user-pool-ID-triggers.json in this folder)",
    )
    parser.add_argument("--undo", metavar="FILE", type=Path, help="put back what such a file keeps")
    parser.add_argument(
        "--detach",
        action="store_true",
        help="take both triggers off, before their stack is deleted; with --replace also if it is gone",
    )
    options = parser.parse_args(arguments)

    functions = (options.post_confirmation, options.pre_token_generation)
    if options.undo:
        if options.stack_name or options.save or options.detach or any(functions):
            parser.error("--undo takes everything from its file, besides --user-pool-id, --replace and --dry-run")
    elif not options.user_pool_id:
        parser.error("--user-pool-id is missing")
    elif options.detach and options.save:
        parser.error("--detach keeps nothing that --save could name")
    elif options.detach and options.replace:
        if options.stack_name or any(functions):
            parser.error("--detach with --replace takes off whatever is there: name no stack and no function")
    elif bool(options.stack_name) == all(functions) or any(functions) != all(functions):
        parser.error("give either --stack-name, or both --post-confirmation and --pre-token-generation")
    return options


def attach(options):
    pool_id = options.user_pool_id
    stack = stack_of(options)
    post_confirmation, pre_token_generation = functions_of(options, stack)
    cognito = client("cognito-idp", pool_id)
    pool = describe(cognito, pool_id)
    before = triggers(pool)
    warn(pool)
    parameters = {given["ParameterKey"]: given.get("ParameterValue") for given in stack.get("Parameters", [])}
    if attribute := parameters.get("GoogleHostedDomainAttribute"):
        warn_of_writers(cognito, pool_id, attribute)

    version = before.get("PreTokenGenerationConfig", {})
    if version.get("LambdaArn") != pre_token_generation or version["LambdaVersion"] not in LIST_CLAIMS:
        version = {"LambdaVersion": LIST_CLAIMS[0], "LambdaArn": pre_token_generation}
    after = {"PostConfirmation": post_confirmation, "PreTokenGenerationConfig": version}

    if not options.replace:
        found = functions_in(before)
        for trigger, function in functions_in(after).items():
            if found.get(trigger, function) != function:
                raise Refusal(
                    f"{trigger} of {pool_id} is {found[trigger]} already, and a pool has one function per trigger: "
                    "give --replace to put Usher's in its place."
                )
    save = options.save or Path(f"user-pool-{pool_id}-triggers.json")
    kept = {"userPoolId": pool_id, "before": before, "attached": after}
    change(cognito, pool, after, options.dry_run, lambda: keep(save, kept))


def undo(options):
    kept = read(options.undo)
    pool_id = kept["userPoolId"]
    if options.user_pool_id not in (None, pool_id):
        raise Refusal(f"{options.undo} is about {pool_id}, not about {options.user_pool_id}.")
    cognito = client("cognito-idp", pool_id)
    pool = describe(cognito, pool_id)

    now = functions_in(triggers(pool))
    known = [functions_in(kept[moment]) for moment in ("before", "attached")]
    if not options.replace:
        for trigger, function in now.items():
            if function not in [functions.get(trigger) for functions in known]:
                raise Refusal(
                    f"{trigger} of {pool_id} has become {function} since {options.undo} was written: "
                    "give --replace to put back what was there before all the same."
                )
    change(cognito, pool, kept["before"], options.dry_run, lambda: None)


def detach(options):
    pool_id = options.user_pool_id
    cognito = client("cognito-idp", pool_id)
    pool = describe(cognito, pool_id)
    if not options.replace:
        ours = functions_of(options, stack_of(options))
        for trigger, function in functions_in(triggers(pool)).items():
            if function not in ours:
                raise Refusal(
                    f"{trigger} of {pool_id} is {function}, which is none of these: give --replace alone to remove it."
                )
    change(cognito, pool, {}, options.dry_run, lambda: None)


def change(cognito, pool, after, dry_run, prepare):
    """Replaces the triggers of the pool with these. `prepare` runs before the only write."""
    pool_id, before = pool["Id"], triggers(pool)
    if shown(before) == shown(after):
        print(f"{pool_id}: nothing to change.")
        return

    for trigger in TRIGGERS[:2]:
        old, new = shown(before)[trigger], shown(after)[trigger]
        if old != new:
            print(f"{trigger}: {old} -> {new}")
    if dry_run:
        print(f"{pool_id}: nothing changed, since this is a dry run.")
        return

    prepare()
    others = {name: value for name, value in pool.get("LambdaConfig", {}).items() if name not in TRIGGERS}
    cognito.update_user_pool(**settings(cognito, pool), LambdaConfig=others | after)

    now = describe(cognito, pool_id)
    reset = [name for name in sorted(pool.keys() | now.keys()) if pool.get(name) != now.get(name)]
    reset = [name for name in reset if name not in NO_SETTINGS]
    if reset:
        raise Refusal(
            f"{pool_id} has the triggers, but these settings are not what they were: {', '.join(reset)}; "
            "somebody else may have changed them meanwhile, else set them again."
        )
    print(f"{pool_id}: done, all other settings are as they were.")


def settings(cognito, pool):
    """The request for UpdateUserPool that changes nothing, without the triggers."""
    request = cognito.meta.service_model.operation_model("UpdateUserPool").input_shape
    described = pool | {"UserPoolId": pool["Id"], "PoolName": pool["Name"]}
    described.pop("LambdaConfig", None)
    sent = accepted(request, described)
    # Both settings say how long a temporary password is valid. Cognito describes both, but refuses a request with both.
    if "TemporaryPasswordValidityDays" in sent.get("Policies", {}).get("PasswordPolicy", {}):
        sent.get("AdminCreateUserConfig", {}).pop("UnusedAccountValidityDays", None)
    return sent


def accepted(shape, value):
    """The part of a described value that the shape of a request contains."""
    if shape.type_name == "structure":
        return {name: accepted(shape.members[name], part) for name, part in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [accepted(shape.member, part) for part in value]
    if shape.type_name == "map":
        return {name: accepted(shape.value, part) for name, part in value.items()}
    return value


def stack_of(options):
    if not options.stack_name:
        return {}
    return client("cloudformation", options.user_pool_id).describe_stacks(StackName=options.stack_name)["Stacks"][0]


def functions_of(options, stack):
    if not options.stack_name:
        return options.post_confirmation, options.pre_token_generation
    name, pool_id = options.stack_name, options.user_pool_id
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    try:
        served = outputs["UserPoolId"]
        functions = outputs["PostConfirmationFunctionArn"], outputs["PreTokenGenerationFunctionArn"]
    except KeyError as missing:
        raise Refusal(f"The stack {name} has no output {missing.args[0]}: deploy Usher's present version.") from None
    # The stack allows Cognito to call the functions only for its own pool.
    if served != pool_id:
        raise Refusal(f"The stack {name} serves the user pool {served}: deploy it with UserPoolId={pool_id} first.")
    return functions


def client(service, pool_id):
    region, separator, _ = pool_id.partition("_")
    if not separator:
        raise Refusal(f"{pool_id} is no id of a user pool: they look like eu-central-1_Ab3dE.")
    return boto3.client(service, region_name=region)


def describe(cognito, pool_id):
    """The pool with its second factors, which have a call of their own."""
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    factors = cognito.get_user_pool_mfa_config(UserPoolId=pool_id)
    return pool | {name: value for name, value in factors.items() if name != "ResponseMetadata"}


def triggers(pool):
    """Usher's two triggers of a pool, the second by its newer name."""
    config = {name: value for name, value in pool.get("LambdaConfig", {}).items() if name in TRIGGERS}
    older = config.pop("PreTokenGeneration", None)
    if older:
        config.setdefault("PreTokenGenerationConfig", {"LambdaVersion": "V1_0", "LambdaArn": older})
    return config


def functions_in(config):
    functions = {"PostConfirmation": config.get("PostConfirmation")}
    functions["PreTokenGeneration"] = config.get("PreTokenGenerationConfig", {}).get("LambdaArn")
    return {trigger: function for trigger, function in functions.items() if function}


def shown(config):
    token = config.get("PreTokenGenerationConfig")
    token = f"{token['LambdaArn']} ({token['LambdaVersion']})" if token else "none"
    return {"PostConfirmation": config.get("PostConfirmation") or "none", "PreTokenGenerationConfig": token}


def warn(pool):
    if pool.get("UserPoolTier") == "LITE":
        tell("its plan is LITE, which knows version 1 of the token trigger only: Essentials is the least for version 2.")
    for trigger, power in ASSERTING.items():
        if pool.get("LambdaConfig", {}).get(trigger):
            tell(f"it has the trigger {trigger}: {power}")


def warn_of_writers(cognito, pool_id, attribute):
    """Warns of app clients whose users can write the attribute, and so name any hosted domain."""
    for page in cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool_id):
        for listed in page["UserPoolClients"]:
            described = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=listed["ClientId"])
            app = described["UserPoolClient"]
            # Without a list, a client can write all standard attributes. These have no colon in their names.
            writable = attribute in app["WriteAttributes"] if app.get("WriteAttributes") else ":" not in attribute
            # Without a list, a client has flows for a sign-in.
            direct = app.get("ExplicitAuthFlows") != ["ALLOW_REFRESH_TOKEN_AUTH"]
            if writable and (direct or OWN_ATTRIBUTES in app.get("AllowedOAuthScopes", [])):
                tell(
                    f"users of its app client {app['ClientName']} can write {attribute} themselves: "
                    f"leave it only ALLOW_REFRESH_TOKEN_AUTH, without the scope {OWN_ATTRIBUTES}."
                )


def tell(warning):
    print(f"Warning: {warning}", file=sys.stderr)


def keep(path, kept):
    text = json.dumps(kept, indent=2) + "\n"
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        # Left by a run that AWS refused, or by one that has been undone.
        if path.read_text() != text:
            raise Refusal(
                f"{path} keeps what was there at another time: undo with it, move it away, or give --save."
            ) from None
    print(f"What was there is in {path}: undo with --undo {path}")


def read(path):
    try:
        kept = json.loads(path.read_text())
        if isinstance(kept["userPoolId"], str) and all(isinstance(kept[key], dict) for key in ("before", "attached")):
            return kept
    except (ValueError, TypeError, KeyError):
        pass
    raise Refusal(f"{path} was not written by this script.")


if __name__ == "__main__":
    sys.exit(main())
