"""The emulator evaluates the rules of composite alarms, although its CloudFormation cannot create such alarms.

So the rule of the template is tried on alarms whose states are set, in each combination of states.
"""

import itertools
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse

from .story import same

TEMPLATE = Path(__file__).parents[2] / "infra/observability.yaml"
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
TOKENS = ("SignIns", "TokenRefreshes", "FederatedSignIns")
# The alarms of the rule, each in its place of a combination.
CHILDREN = [*(f"PartOfTriggersNotCalled{kind}Alarm" for kind in (*TOKENS, "NoUsersSeen")), "ProvisioningFailuresAlarm"]


def composed(_):
    """Whatever the states of its parts are, triggers-not-called is on if and only if it should be."""
    cloudwatch = boto3.client("cloudwatch")
    resources = yaml_parse(TEMPLATE.read_text())["Resources"]
    rule = resources["TriggersNotCalledAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]
    for id in CHILDREN:
        # The emulator refuses alarms on queries. Only the states count here.
        cloudwatch.put_metric_alarm(
            AlarmName=f"tried-{id}",
            Namespace="Tried",
            MetricName=id,
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
        )
        rule = rule.replace(f"${{{id}}}", f"tried-{id}")
    cloudwatch.put_composite_alarm(AlarmName="tried", AlarmRule=rule)
    set_before = {}
    combinations = list(itertools.product(STATES, repeat=len(CHILDREN)))
    for states in combinations:
        for id, state in zip(CHILDREN, states):
            if set_before.get(id) != state:
                cloudwatch.set_alarm_state(AlarmName=f"tried-{id}", StateValue=state, StateReason="tried")
                set_before[id] = state
        [composite] = cloudwatch.describe_alarms(AlarmNames=["tried"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        *tokens, unseen, failures = states
        is_on = "ALARM" in tokens and unseen == "ALARM" and failures != "ALARM"
        same("ALARM" if is_on else "OK", composite["StateValue"], f"the composite alarm while {CHILDREN} are {states}")
    cloudwatch.delete_alarms(AlarmNames=["tried"])
    cloudwatch.delete_alarms(AlarmNames=[f"tried-{id}" for id in CHILDREN])
    return f"triggers-not-called is on when it should be, in {len(combinations)} combinations of states"
