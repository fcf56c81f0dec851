"""Checks the roles of the deployed functions: by calls with their credentials, and by reading their policies.

The emulator refuses calls to a table or a pool that a role's policies do not allow. It does not support
`dynamodb:LeadingKeys`, with which AWS limits a role to kinds of items. It also does not know that `:*` after a log group
means its streams. For these, the test reads the policies.
"""

import fnmatch
import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .story import same

# The functions that may write items of each kind. All other functions may at most read them.
DOMAINS = {f"{verb}-email-domain{s}" for verb, s in [("add", ""), ("replace", "s"), ("update", ""), ("delete", "")]}
PROVIDERS = {f"{verb}-sso-connector{s}" for verb, s in [("add", "s"), ("replace", "s"), ("update", ""), ("delete", "")]}
JIT = DOMAINS | PROVIDERS
JIT |= {"add-default-roles", "replace-default-roles", "delete-default-role"}
MEMBERS = {"memberships", "join-requests", "users", "post-confirmation", "pre-token-generation"}
WRITERS = {
    "ORG#acme": {"organizations"} | JIT,
    "DOMAIN#acme.example": {"organizations"} | DOMAINS | {
        "verify-email-domain", "vouch-email-domain", "check-email-domains",
    },
    "PROVIDER#Acme-Okta": {"organizations"} | PROVIDERS,
    "ROLE": {"organization-roles"},
    "ROLENAME#engineer": {"organization-roles"},
    "USER#jane": {"organizations"} | MEMBERS,
    "REMOVED#digest": {"memberships", "join-requests"},
    "ADDRESS#digest": MEMBERS,
    "WARM-UP": set(),
    "ORGS": set(),
    "OWNERSHIP_CHECKS": set(),
    "anything": set(),
}
# Who writes something tells it. One function alone reads what was told, and keeps it.
PUBLISHER = "publish-events"
WRITERS["CHANGE#ORG#acme"] = set().union(*WRITERS.values())
WRITERS |= dict.fromkeys(["ACTIVITY#acme", "USER_ACTIVITY#jane"], {PUBLISHER})
STREAM = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
# The functions that may call the customers' user pool. No function may call the operators' user pool.
USER_POOL = {
    "add-sso-connectors": {"DescribeIdentityProvider"},
    "replace-sso-connectors": {"DescribeIdentityProvider"},
    "users": {"AdminCreateUser", "AdminDeleteUser", "AdminGetUser", "DescribeUserPool", "ListUsers"},
    "memberships": {"AdminGetUser", "ListUsers"},
    "user-claims": {"AdminGetUser", "ListUsers"},
}
# The parameter of the stack with the one function that a trigger may invoke.
NEXT_TRIGGERS = {
    "post-confirmation": "NextPostConfirmationArn",
    "pre-token-generation": "NextPreTokenGenerationArn",
}
READS = {"GetItem", "BatchGetItem", "Query", "ConditionCheckItem"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
DENIED = {"AccessDenied", "AccessDeniedException"}


def check(stack, functions, outputs):
    """Checks all functions. Returns the number of calls that were made with their credentials."""
    table = boto3.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]["TableArn"]
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    parameters = {it["ParameterKey"]: it["ParameterValue"] for it in described.get("Parameters", [])}
    count = 0
    for name in functions:
        role = boto3.client("lambda").get_function_configuration(FunctionName=f"{stack}-{name}")["Role"]
        statements = statements_of(role)
        group = f"/aws/lambda/{stack}-{name}"
        other = next(f"/aws/lambda/{stack}-{it}" for it in functions if it != name)
        place = table.split(":table/")[0].replace(":dynamodb:", ":logs:")
        check_policies(name, statements, table, f"{place}:log-group:{group}:*")
        check_invocations(name, statements, parameters.get(NEXT_TRIGGERS.get(name)))
        check_events(name, statements, outputs)
        session = boto3.Session(**credentials_of(role))
        probes = [
            *on_table(session, table, lambda *wanted: any(allows(it, *wanted) for it in statements)),
            *on_pools(session, name, outputs),
            *on_logs(session, group, other),
            *on_events(session, name, outputs),
        ]
        for what, may, call in probes:
            same(may, is_allowed(call), f"whether {name} may {what}")
        count += len(probes)
    return count


def statements_of(role):
    """The statements of a role's policies, with their actions and resources as lists."""
    iam = boto3.client("iam")
    name = role.rpartition("/")[2]
    same([], iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"], f"managed policies of {name}")
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    return [
        statement | {key: listed(statement[key]) for key in ("Action", "Resource")}
        for document in documents
        for statement in document["Statement"]
    ]


def check_policies(name, statements, table, log):
    """Checks the rules that hold for the policies of every function."""
    own_log = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": [log]}
    about_logs = [it for it in statements if any(action.startswith("logs:") for action in it["Action"])]
    same([own_log], about_logs, f"what {name} may do to logs")
    for statement in statements:
        same("Allow", statement["Effect"], f"the effect of a statement of {name}")
        keys = {"Effect", "Action", "Resource", "Condition"}
        same([], sorted(statement.keys() - keys), f"what else a statement of {name} has")
        wide = [it for it in statement["Action"] if "*" in it] + [it for it in statement["Resource"] if it == "*"]
        # X-Ray does not support resources in a policy.
        if not all(action.startswith("xray:Put") for action in statement["Action"]):
            same([], wide, f"wildcards of {name}")
        for resource in statement["Resource"]:
            if ":dynamodb:" in resource and "/stream/" in resource:
                same(PUBLISHER, name, f"who may read {resource}")
                same([], sorted(set(statement["Action"]) - {f"dynamodb:{it}" for it in STREAM}), f"actions on {resource}")
            elif ":dynamodb:" in resource:
                same(True, resource in (table, f"{table}/index/gsi1"), f"{resource}, which is the table of {name}")
                same(True, bool(patterns(statement)), f"whether {name} is confined to kinds of items")
    # A scan has no keys, so it passes every condition on keys.
    actions = {action for it in statements for action in it["Action"] if action.startswith("dynamodb:")}
    allowed = {action.removeprefix("dynamodb:") for action in actions}
    streams = STREAM if name == PUBLISHER else set()
    same([], sorted(allowed - READS - WRITES - streams), f"what {name} may do that no function may")
    for item, writers in WRITERS.items():
        may = any(allows(it, f"dynamodb:{action}", table, item) for it in statements for action in WRITES)
        same(name in writers, may, f"whether {name} may write {item}")


def check_invocations(name, statements, arn):
    """Checks that a function may invoke this function and no other; none if there is none."""
    expected = [{"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [arn]}] if arn else []
    found = [it for it in statements if any(action.startswith("lambda:") for action in it["Action"])]
    same(expected, found, f"which functions {name} may invoke")


def check_events(name, statements, outputs):
    """Checks that one function may put events on the stack's bus and messages into its queue, and no other function may."""
    place = boto3.client("events").describe_event_bus(Name=outputs["EventBusName"])["Arn"]
    queue = f"{place.split(':event-bus/')[0].replace(':events:', ':sqs:')}:{outputs['DeadLetterQueueUrl'].rpartition('/')[2]}"
    expected = [
        {"Effect": "Allow", "Action": ["events:PutEvents"], "Resource": [place]},
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [queue]},
    ]
    found = [it for it in statements if any(action.split(":")[0] in ("events", "sqs") for action in it["Action"])]
    same(expected if name == PUBLISHER else [], found, f"which events {name} may send")


def allows(statement, action, resource, item=None):
    """Whether a statement allows an action. If an item is given, on an item with this partition key."""
    return (
        action in statement["Action"]
        and resource in statement["Resource"]
        and (item is None or any(fnmatch.fnmatchcase(item, pattern) for pattern in patterns(statement)))
    )


def patterns(statement):
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return listed(condition.get("dynamodb:LeadingKeys", []))


def listed(value):
    return value if isinstance(value, list) else [value]


def credentials_of(role):
    """A session with a function's role. The test changes the trust policy so that it can assume the role."""
    iam = boto3.client("iam")
    name = role.rpartition("/")[2]
    trusted = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    same([statement], trusted["Statement"], f"who may be {name}")
    me = {"Effect": "Allow", "Principal": {"AWS": role.split(":")[4]}, "Action": "sts:AssumeRole"}
    trust = trusted | {"Statement": [statement, me]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    assumed = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trusted))
    return {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }


def is_allowed(call):
    """Whether the role allows a call. Its target does not exist, so an allowed call changes nothing."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] not in DENIED
    return True


def client(session, service):
    return session.client(service, config=Config(retries={"total_max_attempts": 1}))


def on_table(session, table, may):
    """A call for each action on the table, for an item that does not exist, with whether it must be allowed."""
    dynamodb = client(session, "dynamodb")
    name = table.rpartition("/")[2]
    key = {"pk": {"S": "USER#nobody"}, "sk": {"S": "nothing"}}
    there = {"TableName": name, "ConditionExpression": "attribute_exists(pk)"}

    def query(pk, **index):
        values = {":pk": {"S": "USER#nobody"}}
        return dynamodb.query(
            TableName=name, KeyConditionExpression=f"{pk} = :pk", ExpressionAttributeValues=values, **index
        )

    def transaction(**parts):
        return dynamodb.transact_write_items(TransactItems=[parts])

    calls = [
        ("GetItem", table, lambda: dynamodb.get_item(TableName=name, Key=key)),
        (
            "GetItem",
            table,
            lambda: dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key}}]),
        ),
        ("BatchGetItem", table, lambda: dynamodb.batch_get_item(RequestItems={name: {"Keys": [key]}})),
        ("Query", table, lambda: query("pk")),
        ("Query", f"{table}/index/gsi1", lambda: query("gsi1pk", IndexName="gsi1")),
        ("PutItem", table, lambda: dynamodb.put_item(Item=key, **there)),
        ("PutItem", table, lambda: transaction(Put={"Item": key, **there})),
        (
            "UpdateItem",
            table,
            lambda: dynamodb.update_item(
                Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "a"}}, **there
            ),
        ),
        ("DeleteItem", table, lambda: dynamodb.delete_item(Key=key, **there)),
        ("DeleteItem", table, lambda: transaction(Delete={"Key": key, **there})),
        ("ConditionCheckItem", table, lambda: transaction(ConditionCheck={"Key": key, **there})),
        (
            "BatchWriteItem",
            table,
            lambda: dynamodb.batch_write_item(RequestItems={name: [{"DeleteRequest": {"Key": key}}]}),
        ),
        ("Scan", table, lambda: dynamodb.scan(TableName=name, Limit=1)),
        ("DescribeTable", table, lambda: dynamodb.describe_table(TableName=name)),
        ("UpdateTable", table, lambda: dynamodb.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")),
        ("DeleteTable", table, lambda: dynamodb.delete_table(TableName=name)),
    ]
    return [
        (f"{action} on {resource}", may(f"dynamodb:{action}", resource), call) for action, resource, call in calls
    ]


def on_pools(session, name, outputs):
    """Calls to both pools about a user that does not exist, with whether they must be allowed."""
    cognito = client(session, "cognito-idp")
    probes = []
    for output, may in [("UserPoolId", USER_POOL.get(name, set())), ("OperatorPoolId", set())]:
        pool = {"UserPoolId": outputs[output]}
        nobody = {**pool, "Username": "nobody@nowhere.example"}
        calls = {
            "ListUsers": lambda pool=pool: cognito.list_users(**pool, Limit=1),
            "AdminGetUser": lambda nobody=nobody: cognito.admin_get_user(**nobody),
            # Without an invitation to resend, this creates no user.
            "AdminCreateUser": lambda nobody=nobody: cognito.admin_create_user(**nobody, MessageAction="RESEND"),
            "AdminDeleteUser": lambda nobody=nobody: cognito.admin_delete_user(**nobody),
            "AdminUpdateUserAttributes": lambda nobody=nobody: cognito.admin_update_user_attributes(
                **nobody, UserAttributes=[{"Name": "email_verified", "Value": "true"}]
            ),
            "AdminSetUserPassword": lambda nobody=nobody: cognito.admin_set_user_password(
                **nobody, Password="Correct-Horse-Battery-9", Permanent=True
            ),
            "AdminConfirmSignUp": lambda nobody=nobody: cognito.admin_confirm_sign_up(**nobody),
            "DescribeUserPool": lambda pool=pool: cognito.describe_user_pool(**pool),
        }
        probes += [(f"{action} in {output}", action in may, call) for action, call in calls.items()]
    return probes


def on_events(session, name, outputs):
    """Calls about events, of which one function may make one."""
    events, sqs = client(session, "events"), client(session, "sqs")
    queue = outputs["DeadLetterQueueUrl"]

    def put(bus):
        # No rule is for this source.
        return events.put_events(Entries=[{"EventBusName": bus, "Source": "test", "DetailType": "test", "Detail": "{}"}])

    return [
        ("events:PutEvents", name == PUBLISHER, lambda: put(outputs["EventBusName"])),
        ("events:PutEvents on another bus", False, lambda: put("default")),
        ("events:PutRule", False, lambda: events.put_rule(Name="test", ScheduleExpression="rate(1 day)")),
        ("sqs:ReceiveMessage", False, lambda: sqs.receive_message(QueueUrl=queue)),
        ("sqs:PurgeQueue", False, lambda: sqs.purge_queue(QueueUrl=queue)),
    ]


def on_logs(session, own, other):
    """Calls about logs, all of which must be refused."""
    logs = client(session, "logs")
    entry = {"timestamp": 1767225600000, "message": "test"}
    stream = {"logGroupName": other, "logStreamName": "test"}
    return [
        ("logs:PutLogEvents", False, lambda: logs.put_log_events(**stream, logEvents=[entry])),
        ("logs:CreateLogStream", False, lambda: logs.create_log_stream(**stream)),
        ("logs:CreateLogGroup", False, lambda: logs.create_log_group(logGroupName="test")),
        ("logs:DeleteLogGroup", False, lambda: logs.delete_log_group(logGroupName=own)),
        ("logs:FilterLogEvents", False, lambda: logs.filter_log_events(logGroupName=own)),
    ]
