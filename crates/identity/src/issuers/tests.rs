use serde_json::{Value, json};
use time::Duration;

use super::*;
use crate::testing::{ISSUER, MemoryFetch, TestKey, now};

fn email_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "sigstore", "sub": "1", "exp": now().unix_timestamp() + 60,
        "email": "a@example.com", "email_verified": true,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = email_claims();
    claims[name] = value;
    claims
}

fn issuers(fetch: &Arc<MemoryFetch>) -> Issuers {
    let config = IssuersConfig::default().with_issuer(IssuerConfig::new(
        ISSUER,
        "sigstore",
        IssuerType::Email,
    ));
    Issuers::new(config, fetch.clone()).unwrap()
}

#[tokio::test]
async fn a_good_token_gives_a_principal_and_keys_are_fetched_once() {
    let key = TestKey::rsa();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    for _ in 0..3 {
        let principal = issuers
            .verify(&key.token("k", &email_claims()), now())
            .await
            .unwrap();
        assert_eq!(principal.name(), "a@example.com");
    }
    assert_eq!(fetch.fetches(), 2);
}

#[tokio::test]
async fn refuses_tokens_that_are_not_for_here_or_not_for_now() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    for (claims, expected) in [
        (with("aud", json!("other")), "AudienceMismatch"),
        (with("aud", Value::Null), "AudienceMismatch"),
        (with("exp", json!(now().unix_timestamp())), "TokenExpired"),
        (
            with("nbf", json!(now().unix_timestamp() + 301)),
            "TokenNotYetValid",
        ),
        (with("iss", json!("https://evil.example")), "IssuerUnknown"),
        (with("iss", json!(format!("{ISSUER}/"))), "IssuerUnknown"),
        (with("iss", Value::Null), "ClaimMissing"),
    ] {
        let error = issuers
            .verify(&key.token("k", &claims), now())
            .await
            .unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
    assert_eq!(
        fetch.fetches(),
        0,
        "a token that is refused for its claims costs the issuer nothing"
    );
    let forged = TestKey::p256().token("k", &email_claims());
    let error = issuers.verify(&forged, now()).await.unwrap_err();
    assert!(matches!(error, Error::SignatureInvalid));
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_again_but_not_at_will() {
    let (old, new) = (TestKey::p256(), TestKey::p256());
    let fetch = MemoryFetch::serving(ISSUER, &[old.jwk("old")]);
    let issuers = issuers(&fetch);
    issuers
        .verify(&old.token("old", &email_claims()), now())
        .await
        .unwrap();
    fetch.serve_issuer(ISSUER, &[new.jwk("new")]);
    let token = new.token("new", &email_claims());
    let soon = now() + Duration::seconds(1);
    assert!(matches!(
        issuers.verify(&token, soon).await,
        Err(Error::KeyUnknown)
    ));
    assert_eq!(fetch.key_fetches(), 1);
    let later = now() + Duration::seconds(20);
    issuers.verify(&token, later).await.unwrap();
    assert_eq!(fetch.key_fetches(), 2);
    assert!(matches!(
        issuers
            .verify(&old.token("old", &email_claims()), later)
            .await,
        Err(Error::KeyUnknown)
    ));
    assert_eq!(fetch.key_fetches(), 2);
}

#[tokio::test]
async fn an_issuer_that_was_down_is_tried_again() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let issuers = issuers(&fetch);
    let token = key.token("k", &email_claims());
    let error = issuers.verify(&token, now()).await.unwrap_err();
    assert!(matches!(error, Error::IssuerUnavailable { .. }));
    assert!(issuers.check_reachable().unwrap_err().is_some());
    fetch.serve_issuer(ISSUER, &[key.jwk("k")]);
    assert!(
        issuers.verify(&token, now()).await.is_err(),
        "not more often than the interval"
    );
    issuers
        .verify(&token, now() + Duration::seconds(11))
        .await
        .unwrap();
    assert!(issuers.check_reachable().is_ok());
}

#[tokio::test]
async fn keys_outlive_a_short_absence_of_the_issuer_and_not_a_long_one() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    issuers.warm(now()).await;
    fetch.go_down();
    let claims = with("exp", json!(now().unix_timestamp() + 1_000_000));
    let token = key.token("k", &claims);
    issuers
        .verify(&token, now() + Duration::hours(1))
        .await
        .unwrap();
    let error = issuers
        .verify(&token, now() + Duration::hours(7))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::IssuerUnavailable { .. }));
}

#[tokio::test]
async fn refuses_discovery_documents_that_speak_for_another_or_lead_astray() {
    let key = TestKey::p256();
    for (discovery, keys) in [
        (
            json!({"issuer": "https://other.example", "jwks_uri": format!("{ISSUER}/keys")}),
            true,
        ),
        (
            json!({"issuer": format!("{ISSUER}/"), "jwks_uri": format!("{ISSUER}/keys")}),
            true,
        ),
        (
            json!({"issuer": ISSUER, "jwks_uri": "http://issuer.example.com/keys"}),
            true,
        ),
        (
            json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}),
            true,
        ),
        (json!({"issuer": ISSUER, "jwks_uri": "keys"}), true),
        (json!({"issuer": ISSUER}), true),
        // The list says RS256 only, which is also what a missing list says; the key is for ES256.
        (
            json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")}),
            true,
        ),
        (
            json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/nothing")}),
            false,
        ),
    ] {
        let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
        fetch.serve(
            &format!("{ISSUER}/.well-known/openid-configuration"),
            &discovery,
        );
        let error = issuers(&fetch)
            .verify(&key.token("k", &email_claims()), now())
            .await
            .unwrap_err();
        assert_eq!(
            matches!(error, Error::IssuerDocument { .. }),
            keys,
            "{discovery} {error:?}"
        );
    }
}

#[tokio::test]
async fn a_pattern_stands_for_many_issuers_each_with_its_own_keys() {
    let config = IssuersConfig::default().with_meta_issuer(
        "https://*.example.com",
        IssuerConfig::new("", "sigstore", IssuerType::Email),
    );
    let (key, other) = (TestKey::p256(), TestKey::p256());
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    fetch.serve_issuer("https://other.example.com", &[other.jwk("k")]);
    let issuers = Issuers::new(config, fetch.clone()).unwrap();
    let principal = issuers
        .verify(&key.token("k", &email_claims()), now())
        .await
        .unwrap();
    assert_eq!(principal.issuer(), ISSUER);
    let foreign = key.token("k", &with("iss", json!("https://other.example.com")));
    assert!(matches!(
        issuers.verify(&foreign, now()).await,
        Err(Error::SignatureInvalid)
    ));
    let unmatched = key.token("k", &with("iss", json!("https://a.b.example.com")));
    assert!(matches!(
        issuers.verify(&unmatched, now()).await,
        Err(Error::IssuerUnknown { .. })
    ));
    assert!(
        issuers.check_reachable().is_ok(),
        "patterns are not waited for"
    );
}

#[tokio::test]
async fn made_up_issuers_do_not_fill_the_memory() {
    let config = IssuersConfig::default().with_meta_issuer(
        "https://*.example.com",
        IssuerConfig::new("", "sigstore", IssuerType::Email),
    );
    let key = TestKey::p256();
    let issuers = Issuers::new(config, MemoryFetch::serving(ISSUER, &[key.jwk("k")])).unwrap();
    issuers
        .verify(&key.token("k", &email_claims()), now())
        .await
        .unwrap();
    for number in 0..MAX_MATCHED * 2 {
        let claims = with("iss", json!(format!("https://i{number}.example.com")));
        assert!(
            issuers
                .verify(&key.token("k", &claims), now())
                .await
                .is_err()
        );
    }
    let matched = issuers.matched.lock().unwrap();
    assert_eq!(matched.providers.len(), MAX_MATCHED);
    assert!(
        matched.providers.contains_key(ISSUER),
        "the one with keys stays"
    );
}

#[test]
fn tells_clients_what_is_configured() {
    let config = IssuersConfig::default()
        .with_issuer(IssuerConfig::new(ISSUER, "sigstore", IssuerType::Email))
        .with_meta_issuer(
            "https://*.example.com",
            IssuerConfig {
                subject_domain: "example.com".to_owned(),
                ..IssuerConfig::new("", "other", IssuerType::Username)
            },
        );
    let configured = Issuers::new(config, Arc::new(MemoryFetch::default()))
        .unwrap()
        .configured();
    assert_eq!(configured.len(), 2);
    assert_eq!(
        configured[0].location,
        IssuerLocation::Url(ISSUER.to_owned())
    );
    assert_eq!(
        (
            configured[0].audience.as_str(),
            configured[0].challenge_claim.as_str()
        ),
        ("sigstore", "email")
    );
    assert_eq!(
        configured[1].location,
        IssuerLocation::Wildcard("https://*.example.com".to_owned())
    );
    assert_eq!(configured[1].challenge_claim, "sub");
}
