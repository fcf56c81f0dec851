//! Names and descriptions, in creations and changes

use serde_json::json;

use super::bare;
use crate::support::{START, World, assert_is};

#[tokio::test]
async fn names_are_composed_and_without_white_space_around_them() {
    let world = World::new().await;
    let repeated = |text: &str| text.repeat(128);
    for (name, kept) in [
        ("A", "A".to_owned()),
        ("#", "#".to_owned()),
        (" \t Acme  Inc. \r\n", "Acme  Inc.".to_owned()),
        ("\u{3000}Acme\u{a0}\u{85}", "Acme".to_owned()),
        ("A\u{30a}ngstro\u{308}m", "Ångström".to_owned()),
        ("\u{212b}", "Å".to_owned()),
        ("\u{ac00}\u{11a8}", "각".to_owned()),
        (&repeated("x"), repeated("x")),
        (&"e\u{301}".repeat(64), "é".repeat(64)),
        (&repeated("😀"), repeated("😀")),
        ("می\u{200c}خواهم", "می\u{200c}خواهم".to_owned()),
        ("👩\u{200d}💻", "👩\u{200d}💻".to_owned()),
        ("שלום", "שלום".to_owned()),
        // Folded, these become longer.
        (&repeated("ᾷ"), repeated("ᾷ")),
        (&repeated("ﬃ"), repeated("ﬃ")),
        (&format!(" {} ", "ß".repeat(126)), "ß".repeat(126)),
    ] {
        let created = world.post("/organizations", &json!({ "name": name })).await;
        let id = created.body["id"].as_str().unwrap_or_default();
        assert_is(&created, 201, &bare(id, &kept));
        let path = format!("/organizations/{id}");
        assert_is(&world.get(&path).await, 200, &bare(id, &kept));

        world.patch(&path, &json!({ "name": "x" })).await;
        let renamed = world.patch(&path, &json!({ "name": name })).await;
        assert_is(&renamed, 200, &bare(id, &kept));
    }
}

#[tokio::test]
async fn unacceptable_names_are_refused_and_nothing_changes() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;
    let too_long = "it is too long: send at most 128 characters";
    let empty = "it is empty: send at least one visible character";
    let control =
        |number: &str| format!("it contains the control character U+{number}: send it without");
    let invisible =
        |number: &str| format!("it contains the invisible character U+{number}: send it without");
    for (name, reason) in [
        (String::new(), empty.to_owned()),
        ("   ".to_owned(), empty.to_owned()),
        ("\u{3000}\u{2003}\t\r\n".to_owned(), empty.to_owned()),
        ("x".repeat(129), too_long.to_owned()),
        ("é".repeat(129), too_long.to_owned()),
        ("e\u{301}".repeat(65), too_long.to_owned()),
        (format!(" {}", "x".repeat(128)), too_long.to_owned()),
        ("x".repeat(500_000), too_long.to_owned()),
        ("a\0b".to_owned(), control("0000")),
        ("a\nb".to_owned(), control("000A")),
        ("a\tb".to_owned(), control("0009")),
        ("\u{1b}[31mred".to_owned(), control("001B")),
        ("a\u{7f}".to_owned(), control("007F")),
        ("a\u{85}b".to_owned(), control("0085")),
        ("\u{9f}".to_owned(), control("009F")),
        ("a\u{2028}b".to_owned(), control("2028")),
        ("\u{200b}".to_owned(), empty.to_owned()),
        ("\u{2800}\u{3164}".to_owned(), empty.to_owned()),
        ("Ac\u{200b}me".to_owned(), invisible("200B")),
        ("Acme \u{202e}moc.live".to_owned(), invisible("202E")),
        ("Acme\u{200e}".to_owned(), invisible("200E")),
        ("Ac\u{200d}me".to_owned(), invisible("200D")),
        ("Acme\u{fe0f}".to_owned(), invisible("FE0F")),
    ] {
        for answer in [
            world.post("/organizations", &json!({ "name": name })).await,
            world.patch("/organizations/acme", &json!({ "name": name })).await,
        ] {
            assert_eq!(
                answer.problem(422, "name.invalid"),
                format!("the name cannot be accepted, because {reason}")
            );
            assert_eq!(answer.errors(), [("/name", "name.invalid")]);
        }
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn descriptions_are_kept_changed_and_cleared() {
    let world = World::new().await;
    world.organization("acme").await;
    let longest = "ü".repeat(256);
    for (description, kept) in [
        (json!("Anvils"), json!("Anvils")),
        (json!(""), json!("")),
        (json!(" \n "), json!("")),
        (json!(null), json!(null)),
        (json!(" two\r\nlines\tand a tab "), json!("two\r\nlines\tand a tab")),
        (json!("u\u{308}".repeat(128)), json!("ü".repeat(128))),
        (json!(longest), json!(longest)),
    ] {
        let mut entity = bare("acme", "acme");
        entity["description"] = kept.clone();
        let changes = json!({ "description": description });
        assert_is(&world.patch("/organizations/acme", &changes).await, 200, &entity);
        assert_is(&world.get("/organizations/acme").await, 200, &entity);

        let creation = json!({ "name": "x", "description": description });
        let created = world.post("/organizations", &creation).await;
        assert_eq!((created.status.as_u16(), &created.body["description"]), (201, &kept));
    }
}

#[tokio::test]
async fn unacceptable_descriptions_are_refused_and_nothing_changes() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;
    for description in [
        &*"x".repeat(257),
        &"ü".repeat(257),
        &"u\u{308}".repeat(129),
        "a\0b",
        "a\u{b}b",
        "\u{7f}",
        "a\u{202e}b",
    ] {
        for answer in [
            world.post("/organizations", &json!({ "name": "x", "description": description })).await,
            world.patch("/organizations/acme", &json!({ "description": description })).await,
        ] {
            answer.problem(422, "description.invalid");
            assert_eq!(answer.errors(), [("/description", "description.invalid")]);
        }
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn texts_of_an_earlier_release_stay_readable() {
    let world = World::new().await;
    let (name, description) = ("Ac\u{200b}me\u{202e}", "\u{202e}x");
    let item = json!({
        "pk": "ORG#old",
        "sk": "ORG",
        "name": name,
        "description": description,
        "createdAt": START,
        "jitRoles": { "ids": [], "version": 1 },
        "gsi1pk": "ORGS",
        "gsi1sk": format!("{}\told", name.to_lowercase()),
    });
    world.put_plain(&item).await;
    let mut entity = bare("old", name);
    entity["description"] = json!(description);

    assert_is(&world.get("/organizations/old").await, 200, &entity);
    assert_is(&world.get("/organizations").await, 200, &json!([entity]));
    assert_is(&world.get("/organizations?q=Ac%E2%80%8BM").await, 200, &json!([entity]));
    entity["description"] = json!("y");
    let changes = json!({ "description": "y" });
    assert_is(&world.patch("/organizations/old", &changes).await, 200, &entity);
    entity["name"] = json!("Acme");
    let changes = json!({ "name": "Acme" });
    assert_is(&world.patch("/organizations/old", &changes).await, 200, &entity);
}
