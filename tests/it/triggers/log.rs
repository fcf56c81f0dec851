//! What the triggers log at which level, and how much.

use serde_json::{Value, json};

use super::cold_start::{ended, runtime_api, started};
use crate::support::{
    Counts, Logs, UsherLocal, World, delete_user, http, text_of, trigger_event, verified,
};

const REFRESH: &str = "TokenGeneration_RefreshTokens";

/// A world where acme and globex list acme.com.
async fn world() -> World {
    let world = World::new().await;
    for organization in ["acme", "globex"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    world
}

/// The lines since they were asked for last: level, organization, decision and reason of each.
fn lines(logs: &Logs) -> Vec<[String; 4]> {
    let mut lines = logs.lines_with_debug();
    lines.retain(|line| line["target"] != "shared::http");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = ["level", "organization", "decision", "reason"];
    lines.iter().map(|line| fields.map(|field| text(&line[field]))).collect()
}

fn owned<const N: usize>(lines: [[&str; 4]; N]) -> Vec<[String; 4]> {
    lines.map(|line| line.map(str::to_owned)).into()
}

#[tokio::test]
async fn a_token_logs_what_is_new_and_keeps_what_it_repeats_for_debug() {
    let world = world().await;
    let logs = Logs::capture();

    world.token("jane", "jane@acme.com").await;
    let joins = owned([["INFO", "acme", "join", ""], ["INFO", "globex", "join", ""]]);
    assert_eq!(lines(&logs), joins);

    world.token("jane", "jane@acme.com").await;
    let repeats = owned([
        ["DEBUG", "acme", "refuse", "already_member"],
        ["DEBUG", "globex", "refuse", "already_member"],
    ]);
    assert_eq!(lines(&logs), repeats);

    assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);
    lines(&logs);
    world.token("jane", "jane@acme.com").await;
    let removed = owned([
        ["DEBUG", "acme", "refuse", "removed_earlier"],
        ["DEBUG", "globex", "refuse", "already_member"],
    ]);
    assert_eq!(lines(&logs), removed);
}

#[tokio::test]
async fn a_refusal_of_everything_is_news_at_a_sign_up_and_none_at_a_token() {
    let world = world().await;
    let mut unverified = verified("jane", "jane@acme.com");
    unverified["email_verified"] = "false".into();
    let mut no_address = verified("jane", "jane@acme.com");
    no_address.as_object_mut().expect("an object").remove("email");
    let mut saml = verified("jane", "jane@acme.com");
    saml["identities"] = json!([{ "providerType": "SAML" }]).to_string().into();
    let logs = Logs::capture();
    for (attributes, reason) in [
        (verified("jane", "jane@gmail.com"), "public_mailbox"),
        (verified("jane", "jane@github.io"), "public_suffix"),
        (verified("jane", "jane@nobody.example"), "not_listed"),
        (unverified, "email_not_verified"),
        (no_address, "no_email"),
        (saml, "provider_not_trusted"),
    ] {
        world
            .post_confirmation(&trigger_event("1", "PostConfirmation_ConfirmSignUp", &attributes))
            .await;
        assert_eq!(lines(&logs), owned([["INFO", "", "nothing", reason]]));
        for source in ["TokenGeneration_Authentication", REFRESH] {
            let counts = Counts::default();
            let guard = metrics::set_default_local_recorder(&counts);
            world.pre_token_generation(&trigger_event("2", source, &attributes)).await;
            drop(guard);
            assert_eq!(lines(&logs), owned([["DEBUG", "", "nothing", reason]]));
            assert_eq!(counts.take()[&format!("Refused Reason={reason}")], 1, "metrics stay");
        }
    }
}

#[tokio::test]
async fn a_token_of_a_user_who_was_deleted_meanwhile_is_news() {
    let world = world().await;
    let jane = shared::domain::ids::UserId::parse("jane").expect("an id");
    let now = world.app.clock.now();
    delete_user(&world.app.store, &jane, true, now).await.expect("the store works");
    let logs = Logs::capture();
    world.token("jane", "jane@acme.com").await;
    assert_eq!(lines(&logs), owned([["INFO", "", "nothing", "user_deleted"]]));
}

#[tokio::test]
async fn an_event_without_a_user_is_no_news() {
    let world = world().await;
    let logs = Logs::capture();
    let machine = trigger_event("3", "TokenGeneration_ClientCredentials", &json!({}));
    world.pre_token_generation(&machine).await;
    let password = "PostConfirmation_ConfirmForgotPassword";
    world
        .post_confirmation(&trigger_event("1", password, &verified("jane", "jane@acme.com")))
        .await;
    assert_eq!(lines(&logs), owned([["DEBUG", "", "", ""], ["DEBUG", "", "", ""]]));
}

#[tokio::test]
async fn a_request_that_succeeds_is_no_news_and_a_refused_one_is() {
    let world = world().await;
    let logs = Logs::capture();
    let level = || {
        let lines = logs.lines_with_debug();
        let line = lines.iter().find(|line| line["message"] == "request").expect("a line");
        line["level"].as_str().expect("a text").to_owned()
    };
    world.get("/organizations/acme").await;
    assert_eq!(level(), "DEBUG");
    world.patch("/organizations/acme", &json!({})).await;
    assert_eq!(level(), "DEBUG");
    world.get("/organizations/nobody").await;
    assert_eq!(level(), "INFO");
}

#[tokio::test]
async fn a_token_writes_as_much_as_documented() {
    let local = UsherLocal::start(&[]).await;
    let json = [("content-type", "application/json")];
    let attributes =
        |sub: &str, email: &str| verified(&format!("5b0f6c1e-9d0c-4f0b-8f5e-{sub}"), email);
    let jane = attributes("0c2f6a7f4c11", "jane@acme.com");
    let sign_up = trigger_event("1", "PostConfirmation_ConfirmSignUp", &jane).to_string();
    for (address, path, body) in [
        (local.http, "/organizations", r#"{"id":"acme","name":"Acme"}"#),
        (local.http, "/organizations/acme/jit/email-domains", r#"{"emailDomain":"acme.com"}"#),
        (local.lambda, "/2015-03-31/functions/post-confirmation/invocations", &sign_up),
    ] {
        let reply = http(address, "POST", path, &json, body).await.expect("an answer");
        assert!(reply.status < 300, "{path}: {reply:?}");
    }
    let document = text_of("docs/scale.md");
    for (attributes, organizations, sentence) in [
        (jane, json!(["acme"]), "A token with nothing new writes "),
        (attributes("0c2f6a7f4c12", "joe@else.com"), json!([]), "or without a match, writes "),
        (attributes("0c2f6a7f4c13", "jim@acme.com"), json!(["acme"]), "a member writes "),
    ] {
        let (api, mut answers) = runtime_api([&trigger_event("2", REFRESH, &attributes)]).await;
        let more = [("STACK_NAME", "usher".to_owned())];
        let process = started("pre-token-generation", (local.dynamodb, api), &more);
        let (_, answer) = answers.recv().await.expect("an answer");
        let output = ended(process).await;

        let claims = &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"];
        assert_eq!(claims["claimsToAddOrOverride"]["organizations"], organizations);
        let lines: Vec<Value> =
            output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(lines.iter().any(|line| line["UsersSeen"] == 1), "{output}");
        // The ids of Lambda have 36 characters, and the duration has one to five.
        let bytes = output.replace("request-1", &"1".repeat(36)).len();
        let words = document.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, documented) = words.split_once(sentence).expect("a figure");
        let documented: usize =
            documented.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
        assert!(
            bytes.abs_diff(documented) <= 5,
            "{sentence}{bytes}, in docs/scale.md {documented}"
        );
    }
}
