"""What SAM makes of template.yaml: versions, aliases, and the deployment of the triggers.

The transform is the library that AWS runs, in this process. No emulator makes the resources of CodeDeploy.
"""

import functools
import logging
import unittest
from pathlib import Path
from unittest import mock

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# It warns about settings of AWS's own runs, which it does not have here.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

ROOT = Path(__file__).parents[2]
IN_STEPS = [
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
]
TRIGGERS = {"PostConfirmation": "post-confirmation", "PreTokenGeneration": "pre-token-generation"}


class NoPolicies:
    """The template names no policy of AWS by its short name."""

    def load(self):
        return {}


@functools.cache
def transformed(digest=None, **parameters):
    """The resources that SAM makes with these parameters. `make deploy` gives each function the digest."""
    template = plain(yaml_parse((ROOT / "template.yaml").read_text()))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = "s3://bucket/code"
            if digest:
                properties["AutoPublishCodeSha256"] = digest
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = "s3://bucket/layer"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    with mock.patch.dict("os.environ", {"AWS_DEFAULT_REGION": "eu-central-1"}):
        return transform(template, parameters, NoPolicies())["Resources"]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def of_type(resources, kind):
    return {id: resource for id, resource in resources.items() if resource["Type"] == kind}


def versions(resources):
    return set(of_type(resources, "AWS::Lambda::Version"))


def referenced(resource, resources):
    """The resources that a resource refers to, so that CloudFormation makes them before it."""
    found = set(resource.get("DependsOn", []))

    def walk(value):
        match value:
            case {"Ref": id}:
                found.add(id)
            case {"Fn::GetAtt": [id, *_]} | {"Fn::GetAtt": str(id)}:
                found.add(id.split(".")[0])
            case {"Fn::Sub": text}:
                text = text if isinstance(text, str) else text[0]
                found.update(part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
            case dict():
                for part in value.values():
                    walk(part)
            case list():
                for part in value:
                    walk(part)

    walk(resource.get("Properties", {}))
    walk(resource.get("UpdatePolicy", {}))
    return found & resources.keys()


def before(id, resources):
    """All resources that are made before this one, whatever else happens."""
    found, left = set(), [id]
    while left:
        for other in referenced(resources[left.pop()], resources) - found:
            found.add(other)
            left.append(other)
    return found


class TransformedTemplate(unittest.TestCase):
    maxDiff = None

    def test_each_function_has_an_alias_at_its_new_version(self):
        resources = transformed("a" * 64)
        functions = of_type(resources, "AWS::Lambda::Function")
        aliases = of_type(resources, "AWS::Lambda::Alias")
        self.assertEqual({f"{id}Aliaslive" for id in functions}, set(aliases))
        for id in functions:
            version = f"{id}Version{'a' * 10}"
            self.assertEqual(
                {
                    "Name": "live",
                    "FunctionName": {"Ref": id},
                    "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
                },
                aliases[f"{id}Aliaslive"]["Properties"],
            )
            # An earlier version remains, to go back to.
            self.assertEqual("Retain", resources[version]["DeletionPolicy"])

    def test_another_digest_makes_a_new_version_of_every_function_and_without_it_a_parameter_alone_makes_none(self):
        one, other = transformed("a" * 64, MemorySize="256"), transformed("b" * 64, MemorySize="512")
        self.assertEqual(set(), versions(one) & versions(other))
        self.assertEqual(len(of_type(one, "AWS::Lambda::Function")), len(versions(other)))
        # Each function differs, so Lambda does publish it: the digest is in its description.
        for id, function in of_type(one, "AWS::Lambda::Function").items():
            self.assertNotEqual(function["Properties"]["Description"], other[id]["Properties"]["Description"])
        # If this fails, SAM sees the values of parameters, and the digest need not have them.
        self.assertEqual(versions(transformed(MemorySize="256")), versions(transformed(MemorySize="512")))

    def test_every_route_and_every_permission_of_the_api_is_for_an_alias(self):
        resources = transformed("a" * 64)
        paths = resources["HttpApi"]["Properties"]["Body"]["paths"]
        integrations = [
            operation["x-amazon-apigateway-integration"]["uri"]
            for path in paths.values()
            for operation in path.values()
            if "x-amazon-apigateway-integration" in operation
        ]
        uris = [uri["Fn::Sub"] for uri in integrations]
        self.assertEqual([], [uri for uri in uris if not uri.endswith("Aliaslive}/invocations")])
        of_api = [
            permission["Properties"]["FunctionName"]["Ref"]
            for permission in of_type(resources, "AWS::Lambda::Permission").values()
            if permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
        ]
        self.assertEqual([], [name for name in of_api if not name.endswith("Aliaslive")])
        self.assertEqual(len(uris), len(of_api))

    def test_the_default_shifts_a_tenth_of_the_events_of_each_trigger_first_and_the_alarms_stop_it(self):
        self.assert_in_steps(transformed("a" * 64), IN_STEPS[0])

    def test_each_way_in_steps_is_a_configuration_of_codedeploy(self):
        for way in IN_STEPS:
            self.assert_in_steps(transformed("a" * 64, TriggerDeployment=way), way)

    def assert_in_steps(self, resources, way):
        alarms = plain(yaml_parse((ROOT / "infra/observability.yaml").read_text()))["Resources"]
        there = {it["Properties"]["AlarmName"]["Fn::Sub"] for it in of_type(alarms, "AWS::CloudWatch::Alarm").values()}
        groups = of_type(resources, "AWS::CodeDeploy::DeploymentGroup")
        self.assertEqual({f"{id}FunctionDeploymentGroup" for id in TRIGGERS}, set(groups))
        self.assertNotIn("CodeDeployServiceRole", resources)
        for id, name in TRIGGERS.items():
            braked = [f"${{AWS::StackName}}-{name}-{it}" for it in ("errors", "slow")]
            for alarm in braked:
                self.assertIn(alarm.replace("AWS::StackName", "RootStackName"), there)
            config = {"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": way}]}
            role = {"Fn::GetAtt": ["TriggerDeploymentRole", "Arn"]}
            group = groups[f"{id}FunctionDeploymentGroup"]["Properties"]
            self.assertEqual(
                {
                    "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Fn::Sub": it}} for it in braked]},
                    "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
                    "AutoRollbackConfiguration": {
                        "Enabled": True,
                        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
                    },
                    "DeploymentConfigName": config,
                    "DeploymentStyle": {
                        "DeploymentType": "BLUE_GREEN",
                        "DeploymentOption": "WITH_TRAFFIC_CONTROL",
                    },
                    "ServiceRoleArn": {"Fn::If": ["DeploysTriggersInSteps", role, {"Ref": "AWS::NoValue"}]},
                },
                group,
            )
        for alias, resource in of_type(resources, "AWS::Lambda::Alias").items():
            id = alias.removesuffix("FunctionAliaslive")
            expected = {
                "CodeDeployLambdaAliasUpdate": {
                    "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
                    "DeploymentGroupName": {"Ref": f"{id}FunctionDeploymentGroup"},
                }
            }
            self.assertEqual(expected if id in TRIGGERS else None, resource.get("UpdatePolicy"), alias)

    def test_all_at_once_needs_no_resource_of_codedeploy(self):
        resources = transformed("a" * 64, TriggerDeployment="AllAtOnce")
        self.assertEqual([], [id for id, it in resources.items() if it["Type"].startswith("AWS::CodeDeploy::")])
        self.assertEqual([], [id for id, it in resources.items() if "UpdatePolicy" in it])

    def test_the_pool_waits_for_the_early_permissions_and_these_do_not_wait_for_the_pool(self):
        resources = transformed("a" * 64)
        for trigger in TRIGGERS:
            early = f"{trigger}EarlyPermission"
            self.assertIn(early, before("Identity", resources))
            self.assertNotIn("Identity", before(early, resources))
            # Both permissions are on what the pool calls.
            for permission in (early, f"{trigger}AliasPermission"):
                function = resources[permission]["Properties"]["FunctionName"]
                self.assertEqual({"Ref": f"{trigger}FunctionAliaslive"}, function)


if __name__ == "__main__":
    unittest.main()
