//! The OpenAPI document says of each route what the route does.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use axum::http::HeaderValue;
use functions::openapi::document;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::decision::Facts;
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::jit::RuleList;
use shared::domain::organization::OrganizationRole;
use shared::domain::text::{Description, Name, TextError};
use shared::domain::user::User;
use shared::http::problem;

use crate::http::if_match::if_match;

/// The document's operations: method, path template, and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").iter();
            methods.map(|(method, said)| (method.to_uppercase(), path.clone(), said))
        })
        .collect()
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_known_tag() {
    let document = document();
    let tags = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]);
    let tags: Vec<_> = tags.collect();
    let mut names = BTreeSet::new();
    for (method, path, said) in operations(&document) {
        let name = said["operationId"].as_str().expect("a name");
        assert!(names.insert(name), "{method} {path}: {name} is there twice");
        assert!(
            name.starts_with(|letter: char| letter.is_ascii_lowercase()),
            "{method} {path}: {name}"
        );
        assert!(
            said["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{method} {path}: begin its documentation with a sentence"
        );
        let [tag] = said["tags"].as_array().expect("tags").as_slice() else {
            panic!("{method} {path} has one tag")
        };
        assert!(tags.contains(&tag), "{method} {path}: describe {tag} in functions/src/openapi.rs");
    }
}

#[test]
fn the_document_names_its_servers_and_no_type_of_content_is_open() {
    let document = document();
    let servers = document["servers"].as_array().expect("servers").iter();
    let servers: Vec<_> = servers.map(|server| server["url"].as_str().expect("a URL")).collect();
    assert_eq!(servers, ["/", "http://127.0.0.1:3000"]);
    for (method, path, said) in operations(&document) {
        let responses = said["responses"].as_object().expect("responses").values();
        for content in responses.chain([&said["requestBody"]]).map(|it| &it["content"]) {
            for content_type in content.as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(!content_type.contains('*'), "{method} {path}: {content_type}");
            }
        }
    }
}

#[test]
fn the_pages_of_the_console_are_not_for_clients() {
    let document = document();
    let console = operations(&document).into_iter().filter(|(_, path, _)| path.contains("console"));
    let console: Vec<_> = console.map(|(method, path, _)| (method, path)).collect();
    assert_eq!(console, [("GET".to_owned(), "/console/config.json".to_owned())]);
}

/// The lists in answers that always come whole.
const WHOLE: [&str; 4] = [
    "GET /organizations/{organizationId}/users/{userId}/roles: 200",
    "GET /users/{userId}/join-requests: 200",
    "GET /users/{userId}/organizations: 200",
    "GET /users/{userId}/removals: 200",
];

#[test]
fn each_value_states_its_limits() {
    let document = document();
    let mut lacking = Vec::new();
    for (method, path, said) in operations(&document) {
        let route = format!("{method} {path}");
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            let place = format!("{route}: {}", parameter["name"]);
            lacks(&document, &parameter["schema"], place, true, &mut lacking);
        }
        for (_, content) in said["requestBody"]["content"].as_object().into_iter().flatten() {
            lacks(&document, &content["schema"], route.clone(), true, &mut lacking);
        }
        for (status, response) in said["responses"].as_object().expect("responses") {
            let place = format!("{route}: {status}");
            for (name, header) in response["headers"].as_object().into_iter().flatten() {
                let place = format!("{place} {name}");
                lacks(&document, &header["schema"], place, false, &mut lacking);
            }
            for (_, content) in response["content"].as_object().into_iter().flatten() {
                lacks(&document, &content["schema"], place.clone(), false, &mut lacking);
            }
        }
    }
    lacking.retain(|place| !WHOLE.contains(&place.as_str()));
    assert_eq!(lacking, Vec::<String>::new());
}

/// Adds the places where a schema does not limit a value. Every text of a request has a largest
/// length, and a form if it is not free text.
fn lacks(document: &Value, schema: &Value, place: String, asked: bool, lacking: &mut Vec<String>) {
    let has = |name: &str| !schema[name].is_null();
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).expect("a schema of the document");
        return lacks(document, target, place, asked, lacking);
    }
    let parts = ["oneOf", "allOf", "anyOf"].iter().filter_map(|several| schema[several].as_array());
    let parts: Vec<_> = parts.flatten().collect();
    for part in &parts {
        lacks(document, part, place.clone(), asked, lacking);
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or(vec![schema["type"].clone()]);
    let kind = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null");
    let is_limited = match kind {
        Some("string") if asked => has("enum") || has("maxLength"),
        Some("string") => ["enum", "maxLength", "pattern", "format"].into_iter().any(has),
        Some("integer") => has("format") && has("minimum"),
        Some("array") => has("maxItems"),
        Some("object") => has("properties") || schema["additionalProperties"] == true,
        Some("boolean") => true,
        _ => !parts.is_empty() || kinds == ["null"],
    };
    if !is_limited {
        lacking.push(place.clone());
    }
    if has("items") {
        lacks(document, &schema["items"], format!("{place}[]"), asked, lacking);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        lacks(document, property, format!("{place} {name}"), asked, lacking);
    }
}

#[test]
fn limits_that_are_written_at_a_field_are_those_of_the_code() {
    let document = document();
    let limit = |place: &str| {
        let pointer = format!("/components/schemas/{place}");
        document.pointer(&pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{place}"))
    };
    let cut = problem::LONGEST_DETAIL + 1;
    for (place, expected) in [
        ("Problem/properties/detail/maxLength", cut),
        ("Problem/properties/message/maxLength", cut),
        ("Problem/properties/errors/maxItems", problem::MOST_VIOLATIONS),
        ("ProblemError/properties/detail/maxLength", cut),
        ("ProblemError/properties/pointer/maxLength", problem::LONGEST_POINTER),
        ("Member/properties/organizationRoles/maxItems", OrganizationRole::MOST_IN_A_LIST),
        (
            "UserOrganization/properties/organizationRoles/maxItems",
            OrganizationRole::MOST_IN_A_LIST,
        ),
        (
            "OrganizationPreview/properties/organizationRoles/maxItems",
            OrganizationRole::MOST_IN_A_LIST,
        ),
        (
            "CreatedUser/allOf/1/properties/organizations/maxItems",
            RuleList::MOST_ORGANIZATIONS * (User::MOST_PROVIDERS + Facts::MOST_DOMAINS),
        ),
        // A preview also shows as many whose domain is not proven.
        (
            "Preview/properties/organizations/maxItems",
            2 * RuleList::MOST_ORGANIZATIONS * (1 + Facts::MOST_DOMAINS),
        ),
    ] {
        assert_eq!(limit(place), expected as u64, "{place}");
    }
    let checks = &document["components"]["schemas"]["CheckOutcome"]["properties"]["check"]["enum"];
    let checks = checks.as_array().expect("names").len();
    assert_eq!(limit("OrganizationPreview/properties/checks/maxItems"), checks as u64);
}

/// Schemas of texts, by name.
static TEXTS: LazyLock<HashMap<String, Validator>> = LazyLock::new(|| {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut texts: HashMap<_, _> = schemas
        .iter()
        .filter(|(_, schema)| schema["type"] == "string")
        .map(|(name, schema)| (name.clone(), validator(schema)))
        .collect();
    for (_, _, said) in operations(&document) {
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a name");
            if parameter["schema"]["type"] == "string" {
                texts.insert(name.to_owned(), validator(&parameter["schema"]));
            }
        }
    }
    texts
});

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("a schema")
}

#[test]
fn lists_that_are_always_refused_are_not_of_their_schemas() {
    let document = document();
    let assigning = |roles: Value| {
        let mut body = json!({ "userIds": ["jane"] });
        body.as_object_mut().expect("an object").extend(roles.as_object().expect("lists").clone());
        body
    };
    let (ids, names) = ("organizationRoleIds", "organizationRoleNames");
    for (schema, body, allowed) in [
        ("NewDefaultRoles", json!({ ids: [] }), false),
        ("NewDefaultRoles", json!({ ids: ["role"] }), true),
        ("RoleIds", json!({ ids: [] }), true),
        ("RoleAssignment", assigning(json!({})), false),
        ("RoleAssignment", assigning(json!({ ids: [] })), false),
        ("RoleAssignment", assigning(json!({ names: [] })), false),
        ("RoleAssignment", assigning(json!({ ids: [], names: [] })), false),
        ("RoleAssignment", assigning(json!({ ids: ["role"] })), true),
        ("RoleAssignment", assigning(json!({ names: ["Engineer"] })), true),
        ("RoleAssignment", assigning(json!({ ids: ["role"], names: [] })), true),
        ("RoleAssignment", assigning(json!({ ids: [], names: ["Engineer"] })), true),
        ("RoleAssignment", assigning(json!({ ids: ["role"], "other": 1 })), false),
        ("RoleAssignment", json!({ "userIds": [], ids: ["role"] }), false),
    ] {
        let reference = format!("#/components/schemas/{schema}");
        let whole = json!({ "$ref": reference, "components": document["components"] });
        assert_eq!(validator(&whole).is_valid(&body), allowed, "{schema}: {body}");
    }
}

#[test]
fn an_address_of_a_search_has_one_at_sign_and_nothing_to_quote() {
    for (text, allowed) in [
        ("jane@acme.example", true),
        ("o'hara+x@b\u{fc}cher.example", true),
        ("000", false),
        ("@acme.example", false),
        ("jane@", false),
        ("jane@@acme.example", false),
        ("jane@acme.example/x", false),
        ("\"jane\"@acme.example", false),
        ("jane doe@acme.example", false),
    ] {
        assert_eq!(is_of("email", text), allowed, "{text}");
    }
}

fn is_of(schema: &str, text: &str) -> bool {
    TEXTS[schema].is_valid(&json!(text))
}

/// Texts with what is rare in random ones: white space and controls of all kinds, combining marks,
/// limits of length, and the signs of addresses and tags.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \\t\\n\\x0b\\x0c\\x1c\u{85}\u{a0}\u{2003}\u{3000}\u{feff}a\u{301}]{0,6}",
        "[a-zA-Z0-9_-]{0,3}",
        "[a-z]{62,66}",
        "[a-z ]{126,130}",
        "\\PC{254,258}",
        "([a-zA-Z0-9é-]{1,3}[.。]){0,3}[a-zA-Zü0-9]{1,3}[. ]?",
        "[a-z.!#é+]{1,8}@[a-z0-9é-]{1,4}\\.[a-z]{1,3}",
        "[a-z]{60,66}@([a-z]{60}\\.){1,5}com",
        "\\PC{1,3}@\\PC?[a-z]{2}\\.com",
        "[ ,\t]{0,3}(\\*|((W/)?\"[a-z0-9 ,]{0,3}\"[ ,\t]{0,3}){0,3})[ ,\t]{0,3}",
        "(W/)?(\"[a-z0-9]\",{1,2}){98,102}\\*?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_048, ..Default::default() })]

    #[test]
    fn what_a_parser_accepts_is_of_its_schema(text in any_text()) {
        let domain = EmailDomain::normalise(&text);
        for (schema, accepted) in [
            ("Name", Name::parse(&text).is_ok()),
            ("Description", Description::parse(&text).is_ok()),
            ("EmailDomainInput", domain.is_ok()),
            ("EmailAddressInput", EmailAddress::parse(&text).is_ok()),
            ("email", EmailAddress::parse(&text).is_ok() && !text.contains('\u{fffd}')),
        ] {
            prop_assert!(!accepted || is_of(schema, &text), "{}", schema);
        }
        if let Ok(domain) = domain {
            prop_assert!(is_of("EmailDomainName", domain.as_str()));
        }
    }

    #[test]
    fn a_parser_accepts_just_what_is_of_its_schema(text in any_text()) {
        for (schema, accepted) in [
            ("OrganizationId", OrganizationId::parse(&text).is_ok()),
            ("OrganizationRoleId", OrganizationRoleId::parse(&text).is_ok()),
            ("UserId", UserId::parse(&text).is_ok()),
            ("NewUsername", User::check_user_name(&text).is_ok()),
        ] {
            prop_assert_eq!(is_of(schema, &text), accepted, "{}", schema);
        }
        if HeaderValue::from_str(&text).is_ok() {
            let accepted = if_match(&[text.as_bytes()]).is_ok();
            prop_assert_eq!(is_of("If-Match", &text), accepted);
        }
        // A composed text can be longer than the one that was sent.
        let too_long = TextError::TooLong { longest: Description::LONGEST };
        let described = Description::parse(&text);
        prop_assert!(!is_of("Description", &text) || described.is_ok() || described == Err(too_long));
        // Earlier releases have stored names with separators of lines, so answers may have them.
        let control = matches!(Name::parse(&text), Err(TextError::ControlCharacter(c)) if c.is_control());
        prop_assert!(!is_of("Name", &text) || !control);
    }
}
