//! The documents for operators are right: parameters, alarms, metrics and links are those of the
//! templates.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use functions::triggers::pre_token_generation;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::metrics::{COUNTERS, PROVISIONING_DURATION};
use shared::runtime::TRIGGER_DEADLINE;

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

/// The alarms, by the names that they have after the stack's.
fn alarms() -> BTreeMap<String, Value> {
    let template = template(OBSERVABILITY);
    let resources = template["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm")
        .map(|(id, resource)| {
            let id = id.strip_suffix("Alarm").unwrap_or_else(|| panic!("call it {id}Alarm"));
            (kebab(id), resource["Properties"].clone())
        })
        .collect()
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

/// The names of our own metrics among these, searched ones included.
fn own_metrics(metrics: &[Vec<Value>]) -> BTreeSet<String> {
    let named = metrics.iter().filter(|metric| metric[0] == "Usher").map(|metric| &metric[1]);
    let named = named.map(|name| name.as_str().expect("a name").to_owned());
    let searched = metrics.iter().filter_map(|metric| {
        let (_, search) = metric[0]["expression"].as_str()?.split_once("MetricName=\"")?;
        Some(search.split('"').next()?.to_owned())
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
    const OTHERS: [&str; 6] = [
        "DeleteUser",
        "ETag",
        "ForceAliasCreation",
        "InboundFederation",
        "PreSignUp",
        "UserMigration",
    ];
    let root = template("template.yaml");
    let documented = text_of(OPERATIONS);
    let mut known: BTreeSet<_> = names_in(&root, "Parameters");
    known.extend(names_in(&root, "Outputs"));
    known.extend(first_cells(&documented).into_iter().map(str::to_owned));
    let paths = shared::domain::membership::EntryPath::ALL;
    known.extend(paths.map(|path| path.as_str().to_owned()));
    known.extend(["Stack", "EntryPath", "Reason", "Usher"].map(str::to_owned));
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
    for (path, document) in documents() {
        let overrides = document.split("--parameter-overrides ").skip(1);
        for name in overrides.filter_map(|text| text.split_once('=')).map(|(name, _)| name) {
            assert!(names_in(&root, "Parameters").contains(name), "{path}: {name} is no parameter");
        }
    }
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
fn an_alarm_tells_its_beginning_and_its_end_to_the_given_topic_and_silence_is_no_alarm() {
    let topic = json!({
        "Fn::If": ["HasAlarmTopic", [{ "Ref": "AlarmTopicArn" }], { "Ref": "AWS::NoValue" }],
    });
    for (name, alarm) in alarms() {
        assert_eq!(alarm["AlarmName"], json!({ "Fn::Sub": format!("${{RootStackName}}-{name}") }));
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
        assert_eq!((&alarm["AlarmActions"], &alarm["OKActions"]), (&topic, &topic), "{name}");
        // One metric: emulators know no metric math, and it would cost the same.
        assert_eq!(alarm["Metrics"], Value::Null, "{name}");
    }
    let root = template("template.yaml");
    let passed = &root["Resources"]["Observability"]["Properties"]["Parameters"];
    assert_eq!(passed["AlarmTopicArn"], json!({ "Ref": "AlarmTopicArn" }));
}

#[test]
fn each_kind_of_trouble_has_its_alarm() {
    let watched: BTreeSet<_> = alarms()
        .into_values()
        .map(|alarm| {
            let of = alarm["Dimensions"].as_array().expect("dimensions").iter();
            let of: Vec<_> = of
                .map(|dimension| match &dimension["Value"] {
                    Value::String(text) => text.clone(),
                    value => value["Ref"].as_str().expect("a parameter").to_owned(),
                })
                .collect();
            format!("{} {}", alarm["MetricName"].as_str().expect("a name"), of.join(" "))
        })
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
        "5xx ApiId",
        "Latency ApiId",
        "ReadThrottleEvents TableName",
        "WriteThrottleEvents TableName",
        "ReadThrottleEvents TableName gsi1",
        "WriteThrottleEvents TableName gsi1",
    ];
    assert_eq!(watched, expected.map(str::to_owned).into());
}

#[test]
fn the_dashboard_shows_every_alarm_and_every_metric_that_the_document_explains() {
    const ALARM: &str = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:";
    let dashboard = dashboard();
    let shown = dashboard["widgets"][0]["properties"]["alarms"].as_array().expect("alarms");
    let template = template(OBSERVABILITY);
    let there: BTreeSet<_> = names_in(&template, "Resources")
        .into_iter()
        .filter(|id| id.ends_with("Alarm"))
        // The reference is the name. Emulators do not know the attribute Arn after an update.
        .map(|id| format!("{ALARM}${{{id}}}"))
        .collect();
    let shown: BTreeSet<_> = shown.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert_eq!(shown, there, "the dashboard (left) shows all alarms");

    let metrics = shown_metrics();
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
    for (name, alarm) in alarms() {
        let metric = alarm["MetricName"].as_str().expect("a metric");
        assert!(alarm["Namespace"] != "Usher" || explained.contains(metric), "{name}: {metric}");
    }
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
        pre_token_generation::handle((&world.app).into(), event, TRIGGER_DEADLINE).await;
        world.wire.cut_after(0);
    }

    let lines = logs.lines_with_debug();
    assert!(lines.len() > 2 * asked.len(), "a line for each request: {lines:#?}");
    for line in lines {
        let text = line.to_string().to_lowercase();
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{line}");
    }
}
