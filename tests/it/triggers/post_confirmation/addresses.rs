//! Which addresses prove that a user belongs to a domain

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::public_mailbox::MailboxPolicy;

use super::{acme, assert_nothing, jane, join, joined, nothing, pass, sign_up_of};
use crate::support::{Logs, START, World};

#[tokio::test]
async fn an_unproven_address_joins_nothing() {
    let cases = [
        (json!({ "email": null }), "no_email"),
        (json!({ "email": 1 }), "no_email"),
        (json!({ "email": ["jane@acme.com"] }), "no_email"),
        (json!({ "email_verified": null }), "email_not_verified"),
        (json!({ "email_verified": "false" }), "email_not_verified"),
        (json!({ "email_verified": false }), "email_not_verified"),
        (json!({ "email_verified": "true " }), "email_not_verified"),
        (json!({ "email_verified": "1" }), "email_not_verified"),
        (json!({ "email_verified": 1 }), "email_not_verified"),
        (json!({ "email_verified": "" }), "email_not_verified"),
        (json!({ "email_verified": ["true"] }), "email_not_verified"),
        (json!({ "email_verified": null, "phone_number_verified": "true" }), "email_not_verified"),
    ];
    let cases = cases.iter();
    assert_nothing(cases.map(|(it, why)| (sign_up_of(&jane(it)), nothing(why)))).await;
}

#[tokio::test]
async fn a_verified_address_counts_in_every_notation_that_cognito_keeps() {
    for verified in [json!(true), json!("true"), json!("True"), json!("TRUE")] {
        let world = acme().await;
        world.post_confirmation(&sign_up_of(&jane(&json!({ "email_verified": verified })))).await;
        assert_eq!(joined(&world).await, ["acme"], "{verified}");
    }
}

#[tokio::test]
async fn an_address_whose_domain_mail_systems_may_disagree_about_joins_nothing() {
    let cases = [
        ("", "email_address.invalid"),
        ("jane", "email_address.invalid"),
        ("acme.com", "email_address.invalid"),
        ("@acme.com", "email_address.invalid"),
        ("jane@", "email_address.domain"),
        ("jane@evil.example@acme.com", "email_address.invalid"),
        ("jane @acme.com", "email_address.invalid"),
        (" jane@acme.com", "email_address.invalid"),
        ("jane@acme.com\n", "email_address.invalid"),
        ("jane@acme.com\0.evil.example", "email_address.invalid"),
        ("Jane <jane@acme.com>", "email_address.invalid"),
        ("jane@acme.com,jane@evil.example", "email_address.invalid"),
        ("jane(acme)@acme.com", "email_address.invalid"),
        ("\"jane@evil.example\"@acme.com", "email_address.quoted_local_part"),
        ("\"jane\"@acme.com", "email_address.quoted_local_part"),
        ("jane@ａcme.com", "email_address.ambiguous_domain"),
        ("jane@acme。com", "email_address.ambiguous_domain"),
        ("jane@acme.ｃom", "email_address.ambiguous_domain"),
        ("jane@ac\u{200b}me.com", "email_address.domain"),
        ("jane\u{37e}x@acme.com", "email_address.invalid"),
        ("jane＠evil.example@acme.com", "email_address.invalid"),
        ("ja\u{200b}ne@acme.com", "email_address.invalid"),
        ("jane@com", "email_address.domain"),
        ("jane@co.uk", "email_address.domain"),
        ("jane@[192.0.2.1]", "email_address.domain"),
        ("jane@192.0.2.1", "email_address.domain"),
        ("jane@acme..com", "email_address.domain"),
        ("jane@-acme.com", "email_address.domain"),
    ];
    let event = |email: &str| sign_up_of(&jane(&json!({ "email": email })));
    assert_nothing(cases.map(|(email, why)| (event(email), nothing(why)))).await;
}

#[tokio::test]
async fn only_the_domain_itself_matches_and_neither_its_parent_nor_its_child() {
    let emails =
        ["jane@mail.acme.com", "jane@acme.org", "jane@notacme.com", "jane@acme.com.example"];
    let event = |email: &str| sign_up_of(&jane(&json!({ "email": email })));
    assert_nothing(emails.map(|email| (event(email), nothing("not_listed")))).await;
}

#[tokio::test]
async fn the_same_domain_in_another_notation_matches() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["Bücher.example", "acme.com"]).await;
    for (sub, email) in [
        ("user-1", "jane@XN--BCHER-KVA.example"),
        ("user-2", "JANE@ACME.COM"),
        ("user-3", "jane@acme.com."),
        ("user-4", "用户@acme.com"),
        ("user-5", "jane@bücher.example"),
        ("user-6", "jane@BÜCHER.Example."),
        ("user-7", "jane@bu\u{308}cher.example"),
    ] {
        world.sign_up(sub, email).await;
        let answer = world.get(&format!("/users/{sub}/organizations")).await;
        assert_eq!(answer.body[0]["id"], "acme", "{email}");
    }
}

/// A list of identities as Cognito has it, one for each provider type.
fn identities(providers: &[&str]) -> Value {
    let identity = |provider: &&str| {
        json!({
            "userId": "1234567890",
            "providerName": provider,
            "providerType": provider,
            "issuer": null,
            "primary": true,
            "dateCreated": 1_767_225_600_000_u64,
        })
    };
    providers.iter().map(identity).collect()
}

#[tokio::test]
async fn a_federated_user_of_providers_that_verify_addresses_joins() {
    for providers in [&["Google"][..], &["SignInWithApple"], &["Google", "SignInWithApple"]] {
        let list = identities(providers);
        for identities in [json!(list.to_string()), list] {
            for status in ["EXTERNAL_PROVIDER", "CONFIRMED"] {
                let world = acme().await;
                let attributes =
                    jane(&json!({ "identities": identities, "cognito:user_status": status }));
                world.post_confirmation(&sign_up_of(&attributes)).await;
                assert_eq!(joined(&world).await, ["acme"], "{attributes:#}");
            }
        }
    }
}

#[tokio::test]
async fn a_federated_user_of_any_other_provider_joins_nothing() {
    let lists = [
        identities(&["Facebook"]),
        identities(&["LoginWithAmazon"]),
        identities(&["SAML"]),
        identities(&["OIDC"]),
        identities(&["Google", "SAML"]),
        identities(&["OIDC", "SignInWithApple"]),
        identities(&["google"]),
        // A tenant names its own provider as it likes; the type is what counts.
        json!([{ "providerName": "Google", "providerType": "SAML" }]),
        json!([{ "providerName": "Google" }]),
        json!([{ "providerType": ["Google"] }]),
        json!([null]),
        json!(["Google"]),
        json!({ "providerType": "Google" }),
    ];
    let unreadable = [json!("Google"), json!(""), json!("[{"), json!(true), json!(1)];
    let federated = lists
        .into_iter()
        .flat_map(|list| [json!(list.to_string()), list])
        .chain(unreadable)
        .map(|identities| json!({ "identities": identities }));
    let external = ["[]", "null"]
        .map(|identities| json!({ "identities": identities }))
        .into_iter()
        .chain([json!({ "identities": [] }), json!({})])
        .map(|mut changes| {
            changes["cognito:user_status"] = json!("EXTERNAL_PROVIDER");
            changes
        });
    let cases = federated.chain(external);
    let line = nothing("provider_not_trusted");
    assert_nothing(cases.map(|it| (sign_up_of(&jane(&it)), line.clone()))).await;
}

#[tokio::test]
async fn a_user_without_any_identity_joins_as_a_user_of_the_pool_itself() {
    for identities in [json!("[]"), json!([]), json!(null)] {
        let world = acme().await;
        world.post_confirmation(&sign_up_of(&jane(&json!({ "identities": identities })))).await;
        assert_eq!(joined(&world).await, ["acme"], "{identities}");
    }
}

#[tokio::test]
async fn a_public_mailbox_domain_joins_nothing_even_where_it_is_listed() {
    let world = World::new().await;
    world.organization("acme").await;
    world.list_anyway("acme", &["gmail.com"], START).await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "jane@GMail.com" })))).await;

    assert_eq!(logs.lines(), [nothing("public_mailbox")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn the_operators_exception_lets_one_organization_have_a_public_mailbox_domain() {
    let world = World::with(MailboxPolicy::parse("acme:gmail.com").expect("a pair")).await;
    world.organization("globex").await;
    world.list_anyway("globex", &["gmail.com"], START).await;
    world.pass(Duration::from_secs(1));
    world.organization("acme").await;
    world.domains("acme", &["gmail.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "jane@gmail.com" })))).await;

    let lines = [pass("globex", "public_mailbox"), join("acme", "gmail.com")];
    assert_eq!(logs.lines(), lines);
    assert_eq!(joined(&world).await, ["acme"]);
}
