//! Tokens of ours that somebody shows again: asked about, given back.

use serde_json::{Value, json};

use crate::world::{self, PASSWORD, Page, SECRET, World};

async fn offline_tokens(world: &World) -> Value {
    let location = world
        .browser()
        .sign_in(&[
            ("scope", "openid email offline_access"),
            ("prompt", "login"),
        ])
        .await;
    let tokens = world
        .redeem(&world::parameters(&location)["code"], &[])
        .await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens.json()
}

async fn workload_token(world: &World) -> String {
    let form = world::form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "ci"),
        ("client_secret", SECRET),
    ]);
    text(&world.post("/token", &form).await.json()["access_token"])
}

async fn user_info(world: &World, method: &str, authorization: &str) -> Page {
    let request = world
        .request(method, "/userinfo")
        .header("authorization", authorization);
    world.send(request, "").await
}

/// Asks as the client `ci`, whose audience is that of the official tools.
async fn introspect(world: &World, token: &str) -> Value {
    let form = world::form(&[("token", token)]);
    let answer = world
        .post_as("/introspect", &format!("ci:{SECRET}"), &form)
        .await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.body
    );
    answer.json()
}

async fn revoke(world: &World, client: &str, token: &str) -> Page {
    let form = world::form(&[("client_id", client), ("token", token)]);
    world.post("/revoke", &form).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_s_token_says_who_they_are() {
    let world = World::new().await;
    let tokens = offline_tokens(&world).await;
    let token = text(&tokens["access_token"]);
    let claims = world.verify(&tokens["id_token"]).await;
    let expected = json!({
        "sub": claims["sub"], "email": "alice@example.com", "email_verified": true,
    });
    for method in ["GET", "POST"] {
        let answer = user_info(&world, method, &format!("Bearer {token}")).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let form = world::form(&[("access_token", &token)]);
    assert_eq!(world.post("/userinfo", &form).await.json(), expected);
}

/// Each row is one thing that a token lacks which would otherwise be answered.
#[tokio::test]
async fn who_shows_no_token_of_a_person_is_told_nothing() {
    let world = World::new().await;
    let token = text(&offline_tokens(&world).await["access_token"]);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.");
    let cut = format!("{signed}.{}", &signature[..signature.len() - 4]);
    let none = {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let payload = signed.split_once('.').unwrap().1;
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"x"}"#);
        format!("{header}.{payload}.")
    };
    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        &format!("Basic {token}"),
        &format!("Bearer {unsigned}"),
        &format!("Bearer {cut}"),
        &format!("Bearer {none}"),
        &format!("Bearer {token}x"),
    ] {
        let answer = user_info(&world, "GET", wrong).await;
        answer.is_refused(401, "invalid_token", "E-OIDC-044");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"userinfo\", error=\"invalid_token\"",
            "{wrong}"
        );
    }
    let without = world.get("/userinfo").await;
    without.is_refused(401, "invalid_token", "E-OIDC-044");
    assert_eq!(
        without.header("www-authenticate"),
        "Bearer realm=\"userinfo\""
    );
    // A token in a URL is in logs.
    let in_url = world.get(&format!("/userinfo?access_token={token}")).await;
    in_url.is_refused(401, "invalid_token", "E-OIDC-044");

    let request = world
        .request("POST", "/userinfo")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Bearer {token}"));
    let twice = world
        .send(request, &world::form(&[("access_token", &token)]))
        .await;
    twice.is_refused(400, "invalid_request", "E-OIDC-002");

    let workload = workload_token(&world).await;
    let answer = user_info(&world, "GET", &format!("Bearer {workload}")).await;
    answer.is_refused(403, "insufficient_scope", "E-OIDC-045");

    world.advance(299);
    assert_eq!(
        user_info(&world, "GET", &format!("Bearer {token}"))
            .await
            .status,
        200
    );
    world.advance(1);
    let late = user_info(&world, "GET", &format!("Bearer {token}")).await;
    late.is_refused(401, "invalid_token", "E-OIDC-044");
}

#[tokio::test]
async fn a_new_password_and_a_removed_account_end_what_tokens_say() {
    let alice = || sigstead_oidc::EmailAddress::parse("alice@example.com").unwrap();
    let world = World::new().await;
    let token = text(&offline_tokens(&world).await["access_token"]);
    world.advance(1);
    let password = sigstead_oidc::Password::new(format!("{PASSWORD} of another day"));
    world.issuer.set_password(alice(), password).await.unwrap();
    let answer = user_info(&world, "GET", &format!("Bearer {token}")).await;
    answer.is_refused(401, "invalid_token", "E-OIDC-044");
    assert_eq!(introspect(&world, &token).await, json!({"active": false}));

    let world = World::new().await;
    let token = text(&offline_tokens(&world).await["access_token"]);
    world.issuer.remove_user(alice()).await.unwrap();
    let answer = user_info(&world, "GET", &format!("Bearer {token}")).await;
    answer.is_refused(401, "invalid_token", "E-OIDC-044");
}

#[tokio::test]
async fn a_client_with_a_secret_learns_whether_tokens_count() {
    let world = World::new().await;
    let tokens = offline_tokens(&world).await;
    let claims = world.verify(&tokens["id_token"]).await;
    let found = introspect(&world, &text(&tokens["access_token"])).await;
    assert_eq!(
        found,
        json!({
            "active": true, "iss": "http://localhost:8085", "sub": claims["sub"], "aud": "sigstore",
            "exp": claims["exp"], "iat": claims["iat"], "jti": claims["jti"], "token_type": "bearer",
            "username": "alice@example.com",
        })
    );
    let found = introspect(&world, &workload_token(&world).await).await;
    assert_eq!(found["sub"], "https://example.com/workloads/ci");
    assert!(found.get("username").is_none(), "{found}");
    world.advance(300);
    let found = introspect(&world, &text(&tokens["access_token"])).await;
    assert_eq!(found, json!({"active": false}));
}

/// Of what is none, has ended or is not the client's business it learns the same.
#[tokio::test]
async fn a_client_learns_nothing_of_tokens_that_are_not_its_business() {
    let world = World::new().await;
    let tokens = offline_tokens(&world).await;
    for token in [
        "x",
        "a.b.c",
        world::VERIFIER,
        &text(&tokens["refresh_token"]),
    ] {
        assert_eq!(
            introspect(&world, token).await,
            json!({"active": false}),
            "{token}"
        );
    }
    // The audience of this client is its own identifier.
    let form = world::form(&[("token", &text(&tokens["access_token"]))]);
    let other = world
        .post_as("/introspect", &format!("site:{SECRET}"), &form)
        .await;
    assert_eq!(
        (other.status, other.json()),
        (200, json!({"active": false}))
    );
    let public = world::form(&[("client_id", "sigstore"), ("token", "x")]);
    let refused = world.post("/introspect", &public).await;
    refused.is_refused(401, "invalid_client", "E-OIDC-012");
    let wrong = world.post_as("/introspect", "ci:wrong", "token=x").await;
    wrong.is_refused(401, "invalid_client", "E-OIDC-012");
    let nothing = world
        .post_as("/introspect", &format!("ci:{SECRET}"), "")
        .await;
    nothing.is_refused(400, "invalid_request", "E-OIDC-001");
    let unknown = world.post_as("/introspect", "nobody:x", "token=x").await;
    unknown.is_refused(401, "invalid_client", "E-OIDC-004");
    assert_eq!(world.get("/introspect").await.status, 405);
}

#[tokio::test]
async fn the_client_of_a_refresh_token_learns_until_when_it_counts() {
    let world = World::new().await;
    let site = [
        ("client_id", "site"),
        ("redirect_uri", "https://app.example/cb"),
        ("scope", "openid offline_access"),
    ];
    let location = world.browser().sign_in(&site).await;
    let code = &world::parameters(&location)["code"];
    let changed = [site[0], site[1], ("client_secret", SECRET)];
    let tokens = world.redeem(code, &changed).await.json();
    let form = world::form(&[("token", &text(&tokens["refresh_token"]))]);
    let ask = async || {
        world
            .post_as("/introspect", &format!("site:{SECRET}"), &form)
            .await
            .json()
    };
    let found = ask().await;
    let expires = world.now().unix_timestamp() + 12 * 60 * 60;
    assert_eq!(
        (&found["active"], &found["client_id"], &found["exp"]),
        (&json!(true), &json!("site"), &json!(expires))
    );
    assert!(
        found.get("token_type").is_none(),
        "it opens nothing itself: {found}"
    );
    let given_back = world
        .post_as("/revoke", &format!("site:{SECRET}"), &form)
        .await;
    assert_eq!(given_back.status, 200);
    assert_eq!(ask().await, json!({"active": false}));
}

#[tokio::test]
async fn a_token_that_is_given_back_counts_no_more() {
    let world = World::new().await;
    let tokens = offline_tokens(&world).await;
    let (access, refresh) = (
        text(&tokens["access_token"]),
        text(&tokens["refresh_token"]),
    );
    // Twice, because what is none any more is no fault (RFC 7009 §2.2).
    for _ in 0..2 {
        let answer = revoke(&world, "sigstore", &access).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})));
        assert_eq!(introspect(&world, &access).await, json!({"active": false}));
    }
    let answer = user_info(&world, "GET", &format!("Bearer {access}")).await;
    answer.is_refused(401, "invalid_token", "E-OIDC-044");
    let renewed = world.refresh(&refresh).await;
    assert_eq!(renewed.status, 200, "the grant goes on");
    let refresh = text(&renewed.json()["refresh_token"]);
    for _ in 0..2 {
        assert_eq!(revoke(&world, "sigstore", &refresh).await.status, 200);
        let refused = world.refresh(&refresh).await;
        refused.is_refused(400, "invalid_grant", "E-OIDC-022");
    }
    for unknown in ["x", "a.b.c", world::VERIFIER] {
        assert_eq!(revoke(&world, "sigstore", unknown).await.status, 200);
    }
}

#[tokio::test]
async fn nobody_gives_back_the_tokens_of_another_client() {
    let world = World::new().await;
    let tokens = offline_tokens(&world).await;
    let refused = revoke(&world, "other", &text(&tokens["refresh_token"])).await;
    refused.is_refused(400, "invalid_grant", "E-OIDC-046");
    let refused = revoke(&world, "other", &text(&tokens["access_token"])).await;
    refused.is_refused(400, "invalid_grant", "E-OIDC-046");
    let refused = revoke(&world, "ci", &text(&tokens["refresh_token"])).await;
    refused.is_refused(401, "invalid_client", "E-OIDC-012");
    revoke(&world, "sigstore", "")
        .await
        .is_refused(400, "invalid_request", "E-OIDC-001");
    revoke(&world, "nobody", "x")
        .await
        .is_refused(401, "invalid_client", "E-OIDC-004");
    assert_eq!(
        introspect(&world, &text(&tokens["access_token"])).await["active"],
        true
    );
    assert_eq!(
        world.refresh(&text(&tokens["refresh_token"])).await.status,
        200
    );
}
