//! The answer to an event, and its log

use functions::triggers::post_confirmation::handle;
use serde_json::json;
use serde_json::value::RawValue;
use shared::next_trigger::NextTrigger;
use shared::runtime::TRIGGER_DEADLINE;

use super::{acme, assert_nothing, jane, sign_up_of};
use crate::support::{Logs, World};

#[tokio::test]
async fn only_a_confirmed_sign_up_counts() {
    let sources = [
        json!("PostConfirmation_ConfirmForgotPassword"),
        json!("PreSignUp_SignUp"),
        json!("PostAuthentication_Authentication"),
        json!("TokenGeneration_ClientCredentials"),
        json!("UserMigration_ForgotPassword"),
        json!("SomethingNew_OfNextYear"),
        json!("postconfirmation_confirmsignup"),
        json!(""),
        json!(1),
        json!(["PostConfirmation_ConfirmSignUp"]),
        json!(null),
    ];
    let mut events: Vec<_> = sources
        .into_iter()
        .map(|source| {
            let mut event = sign_up_of(&jane(&json!({})));
            event["triggerSource"] = source;
            event
        })
        .collect();
    let mut without_source = sign_up_of(&jane(&json!({})));
    without_source.as_object_mut().expect("an object").remove("triggerSource");
    events.push(without_source);
    let events = events.into_iter().map(|event| {
        let line = json!({
            "level": "DEBUG",
            "target": "functions::triggers::post_confirmation",
            "message": "nothing to do: no sign-up",
            "source": event["triggerSource"].as_str().unwrap_or_default(),
        });
        (event, line)
    });
    assert_nothing(events).await;
}

/// Sends a text, and answers the answer's.
async fn answered(world: &World, event: &str) -> String {
    let event = RawValue::from_string(event.to_owned()).expect("JSON");
    let needs = Some((&world.app).into());
    let answer = handle(needs, NextTrigger::default(), event, TRIGGER_DEADLINE).await;
    answer.expect("an answer").get().to_owned()
}

#[tokio::test]
async fn an_event_is_answered_byte_for_byte_and_read_all_the_same() {
    let world = acme().await;
    let attributes = r#""email" : "jane@acme.com", "email_verified":"true""#;
    let events = [
        // Numbers that no parser keeps.
        r#"{"a":1e400,"b":1.0,"c":12345678901234567890123,"d":-0,"e":1E+2,"#,
        // White space.
        "{ \n\t\r \"z\" : [ 1 ,  2 ] ,",
        // Keys out of order and twice, escapes, an empty key, what no encoder would write.
        r#"{"z":1,"a":2,"z":3,"\u0061":"\/\u00e9é\ud83d\ude00","":null,"#,
        // Lone surrogates.
        r#"{"text":"\ud800","#,
    ];
    for (index, beginning) in events.iter().enumerate() {
        let event = format!(
            r#"{beginning} "triggerSource":"PostConfirmation_ConfirmSignUp",
            "request":{{"userAttributes":{{"sub":"user-{index}",{attributes},
            "name":"\ud800", "name":1e400, "custom:number": 1e400, "custom:text":"\ud800", "custom:list":[1.0], "custom:hd":1e400}},"more":{{}} }},
            "response" : {{ }} }}"#
        );
        assert_eq!(answered(&world, &event).await, event);
        let memberships = world.get(&format!("/users/user-{index}/organizations")).await.body;
        assert_eq!(memberships[0]["id"], "acme", "{event}");
    }
}

#[tokio::test]
async fn an_event_that_is_about_no_user_is_answered_and_logged_without_its_content() {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let no_events =
        ["null", "true", "1e400", "\"jane@acme.com\"", "[]", "[\"jane@acme.com\"]", &deep];
    let requests = [
        "{}",
        "null",
        r#""jane@acme.com""#,
        r#"{"userAttributes":null}"#,
        r#"{"userAttributes":"jane@acme.com"}"#,
        r#"{"userAttributes":["jane@acme.com"]}"#,
        r#"{"userAttributes":{}}"#,
        r#"{"userAttributes":{"sub":null,"email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":1,"email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"jane@acme.com","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"user/1","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"user-1","sub":"user-2"}}"#,
        &format!(r#"{{"userAttributes":{{"sub":{deep}}}}}"#),
    ];
    let sign_up = |request| {
        format!(r#"{{"triggerSource":"PostConfirmation_ConfirmSignUp","request":{request}}}"#)
    };
    let no_events = no_events.into_iter().map(str::to_owned);
    for event in no_events.chain(requests.into_iter().map(sign_up)) {
        assert_eq!(answered(&world, &event).await, event);
        let lines = logs.lines();
        let [line] = lines.as_slice() else { panic!("one line for {event}, not {lines:#?}") };
        assert_eq!(line["message"], "not provisioned", "{event}");
        assert!(!line.to_string().contains("jane"), "{line}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn no_log_line_has_a_whole_address_whatever_happens() {
    let logs = Logs::capture();
    let changes = [
        json!({}),
        json!({ "email": "Jane.Doe@gmail.com" }),
        json!({ "email": "Jane.Doe@globex.com" }),
        json!({ "email": "\"Jane.Doe\"@acme.com" }),
        json!({ "email": "Jane.Doe@acme.com, Jane.Doe@globex.com" }),
        json!({ "email": "Jane.Doe@[192.0.2.1]" }),
        json!({ "email_verified": "Jane.Doe@acme.com" }),
        json!({ "identities": "Jane.Doe@acme.com" }),
        json!({ "sub": "Jane.Doe@acme.com" }),
    ];
    for change in changes {
        let world = acme().await;
        let mut attributes = jane(&json!({ "email": "Jane.Doe@acme.com" }));
        for (name, value) in change.as_object().expect("an object") {
            attributes[name] = value.clone();
        }
        let event = sign_up_of(&attributes);
        // A first time, a second one, and while DynamoDB answers with an error.
        world.post_confirmation(&event).await;
        world.post_confirmation(&event).await;
        world.wire.cut_after(0);
        world.post_confirmation(&event).await;
        let lines = logs.lines();
        assert!(lines.len() >= 3, "{lines:#?}");
        for line in lines {
            assert!(!line.to_string().to_lowercase().contains("jane.doe"), "{line}");
        }
    }
}
