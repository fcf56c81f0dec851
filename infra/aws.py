"""What the scripts of this folder share: refusals, what the SDK raises as a sentence, and the versions of a stack."""

from botocore.exceptions import ClientError

# The alias of each function that the template publishes (`AutoPublishAlias`). Cognito and the API call it.
ALIAS = "live"


class Refusal(Exception):
    """One sentence for the caller."""


def sentence(error):
    """What the SDK has raised (`ClientError` or `BotoCoreError`), as a sentence."""
    if not isinstance(error, ClientError):
        return f"AWS cannot be asked: {error}"
    told = error.response.get("Error", {})
    return f"AWS refuses {error.operation_name}: {told.get('Message') or told.get('Code')}"


def qualified(arn):
    """Function and version, or alias, of an ARN: `arn:aws:lambda:eu-central-1:111122223333:function:NAME:VERSION`."""
    name, _, qualifier = arn.partition(":function:")[2].partition(":")
    return name, qualifier


def deployed_versions(formation, stack):
    """The version of each function with the alias that a stack has deployed, wherever the alias is now."""
    versions, aliased = {}, set()
    for page in formation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            kind, (name, qualifier) = resource["ResourceType"], qualified(resource.get("PhysicalResourceId", ""))
            if kind == "AWS::Lambda::Version":
                versions[name] = qualifier
            elif kind == "AWS::Lambda::Alias" and qualifier == ALIAS:
                aliased.add(name)
    return {name: version for name, version in versions.items() if name in aliased}
