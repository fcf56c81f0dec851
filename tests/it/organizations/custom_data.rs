//! Custom data, in creations and changes

use axum::http::Method;
use serde_json::{Value, json};

use super::bare;
use crate::support::{START, World, assert_is, json_event};

/// The text of an answer's body, through the function's own event: parsing would change it.
async fn body_text(world: &World, method: Method, path: &str, body: Option<&str>) -> String {
    let answer = world.invoke("organizations", &json_event(&method, path, body)).await;
    answer["body"].as_str().expect("text").to_owned()
}

/// Nothing that parses and prints JSON would leave this as it is.
const LETTER: &str = concat!(
    r#"{ "z":1,"a" : [1e999, -0, 1.50, 12345678901234567890123456789.10],"#,
    r#" "text":"\u00e9\/é", "a":null, "": {} }"#
);

#[tokio::test]
async fn custom_data_is_kept_to_the_letter() {
    let world = World::new().await;
    let entity = format!(
        r#"{{"id":"acme","name":"Acme","description":null,"customData":{LETTER},"createdAt":"{START}"}}"#
    );

    let body = format!(r#"{{"id":"acme","name":"Acme","customData":  {LETTER}  }}"#);
    assert_eq!(body_text(&world, Method::POST, "/organizations", Some(&body)).await, entity);
    assert_eq!(body_text(&world, Method::GET, "/organizations/acme", None).await, entity);
    assert_eq!(body_text(&world, Method::PATCH, "/organizations/acme", Some("{}")).await, entity);
    assert_eq!(body_text(&world, Method::GET, "/organizations", None).await, format!("[{entity}]"));

    world.patch("/organizations/acme", &json!({ "customData": { "other": 1 } })).await;
    let body = format!(r#"{{"customData":{LETTER}}}"#);
    assert_eq!(body_text(&world, Method::PATCH, "/organizations/acme", Some(&body)).await, entity);
}

#[tokio::test]
async fn custom_data_is_replaced_whole_and_only_where_it_is_given() {
    let world = World::new().await;
    let body = json!({ "id": "acme", "name": "Acme", "customData": { "a": 1, "b": 2 } });
    world.post("/organizations", &body).await;

    for (changes, custom_data) in [
        (json!({ "name": "Acme" }), json!({ "a": 1, "b": 2 })),
        (json!({ "customData": { "b": { "c": [3] } } }), json!({ "b": { "c": [3] } })),
        (json!({ "customData": {} }), json!({})),
    ] {
        let mut entity = bare("acme", "Acme");
        entity["customData"] = custom_data;
        assert_is(&world.patch("/organizations/acme", &changes).await, 200, &entity);
        assert_is(&world.get("/organizations/acme").await, 200, &entity);
    }
}

#[tokio::test]
async fn only_objects_are_accepted() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;
    for custom_data in [json!(null), json!([]), json!("{}"), json!(1), json!(true)] {
        for answer in [
            world.post("/organizations", &json!({ "name": "x", "customData": custom_data })).await,
            world.patch("/organizations/acme", &json!({ "customData": custom_data })).await,
        ] {
            answer.problem(422, "custom_data.not_an_object");
            let errors = [("/customData", "custom_data.not_an_object")];
            assert_eq!(answer.errors(), errors, "{custom_data}");
        }
    }
    assert_eq!(world.items().await, before);
}

/// An object whose text has so many bytes.
fn of_size(bytes: usize) -> Value {
    json!({ "é": "x".repeat(bytes - r#"{"é":""}"#.len()) })
}

#[tokio::test]
async fn custom_data_of_eight_kilobytes_fits_and_no_more() {
    let world = World::new().await;
    world.organization("acme").await;

    let largest = of_size(8192);
    assert_eq!(largest.to_string().len(), 8192);
    let answer = world.patch("/organizations/acme", &json!({ "customData": largest })).await;
    assert_eq!((answer.status.as_u16(), &answer.body["customData"]), (200, &largest));
    let before = world.items().await;

    for custom_data in [of_size(8193), of_size(900_000)] {
        for answer in [
            world.post("/organizations", &json!({ "name": "x", "customData": custom_data })).await,
            world.patch("/organizations/acme", &json!({ "customData": custom_data })).await,
        ] {
            assert_eq!(
                answer.problem(422, "custom_data.too_large"),
                "the custom data cannot be accepted, because it is too large: send at most \
                 8192 bytes of JSON text"
            );
        }
    }
    assert_eq!(world.items().await, before);
}

/// An object with so many levels, itself the first.
fn of_depth(levels: usize) -> String {
    let (open, close) = (r#"{"[\"]":["#, "]}");
    let pairs = levels / 2;
    let innermost = if levels % 2 == 1 { "{}" } else { r#""[[[[""# };
    format!("{}{innermost}{}", open.repeat(pairs), close.repeat(pairs))
}

#[tokio::test]
async fn custom_data_of_thirty_two_levels_fits_and_no_deeper() {
    let world = World::new().await;
    world.organization("acme").await;
    let patch = |levels: usize| {
        let body = format!(r#"{{"customData": {}}}"#, of_depth(levels));
        let ask = world.ask(Method::PATCH, "/organizations/acme");
        ask.header("content-type", "application/json").raw(body).send()
    };

    for levels in [2, 31, 32] {
        let answer = patch(levels).await;
        let kept: Value = serde_json::from_str(&of_depth(levels)).expect("JSON");
        assert_eq!((answer.status.as_u16(), &answer.body["customData"]), (200, &kept));
    }
    let before = world.items().await;
    for levels in [33, 34, 200, 1_000] {
        let answer = patch(levels).await;
        assert_eq!(
            answer.problem(422, "custom_data.too_deep"),
            "the custom data cannot be accepted, because it is nested too deeply: send at \
             most 32 levels of objects and arrays"
        );
        assert_eq!(answer.errors(), [("/customData", "custom_data.too_deep")]);
    }
    patch(80_000).await.problem(422, "custom_data.too_large");
    let unclosed = format!(r#"{{"customData": {}"#, "[".repeat(1_000_000));
    let ask = world.ask(Method::PATCH, "/organizations/acme");
    let answer = ask.header("content-type", "application/json").raw(unclosed).send().await;
    answer.problem(400, "request.malformed_json");
    assert_eq!(world.items().await, before);
}
