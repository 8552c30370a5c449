//! Whom the rules of an issuer let have a certificate, and what an operator is told of a token.

use serde_json::{Value, json};
use sigstead_rules::RuleConfig;

use super::*;
use crate::testing::{ISSUER, MemoryFetch, TestKey, now};

fn claims(email: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": "sigstore", "sub": "1", "exp": now().unix_timestamp() + 60,
        "email": email, "email_verified": true, "groups": ["release"],
    })
}

fn rule(name: &str, rule: &str) -> RuleConfig {
    RuleConfig {
        name: name.to_owned(),
        rule: rule.to_owned(),
    }
}

fn entry() -> IssuerConfig {
    IssuerConfig::new(ISSUER, "sigstore", IssuerType::Email)
}

fn guarded() -> IssuerConfig {
    IssuerConfig {
        allow: vec![rule(
            "release team",
            "'release' in claims.groups && san.endsWith('@example.com')",
        )],
        deny: vec![rule("left", "claims.email == 'eve@example.com'")],
        ..entry()
    }
}

fn issuers(entry: IssuerConfig, key: &TestKey) -> Issuers {
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let config = IssuersConfig::default().with_issuer(entry);
    Issuers::new(config, fetch).unwrap()
}

#[tokio::test]
async fn rules_are_asked_when_the_token_is_known_to_be_good() {
    let key = TestKey::p256();
    let issuers = issuers(guarded(), &key);
    let verify = async |token: &str| issuers.verify(token, now()).await;
    let principal = verify(&key.token("k", &claims("bob@example.com"))).await;
    assert_eq!(principal.unwrap().rule(), Some("release team"));
    for (email, reason) in [
        ("eve@example.com", "rule \"left\" denies it"),
        ("bob@example.net", "no rule allows it"),
    ] {
        let refused = verify(&key.token("k", &claims(email))).await.unwrap_err();
        let Error::NotAllowed { reason: found } = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!(found, reason);
        // Who is refused learns nothing of the rules.
        assert!(!refused.to_string().contains("left"), "{refused}");
    }
    let forged = TestKey::p256().token("k", &claims("eve@example.com"));
    let refused = verify(&forged).await.unwrap_err();
    assert!(matches!(refused, Error::SignatureInvalid), "{refused:?}");
}

#[tokio::test]
async fn an_issuer_of_strangers_without_a_rule_serves_nobody() {
    let key = TestKey::p256();
    let token = key.token("k", &claims("bob@example.com"));
    let shared = IssuerConfig {
        shared: Some(true),
        ..entry()
    };
    let config = |entry: &IssuerConfig| IssuersConfig::default().with_issuer(entry.clone());
    assert_eq!(config(&shared).closed(), [ISSUER]);
    let closed = issuers(shared.clone(), &key);
    let refused = closed.verify(&token, now()).await.unwrap_err();
    assert!(matches!(refused, Error::NotAllowed { .. }), "{refused:?}");
    let ruled = IssuerConfig {
        allow: vec![rule("everybody", "true")],
        ..shared
    };
    assert!(config(&ruled).closed().is_empty());
    let open = issuers(ruled, &key);
    assert!(open.verify(&token, now()).await.is_ok());
}

#[test]
fn public_issuers_and_patterns_need_rules_unless_the_operator_says_otherwise() {
    let file = |head: &str, entry: &str| {
        let text = format!(
            "{head}oidc-issuers:\n  https://accounts.google.com:\n    client-id: sigstore\n    type: email\n{entry}\
             meta-issuers:\n  https://*.example.com:\n    client-id: sigstore\n    type: email\n{entry}"
        );
        let config = IssuersConfig::parse(&text).unwrap();
        config.closed().len()
    };
    assert_eq!(file("", ""), 2);
    assert_eq!(file("fulcio-compatible: true\n", ""), 0);
    assert_eq!(file("", "    shared: false\n"), 0);
    assert_eq!(
        file("fulcio-compatible: true\n", "    shared: true\n"),
        2,
        "an entry says more than the file"
    );
}

#[test]
fn a_rule_that_cannot_be_taken_ends_the_load() {
    for (rules, says) in [
        (
            "allow: [{name: it, rule: 'clams.ref == 1'}]",
            "rule \"it\", line 1, column 1: there is no clams",
        ),
        ("deny: [{name: '', rule: 'true'}]", "a rule has no name"),
        (
            "allow: [{name: a, rule: 'true'}, {name: a, rule: 'true'}]",
            "two rules are named",
        ),
    ] {
        for group in ["oidc-issuers", "meta-issuers"] {
            let text = format!(
                "{group}:\n  https://i.example.com:\n    client-id: sigstore\n    type: email\n    {rules}\n"
            );
            let refused = IssuersConfig::parse(&text).unwrap_err().to_string();
            assert!(refused.contains("https://i.example.com"), "{refused}");
            assert!(refused.contains(says), "{refused}");
        }
    }
}

#[tokio::test]
async fn an_operator_sees_how_far_a_token_comes() {
    let key = TestKey::p256();
    let issuers = issuers(guarded(), &key);
    let with = |name: &str, value: Value| {
        let mut claims = claims("bob@example.com");
        claims[name] = value;
        claims
    };
    let unverified = with("email_verified", json!(false));
    for (claims, failed) in [
        (with("iss", json!("https://evil.example")), Check::Issuer),
        (with("aud", json!("other")), Check::Audience),
        (with("exp", json!(1)), Check::Time),
        (unverified, Check::Identity),
        (with("groups", json!([])), Check::Rules),
    ] {
        let (seen, result) = issuers.explain(&key.token("k", &claims), now()).await;
        assert!(result.is_err());
        assert_eq!(seen.failed(), Some(failed));
    }
    let (seen, _) = issuers.explain("no token", now()).await;
    assert_eq!((seen.failed(), seen.issuer), (Some(Check::Format), None));
    let forged = TestKey::p256().token("k", &claims("bob@example.com"));
    let (seen, _) = issuers.explain(&forged, now()).await;
    assert_eq!(seen.failed(), Some(Check::Signature));
    assert!(seen.rules.is_empty(), "a forged token asks no rule");

    let good = key.token("k", &claims("bob@example.com"));
    let (seen, result) = issuers.explain(&good, now()).await;
    assert_eq!(seen.failed(), None);
    assert_eq!(seen.issuer.as_deref(), Some(ISSUER));
    let rules: Vec<_> = seen
        .rules
        .iter()
        .map(|rule| (rule.rule.as_str(), &rule.holds))
        .collect();
    assert_eq!(rules, [("left", &Ok(false)), ("release team", &Ok(true))]);
    assert_eq!(result.unwrap().san().value(), "bob@example.com");
}
