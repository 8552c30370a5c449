//! Groups and further claims of people.

use serde_json::{Value, json};
use sigstead_oidc::{EmailAddress, Error, GroupChange, Password, ProfileChange};

use crate::world::{self, World};

async fn change(world: &World, add: &[&str], remove: &[&str]) {
    let words = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let change = ProfileChange {
        add_groups: words(add),
        remove_groups: words(remove),
        set_claims: [("employee".to_owned(), "4711".to_owned())].into(),
        ..ProfileChange::default()
    };
    let alice = EmailAddress::parse("alice@example.com").unwrap();
    world.issuer.change_profile(alice, change).await.unwrap();
}

async fn tokens(world: &World, changed: &[(&str, &str)], secret: &[(&str, &str)]) -> Value {
    let location = world.browser().sign_in(changed).await;
    let code = &world::parameters(&location)["code"];
    let answer = world.redeem(code, &[changed, secret].concat()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn tokens_name_groups_to_clients_that_ask_and_further_claims_to_all() {
    let world = World::new().await;
    change(&world, &["release", "ops"], &[]).await;
    let plain = tokens(&world, &[("scope", "openid email")], &[]).await;
    let claims = world.verify(&plain["id_token"]).await;
    assert_eq!(
        (claims.get("groups"), &claims["employee"]),
        (None, &json!("4711"))
    );
    let asked = tokens(&world, &[("scope", "openid groups")], &[]).await;
    let claims = world.verify(&asked["id_token"]).await;
    assert_eq!(claims["groups"], json!(["ops", "release"]));

    let bearer = format!("Bearer {}", asked["access_token"].as_str().unwrap());
    let request = world
        .request("GET", "/userinfo")
        .header("authorization", bearer);
    let told = world.send(request, "").await.json();
    let expected = json!({
        "sub": claims["sub"], "email": "alice@example.com", "email_verified": true,
        "groups": ["ops", "release"], "employee": "4711",
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_client_may_be_told_groups_that_it_does_not_ask_for() {
    let world = World::with(|config| config.clients[0].groups = true).await;
    change(&world, &["release"], &[]).await;
    let tokens = tokens(&world, &[("scope", "openid email")], &[]).await;
    assert_eq!(
        world.verify(&tokens["id_token"]).await["groups"],
        json!(["release"])
    );
}

#[tokio::test]
async fn a_refreshed_token_has_the_groups_of_its_day() {
    let world = World::new().await;
    change(&world, &["release", "ops"], &[]).await;
    let first = tokens(&world, &[("scope", "openid groups offline_access")], &[]).await;
    change(&world, &["dev"], &["ops"]).await;
    let renewed = world
        .refresh(first["refresh_token"].as_str().unwrap())
        .await
        .json();
    let claims = world.verify(&renewed["id_token"]).await;
    assert_eq!(claims["groups"], json!(["dev", "release"]));
}

#[tokio::test]
async fn a_device_s_token_has_groups_too_and_they_survive_a_restart() {
    let world = World::with(|config| config.clients[0].groups = true).await;
    change(&world, &["release"], &[]).await;
    let world = world.restart().await;
    let device = world.start_device().await;
    let mut browser = world.browser();
    let page = world::path_of(&device["verification_uri_complete"]);
    browser.submit(&page, &page, "sign-in").await;
    let approved = browser.submit(&page, &page, "continue").await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    let tokens = world.poll(&device, &[]).await.json();
    assert_eq!(
        world.verify(&tokens["id_token"]).await["groups"],
        json!(["release"])
    );
}

#[tokio::test]
async fn only_who_is_there_has_a_profile() {
    let world = World::new().await;
    let nobody = EmailAddress::parse("nobody@example.com").unwrap();
    let refused = world
        .issuer
        .change_profile(nobody, ProfileChange::default())
        .await;
    assert!(refused.is_err());
}

fn address(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// The groups, as `name: member member`.
fn groups(world: &World) -> Vec<String> {
    let groups = world.issuer.list_groups().into_iter();
    let shown = groups.map(|group| {
        let members = group.members.iter();
        let members: String = members.map(|it| format!(" {}", it.as_str())).collect();
        format!("{}:{members}", group.name)
    });
    shown.collect()
}

#[tokio::test]
async fn a_group_changes_for_all_of_it_in_one_step() {
    let world = World::new().await;
    for name in ["bob", "carol"] {
        let password = Password::new(world::PASSWORD.to_owned());
        world
            .issuer
            .add_user(address(name), password)
            .await
            .unwrap();
    }
    let add = |names: &[&str]| GroupChange {
        add: names.iter().map(|name| address(name)).collect(),
        ..GroupChange::default()
    };
    let apply = async |name: &str, change| world.issuer.change_group(name.to_owned(), change).await;
    apply("release", add(&["alice", "bob"])).await.unwrap();
    apply("ops", add(&["bob"])).await.unwrap();
    let both = [
        "ops: bob@example.com",
        "release: alice@example.com bob@example.com",
    ];
    assert_eq!(groups(&world), both);

    let long = "g".repeat(65);
    let renamed = |name: &str| GroupChange {
        new_name: Some(name.to_owned()),
        ..GroupChange::default()
    };
    for (name, change, code) in [
        ("nobody", renamed("x"), "unknown"),
        (
            "nobody",
            GroupChange {
                remove_everybody: true,
                ..GroupChange::default()
            },
            "unknown",
        ),
        ("release", renamed("ops"), "unfit"),
        ("release", renamed("two words"), "unfit"),
        ("two words", add(&["alice"]), "unfit"),
        (&long, add(&["alice"]), "unfit"),
        ("release", add(&["carol", "dave"]), "account"),
    ] {
        let found = match apply(name, change).await.unwrap_err() {
            Error::GroupUnknown => "unknown",
            Error::ProfileUnfit { .. } => "unfit",
            Error::UserUnknown { .. } => "account",
            other => panic!("{other}"),
        };
        assert_eq!(found, code, "{name}");
    }
    assert_eq!(groups(&world), both);

    let swapped = GroupChange {
        add: vec![address("carol")],
        remove: vec![address("bob")],
        new_name: Some("releases".to_owned()),
        ..GroupChange::default()
    };
    let group = apply("release", swapped).await.unwrap();
    assert_eq!((group.name.as_str(), group.members.len()), ("releases", 2));
    let tokens = tokens(&world, &[("scope", "openid groups")], &[]).await;
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["groups"], json!(["releases"]));
    let world = world.restart().await;
    let after = [
        "ops: bob@example.com",
        "releases: alice@example.com carol@example.com",
    ];
    assert_eq!(groups(&world), after);
    let nobody = GroupChange {
        remove_everybody: true,
        ..GroupChange::default()
    };
    let gone = world
        .issuer
        .change_group("releases".to_owned(), nobody)
        .await;
    assert!(gone.unwrap().members.is_empty());
    assert_eq!(groups(&world), ["ops: bob@example.com"]);
}
