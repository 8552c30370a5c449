use serde_json::json;

use crate::world::{self, World};

#[tokio::test]
async fn a_device_waits_until_its_person_approves() {
    let world = World::new().await;
    let device = world.start_device().await;
    assert_eq!(
        (&device["interval"], &device["expires_in"]),
        (&json!(5), &json!(600))
    );
    world
        .poll(&device, &[])
        .await
        .is_refused(400, "authorization_pending", "E-OIDC-023");
    world
        .poll(&device, &[])
        .await
        .is_refused(400, "slow_down", "E-OIDC-024");
    let path = world::path_of(&device["verification_uri_complete"]);
    let mut browser = world.browser();
    let answer = browser.submit(&path, &path, "sign-in").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = browser.get(answer.header("location")).await;
    assert!(page.body.contains(device["user_code"].as_str().unwrap()));
    assert!(page.body.contains("Is this your device?") && page.body.contains("alice@example.com"));
    let done = browser.submit(&path, &path, "continue").await;
    assert!(done.body.contains("Device connected"), "{}", done.body);
    world
        .poll(&device, &[("client_id", "other")])
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-018");
    world
        .poll(&device, &[("code_verifier", "")])
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-020");
    let tokens = world.poll(&device, &[]).await.json();
    assert_eq!(
        world.verify(&tokens["id_token"]).await["email"],
        "alice@example.com"
    );
    world
        .poll(&device, &[])
        .await
        .is_refused(400, "expired_token", "E-OIDC-026");
}

#[tokio::test]
async fn a_device_learns_that_its_person_refused_or_never_came() {
    let world = World::new().await;
    let (refused, forgotten) = (world.start_device().await, world.start_device().await);
    let path = world::path_of(&refused["verification_uri_complete"]);
    let mut browser = world.browser();
    browser.submit(&path, &path, "cancel").await;
    world
        .poll(&refused, &[])
        .await
        .is_refused(400, "access_denied", "E-OIDC-025");
    world.advance(600);
    world
        .poll(&forgotten, &[])
        .await
        .is_refused(400, "expired_token", "E-OIDC-026");
    let page = browser
        .get(&world::path_of(&forgotten["verification_uri_complete"]))
        .await;
    assert_eq!(
        (page.status, page.header("sigstead-code")),
        (404, "E-OIDC-027")
    );
}

#[tokio::test]
async fn user_codes_cannot_be_guessed_at_will() {
    let world = World::new().await;
    for _ in 0..10 {
        assert_eq!(world.get("/device?user_code=BBBB-BBBB").await.status, 404);
    }
    let page = world.get("/device?user_code=BBBB-BBBB").await;
    assert_eq!(
        (page.status, page.header("sigstead-code")),
        (429, "E-OIDC-030")
    );
}
