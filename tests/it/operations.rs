//! The documents for operators are right: parameters, alarms, metrics and links are those of the
//! templates.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use functions::triggers::pre_token_generation;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::metrics::{COUNTERS, PROVISIONING_DURATION};
use shared::next_trigger::NextTrigger;
use shared::runtime::{TRIGGER_DEADLINE, logged};
use tracing::Level;
use tracing_subscriber::filter::LevelFilter;

use crate::support::{Logs, Pool, World, in_repository, pool_user, template, text_of};

const OBSERVABILITY: &str = "infra/observability.yaml";
const OPERATIONS: &str = "docs/operations.md";
const PARAMETERS: &str = "docs/parameters.md";

/// Every document, by its path in the repository.
fn documents() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in ["", "docs/", "docs/adr/"] {
        for entry in std::fs::read_dir(in_repository(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            let path = format!("{folder}{}", name.to_str().expect("UTF-8"));
            if path.ends_with(".md") {
                let text = text_of(&path);
                found.insert(path, text);
            }
        }
    }
    found
}

/// The names in the first cells of a document's tables, where these are one name: `` `Name` ``.
fn first_cells(document: &str) -> Vec<&str> {
    document
        .lines()
        .filter_map(|line| code(line.strip_prefix("| ")?.split(" | ").next()?))
        .collect()
}

/// The text between two backticks, if there is no other text.
fn code(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('`')?.strip_suffix('`')?;
    (!inner.contains('`')).then_some(inner)
}

/// Everything between backticks, outside of blocks of code.
fn codes(document: &str) -> Vec<&str> {
    let blocks: Vec<_> = document.split("\n```").step_by(2).collect();
    blocks.iter().flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

/// Whether this is a name as CloudFormation has them, of two words at least: `TableName`.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
}

/// `PostConfirmationErrors` as `post-confirmation-errors`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}

/// What a heading's anchor is on GitHub.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .filter(|character| character.is_alphanumeric() || " -_".contains(*character))
        .map(|character| if character == ' ' { '-' } else { character.to_ascii_lowercase() })
        .collect()
}

fn anchors(document: &str) -> BTreeSet<String> {
    document
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

fn names_in(template: &Value, section: &str) -> BTreeSet<String> {
    template[section].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// The alarms of a type, by the names that they have after the stack's.
fn alarms_of(kind: &str) -> BTreeMap<String, Value> {
    let template = template(OBSERVABILITY);
    let resources = template["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| {
            let id = id.strip_suffix("Alarm").unwrap_or_else(|| panic!("call it {id}Alarm"));
            (kebab(id), resource["Properties"].clone())
        })
        .collect()
}

/// The alarms on a metric or a query.
fn metric_alarms() -> BTreeMap<String, Value> {
    alarms_of("AWS::CloudWatch::Alarm")
}

/// The alarms on the states of other alarms.
fn composite_alarms() -> BTreeMap<String, Value> {
    alarms_of("AWS::CloudWatch::CompositeAlarm")
}

/// All alarms.
fn alarms() -> BTreeMap<String, Value> {
    metric_alarms().into_iter().chain(composite_alarms()).collect()
}

/// Whether an alarm of this name is only a part of another one.
fn is_part(name: &str) -> bool {
    name.starts_with("part-of-")
}

/// The name of the metric that a query sums up over all app clients of the customers' pool.
fn queried(expression: &str) -> Option<&str> {
    let (name, from) = expression.strip_prefix("SELECT SUM(")?.split_once(") FROM SCHEMA(")?;
    let dimensions = from.strip_prefix("\"AWS/Cognito\", ")?;
    // The metrics of federation have one dimension more, and a query must name all of them.
    let expected = if name.starts_with("Federation") {
        "UserPool, UserPoolClient, IdentityProvider) WHERE UserPool = '${UserPoolId}'"
    } else {
        "UserPool, UserPoolClient) WHERE UserPool = '${UserPoolId}'"
    };
    assert_eq!(dimensions, expected, "{name}");
    Some(name)
}

/// The name of the metric that a search sums up over all app clients of the customers' pool.
fn searched(expression: &str) -> Option<&str> {
    let (dimensions, rest) =
        expression.strip_prefix("SUM(SEARCH('{AWS/Cognito,")?.split_once('}')?;
    let (name, rest) = rest.strip_prefix(" MetricName=\"")?.split_once('"')?;
    let is_federation = name.starts_with("Federation");
    // As in a query, all dimensions of a metric must be named.
    let named = if is_federation { ",IdentityProvider" } else { "" };
    assert_eq!(dimensions, format!("UserPool,UserPoolClient{named}"), "{name}");
    assert_eq!(rest, " UserPool=\"${UserPoolId}\"', 'Sum', 300))", "{name}");
    Some(name)
}

/// The metric that an alarm is on: its namespace, its name, and the values of its dimensions.
fn metric_of(alarm: &Value) -> (String, String, Vec<String>) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    if let Some(metrics) = alarm["Metrics"].as_array() {
        let [query] = &metrics[..] else { panic!("one query for each alarm: {metrics:?}") };
        let name = queried(query["Expression"]["Fn::Sub"].as_str().expect("a query"));
        let name = name.unwrap_or_else(|| panic!("a sum over the app clients: {query}"));
        return ("AWS/Cognito".to_owned(), name.to_owned(), vec!["UserPoolId".to_owned()]);
    }
    let dimensions = alarm["Dimensions"].as_array().expect("dimensions").iter();
    let values = dimensions.map(|dimension| match &dimension["Value"] {
        Value::String(text) => text.clone(),
        value => text(&value["Ref"]),
    });
    (text(&alarm["Namespace"]), text(&alarm["MetricName"]), values.collect())
}

/// The dashboard, with the names of parameters and resources in place of their values.
fn dashboard() -> Value {
    let template = template(OBSERVABILITY);
    let body = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"];
    serde_json::from_str(body.as_str().expect("text")).expect("the dashboard is JSON")
}

/// All metrics that the dashboard shows, each as the array that it is there.
fn shown_metrics() -> Vec<Vec<Value>> {
    let dashboard = dashboard();
    let widgets = dashboard["widgets"].as_array().expect("widgets");
    widgets
        .iter()
        .flat_map(|widget| widget["properties"]["metrics"].as_array().cloned().unwrap_or_default())
        .map(|metric| metric.as_array().expect("a metric").clone())
        .collect()
}

/// The names of the metrics of AWS among these.
fn metrics_of_aws(metrics: &[Vec<Value>]) -> BTreeSet<String> {
    let names = metrics.iter().filter_map(|metric| match metric[0].as_str() {
        Some(namespace) if namespace.starts_with("AWS/") => metric[1].as_str(),
        Some(_) => None,
        None => searched(metric[0]["expression"].as_str()?),
    });
    names.map(str::to_owned).collect()
}

/// The names of our own metrics among these, searched ones included.
fn own_metrics(metrics: &[Vec<Value>]) -> BTreeSet<String> {
    let named = metrics.iter().filter(|metric| metric[0] == "Usher").map(|metric| &metric[1]);
    let named = named.map(|name| name.as_str().expect("a name").to_owned());
    let searched = metrics.iter().filter_map(|metric| {
        let search = metric[0]["expression"].as_str()?.strip_prefix("SEARCH('{Usher,")?;
        let (_, name) = search.split_once("MetricName=\"")?;
        Some(name.split('"').next()?.to_owned())
    });
    named.chain(searched).collect()
}

#[test]
fn each_parameter_has_its_row_in_the_document_with_its_default_and_there_is_no_other_row() {
    let template = template("template.yaml");
    let document = text_of(PARAMETERS);
    let rows: BTreeSet<_> = first_cells(&document).into_iter().map(str::to_owned).collect();
    assert_eq!(
        rows,
        names_in(&template, "Parameters"),
        "the table of {PARAMETERS} (left) must name the parameters of template.yaml (right)"
    );
    for (name, parameter) in template["Parameters"].as_object().expect("parameters") {
        let row = format!("| `{name}` | ");
        let row = document.lines().find_map(|line| line.strip_prefix(&row)).expect("a row");
        let default = row.split(" | ").next().unwrap_or_default();
        let is = match &parameter["Default"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if is.is_empty() {
            assert!(
                !default.is_empty() && code(default).is_none(),
                "{name} has no value: {default}"
            );
        } else {
            assert_eq!(code(default), Some(is.as_str()), "the default of {name}");
        }
    }
}

#[test]
fn what_documents_for_operators_call_by_a_name_is_there() {
    // Names that AWS and HTTP have given.
    const OTHERS: [&str; 11] = [
        "AWSServiceRoleForAmazonCognitoIdpEmailService",
        "AccessDenied",
        "DeleteUser",
        "ETag",
        "ForceAliasCreation",
        "InboundFederation",
        "InternalFailure",
        "LimitExceededException",
        "PreSignUp",
        "ResourceNotFound",
        "UserMigration",
    ];
    let root = template("template.yaml");
    let documented = text_of(OPERATIONS);
    let mut known: BTreeSet<_> = names_in(&root, "Parameters");
    known.extend(names_in(&root, "Outputs"));
    known.extend(first_cells(&documented).into_iter().map(str::to_owned));
    let paths = shared::domain::membership::EntryPath::ALL;
    known.extend(paths.map(|path| path.as_str().to_owned()));
    known.extend(["Stack", "EntryPath", "Reason", "State", "Usher"].map(str::to_owned));
    known.extend(metrics_of_aws(&shown_metrics()));
    known.extend(OTHERS.map(str::to_owned));
    let actions = functions::FUNCTIONS.iter().flat_map(|function| function.user_pool);
    known.extend(actions.map(|action| format!("{action:?}")));
    for parameter in root["Parameters"].as_object().expect("parameters").values() {
        let values = parameter["AllowedValues"].as_array().into_iter().flatten();
        known.extend(values.filter_map(Value::as_str).map(str::to_owned));
    }
    for path in [OPERATIONS, PARAMETERS, "docs/scale.md", "docs/security.md"] {
        let document = text_of(path);
        let unknown: BTreeSet<_> = codes(&document)
            .into_iter()
            .map(|text| text.split('=').next().unwrap_or_default())
            .filter(|text| is_name(text) && !known.contains(*text))
            .collect();
        assert!(
            unknown.is_empty(),
            "{path} names {unknown:?}, which is no parameter, no output and no metric"
        );
    }
}

#[test]
fn every_deployment_in_a_document_is_make_deploy_with_a_stack_and_parameters_that_are_there() {
    let parameters = names_in(&template("template.yaml"), "Parameters");
    let mut texts = documents();
    // The records say why no other way is used.
    texts.retain(|path, _| !path.starts_with("docs/adr/"));
    for path in ["template.yaml", OBSERVABILITY, "infra/identity.yaml", "infra/storage.yaml"] {
        texts.insert(path.to_owned(), text_of(path));
    }
    for path in ["samconfig.toml", ".github/workflows/ci.yml"] {
        texts.insert(path.to_owned(), text_of(path));
    }
    let mut commands = 0;
    for (path, text) in texts {
        for other in ["sam deploy", "--parameter-overrides", "--guided"] {
            assert!(!text.contains(other), "{path} shows `{other}`: show make deploy");
        }
        for command in text.split("make deploy STACK=").skip(1) {
            commands += 1;
            let command = command.lines().next().unwrap_or_default();
            assert!(command.contains(" REGION="), "{path} names no region: {command}");
            let Some((_, given)) = command.split_once("PARAMETERS=") else { continue };
            let given = match given.strip_prefix('\'') {
                Some(quoted) => quoted.split('\'').next().unwrap_or_default(),
                None => given.split(' ').next().unwrap_or_default(),
            };
            for pair in given.split(' ') {
                let name = pair.split_once('=').map(|(name, _)| name).unwrap_or_default();
                assert!(parameters.contains(name), "{path}: {name} is no parameter: {command}");
            }
        }
    }
    assert!(commands > 5, "the documents have {commands} commands");
}

#[test]
fn each_alarm_has_its_entry_in_the_runbook_and_each_entry_its_alarm() {
    let document = text_of(OPERATIONS);
    let (_, alarms_on) = document.split_once("\n## Alarms\n").expect("a section on alarms");
    let section = alarms_on.split("\n## ").next().unwrap_or_default();
    let entries: BTreeMap<_, _> =
        section.split("\n### ").skip(1).filter_map(|entry| entry.split_once('\n')).collect();
    let mut used = BTreeSet::new();
    for (name, alarm) in alarms() {
        let description = alarm["AlarmDescription"].as_str().expect("a description");
        let (_, entry) = description
            .split_once("Runbook: docs/operations.md#")
            .unwrap_or_else(|| panic!("end the description of {name} with its runbook"));
        let text = entries.get(entry);
        let text = text.unwrap_or_else(|| panic!("write `### {entry}` in {OPERATIONS}: {name}"));
        assert!(
            entry == name || text.contains(&format!("`{name}`")),
            "the entry {entry} in {OPERATIONS} does not name the alarm {name}"
        );
        for part in ["*Means.* ", "*Look at.* ", "*Do.* "] {
            assert!(text.contains(part), "the entry {entry} in {OPERATIONS} lacks `{part}`");
        }
        used.insert(entry.to_owned());
    }
    let unused: Vec<_> = entries.keys().filter(|entry| !used.contains(**entry)).collect();
    assert!(unused.is_empty(), "no alarm leads to {unused:?} in {OPERATIONS}");
    for (entry, text) in &entries {
        let heads = text.lines().filter(|line| line.starts_with("Alarms `"));
        for name in heads.flat_map(codes) {
            assert!(
                alarms().contains_key(name),
                "the entry {entry} names {name}, which is no alarm"
            );
        }
    }
}

#[test]
fn an_alarm_tells_its_beginning_and_its_end_to_the_given_topic_and_a_part_tells_nobody() {
    let topic = json!({
        "Fn::If": ["HasAlarmTopic", [{ "Ref": "AlarmTopicArn" }], { "Ref": "AWS::NoValue" }],
    });
    for (name, alarm) in alarms() {
        assert_eq!(alarm["AlarmName"], json!({ "Fn::Sub": format!("${{RootStackName}}-{name}") }));
        assert!(alarm["InsufficientDataActions"].is_null(), "{name}");
        let expected = if is_part(&name) { &Value::Null } else { &topic };
        assert_eq!((&alarm["AlarmActions"], &alarm["OKActions"]), (expected, expected), "{name}");
        // Who looks through the alarms of CloudWatch's console reads only this.
        let description = alarm["AlarmDescription"].as_str().expect("a description");
        let of = description.strip_prefix("A part of ").and_then(|rest| rest.split(", ").next());
        assert_eq!(of.is_some(), is_part(&name), "{name}: {description}");
        if let Some(of) = of {
            assert!(name.starts_with(&format!("part-of-{of}-")), "{name}: {description}");
            assert!(description.contains(", and no trouble by itself: "), "{name}");
        }
    }
    let root = template("template.yaml");
    let passed = &root["Resources"]["Observability"]["Properties"]["Parameters"];
    assert_eq!(passed["AlarmTopicArn"], json!({ "Ref": "AlarmTopicArn" }));
}

#[test]
fn silence_is_no_alarm_except_for_what_runs_every_hour_and_only_a_part_takes_it_as_a_sign() {
    let breaching: Vec<_> = metric_alarms()
        .into_iter()
        .filter(|(_, alarm)| alarm["TreatMissingData"] != "notBreaching")
        .map(|(name, alarm)| (name, alarm["TreatMissingData"].clone()))
        .collect();
    let names = ["domains-not-checked", "part-of-triggers-not-called-no-users-seen"];
    assert_eq!(breaching, names.map(|name| (name.to_owned(), json!("breaching"))));
}

/// A canary deployment lasts five minutes at least. An alarm is evaluated some time after the last
/// of its minutes.
#[test]
fn the_alarms_that_stop_a_deployment_are_there_and_rise_within_three_minutes() {
    let (root, alarms) = (template("template.yaml"), metric_alarms());
    let resources = root["Resources"].as_object().expect("resources").values();
    let braked: Vec<_> = resources
        .filter_map(|it| it["Properties"]["DeploymentPreference"]["Alarms"].as_array())
        .flatten()
        .map(|name| name["Fn::Sub"].as_str().expect("a name"))
        .map(|name| name.strip_prefix("${AWS::StackName}-").expect("the stack's name"))
        .collect();
    assert_eq!(braked.len(), 4, "{braked:?}");
    for name in braked {
        let alarm = alarms.get(name).unwrap_or_else(|| panic!("{name} is no alarm"));
        let number = |of: &str| alarm[of].as_u64().expect("a number");
        assert!(number("Period") * number("EvaluationPeriods") <= 180, "{name} is too slow");
        // What it breaks must be seen in the alarm: the sum of all versions of the function.
        let dimensions = alarm["Dimensions"].as_array().expect("dimensions");
        assert_eq!(dimensions.len(), 1, "{name}");
        assert_eq!(dimensions[0]["Name"], "FunctionName", "{name}");
    }
}

#[test]
fn each_kind_of_trouble_has_its_alarm() {
    let watched: BTreeSet<_> = metric_alarms()
        .values()
        .map(metric_of)
        .map(|(_, name, of)| format!("{name} {}", of.join(" ")))
        .collect();
    let expected = [
        "Errors PostConfirmationFunction",
        "Errors PreTokenGenerationFunction",
        "Throttles PostConfirmationFunction",
        "Throttles PreTokenGenerationFunction",
        "Duration PostConfirmationFunction",
        "Duration PreTokenGenerationFunction",
        "ProvisioningFailures RootStackName",
        "TokensWithoutClaims RootStackName",
        "NextTriggerFailures RootStackName",
        "OwnershipRuns RootStackName",
        "OwnershipRunsWithoutDns RootStackName",
        "OwnershipCheckFailures RootStackName",
        "OwnershipRunsCutShort RootStackName",
        "IteratorAge PublishEventsFunction",
        "EventFailures RootStackName",
        "ApproximateNumberOfMessagesVisible DeadLetterQueueName",
        "5xx ApiId",
        "Latency ApiId",
        "ReadThrottleEvents TableName",
        "WriteThrottleEvents TableName",
        "ReadThrottleEvents TableName gsi1",
        "WriteThrottleEvents TableName gsi1",
        "SignInThrottles UserPoolId",
        "TokenRefreshThrottles UserPoolId",
        "FederationThrottles UserPoolId",
        "SignUpThrottles UserPoolId",
        "SignInSuccesses UserPoolId",
        "TokenRefreshSuccesses UserPoolId",
        "FederationSuccesses UserPoolId",
        "UsersSeen RootStackName PreTokenGeneration",
    ];
    assert_eq!(watched, expected.map(str::to_owned).into());

    let root = template("template.yaml");
    let passed = &root["Resources"]["Observability"]["Properties"]["Parameters"];
    assert_eq!(passed["UserPoolId"], json!({ "Fn::GetAtt": "Identity.Outputs.UserPoolId" }));
}

/// CloudWatch takes one query at a time, and documents no alarm with several. If it refused an
/// alarm, no stack could be created.
#[test]
fn an_alarm_has_one_metric_or_one_query_that_returns_one_series() {
    for (name, alarm) in metric_alarms() {
        let Some(metrics) = alarm["Metrics"].as_array() else {
            let one = ["Namespace", "MetricName", "Dimensions", "Period"];
            assert!(one.iter().all(|of| !alarm[*of].is_null()), "{name}");
            assert!(alarm["Statistic"].is_null() != alarm["ExtendedStatistic"].is_null(), "{name}");
            continue;
        };
        let [query] = &metrics[..] else { panic!("{name} has {} queries", metrics.len()) };
        let expression = &query["Expression"];
        let text = expression["Fn::Sub"].as_str().expect("a query");
        assert!(!text.contains("GROUP BY"), "{name}: {text}");
        let whole = json!({
            "Id": query["Id"], "Expression": expression, "Period": 300, "ReturnData": true,
        });
        assert_eq!(*query, whole, "{name}");
        let beside = ["MetricName", "Namespace", "Dimensions", "Period", "Statistic"];
        assert!(beside.iter().all(|of| alarm[*of].is_null()), "{name}");
    }
}

#[test]
fn tokens_of_any_kind_raise_an_alarm_when_usher_sees_none_and_reports_no_failures() {
    let composite = composite_alarms();
    assert_eq!(composite.keys().collect::<Vec<_>>(), ["triggers-not-called"]);
    // The references make CloudFormation create the alarms of the rule first.
    let rule = r#"(ALARM("${PartOfTriggersNotCalledSignInsAlarm}") OR ALARM("${PartOfTriggersNotCalledTokenRefreshesAlarm}") OR ALARM("${PartOfTriggersNotCalledFederatedSignInsAlarm}")) AND ALARM("${PartOfTriggersNotCalledNoUsersSeenAlarm}") AND NOT ALARM("${ProvisioningFailuresAlarm}")"#;
    assert_eq!(composite["triggers-not-called"]["AlarmRule"], json!({ "Fn::Sub": rule }));

    let alarms = metric_alarms();
    let used: BTreeSet<_> = rule
        .split("${")
        .skip(1)
        .filter_map(|id| id.split("Alarm}").next())
        .map(kebab)
        .filter(|name| is_part(name))
        .collect();
    let parts: BTreeSet<_> = alarms.keys().filter(|name| is_part(name)).cloned().collect();
    assert_eq!(used, parts, "the rule (left) uses each part");

    let evaluated = |name: &str| {
        let alarm = &alarms[&format!("part-of-triggers-not-called-{name}")];
        let of = ["ComparisonOperator", "Threshold", "EvaluationPeriods", "DatapointsToAlarm"];
        of.map(|of| alarm[of].clone())
    };
    for tokens in ["sign-ins", "token-refreshes", "federated-sign-ins"] {
        let three_of_four = [json!("GreaterThanOrEqualToThreshold"), json!(1), json!(4), json!(3)];
        assert_eq!(evaluated(tokens), three_of_four, "{tokens}");
    }
    // Longer than the others: they end before it begins when people go home.
    let all_of_six = [json!("LessThanThreshold"), json!(1), json!(6), json!(6)];
    assert_eq!(evaluated("no-users-seen"), all_of_six);
    let unseen = &alarms["part-of-triggers-not-called-no-users-seen"];
    assert_eq!((&unseen["Period"], &unseen["Statistic"]), (&json!(300), &json!("Sum")));
}

#[test]
fn failures_of_the_pools_own_functions_raise_an_alarm_whatever_they_mean_for_the_user() {
    let alarm = &metric_alarms()["next-trigger-failures"];
    let metric =
        ("Usher".to_owned(), "NextTriggerFailures".to_owned(), vec!["RootStackName".to_owned()]);
    assert_eq!(metric_of(alarm), metric);
    let of = ["Statistic", "Period", "Threshold", "EvaluationPeriods", "DatapointsToAlarm"];
    assert_eq!(
        of.map(|of| alarm[of].clone()),
        [json!("Sum"), json!(900), json!(3), json!(2), json!(2)]
    );
    assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
}

#[test]
fn at_the_level_debug_only_the_code_of_usher_logs_more_than_at_info() {
    const LIBRARIES: [&str; 3] = [
        "aws_smithy_runtime::client::orchestrator",
        "hyper_util::client::legacy",
        "lambda_runtime",
    ];
    for (level, own, others) in [
        (LevelFilter::DEBUG, Level::DEBUG, Level::INFO),
        (LevelFilter::INFO, Level::INFO, Level::INFO),
        (LevelFilter::ERROR, Level::ERROR, Level::ERROR),
    ] {
        let levels = logged(level);
        for written in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
            for target in ["shared::provisioning", "functions::triggers::pre_token_generation"] {
                assert_eq!(levels.would_enable(target, &written), written <= own, "{target}");
            }
            for target in LIBRARIES {
                assert_eq!(levels.would_enable(target, &written), written <= others, "{target}");
            }
        }
    }
}

#[test]
fn the_dashboard_shows_every_alarm_but_parts_and_every_metric_that_the_document_explains() {
    const ALARM: &str = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:";
    let dashboard = dashboard();
    let shown = dashboard["widgets"][0]["properties"]["alarms"].as_array().expect("alarms");
    let template = template(OBSERVABILITY);
    let there: BTreeSet<_> = names_in(&template, "Resources")
        .into_iter()
        .filter(|id| id.ends_with("Alarm") && !is_part(&kebab(id)))
        // The reference is the name. Emulators do not know the attribute Arn after an update.
        .map(|id| format!("{ALARM}${{{id}}}"))
        .collect();
    let shown: BTreeSet<_> = shown.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert_eq!(shown, there, "the dashboard (left) shows all alarms but parts");

    let metrics = shown_metrics();
    // CloudWatch takes one query at a time. It takes several searches.
    let expressions = metrics.iter().filter_map(|metric| metric[0]["expression"].as_str());
    let queries: Vec<_> = expressions.filter(|text| text.contains("SELECT")).collect();
    assert!(queries.is_empty(), "{queries:?}");
    let document = text_of(OPERATIONS);
    let (_, table) = document.split_once("\n### Metrics\n").expect("a section on metrics");
    let table = table.split("\n#").next().unwrap_or_default();
    let explained: BTreeSet<_> = first_cells(table).into_iter().map(str::to_owned).collect();
    assert_eq!(
        own_metrics(&metrics),
        explained,
        "the dashboard (left) shows what the table of metrics in {OPERATIONS} explains"
    );
    let written: BTreeSet<_> =
        COUNTERS.into_iter().chain([PROVISIONING_DURATION]).map(str::to_owned).collect();
    assert_eq!(explained, written, "{OPERATIONS} (left) explains what functions write (right)");
    let of_aws = metrics_of_aws(&metrics);
    for (name, alarm) in metric_alarms() {
        let (namespace, metric, _) = metric_of(&alarm);
        let shown = match namespace.as_str() {
            "Usher" => &explained,
            "AWS/Cognito" => &of_aws,
            _ => continue,
        };
        assert!(shown.contains(&metric), "{name}: the dashboard does not show {metric}");
    }

    // Its name belongs to the whole account.
    let properties = &template["Resources"]["Dashboard"]["Properties"];
    assert_eq!(
        properties["DashboardName"],
        json!({ "Fn::Sub": "${RootStackName}-${AWS::Region}" })
    );
    let url = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Dashboard}";
    assert_eq!(template["Outputs"]["DashboardUrl"]["Value"], json!({ "Fn::Sub": url }));
}

#[test]
fn every_link_from_one_document_to_another_leads_somewhere() {
    let documents = documents();
    for (path, document) in &documents {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in document.split("](").skip(1).filter_map(|text| text.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in file.split('/').filter(|part| !part.is_empty()) {
                match part {
                    ".." => assert!(parts.pop().is_some(), "{path}: {target}"),
                    part => parts.push(part),
                }
            }
            let there = if file.is_empty() { path.clone() } else { parts.join("/") };
            assert!(in_repository(&there).exists(), "{path} links to {target}, which is not there");
            if !fragment.is_empty() {
                let text = documents.get(&there).unwrap_or_else(|| panic!("{path}: {target}"));
                assert!(anchors(text).contains(fragment), "{path} links to {target}: no heading");
            }
        }
    }
}

#[tokio::test]
async fn no_log_line_has_an_address_a_token_or_a_body_whatever_is_asked_for() {
    const SECRETS: [&str; 3] = ["jane.doe", "eyjhbgci", "correct-horse"];
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let logs = Logs::capture();

    let user = pool_user("user-1", "Jane.Doe@acme.com", "Jane.Doe@acme.com", true);
    for operation in ["AdminCreateUser", "ListUsers", "ListUsers"] {
        let body = if operation == "ListUsers" {
            json!({ "Users": [user] })
        } else {
            json!({ "User": user })
        };
        pool.answers(operation, body);
    }
    let address = json!({ "primaryEmail": "Jane.Doe@acme.com" });
    let asked = [
        (Method::POST, "/users", address.to_string()),
        (Method::POST, "/users", r#"{"primaryEmail": "Jane.Doe@acme.com", "#.to_owned()),
        (Method::POST, "/users", r#"{"primaryEmail": "\"Jane.Doe\"@acme.com"}"#.to_owned()),
        (Method::POST, "/users", r#"{"Jane.Doe@acme.com": "Correct-Horse-9"}"#.to_owned()),
        (Method::GET, "/users/user-1", String::new()),
        (Method::GET, "/users/Jane.Doe@acme.com", String::new()),
        (Method::GET, "/organizations/acme/users?cursor=Jane.Doe@acme.com", String::new()),
        (Method::GET, "/Jane.Doe@acme.com?token=eyJhbGci", String::new()),
        (
            Method::POST,
            "/organizations/acme/jit/email-domains",
            json!({ "emailDomain": "Jane.Doe@acme.com" }).to_string(),
        ),
        (Method::DELETE, "/organizations/acme/jit/email-domains/Jane.Doe@acme.com", String::new()),
        (Method::DELETE, "/organizations/acme/users/user-1", String::new()),
        (Method::PATCH, "/organizations/acme", r#"{"name": 1, "x": "Jane.Doe"}"#.to_owned()),
    ];
    // The second time DynamoDB and Cognito fail.
    for _ in 0..2 {
        for (method, path, body) in &asked {
            let ask = world.ask(method.clone(), path).header("authorization", "Bearer eyJhbGci");
            let ask = ask.header("content-type", "application/json").raw(body.clone());
            ask.send().await;
        }
        let event = json!({
            "version": "2",
            "triggerSource": "TokenGeneration_Authentication",
            "userName": "Jane.Doe@acme.com",
            "request": {
                "userAttributes": {
                    "sub": "user-1",
                    "email": "Jane.Doe@acme.com",
                    "email_verified": "true",
                },
            },
            "response": {},
        });
        let event = to_raw_value(&event).expect("JSON");
        let (needs, next) = (Some((&world.app).into()), NextTrigger::default());
        let answer = pre_token_generation::handle(needs, next, event, TRIGGER_DEADLINE).await;
        answer.expect("an answer");
        world.wire.cut_after(0);
    }

    let lines = logs.lines_with_debug();
    assert!(lines.len() > 2 * asked.len(), "a line for each request: {lines:#?}");
    for line in lines {
        let text = line.to_string().to_lowercase();
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{line}");
    }
}
