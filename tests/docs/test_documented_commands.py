"""The commands of the AWS CLI in the documents: each exists in the API's model of the pinned SDK, with its options."""

import re
import shlex
import unittest
from pathlib import Path

import botocore.session
from botocore import xform_name

ROOT = Path(__file__).parents[2]
# What the CLI adds to the operations of the API.
OF_THE_CLI = {"query", "output", "region", "max-items", "no-cli-pager"}
# The services of which the CLI has another name than the API.
SERVICES = {"deploy": "codedeploy"}


def commands(text):
    """The commands in a document: in indented or fenced blocks, and between backticks. A backslash continues a line."""
    text = text.replace("\\\n", " ")
    blocks = re.findall(r"(?m)^(?: {4,}|)(aws [a-z].*)$", text)
    inline = [" ".join(it.split()) for it in re.findall(r"`(aws [a-z][^`]*)`", text)]
    return blocks + inline


def complaint(session, command):
    """What is wrong with a command, if anything is."""
    _, service, name, *rest = shlex.split(command.replace("…", "..."))
    try:
        api = session.get_service_model(SERVICES.get(service, service))
    except botocore.exceptions.UnknownServiceError:
        return f"{service} is no service"
    operations = {xform_name(it, "-"): it for it in api.operation_names}
    if name == "wait":
        waiters = session.get_waiter_model(service, api.api_version).waiter_names
        waited = {xform_name(it, "-"): it for it in waiters}
        if rest[0] not in waited:
            return f"{rest[0]} is no waiter"
        config = session.get_waiter_model(service, api.api_version).get_waiter(waited[rest[0]])
        name = xform_name(config.operation, "-")
    if name.endswith("..."):
        begin = name.removesuffix("...")
        return None if any(it.startswith(begin) for it in operations) else f"no operation begins with {begin}"
    if name not in operations:
        return f"{name} is no operation"
    shape = api.operation_model(operations[name]).input_shape
    known = {xform_name(it, "-") for it in shape.members} | OF_THE_CLI
    flags = {xform_name(it, "-") for it, member in shape.members.items() if member.type_name == "boolean"}
    known |= {f"no-{it}" for it in flags}
    options = [it.removeprefix("--").split("=")[0] for it in rest if it.startswith("--")]
    unknown = [it for it in options if it not in known]
    return f"{name} has no option {unknown}" if unknown else None


class DocumentedCommands(unittest.TestCase):
    def test_each_command_of_the_aws_cli_exists_with_its_options(self):
        session = botocore.session.get_session()
        found, wrong = 0, []
        for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]:
            for command in commands(path.read_text()):
                found += 1
                said = complaint(session, command)
                if said:
                    wrong.append(f"{path.name}: {command}: {said}")
        self.assertEqual([], wrong)
        self.assertGreater(found, 20)

    def test_a_wrong_command_is_found(self):
        session = botocore.session.get_session()
        for command, said in [
            ("aws cognito delete-user-pool", "cognito is no service"),
            ("aws lambda move-alias", "move-alias is no operation"),
            ("aws lambda get-alias --function usher-users", "get-alias has no option ['function']"),
            ("aws cloudformation wait stack-gone", "stack-gone is no waiter"),
            ("aws dynamodb delete-table --no-table-name a", "delete-table has no option ['no-table-name']"),
        ]:
            self.assertEqual(said, complaint(session, command))


if __name__ == "__main__":
    unittest.main()
