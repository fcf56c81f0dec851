"""infra/deploy.py gives functions no new version for parameters that no function depends on. This holds its list."""

import json
import sys
import unittest
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parents[2]
sys.path.insert(0, f"{ROOT / 'tests/scripts'}")
from support import load  # noqa: E402

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
# What a function has of its own, and what is not of the function: its routes, and how it is deployed.
NOT_OF_THE_FUNCTION = {"Events", "DeploymentPreference"}


def references(value):
    """The names in all references and conditions of a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Ref", "Condition") and isinstance(inner, str):
                yield inner
            elif key == "Fn::If":
                yield inner[0]
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


class FunctionsParameters(unittest.TestCase):
    def test_no_function_depends_on_a_parameter_that_gives_it_no_new_version(self):
        functions = [
            {name: value for name, value in it["Properties"].items() if name not in NOT_OF_THE_FUNCTION}
            for it in TEMPLATE["Resources"].values()
            if it["Type"] == "AWS::Serverless::Function"
        ]
        used = set(references([functions, TEMPLATE["Globals"]]))
        for name in list(used & TEMPLATE["Conditions"].keys()):
            used |= set(references(TEMPLATE["Conditions"][name]))
        self.assertIn("MemorySize", used)
        left_out = load("deploy").NOT_OF_FUNCTIONS
        self.assertEqual(set(), used & left_out)
        self.assertEqual(set(), left_out - TEMPLATE["Parameters"].keys())

    def test_the_outputs_of_nested_stacks_that_functions_use_do_not_depend_on_such_a_parameter(self):
        text = json.dumps([it for it in TEMPLATE["Resources"].values() if it["Type"] == "AWS::Serverless::Function"])
        text += json.dumps(TEMPLATE["Globals"])
        used = {
            (stack, output.split(".")[2])
            for stack in ("Storage", "Events", "Identity")
            for output in (
                f"{stack}.Outputs.{name}"
                for name in yaml_parse((ROOT / f"infra/{stack.lower()}.yaml").read_text())["Outputs"]
            )
            if output in text or json.dumps(output.split(".", 1)) in text
        }
        self.assertIn(("Storage", "TableName"), used)
        for stack, output in used:
            nested = yaml_parse((ROOT / f"infra/{stack.lower()}.yaml").read_text())
            # Attributes of a pool, its domain and clients stay when another property of them changes.
            value = nested["Outputs"][output]["Value"]
            self.assertEqual(set(), set(references(value)) & load("deploy").NOT_OF_FUNCTIONS, output)


if __name__ == "__main__":
    unittest.main()
