"""The templates, against those of the previous release: what would be lost in an update is said in docs/upgrading.md."""

import copy
import functools
import json
import unittest
from pathlib import Path

import cfnlint
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests/data/recorded-stack"
UPGRADING = "docs/upgrading.md"
TEMPLATES = (
    *("template.yaml", "infra/events.yaml", "infra/identity.yaml", "infra/storage.yaml"),
    "infra/observability.yaml",
)
SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"
# What has data, users, credentials, addresses or logs that another one would not have. Nested stacks have such resources.
STATEFUL = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CloudFormation::Stack",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
}
# SAM's own types, with what SAM makes of them.
MADE_BY_SAM = {"AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api"}


def templates(folder):
    # The release before may not have all of them.
    return {path: yaml_parse((folder / path).read_text()) for path in TEMPLATES if (folder / path).exists()}


def type_of(resource):
    return MADE_BY_SAM.get(resource["Type"], resource["Type"])


def is_stateful(resource):
    return type_of(resource) in STATEFUL or resource.get("DeletionPolicy") == "Retain"


@functools.cache
def create_only(kind):
    """The properties of a type which an update can change only by a new resource, as paths."""
    index = json.loads((SCHEMAS / "providers/us-east-1.json").read_text())
    schema = json.loads((SCHEMAS / f"resources/{index[kind]}.json").read_text())
    paths = schema.get("createOnlyProperties", []) + schema.get("conditionalCreateOnlyProperties", [])
    return [path.removeprefix("/properties/").split("/") for path in paths]


def value_at(properties, path):
    """The value at this path, or the whole value above it that is an intrinsic function."""
    value = properties
    for name in path:
        if not isinstance(value, dict):
            return value
        if name not in value:
            return value if any(key.startswith("Fn::") or key == "Ref" for key in value) else None
        value = value[name]
    return value


def written_out(release, path, value):
    """A value of a template with its conditions, and with what the root template passes to a nested one, in place."""
    template = release[path]
    nested = [it["Properties"] for it in release["template.yaml"]["Resources"].values() if "TemplateURL" in str(it)]
    passed = [properties["Parameters"] for properties in nested if properties["TemplateURL"] == path]

    def written(value):
        match value:
            case {"Condition": str(name)}:
                return written(template["Conditions"][name])
            case {"Fn::If": [str(name), *values]}:
                return {"Fn::If": [written(template["Conditions"][name]), *map(written, values)]}
            case {"Ref": str(name)} if passed and name in passed[0]:
                return {"Passed": passed[0][name]}
            case dict():
                return {key: written(one) for key, one in value.items()}
            case list():
                return [written(one) for one in value]
        return value

    return written(value)


def losses(before, after):
    """Each stateful resource that an update replaces, deletes or no longer retains, with why."""
    found = {}
    for path, template in before.items():
        for id, resource in template["Resources"].items():
            if is_stateful(resource) and (reason := loss(before, after, path, id)):
                found[id] = reason
    return found


def loss(before, after, path, id):
    old = before[path]["Resources"][id]
    new = after.get(path, {"Resources": {}})["Resources"].get(id)
    if new is None:
        return "is removed or has another logical id"
    if type_of(new) != type_of(old):
        return f"becomes {new['Type']}"

    def differs(value_of):
        return written_out(before, path, value_of(old)) != written_out(after, path, value_of(new))

    if differs(lambda resource: {"Condition": resource["Condition"]} if "Condition" in resource else None):
        return "has another condition"
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if old.get(policy) == "Retain" and new.get(policy) != "Retain":
            return f"loses its {policy}"
    for place in create_only(type_of(old)):
        if differs(lambda resource, place=place: value_at(resource.get("Properties", {}), place)):
            return f"is replaced, since its {'.'.join(place)} changes"
    return None


def unsaid(found, document):
    """Those that no line of the document's first section names."""
    section = document.split("\n## ")[1]
    return {id: reason for id, reason in found.items() if f"`{id}`" not in section}


class Upgrading(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.before = templates(RECORDED)
        self.after = copy.deepcopy(self.before)

    def resource(self, path, id):
        return self.after[path]["Resources"][id]

    def test_what_this_release_replaces_or_deletes_has_a_line(self):
        found = losses(self.before, templates(ROOT))
        lines = unsaid(found, (ROOT / UPGRADING).read_text())
        self.assertEqual({}, lines, f"say in the first section of {UPGRADING} what happens, and what to do before")

    def test_the_recorded_release_has_every_kind_of_stateful_resource(self):
        kinds = {type_of(it) for template in self.before.values() for it in template["Resources"].values()}
        self.assertEqual(set(), STATEFUL - kinds)

    def test_an_update_without_a_loss_needs_no_line(self):
        self.assertEqual({}, losses(self.before, self.after))
        self.resource("infra/storage.yaml", "Table")["Properties"]["BillingMode"] = "PROVISIONED"
        self.resource("infra/identity.yaml", "MachineClient")["Properties"]["AccessTokenValidity"] = 5
        # It has no state: every change of the pages is another layer.
        del self.after["template.yaml"]["Resources"]["ConsolePages"]
        self.assertEqual({}, losses(self.before, self.after))

    def test_each_loss_needs_a_line_that_names_the_resource(self):
        def renamed(path, id):
            return lambda: self.after[path]["Resources"].update({f"{id}2": self.after[path]["Resources"].pop(id)})

        def changed(path, id, name, value):
            return lambda: self.resource(path, id)["Properties"].update({name: value})

        storage, identity, root = "infra/storage.yaml", "infra/identity.yaml", "template.yaml"
        gone = "is removed or has another logical id"
        cases = [
            ("Table", gone, lambda: self.after[storage]["Resources"].pop("Table")),
            ("Table", gone, renamed(storage, "Table")),
            ("Table", "becomes AWS::DynamoDB::GlobalTable", lambda: self.resource(storage, "Table").update(
                {"Type": "AWS::DynamoDB::GlobalTable"})),
            ("Table", "is replaced, since its TableName changes", changed(storage, "Table", "TableName", "usher")),
            ("Table", "is replaced, since its KeySchema changes", changed(storage, "Table", "KeySchema", [])),
            ("Table", "loses its DeletionPolicy", lambda: self.resource(storage, "Table").pop("DeletionPolicy")),
            ("Table", "has another condition", lambda: self.after[storage]["Conditions"].update(
                {"MakesTable": {"Fn::Equals": [{"Ref": "TableName"}, ""]}})),
            ("UserPool", "loses its UpdateReplacePolicy", lambda: self.resource(identity, "UserPool").update(
                {"UpdateReplacePolicy": "Delete"})),
            ("UserPool", "has another condition", lambda: self.resource(identity, "UserPool").pop("Condition")),
            ("OperatorPool", gone, renamed(identity, "OperatorPool")),
            ("OperatorClient", "is replaced, since its GenerateSecret changes",
             changed(identity, "OperatorClient", "GenerateSecret", True)),
            ("MachineClient", "is replaced, since its UserPoolId changes",
             changed(identity, "MachineClient", "UserPoolId", {"Ref": "UserPool"})),
            ("OperatorPoolDomain", "is replaced, since its Domain changes",
             changed(identity, "OperatorPoolDomain", "Domain", "usher")),
            ("ResourceServer", "is replaced, since its Identifier changes",
             changed(identity, "ResourceServer", "Identifier", "usher2")),
            ("Table", "is replaced, since its TableName changes", lambda: self.resource(root, "Storage")["Properties"][
                "Parameters"].update({"TableName": "usher"})),
            ("Table", "has another condition", lambda: self.resource(root, "Storage")["Properties"]["Parameters"].update(
                {"ExistingTableName": "usher"})),
            ("HttpApi", gone, renamed(root, "HttpApi")),
            ("HttpApi", "becomes AWS::Serverless::Api", lambda: self.resource(root, "HttpApi").update(
                {"Type": "AWS::Serverless::Api"})),
            ("ApiDomain", "is replaced, since its DomainName changes", changed(root, "ApiDomain", "DomainName", "a.example")),
            ("Identity", gone, renamed(root, "Identity")),
            ("AccessLogGroup", "is replaced, since its LogGroupName changes",
             changed(root, "AccessLogGroup", "LogGroupName", "access")),
        ]  # fmt: skip
        for id, reason, change in cases:
            with self.subTest(f"{id} {reason}"):
                self.after = copy.deepcopy(self.before)
                change()
                found = losses(self.before, self.after)
                self.assertEqual({id: reason}, found)
                self.assertEqual(found, unsaid(found, "# Upgrading\n\n## Unreleased\n\n## Earlier\n\n`" + id + "`\n"))
                self.assertEqual({}, unsaid(found, f"# Upgrading\n\n## Unreleased\n\n- `{id}` is made anew.\n"))

    def test_a_template_that_is_gone_loses_all_that_it_had(self):
        del self.after["infra/storage.yaml"]
        self.assertEqual({"Table": "is removed or has another logical id"}, losses(self.before, self.after))


if __name__ == "__main__":
    unittest.main()
