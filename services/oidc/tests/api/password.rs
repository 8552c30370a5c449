//! A person sets a new password on the pages.

use crate::Changed;
use crate::world::{self, Browser, PASSWORD, Page, World};

const NEW: &str = "staple of another horse";

async fn send(browser: &mut Browser<'_>, changed: Changed<'_>) -> Page {
    let token = browser.get("/password").await.input("form_token").unwrap();
    let fields = [
        ("form_token", token.as_str()),
        ("action", "change"),
        ("email", "alice@example.com"),
        ("password", PASSWORD),
        ("new_password", NEW),
        ("again", NEW),
    ];
    let fields = world::replaced(&fields, changed);
    browser.post("/password", &world::form(&fields)).await
}

/// How Alice is answered who signs in with `password` from a new browser.
async fn status_with(world: &World, password: &str) -> u16 {
    let mut browser = world.browser();
    browser.attempt("alice@example.com", password).await.status
}

#[tokio::test]
async fn a_new_password_ends_all_that_came_from_the_old_one() {
    let world = World::new().await;
    let (mut elsewhere, mut browser) = (world.browser(), world.browser());
    elsewhere.sign_in(&[]).await;
    browser.sign_in(&[]).await;
    let page = browser.get("/").await;
    assert!(page.body.contains("href=\"/password\""), "{}", page.body);
    let page = browser.get("/password").await;
    assert_eq!(page.input("email").as_deref(), Some("alice@example.com"));
    let before = browser.cookies();

    let changed = send(&mut browser, &[]).await;
    assert!(
        changed.body.contains("<h1>Password changed</h1>"),
        "{}",
        changed.body
    );
    // A session of its own, so that a cookie from before is worth nothing.
    assert_ne!(browser.cookies(), before);
    let signed_in = "<h1>Signed in</h1>";
    assert!(browser.get("/").await.body.contains(signed_in));
    assert!(!elsewhere.get("/").await.body.contains(signed_in));
    let mut old = world.browser_with(before);
    assert!(!old.get("/").await.body.contains(signed_in));
    assert_eq!(status_with(&world, PASSWORD).await, 403);
    assert_eq!(status_with(&world, NEW).await, 303);
}

#[tokio::test]
async fn nobody_has_to_be_signed_in() {
    let world = World::new().await;
    let changed = send(&mut world.browser(), &[("email", " Alice@Example.com ")]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(status_with(&world, NEW).await, 303);
}

/// Each row spoils one thing of a change that would succeed.
#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let world = World::new().await;
    let long = "x1".repeat(513);
    let table: &[(Changed<'_>, u16, &str)] = &[
        (&[("form_token", "x")], 403, "E-OIDC-028"),
        (&[("password", "wrong")], 403, "E-OIDC-029"),
        (&[("password", "")], 403, "E-OIDC-029"),
        (&[("email", "nobody@example.com")], 403, "E-OIDC-029"),
        (&[("email", "")], 403, "E-OIDC-029"),
        (&[("again", "something else")], 400, "E-OIDC-035"),
        (
            &[("new_password", "short"), ("again", "short")],
            400,
            "E-OIDC-035",
        ),
        (&[("new_password", ""), ("again", "")], 400, "E-OIDC-035"),
        (
            &[("new_password", "aaaaaaaaaa"), ("again", "aaaaaaaaaa")],
            400,
            "E-OIDC-035",
        ),
        (
            &[("new_password", &long), ("again", &long)],
            400,
            "E-OIDC-035",
        ),
        (
            &[("new_password", PASSWORD), ("again", PASSWORD)],
            400,
            "E-OIDC-035",
        ),
    ];
    for (changed, status, code) in table {
        let page = send(&mut world.browser(), changed).await;
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (*status, *code),
            "{changed:?}"
        );
        assert!(page.body.contains("role=\"alert\""));
        assert!(!page.body.contains(NEW) && !page.body.contains(PASSWORD));
    }
    assert_eq!(status_with(&world, PASSWORD).await, 303);
    let mut browser = world.browser();
    let token = browser.get("/password").await.input("form_token").unwrap();
    let from_elsewhere = browser
        .post_from("cross-site", "/password", &world::sign_in_form(&token))
        .await;
    assert_eq!(from_elsewhere.header("sigstead-code"), "E-OIDC-028");
}

/// Otherwise the page would be a second place to guess at.
#[tokio::test]
async fn guesses_count_together_with_those_at_the_sign_in() {
    let world = World::new().await;
    for _ in 0..3 {
        send(&mut world.browser(), &[("password", "wrong")]).await;
    }
    for _ in 0..2 {
        world.browser().attempt("alice@example.com", "wrong").await;
    }
    let locked = send(&mut world.browser(), &[]).await;
    assert_eq!(
        (locked.status, locked.header("sigstead-code")),
        (429, "E-OIDC-030")
    );
    // What is unfit was no guess.
    let world = World::new().await;
    for _ in 0..10 {
        send(&mut world.browser(), &[("again", "something else")]).await;
    }
    assert_eq!(send(&mut world.browser(), &[]).await.status, 200);
}
