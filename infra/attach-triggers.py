#!/usr/bin/env python3
"""Attaches both triggers of a deployed stack to a customers' user pool that the stack did not make, and undoes it.

    attach-triggers.py --user-pool-id eu-central-1_Ab3dE --stack-name usher [--chain] [--replace TRIGGER]
    attach-triggers.py --undo user-pool-eu-central-1_Ab3dE-triggers.json [--replace TRIGGER]
    attach-triggers.py --detach --user-pool-id eu-central-1_Ab3dE [--stack-name usher] [--replace TRIGGER]

With --dry-run the script only says what it would do. It decides about each trigger separately, and says what becomes of
it. A trigger that has somebody else's function is left, unless --chain or --replace says what to do with it. Before each
change the script writes what is there to a new file, and --undo puts that back. The exit status is 0 if all is as asked,
1 if nothing could be done, 2 if the arguments are wrong, 3 if a trigger was left, and 4 if the pool was changed, or may have
been, and is not as expected or could not be compared.

UpdateUserPool resets every setting that a request leaves out. So the script describes the pool first, and sends back
all settings that UpdateUserPool takes, together with the triggers. The SDK's model of the API lists these settings; a
newer SDK knows more of them. Afterwards the script describes the pool again and compares. See docs/given-user-pool.md.
"""

import argparse
import fnmatch
import itertools
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import boto3
from aws import Refusal, sentence
from botocore.exceptions import BotoCoreError, ClientError

# Usher's triggers as Cognito calls them, each with its name on the command line and at the end of its function's name.
# The stack's parameters and outputs for them have Cognito's names.
TRIGGERS = {"PostConfirmation": "post-confirmation", "PreTokenGeneration": "pre-token-generation"}
# The settings of a pool for them. The last is the older name of the one before. Cognito shows both, and refuses two
# different values.
SETTINGS = ("PostConfirmation", "PreTokenGenerationConfig", "PreTokenGeneration")
# Versions of the token trigger's events. Usher needs the second. The third adds machine tokens, which Usher does not
# change. A pool with version 3 keeps it.
VERSIONS = ("V1_0", "V2_0", "V3_0")
LIST_CLAIMS = VERSIONS[1:]
# Other triggers of a pool that can change what Usher trusts, each with what it can do.
ASSERTING = {
    "PreSignUp": "if that one verifies addresses by itself, nobody has proven theirs.",
    "UserMigration": "that one says itself which addresses are verified, and Usher trusts it.",
    "InboundFederation": "that one can change all that a provider says, also email_verified, and Usher trusts it.",
}
# The scope with which users change their own attributes. Tokens of a sign-in without the sign-in page have it too.
OWN_ATTRIBUTES = "aws.cognito.signin.user.admin"
# Fields that may differ between two descriptions of a pool although no setting has changed.
NO_SETTINGS = ("LastModifiedDate", "EstimatedNumberOfUsers")
# Cognito, in the policy of a function that it may invoke.
COGNITO = "cognito-idp.amazonaws.com"
INVOKE = "lambda:InvokeFunction"
# Operators of the conditions in such a policy: whether they compare exactly, and whether they are negated.
OPERATORS = {
    "StringEquals": (True, False),
    "StringLike": (False, False),
    "ArnEquals": (False, False),
    "ArnLike": (False, False),
    "StringNotEquals": (True, True),
    "StringNotLike": (False, True),
    "ArnNotEquals": (False, True),
    "ArnNotLike": (False, True),
}
OPERATORS |= {f"{operator}IfExists": how for operator, how in OPERATORS.items()}
# The exit statuses if a trigger was left, and if nothing shows that a change has changed what it should and nothing else.
LEFT = 3
UNVERIFIED = 4


class Unverified(Exception):
    """One sentence for the caller. The pool was changed, or may have been."""


class Function(NamedTuple):
    """The function of a trigger, with the version of its events. Only the token trigger has versions."""

    arn: str
    version: str | None = None

    def __str__(self):
        return f"{self.arn} ({self.version})" if self.version else self.arn


class Outcome(NamedTuple):
    """What becomes of a trigger: its function afterwards, and why."""

    after: Function | None
    why: str = ""
    # Less than was asked for.
    left: bool = False
    # The function that Usher's, before or afterwards, invokes first.
    following: str | None = None
    # What the caller can do once the pool is changed.
    then: str = ""


def main(arguments=None):
    options = parse(arguments)
    try:
        return (undo if options.undo else detach if options.detach else attach)(options)
    except Refusal as refusal:
        return f"{refusal}"
    except Unverified as unverified:
        print(unverified, file=sys.stderr)
        return UNVERIFIED
    except (ClientError, BotoCoreError) as error:
        return sentence(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}."


def parse(arguments):
    summary = "Attaches both triggers of a stack to a user pool that is already there, or undoes it."
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--user-pool-id", metavar="ID", help="the customers' user pool")
    parser.add_argument("--stack-name", metavar="NAME", help="the stack, deployed with UserPoolId=ID")
    parser.add_argument("--post-confirmation", metavar="ARN", help="the function, instead of the stack's output")
    parser.add_argument("--pre-token-generation", metavar="ARN", help="the function, instead of the stack's output")
    parser.add_argument(
        "--chain",
        action="store_true",
        help="take the place of functions that the stack names as next ones; Usher's functions invoke them first",
    )
    parser.add_argument(
        "--replace",
        action="append",
        choices=TRIGGERS.values(),
        default=[],
        help="change this trigger although somebody else's function is there; may be given twice",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument(
        "--save",
        metavar="FILE",
        type=Path,
        help="where to keep what was there (user-pool-ID-triggers.json in this folder, or the next free number)",
    )
    parser.add_argument("--undo", metavar="FILE", type=Path, help="put back what such a file keeps")
    parser.add_argument(
        "--detach",
        action="store_true",
        help="take the triggers off that are the stack's, before it is deleted or afterwards; "
        "without a stack, those whose functions do not exist",
    )
    parser.add_argument(
        "--next-version",
        choices=VERSIONS,
        help="with --detach: events that the next token function takes, if no file in this folder tells",
    )
    options = parser.parse_args(arguments)

    functions = [options.post_confirmation, options.pre_token_generation]
    named = sum([bool(options.stack_name), any(functions)])
    if options.undo:
        if options.detach or options.chain or options.next_version or named:
            parser.error("--undo takes all else from its file: give only --user-pool-id, --replace, --save or --dry-run")
    elif not options.user_pool_id:
        parser.error("--user-pool-id is missing")
    elif any(functions) != all(functions) or named > 1 or (named == 0 and not options.detach):
        parser.error("give either --stack-name, or both --post-confirmation and --pre-token-generation")
    elif options.chain and (options.detach or not options.stack_name):
        parser.error("--chain attaches the functions of a stack, which names the next ones: give --stack-name")
    elif options.next_version and not options.detach:
        parser.error("--next-version belongs to --detach")
    return options


def attach(options):
    pool_id = options.user_pool_id
    stack = stack_of(options.stack_name, pool_id) if options.stack_name else {}
    parameters = parameters_of(stack)
    ours = functions_of(options, stack)
    cognito = client("cognito-idp", region_of(pool_id))
    pool = describe(cognito, pool_id)
    warn(pool)
    if attribute := parameters.get("GoogleHostedDomainAttribute"):
        warn_of_writers(cognito, pool_id, attribute)

    before = triggers(pool)
    following = {trigger: parameters.get(f"Next{trigger}Arn") for trigger in TRIGGERS}
    obstacles = obstacles_of(options, stack, pool, ours, following)
    outcomes = {}
    for trigger, now in before.items():
        if trigger in obstacles:
            outcomes[trigger] = Outcome(now, obstacles[trigger], left=True)
            continue
        taken = now and not is_among(now.arn, ours.values())
        # With --replace, the stack may name the function by another version or alias.
        chains = taken and following[trigger] and is_among(now.arn, [following[trigger]])
        version = None
        if trigger == "PreTokenGeneration":
            kept = now and now.version in LIST_CLAIMS and (chains or not taken)
            version = now.version if kept else LIST_CLAIMS[0]
        why = f"It invokes {following[trigger]} first, as Next{trigger}Arn says." if following[trigger] else ""
        outcomes[trigger] = Outcome(Function(ours[trigger], version), why, following=following[trigger])
        if chains and now.version == "V1_0":
            tell(f"{now.arn} gets events of version 2 instead of 1. Usher converts its answers of version 1.")
    return change(options, cognito, pool, outcomes, stack.get("StackName"))


def obstacles_of(options, stack, pool, ours, following):
    """Why triggers cannot have Usher's functions, each with what to do instead."""
    before, region = triggers(pool), place_of(pool["Arn"])[:2]
    taken = {
        trigger: now.arn
        for trigger, now in before.items()
        if now and not is_among(now.arn, ours.values()) and TRIGGERS[trigger] not in options.replace
    }
    # One deployment is enough for both.
    unnamed = {
        f"Next{trigger}Arn": arn
        for trigger, arn in taken.items()
        if arn != following[trigger] and place_of(arn)[:2] == region
    }
    obstacles = {}
    for trigger, its_next in following.items():
        name, parameter, arn = TRIGGERS[trigger], f"Next{trigger}Arn", taken.get(trigger)
        why = None
        if its_next and is_among(its_next, ours.values()):
            command = deployment(stack, pool["Id"], {parameter: ""})
            why = f"{parameter} names Usher's own function, which would invoke itself. First run {command}"
        elif arn and not options.chain:
            why = (
                "A pool has one function per trigger: give --chain to put Usher's in its place, which then invokes "
                f"this one first, or --replace {name} to put Usher's there instead of it."
            )
        elif arn and place_of(arn)[:2] != region:
            why = (
                "Usher's function can invoke only functions of its own region: "
                f"give --replace {name} to put Usher's there instead of it."
            )
        elif parameter in unnamed:
            there = f"is {its_next}" if its_next else "does not name it"
            command = deployment(stack, pool["Id"], unnamed)
            why = f"{parameter} of the stack {stack['StackName']} {there}. First run {command}"
        elif arn and place_of(arn) != place_of(pool["Arn"]):
            why = (
                "It is in another account. Its policy there must let the role of Usher's function invoke it: "
                f"give --replace {name} when it does. Usher's function then invokes it first, as {parameter} says."
            )
        elif obstacle := uninvocable(ours[trigger], pool, "deploy Usher, or name another function"):
            why = f"{ours[trigger]} cannot be attached. {obstacle}"
        elif its_next and not invokes(ours[trigger], its_next):
            why = (
                f"{parameter} of the stack {stack['StackName']} is {its_next}, but {ours[trigger]} is another version, "
                "which does not invoke it. First go to the deployed version: .venv/bin/python infra/roll-back.py "
                f"--stack-name {stack['StackName']} --region {region_of(pool['Id'])} --to-deployed --other-settings"
            )
        if why:
            obstacles[trigger] = why
    return obstacles


def deployment(stack, pool_id, parameters):
    """The command that sets these parameters of the stack, and publishes its functions with them."""
    given = " ".join(f"{name}={value}" for name, value in parameters.items())
    return f"make deploy STACK={stack['StackName']} REGION={region_of(pool_id)} PARAMETERS='{given}'"


def invokes(arn, next_arn):
    """Whether this version of Usher's function invokes that function first. It can be older than the stack's parameters."""
    return next_of(arn) in (None, next_arn)


def next_of(arn):
    """The function that this version of Usher's function invokes first: "" if there is none, None if nothing shows it."""
    environment = client("lambda", place_of(arn)[1]).get_function_configuration(FunctionName=arn).get("Environment", {})
    if "Error" in environment:
        tell(f"AWS cannot decrypt the environment of {arn}, so nothing shows which function it invokes first.")
        return None
    return environment.get("Variables", {}).get("NEXT_TRIGGER_ARN", "")


def undo(options):
    kept = read(options.undo)
    pool_id = kept["userPoolId"]
    if options.user_pool_id not in (None, pool_id):
        raise Refusal(f"{options.undo} is about {pool_id}, not about {options.user_pool_id}.")
    cognito = client("cognito-idp", region_of(pool_id))
    pool = describe(cognito, pool_id)

    # Undoing a change that took Usher's functions off puts them there again.
    attaches = kept["detaches"]
    instead = "attach the functions of a stack" if attaches else "take Usher's off with --detach"
    outcomes = {}
    for trigger, now in triggers(pool).items():
        was, became = kept["before"][trigger], kept["attached"][trigger]
        forced = TRIGGERS[trigger] in options.replace
        if was in (now, became) and not forced:
            outcomes[trigger] = Outcome(now)
        elif not forced and not is_same(now, became):
            why = (
                f"This was set after {options.undo} was written: "
                f"give --replace {TRIGGERS[trigger]} to put back {was or 'none'} all the same."
            )
            outcomes[trigger] = Outcome(now, why, left=True)
        elif was and not forced and (obstacle := uninvocable(was.arn, pool, instead)):
            outcomes[trigger] = Outcome(now, f"{was} was there before. {obstacle}", left=True)
        elif attaches and was and now and not forced and not is_same(was, now) and not invokes(was.arn, now.arn):
            why = (
                f"{was.arn} was there before, but does not invoke this one first. Attach it with --chain, "
                f"or give --replace {TRIGGERS[trigger]} to put it back instead of this one."
            )
            outcomes[trigger] = Outcome(now, why, left=True)
        else:
            following = kept["following"].get(trigger) if is_same(now, became) else None
            chained = was and following and is_among(was.arn, [following])
            then = emptying(trigger, kept) if chained and not attaches else ""
            outcomes[trigger] = Outcome(was, following=following, then=then)
    return change(options, cognito, pool, outcomes, kept["stackName"], detaches=not attaches)


def emptying(trigger, kept):
    """What may be changed in the stack after a chain has been undone."""
    if not kept["stackName"]:
        return ""
    command = deployment({"StackName": kept["stackName"]}, kept["userPoolId"], {f"Next{trigger}Arn": ""})
    return f"The stack {kept['stackName']} need not name {kept['before'][trigger].arn} any more: you can run {command}"


def detach(options):
    pool_id = options.user_pool_id
    cognito = client("cognito-idp", region_of(pool_id))
    pool = describe(cognito, pool_id)
    stack = stack_of(options.stack_name, pool_id, gone={}) if options.stack_name else {}

    outcomes = {}
    for trigger, now in triggers(pool).items():
        if not now or TRIGGERS[trigger] in options.replace:
            outcomes[trigger] = Outcome(None)
        elif stays := foreign(now, trigger, pool, options, stack):
            outcomes[trigger] = stays
        else:
            outcomes[trigger] = detached(trigger, now, pool, options, stack)
    return change(options, cognito, pool, outcomes, stack.get("StackName", options.stack_name), detaches=True)


def foreign(now, trigger, pool, options, stack):
    """The outcome if the function is not Usher's, so that it stays."""
    replace = f"--replace {TRIGGERS[trigger]} takes it off all the same."
    if options.stack_name:
        # The names tell also if the stack has no outputs any more.
        stack_name = stack.get("StackName", options.stack_name)
        functions = "arn:{}:lambda:{}:{}:function:".format(*place_of(pool["Arn"]))
        ours = [f"{functions}{stack_name}-{name}" for name in TRIGGERS.values()]
        if is_among(now.arn, ours):
            return None
        if stack:
            return beside(now, ours, f"It is not of the stack {stack_name}")
        return Outcome(now, f"It is not of a stack {stack_name}, which does not exist. {replace}", left=True)
    if options.post_confirmation:
        ours = [options.post_confirmation, options.pre_token_generation]
        return None if is_among(now.arn, ours) else beside(now, ours, "It is neither of the functions that were named")
    if exists(now.arn):
        why = f"The function exists. If it is Usher's, name its stack with --stack-name; {replace}"
        return Outcome(now, why, left=True)
    return None


def beside(now, ours, why):
    """The outcome for somebody else's function. It can be of another stack of Usher, and invoke one of ours first."""
    try:
        following = next_of(now.arn)
    except ClientError as error:
        following = None
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            tell(f"make sure that {now.arn} does not invoke what you detach. {sentence(error)}")
    if following and is_among(following, ours):
        why = f"{why}, but invokes {following} first, and would fail without it. Detach the stack of this one first."
        return Outcome(now, why, left=True)
    return Outcome(now, f"{why}.")


def detached(trigger, now, pool, options, stack):
    """The outcome for Usher's function: a function that it invokes first gets the trigger back."""
    serves = output_of(stack, "UserPoolId") == pool["Id"]
    if options.stack_name:
        invoked = parameters_of(stack).get(f"Next{trigger}Arn") if serves else None
    else:
        invoked = next_of(now.arn) if exists(now.arn) else None
    if invoked and is_among(invoked, [now.arn]):
        invoked = ""
    ways = (
        f"Undo with the file that attaching wrote (--undo FILE), or give --replace {TRIGGERS[trigger]} "
        "to take it off and put nothing back."
    )
    kept = earlier(trigger, now, pool["Id"])
    was, following = (kept["before"][trigger], kept["following"].get(trigger)) if kept else (None, None)
    back = was if was and following and is_among(was.arn, [following]) else None
    # An earlier release has no parameter, and invokes nothing.
    if invoked is None and not kept and not serves:
        why = f"Neither a stack of this pool nor a file in this folder tells which function was there before. {ways}"
        return Outcome(now, why, left=True)
    if invoked is None and not back:
        invoked = following
    if invoked == "":
        back = None
    elif invoked:
        version = back.version if back and is_among(back.arn, [invoked]) else options.next_version
        if trigger == "PreTokenGeneration" and not version:
            why = f"It invokes {invoked} first. Give --next-version, the version of events that this one takes. {ways}"
            return Outcome(now, why, left=True)
        back = Function(invoked, version if trigger == "PreTokenGeneration" else None)
    if back and (obstacle := uninvocable(back.arn, pool, f"take Usher's off with --replace {TRIGGERS[trigger]}")):
        return Outcome(now, f"It invokes {back.arn} first. {obstacle}", left=True)
    return Outcome(back, following=back.arn if back else None)


def earlier(trigger, now, pool_id):
    """What the file of the change tells that put Usher's function there, or None if no such file is in this folder."""
    files = [path for path in Path().glob(f"{default_file(pool_id).stem}*.json") if path.is_file()]
    for path in sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        try:
            kept = read(path)
        except Refusal:
            continue
        attaches = kept["userPoolId"] == pool_id and not kept["detaches"]
        if attaches and is_same(kept["attached"][trigger], now) and not is_same(kept["before"][trigger], now):
            return kept
    return None


def change(options, cognito, pool, outcomes, stack_name, detaches=False):
    """Says what becomes of each trigger, and changes them. `detaches` if Usher's are taken off. Returns the exit status."""
    pool_id, before = pool["Id"], triggers(pool)
    after = {trigger: outcome.after for trigger, outcome in outcomes.items()}
    for trigger, outcome in outcomes.items():
        old, new = before[trigger], outcome.after
        said = f"{old or 'none'} -> {new or 'none'}" if old != new else f"{old} stays" if old else "none"
        print(f"{trigger}: {said}" + (f". {outcome.why}" if outcome.why else ""))
    status = LEFT if any(outcome.left for outcome in outcomes.values()) else 0
    if before == after:
        print(f"{pool_id}: nothing to change.")
        return status
    if options.dry_run:
        print(f"{pool_id}: nothing changed, since this is a dry run.")
        return status

    kept = {
        "userPoolId": pool_id,
        "before": config_of(before),
        "attached": config_of(after),
        "stackName": stack_name,
        "following": {trigger: outcome.following for trigger, outcome in outcomes.items() if outcome.following},
        "detaches": detaches,
    }
    keep(options.save or default_file(pool_id), kept)
    others = {name: value for name, value in pool.get("LambdaConfig", {}).items() if name not in SETTINGS}
    config = others | config_of(after)
    update(cognito, pool, config)
    try:
        reset = differing(pool | {"LambdaConfig": config}, describe(cognito, pool_id))
    except (ClientError, BotoCoreError) as error:
        raise Unverified(
            f"{pool_id} was updated, but could not be compared with before: look at its settings yourself with "
            f"aws cognito-idp describe-user-pool --user-pool-id {pool_id}. {sentence(error)}"
        ) from error
    if reset:
        raise Unverified(
            f"{pool_id} was updated, but these settings are not as expected: {', '.join(reset)}; "
            "somebody else may have changed them meanwhile, else set them again."
        )
    print(f"{pool_id}: done, all other settings are as they were.")
    for outcome in outcomes.values():
        if outcome.then:
            print(outcome.then)
    return status


def update(cognito, pool, config):
    try:
        cognito.update_user_pool(**settings(cognito, pool), LambdaConfig=config)
    except (ClientError, BotoCoreError) as error:
        # Without an answer, or with an error inside AWS, nothing shows whether the pool has changed.
        if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
            raise
        raise Unverified(f"{pool['Id']} may have been updated: run this again. {sentence(error)}") from error


def differing(expected, found):
    """The settings that differ between two descriptions of a pool."""
    expected, found = comparable(expected), comparable(found)
    return [name for name in sorted(expected.keys() | found.keys()) if expected.get(name) != found.get(name)]


def comparable(pool):
    """The settings of a pool that an update keeps, with the triggers in one form."""
    config = pool.get("LambdaConfig", {})
    others = {name: value for name, value in config.items() if name not in SETTINGS}
    kept = {name: value for name, value in valid_once(pool).items() if name not in NO_SETTINGS}
    return kept | {"LambdaConfig": others | config_of(functions_in(config))}


def settings(cognito, pool):
    """The request for UpdateUserPool that changes nothing, without the triggers."""
    request = cognito.meta.service_model.operation_model("UpdateUserPool").input_shape
    described = pool | {"UserPoolId": pool["Id"], "PoolName": pool["Name"]}
    described.pop("LambdaConfig", None)
    sent = accepted(request, valid_once(described))
    # AWS sets the tags with this prefix, and refuses them in a request.
    if tags := sent.get("UserPoolTags"):
        sent["UserPoolTags"] = {name: value for name, value in tags.items() if not name.lower().startswith("aws:")}
    return sent


def valid_once(pool):
    """The pool with one setting for how long a temporary password is valid.

    Cognito describes two, and refuses a request with both. The older one is no longer in use then.
    """
    if "TemporaryPasswordValidityDays" not in pool.get("Policies", {}).get("PasswordPolicy", {}):
        return pool
    create = {name: it for name, it in pool.get("AdminCreateUserConfig", {}).items() if name != "UnusedAccountValidityDays"}
    return pool | {"AdminCreateUserConfig": create}


def accepted(shape, value):
    """The part of a described value that the shape of a request contains."""
    if shape.type_name == "structure":
        return {name: accepted(shape.members[name], part) for name, part in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [accepted(shape.member, part) for part in value]
    if shape.type_name == "map":
        return {name: accepted(shape.value, part) for name, part in value.items()}
    return value


def stack_of(name, pool_id, gone=None):
    """The stack, or `gone` if no such stack exists and that is given."""
    try:
        return client("cloudformation", region_of(pool_id)).describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # CloudFormation has no code of its own for this.
        if gone is not None and error.response["Error"]["Message"].endswith("does not exist"):
            return gone
        raise


def parameters_of(stack):
    return {given["ParameterKey"]: given.get("ParameterValue") for given in stack.get("Parameters", [])}


def output_of(stack, name):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}.get(name)


def functions_of(options, stack):
    """Usher's functions by trigger, as the pool is to call them."""
    if not options.stack_name:
        return dict(zip(TRIGGERS, (options.post_confirmation, options.pre_token_generation), strict=True))
    name, pool_id, status = options.stack_name, options.user_pool_id, stack["StackStatus"]
    # Parameters are new before the functions are.
    if status.endswith("_FAILED") or (status.endswith("_IN_PROGRESS") and "CLEANUP" not in status):
        raise Refusal(f"The stack {name} is {status}: wait until it is deployed, or repair it.")
    for output in ["UserPoolId", *(f"{trigger}FunctionArn" for trigger in TRIGGERS)]:
        if not output_of(stack, output):
            raise Refusal(f"The stack {name} has no output {output}: deploy Usher's present version.")
    # The stack allows Cognito to call the functions only for its own pool.
    if (served := output_of(stack, "UserPoolId")) != pool_id:
        raise Refusal(f"The stack {name} serves the user pool {served}: deploy it with UserPoolId={pool_id} first.")
    return {trigger: output_of(stack, f"{trigger}FunctionArn") for trigger in TRIGGERS}


def region_of(pool_id):
    region, separator, _ = pool_id.partition("_")
    if not separator:
        raise Refusal(f"{pool_id} is no id of a user pool: they look like eu-central-1_Ab3dE.")
    return region


def client(service, region):
    return boto3.client(service, region_name=region)


def describe(cognito, pool_id):
    """The pool with its second factors, which have a call of their own."""
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    factors = cognito.get_user_pool_mfa_config(UserPoolId=pool_id)
    return pool | {name: value for name, value in factors.items() if name != "ResponseMetadata"}


def triggers(pool):
    """The functions of Usher's two triggers in a pool, or None."""
    return functions_in(pool.get("LambdaConfig", {}))


def functions_in(config):
    """The same for a pool's `LambdaConfig`."""
    token = config.get("PreTokenGenerationConfig")
    if not token and config.get("PreTokenGeneration"):
        token = {"LambdaVersion": VERSIONS[0], "LambdaArn": config["PreTokenGeneration"]}
    return {
        "PostConfirmation": Function(config["PostConfirmation"]) if config.get("PostConfirmation") else None,
        "PreTokenGeneration": Function(token["LambdaArn"], token["LambdaVersion"]) if token else None,
    }


def config_of(functions):
    """The part of a pool's `LambdaConfig` that sets these functions."""
    first, token = functions["PostConfirmation"], functions["PreTokenGeneration"]
    config = {"PostConfirmation": first.arn} if first else {}
    if token:
        config["PreTokenGenerationConfig"] = {"LambdaVersion": token.version, "LambdaArn": token.arn}
    return config


def function(arn):
    """The ARN without a version or an alias: arn:aws:lambda:eu-central-1:123456789012:function:usher[:live]."""
    return ":".join(arn.split(":")[:7])


def qualifier(arn):
    return arn[len(function(arn)) + 1 :]


def is_same(one, other):
    """Whether two functions of a trigger are the same, or both none, by whatever version or alias."""
    return (one and function(one.arn)) == (other and function(other.arn))


def is_among(arn, arns):
    """Whether this is one of these functions, by whatever version or alias."""
    return function(arn) in map(function, arns)


def place_of(arn):
    """Partition, region and account of an ARN."""
    _, partition, _, region, account, *_ = arn.split(":")
    return partition, region, account


def exists(arn):
    try:
        # The endpoint of another region answers that the function does not exist.
        client("lambda", place_of(arn)[1]).get_function_configuration(FunctionName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True


def uninvocable(arn, pool, instead):
    """Why Cognito cannot invoke a function for the pool, and what to do. A pool with such a trigger refuses sign-ins."""
    version = {"Qualifier": qualifier(arn)} if qualifier(arn) else {}
    try:
        answer = client("lambda", place_of(arn)[1]).get_policy(FunctionName=function(arn), **version)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"):
            tell(f"AWS refuses GetPolicy of {arn}: make sure that the function exists, and that Cognito may invoke it.")
            return ""
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        # Also the answer for a function without a policy.
        statements = []
    else:
        statements = json.loads(answer["Policy"])["Statement"]
    effects = [statement["Effect"] for statement in statements if concerns(statement, pool["Arn"])]
    if "Deny" in effects:
        return "Its policy forbids Cognito to invoke it for this pool: remove that statement first."
    if "Allow" in effects:
        return ""
    if not exists(arn):
        return f"That function does not exist: {instead}."
    return (
        "Its policy does not let Cognito invoke it for this pool. First run aws lambda add-permission "
        f"--function-name {arn} --statement-id {pool['Id']} --action {INVOKE} "
        f"--principal {COGNITO} --source-arn {pool['Arn']}"
    )


def concerns(statement, pool_arn):
    """Whether a statement of a function's policy certainly is about Cognito's calls for the pool."""
    principal = statement.get("Principal", {})
    if isinstance(principal, str):
        principal = {"AWS": principal}
    return (
        ("*" in several(principal.get("AWS")) or COGNITO in several(principal.get("Service")))
        and any(matches(INVOKE.lower(), action.lower()) for action in several(statement.get("Action")))
        and all(
            holds(operator, key.lower(), several(values), pool_arn)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def holds(operator, key, values, pool_arn):
    """Whether a condition certainly holds for Cognito's calls for the pool."""
    called_by = {"aws:sourcearn": pool_arn, "aws:sourceaccount": place_of(pool_arn)[2]}
    if operator not in OPERATORS or key not in called_by:
        return False
    exact, negated = OPERATORS[operator]
    found = any(value == called_by[key] if exact else matches(called_by[key], value) for value in values)
    return found != negated


def matches(text, pattern):
    return fnmatch.fnmatchcase(text, pattern)


def several(value):
    """The values of a part of a policy, which may be one, several or missing."""
    return [] if value is None else value if isinstance(value, list) else [value]


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


def default_file(pool_id):
    return Path(f"user-pool-{pool_id}-triggers.json")


def numbered(path):
    """The path, and others beside it: a.json, a-2.json, a-3.json and so on."""
    yield path
    for number in itertools.count(2):
        yield path.with_stem(f"{path.stem}-{number}")


def keep(path, kept):
    """Writes a new file, unless a run that AWS refused, or one that was undone, has left one with the same text."""
    text = (json.dumps(kept, indent=2) + "\n").encode()
    for path in numbered(path):
        try:
            with path.open("xb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            if path.is_file() and path.read_bytes() == text:
                # Its time says that it is the newest.
                path.touch()
                break
        else:
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
            break
    print(f"What was there is in {path}: undo with --undo {path}", flush=True)


def read(path):
    try:
        kept = json.loads(path.read_text())
        if isinstance(kept["userPoolId"], str):
            functions = {moment: functions_in(kept[moment]) for moment in ("before", "attached")}
            for found in [*functions["before"].values(), *functions["attached"].values()]:
                if found:
                    place_of(found.arn)
            # Earlier releases had no chains.
            return {"stackName": None, "following": {}, "detaches": False} | kept | functions
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Refusal(f"{path} was not written by this script.")


if __name__ == "__main__":
    sys.exit(main())
