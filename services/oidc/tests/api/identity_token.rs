//! The token endpoint takes no identity token of its own issuer: brought back in any place of a request, it opens nothing.

use crate::world::{self, SECRET, World};

/// GHSA-7qjx-gp9h-65qj: a token could be exchanged for another by a client that was not allowed the connector. Here a client
/// exchanges tokens if its entry says whose, and nobody's otherwise; `exchange.rs` has what such clients are refused.
#[tokio::test]
async fn an_identity_token_opens_nothing_at_its_own_issuer() {
    let world = World::new().await;
    let code = world.code().await;
    let issued = world.redeem(&code, &[]).await.json();
    let token = issued["id_token"].as_str().unwrap();
    let refresh = "urn:ietf:params:oauth:token-type:id_token";
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let assertion = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    type Row<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, &'a str);
    let rows: &[Row<'_>] = &[
        (
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
            400,
            "invalid_grant",
            "E-OIDC-022",
        ),
        (
            &[
                ("grant_type", exchange),
                ("subject_token", token),
                ("subject_token_type", refresh),
            ],
            400,
            "unauthorized_client",
            "E-OIDC-014",
        ),
        (
            &[("grant_type", assertion), ("assertion", token)],
            400,
            "unsupported_grant_type",
            "E-OIDC-013",
        ),
        (
            &[("grant_type", device), ("device_code", token)],
            400,
            "expired_token",
            "E-OIDC-026",
        ),
        (
            &[("grant_type", "client_credentials")],
            400,
            "unauthorized_client",
            "E-OIDC-014",
        ),
        (
            &[
                ("grant_type", "client_credentials"),
                ("client_secret", token),
            ],
            401,
            "invalid_client",
            "E-OIDC-012",
        ),
    ];
    for (fields, status, error, code) in rows {
        let fields = [&[("client_id", "sigstore")], *fields].concat();
        let answer = world.post("/token", &world::form(&fields)).await;
        answer.is_refused(*status, error, code);
    }
    let code = world.code().await;
    for (changed, code) in [
        (("code", token), "E-OIDC-015"),
        (("code_verifier", token), "E-OIDC-020"),
    ] {
        let answer = world.redeem(&world.code().await, &[changed]).await;
        assert_eq!(
            (answer.status, answer.header("sigstead-code")),
            (400, code),
            "{}",
            answer.body
        );
    }
    // In place of the credential of a client, too.
    let fields = world::form(&[("grant_type", "client_credentials")]);
    let request = world
        .request("POST", "/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let bearer = request.header("authorization", format!("Bearer {token}"));
    world
        .send(bearer, &fields)
        .await
        .is_refused(401, "invalid_client", "E-OIDC-012");
    world
        .post_as("/token", &format!("ci:{token}"), &fields)
        .await
        .is_refused(401, "invalid_client", "E-OIDC-012");
    // What each of these places is for is taken, so nothing else refused first.
    assert_eq!(
        world
            .post_as("/token", &format!("ci:{SECRET}"), &fields)
            .await
            .status,
        200
    );
    assert_eq!(world.redeem(&code, &[]).await.status, 200);
}
