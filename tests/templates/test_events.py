"""infra/events.yaml: where the schemas of events are registered."""

import json
import unittest
from pathlib import Path

import cfnlint
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parents[2]
TEMPLATE = yaml_parse((ROOT / "infra/events.yaml").read_text())
# The regions of each type, as CloudFormation names them.
PROVIDERS = Path(cfnlint.__file__).parent / "data/schemas/providers"
CONDITION = "HasSchemaRegistries"


def regions_without(kind):
    """The regions that have user pools, and not this type."""
    found = {path.stem: json.loads(path.read_text()) for path in PROVIDERS.glob("*.json")}
    return {region for region, types in found.items() if "AWS::Cognito::UserPool" in types and kind not in types}


class Events(unittest.TestCase):
    def test_schemas_are_registered_in_each_region_that_has_registries(self):
        [without] = [it["Fn::Or"] for it in TEMPLATE["Conditions"][CONDITION]["Fn::Not"]]
        named = {one["Fn::Equals"][1] for one in without}
        for kind in ("AWS::EventSchemas::Registry", "AWS::EventSchemas::Schema"):
            self.assertEqual(named, regions_without(kind), kind)
        of_schemas = [it for it in TEMPLATE["Resources"].values() if it["Type"].startswith("AWS::EventSchemas::")]
        self.assertEqual([], [it for it in of_schemas if it.get("Condition") != CONDITION])

    def test_what_was_given_up_is_kept_encrypted_for_as_long_as_sqs_allows(self):
        queue = TEMPLATE["Resources"]["DeadLetterQueue"]["Properties"]
        self.assertEqual(14 * 24 * 60 * 60, queue["MessageRetentionPeriod"])
        none = {"Ref": "AWS::NoValue"}
        self.assertEqual({"Fn::If": ["HasKmsKey", none, True]}, queue["SqsManagedSseEnabled"])
        self.assertEqual({"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, none]}, queue["KmsMasterKeyId"])


if __name__ == "__main__":
    unittest.main()
