//! People show a code beside their password.

use serde_json::json;
use sigstead_oidc::{EmailAddress, Password};

use crate::authenticator::{asked, claims, enrol, is_refused, path, verify};
use crate::world::{self, PASSWORD, World};

#[tokio::test]
async fn a_code_is_asked_for_beside_the_password_and_the_token_says_so() {
    let world = World::new().await;
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    let by_password = claims(&world, &page).await;
    assert_eq!(by_password["amr"], json!(["pwd"]));
    assert_eq!(by_password["acr"], json!(null));
    let mut before = world.browser();
    before.sign_in(&[]).await;
    let app = enrol(&world).await;
    // A session that came of the password alone.
    assert!(!before.get("/").await.body.contains("<h1>Signed in</h1>"));

    let world = world.restart().await;
    let mut browser = world.browser();
    world.advance(30);
    let page = asked(&mut browser).await;
    world.advance(20);
    let page = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["acr"], MULTI_FACTOR);
    assert_eq!(claims["auth_time"], world.now().unix_timestamp());
    assert!(browser.get("/").await.body.contains("<h1>Signed in</h1>"));
}

#[tokio::test]
async fn a_code_is_good_once_and_near_its_time() {
    let world = World::new().await;
    let app = enrol(&world).await;
    let mut browser = world.browser();
    // The code of the enrolment itself, of the same half minute.
    let page = asked(&mut browser).await;
    let again = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    is_refused(&again, 403, "E-OIDC-067");
    for (steps, status) in [(-2, 403), (2, 403), (1, 303)] {
        let page = asked(&mut browser).await;
        let page = verify(&mut browser, &path(), &page, &app.code(&world, steps)).await;
        assert_eq!(page.status, status, "{steps}");
    }
    // Somebody who looked over the shoulder, in another browser.
    let mut other = world.browser();
    let page = asked(&mut other).await;
    let seen = verify(&mut other, &path(), &page, &app.code(&world, 1)).await;
    is_refused(&seen, 403, "E-OIDC-067");
    assert!(seen.body.contains("role=\"alert\"") && seen.input("half").is_some());
    let world = world.restart().await;
    let mut other = world.browser();
    let page = asked(&mut other).await;
    let page = verify(&mut other, &path(), &page, &app.code(&world, -1)).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// OpenID Connect Core §3.1.2.1: a wish, which the token answers.
#[tokio::test]
async fn a_client_that_asks_for_a_class_sees_in_the_token_which_it_was() {
    let world = World::new().await;
    let told = world.get("/.well-known/openid-configuration").await.json();
    assert_eq!(told["acr_values_supported"], json!([MULTI_FACTOR]));
    let mut browser = world.browser();
    let page = browser.post_sign_in(&[("acr_values", MULTI_FACTOR)]).await;
    assert_eq!(claims(&world, &page).await["acr"], json!(null));
    let app = enrol(&world).await;
    world.advance(60);
    let asks = world::query(&[("prompt", "login"), ("acr_values", MULTI_FACTOR)]);
    let path = format!("/authorize?{asks}");
    let mut browser = world.browser();
    let page = browser.submit(&path, &path, "sign-in").await;
    let page = verify(&mut browser, &path, &page, &app.code(&world, 0)).await;
    assert_eq!(claims(&world, &page).await["acr"], MULTI_FACTOR);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let world = World::new().await;
    let app = enrol(&world).await;
    assert_eq!(app.recovery.len(), 8);
    let code = app.recovery[3].to_ascii_uppercase().replace('-', " ");
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let page = verify(&mut browser, &path(), &page, &code).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "mfa"]));
    assert_eq!(claims["acr"], MULTI_FACTOR);
    let world = world.restart().await;
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let again = verify(&mut browser, &path(), &page, &code).await;
    is_refused(&again, 403, "E-OIDC-067");
    let page = verify(&mut browser, &path(), &again, &app.recovery[4]).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// A half is good in its browser, once, for ten minutes, and as long as the account is as it was.
#[tokio::test]
async fn the_half_of_another_sign_in_is_worth_nothing() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let mut other = world.browser();
    let theirs = asked(&mut other).await;
    let (half, token) = (page.input("half").unwrap(), theirs.input("form_token"));
    let stolen = world::form(&[
        ("form_token", token.unwrap().as_str()),
        ("half", &half),
        ("action", "verify"),
        ("second", &app.code(&world, 0)),
    ]);
    is_refused(&other.post(&path(), &stolen).await, 403, "E-OIDC-028");
    let code = app.code(&world, 0);
    assert_eq!(
        verify(&mut browser, &path(), &page, &code).await.status,
        303
    );
    let next = app.code(&world, 1);
    let mut old = world.browser_with(browser.cookies());
    is_refused(
        &verify(&mut old, &path(), &page, &next).await,
        403,
        "E-OIDC-028",
    );

    for what in ["time", "password"] {
        let mut browser = world.browser();
        let page = asked(&mut browser).await;
        match what {
            "time" => world.advance(601),
            _ => {
                let alice = EmailAddress::parse("alice@example.com").unwrap();
                let new = Password::new("a password of tomorrow".to_owned());
                drop(world.issuer.set_password(alice, new).await.unwrap());
            }
        }
        let late = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
        is_refused(&late, 403, "E-OIDC-028");
    }
}

#[tokio::test]
async fn guesses_at_codes_lock_those_out_who_guess() {
    let world = World::new().await;
    let mut own = world.browser();
    own.sign_in(&[]).await;
    let app = enrol(&world).await;
    // Strangers without the password never come to the code, whatever they do.
    for _ in 0..6 {
        let page = world.browser().attempt("alice@example.com", "wrong").await;
        assert_ne!(page.status, 200);
    }
    world.advance(900);
    // Whoever has the password guesses, and gets no other try by the password.
    let mut thief = world.browser();
    for _ in 0..5 {
        let page = asked(&mut thief).await;
        is_refused(
            &verify(&mut thief, &path(), &page, "000000").await,
            403,
            "E-OIDC-067",
        );
    }
    let page = asked(&mut thief).await;
    let right = verify(&mut thief, &path(), &page, &app.code(&world, 0)).await;
    is_refused(&right, 429, "E-OIDC-030");
    assert_eq!(right.header("retry-after"), "900");
    // The owner goes on in the browser that is theirs.
    let page = asked(&mut own).await;
    let page = verify(&mut own, &path(), &page, &app.code(&world, 0)).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
