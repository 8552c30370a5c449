//! Tokens of other issuers become tokens of this one. The other issuer is one of ours, under another name.

use serde_json::{Value, json};
use sigstead_config::oidc::{ClientConfig, Config, ExchangeRule, Grant, WorkloadConfig};

use crate::Changed;
use crate::world::{self, Page, SECRET, World};

const OTHER: &str = "https://tokens.example.com";
/// What of a configuration is spoiled.
type Change<'a> = &'a dyn Fn(&mut Config);

const RELEASE: &str = "http://localhost:8085/workloads/release";

async fn other() -> World {
    World::with(|config| config.issuer = OTHER.parse().unwrap()).await
}

/// The token of a workload of `other`.
async fn subject_token(other: &World) -> String {
    let answer = other.post("/token", &world::workload_form(SECRET)).await;
    answer.json()["id_token"].as_str().unwrap().to_owned()
}

/// An issuer that takes tokens of `other`, with lines more in its entry.
async fn trusting(other: &World, more: &str) -> World {
    let keys = other.get("/keys").await.body;
    let entry = format!(
        "oidc-issuers:\n  {OTHER}:\n    client-id: sigstore\n    type: uri\n    \
         subject-domain: https://example.com\n    jwks: '{keys}'\n{more}"
    );
    World::with(|config| {
        let file = config.users.with_file_name("exchange.yaml");
        std::fs::write(&file, entry).unwrap();
        config.exchange_issuers = Some(file);
        config.store = world::sled_below(&config.users);
        clients(config);
    })
    .await
}

fn clients(config: &mut Config) {
    let workload = |id: &str, rule: &str| ClientConfig {
        id: id.to_owned(),
        redirect_uris: Vec::new(),
        grants: vec![Grant::TokenExchange],
        audience: Some("sigstore".to_owned()),
        workload: Some(WorkloadConfig {
            subject: RELEASE.to_owned(),
            claims: [("team".to_owned(), "release".to_owned())].into(),
        }),
        exchange: vec![ExchangeRule {
            name: "ours".to_owned(),
            rule: rule.to_owned(),
        }],
        ..ClientConfig::sigstore()
    };
    config.clients.extend([
        workload(
            "release",
            "san == 'https://example.com/workloads/ci' && claims.team == 'release'",
        ),
        workload("strict", "claims.team == 'others'"),
        workload("blind", "claims.nothing == 'x'"),
    ]);
}

async fn exchange(world: &World, token: &str, changed: Changed<'_>) -> Page {
    let fields = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("client_id", "release"),
        ("subject_token", token),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
    ];
    let fields = world::replaced(&fields, changed);
    world.post("/token", &world::form(&fields)).await
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_becomes_the_workload_s() {
    let other = other().await;
    let world = trusting(&other, "").await;
    let token = subject_token(&other).await;
    let answer = exchange(&world, &token, &[]).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.body
    );
    let answer = answer.json();
    assert_eq!(answer["access_token"], answer["id_token"]);
    assert_eq!(
        (
            &answer["issued_token_type"],
            &answer["token_type"],
            &answer["expires_in"]
        ),
        (
            &json!("urn:ietf:params:oauth:token-type:id_token"),
            &json!("N_A"),
            &json!(300)
        )
    );
    let claims = world.verify(&answer["id_token"]).await;
    assert_eq!(
        (
            &claims["iss"],
            &claims["sub"],
            &claims["aud"],
            &claims["team"]
        ),
        (
            &json!("http://localhost:8085"),
            &json!(RELEASE),
            &json!("sigstore"),
            &json!("release")
        )
    );
    assert_eq!(
        claims["federated_claims"],
        json!({"connector_id": OTHER, "user_id": "https://example.com/workloads/ci"})
    );
    assert!(claims.get("email").is_none());

    // As an access token, and for the audience that the client has anyway. It ends no later than the other.
    world.advance(100);
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let again = exchange(
        &world,
        &token,
        &[("requested_token_type", kind), ("audience", "sigstore")],
    )
    .await;
    let again = again.json();
    assert_eq!(
        (
            &again["issued_token_type"],
            &again["token_type"],
            &again["expires_in"]
        ),
        (&json!(kind), &json!("Bearer"), &json!(200))
    );
    let exp = |claims: Value| claims["exp"].as_i64().unwrap();
    assert_eq!(
        exp(world.verify(&again["id_token"]).await),
        exp(other.verify(&json!(token)).await)
    );
}

/// Each row spoils one thing of an exchange that would succeed.
#[tokio::test]
async fn what_is_not_offered_is_refused() {
    let other = other().await;
    let world = trusting(&other, "").await;
    let token = subject_token(&other).await;
    let saml = "urn:ietf:params:oauth:token-type:saml2";
    let refresh = "urn:ietf:params:oauth:token-type:refresh_token";
    let table: &[(Changed<'_>, u16, &str, &str)] = &[
        (
            &[("subject_token", "")],
            400,
            "invalid_request",
            "E-OIDC-001",
        ),
        (
            &[("subject_token_type", "")],
            400,
            "invalid_request",
            "E-OIDC-001",
        ),
        (
            &[("subject_token_type", saml)],
            400,
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("requested_token_type", refresh)],
            400,
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("actor_token", "x")],
            400,
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("actor_token_type", saml)],
            400,
            "invalid_request",
            "E-OIDC-003",
        ),
        (
            &[("audience", "another")],
            400,
            "invalid_target",
            "E-OIDC-051",
        ),
        (
            &[("resource", "https://api.example")],
            400,
            "invalid_target",
            "E-OIDC-051",
        ),
        (
            &[("client_id", "sigstore")],
            400,
            "unauthorized_client",
            "E-OIDC-014",
        ),
        (
            &[("client_id", "strict")],
            400,
            "invalid_request",
            "E-OIDC-049",
        ),
        (
            &[("client_id", "blind")],
            400,
            "invalid_request",
            "E-OIDC-049",
        ),
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
    ];
    for (changed, status, error, code) in table {
        exchange(&world, &token, changed)
            .await
            .is_refused(*status, error, code);
    }
    assert_eq!(exchange(&world, &token, &[]).await.status, 200);
}

#[tokio::test]
async fn a_token_that_the_issuer_s_entry_does_not_take_is_refused() {
    let other = other().await;
    let world = trusting(&other, "").await;
    let good = subject_token(&other).await;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let strange =
        World::with(|config| config.issuer = "https://strange.example.com".parse().unwrap()).await;
    let person = other.redeem(&other.code().await, &[]).await.json();
    for token in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        "\u{e9}\"\\\u{1}".to_owned(),
        format!("{signed}."),
        format!("{signed}.{}", signature.chars().rev().collect::<String>()),
        subject_token(&strange).await,
        // A person is none of this entry, whose subjects are URLs.
        person["id_token"].as_str().unwrap().to_owned(),
    ] {
        exchange(&world, &token, &[])
            .await
            .is_refused(400, "invalid_request", "E-OIDC-047");
    }
    world.advance(300);
    exchange(&world, &good, &[])
        .await
        .is_refused(400, "invalid_request", "E-OIDC-047");
}

#[tokio::test]
async fn the_rules_of_the_issuer_s_entry_hold_too() {
    let other = other().await;
    let deny = "    deny:\n      - name: all of it\n        rule: claims.team == 'release'\n";
    let world = trusting(&other, deny).await;
    let token = subject_token(&other).await;
    exchange(&world, &token, &[])
        .await
        .is_refused(400, "invalid_request", "E-OIDC-049");
}

#[tokio::test]
async fn a_token_for_one_use_is_exchanged_once_also_after_a_restart() {
    let other = other().await;
    let world = trusting(&other, "    single-use: true\n").await;
    let token = subject_token(&other).await;
    assert_eq!(exchange(&world, &token, &[]).await.status, 200);
    exchange(&world, &token, &[])
        .await
        .is_refused(400, "invalid_request", "E-OIDC-050");
    let world = world.restart().await;
    exchange(&world, &token, &[])
        .await
        .is_refused(400, "invalid_request", "E-OIDC-050");
    // Who may not exchange it uses nothing up.
    let second = subject_token(&other).await;
    exchange(&world, &second, &[("client_id", "strict")])
        .await
        .is_refused(400, "invalid_request", "E-OIDC-049");
    assert_eq!(exchange(&world, &second, &[]).await.status, 200);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_told_from_a_bad_token() {
    let away = World::with(|config| config.issuer = "https://127.0.0.1:1".parse().unwrap()).await;
    let more = "  https://127.0.0.1:1:\n    client-id: sigstore\n    type: email\n";
    let world = trusting(&other().await, more).await;
    let person = away.redeem(&away.code().await, &[]).await.json();
    let answer = exchange(&world, person["id_token"].as_str().unwrap(), &[]).await;
    answer.is_refused(503, "temporarily_unavailable", "E-OIDC-048");
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn without_a_file_of_issuers_nothing_is_exchanged() {
    let other = other().await;
    let world = World::with(clients).await;
    let token = subject_token(&other).await;
    exchange(&world, &token, &[])
        .await
        .is_refused(400, "unauthorized_client", "E-OIDC-014");
}

#[tokio::test]
async fn rules_and_files_that_cannot_be_used_end_the_start() {
    let started = async |change: Change<'_>| {
        let folder = tempfile::tempdir().unwrap();
        let mut config = world::config_in(folder.path());
        clients(&mut config);
        change(&mut config);
        let outcome = sigstead_oidc::check(&config).await;
        outcome.map_err(|error| error.to_string())
    };
    assert_eq!(started(&|_| ()).await, Ok(()));
    let table: &[(Change<'_>, &str)] = &[
        (
            &|config| config.exchange_issuers = Some("/nowhere/at/all".into()),
            "E-OIDC-052",
        ),
        (
            &|config| {
                let file = config.users.with_file_name("bad.yaml");
                std::fs::write(
                    &file,
                    "oidc-issuers:\n  https://x.example:\n    type: unheard-of\n",
                )
                .unwrap();
                config.exchange_issuers = Some(file);
            },
            "E-OIDC-052",
        ),
        (
            &|config| {
                let last = config.clients.last_mut().unwrap();
                last.exchange[0].rule = "claims.".to_owned();
            },
            "E-OIDC-043",
        ),
        (
            &|config| {
                let workload = config.clients.last_mut().unwrap().workload.as_mut();
                workload.unwrap().subject = "no uri".to_owned();
            },
            "E-OIDC-043",
        ),
    ];
    for (change, code) in table {
        let told = started(change).await.unwrap_err();
        assert!(told.starts_with(code), "{told}");
    }
}
