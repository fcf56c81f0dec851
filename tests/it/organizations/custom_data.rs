//! Custom data, in creations and changes

use axum::http::Method;
use serde_json::{Value, json};

use super::bare;
use crate::support::{START, World, assert_is, json_event, refused};

/// The text of an answer's body, through the function's own event: parsing would change it.
async fn body_text(world: &World, method: Method, path: &str, body: Option<&str>) -> String {
    let answer = world.invoke("organizations", &json_event(&method, path, body)).await;
    answer["body"].as_str().expect("text").to_owned()
}

/// Nothing that parses and prints JSON would leave this as it is.
const LETTER: &str = concat!(
    r#"{ "z":1,"a" : [9007199254740993, 1E+3, -0, 1.50, 1e-400, 12345678901234567890.10],"#,
    r#" "text":"\u00e9\/é\ud83d\uDE00\u0000", "A":null, "": {} }"#
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

#[tokio::test]
async fn what_common_parsers_refuse_or_read_differently_is_refused_with_its_place() {
    const HALF: (&str, &str) = (
        "custom_data.lone_surrogate",
        "a text in it has a lone surrogate, which is half a character: send whole characters",
    );
    const LARGE: (&str, &str) = (
        "custom_data.number_too_large",
        "a number in it is too large for a double (1.8e308) or has more than 1000 characters: \
         send it as a string",
    );
    const TWICE: (&str, &str) = (
        "custom_data.repeated_name",
        "an object in it has two members with this name: send each name once",
    );
    let long = format!(r#"{{"a": 0.{}}}"#, "1".repeat(999));
    let table = [
        (r#"{"a": "\ud800"}"#, "/a", HALF),
        (r#"{"a": "\uDBFF"}"#, "/a", HALF),
        (r#"{"a": "\udc00"}"#, "/a", HALF),
        (r#"{"a": "x\udfff"}"#, "/a", HALF),
        (r#"{"a": "\udc00\ud800"}"#, "/a", HALF),
        (r#"{"a": "\ud800\ud800\udc00"}"#, "/a", HALF),
        (r#"{"a": "\ud800x\udc00"}"#, "/a", HALF),
        (r#"{"a": "\ud800\\udc00"}"#, "/a", HALF),
        (r#"{"a": [1, {"b/c": ["x", "\ud800"]}]}"#, "/a/1/b~1c/1", HALF),
        (r#"{"\ud800": 1}"#, "", HALF),
        (r#"{"a": {"x": 1, "\udc00": 1}}"#, "/a", HALF),
        (r#"{"a": 1e400}"#, "/a", LARGE),
        (r#"{"a": -1E+309}"#, "/a", LARGE),
        (r#"{"a": 1.7976931348623159e308}"#, "/a", LARGE),
        (r#"{"a~": {"": [0, 1e999]}}"#, "/a~0//1", LARGE),
        (&long, "/a", LARGE),
        (r#"{"a": 1, "b": 2, "a": 1}"#, "/a", TWICE),
        (r#"{"a": 1, "\u0061": 1}"#, "/a", TWICE),
        (r#"{"x": [{"": 1, "": 1}]}"#, "/x/0/", TWICE),
    ];
    let world = World::new().await;
    world.organization("acme").await;
    for (custom_data, place, (code, reason)) in table {
        for (method, path, body) in [
            (
                Method::POST,
                "/organizations",
                format!(r#"{{"name": "a", "customData": {custom_data}}}"#),
            ),
            (Method::PATCH, "/organizations/acme", format!(r#"{{"customData": {custom_data}}}"#)),
        ] {
            let ask = world.ask(method, path).header("content-type", "application/json");
            let answer = refused(&world, ask.raw(body)).await;
            assert_eq!(
                answer.problem(422, code),
                format!("the custom data cannot be accepted, because {reason}"),
                "{custom_data}"
            );
            assert_eq!(answer.errors(), [(&*format!("/customData{place}"), code)], "{custom_data}");
        }
    }
}

#[tokio::test]
async fn what_all_parsers_read_is_kept() {
    let longest = format!(r#"{{"a":0.{}}}"#, "1".repeat(998));
    let world = World::new().await;
    world.organization("acme").await;
    for custom_data in [
        r#"{"a":"\ud83d\ude00","b":"\\ud800","c":"\u0000\ufffd\uffff","d":"\"\\"}"#,
        r#"{"a":9007199254740993,"b":1.7976931348623157e308,"c":0e999,"d":-0,"e":1e-999}"#,
        r#"{"a":{"a":{"a":1}},"A":1,"":1,"__proto__":1," a":1}"#,
        &longest,
    ] {
        let body = format!(r#"{{"customData":{custom_data}}}"#);
        let path = "/organizations/acme";
        let answer = body_text(&world, Method::PATCH, path, Some(&body)).await;
        assert!(answer.contains(custom_data), "{answer}");
        assert!(body_text(&world, Method::GET, path, None).await.contains(custom_data));
    }
}

/// An earlier release stored custom data that this one refuses.
#[tokio::test]
async fn custom_data_that_is_stored_already_is_answered_in_a_form_that_all_parsers_read() {
    let nested = |levels: usize, innermost: &str| {
        format!("{}{innermost}{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
    };
    // At the last level, an object or array is a string of its JSON text.
    let text = |json: &str| Value::from(json).to_string();
    let deep = |levels: usize| (nested(levels, "1"), nested(32, &text(&nested(levels - 32, "1"))));
    let [(deep_33, text_33), (deep_200, text_200), (deep_400, text_400)] = [33, 200, 400].map(deep);
    let below = r#"[ "\"]}\\", {"\ud800":[1e400]}, [] ]"#;
    let (mixed, mixed_text) = (
        nested(31, &format!("[{{}}, {below} ,[], 7]")),
        nested(31, &format!(r#"["{{}}", {} ,"[]", 7]"#, text(below))),
    );
    let deepest = nested(32, "1");
    let table = [
        (r#"{"a":"\ud800"}"#, r#"{"a":"\ufffd"}"#),
        (
            r#"{ "a": "\uDFFF\uD800x\uD83D\uDE00\\ud800\"" }"#,
            r#"{ "a": "\ufffd\ufffdx\uD83D\uDE00\\ud800\"" }"#,
        ),
        (r#"{"\ud800":"\n\\"}"#, r#"{"\ufffd":"\n\\"}"#),
        (
            r#"{"a":[1e400,-1E+999, 9007199254740993,-0]}"#,
            r#"{"a":["1e400","-1E+999", 9007199254740993,-0]}"#,
        ),
        (r#"{"1e400":"-1e400","b":1e400}"#, r#"{"1e400":"-1e400","b":"1e400"}"#),
        (&deepest, &deepest),
        (&deep_33, &text_33),
        (&deep_200, &text_200),
        (&deep_400, &text_400),
        (&mixed, &mixed_text),
        (r#"{"\ud800":1,"\udc00":2}"#, r#"{"\ufffd":1,"\ufffd\ufffd":2}"#),
        (
            r#"{"\ud800" : 1, "\ud800":"\ud800", "\ufffd":3, "�\ufffd":{"\ud800":"\ufffd"}}"#,
            r#"{"\ufffd\ufffd\ufffd" : 1, "\ufffd\ufffd\ufffd\ufffd":"\ufffd", "\ufffd":3, "�\ufffd":{"\ufffd":"\ufffd"}}"#,
        ),
        (
            r#"{"x":[{"a\ud800":["\ud800","\udc00"],"a\udc00":{"a\ufffd":1}}],"a\udc00":{}}"#,
            r#"{"x":[{"a\ufffd":["\ufffd","\ufffd"],"a\ufffd\ufffd":{"a\ufffd":1}}],"a\ufffd":{}}"#,
        ),
        // Parsers agree about names that were equal already.
        (r#"{"a":1,"a":2,"\ud800":3}"#, r#"{"a":1,"a":2,"\ufffd":3}"#),
    ];
    let world = World::new().await;
    world.organization("acme").await;
    world.organization("other").await;
    for (stored, answered) in table {
        world.put_plain(&json!({ "pk": "ORG#acme", "sk": "CUSTOM_DATA", "json": stored })).await;

        let acme = entity_with(answered);
        assert_eq!(body_text(&world, Method::GET, "/organizations/acme", None).await, acme);
        let page = body_text(&world, Method::GET, "/organizations", None).await;
        assert!(page.starts_with(&format!("[{acme},")), "{page}");
        serde_json::from_str::<Value>(&page).expect("a strict parser reads it");
        // A change of something else changes nothing of it.
        let renamed = body_text(&world, Method::PATCH, "/organizations/acme", Some("{}")).await;
        assert_eq!(renamed, acme);
        assert_eq!(world.item("ORG#acme", "CUSTOM_DATA").await["json"], json!(stored));
    }
}

fn entity_with(custom_data: &str) -> String {
    format!(
        r#"{{"id":"acme","name":"acme","description":null,"customData":{custom_data},"createdAt":"{START}"}}"#
    )
}
