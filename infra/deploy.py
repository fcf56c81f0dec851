#!/usr/bin/env python3
"""Deploys the built stack with SAM, and keeps every parameter of the stack that is not named here.

    make deploy STACK=usher REGION=eu-central-1 PARAMETERS='MemorySize=512 TrustedProviders='
    deploy.py --stack-name usher --region eu-central-1 MemorySize=512 TrustedProviders= [--dry-run | --yes]

The stack is the only source of its parameters. The script reads them, and tells SAM those that are named on the command
line. CloudFormation keeps the others. A new stack starts with the template's defaults. SAM reads no samconfig.toml, and a
samconfig.toml with settings for deployments is refused. See docs/operations.md, and docs/adr/0039 for the reasons.

Nothing changes before CloudFormation executes the change set that SAM has made. From then on, CloudFormation carries the
change set out or rolls it back, also if this script is stopped.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import boto3
import yaml
from aws import ALIAS, Refusal, deployed_versions, qualified, sentence
from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(__file__).parents[1]
SAM = Path(sys.executable).with_name("sam")

# The parameters that decide which table and which pool the functions use. With another value, nobody finds their
# organizations, or nobody can sign in. So they never change unless they are named on the command line.
GUARDED = ("UserPoolId", "ExistingTableName", "TableName")
# The parameter that this script fills in: the pool that the stack has made. See template.yaml at `Identity`.
MADE_POOL = "MadeUserPoolId"
# Another one: the stream of a table that the stack has not made.
STREAM = "ExistingTableStreamArn"
# What the stream has to tell of a change.
IMAGES = "NEW_AND_OLD_IMAGES"
# The parameters that no function depends on. With another value of these, functions get no new version.
NOT_OF_FUNCTIONS = {
    MADE_POOL,
    STREAM,
    "AlarmTopicArn",
    "AllowedOrigins",
    "ApiCertificateArn",
    "ApiDomainName",
    "ApiHostedZoneId",
    "EmailFrom",
    "LogRetentionDays",
    "OperatorCallbackUrls",
    "SesIdentityArn",
    "TableDeletionProtection",
    "ThrottlingBurstLimit",
    "ThrottlingRateLimit",
    "TriggerDeployment",
}
# The functions that the triggers invoke first.
NEXT = ("NextPostConfirmationArn", "NextPreTokenGenerationArn")
ALL_AT_ONCE = "AllAtOnce"
# Every release of Usher has these outputs.
OUTPUTS = {"ApiEndpoint", "PostConfirmationFunctionArn", "PreTokenGenerationFunctionArn", "TableName", "UserPoolId"}
UNBORN = "its first deployment failed: delete it with `aws cloudformation delete-stack`, and deploy again"
# Each state in which CloudFormation refuses an update, with what to do.
STUCK = {
    "CREATE_FAILED": UNBORN,
    "ROLLBACK_COMPLETE": UNBORN,
    "ROLLBACK_FAILED": UNBORN,
    "DELETE_FAILED": "its deletion failed: delete it again, and deploy after that",
    "UPDATE_FAILED": "its last update failed: roll it back with `aws cloudformation rollback-stack`, and deploy again",
    "UPDATE_ROLLBACK_FAILED": (
        "its last update could not be rolled back: remove the cause that its events name, "
        "run `aws cloudformation continue-update-rollback`, and deploy again"
    ),
}
# What SAM and cargo read to make the artifacts.
SOURCES = (
    "template.yaml",
    "infra/*.yaml",
    "Cargo.*",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    "functions/**/*",
    "shared/**/*",
    # The help in the console is made of the documents.
    "ARCHITECTURE.md",
    "docs/**/*.md",
)
NO_SOURCES = {"node_modules", "dist", "target", "schema.d.ts"}
# The properties that name an artifact.
ARTIFACTS = ("CodeUri", "ContentUri", "TemplateURL")
# Beside the built template: what `make build` was given, and the template that is deployed.
BUILT_FROM = "sources"
DEPLOYED = "deployed.yaml"
# The field e_machine of an ELF file.
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


class Loader(yaml.CSafeLoader):
    """Reads a template, a source with short tags (`!Ref`) for its parameters only."""


Loader.add_multi_constructor("!", lambda loader, tag, node: None)


def main(arguments=None):
    options = parse(arguments)
    try:
        if options.sources:
            print(digest_of_sources(ROOT))
        else:
            deploy(options)
    except Refusal as refusal:
        return f"{refusal}"
    except (ClientError, BotoCoreError) as error:
        return sentence(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}."
    except KeyboardInterrupt:
        return "Stopped. If CloudFormation has begun to execute a change set, it continues: look at the stack."
    return 0


def parse(arguments):
    parser = argparse.ArgumentParser(description="Deploys the built stack, and keeps its parameters.")
    parser.add_argument("named", metavar="NAME=VALUE", nargs="*", help="a parameter to set; all others stay")
    parser.add_argument("--stack-name", metavar="NAME", help="the stack; it is made if it is not there")
    parser.add_argument("--region", metavar="REGION", help="its region, instead of AWS_REGION")
    parser.add_argument("--parameters", metavar="TEXT", default="", help="NAME=VALUE pairs in one text, as in a shell")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="say which parameters would change, and deploy nothing")
    parser.add_argument(
        "--build-dir", metavar="FOLDER", type=Path, default=ROOT / ".aws-sam/build", help="where `make build` has built"
    )
    parser.add_argument("--architecture", action="store_true", help="only say which architecture to build for")
    parser.add_argument("--sources", action="store_true", help="only print the digest of the sources")
    return parser.parse_intermixed_args(arguments)


def deploy(options):
    if not options.stack_name:
        raise Refusal("Name the stack: make deploy STACK=usher REGION=eu-central-1.")
    name = options.stack_name
    named = named_parameters(options)
    refuse_samconfig(ROOT, Path.cwd())
    only_asks = options.architecture or options.dry_run
    template = ROOT / "template.yaml" if only_asks else built_template(options.build_dir)
    session = boto3.Session(region_name=options.region or os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise Refusal("Name the region: make deploy STACK=usher REGION=eu-central-1.")
    stack = stack_of(session, name)
    present = parameters_of(stack)
    declared = yaml.load(template.read_text(), Loader)["Parameters"]
    if MADE_POOL in declared:
        named = filled_in(stack, present, named)
    streams = []
    if STREAM in declared:
        named, streams = with_stream(session, present, named)
    planned = plan(declared, present, named)
    consequences = looked_up(session, stack, present, planned) + streams
    if stack:
        consequences += in_steps(session, stack, present, planned)
    if options.architecture:
        print(planned["Architecture"])
        return

    account = session.client("sts").get_caller_identity()["Account"]
    new = "" if stack else ", which is not there yet"
    print(f"The stack {name} in {session.region_name}, account {account}{new}:")
    changed = shown(present, planned, named)
    for sentence in consequences:
        print(sentence)
    if options.dry_run:
        print("Nothing was deployed, since this is a dry run.")
        return
    check_architecture(template, planned["Architecture"])
    if (changed or not stack) and not options.yes:
        ask("Deploy this?" if stack else f"Make a new stack {name}?")

    sent = {key: value for key, value in named.items() if present.get(key) != value}
    run_sam(session, stack, name, prepared(session, stack, template, planned), sent, options.yes)
    stack = stack_of(session, name)
    there = parameters_of(stack)
    if other := [key for key, value in planned.items() if there.get(key) != value]:
        raise Refusal(
            f"The stack {name} does not have the planned value of {', '.join(other)}: "
            "nobody has confirmed the change set, or somebody else has deployed."
        )
    advise(session, stack)


def named_parameters(options):
    """The parameters that the command line names, with their values as text."""
    try:
        pairs = options.named + shlex.split(options.parameters)
    except ValueError:
        raise Refusal(f"A quote is not closed: {options.parameters}") from None
    named = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise Refusal(f"{pair} is no parameter with a value: write NAME=VALUE, and quote a value that has spaces.")
        # SAM takes these away, once or twice.
        if re.fullmatch(r"""(["'])(.*\1)?|.*\\[ "'].*""", value, re.DOTALL):
            raise Refusal(
                f"{name} cannot be {value}: no value is in quotes, or has a backslash before a quote or a blank."
            )
        if named.setdefault(name, value) != value:
            raise Refusal(f"{name} is named twice: once with {named[name]}, once with {value}.")
    return named


def filled_in(stack, present, named):
    """The named parameters, with the pool that the stack has made. It has made none if it was given one."""
    if MADE_POOL in named:
        raise Refusal(f"{MADE_POOL} is filled in by itself: do not name it.")
    given = named.get("UserPoolId") or present.get("UserPoolId")
    made = "" if given else outputs_of(stack).get("UserPoolId", "")
    return named if present.get(MADE_POOL, "") == made else named | {MADE_POOL: made}


def with_stream(session, present, named):
    """The named parameters, with the stream of a given table. Says what to do if the table has none that can be used."""
    if STREAM in named:
        raise Refusal(f"{STREAM} is filled in by itself: do not name it.")
    name = named.get("ExistingTableName", present.get("ExistingTableName", ""))
    table = described(session.client("dynamodb").describe_table, TableName=name).get("Table", {}) if name else {}
    stream, arn, sentences = table.get("StreamSpecification", {}), "", []
    on = f"aws dynamodb update-table --table-name {name} --stream-specification StreamEnabled="
    if stream.get("StreamEnabled") and stream["StreamViewType"] == IMAGES:
        arn = table["LatestStreamArn"]
    elif stream.get("StreamEnabled"):
        sentences.append(
            f"Nothing will be published, since the stream of the table {name} has {stream['StreamViewType']} and not {IMAGES}. "
            f"If nobody else reads it, run `{on}false`, then `{on}true,StreamViewType={IMAGES}`, and deploy again."
        )
    elif table:
        sentences.append(
            f"Nothing will be published, since the table {name} has no stream: run "
            f"`{on}true,StreamViewType={IMAGES}`, and deploy again."
        )
    return named if present.get(STREAM, "") == arn else named | {STREAM: arn}, sentences


def refuse_samconfig(*folders):
    """Refuses settings for deployments in a file that `sam deploy` reads, which `sam deploy --guided` writes there."""
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.glob("samconfig.*")):
            if path.suffix not in (".toml", ".yaml", ".yml"):
                continue
            try:
                text = path.read_text()
                document = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
            except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
                raise Refusal(f"{path} cannot be read: {' '.join(str(error).split())}") from None
            for environment, commands in (document or {}).items():
                for command in ("deploy", "global"):
                    section = commands.get(command) if isinstance(commands, dict) else None
                    if settings := (section or {}).get("parameters"):
                        raise Refusal(
                            f"{path} has settings for deployments ({environment}.{command}): {', '.join(settings)}. "
                            "Remove them: the stack keeps its parameters, and changes are named on the command line."
                        )


def stack_of(session, name):
    """The stack, or nothing if it has to be made."""
    try:
        stack = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response.get("Error", {}).get("Message", ""):
            return {}
        raise
    status = stack["StackStatus"]
    # A stack that has a change set which nobody has executed. It has no resources.
    if status == "REVIEW_IN_PROGRESS":
        return {}
    if status in STUCK:
        raise Refusal(f"The stack {name} is {status}, {STUCK[status]}.")
    if status.endswith("_IN_PROGRESS"):
        raise Refusal(f"The stack {name} is {status}: wait until that has ended, and deploy again.")
    if parent := stack.get("RootId"):
        raise Refusal(f"The stack {name} is a part of {parent}: name that one.")
    if lacking := OUTPUTS - {output["OutputKey"] for output in stack.get("Outputs", [])}:
        raise Refusal(f"The stack {name} is not Usher's: it has no output {min(lacking)}. Name another stack.")
    return stack


def parameters_of(stack):
    return {given["ParameterKey"]: given.get("ParameterValue", "") for given in stack.get("Parameters", [])}


def outputs_of(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def plan(declared, present, named):
    """The parameters that the stack will have. Refuses what CloudFormation would refuse, and unnamed changes."""
    for name in named:
        if name not in declared:
            lower = {key.lower(): key for key in declared}
            similar = difflib.get_close_matches(name.lower(), lower, n=1)
            hint = f"did you mean {lower[similar[0]]}?" if similar else "docs/parameters.md lists them."
            raise Refusal(f"There is no parameter {name}: {hint}")

    planned = {}
    for name, parameter in declared.items():
        default = parameter.get("Default")
        value = named.get(name, present.get(name, None if default is None else f"{default}"))
        if value is None:
            raise Refusal(f"{name} has no default: name it.")
        if fault := fault_of(parameter, value):
            whose = f"{name}=" if name in named else f"The stack's {name} is "
            instead = "" if name in named else f" Name another value: {name}=VALUE."
            raise Refusal(f"{whose}{value}, which this release does not take: {fault}{instead}")
        planned[name] = value

    for name in GUARDED:
        old, new = present.get(name, ""), planned.get(name, "")
        if old != new and name not in named:
            raise Refusal(
                f"The template would change {name} from {quoted(old)} to {quoted(new)}, and nobody has named it: "
                f"the functions would use another {'user pool' if name == 'UserPoolId' else 'table'}."
            )
    return planned


def fault_of(parameter, value):
    """Why CloudFormation would refuse this value, or nothing."""
    kind = parameter["Type"]
    explained = parameter.get("ConstraintDescription")
    allowed = [f"{one}" for one in parameter.get("AllowedValues", [])]
    items = [item.strip() for item in value.split(",")] if kind == "CommaDelimitedList" else [value]
    if kind == "Number":
        if not re.fullmatch(r"-?\d+(\.\d+)?", value):
            return "it must be a number."
        if float(value) < parameter.get("MinValue", -float("inf")):
            return f"the least is {parameter['MinValue']}."
        if float(value) > parameter.get("MaxValue", float("inf")):
            return f"the most is {parameter['MaxValue']}."
    for item in items:
        if allowed and item not in allowed:
            return explained or f"it must be one of {', '.join(allowed)}."
        if not re.fullmatch(parameter.get("AllowedPattern", "(?s).*"), item):
            return explained or f"it must match {parameter['AllowedPattern']}"
    return None


def quoted(value):
    return value or "nothing"


def shown(present, planned, named):
    """Prints each change of a parameter. Returns whether there is one."""
    changes = []
    for name, value in planned.items():
        if name in present:
            if present[name] != value:
                changes.append(f"{name}: {quoted(present[name])} -> {quoted(value)}")
        elif name in named:
            changes.append(f"{name}: {quoted(value)}")
        elif present:
            changes.append(f"{name}: {quoted(value)}, the default of a parameter that is new in this release")
    for name in sorted(present.keys() - planned.keys()):
        changes.append(f"{name}: {quoted(present[name])} is dropped, since this release has no such parameter")
    others = "All other" if changes else "All"
    for line in [*changes, f"{others} parameters {'stay' if present else 'have their defaults'}."]:
        print(f"  {line}")
    return bool(changes)


def looked_up(session, stack, present, planned):
    """Checks that the table and the pool that are to be used are there. Says what happens with the present ones."""
    outputs = outputs_of(stack)
    changed = {name for name in GUARDED if present.get(name, "") != planned.get(name, "")}
    table, pool, sentences = planned["ExistingTableName"], planned["UserPoolId"], []
    if "ExistingTableName" in changed and table:
        sentences += check_table(session, table, planned["KmsKeyArn"])
    elif changed & {"ExistingTableName", "TableName"} and planned["TableName"] and not table:
        refuse_table(session, planned["TableName"])
    if "UserPoolId" in changed and pool:
        check_pool(session, pool)
    if not stack:
        return sentences

    old = outputs["TableName"]
    if "ExistingTableName" in changed and table:
        stays = (
            f"The table {old} stays, and they no longer use it." if old != table else "The stack no longer manages it."
        )
        sentences.append(f"The functions will use the table {table}. {stays}")
    elif "ExistingTableName" in changed or ("TableName" in changed and not table):
        sentences.append(
            f"The stack makes a new, empty table. The table {old} stays, and the functions no longer use it."
        )
    elif "TableName" in changed:
        sentences.append(f"TableName has no effect while ExistingTableName is {table}.")
    if "UserPoolId" in changed:
        old = outputs["UserPoolId"]
        new = f"The stack will serve the user pool {pool}." if pool else "The stack makes a new, empty user pool."
        stays = (
            f"The pool {old} stays, but it may no longer call the functions: "
            "take their triggers off it first, or nobody can sign in there."
        )
        sentences.append(f"{new} {stays}" if old != pool else f"{new} The stack no longer manages it.")
    return sentences


def in_steps(session, stack, present, planned):
    """Refuses to change triggers in steps where the earlier version would fail meanwhile. Says what fails for seconds.

    The role of a trigger changes before the last of its events goes to the new version. From then on, the earlier version may
    not use the table and the function that its settings name.
    """
    at_once = planned.get("TriggerDeployment", ALL_AT_ONCE) == ALL_AT_ONCE
    instead = f"So name TriggerDeployment={ALL_AT_ONCE} too, and set it back with a later deployment."
    table, given = outputs_of(stack)["TableName"], planned["ExistingTableName"]
    changed = {name for name in ("ExistingTableName", "TableName") if present.get(name, "") != planned[name]}
    moves = "ExistingTableName" in changed and given != table if given else changed
    gone = [f"the table {table}"] if moves else []
    next_functions = [present[name] for name in NEXT if present.get(name) and present[name] != planned.get(name)]
    gone += [f"the function {arn}" for arn in next_functions]
    if gone and not at_once:
        raise Refusal(
            f"The triggers change in steps, and until the last step the earlier version may not use {gone[0]} any more. "
            f"{instead}"
        )
    if moved := moved_aliases(session, stack):
        told = f"Somebody has taken back a deployment: {', '.join(moved)}."
        if not at_once:
            raise Refusal(f"{told} CodeDeploy would begin at the version that was taken back. {instead}")
        return [f"{told} This deployment moves the aliases to new versions."]
    if planned.get("NextTriggerFailure") != "fail":
        return []
    return [
        f"For some seconds the trigger that runs may not invoke {arn} any more, and its events fail. To avoid this, do not "
        "deploy: take the trigger off first, with infra/attach-triggers.py --detach, and attach it afterwards."
        for arn in next_functions
    ]


def moved_aliases(session, stack):
    """The triggers whose alias is not at the version that the stack has deployed, each with both versions."""
    outputs = outputs_of(stack)
    arns = [outputs[name] for name in ("PostConfirmationFunctionArn", "PreTokenGenerationFunctionArn")]
    names = [name for name, qualifier in map(qualified, arns) if qualifier == ALIAS]
    deployed = deployed_versions(session.client("cloudformation"), stack["StackName"]) if names else {}
    moved = []
    for name in names:
        at = session.client("lambda").get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        if deployed.get(name, at) != at:
            moved.append(f"{name} is at version {at} instead of {deployed[name]}")
    return moved


def check_table(session, name, key):
    """Refuses a table that is not there, or is not Usher's, as infra/storage.yaml makes it. Says what it lacks."""
    table = described(session.client("dynamodb").describe_table, TableName=name).get("Table")
    if not table:
        raise Refusal(f"There is no table {name} in {session.region_name}.")
    indexes = {index["IndexName"]: index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", [])}
    keys = {None: ("pk", "sk"), "gsi1": ("gsi1pk", "gsi1sk")}
    for index, (partition, sort) in keys.items():
        schema = table["KeySchema"] if index is None else indexes.get(index, [])
        if {key["KeyType"]: key["AttributeName"] for key in schema} != {"HASH": partition, "RANGE": sort}:
            what = f"its index {index}" if index else "it"
            raise Refusal(f"The table {name} is not Usher's: {what} has not the keys {partition} and {sort}.")
    if table["TableStatus"] != "ACTIVE":
        raise Refusal(f"The table {name} is {table['TableStatus']}: wait until it is ACTIVE.")
    lacks = []
    if not table.get("DeletionProtectionEnabled"):
        lacks.append(
            f"The table {name} has no deletion protection: docs/operations.md says what a restored table needs."
        )
    other = table.get("SSEDescription", {}).get("KMSMasterKeyArn", key)
    if other != key:
        lacks.append(
            f"The table {name} is encrypted with {other}: if that is a key of yours, name it as KmsKeyArn too."
        )
    return lacks


def refuse_table(session, name):
    if described(session.client("dynamodb").describe_table, TableName=name):
        raise Refusal(f"The stack would make a table {name}, which is there: to use it, name ExistingTableName={name}.")


def described(describe, **request):
    """What AWS describes, or nothing if it is not there."""
    try:
        return describe(**request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            return {}
        raise


def check_pool(session, id):
    region = id.partition("_")[0]
    if region != session.region_name:
        raise Refusal(f"The user pool {id} is in {region}, and the stack is in {session.region_name}.")
    if not described(session.client("cognito-idp").describe_user_pool, UserPoolId=id):
        raise Refusal(f"There is no user pool {id} in this account.")


def digest_of_sources(root):
    """A digest of all files that the artifacts are made from."""
    found = {path for pattern in SOURCES for path in root.glob(pattern) if path.is_file()}
    kept = [path for path in found if not NO_SOURCES.intersection(path.relative_to(root).parts)]
    return digest({path.relative_to(root).as_posix(): path.read_bytes() for path in kept})


def digest_of_artifact(path):
    """A digest of the file, or of all files in the folder."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return digest({file.relative_to(path).as_posix(): digest_of_file(file) for file in files})


def digest_of_file(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def digest(parts):
    """A digest of texts by their names."""
    digest = hashlib.sha256()
    for name, content in sorted(parts.items()):
        digest.update(f"{len(name)} {len(content)} {name} ".encode() + content)
    return digest.hexdigest()


def built_template(folder):
    """The template of a build. Refuses a build that is not there, has not ended, or is of other sources than these."""
    template, built_from = folder / "template.yaml", folder / BUILT_FROM
    if not template.exists() or not built_from.exists():
        raise Refusal(f"There is no complete build in {folder}: run make deploy, which builds.")
    if built_from.read_text().strip() != digest_of_sources(ROOT):
        raise Refusal(f"The build in {folder} is of other sources than these: run make deploy, which builds.")
    return template


def check_architecture(template, architecture):
    """Refuses a build for another processor."""
    for id, properties in resources(template, "AWS::Serverless::Function"):
        with (template.parent / properties["CodeUri"] / "bootstrap").open("rb") as file:
            machine = MACHINES.get(int.from_bytes(file.read(20)[18:], "little"))
        if machine != architecture:
            raise Refusal(
                f"{id} is built for {machine}, and the stack's Architecture is {architecture}: "
                "run make deploy, which builds."
            )


def resources(template, kind=None):
    """The resources of a built template with their properties."""
    found = yaml.load(template.read_text(), Loader)["Resources"].items()
    return [(id, resource.get("Properties", {})) for id, resource in found if kind in (None, resource["Type"])]


def prepared(session, stack, source, planned):
    """Writes the template that is deployed. Each function has the mark of this release, and functions with the same
    artifact name one folder.

    SAM makes a new version for an alias if the text of the function in the template changes. It does not see the values of
    parameters (https://github.com/aws/serverless-application-model/issues/3820), but it sees this mark. It ends with a
    digest of artifacts, template and the functions' parameters. If the stack has been deployed with the same, the mark is
    the same too, and no function gets a version. Otherwise it begins with a new number: after a deployment that has failed,
    Lambda would not publish the same again, because CloudFormation has retained that version.
    """
    used = {name: value for name, value in planned.items() if name not in NOT_OF_FUNCTIONS}
    parts = {"template": source.read_bytes(), "parameters": json.dumps(used, sort_keys=True).encode()}
    folders, template = {}, yaml.load(source.read_text(), Loader)
    for id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for name in ARTIFACTS:
            if isinstance(properties.get(name), str):
                made = digest_of_artifact(source.parent / properties[name])
                parts[f"{id} {name}"] = made.encode()
                properties[name] = folders.setdefault(made, properties[name])
    content, mark = digest(parts)[10:], deployed_mark(session, stack)
    if not mark.endswith(content):
        # SAM looks at the first ten characters.
        mark = secrets.token_hex(5) + content
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["AutoPublishCodeSha256"] = mark
    written = source.with_name(DEPLOYED)
    written.write_text(yaml.safe_dump(template, sort_keys=False))
    return written


def deployed_mark(session, stack):
    """The mark of the release that the stack has deployed, or nothing."""
    if not stack:
        return ""
    name = stack["StackName"]
    body = session.client("cloudformation").get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    template = yaml.load(body, Loader) if isinstance(body, str) else body
    marks = [it.get("Properties", {}).get("AutoPublishCodeSha256") for it in template["Resources"].values()]
    return next(filter(None, marks), "")


def run_sam(session, stack, name, template, sent, yes):
    with tempfile.TemporaryDirectory() as folder:
        # SAM reads this file instead of samconfig.toml.
        settings = Path(folder, "settings.toml")
        settings.write_text("version = 0.1\n")
        # CAPABILITY_IAM is for the functions' roles. There are no named roles, and no macros in nested stacks.
        command = [SAM, "deploy", "--template-file", template, "--config-file", settings, "--stack-name", name]
        command += ["--region", session.region_name, "--resolve-s3", "--capabilities", "CAPABILITY_IAM"]
        command += ["--no-fail-on-empty-changeset", "--no-progressbar"]
        command += ["--no-confirm-changeset" if yes else "--confirm-changeset"]
        if sent:
            overrides = Path(folder, "parameters.yaml")
            # JSON is YAML.
            overrides.write_text(json.dumps(sent, ensure_ascii=False), encoding="utf-8")
            command += ["--parameter-overrides", f"file://{overrides}"]
        if tags := stack.get("Tags"):
            # SAM removes the tags of the stack that it is not given.
            command += ["--tags", *(f'"{tag["Key"]}"="{tag["Value"]}"' for tag in tags)]
        # SAM compresses a folder once, however many functions name it. Without this it does so for each function.
        environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_BETA_PACKAGE_PERFORMANCE": "1"}
        sys.stdout.flush()
        ended = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, check=False).returncode
    if ended:
        raise Refusal(
            "SAM has not deployed: see what it says above. A change set that CloudFormation has begun to execute is "
            "rolled back by CloudFormation."
        )


def ask(question):
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise Refusal("Nothing was deployed, because nobody answered: give --yes (in make: YES=1).") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise Refusal("Nothing was deployed.")


def advise(session, stack):
    """Says what is left to do after the deployment."""
    name, outputs, given = stack["StackName"], outputs_of(stack), parameters_of(stack)
    region, console, pool = session.region_name, outputs["ConsoleUrl"], outputs["UserPoolId"]
    print(f"The console of {name}: {console}")
    urls = [url.strip() for url in given["OperatorCallbackUrls"].split(",")]
    if console not in urls:
        # The address of the console in earlier releases had a slash at the end. The default is that of a local run.
        kept = [url for url in urls if url not in (f"{console}/", "http://localhost:3000/console")]
        print(
            "Operators cannot sign in to the console yet: run "
            f"make deploy STACK={name} REGION={region} PARAMETERS=OperatorCallbackUrls={','.join([*kept, console])}"
        )
    config = session.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"].get("LambdaConfig", {})
    attached = (config.get("PostConfirmation"), config.get("PreTokenGenerationConfig", {}).get("LambdaArn"))
    if attached == (outputs["PostConfirmationFunctionArn"], outputs["PreTokenGenerationFunctionArn"]):
        print(f"The user pool {pool} calls both triggers.")
    else:
        print(
            f"The user pool {pool} does not call both triggers: run "
            f".venv/bin/python infra/attach-triggers.py --user-pool-id {pool} --stack-name {name}"
        )


if __name__ == "__main__":
    sys.exit(main())
