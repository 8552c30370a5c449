//! People get a second factor, replace it and lose it.

use serde_json::json;
use sigstead_oidc::SecondFactorChange;

use crate::authenticator::{App, asked, change, claims, enrol, is_refused, path, send, verify};
use crate::world::{self, PASSWORD, World};

#[tokio::test]
async fn a_new_password_takes_a_code_too() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    for (code, status) in [("", 403), ("000000", 403), (&*app.code(&world, 0), 200)] {
        let mut browser = world.browser();
        let token = browser.get("/password").await.input("form_token").unwrap();
        let form = world::form(&[
            ("form_token", &token),
            ("email", "alice@example.com"),
            ("password", PASSWORD),
            ("second", code),
            ("new_password", "staple of another horse"),
            ("again", "staple of another horse"),
        ]);
        let page = browser.post("/password", &form).await;
        assert_eq!(page.status, status, "{code}: {}", page.body);
        let signed_in = browser.get("/").await.body.contains("<h1>Signed in</h1>");
        assert_eq!(signed_in, status == 200);
    }
}

#[tokio::test]
async fn a_factor_is_replaced_or_turned_off_by_who_has_it() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let off = [("action", "turn-off")];
    for (changed, code) in [
        (&[("second", "000000")][..], "E-OIDC-067"),
        (&[], "E-OIDC-067"),
        (&off, "E-OIDC-067"),
        (&[("password", "wrong")], "E-OIDC-029"),
        (&[("form_token", "x")], "E-OIDC-028"),
    ] {
        let page = send(&mut world.browser(), changed).await;
        is_refused(&page, 403, code);
    }
    let mut browser = world.browser();
    let page = send(&mut browser, &[("second", &app.recovery[0])]).await;
    let other = App::of(&page);
    assert_ne!(other.secret, app.secret);
    // Nothing is replaced before a code of the new one.
    let wrong = verify(&mut browser, "/second-factor", &page, &app.code(&world, 0)).await;
    is_refused(&wrong, 403, "E-OIDC-067");
    assert_eq!(App::of(&wrong).recovery, other.recovery);
    let code = other.code(&world, 0);
    let page = verify(&mut browser, "/second-factor", &wrong, &code).await;
    assert!(page.body.contains("Second factor is on"), "{}", page.body);
    let with = |code: String| {
        [
            ("action", "turn-off"),
            ("second", Box::leak(code.into_boxed_str()) as &str),
        ]
    };
    let old = send(&mut world.browser(), &with(app.recovery[1].clone())).await;
    is_refused(&old, 403, "E-OIDC-067");

    change(&world, SecondFactorChange::Require).await;
    let page = send(&mut world.browser(), &with(other.recovery[0].clone())).await;
    is_refused(&page, 403, "E-OIDC-068");
    change(&world, SecondFactorChange::Permit).await;
    let page = send(&mut world.browser(), &with(other.recovery[1].clone())).await;
    assert!(page.body.contains("Second factor is off"), "{}", page.body);
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn who_has_to_have_a_factor_sets_it_up_at_the_sign_in() {
    let world = World::new().await;
    let mut before = world.browser();
    let code = world::parameters(&before.sign_in(&[]).await)["code"].clone();
    change(&world, SecondFactorChange::Require).await;
    // What came of the password alone has ended.
    assert!(!before.get("/").await.body.contains("<h1>Signed in</h1>"));
    let late = world.redeem(&code, &[]).await;
    assert_eq!(late.header("sigstead-code"), "E-OIDC-021");

    let mut browser = world.browser();
    let page = browser.attempt("alice@example.com", PASSWORD).await;
    assert!(
        page.body.contains("Set up a second factor"),
        "{}",
        page.body
    );
    let app = App::of(&page);
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    let page = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));

    change(&world, SecondFactorChange::Reset).await;
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    assert_ne!(App::of(&page).secret, app.secret);
}

#[tokio::test]
async fn a_device_is_connected_after_a_code() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let device = world.start_device().await;
    let path = world::path_of(&device["verification_uri_complete"]);
    let mut browser = world.browser();
    let page = browser.submit(&path, &path, "sign-in").await;
    assert!(page.body.contains("<h1>Enter a code</h1>"), "{}", page.body);
    let early = browser.submit(&path, &path, "continue").await;
    assert_eq!(early.header("sigstead-code"), "E-OIDC-028");
    let page = verify(&mut browser, &path, &page, &app.code(&world, 0)).await;
    assert_eq!((page.status, page.header("location")), (303, path.as_str()));
    let page = browser.submit(&path, &path, "continue").await;
    assert!(page.body.contains("Device connected"), "{}", page.body);
    let tokens = world.poll(&device, &[]).await.json();
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
}

/// Browsers hold `form-action` against redirects: the page of the code must lead where the sign-in page may.
#[tokio::test]
async fn the_page_of_the_code_leads_to_the_application() {
    let world = World::new().await;
    enrol(&world).await;
    let page = asked(&mut world.browser()).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' http://localhost:4321"),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}
