//! Groups and further claims of people.

use serde_json::{Value, json};
use sigstead_oidc::{EmailAddress, ProfileChange};

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
