use serde_json::json;
use sigstead_config::oidc::FormerSecret;
use time::OffsetDateTime;

use crate::Changed;
use crate::world::{self, CALLBACK, SECRET, VERIFIER, World};

#[tokio::test]
async fn a_person_signs_in_and_the_client_gets_one_token_under_two_names() {
    let world = World::new().await;
    let location = world
        .browser()
        .sign_in(&[("state", "s&=1"), ("nonce", "n-1")])
        .await;
    assert!(location.starts_with(&format!("{CALLBACK}?code=")));
    let answer = world::parameters(&location);
    assert_eq!(answer["state"], "s&=1");
    assert_eq!(answer["iss"], "http://localhost:8085");
    let tokens = world.redeem(&answer["code"], &[]).await;
    assert_eq!(
        (tokens.status, tokens.header("cache-control")),
        (200, "no-store")
    );
    let tokens = tokens.json();
    assert_eq!(tokens["access_token"], tokens["id_token"]);
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("bearer"), &json!(300))
    );
    let claims = world.verify(&tokens["id_token"]).await;
    let now = world.now().unix_timestamp();
    assert_eq!(claims["iss"], "http://localhost:8085");
    assert_eq!(
        (&claims["aud"], &claims["email"]),
        (&json!("sigstore"), &json!("alice@example.com"))
    );
    assert_eq!(
        (&claims["email_verified"], &claims["nonce"]),
        (&json!(true), &json!("n-1"))
    );
    assert_eq!(
        (&claims["iat"], &claims["exp"]),
        (&json!(now), &json!(now + 300))
    );
}

#[tokio::test]
async fn a_client_may_say_its_id_with_basic_and_an_empty_secret() {
    let world = World::new().await;
    let location = world.browser().sign_in(&[("client_secret", "")]).await;
    let code = &world::parameters(&location)["code"];
    let form = world::form(&[
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]);
    let answer = world.post_as("/token", "sigstore:", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_out_of_band_redirect_shows_the_code() {
    let world = World::new().await;
    let redirect = ("redirect_uri", "urn:ietf:wg:oauth:2.0:oob");
    let page = world.browser().post_sign_in(&[redirect]).await;
    assert_eq!(page.status, 200);
    let (_, rest) = page.body.split_once("readonly autofocus>").unwrap();
    let code = rest.split_once('<').unwrap().0;
    assert_eq!(world.redeem(code, &[redirect]).await.status, 200);
}

/// Each row spoils one thing of a redemption that would succeed; afterwards the code is void.
#[tokio::test]
async fn a_code_is_bound_to_client_redirect_and_verifier() {
    let other_port = "http://localhost:1/auth/callback";
    let table: &[(Changed<'_>, &str, &str)] = &[
        (
            &[("code_verifier", &"x".repeat(43))],
            "E-OIDC-020",
            "invalid_grant",
        ),
        (&[("code_verifier", "short")], "E-OIDC-020", "invalid_grant"),
        (&[("code_verifier", "")], "E-OIDC-020", "invalid_grant"),
        (&[("client_id", "other")], "E-OIDC-018", "invalid_grant"),
        (
            &[("redirect_uri", other_port)],
            "E-OIDC-019",
            "invalid_grant",
        ),
    ];
    for (spoiled, code, error) in table {
        let world = World::new().await;
        let issued = world.code().await;
        world
            .redeem(&issued, spoiled)
            .await
            .is_refused(400, error, code);
        world
            .redeem(&issued, &[])
            .await
            .is_refused(400, "invalid_grant", "E-OIDC-017");
    }
}

/// Requests that do not get as far as the code, and leave it alone.
#[tokio::test]
async fn malformed_token_requests_are_refused_and_spend_nothing() {
    let world = World::new().await;
    let issued = world.code().await;
    let table: &[(Changed<'_>, u16, &str, &str)] = &[
        (
            &[("redirect_uri", "")],
            400,
            "invalid_request",
            "E-OIDC-001",
        ),
        (&[("code", "")], 400, "invalid_request", "E-OIDC-001"),
        (
            &[("code", "no-such-code")],
            400,
            "invalid_grant",
            "E-OIDC-015",
        ),
        (&[("code", VERIFIER)], 400, "invalid_grant", "E-OIDC-015"),
        (&[("client_id", "")], 400, "invalid_request", "E-OIDC-001"),
        (
            &[("client_id", "nobody")],
            401,
            "invalid_client",
            "E-OIDC-004",
        ),
        (
            &[("client_secret", "x")],
            401,
            "invalid_client",
            "E-OIDC-012",
        ),
        (&[("client_id", "ci")], 401, "invalid_client", "E-OIDC-012"),
        (&[("grant_type", "")], 400, "invalid_request", "E-OIDC-001"),
        (
            &[("grant_type", "password")],
            400,
            "unsupported_grant_type",
            "E-OIDC-013",
        ),
        (
            &[("grant_type", "client_credentials")],
            400,
            "unauthorized_client",
            "E-OIDC-014",
        ),
    ];
    for (changed, status, error, code) in table {
        world
            .redeem(&issued, changed)
            .await
            .is_refused(*status, error, code);
    }
    let repeated = format!("{}&code=x", world::token_form(&issued, &[]));
    world
        .post("/token", &repeated)
        .await
        .is_refused(400, "invalid_request", "E-OIDC-002");
    let request = world
        .request("POST", "/token")
        .header("content-type", "application/json");
    world
        .send(request, "{}")
        .await
        .is_refused(400, "invalid_request", "E-OIDC-042");
    assert_eq!(world.redeem(&issued, &[]).await.status, 200);
}

#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let world = World::new().await;
    let (early, late) = (world.code().await, world.code().await);
    world.advance(59);
    assert_eq!(world.redeem(&early, &[]).await.status, 200);
    world.advance(1);
    world
        .redeem(&late, &[])
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-016");
}

#[tokio::test]
async fn a_replayed_code_revokes_what_it_led_to() {
    let world = World::new().await;
    let location = world
        .browser()
        .sign_in(&[("scope", "openid email offline_access")])
        .await;
    let code = world::parameters(&location)["code"].clone();
    let refresh = world.redeem(&code, &[]).await.json()["refresh_token"].clone();
    let refresh = refresh.as_str().unwrap().to_owned();
    world
        .redeem(&code, &[])
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-017");
    world
        .refresh(&refresh)
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-022");
}

#[tokio::test]
async fn of_many_redemptions_at_once_one_succeeds() {
    let world = World::new().await;
    let code = world.code().await;
    let mut statuses = Vec::new();
    let answers = (0..8).map(|_| world.redeem(&code, &[]));
    for answer in world::join_all(answers).await {
        statuses.push(answer.status);
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_removed_account_gets_no_token_for_its_code() {
    let world = World::new().await;
    let code = world.code().await;
    let alice = sigstead_oidc::EmailAddress::parse("alice@example.com").unwrap();
    world.issuer.remove_user(alice).await.unwrap();
    world
        .redeem(&code, &[])
        .await
        .is_refused(400, "invalid_grant", "E-OIDC-021");
}

#[tokio::test]
async fn a_workload_gets_a_token_without_email() {
    let world = World::new().await;
    let form = format!("{}&scope=openid+email", world::workload_form(SECRET));
    let tokens = world.post("/token", &form).await.json();
    assert_eq!(tokens["access_token"], tokens["id_token"]);
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["sub"], "https://example.com/workloads/ci");
    assert_eq!(
        (&claims["aud"], &claims["team"]),
        (&json!("sigstore"), &json!("release"))
    );
    assert_eq!(claims.get("email"), None);
    assert_eq!(claims.get("email_verified"), None);
}

/// Otherwise two builds that ask in one second have one token, and where a token is good for one use, the second is refused.
#[tokio::test]
async fn no_two_tokens_are_the_same() {
    let world = World::new().await;
    let form = world::workload_form(SECRET);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = world.post("/token", &form).await.json();
        tokens.push(world.verify(&answer["id_token"]).await);
    }
    let unique = |claims: &serde_json::Value| claims["jti"].as_str().unwrap().to_owned();
    let (one, other) = (unique(&tokens[0]), unique(&tokens[1]));
    assert_eq!((one.len(), other.len()), (32, 32));
    assert_ne!(one, other);
    for claims in &mut tokens {
        claims.as_object_mut().unwrap().remove("jti");
    }
    assert_eq!(tokens[0], tokens[1], "nothing else tells them apart");
}

#[tokio::test]
async fn secrets_of_clients_are_throttled() {
    let world = World::new().await;
    for _ in 0..10 {
        world
            .post("/token", &world::workload_form("wrong"))
            .await
            .is_refused(401, "invalid_client", "E-OIDC-012");
    }
    let refused = world.post("/token", &world::workload_form(SECRET)).await;
    refused.is_refused(429, "temporarily_unavailable", "E-OIDC-030");
}

#[tokio::test]
async fn a_secret_that_is_replaced_is_taken_until_its_time() {
    let until = OffsetDateTime::from_unix_timestamp(1_800_000_600).unwrap();
    let world = World::with(|config| {
        let mut clients = config.clients.iter_mut();
        let ci = clients.find(|client| client.id == "ci").unwrap();
        ci.former_secret = Some(FormerSecret {
            secret_hash: ci
                .secret_hash
                .replace(world::hash_of("the next one"))
                .unwrap(),
            until,
        });
    })
    .await;
    let status = async |secret: &str| {
        let form = world::form(&[("grant_type", "client_credentials")]);
        let answer = world
            .post_as("/token", &format!("ci:{secret}"), &form)
            .await;
        answer.status
    };
    for (former, seconds) in [(200, 599), (200, 1), (401, 0)] {
        assert_eq!(status(SECRET).await, former, "{seconds}");
        assert_eq!(status("the next one").await, 200);
        assert_eq!(status("another").await, 401);
        world.advance(seconds);
    }
}
