//! Each function's role grants what the function does, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write;

use functions::{Entry, FUNCTIONS, Function};
use serde_json::{Value, json};

use crate::support::{INVOKES_NEXT, tell, template};

/// One text, or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().expect("text")).collect()
}

/// What the template grants to a function, each action on each kind of items in words.
#[track_caller]
fn granted(template: &Value, function: &Function) -> BTreeSet<String> {
    let id = function.logical_id();
    let role = &template["Resources"][format!("{id}Role")]["Properties"];
    let mut granted = BTreeSet::new();
    for policy in role["Policies"].as_array().into_iter().flatten() {
        if let Some(choice) = policy.get("Fn::If") {
            match function.entry {
                Entry::Stream(_) => assert_stream(&id, choice),
                _ => drop(granted.insert(on_next_trigger(&id, choice))),
            }
            continue;
        }
        for statement in policy["PolicyDocument"]["Statement"].as_array().expect("statements") {
            let about = (&policy["PolicyName"], statement);
            match policy["PolicyName"].as_str() {
                Some("own-log") => {
                    let log = json!({ "Fn::GetAtt": format!("{id}LogGroup.Arn") });
                    assert_eq!(statement["Resource"], log, "{id}Role: {about:?}");
                }
                Some("own-items") => granted.extend(on_items(statement)),
                Some("user-pool") => granted.extend(in_user_pool(statement)),
                Some("events") => drop(granted.insert(on_events(statement))),
                other => panic!("{id}Role has the policy {other:?}"),
            }
        }
    }
    granted
}

/// What a statement grants on the table.
#[track_caller]
fn on_items(statement: &Value) -> BTreeSet<String> {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let resource = &statement["Resource"];
    assert_eq!(
        *statement,
        json!({
            "Effect": "Allow",
            "Action": statement["Action"],
            "Resource": resource,
            "Condition": { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys } },
        }),
        "a statement allows actions on a resource under the one condition on leading keys"
    );
    let resource = if *resource == json!({ "Fn::GetAtt": "Storage.Outputs.TableArn" }) {
        "table"
    } else {
        let arn = resource["Fn::Sub"].as_str().unwrap_or_default();
        arn.strip_prefix("${Storage.Outputs.TableArn}/").unwrap_or_else(|| panic!("{resource}"))
    };
    let actions = actions(statement, "dynamodb:").into_iter();
    actions
        .flat_map(|action| {
            let keys = texts(keys).into_iter();
            keys.map(move |keys| format!("{action} on {resource} for {keys}"))
        })
        .collect()
}

/// What a statement grants in the customers' user pool.
#[track_caller]
fn in_user_pool(statement: &Value) -> BTreeSet<String> {
    assert_eq!(
        *statement,
        json!({
            "Effect": "Allow",
            "Action": statement["Action"],
            "Resource": { "Fn::GetAtt": "Identity.Outputs.UserPoolArn" },
        })
    );
    let actions = actions(statement, "cognito-idp:").into_iter();
    actions.map(|action| format!("{action} in the user pool")).collect()
}

/// What a statement grants on the bus and on the queue.
#[track_caller]
fn on_events(statement: &Value) -> String {
    let (action, output, resource) = match statement["Action"].as_str() {
        Some("events:PutEvents") => ("PutEvents", "EventBusArn", "bus"),
        Some("sqs:SendMessage") => ("SendMessage", "DeadLetterQueueArn", "queue"),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        *statement,
        json!({
            "Effect": "Allow",
            "Action": statement["Action"],
            "Resource": { "Fn::GetAtt": format!("Events.Outputs.{output}") },
        })
    );
    format!("{action} on the {resource}")
}

/// The role of a function of the stream may read it, if there is one. Lambda reads it, and not the function.
#[track_caller]
fn assert_stream(id: &str, choice: &Value) {
    let reads = ["DescribeStream", "GetRecords", "GetShardIterator"];
    let statements = json!([
        {
            "Effect": "Allow",
            "Action": reads.map(|action| format!("dynamodb:{action}")),
            "Resource": { "Fn::GetAtt": "Storage.Outputs.StreamArn" },
        },
        {
            "Effect": "Allow",
            "Action": "dynamodb:ListStreams",
            "Resource": { "Fn::Sub": "${Storage.Outputs.TableArn}/stream/*" },
        },
    ]);
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let policy = json!({ "PolicyName": "stream", "PolicyDocument": document });
    assert_eq!(*choice, json!(["HasStream", policy, { "Ref": "AWS::NoValue" }]), "{id}Role");
}

/// What a trigger's role grants if the pool had a function before: to invoke that one.
#[track_caller]
fn on_next_trigger(id: &str, choice: &Value) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": { "Ref": format!("Next{id}Arn") },
    });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let policy = json!({ "PolicyName": "next-trigger", "PolicyDocument": document });
    let none = json!({ "Ref": "AWS::NoValue" });
    assert_eq!(*choice, json!([format!("HasNext{id}"), policy, none]), "{id}Role");
    INVOKES_NEXT.to_owned()
}

/// What a function may do only because the previous release does it, in the words of [`granted`].
fn release_before(function: &Function) -> BTreeSet<String> {
    let kept = function.release_before.iter().flat_map(|(items, actions)| {
        let resource = items.index().map_or("table".to_owned(), |index| format!("index/{index}"));
        let keys = items.keys();
        actions.iter().map(move |action| format!("{action:?} on {resource} for {keys}"))
    });
    kept.collect()
}

#[track_caller]
fn actions<'a>(statement: &'a Value, service: &str) -> Vec<&'a str> {
    let actions = texts(&statement["Action"]).into_iter();
    let named =
        actions.map(|action| action.strip_prefix(service).unwrap_or_else(|| panic!("{action}")));
    named.collect()
}

/// What the previous release does is still granted, because it may run with the present roles: until
/// all aliases have moved in an update, and after a roll-back.
#[test]
fn the_previous_release_may_do_all_that_it_may_do_with_its_own_roles() {
    let [before, present] =
        ["tests/data/recorded-stack/template.yaml", "template.yaml"].map(template);
    let mut wrong = String::new();
    for function in FUNCTIONS {
        let present = granted(&present, function);
        let before = granted(&before, function);
        let kept = release_before(function);
        for (what, advice) in [
            (before.difference(&present), "keep it for one release"),
            (
                kept.difference(&before),
                "take it away, because the previous release does not need it",
            ),
        ] {
            for what in what {
                writeln!(wrong, "{}: {what}: {advice}", function.name).expect("a string");
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{wrong}\nThis is `release_before` in functions/src/lib.rs. Then run `make template`."
    );
}

#[tokio::test]
async fn functions_do_what_their_roles_grant_and_make_use_of_all_of_it() {
    let (template, done) = (template("template.yaml"), tell().await);
    let mut wrong = String::new();
    for function in FUNCTIONS {
        let granted = granted(&template, function);
        let done = done.get(function.name).cloned().unwrap_or_default();
        let used = &granted - &release_before(function);
        for (what, advice) in [
            (done.difference(&granted), "does, and may not: grant it in functions/src/lib.rs"),
            (
                used.difference(&done),
                "may do, and does not: take it away in functions/src/lib.rs, or add to \
                 tests/events/story.json what makes the function do it",
            ),
        ] {
            for what in what {
                writeln!(wrong, "{}: {what} is what it {advice}", function.name).expect("a string");
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{wrong}\nThen run `make template`, which writes it into the roles."
    );
}
