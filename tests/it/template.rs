//! The templates, apart from the permissions of each function.

use std::collections::{BTreeMap, BTreeSet};

use functions::openapi::with_internal_operations;
use functions::{Entry, FUNCTIONS, Function};
use serde_json::{Value, json};
use shared::claims::{ClaimsBytes, ClaimsIn, JoinRequestClaims};
use shared::domain::provider::{AttributeName, TrustedProviders};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::next_trigger::{FunctionArn, OnFailure};
use shared::token_cache::TokenCacheSeconds;

use crate::support::{in_repository, template, text_of};

/// The logical ids of the resources of a type, or of all types of a service: `AWS::IAM::`.
fn ids_of(template: &Value, kind: &str) -> BTreeSet<String> {
    let is_kind = |resource: &Value| {
        let this = resource["Type"].as_str().expect("a type");
        this == kind || (kind.ends_with("::") && this.starts_with(kind))
    };
    let resources = template["Resources"].as_object().expect("resources").iter();
    resources.filter(|(_, resource)| is_kind(resource)).map(|(id, _)| id.clone()).collect()
}

#[test]
fn no_function_role_or_log_group_is_written_by_hand() {
    let template = template("template.yaml");
    let of = |suffix: &str| FUNCTIONS.iter().map(|it| it.logical_id() + suffix).collect::<Vec<_>>();
    for (kind, of_functions, others) in [
        ("AWS::Serverless::Function", of("Function"), &[][..]),
        (
            "AWS::IAM::",
            of("Role"),
            &["CheckEmailDomainsScheduleRole", "OptionalPolicy", "TriggerDeploymentRole"],
        ),
        ("AWS::Logs::", of("LogGroup"), &["AccessLogGroup"]),
        (
            "AWS::Lambda::",
            Vec::new(),
            &[
                "PostConfirmationAliasPermission",
                "PostConfirmationEarlyPermission",
                "PostConfirmationPermission",
                "PreTokenGenerationAliasPermission",
                "PreTokenGenerationEarlyPermission",
                "PreTokenGenerationPermission",
                "PublishEventsStream",
            ],
        ),
    ] {
        let others = others.iter().map(|id: &&str| (*id).to_owned());
        let expected: BTreeSet<_> = of_functions.into_iter().chain(others).collect();
        let there = ids_of(&template, kind);
        let more: Vec<_> = there.difference(&expected).collect();
        assert!(more.is_empty(), "{kind}: template.yaml has {more:?}, which are of no function");
    }
}

/// API Gateway has no such routes: it drops them from an imported document, and SAM takes the slash
/// off the permission of the function.
#[test]
fn no_route_ends_in_a_slash() {
    let paths = FUNCTIONS.iter().flat_map(Function::routes).map(|it| it.api_gateway_path());
    let slashed: Vec<_> = paths.filter(|path| path.ends_with('/')).collect();
    assert!(slashed.is_empty(), "{slashed:?}");
    let root = template("template.yaml");
    for place in [
        &root["Parameters"]["OperatorCallbackUrls"]["Default"],
        &root["Outputs"]["ConsoleUrl"]["Value"],
    ] {
        let place = place.to_string();
        assert!(place.contains("/console\"") && !place.contains("/console/"), "{place}");
    }
}

#[test]
fn no_route_is_open_but_the_console_and_only_tokens_of_operators_and_machines_open_one() {
    // These answers are the same for everybody, and contain nothing about any organization. The
    // browser needs them to sign in.
    const OPEN: [&str; 4] =
        ["/console", "/console/config.json", "/console/{path+}", "/openapi.json"];
    let root = template("template.yaml");
    let resources = root["Resources"].as_object().expect("resources").values();
    let events = resources.filter_map(|it| it["Properties"]["Events"].as_object()).flatten();
    let open: BTreeSet<_> = events
        .map(|(_, event)| &event["Properties"])
        .filter(|event| event["Auth"]["Authorizer"] == "NONE")
        .map(|event| (event["Method"].as_str(), event["Path"].as_str()))
        .collect();
    assert_eq!(open, OPEN.map(|path| (Some("GET"), Some(path))).into());
    let api = &root["Resources"]["HttpApi"]["Properties"];
    assert_eq!(api["StageName"], "$default", "functions expect paths without a stage");
    assert_eq!(
        api["Auth"],
        json!({
            "DefaultAuthorizer": "Operators",
            "Authorizers": {
                "Operators": {
                    "IdentitySource": "$request.header.Authorization",
                    "JwtConfiguration": {
                        "issuer": { "Fn::GetAtt": "Identity.Outputs.OperatorIssuer" },
                        "audience": [
                            { "Fn::GetAtt": "Identity.Outputs.OperatorClientId" },
                            { "Fn::GetAtt": "Identity.Outputs.MachineClientId" },
                        ],
                    },
                },
            },
        })
    );

    let identity = template("infra/identity.yaml");
    let issuer = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${OperatorPool}";
    let outputs = &identity["Outputs"];
    assert_eq!(outputs["OperatorIssuer"]["Value"], json!({ "Fn::Sub": issuer }));
    // The form of the issuer above. The other one would make every token one of a stranger.
    let pool = &identity["Resources"]["OperatorPool"]["Properties"];
    assert_eq!(pool["IssuerConfiguration"], json!({ "Type": "ORIGINAL" }));
    for client in ["OperatorClient", "MachineClient"] {
        assert_eq!(outputs[format!("{client}Id")]["Value"], json!({ "Ref": client }));
        let pool = &identity["Resources"][client]["Properties"]["UserPoolId"];
        assert_eq!(*pool, json!({ "Ref": "OperatorPool" }), "{client}");
    }
}

#[test]
fn the_customers_pool_is_another_than_the_operators_and_the_only_one_that_calls_the_triggers() {
    let root = template("template.yaml");
    let triggers = FUNCTIONS.iter().filter(|it| matches!(it.entry, Entry::Trigger(_)));
    let pool = json!({ "Fn::GetAtt": "Identity.Outputs.UserPoolArn" });
    let made = "arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/${MadeUserPoolId}";
    for id in triggers.map(Function::logical_id) {
        let (function, alias) = (format!("{id}Function"), format!("{id}Function.Alias"));
        let permission = |function: &str, pool: &Value| {
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": { "Ref": function },
                "Principal": "cognito-idp.amazonaws.com",
                "SourceArn": pool,
                "SourceAccount": { "Ref": "AWS::AccountId" },
            })
        };
        for (kind, condition, properties) in [
            ("AliasPermission", Value::Null, permission(&alias, &pool)),
            (
                "EarlyPermission",
                json!("HasMadeUserPool"),
                permission(&alias, &json!({ "Fn::Sub": made })),
            ),
            ("Permission", Value::Null, permission(&function, &pool)),
        ] {
            let resource = &root["Resources"][format!("{id}{kind}")];
            assert_eq!(resource["Type"], "AWS::Lambda::Permission", "{id}{kind}");
            assert_eq!(resource["Condition"], condition, "{id}{kind}");
            assert_eq!(resource["Properties"], properties, "{id}{kind}");
        }
        // The pool changes only after the early permission is there.
        let early = json!({ "Ref": format!("{id}EarlyPermission") });
        assert_eq!(
            root["Resources"]["Identity"]["Properties"]["Parameters"][format!("{id}FunctionArn")],
            json!({
                "Fn::If": [
                    "HasMadeUserPool",
                    { "Fn::Select": [0, [{ "Ref": alias }, early]] },
                    { "Ref": alias },
                ],
            })
        );
        assert_eq!(root["Outputs"][format!("{id}FunctionArn")]["Value"], json!({ "Ref": alias }));
    }
    assert_eq!(
        root["Conditions"]["HasMadeUserPool"],
        json!({
            "Fn::And": [
                { "Condition": "MakesUserPool" },
                { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "MadeUserPoolId" }, ""] }] },
            ],
        })
    );

    let identity = template("infra/identity.yaml");
    let given =
        "arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/${UserPoolId}";
    assert_eq!(
        identity["Outputs"]["UserPoolArn"]["Value"],
        json!({
            "Fn::If": [
                "MakesUserPool",
                { "Fn::GetAtt": "UserPool.Arn" },
                { "Fn::Sub": given },
            ],
        })
    );
    let triggers: BTreeMap<_, _> = ids_of(&identity, "AWS::Cognito::UserPool")
        .into_iter()
        .map(|id| {
            let triggers = identity["Resources"][&id]["Properties"]["LambdaConfig"].clone();
            (id, triggers)
        })
        .collect();
    assert_eq!(
        json!(triggers),
        json!({
            "OperatorPool": null,
            "UserPool": {
                "PostConfirmation": { "Ref": "PostConfirmationFunctionArn" },
                "PreTokenGenerationConfig": {
                    "LambdaArn": { "Ref": "PreTokenGenerationFunctionArn" },
                    "LambdaVersion": "V2_0",
                },
            },
        })
    );
}

/// The HTTP functions that may take as long as the HTTP API waits.
const SLOW: [&str; 8] = [
    "organizations",
    "organization-roles",
    "memberships",
    "users",
    "verify-email-domain",
    "add-sso-connectors",
    "replace-sso-connectors",
    "user-claims",
];

/// What every function has, whatever it does: `make template` writes it from
/// `functions/src/generated/function.yaml`.
#[test]
fn each_function_has_its_own_log_group_and_its_own_role_with_the_optional_policy() {
    let template = template("template.yaml");
    for Function { name, entry, .. } in FUNCTIONS {
        let id = functions::function(name).expect("a function").logical_id();
        let resource = |kind: &str| template["Resources"][format!("{id}{kind}")].clone();
        let mut function = resource("Function");
        // Other tests are about these.
        let own = function["Properties"].as_object_mut().expect("properties");
        for other in ["Environment", "Events", "Layers"] {
            own.remove(other);
        }
        let mut properties = json!({
            "FunctionName": { "Fn::Sub": format!("${{AWS::StackName}}-{name}") },
            "Handler": name,
            "Role": { "Fn::GetAtt": format!("{id}Role.Arn") },
            "LoggingConfig": { "LogGroup": { "Ref": format!("{id}LogGroup") } },
        });
        if matches!(entry, Entry::Trigger(_)) {
            // Cognito waits 5 seconds (AWS limit).
            properties["Timeout"] = json!(5);
            properties["ReservedConcurrentExecutions"] =
                given("ReservesTriggerConcurrency", "TriggerConcurrency");
            properties["DeploymentPreference"] = deployment_preference(name);
        } else if matches!(entry, Entry::Schedule(_)) {
            properties["Timeout"] = json!(300);
            properties["ReservedConcurrentExecutions"] =
                json!({ "Fn::If": ["LimitsApiConcurrency", 1, { "Ref": "AWS::NoValue" }] });
        } else if matches!(entry, Entry::Stream(_)) {
            properties["Timeout"] = json!(120);
            properties["ReservedConcurrentExecutions"] = json!({ "Ref": "AWS::NoValue" });
        } else if SLOW.contains(name) {
            properties["Timeout"] = json!(30);
        }
        let metadata =
            json!({ "BuildMethod": "rust-cargolambda", "BuildProperties": { "Binary": "usher" } });
        assert_eq!(
            function,
            json!({
                "Type": "AWS::Serverless::Function",
                "Metadata": metadata,
                "Properties": properties,
            })
        );
        assert_eq!(
            resource("LogGroup"),
            json!({
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "LogGroupName": { "Fn::Sub": format!("/aws/lambda/${{AWS::StackName}}-{name}") },
                    "RetentionInDays": { "Ref": "LogRetentionDays" },
                    "KmsKeyId": given("HasKmsKey", "KmsKeyArn"),
                },
            })
        );
        let mut role = resource("Role");
        let policies = role["Properties"]["Policies"].take();
        let document =
            |statement: Value| json!({ "Version": "2012-10-17", "Statement": [statement] });
        let trust = document(json!({
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }));
        let optional = json!([{ "Ref": "OptionalPolicy" }]);
        assert_eq!(
            role,
            json!({
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": trust,
                    "ManagedPolicyArns": {
                        "Fn::If": ["HasOptionalPolicy", optional, { "Ref": "AWS::NoValue" }],
                    },
                    "Policies": null,
                },
            })
        );
        assert_eq!(
            policies[0],
            json!({
                "PolicyName": "own-log",
                "PolicyDocument": document(json!({
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": { "Fn::GetAtt": format!("{id}LogGroup.Arn") },
                })),
            })
        );
    }
}

/// How a trigger is deployed: as the parameter says, braked by the trigger's own two alarms.
fn deployment_preference(name: &str) -> Value {
    let deployment = json!({ "Ref": "TriggerDeployment" });
    let role = json!({ "Fn::GetAtt": "TriggerDeploymentRole.Arn" });
    let alarms = ["errors", "slow"]
        .map(|alarm| json!({ "Fn::Sub": format!("${{AWS::StackName}}-{name}-{alarm}") }));
    json!({
        "Enabled": { "Fn::FindInMap": ["TriggerDeployment", deployment, "InSteps"] },
        "Type": deployment,
        "Role": { "Fn::If": ["DeploysTriggersInSteps", role, { "Ref": "AWS::NoValue" }] },
        "Alarms": alarms,
    })
}

#[test]
fn every_function_is_called_by_its_alias_and_each_way_to_deploy_a_trigger_is_in_the_mapping() {
    let root = template("template.yaml");
    assert_eq!(root["Globals"]["Function"]["AutoPublishAlias"], "live");
    let ways = root["Parameters"]["TriggerDeployment"]["AllowedValues"].as_array().expect("values");
    let ways: BTreeSet<_> = ways.iter().map(|way| way.as_str().expect("text").to_owned()).collect();
    let mapping = root["Mappings"]["TriggerDeployment"].as_object().expect("a mapping");
    assert_eq!(mapping.keys().cloned().collect::<BTreeSet<_>>(), ways);
    for (way, settings) in mapping {
        let in_steps = (way != "AllAtOnce").to_string();
        assert_eq!(*settings, json!({ "InSteps": in_steps }), "{way}");
    }
    let deployment = json!({ "Ref": "TriggerDeployment" });
    let in_steps = json!({ "Fn::FindInMap": ["TriggerDeployment", deployment, "InSteps"] });
    assert_eq!(
        root["Conditions"]["DeploysTriggersInSteps"],
        json!({ "Fn::Equals": [in_steps, "true"] })
    );
}

#[test]
fn the_deployment_of_triggers_may_move_their_aliases_and_nothing_else() {
    let root = template("template.yaml");
    let document = |statement: Value| json!({ "Version": "2012-10-17", "Statement": statement });
    let trust = json!([{
        "Effect": "Allow",
        "Principal": { "Service": "codedeploy.amazonaws.com" },
        "Action": "sts:AssumeRole",
    }]);
    let triggers = FUNCTIONS.iter().filter(|it| matches!(it.entry, Entry::Trigger(_)));
    let functions: Vec<_> = triggers
        .map(|it| format!("{}Function.Arn", it.logical_id()))
        .flat_map(|arn| {
            [json!({ "Fn::GetAtt": arn }), json!({ "Fn::Sub": format!("${{{arn}}}:live") })]
        })
        .collect();
    let may = json!([
        {
            "Effect": "Allow",
            "Action":
                ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
            "Resource": functions,
        },
        { "Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*" },
    ]);
    assert_eq!(
        root["Resources"]["TriggerDeploymentRole"],
        json!({
            "Type": "AWS::IAM::Role",
            "Condition": "DeploysTriggersInSteps",
            "Properties": {
                "AssumeRolePolicyDocument": document(trust),
                "Policies": [{ "PolicyName": "shift-aliases", "PolicyDocument": document(may) }],
            },
        })
    );
}

#[test]
fn each_route_of_the_code_is_an_event_with_its_scope() {
    let (template, document) = (template("template.yaml"), with_internal_operations());
    for function in FUNCTIONS {
        let properties =
            &template["Resources"][format!("{}Function", function.logical_id())]["Properties"];
        let events = properties["Events"].as_object().into_iter().flatten();
        let events: BTreeSet<_> = events.map(|(_, event)| event.to_string()).collect();
        let routes = function.routes();
        let expected = routes.iter().map(|route| {
            let method = route.method.as_str();
            let operation = &document["paths"][route.openapi_path()][method.to_lowercase()];
            let auth = match operation["security"].as_array().expect("security").as_slice() {
                [] => json!({ "Authorizer": "NONE" }),
                [one] => json!({ "AuthorizationScopes": one["operators"] }),
                several => panic!("{method} {}: {several:?}", route.path),
            };
            let event = json!({
                "Type": "HttpApi",
                "Properties": {
                    "ApiId": { "Ref": "HttpApi" },
                    "Method": method,
                    "Path": route.api_gateway_path(),
                    "Auth": auth,
                },
            });
            event.to_string()
        });
        assert_eq!(events, expected.collect(), "{}", function.name);
        assert_eq!(events.len(), routes.len(), "{}", function.name);
    }
}

#[test]
fn the_table_can_be_restored_and_is_protected_from_deletion() {
    let storage = template("infra/storage.yaml");
    let table = &storage["Resources"]["Table"];
    assert_eq!(
        (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
        (&json!("Retain"), &json!("Retain"))
    );
    let properties = &table["Properties"];
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        properties["PointInTimeRecoverySpecification"],
        json!({ "PointInTimeRecoveryEnabled": true })
    );
    assert_eq!(properties["DeletionProtectionEnabled"], json!({ "Ref": "DeletionProtection" }));
    let outputs = &storage["Outputs"];
    assert_eq!(table["Condition"], "MakesTable");
    let existing = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ExistingTableName}";
    for (output, made, existing) in [
        ("TableName", json!({ "Ref": "Table" }), json!({ "Ref": "ExistingTableName" })),
        ("TableArn", json!({ "Fn::GetAtt": ["Table", "Arn"] }), json!({ "Fn::Sub": existing })),
    ] {
        let either = json!({ "Fn::If": ["MakesTable", made, existing] });
        assert_eq!(outputs[output]["Value"], either);
    }

    let root = template("template.yaml");
    assert_eq!(
        root["Resources"]["Storage"]["Properties"]["Parameters"],
        json!({
            "ExistingTableName": { "Ref": "ExistingTableName" },
            "ExistingTableStreamArn": { "Ref": "ExistingTableStreamArn" },
            "TableName": { "Ref": "TableName" },
            "DeletionProtection": { "Ref": "TableDeletionProtection" },
            "KmsKeyArn": { "Ref": "KmsKeyArn" },
        })
    );
    assert_eq!(root["Parameters"]["TableDeletionProtection"]["Default"], "true");
}

/// A parameter's value where there is one.
fn given(condition: &str, parameter: &str) -> Value {
    json!({ "Fn::If": [condition, { "Ref": parameter }, { "Ref": "AWS::NoValue" }] })
}

#[test]
fn a_given_key_encrypts_table_logs_environment_and_pools_and_without_one_nothing_is_said() {
    let storage = template("infra/storage.yaml");
    let key = json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": "KmsKeyArn" }, ""] }] });
    assert_eq!(storage["Conditions"]["HasKmsKey"], key);
    let of_key = json!({
        "SSEEnabled": true,
        "SSEType": "KMS",
        "KMSMasterKeyId": { "Ref": "KmsKeyArn" },
    });
    assert_eq!(
        storage["Resources"]["Table"]["Properties"]["SSESpecification"],
        json!({ "Fn::If": ["HasKmsKey", of_key, { "Ref": "AWS::NoValue" }] })
    );

    let identity = template("infra/identity.yaml");
    assert_eq!(identity["Conditions"]["HasKmsKey"], key);
    let of_key = json!({ "KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": { "Ref": "KmsKeyArn" } });
    for pool in ids_of(&identity, "AWS::Cognito::UserPool") {
        assert_eq!(
            identity["Resources"][&pool]["Properties"]["KeyConfiguration"],
            json!({ "Fn::If": ["HasKmsKey", of_key, { "Ref": "AWS::NoValue" }] }),
            "{pool}"
        );
    }

    // Another test is about the functions' log groups.
    let root = template("template.yaml");
    assert_eq!(root["Conditions"]["HasKmsKey"], key);
    let globals = &root["Globals"]["Function"];
    assert_eq!(globals["KmsKeyArn"], given("HasKmsKey", "KmsKeyArn"));
    for stack in ["Storage", "Events", "Identity"] {
        let passed = &root["Resources"][stack]["Properties"]["Parameters"]["KmsKeyArn"];
        assert_eq!(*passed, json!({ "Ref": "KmsKeyArn" }), "{stack}");
    }
    let access = &root["Resources"]["AccessLogGroup"]["Properties"];
    assert_eq!(access["KmsKeyId"], given("HasKmsKey", "KmsKeyArn"));
}

#[test]
fn the_keys_that_dynamodb_throttles_are_named_unless_a_given_key_encrypts_the_table() {
    let storage = template("infra/storage.yaml");
    let table = &storage["Resources"]["Table"]["Properties"];
    // CloudWatch would not encrypt them with the given key.
    let throttled = json!({ "Enabled": true, "Mode": "THROTTLED_KEYS" });
    let named = json!({ "Fn::If": ["HasKmsKey", { "Enabled": false }, throttled] });
    assert_eq!(table["ContributorInsightsSpecification"], named);
    let indexes = table["GlobalSecondaryIndexes"].as_array().expect("indexes");
    assert!(indexes.iter().all(|index| index["ContributorInsightsSpecification"] == named));
}

#[test]
fn functions_log_decisions_and_lambda_only_failures_unless_details_are_asked_for() {
    let root = template("template.yaml");
    assert_eq!(
        root["Globals"]["Function"]["LoggingConfig"],
        json!({
            "LogFormat": "JSON",
            "ApplicationLogLevel": { "Ref": "LogLevel" },
            "SystemLogLevel": { "Fn::If": ["LogsDetails", "INFO", "WARN"] },
        })
    );
    assert_eq!(
        root["Conditions"]["LogsDetails"],
        json!({ "Fn::Equals": [{ "Ref": "LogLevel" }, "DEBUG"] })
    );
    // At WARN there would be no metrics: they are lines without a level, which Lambda takes for INFO.
    let parameter = &root["Parameters"]["LogLevel"];
    assert_eq!(parameter["AllowedValues"], json!(["INFO", "DEBUG"]));
    assert_eq!(parameter["Default"], "INFO");
}

#[test]
fn both_pools_send_by_cognito_unless_an_identity_of_ses_and_a_sender_are_given() {
    let identity = template("infra/identity.yaml");
    let by_ses = json!({
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": { "Ref": "SesIdentityArn" },
        "From": { "Ref": "EmailFrom" },
    });
    let by_cognito = json!({ "EmailSendingAccount": "COGNITO_DEFAULT" });
    for pool in ["OperatorPool", "UserPool"] {
        assert_eq!(
            identity["Resources"][pool]["Properties"]["EmailConfiguration"],
            json!({ "Fn::If": ["SendsBySes", by_ses, by_cognito] }),
            "{pool}"
        );
    }
    let is_given =
        |parameter: &str| json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": parameter }, ""] }] });
    assert_eq!(identity["Conditions"]["SendsBySes"], is_given("SesIdentityArn"));

    let root = template("template.yaml");
    for (one, other) in [("SesIdentityArn", "EmailFrom"), ("EmailFrom", "SesIdentityArn")] {
        let passed = &root["Resources"]["Identity"]["Properties"]["Parameters"][one];
        assert_eq!(*passed, json!({ "Ref": one }));
        let rule = &root["Rules"][format!("{one}Needs{other}")];
        assert_eq!(rule["RuleCondition"], is_given(one));
        assert_eq!(rule["Assertions"][0]["Assert"], is_given(other));
    }

    let is_allowed = allowed(&root["Parameters"]["SesIdentityArn"]);
    for identity in ["acme.com", "no-reply@acme.com"] {
        assert!(is_allowed(&format!("arn:aws:ses:eu-west-1:111122223333:identity/{identity}")));
    }
    for wrong in ["acme.com", "arn:aws:ses:eu-west-1:111122223333:configuration-set/a"] {
        assert!(!is_allowed(wrong), "{wrong}");
    }
    let is_allowed = allowed(&root["Parameters"]["EmailFrom"]);
    for right in
        ["", "no-reply@acme.com", "Acme <no-reply@acme.com>", "Acme Inc. <no-reply@acme.com>"]
    {
        assert!(is_allowed(right), "{right}");
    }
    for wrong in [
        "Acme",
        "acme.com",
        "<no-reply@acme.com>",
        "Acme<no-reply@acme.com>",
        "Acme <no-reply@acme.com",
        "Acme <no-reply>",
        "Acme, Inc. <no-reply@acme.com>",
        "a@acme.com,b@acme.com",
    ] {
        assert!(!is_allowed(wrong), "{wrong}");
    }
}

#[test]
fn what_all_roles_may_beyond_their_own_is_to_trace_and_to_use_the_given_key() {
    let root = template("template.yaml");
    assert_eq!(
        root["Conditions"]["HasOptionalPolicy"],
        json!({ "Fn::Or": [{ "Condition": "Traces" }, { "Condition": "HasKmsKey" }] })
    );
    assert_eq!(
        root["Conditions"]["Traces"],
        json!({ "Fn::Equals": [{ "Ref": "Tracing" }, "Active"] })
    );
    let traces = json!({
        "Effect": "Allow",
        "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "Resource": "*",
    });
    let uses_key = json!({
        "Effect": "Allow",
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": { "Ref": "KmsKeyArn" },
        "Condition": {
            "StringEquals": {
                "kms:ViaService": [
                    { "Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}" },
                    { "Fn::Sub": "lambda.${AWS::Region}.${AWS::URLSuffix}" },
                    { "Fn::Sub": "cognito-idp.${AWS::Region}.${AWS::URLSuffix}" },
                    { "Fn::Sub": "sqs.${AWS::Region}.${AWS::URLSuffix}" },
                ],
            },
        },
    });
    let none = json!({ "Ref": "AWS::NoValue" });
    assert_eq!(
        root["Resources"]["OptionalPolicy"],
        json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Condition": "HasOptionalPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        { "Fn::If": ["Traces", traces, none] },
                        { "Fn::If": ["HasKmsKey", uses_key, none] },
                    ],
                },
            },
        })
    );
}

#[test]
fn triggers_and_http_functions_share_the_accounts_concurrency_unless_a_parameter_parts_it() {
    let root = template("template.yaml");
    let concurrency = "ReservedConcurrentExecutions";
    assert_eq!(
        root["Globals"]["Function"][concurrency],
        given("LimitsApiConcurrency", "ApiConcurrency")
    );
    for function in FUNCTIONS {
        let id = function.logical_id();
        let own = &root["Resources"][format!("{id}Function")]["Properties"][concurrency];
        let expected = match function.entry {
            Entry::Trigger(_) => given("ReservesTriggerConcurrency", "TriggerConcurrency"),
            Entry::Schedule(_) => {
                json!({ "Fn::If": ["LimitsApiConcurrency", 1, { "Ref": "AWS::NoValue" }] })
            }
            Entry::Http(_) => Value::Null,
            Entry::Stream(_) => json!({ "Ref": "AWS::NoValue" }),
        };
        assert_eq!(*own, expected, "{id}Function");
    }
    for parameter in ["ApiConcurrency", "TriggerConcurrency"] {
        // Zero would mean that nothing runs at all.
        let pattern = &root["Parameters"][parameter]["AllowedPattern"];
        assert_eq!(pattern, "^([1-9][0-9]{0,4})?$", "{parameter}");
        assert_eq!(root["Parameters"][parameter]["Default"], "", "{parameter}");
    }
}

#[test]
fn browsers_of_allowed_origins_may_send_and_read_what_the_api_uses_and_others_nothing() {
    let root = template("template.yaml");
    let api = &root["Resources"]["HttpApi"]["Properties"];
    assert_eq!(api["CorsConfiguration"], Value::Null, "it knows no condition");
    let used: BTreeSet<_> =
        FUNCTIONS.iter().flat_map(Function::routes).map(|route| route.method.to_string()).collect();
    let cors = &api["DefinitionBody"]["x-amazon-apigateway-cors"]["Fn::If"];
    let methods = cors[1]["allowMethods"].as_array().into_iter().flatten();
    let methods: BTreeSet<_> = methods.filter_map(Value::as_str).map(str::to_owned).collect();
    assert_eq!(methods, used);
    assert_eq!(
        *cors,
        json!([
            "HasAllowedOrigins",
            {
                "allowOrigins": { "Ref": "AllowedOrigins" },
                "allowMethods": cors[1]["allowMethods"],
                "allowHeaders": ["authorization", "content-type", "if-match"],
                "exposeHeaders": ["etag", "link", "retry-after", "total-number"],
                "maxAge": 3600,
            },
            { "Ref": "AWS::NoValue" },
        ])
    );
}

#[test]
fn a_domain_name_of_ones_own_leads_to_the_api_without_a_prefix() {
    let root = template("template.yaml");
    assert_eq!(
        root["Resources"]["ApiDomainMapping"],
        json!({
            "Type": "AWS::ApiGatewayV2::ApiMapping",
            "Condition": "HasApiDomainName",
            "Properties": {
                "ApiId": { "Ref": "HttpApi" },
                "DomainName": { "Ref": "ApiDomain" },
                "Stage": { "Ref": "HttpApi.Stage" },
            },
        })
    );
}

#[test]
fn a_domain_name_of_ones_own_is_reached_over_both_versions_of_ip() {
    let root = template("template.yaml");
    assert_eq!(
        root["Resources"]["ApiDomain"]["Properties"]["DomainNameConfigurations"],
        json!([{
            "CertificateArn": { "Ref": "ApiCertificateArn" },
            "EndpointType": "REGIONAL",
            "IpAddressType": "dualstack",
            "SecurityPolicy": "TLS_1_2",
        }])
    );
    for (id, kind) in [("ApiDomainRecord", "A"), ("ApiDomainRecordV6", "AAAA")] {
        assert_eq!(
            root["Resources"][id],
            json!({
                "Type": "AWS::Route53::RecordSet",
                "Condition": "HasApiHostedZone",
                "Properties": {
                    "HostedZoneId": { "Ref": "ApiHostedZoneId" },
                    "Name": { "Ref": "ApiDomainName" },
                    "Type": kind,
                    "AliasTarget": {
                        "DNSName": { "Fn::GetAtt": "ApiDomain.RegionalDomainName" },
                        "HostedZoneId": { "Fn::GetAtt": "ApiDomain.RegionalHostedZoneId" },
                    },
                },
            })
        );
    }
}

#[test]
fn the_metadata_for_publishing_names_this_version_and_files_that_are_there() {
    let root = template("template.yaml");
    let metadata = &root["Metadata"]["AWS::ServerlessRepo::Application"];
    assert_eq!(metadata["SemanticVersion"], env!("CARGO_PKG_VERSION"));
    for file in ["LicenseUrl", "ReadmeUrl"] {
        let file = metadata[file].as_str().expect("a file");
        assert!(in_repository(file).is_file(), "{file}");
    }
    assert!(text_of("LICENSE").contains("Apache License"));
    assert_eq!(metadata["SpdxLicenseId"], "Apache-2.0");
}

#[test]
fn no_output_names_a_secret() {
    for path in ["template.yaml", "infra/identity.yaml", "infra/observability.yaml"] {
        let outputs = template(path)["Outputs"].to_string();
        for secret in ["ClientSecret", "Password", "resolve:secretsmanager", "resolve:ssm"] {
            assert!(!outputs.contains(secret), "{path} gives away {secret}");
        }
    }
}

#[test]
fn each_parameter_says_what_it_is_and_the_architecture_is_one_of_two() {
    let template = template("template.yaml");
    let parameters = template["Parameters"].as_object().expect("parameters");
    let silent: Vec<_> = parameters
        .iter()
        .filter(|(_, parameter)| parameter["Description"].as_str().is_none_or(str::is_empty))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "describe the parameters {silent:?} in template.yaml");

    let architecture = &parameters["Architecture"];
    assert_eq!(architecture["Default"], "arm64");
    assert_eq!(architecture["AllowedValues"], json!(["arm64", "x86_64"]));
    let functions = &template["Globals"]["Function"];
    assert_eq!(functions["Architectures"], json!([{ "Ref": "Architecture" }]));
}

/// Which values a parameter takes.
fn allowed(parameter: &Value) -> impl Fn(&str) -> bool {
    let pattern = json!({ "pattern": parameter["AllowedPattern"] });
    let pattern = jsonschema::validator_for(&pattern).expect("a pattern");
    move |value| pattern.is_valid(&json!(value))
}

#[test]
fn the_claims_parameters_have_the_range_and_the_defaults_of_the_code() {
    let root = template("template.yaml");
    let bytes = &root["Parameters"]["ClaimsBytes"];
    assert_eq!(bytes["Default"], ClaimsBytes::default().get().to_string());
    let is_allowed = allowed(bytes);
    let odd = ["", "2000.5", "1e3", "-100", "+100", "0100", " 2000", "2,000"].map(str::to_owned);
    for value in (0..10_000).map(|number| number.to_string()).chain(odd) {
        // Rust reads a number with a sign or zeros before it.
        let plain = value.parse::<usize>().is_ok_and(|number| number.to_string() == value);
        let right = plain && value.parse::<ClaimsBytes>().is_ok();
        assert_eq!(is_allowed(&value), right, "{value:?}");
    }

    let seconds = &root["Parameters"]["TokenCacheSeconds"];
    assert_eq!(seconds["Default"], "5");
    let is_allowed = allowed(seconds);
    let odd = ["", "5.5", "1e1", "-1", "+1", "05", " 5"].map(str::to_owned);
    for value in (0..300).map(|number| number.to_string()).chain(odd) {
        let plain = value.parse::<u8>().is_ok_and(|number| number.to_string() == value);
        let right = plain && value.parse::<TokenCacheSeconds>().is_ok();
        assert_eq!(is_allowed(&value), right, "{value:?}");
    }

    let tokens = &root["Parameters"]["ClaimsIn"];
    let allowed = tokens["AllowedValues"].as_array().expect("values").iter();
    let allowed = allowed.map(|value| value.as_str().expect("text").parse());
    assert_eq!(
        allowed.collect::<Result<Vec<_>, _>>(),
        Ok(vec![ClaimsIn::Both, ClaimsIn::Access, ClaimsIn::Id])
    );
    let default = tokens["Default"].as_str().expect("text");
    assert_eq!(default.parse(), Ok(ClaimsIn::default()));

    let trigger = &root["Resources"]["PreTokenGenerationFunction"]["Properties"];
    let variables = &trigger["Environment"]["Variables"];
    assert_eq!(variables["CLAIMS_BYTES"], json!({ "Ref": "ClaimsBytes" }));
    assert_eq!(variables["CLAIMS_IN"], json!({ "Ref": "ClaimsIn" }));
    assert_eq!(variables["TOKEN_CACHE_SECONDS"], json!({ "Ref": "TokenCacheSeconds" }));

    let requests = &root["Parameters"]["JoinRequestClaims"];
    let allowed = requests["AllowedValues"].as_array().expect("values").iter();
    let allowed = allowed.map(|value| value.as_str().expect("text").parse());
    let (yes, no) = (JoinRequestClaims(true), JoinRequestClaims(false));
    assert_eq!(allowed.collect::<Result<Vec<_>, _>>(), Ok(vec![yes, no]));
    let default = requests["Default"].as_str().expect("text");
    assert_eq!(default.parse(), Ok(JoinRequestClaims::default()));
    assert_eq!(variables["JOIN_REQUEST_CLAIMS"], json!({ "Ref": "JoinRequestClaims" }));
}

#[test]
fn each_trigger_has_its_own_parameter_for_the_function_that_the_pool_had() {
    let root = template("template.yaml");
    let parameters = &root["Parameters"];
    let failure = &parameters["NextTriggerFailure"];
    assert_eq!(failure["Default"], "fail");
    assert_eq!("fail".parse(), Ok(OnFailure::default()));
    let allowed_failures = failure["AllowedValues"].as_array().expect("values").iter();
    let parsed = allowed_failures.map(|value| value.as_str().expect("text").parse());
    let parsed: Result<Vec<_>, _> = parsed.collect();
    assert_eq!(parsed, Ok(vec![OnFailure::Fail, OnFailure::Continue]));

    let (name, alias) = ("a".repeat(64), "a".repeat(128));
    let arn = |rest: &str| format!("arn:aws:lambda:eu-central-1:123456789012:function:{rest}");
    for (text, right) in [
        (arn("own"), true),
        (arn("Own_function-2"), true),
        (arn(&name), true),
        (arn("own:live"), true),
        (arn("own:1"), true),
        (arn("own:$LATEST"), true),
        (arn(&format!("own:{alias}")), true),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:own".to_owned(), true),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:own".to_owned(), true),
        (arn(""), false),
        (arn(&format!("{name}a")), false),
        (arn("own:"), false),
        (arn("own:live:1"), false),
        (arn("own:$LATEST.PUBLISHED"), false),
        (arn("own:$latest"), false),
        (arn(&format!("own:{alias}a")), false),
        (arn("*"), false),
        (arn("own*"), false),
        (arn("own:*"), false),
        (arn("own "), false),
        (format!("{}\n", arn("own")), false),
        ("own".to_owned(), false),
        ("123456789012:own".to_owned(), false),
        ("arn:aws:lambda:eu-central-1:12345678901:function:own".to_owned(), false),
        ("arn:aws:lambda::123456789012:function:own".to_owned(), false),
        ("arn:AWS:lambda:eu-central-1:123456789012:function:own".to_owned(), false),
        ("arn:aws:lambda:eu-central-1:123456789012:layer:own".to_owned(), false),
        ("arn:aws:states:eu-central-1:123456789012:function:own".to_owned(), false),
        ("arn:aws:lambda:*:123456789012:function:own".to_owned(), false),
    ] {
        assert_eq!(text.parse::<FunctionArn>().is_ok(), right, "{text:?}");
        for id in ["PostConfirmation", "PreTokenGeneration"] {
            let is_allowed = allowed(&parameters[format!("Next{id}Arn")]);
            assert_eq!(is_allowed(&text), right, "{text:?}");
            assert!(is_allowed(""));
        }
    }

    for function in FUNCTIONS {
        let id = function.logical_id();
        let variables = &root["Resources"][format!("{id}Function")]["Properties"]["Environment"];
        let variable = |name: &str| variables["Variables"].get(name).cloned();
        let parameter = format!("Next{id}Arn");
        let is_trigger = matches!(function.entry, Entry::Trigger(_));
        let reference = |name: &str| is_trigger.then(|| json!({ "Ref": name }));
        assert_eq!(variable("NEXT_TRIGGER_ARN"), reference(&parameter), "{id}");
        assert_eq!(variable("NEXT_TRIGGER_FAILURE"), reference("NextTriggerFailure"), "{id}");
        let is_empty = json!({ "Fn::Equals": [{ "Ref": parameter }, ""] });
        let condition = is_trigger.then(|| json!({ "Fn::Not": [is_empty] }));
        assert_eq!(root["Conditions"].get(format!("HasNext{id}")), condition.as_ref(), "{id}");
    }
}

#[test]
fn a_pair_that_the_template_takes_for_a_public_mailbox_exception_can_be_read() {
    let root = template("template.yaml");
    let is_allowed = allowed(&root["Parameters"]["PublicMailboxExceptions"]);
    let (label, id) = ("a".repeat(63), "a".repeat(64));
    for right in [
        "",
        "org_1:gmail.com",
        "org_1:gmail.com,org_2:github.io",
        // It matches nothing, and stops nothing.
        "org_1:co.uk",
        "org_1:a--b.1and1.xn--p1ai",
        &format!("{id}:{label}.{label}.{label}.{}", &label[..61]),
    ] {
        assert!(is_allowed(right), "{right}");
        MailboxPolicy::parse(right).expect(right);
    }
    for wrong in [
        "gmail.com",
        "org_1:",
        ":gmail.com",
        "org 1:gmail.com",
        "org_1:localhost",
        "org_1:a..b",
        "org_1:.a.com",
        "org_1:10.0.0.1",
        "org_1:a.0x1f",
        "org_1:-a.com",
        "org_1:a-.com",
        "org_1:gmail.com,org_2:localhost",
        &format!("{id}a:gmail.com"),
        &format!("org_1:{label}a.com"),
        &format!("org_1:{label}.{label}.{label}.{}", &label[..62]),
    ] {
        assert!(!is_allowed(wrong), "{wrong}");
        assert!(MailboxPolicy::parse(wrong).is_err(), "{wrong}");
    }
    for untidy in [",org_1:gmail.com", "org_1:gmail.com,", "org_1:gmail.comorg_2:gmx.de"] {
        assert!(!is_allowed(untidy), "{untidy}");
    }
}

#[test]
fn the_trusted_providers_default_to_those_of_the_code_and_every_entry_path_gets_them() {
    let root = template("template.yaml");
    let parameters = &root["Parameters"];
    let default = parameters["TrustedProviders"]["Default"].as_str().expect("text");
    assert_eq!(TrustedProviders::parse(default), Ok(TrustedProviders::default()));
    let is_allowed = allowed(&parameters["TrustedProviders"]);
    for names in [
        "",
        "Google",
        "Google,staff,SignInWithApple",
        "google",
        "Google,google",
        "signInWithApple,Google",
        "Facebook,LOGINWITHAMAZON",
        "SAML",
        "staff,OIDC",
        "oidc,staff",
        "staff-saml,googlestaff,GoogleStaff",
        "two words",
        &"a".repeat(32),
        &"a".repeat(33),
    ] {
        let right = TrustedProviders::parse(names).is_ok();
        assert_eq!(is_allowed(names), right, "{names:?}");
    }
    let attribute = &parameters["GoogleHostedDomainAttribute"];
    assert_eq!(attribute["Default"], "");
    let is_allowed = allowed(attribute);
    for name in ["custom:hd", "profile", "custom: hd", &"a".repeat(27), &"a".repeat(28)] {
        assert_eq!(is_allowed(name), AttributeName::parse(name).is_ok(), "{name:?}");
    }
    for id in ["PostConfirmation", "PreTokenGeneration", "Users"] {
        let function = &root["Resources"][format!("{id}Function")]["Properties"];
        let variables = &function["Environment"]["Variables"];
        for (variable, parameter) in [
            ("TRUSTED_PROVIDERS", "TrustedProviders"),
            ("GOOGLE_HOSTED_DOMAIN_ATTRIBUTE", "GoogleHostedDomainAttribute"),
        ] {
            assert_eq!(variables[variable], json!({ "Ref": parameter }), "{id}");
        }
    }
}
