use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::*;
use crate::config::{AlsoConfig, PinnedKeys};
use crate::testing::{ISSUER, MemoryFetch, TestKey, now};
use tokio::time::Instant;

const OTHER: &str = "https://other.example.com";
const MINUTE: Duration = Duration::from_secs(60);

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

fn lasting() -> Value {
    with("exp", json!(now().unix_timestamp() + 80_000))
}

async fn outcome(issuers: &Issuers, token: &str) -> &'static str {
    match issuers.verify(token, now()).await {
        Ok(_) => "ok",
        Err(Error::KeyUnknown) => "key unknown",
        Err(Error::KeyJustAsked) => "key just asked for",
        Err(Error::SignatureInvalid) => "signature invalid",
        Err(Error::IssuerPending { .. }) => "pending",
        Err(Error::IssuerUnavailable { .. }) => "unavailable",
        Err(error) => panic!("{error:?}"),
    }
}

fn unusable(issuers: &Issuers) -> Vec<String> {
    let states = issuers.states().into_iter();
    let unusable = states.filter(|state| state.keys.as_ref().is_some_and(|keys| !keys.is_usable));
    unusable
        .map(|state| match state.location {
            IssuerLocation::Url(url) | IssuerLocation::Wildcard(url) => url,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_token_with_an_unknown_key_has_the_keys_fetched_once_a_minute() {
    let (old, new) = (TestKey::p256(), TestKey::p256());
    let fetch = MemoryFetch::serving(ISSUER, &[old.jwk("old")]);
    let issuers = issuers(&fetch);
    assert_eq!(outcome(&issuers, &old.token("old", &lasting())).await, "ok");
    fetch.serve_issuer(ISSUER, &[new.jwk("new")]);
    assert_eq!(outcome(&issuers, &new.token("new", &lasting())).await, "ok");
    assert_eq!(fetch.key_fetches(), 2);
    let taken_back = old.token("old", &lasting());
    for number in 0..500 {
        let made_up = old.token(&format!("made-up-{number}"), &lasting());
        assert_eq!(outcome(&issuers, &made_up).await, "key just asked for");
    }
    assert_eq!(outcome(&issuers, &taken_back).await, "key just asked for");
    let counts = issuers.states().remove(0).counts;
    assert_eq!(counts.tokens.get("key_unknown"), Some(&501));
    assert_eq!(counts.tokens.get("issuer_unavailable"), None);
    assert_eq!(fetch.key_fetches(), 2, "a flood of keys is none of fetches");
    advance(MINUTE).await;
    assert_eq!(outcome(&issuers, &taken_back).await, "key unknown");
    assert_eq!(fetch.key_fetches(), 3);
    // The answer counts for a minute, and the issuer is not asked again for the same key.
    assert_eq!(outcome(&issuers, &taken_back).await, "key unknown");
    assert_eq!(outcome(&issuers, &new.token("new", &lasting())).await, "ok");
    assert_eq!(fetch.key_fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_names_no_key_may_be_of_a_new_one() {
    let (old, new) = (TestKey::p256(), TestKey::p256());
    let fetch = MemoryFetch::serving(ISSUER, &[old.jwk("old")]);
    let issuers = issuers(&fetch);
    issuers.refresh();
    fetch.ended(1).await;
    fetch.serve_issuer(ISSUER, &[new.jwk("new")]);
    let token = |key: &TestKey| key.token_with_header(&json!({"alg": "ES256"}), &lasting());
    assert_eq!(outcome(&issuers, &token(&new)).await, "ok");
    assert_eq!(outcome(&issuers, &token(&old)).await, "signature invalid");
    assert_eq!(fetch.key_fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn old_keys_verify_at_once_while_the_issuer_hangs() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    let token = key.token("k", &lasting());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    fetch.hang();
    for _ in 0..100 {
        advance(11 * MINUTE).await;
        let before = Instant::now();
        assert_eq!(outcome(&issuers, &token).await, "ok");
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
    assert!(fetch.fetches() > 20, "it is asked again and again");
    let before = Instant::now();
    let unknown = key.token("unknown", &lasting());
    let waited = outcome(&issuers, &unknown).await;
    assert!(matches!(waited, "pending" | "unavailable"), "{waited}");
    assert!(before.elapsed() <= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_hangs_makes_no_token_of_another_wait() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    fetch.serve_issuer(OTHER, &[key.jwk("k")]);
    fetch.hang_at(OTHER);
    let config = IssuersConfig::default()
        .with_issuer(IssuerConfig::new(ISSUER, "sigstore", IssuerType::Email))
        .with_issuer(IssuerConfig::new(OTHER, "sigstore", IssuerType::Email));
    let issuers = Issuers::new(config, fetch.clone()).unwrap();
    issuers.refresh();
    let before = Instant::now();
    assert_eq!(outcome(&issuers, &key.token("k", &lasting())).await, "ok");
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(unusable(&issuers), [OTHER]);
    let mut claims = lasting();
    claims["iss"] = json!(OTHER);
    assert_eq!(outcome(&issuers, &key.token("k", &claims)).await, "pending");
    assert_eq!(before.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_starts_late_is_waited_for_a_moment() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let issuers = issuers(&fetch);
    let token = key.token("k", &email_claims());
    assert_eq!(outcome(&issuers, &token).await, "unavailable");
    let states = issuers.states();
    let failing = states[0].keys.as_ref().unwrap().failing.as_ref().unwrap();
    assert!(matches!(failing.error, Error::IssuerUnavailable { .. }));
    for _ in 0..20 {
        advance(Duration::from_secs(10 * 60)).await;
        assert_eq!(outcome(&issuers, &token).await, "unavailable");
    }
    let (asked, before) = (fetch.fetches(), Instant::now());
    assert_eq!(outcome(&issuers, &token).await, "unavailable");
    assert_eq!(before.elapsed(), Duration::ZERO, "the pause is long by now");
    assert_eq!(fetch.fetches(), asked);
    fetch.serve_issuer(ISSUER, &[key.jwk("k")]);
    advance(Duration::from_secs(5 * 60)).await;
    assert_eq!(outcome(&issuers, &token).await, "ok");
    assert!(unusable(&issuers).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_waits_for_the_first_keys_of_an_issuer_that_is_about_to_be_asked_again() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let issuers = issuers(&fetch);
    issuers.refresh();
    fetch.ended(1).await;
    fetch.serve_issuer(ISSUER, &[key.jwk("k")]);
    let token = key.token("k", &email_claims());
    assert_eq!(outcome(&issuers, &token).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn keys_outlive_a_day_without_their_issuer_and_no_more() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    let token = key.token("k", &lasting());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    fetch.go_down();
    advance(Duration::from_secs(24 * 60 * 60 - 1)).await;
    assert_eq!(outcome(&issuers, &token).await, "ok");
    advance(Duration::from_secs(1)).await;
    assert_eq!(outcome(&issuers, &token).await, "unavailable");
    assert_eq!(unusable(&issuers), [ISSUER]);
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
        IssuerConfig {
            shared: Some(false),
            ..IssuerConfig::new("", "sigstore", IssuerType::Email)
        },
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
    assert!(unusable(&issuers).is_empty(), "patterns are not waited for");
}

fn pattern_issuers(fetch: &Arc<MemoryFetch>) -> Issuers {
    let config = IssuersConfig::default().with_meta_issuer(
        "https://*.example.com",
        IssuerConfig {
            shared: Some(false),
            ..IssuerConfig::new("", "sigstore", IssuerType::Email)
        },
    );
    Issuers::new(config, fetch.clone()).unwrap()
}

fn made_up(key: &TestKey, number: usize) -> String {
    let claims = with("iss", json!(format!("https://i{number}.example.com")));
    key.token("k", &claims)
}

#[tokio::test(start_paused = true)]
async fn names_without_keys_neither_fill_the_memory_nor_push_out_an_issuer() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = pattern_issuers(&fetch);
    let token = key.token("k", &email_claims());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    for number in 0..600 {
        let refused = outcome(&issuers, &made_up(&key, number)).await;
        assert_eq!(refused, "unavailable");
    }
    assert!(issuers.states()[0].remembered <= 257);
    fetch.go_down();
    assert_eq!(outcome(&issuers, &token).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn made_up_issuers_that_hang_are_asked_two_at_a_time() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = pattern_issuers(&fetch);
    let token = key.token("k", &email_claims());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    fetch.hang();
    let tokens: Vec<String> = (0..100).map(|number| made_up(&key, number)).collect();
    let waiting = tokens.iter().map(|token| outcome(&issuers, token));
    let before = Instant::now();
    let refused = futures::future::join_all(waiting).await;
    assert!(refused.iter().all(|refused| *refused == "pending"));
    assert_eq!(before.elapsed(), Duration::from_secs(3));
    assert_eq!(fetch.running(), 2);
    let before = Instant::now();
    assert_eq!(outcome(&issuers, &token).await, "ok");
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_a_name_is_forgotten_after_a_minute() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let issuers = pattern_issuers(&fetch);
    let token = made_up(&key, 1);
    for _ in 0..8 {
        assert_eq!(outcome(&issuers, &token).await, "unavailable");
        advance(Duration::from_secs(5)).await;
    }
    fetch.serve_issuer("https://i1.example.com", &[key.jwk("k")]);
    advance(MINUTE).await;
    let before = Instant::now();
    assert_eq!(outcome(&issuers, &token).await, "ok");
    assert_eq!(
        before.elapsed(),
        Duration::ZERO,
        "the pauses are forgotten too"
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

fn entry() -> IssuerConfig {
    IssuerConfig::new(ISSUER, "sigstore", IssuerType::Email)
}

fn issuers_with(entry: IssuerConfig, fetch: &Arc<MemoryFetch>) -> Issuers {
    let config = IssuersConfig::default().with_issuer(entry);
    Issuers::new(config, fetch.clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn pinned_keys_need_no_network_and_do_not_grow_old() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let keys = json!({"keys": [key.jwk("k")]}).to_string();
    let issuers = issuers_with(
        IssuerConfig {
            jwks: Some(PinnedKeys::from_text(keys)),
            ..entry()
        },
        &fetch,
    );
    issuers.refresh();
    advance(Duration::from_secs(365 * 24 * 60 * 60)).await;
    assert_eq!(outcome(&issuers, &key.token("k", &lasting())).await, "ok");
    let unknown = key.token("unknown", &lasting());
    assert_eq!(outcome(&issuers, &unknown).await, "key unknown");
    assert!(unusable(&issuers).is_empty());
    assert_eq!(fetch.fetches(), 0);
}

#[test]
fn pinned_keys_that_cannot_be_used_are_found_when_they_are_read() {
    let entry = IssuerConfig {
        jwks: Some(PinnedKeys::from_text("{}".to_owned())),
        ..entry()
    };
    let config = IssuersConfig::default().with_issuer(entry);
    let error = Issuers::new(config, Arc::new(MemoryFetch::default()))
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("jwks is unusable"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn keys_at_a_url_of_the_operator_need_no_discovery() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    fetch.serve("http://10.0.0.1/jwks", &json!({"keys": [key.jwk("k")]}));
    let issuers = issuers_with(
        IssuerConfig {
            jwks_uri: Some("http://10.0.0.1/jwks".parse().unwrap()),
            ..entry()
        },
        &fetch,
    );
    assert_eq!(outcome(&issuers, &key.token("k", &lasting())).await, "ok");
    assert_eq!(fetch.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_age_of_keys_and_the_life_of_tokens_are_bounded_as_the_entry_says() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers_with(
        IssuerConfig {
            max_key_age: Some(Period::from_hours(1)),
            max_token_life: Some(Period::from_hours(23)),
            ..entry()
        },
        &fetch,
    );
    let token = key.token("k", &lasting());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    let long = with("exp", json!(now().unix_timestamp() + 23 * 3_600 + 1));
    let error = issuers.verify(&key.token("k", &long), now()).await;
    assert!(matches!(error, Err(Error::TokenLastsTooLong { .. })));
    fetch.go_down();
    advance(Duration::from_secs(3_600)).await;
    assert_eq!(outcome(&issuers, &token).await, "unavailable");
}

#[tokio::test(start_paused = true)]
async fn one_issuer_serves_people_and_workloads() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let workloads = AlsoConfig {
        kind: IssuerType::Uri,
        client_id: String::new(),
        subject_domain: ISSUER.to_owned(),
    };
    let issuers = issuers_with(
        IssuerConfig {
            also: vec![workloads],
            ..entry()
        },
        &fetch,
    );
    let subject = format!("{ISSUER}/workloads/release");
    let mut workload = email_claims();
    workload["sub"] = json!(subject);
    let person = issuers.verify(&key.token("k", &workload), now()).await;
    assert_eq!(person.unwrap().name(), "a@example.com");
    workload["email"] = Value::Null;
    let principal = issuers.verify(&key.token("k", &workload), now()).await;
    assert_eq!(principal.unwrap().name(), subject);
    workload["sub"] = json!("https://elsewhere.example.org/workloads/release");
    let foreign = issuers.verify(&key.token("k", &workload), now()).await;
    assert!(matches!(foreign, Err(Error::ClaimInvalid { claim, .. }) if claim == "sub"));
    let kinds: Vec<_> = issuers.configured().iter().map(|each| each.kind).collect();
    assert_eq!(kinds, [IssuerType::Email, IssuerType::Uri]);
}

#[tokio::test(start_paused = true)]
async fn a_workload_that_names_no_issuer_is_of_the_one_of_its_trust_domain() {
    let key = TestKey::p256();
    let mut jwk = key.jwk("k");
    jwk["use"] = json!("jwt-svid");
    let fetch = MemoryFetch::serving(ISSUER, &[jwk]);
    fetch.serve_issuer(OTHER, &[]);
    let spiffe = |url: &str, domain: &str| IssuerConfig {
        spiffe_trust_domain: domain.to_owned(),
        ..IssuerConfig::new(url, "sigstore", IssuerType::Spiffe)
    };
    let claims = |sub: &str| {
        let exp = now().unix_timestamp() + 60;
        json!({"aud": ["sigstore"], "sub": sub, "exp": exp})
    };
    let ruled = IssuerConfig {
        allow: vec![sigstead_rules::RuleConfig {
            name: "own".to_owned(),
            rule: format!("issuer == '{ISSUER}'"),
        }],
        ..spiffe(ISSUER, "example.org")
    };
    let config = IssuersConfig::default()
        .with_issuer(ruled)
        .with_issuer(spiffe(OTHER, "other.org"));
    let issuers = Issuers::new(config.clone(), fetch.clone()).unwrap();
    let token = key.token("k", &claims("spiffe://example.org/release"));
    let principal = issuers.verify(&token, now()).await.unwrap();
    assert_eq!(principal.name(), "spiffe://example.org/release");
    let payload = claims("spiffe://example.org/release").to_string();
    let preview = config.preview(payload.as_bytes()).unwrap();
    assert_eq!(preview.refusal, None);
    for subject in [
        "spiffe://unknown.org/release",
        "spiffe://example.orgs/release",
        "https://example.org/release",
    ] {
        let error = issuers
            .verify(&key.token("k", &claims(subject)), now())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ClaimMissing { claim } if claim == "iss"));
    }
    let twice = config.with_issuer(spiffe("https://third.example.com", "spiffe://example.org"));
    let issuers = Issuers::new(twice, fetch).unwrap();
    let error = issuers.verify(&token, now()).await.unwrap_err();
    assert!(matches!(error, Error::ClaimMissing { claim } if claim == "iss"));
}

#[tokio::test]
async fn a_token_that_is_only_explained_is_not_counted() {
    let key = TestKey::p256();
    let issuers = issuers(&MemoryFetch::serving(ISSUER, &[key.jwk("k")]));
    let unknown = key.token("k", &with("iss", json!("https://evil.example")));
    for token in [key.token("k", &email_claims()), unknown] {
        let (examination, _) = issuers.explain(&token, now()).await;
        assert!(examination.passed.contains(&Check::Format));
    }
    assert!(issuers.states()[0].counts.tokens.is_empty());
    assert!(issuers.unknown().tokens.is_empty());
}

#[tokio::test]
async fn an_issuer_of_a_long_url_is_not_asked_and_not_repeated_whole() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let config = IssuersConfig::default().with_meta_issuer(
        "https://i.example.com/*",
        IssuerConfig::new("", "sigstore", IssuerType::Email),
    );
    let issuers = Issuers::new(config, fetch.clone()).unwrap();
    let url = |length: usize| format!("{:a<length$}", "https://i.example.com/");
    for (length, expected) in [(2048, "unavailable"), (2049, "unknown")] {
        let token = key.token("k", &with("iss", json!(url(length))));
        let (examination, refused) = issuers.explain(&token, now()).await;
        assert!(examination.issuer.unwrap().len() < 300);
        match refused.unwrap_err() {
            Error::IssuerUnavailable { .. } => assert_eq!(expected, "unavailable"),
            Error::IssuerUnknown { issuer } => {
                assert_eq!(expected, "unknown");
                assert!(issuer.len() < 300);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn issuers_that_stay_keep_their_keys_when_the_file_is_read_again() {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = issuers(&fetch);
    let token = key.token("k", &lasting());
    assert_eq!(outcome(&issuers, &token).await, "ok");
    fetch.go_down();
    let config = |entry: IssuerConfig| {
        let other = IssuerConfig::new(OTHER, "sigstore", IssuerType::Email);
        IssuersConfig::default()
            .with_issuer(entry)
            .with_issuer(other)
    };
    let other_audience = IssuerConfig {
        client_id: "other".to_owned(),
        ..entry()
    };
    issuers
        .replace(config(other_audience), fetch.clone())
        .unwrap();
    let refused = issuers.verify(&token, now()).await;
    assert!(matches!(refused, Err(Error::AudienceMismatch { .. })));
    issuers.replace(config(entry()), fetch.clone()).unwrap();
    assert_eq!(outcome(&issuers, &token).await, "ok");
    let counts = &issuers.states()[0].counts.tokens;
    assert_eq!(counts["accepted"], 2);
    assert_eq!(counts["audience"], 1);
    // Keys from elsewhere are others.
    let moved = IssuerConfig {
        jwks_uri: Some("https://keys.example.com".parse().unwrap()),
        ..entry()
    };
    issuers.replace(config(moved), fetch.clone()).unwrap();
    assert_eq!(outcome(&issuers, &token).await, "unavailable");
    // What cannot be used changes nothing.
    issuers.replace(config(entry()), fetch.clone()).unwrap();
    let broken = IssuerConfig {
        jwks: Some(PinnedKeys::from_text("{}".to_owned())),
        ..entry()
    };
    assert!(issuers.replace(config(broken), fetch).is_err());
    assert_eq!(unusable(&issuers), [ISSUER, OTHER]);
}
