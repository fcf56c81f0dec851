#!/usr/bin/env python3
"""Takes back the last deployment of a stack's functions: each alias goes to the version before.

    roll-back.py --stack-name usher [--region REGION] [--function NAME]… [--releases N] [--dry-run]
    roll-back.py --stack-name usher --to-deployed [--region REGION] [--function NAME]… [--dry-run]

It counts from the version that the stack has deployed, wherever the alias is. So running it twice changes nothing more.
`--releases 2` goes two versions back. `--to-deployed` takes the rolling back itself back. The script checks all functions
before it moves the first alias. If moving one fails, it moves the others back.

A version has its settings too. So a version that uses another table, or that does not invoke the function that the pool had
before, is refused unless `--other-settings` is given.

It moves aliases, and nothing else. Everything in docs/operations.md#rolling-back that is no alias stays as it is.
"""

import argparse
import contextlib
import sys
from datetime import datetime

import boto3
from aws import ALIAS, Refusal, deployed_versions, qualified, sentence
from botocore.exceptions import BotoCoreError, ClientError

# The settings without which users lose their organizations, or the claims of the pool's own function.
GUARDED = {
    "TABLE_NAME": "uses the table",
    "USER_POOL_ID": "uses the user pool",
    "NEXT_TRIGGER_ARN": "first invokes",
}


def main(arguments=None):
    options = parse(arguments)
    try:
        roll_back(options)
    except Refusal as refusal:
        return f"{refusal}"
    except (ClientError, BotoCoreError, KeyboardInterrupt) as error:
        return refused(error)
    return 0


def parse(arguments):
    parser = argparse.ArgumentParser(description="Takes back the last deployment of a stack's functions.")
    parser.add_argument("--stack-name", metavar="NAME", required=True, help="the stack")
    parser.add_argument("--region", metavar="REGION", help="the stack's region, instead of the profile's")
    parser.add_argument(
        "--function",
        metavar="NAME",
        action="append",
        help="only this function, such as pre-token-generation; can be repeated",
    )
    parser.add_argument(
        "--releases", metavar="N", type=int, default=1, help="how many versions to go back from the deployed one (1)"
    )
    parser.add_argument("--to-deployed", action="store_true", help="go to the version that the stack has deployed")
    parser.add_argument(
        "--other-settings", action="store_true", help="also to a version with another table or next function"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    options = parser.parse_args(arguments)
    if options.releases < 1:
        parser.error("--releases is 1 or more: --to-deployed goes to the deployed version")
    if options.to_deployed and options.releases != 1:
        parser.error("give either --to-deployed or --releases")
    return options


def roll_back(options):
    session = boto3.Session(region_name=options.region)
    formation, functions = session.client("cloudformation"), session.client("lambda")
    stack_id, deployed = stack_of(formation, options.stack_name)
    names = chosen(options, deployed)
    aliases = {name: functions.get_alias(FunctionName=name, Name=ALIAS) for name in names}
    for name, alias in aliases.items():
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            raise Refusal(
                f"{name} is being deployed: its alias {ALIAS} has two versions. Stop that deployment in CodeDeploy, "
                "which takes it back."
            )

    targets = {name: deployed[name] for name in names}
    if not options.to_deployed:
        older = {name: older_versions(functions, name, deployed[name]) for name in names}
        targets = before(older, failures(formation, stack_id), options.releases)
    staying = [name for name in names if name not in targets]
    moves = [(name, aliases[name], target) for name, target in targets.items()]
    if not moves:
        raise Refusal(
            f"No function of {options.stack_name} has a version that is {options.releases} before the deployed one: "
            "check out the commit that ran before, and deploy it."
        )

    then = {name: runnable(functions, name, target) for name, alias, target in moves if alias["FunctionVersion"] != target}
    told = {}
    for name, alias, _ in moves:
        if name in then:
            now = functions.get_function_configuration(FunctionName=name, Qualifier=alias["FunctionVersion"])
            told[name] = differences(name, now, then[name], options.other_settings)

    for name in staying:
        print(f"{name}: stays at {deployed[name]}, since it has no such version.")
    for name, alias, target in moves:
        now = alias["FunctionVersion"]
        if name in then:
            print(f"{name}: {now} -> {target}, from {then[name]['LastModified'][:16].replace('T', ' ')} UTC{told[name]}")
        else:
            print(f"{name}: is at {now}.")
    moves = [move for move in moves if move[1]["FunctionVersion"] != move[2]]
    if not moves:
        print(f"{options.stack_name}: nothing to change.")
    elif options.dry_run:
        print(f"{options.stack_name}: nothing changed, since this is a dry run.")
    else:
        wake(functions, [(name, target) for name, _, target in moves if then[name].get("State") == "Inactive"])
        move_all(functions, moves)
        print(f"{options.stack_name}: done. Only aliases have moved: see docs/operations.md#rolling-back.")


def stack_of(formation, stack):
    """The id of a stack, and the deployed version of each of its functions."""
    found = formation.describe_stacks(StackName=stack)["Stacks"][0]
    status = found["StackStatus"]
    if status.endswith("_IN_PROGRESS"):
        raise Refusal(f"{stack} is {status}: wait for the end, or cancel the update, which takes it back.")
    if status.endswith("_FAILED"):
        # Old and new versions can both be in the stack.
        raise Refusal(f"{stack} is {status}: run aws cloudformation continue-update-rollback, which takes it back.")

    deployed = deployed_versions(formation, stack)
    if not deployed:
        raise Refusal(f"{stack} has no function with the alias {ALIAS}: deploy Usher's present version.")
    return found["StackId"], deployed


def failures(formation, stack_id):
    """The stack's events, the newest first: the moment, and the function and version if a failed deployment left one.

    CloudFormation retains versions, also those that it drops while it rolls an update back.
    """
    rolled_back = False
    for page in formation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            arn, status = event.get("PhysicalResourceId", ""), event.get("ResourceStatus", "")
            if arn == stack_id:
                rolled_back = "ROLLBACK" in status
            dropped = event["ResourceType"] == "AWS::Lambda::Version" and status.startswith("DELETE_")
            yield event["Timestamp"], qualified(arn) if dropped and rolled_back else None


def chosen(options, deployed):
    """The names of the functions, each as it is or without the stack's name before it."""
    if not options.function:
        return sorted(deployed)
    prefix = f"{options.stack_name}-"
    names = [name if name.startswith(prefix) else prefix + name for name in dict.fromkeys(options.function)]
    for name in names:
        if name not in deployed:
            there = ", ".join(sorted(it.removeprefix(prefix) for it in deployed))
            raise Refusal(f"{options.stack_name} has no function {name.removeprefix(prefix)}: it has {there}.")
    return list(dict.fromkeys(names))


def older_versions(functions, name, deployed):
    """The versions before the deployed one, the newest first, each with the moment from which its settings are."""
    found = []
    for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=name):
        for it in page["Versions"]:
            if it["Version"].isdigit() and int(it["Version"]) < int(deployed):
                found.append((int(it["Version"]), datetime.fromisoformat(it["LastModified"])))
    return sorted(found, reverse=True)


def before(older, events, releases):
    """The version of each function that is so many releases before the deployed one, if there is one.

    Reads events until they are older than these versions. A stack can have tens of thousands of them.
    """
    failed, targets = set(), None
    while True:
        good = {name: [it for it in versions if (name, str(it[0])) not in failed] for name, versions in older.items()}
        chosen = {name: versions[releases - 1] for name, versions in good.items() if len(versions) >= releases}
        if chosen == targets:
            return {name: str(version) for name, (version, _) in chosen.items()}
        targets = chosen
        oldest = min((moment for _, moment in chosen.values()), default=None)
        for moment, version in events:
            failed.add(version)
            if oldest is None or moment < oldest:
                break


def runnable(functions, name, version):
    """The configuration of a version. Refuses one that cannot run."""
    configuration = functions.get_function_configuration(FunctionName=name, Qualifier=version)
    state = configuration.get("State", "Active")
    if state not in ("Active", "Inactive"):
        raise Refusal(f"Version {version} of {name} is {state}: {configuration.get('StateReason', 'it cannot run')}.")
    return configuration


def differences(name, now, then, accepted):
    """The settings in which two versions differ, as text. Refuses those that nobody may miss, unless they are accepted."""
    values = []
    for it in (now, then):
        environment = it.get("Environment", {})
        if error := environment.get("Error"):
            raise Refusal(f"The settings of version {it['Version']} of {name} cannot be read: {error.get('Message')}")
        values.append(environment.get("Variables", {}))
    different = [key for key in sorted({*values[0], *values[1]}) if values[0].get(key, "") != values[1].get(key, "")]
    for variable in GUARDED:
        if variable in different and not accepted:
            old, new = (it.get(variable) or "nothing" for it in values)
            raise Refusal(
                f"{name}: version {now['Version']} {GUARDED[variable]} {old}, and version {then['Version']} {new}. "
                "Give --other-settings if that is meant, or check out the earlier commit and deploy it."
            )
    same_code = now.get("CodeSha256") and now.get("CodeSha256") == then.get("CodeSha256")
    return (", with the same code" if same_code else "") + (f", with other {', '.join(different)}" if different else "")


def wake(functions, versions):
    """Calls versions that Lambda has made inactive, since nobody called them for long. Waits until they are active.

    The first call of such a version fails, before any code runs. So it must not be that of a user.
    """
    for name, version in versions:
        with contextlib.suppress(ClientError):
            functions.invoke(FunctionName=name, Qualifier=version, Payload=b"{}")
    for name, version in versions:
        functions.get_waiter("function_active_v2").wait(FunctionName=name, Qualifier=version)


def move_all(functions, moves):
    """Moves all aliases, or none."""
    moved = []
    for name, alias, target in moves:
        try:
            # The revision makes Lambda refuse if somebody else has moved the alias meanwhile.
            answer = functions.update_alias(
                FunctionName=name, Name=ALIAS, FunctionVersion=target, RevisionId=alias["RevisionId"]
            )
        except (ClientError, BotoCoreError, KeyboardInterrupt) as error:
            answer = has_moved(functions, name, target)
            if not answer or isinstance(error, KeyboardInterrupt):
                if answer:
                    moved.append((name, alias["FunctionVersion"], answer["RevisionId"]))
                raise Refusal(f"{name}: {refused(error)}\n{undone(functions, moved)}") from None
            # Only the answer was lost. The SDK has repeated the call, which Lambda then refused.
        moved.append((name, alias["FunctionVersion"], answer["RevisionId"]))


def has_moved(functions, name, target):
    """The alias of a function, if it is at this version."""
    try:
        alias = functions.get_alias(FunctionName=name, Name=ALIAS)
    except (ClientError, BotoCoreError):
        return None
    return alias if alias["FunctionVersion"] == target else None


def undone(functions, moved):
    """Moves aliases back after another one could not be moved, and says what became of it."""
    stuck = []
    for name, version, revision in reversed(moved):
        try:
            functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version, RevisionId=revision)
        except (ClientError, BotoCoreError):
            stuck.append(f"{name} (was at {version})")
    if stuck:
        return f"These have moved and could not be moved back: {', '.join(stuck)}. Run the same command again."
    return "No alias has moved."


def refused(error):
    return "interrupted." if isinstance(error, KeyboardInterrupt) else sentence(error)


if __name__ == "__main__":
    sys.exit(main())
