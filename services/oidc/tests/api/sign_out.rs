//! An application asks that a person be signed out.

use crate::Changed;
use crate::world::{self, Browser, World};

const AFTER: &str = "https://app.example/signed-out";

async fn world() -> World {
    World::with(|config| {
        let site = config.clients.iter_mut().find(|client| client.id == "site");
        site.unwrap().post_logout_redirect_uris = vec![AFTER.to_owned()];
    })
    .await
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/").await.body.contains("<h1>Signed in</h1>")
}

fn path(fields: Changed<'_>) -> String {
    format!("/end-session?{}", world::form(fields))
}

#[tokio::test]
async fn whoever_shows_no_token_of_the_person_has_them_asked() {
    let world = world().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let path = path(&[
        ("client_id", "site"),
        ("post_logout_redirect_uri", AFTER),
        ("state", "s&1"),
    ]);
    let page = browser.get(&path).await;
    assert!(page.body.contains("<h1>Sign out?</h1>"), "{}", page.body);
    assert!(page.body.contains("<strong>site</strong>") || page.body.contains("Sigstore tools"));
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self' https://app.example")
    );
    let token = page.input("form_token").unwrap();

    let forged = browser
        .post(&path, &world::form(&[("action", "sign-out")]))
        .await;
    assert_eq!(
        (forged.status, forged.header("sigstead-code")),
        (403, "E-OIDC-028")
    );
    let elsewhere = world::form(&[("action", "sign-out"), ("form_token", &token)]);
    let forged = browser.post_from("cross-site", &path, &elsewhere).await;
    assert_eq!(forged.header("sigstead-code"), "E-OIDC-028");
    let odd = world::form(&[("action", "explode"), ("form_token", &token)]);
    assert_eq!(
        browser.post(&path, &odd).await.header("sigstead-code"),
        "E-OIDC-028"
    );
    let stayed = world::form(&[("action", "stay"), ("form_token", &token)]);
    assert_eq!(browser.post(&path, &stayed).await.header("location"), "/");
    assert!(is_signed_in(&mut browser).await);

    let answer = browser.post(&path, &elsewhere).await;
    assert_eq!(answer.header("location"), format!("{AFTER}?state=s%261"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn an_application_with_a_token_of_the_person_signs_them_out() {
    let world = world().await;
    let mut browser = world.browser();
    let site = [
        ("client_id", "site"),
        ("redirect_uri", "https://app.example/cb"),
    ];
    let location = browser.sign_in(&site).await;
    let secret = [site[0], site[1], ("client_secret", world::SECRET)];
    let tokens = world
        .redeem(&world::parameters(&location)["code"], &secret)
        .await
        .json();
    let hint = tokens["id_token"].as_str().unwrap();
    // What has expired says who was meant all the same.
    world.advance(301);
    let path = path(&[("id_token_hint", hint), ("post_logout_redirect_uri", AFTER)]);
    let answer = browser.get(&path).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, AFTER),
        "{}",
        answer.body
    );
    assert!(!is_signed_in(&mut browser).await);
    // Nobody is signed in any more, and so nobody is asked.
    let answer = browser.get(&path).await;
    assert_eq!((answer.status, answer.header("location")), (303, AFTER));
}

#[tokio::test]
async fn the_token_of_somebody_else_signs_nobody_out() {
    let world = world().await;
    let bob = sigstead_oidc::EmailAddress::parse("bob@example.com").unwrap();
    let password = sigstead_oidc::Password::new(world::PASSWORD.to_owned());
    world.issuer.add_user(bob, password).await.unwrap();
    let tokens = world.redeem(&world.code().await, &[]).await.json();
    let mut browser = world.browser();
    assert_eq!(
        browser
            .attempt("bob@example.com", world::PASSWORD)
            .await
            .status,
        303
    );
    let page = browser
        .get(&path(&[(
            "id_token_hint",
            tokens["id_token"].as_str().unwrap(),
        )]))
        .await;
    assert!(page.body.contains("bob@example.com"), "{}", page.body);
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn without_a_destination_people_stay_on_a_page() {
    let world = world().await;
    let mut browser = world.browser();
    let answer = browser.get("/end-session").await;
    assert_eq!(answer.header("location"), "/?signed-out");
    let page = browser.get("/?signed-out").await;
    assert!(page.body.contains("<h1>You are signed out</h1>"));
}

/// Each row would sign somebody out or send them on, but for one thing. Nobody is sent anywhere.
#[tokio::test]
async fn a_request_that_is_not_the_client_s_signs_nobody_out() {
    let world = world().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let tokens = world.redeem(&world.code().await, &[]).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let table: &[(Changed<'_>, u16, &str)] = &[
        (&[("client_id", "nobody")], 401, "E-OIDC-004"),
        (&[("post_logout_redirect_uri", AFTER)], 400, "E-OIDC-001"),
        (
            &[
                ("client_id", "site"),
                ("post_logout_redirect_uri", "https://evil.example/"),
            ],
            400,
            "E-OIDC-005",
        ),
        (
            &[
                ("client_id", "sigstore"),
                ("post_logout_redirect_uri", AFTER),
            ],
            400,
            "E-OIDC-005",
        ),
        // A redirect URI for codes is none for this.
        (
            &[
                ("client_id", "site"),
                ("post_logout_redirect_uri", "https://app.example/cb"),
            ],
            400,
            "E-OIDC-005",
        ),
        (&[("id_token_hint", "a.b.c")], 400, "E-OIDC-003"),
        (
            &[("client_id", "site"), ("id_token_hint", hint)],
            400,
            "E-OIDC-003",
        ),
        (
            &[("client_id", "site"), ("state", &"s".repeat(2049))],
            400,
            "E-OIDC-003",
        ),
    ];
    for (fields, status, code) in table {
        let page = browser.get(&path(fields)).await;
        let found = (
            page.status,
            page.header("sigstead-code"),
            page.header("location"),
        );
        assert_eq!(found, (*status, *code, ""), "{fields:?}");
        assert!(is_signed_in(&mut browser).await);
    }
}

/// RP-Initiated Logout §2 has both methods.
#[tokio::test]
async fn a_request_may_be_posted() {
    let world = world().await;
    let fields = [("client_id", "site"), ("post_logout_redirect_uri", AFTER)];
    let answer = world.post("/end-session", &world::form(&fields)).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, path(&fields).as_str())
    );
}
