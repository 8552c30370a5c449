//! Refresh tokens: rotation, the grace for a lost answer, and copies that end the grant.

use serde_json::Value;
use sigstead_kit::Period;

use crate::world::{self, Page, World};

async fn first(world: &World) -> String {
    let location = world
        .browser()
        .sign_in(&[("scope", "openid offline_access")])
        .await;
    let code = &world::parameters(&location)["code"];
    token(&world.redeem(code, &[]).await)
}

#[track_caller]
fn token(answer: &Page) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(answer: &Page) {
    answer.is_refused(400, "invalid_grant", "E-OIDC-022");
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_its_copy_ends_the_grant() {
    let world = World::new().await;
    let first = first(&world).await;
    let renewed = world.refresh(&first).await;
    let claims = world.verify(&renewed.json()["id_token"]).await;
    assert_eq!(
        (&claims["email"], claims.get("nonce")),
        (&Value::from("alice@example.com"), None)
    );
    let second = token(&renewed);
    world.advance(3);
    refused(&world.refresh(&first).await);
    refused(&world.refresh(&second).await);
}

/// The answer to the first request was lost, so the client knows its successor not and asks again.
#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_for_a_moment() {
    let world = World::new().await;
    let first = first(&world).await;
    let lost = token(&world.refresh(&first).await);
    world.advance(2);
    let second = token(&world.refresh(&first).await);
    assert_ne!(lost, second);
    let third = token(&world.refresh(&second).await);
    // The lost one was not lost but taken: now both are out.
    refused(&world.refresh(&lost).await);
    refused(&world.refresh(&third).await);
}

#[tokio::test]
async fn the_grace_runs_from_the_first_use() {
    let world = World::new().await;
    let first = first(&world).await;
    token(&world.refresh(&first).await);
    world.advance(2);
    token(&world.refresh(&first).await);
    world.advance(1);
    refused(&world.refresh(&first).await);
}

#[tokio::test]
async fn a_token_whose_successor_was_used_is_a_copy_also_within_the_grace() {
    let world = World::new().await;
    let first = first(&world).await;
    let second = token(&world.refresh(&first).await);
    let third = token(&world.refresh(&second).await);
    refused(&world.refresh(&first).await);
    refused(&world.refresh(&third).await);
}

#[tokio::test]
async fn without_a_grace_the_second_use_ends_the_grant() {
    let world = World::with(|config| config.sessions.refresh_grace = Period::from_seconds(0)).await;
    let first = first(&world).await;
    let second = token(&world.refresh(&first).await);
    refused(&world.refresh(&first).await);
    refused(&world.refresh(&second).await);
}

#[tokio::test]
async fn of_copies_that_are_used_at_once_at_most_one_goes_on() {
    let world = World::new().await;
    let first = first(&world).await;
    let answers = world::join_all((0..8).map(|_| world.refresh(&first))).await;
    let given: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(token)
        .collect();
    assert!(!given.is_empty());
    let mut alive = 0;
    for token in &given {
        alive += usize::from(world.refresh(token).await.status == 200);
    }
    assert!(alive <= 1, "{alive} of {} go on", given.len());
}

#[tokio::test]
async fn a_refresh_token_is_its_client_s_and_ends_with_its_time() {
    let idle = |config: &mut sigstead_config::oidc::Config| {
        config.sessions.refresh_idle_lifetime = Some(Period::from_hours(1));
    };
    let world = World::with(idle).await;
    let first = first(&world).await;
    for changed in [
        [("client_id", "other")],
        [("refresh_token", world::VERIFIER)],
    ] {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", "sigstore"),
            ("refresh_token", first.as_str()),
        ];
        let kept = fields.iter().filter(|(name, _)| changed[0].0 != *name);
        let fields: Vec<_> = kept.chain(&changed).copied().collect();
        refused(&world.post("/token", &world::form(&fields)).await);
    }
    world.advance(60 * 60 - 1);
    let second = token(&world.refresh(&first).await);
    world.advance(60 * 60);
    refused(&world.refresh(&second).await);
}

#[tokio::test]
async fn the_grant_ends_however_often_it_is_renewed() {
    let world = World::new().await;
    let mut latest = first(&world).await;
    for _ in 0..11 {
        world.advance(60 * 60);
        latest = token(&world.refresh(&latest).await);
    }
    world.advance(60 * 60);
    refused(&world.refresh(&latest).await);
}
