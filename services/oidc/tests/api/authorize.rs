use crate::Changed;
use crate::world::{self, World};

/// Refusals that must not redirect: the redirect URI is not known to be the client's.
#[tokio::test]
async fn untrusted_destinations_are_answered_on_a_page() {
    let world = World::new().await;
    let table: &[(Changed<'_>, u16, &str)] = &[
        (&[("client_id", "nobody")], 401, "E-OIDC-004"),
        (&[("client_id", "")], 400, "E-OIDC-001"),
        (&[("redirect_uri", "")], 400, "E-OIDC-001"),
        (
            &[("redirect_uri", "https://evil.example/")],
            400,
            "E-OIDC-005",
        ),
        (
            &[("redirect_uri", "http://localhost.evil.example/")],
            400,
            "E-OIDC-005",
        ),
        (
            &[("redirect_uri", "http://localhost@evil.example/")],
            400,
            "E-OIDC-005",
        ),
        (
            &[
                ("client_id", "site"),
                ("redirect_uri", "https://app.example/cb/"),
            ],
            400,
            "E-OIDC-005",
        ),
        // Shown as well: there is nowhere to redirect to.
        (
            &[
                ("redirect_uri", "urn:ietf:wg:oauth:2.0:oob"),
                ("scope", "email"),
            ],
            400,
            "E-OIDC-007",
        ),
    ];
    for (changed, status, code) in table {
        let page = world
            .get(&format!("/authorize?{}", world::query(changed)))
            .await;
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (*status, *code),
            "{changed:?}"
        );
        assert_eq!(page.header("location"), "");
        assert!(page.body.contains(code));
    }
}

/// RFC 6749 §4.1.2.1: refusals that go back to the client, with the state.
#[tokio::test]
async fn other_refusals_go_back_to_the_client() {
    let world = World::new().await;
    let table: &[(Changed<'_>, &str, &str)] = &[
        (
            &[("response_type", "token")],
            "unsupported_response_type",
            "E-OIDC-006",
        ),
        (&[("response_type", "")], "invalid_request", "E-OIDC-001"),
        (&[("scope", "email")], "invalid_scope", "E-OIDC-007"),
        (&[("code_challenge", "")], "invalid_request", "E-OIDC-008"),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
            "E-OIDC-008",
        ),
        (
            &[("code_challenge_method", "plain")],
            "invalid_request",
            "E-OIDC-009",
        ),
        (
            &[("code_challenge_method", "")],
            "invalid_request",
            "E-OIDC-009",
        ),
        (
            &[("code_challenge", "abc")],
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("nonce", &"n".repeat(2049))],
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("response_mode", "fragment")],
            "invalid_request",
            "E-OIDC-003",
        ),
        (&[("request", "x")], "invalid_request", "E-OIDC-003"),
        (&[("prompt", "none")], "login_required", "E-OIDC-010"),
        (&[("prompt", "none login")], "invalid_request", "E-OIDC-003"),
        (&[("max_age", "soon")], "invalid_request", "E-OIDC-003"),
        (
            &[("client_id", "device-only")],
            "unauthorized_client",
            "E-OIDC-014",
        ),
    ];
    for (changed, error, code) in table {
        let page = world
            .get(&format!("/authorize?{}", world::query(changed)))
            .await;
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (303, *code),
            "{changed:?}"
        );
        let answer = world::parameters(page.header("location"));
        assert_eq!(
            (answer["error"].as_str(), answer["state"].as_str()),
            (*error, "st")
        );
        assert!(answer["error_description"].starts_with(&format!("{code}: ")));
        assert!(!answer.contains_key("code"));
    }
    let twice = world
        .get(&format!("/authorize?{}&state=x", world::query(&[])))
        .await;
    assert_eq!(
        (twice.status, twice.header("sigstead-code")),
        (303, "E-OIDC-002")
    );
}

#[tokio::test]
async fn who_is_signed_in_confirms_with_a_click() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let path = format!("/authorize?{}", world::query(&[]));
    let page = browser.get(&path).await;
    assert!(
        page.body.contains("Sign in as alice@example.com?"),
        "{}",
        page.body
    );
    let token = page.input("form_token").unwrap();
    let answer = browser
        .post(
            &path,
            &world::form(&[("action", "continue"), ("form_token", &token)]),
        )
        .await;
    let code = &world::parameters(answer.header("location"))["code"];
    assert_eq!(world.redeem(code, &[]).await.status, 200);

    for forced in [("prompt", "login"), ("max_age", "0")] {
        world.advance(1);
        let page = browser
            .get(&format!("/authorize?{}", world::query(&[forced])))
            .await;
        assert!(page.input("password").is_some(), "{forced:?}");
        let token = page.input("form_token").unwrap();
        let skipped = browser
            .post(
                &format!("/authorize?{}", world::query(&[forced])),
                &world::form(&[("action", "continue"), ("form_token", &token)]),
            )
            .await;
        assert!(skipped.input("password").is_some(), "{forced:?}");
    }
    let silent = browser
        .get(&format!(
            "/authorize?{}",
            world::query(&[("prompt", "none")])
        ))
        .await;
    assert_eq!(
        world::parameters(silent.header("location"))["error"],
        "interaction_required"
    );
}

#[tokio::test]
async fn a_client_with_a_secret_passes_without_a_click() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let site = [
        ("client_id", "site"),
        ("redirect_uri", "https://app.example/cb"),
        ("prompt", "none"),
    ];
    let answer = browser
        .get(&format!("/authorize?{}", world::query(&site)))
        .await;
    let code = &world::parameters(answer.header("location"))["code"];
    world
        .redeem(code, &site[..2])
        .await
        .is_refused(401, "invalid_client", "E-OIDC-012");
    let secret = [site[0], site[1], ("client_secret", world::SECRET)];
    assert_eq!(world.redeem(code, &secret).await.status, 200);
}

#[tokio::test]
async fn cancelling_tells_the_client() {
    let world = World::new().await;
    let mut browser = world.browser();
    let path = format!("/authorize?{}", world::query(&[]));
    let token = browser.get(&path).await.input("form_token").unwrap();
    let answer = browser
        .post(
            &path,
            &world::form(&[("action", "cancel"), ("form_token", &token)]),
        )
        .await;
    assert_eq!(
        world::parameters(answer.header("location"))["error"],
        "access_denied"
    );
}

/// OpenID Connect Core §3.1.2.1. The browser is sent to the URL of the request, so that it comes with its cookies.
#[tokio::test]
async fn a_request_may_be_posted() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let query = world::query(&[("state", "a b&c=d#e"), ("prompt", "consent")]);
    let answer = browser.post_from("cross-site", "/authorize", &query).await;
    let location = answer.header("location").to_owned();
    assert_eq!(
        (answer.status, location.as_str()),
        (303, format!("/authorize?{query}").as_str())
    );
    let page = browser.get(&location).await;
    assert!(
        page.body.contains("Sign in as alice@example.com?"),
        "{}",
        page.body
    );
    // What is no form becomes a query all the same, and is refused there.
    let odd = browser
        .post("/authorize", "\r\nlocation: https://evil.example/")
        .await;
    assert_eq!(
        odd.header("location"),
        "/authorize?%0D%0Alocation%3A+https%3A%2F%2Fevil.example%2F="
    );
    let refused = browser.get(odd.header("location")).await;
    assert_eq!(
        (refused.status, refused.header("sigstead-code")),
        (400, "E-OIDC-001")
    );
    assert_eq!(
        browser.post("/authorize", "").await.header("location"),
        "/authorize?"
    );
}

/// `prompt` and `max_age` hold for every button of every page: each row asks for more than the session of before, and is
/// sent with the token of a form that was made for the same request.
#[tokio::test]
async fn what_a_request_demands_is_demanded_of_every_action() {
    let world = World::new().await;
    let table: &[(Changed<'_>, &str, &str)] = &[
        (&[("prompt", "login")], "continue", "password"),
        (&[("prompt", "select_account")], "continue", "password"),
        (&[("prompt", "login consent")], "continue", "password"),
        (&[("max_age", "60")], "continue", "password"),
        (&[("max_age", "0")], "continue", "password"),
        (&[("prompt", "consent")], "sign-in", "wrong"),
        (&[("prompt", "login")], "sign-in", "wrong"),
        (&[("max_age", "60")], "sign-in", "wrong"),
    ];
    for (changed, action, expected) in table {
        let mut browser = world.browser();
        browser.sign_in(&[]).await;
        world.advance(61);
        let path = format!("/authorize?{}", world::query(changed));
        let token = browser.get(&path).await.input("form_token").unwrap();
        let fields = [("action", *action), ("form_token", token.as_str())];
        let page = browser.post(&path, &world::form(&fields)).await;
        assert_eq!(page.header("location"), "", "{changed:?} {action}");
        match *expected {
            "password" => assert!(page.input("password").is_some(), "{changed:?}"),
            _ => assert_eq!(page.header("sigstead-code"), "E-OIDC-029", "{changed:?}"),
        }
    }
    // Without those the session is as good as a password.
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    world.advance(59);
    let path = format!("/authorize?{}", world::query(&[("max_age", "60")]));
    let token = browser.get(&path).await.input("form_token").unwrap();
    let fields = [("action", "continue"), ("form_token", token.as_str())];
    let answer = browser.post(&path, &world::form(&fields)).await;
    assert!(world::parameters(answer.header("location")).contains_key("code"));
}

/// A page that was made before the session of it ended, or before somebody else signed in, is of no use to who has it.
#[tokio::test]
async fn a_form_is_of_the_session_that_it_was_made_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let path = format!("/authorize?{}", world::query(&[]));
    let before = browser.get(&path).await.input("form_token").unwrap();
    browser.sign_in(&[]).await;
    let fields = [("action", "continue"), ("form_token", before.as_str())];
    let refused = browser.post(&path, &world::form(&fields)).await;
    assert_eq!(refused.header("sigstead-code"), "E-OIDC-028");
}
