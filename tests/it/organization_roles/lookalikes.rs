//! Names that people cannot tell apart

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PATH, assert_name_in_use, at, consistent_names, entity};
use crate::support::{World, assert_is};

/// Stores a role as releases did that kept only folded names unique.
async fn stored_earlier(world: &World, id: &str, name: &str, folded: &str) {
    let role = json!({
        "pk": "ROLE",
        "sk": format!("ROLE#{id}"),
        "name": name,
        "createdAt": "2025-01-01T00:00:00.000Z",
    });
    world.put_plain(&role).await;
    let reserved = json!({ "pk": format!("ROLENAME#{folded}"), "sk": "ROLENAME", "roleId": id });
    world.put_plain(&reserved).await;
}

/// A world with two roles of an earlier release whose names look alike: the first letter of
/// [`CYRILLIC`]'s name is Cyrillic.
async fn with_twins() -> World {
    let world = World::new().await;
    stored_earlier(&world, LATIN, "Admin", "admin").await;
    stored_earlier(&world, CYRILLIC, "Аdmin", "аdmin").await;
    world.put_plain(&json!({ "pk": "ROLE", "sk": "COUNT", "count": 2 })).await;
    world
}

const LATIN: &str = "role_latin";
const CYRILLIC: &str = "role_cyrillic";

fn earlier(id: &str, name: &str) -> Value {
    let mut entity = entity(id, name);
    entity["createdAt"] = json!("2025-01-01T00:00:00.000Z");
    entity
}

#[tokio::test]
async fn names_that_look_alike_are_one_name_and_nothing_changes() {
    for (name, alike) in [
        (
            "Admin",
            &[
                // Cyrillic, Greek, wide and mathematical letters.
                "Аdmin",
                "АDMIN",
                "аdmin",
                "Αdmin",
                "Admіn",
                "ADMІN",
                "Ａｄｍｉｎ",
                "𝐀𝐝𝐦𝐢𝐧",
                "Ⓐⓓⓜⓘⓝ",
                "Admın",
                "Admi\u{307}n",
                "Admı\u{307}n",
                "ADM\u{130}N",
            ][..],
        ),
        (
            "Site Admin",
            &[
                "Site  Admin",
                "site\u{a0}admin",
                "Site\u{3000}Admin",
                "Site\u{2009}\u{2009}admin",
                "Site\u{2800}Admin",
            ],
        ),
        ("Office", &["Oﬃce", "Ofﬁce", "ОFFICE"]),
        ("Νew", &["New", "NEW"]),
        ("❤", &["❤\u{fe0f}", "❤\u{fe0e}"]),
        ("کتابها", &["کتاب\u{200c}ها", "كتابها"]),
        ("Level 2", &["Level ２", "Lеvеl 𝟐"]),
        ("scope", &["ѕсоре"]),
        // A dot on a letter that has one.
        ("Project j\u{323}", &["Proj\u{307}ect j\u{323}", "Project j\u{323}\u{307}"]),
        // Characters for which UTS 39 has another prototype than the ASCII character.
        ("Level 0", &["Level \u{9e6}", "Level \u{966}", "Level \u{3007}"]),
        ("Level 10", &["Level \u{661}0", "Level \u{6f1}\u{ce6}"]),
        ("A|B", &["A\u{2223}B", "A\u{1c0}B", "A\u{2502}B", "A｜B", "A\u{5c0}B"]),
        ("Team \"A\"", &["Team \u{2ba}A\u{2ba}", "Team \u{5f4}A\u{5f4}", "Team ″A”"]),
        ("O'Brien", &["O´Brien", "O’Brien", "Oʼbrien", "O\u{384}Brien"]),
        ("a`b", &["a\u{2cb}b", "a\u{2f4}b"]),
        ("A,C", &["A¸C"]),
        ("A:C", &["A︰C", "A\u{2236}C"]),
        ("C-3", &["\u{3f2}-3"]),
        ("100%", &["100\u{66a}", "100％"]),
    ] {
        let world = World::new().await;
        let id = world.role(name).await;
        let other = world.role("Other").await;
        let before = world.items().await;
        for alike in alike {
            let kept = alike.trim();
            assert_name_in_use(&world.post(PATH, &json!({ "name": alike })).await, kept);
            assert_name_in_use(&world.patch(&at(&other), &json!({ "name": alike })).await, kept);
        }
        assert_eq!(world.items().await, before, "{name}");

        // The role itself may have each of them, and another one may have none afterwards.
        for alike in alike {
            let renamed = world.patch(&at(&id), &json!({ "name": alike })).await;
            assert_is(&renamed, 200, &entity(&id, alike));
            assert_name_in_use(&world.post(PATH, &json!({ "name": name })).await, name);
            consistent_names(&world.items().await);
        }
        assert_eq!(world.delete(&at(&id)).await.status, 204);
        world.role(name).await;
        assert_eq!(consistent_names(&world.items().await).len(), 2);
    }
}

#[tokio::test]
async fn names_that_people_can_tell_apart_are_different() {
    let world = World::new().await;
    let names = [
        "Modern",
        "Modem",
        "Level 1",
        "Level I",
        "Level l",
        "Group O",
        "Group 0",
        "Group |",
        "Group '",
        "Group `",
        "Group \"",
        "Uber",
        "Über",
        "Site Admin",
        "SiteAdmin",
        "Разработчик",
        "Mädchen",
        "Madchen",
        "C",
        "C#",
        "C++",
        "分析",
        "میخواهم",
        "שלום",
        "مدير",
        "🏴",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "👩‍💻",
        "👩‍🚀",
        "👩💻",
    ];
    for name in names {
        world.role(name).await;
    }
    assert_eq!(consistent_names(&world.items().await).len(), names.len());
}

#[tokio::test]
async fn of_many_creators_of_names_that_look_alike_at_once_exactly_one_wins() {
    let world = World::new().await;
    let bodies = ["Admin", "Аdmin", "Ａdmin", "Admіn"].map(|name| json!({ "name": name }));

    let answers = join_all(bodies.iter().map(|body| world.post(PATH, body))).await;

    let mut statuses = answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422]);
    assert_eq!(consistent_names(&world.items().await).len(), 1);
}

#[tokio::test]
async fn a_name_like_one_of_an_earlier_release_is_refused() {
    let world = World::new().await;
    stored_earlier(&world, CYRILLIC, "Аdmin", "аdmin").await;
    world.put_plain(&json!({ "pk": "ROLE", "sk": "COUNT", "count": 1 })).await;
    let before = world.items().await;

    for name in ["Admin", "ADMIN", "аdmin"] {
        assert_name_in_use(&world.post(PATH, &json!({ "name": name })).await, name);
    }

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn twins_of_an_earlier_release_stay_readable_and_can_be_changed() {
    let world = with_twins().await;
    let both = json!([earlier(LATIN, "Admin"), earlier(CYRILLIC, "Аdmin")]);
    assert_is(&world.get(PATH).await, 200, &both);

    for (id, name, other_case) in [(LATIN, "Admin", "ADMIN"), (CYRILLIC, "Аdmin", "АDMIN")] {
        let mut described = earlier(id, name);
        described["description"] = json!("x");
        let changes = json!({ "name": name, "description": "x" });
        assert_is(&world.patch(&at(id), &changes).await, 200, &described);
        described["name"] = json!(other_case);
        assert_is(&world.patch(&at(id), &json!({ "name": other_case })).await, 200, &described);
        consistent_names(&world.items().await);
    }
}

#[tokio::test]
async fn a_deleted_or_renamed_twin_of_an_earlier_release_frees_only_its_own_name() {
    for (gone, left) in [(LATIN, CYRILLIC), (CYRILLIC, LATIN)] {
        for rename in [true, false] {
            let world = with_twins().await;
            if rename {
                let answer = world.patch(&at(gone), &json!({ "name": "Boss" })).await;
                assert_is(&answer, 200, &earlier(gone, "Boss"));
            } else {
                assert_eq!(world.delete(&at(gone)).await.status, 204);
            }
            for name in ["Admin", "Аdmin"] {
                assert_name_in_use(&world.post(PATH, &json!({ "name": name })).await, name);
            }
            consistent_names(&world.items().await);

            assert_eq!(world.delete(&at(left)).await.status, 204);
            world.role("Аdmin").await;
            assert_name_in_use(&world.post(PATH, &json!({ "name": "Admin" })).await, "Admin");
            consistent_names(&world.items().await);
        }
    }
}

#[tokio::test]
async fn a_name_that_would_be_refused_today_stays_readable_and_can_be_changed() {
    let name = "Ad\u{200b}min\u{202e}";
    let world = World::new().await;
    stored_earlier(&world, "role_old", name, name.to_lowercase().as_str()).await;
    world.put_plain(&json!({ "pk": "ROLE", "sk": "COUNT", "count": 1 })).await;
    let path = at("role_old");

    assert_is(&world.get(&path).await, 200, &earlier("role_old", name));
    assert_name_in_use(&world.post(PATH, &json!({ "name": "Admin" })).await, "Admin");
    let mut described = earlier("role_old", name);
    described["description"] = json!("x");
    assert_is(&world.patch(&path, &json!({ "description": "x" })).await, 200, &described);
    described["name"] = json!("Admin");
    assert_is(&world.patch(&path, &json!({ "name": "Admin" })).await, 200, &described);
    consistent_names(&world.items().await);
}

#[tokio::test]
async fn the_longest_ligatures_fit_into_a_key() {
    let world = World::new().await;
    let name = "\u{fdfa}".repeat(128);
    let id = world.role(&name).await;

    assert_name_in_use(&world.post(PATH, &json!({ "name": name })).await, &name);

    assert_is(&world.get(&at(&id)).await, 200, &entity(&id, &name));
}
