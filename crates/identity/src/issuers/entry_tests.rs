//! What an entry of the file adds to a principal, and what a new file makes of issuers that patterns stand for.

use serde_json::{Value, json};

use super::*;
use crate::config::IssuersConfig;
use crate::testing::{ISSUER, MemoryFetch, TestKey, now};

fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": "sigstore", "sub": "1", "exp": now().unix_timestamp() + 60,
        "email": "a@example.com", "email_verified": true, "team": "release",
    })
}

fn file(entry: &str) -> IssuersConfig {
    let text = format!(
        "extension-arc: 1.3.6.1.4.1.99999.1\noidc-issuers:\n  {ISSUER}: {{client-id: sigstore, type: email, {entry}}}\n"
    );
    IssuersConfig::parse(&text).unwrap()
}

async fn principal(entry: &str, claims: &Value) -> Result<Principal, Error> {
    let key = TestKey::p256();
    let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
    let issuers = Issuers::new(file(entry), fetch).unwrap();
    issuers.verify(&key.token("k", claims), now()).await
}

#[tokio::test]
async fn extensions_of_the_operator_are_in_the_certificate_and_in_the_preview() {
    let entry = "extensions: {1.3.6.1.4.1.99999.1.2: team}";
    let expected = [("1.3.6.1.4.1.99999.1.2".to_owned(), "release")];
    let found = principal(entry, &claims(ISSUER)).await.unwrap();
    assert_eq!(found.extensions().named(), expected);
    let preview = file(entry)
        .preview(claims(ISSUER).to_string().as_bytes())
        .unwrap();
    assert_eq!(preview.extensions.named(), expected);
    for (team, is_it) in [
        (json!("a\nb"), "no control characters"),
        (json!("a\u{202e}b"), "direction of text"),
        (json!("a".repeat(2049)), "at most 2048 bytes"),
        (json!(["release"]), "claim team of the token is"),
        (Value::Null, "no claim team"),
    ] {
        let mut claims = claims(ISSUER);
        claims["team"] = team;
        let refused = principal(entry, &claims).await.unwrap_err().to_string();
        assert!(refused.contains(is_it), "{refused}");
    }
}

#[tokio::test]
async fn a_token_that_is_good_once_is_told_from_others_by_what_was_signed() {
    assert_eq!(
        principal("shared: false", &claims(ISSUER))
            .await
            .unwrap()
            .single_use(),
        None
    );
    let once = principal("single-use: true", &claims(ISSUER))
        .await
        .unwrap();
    let once = once.single_use().unwrap();
    assert_eq!(once.until, now() + time::Duration::seconds(60));
    let again = principal("single-use: true", &claims(ISSUER))
        .await
        .unwrap();
    // Another key signed the same.
    assert_eq!(again.single_use(), Some(once));
    let mut other = claims(ISSUER);
    other["jti"] = json!("2");
    let other = principal("single-use: true", &other).await.unwrap();
    assert_ne!(other.single_use().unwrap().digest, once.digest);
}

/// Each reload could otherwise leave a thousand names behind.
#[tokio::test]
async fn a_file_without_a_pattern_forgets_the_issuers_that_it_stood_for() {
    let key = TestKey::p256();
    let fetch = Arc::new(MemoryFetch::default());
    let urls: Vec<String> = (0..20)
        .map(|number| format!("https://i{number}.a.example"))
        .collect();
    for url in &urls {
        fetch.serve_issuer(url, &[key.jwk("k")]);
    }
    let of = |pattern: &str| {
        let text = format!(
            "meta-issuers:\n  https://*.{pattern}: {{client-id: sigstore, type: email, shared: false}}\n"
        );
        IssuersConfig::parse(&text).unwrap()
    };
    let issuers = Issuers::new(of("a.example"), fetch.clone()).unwrap();
    for url in &urls {
        issuers
            .verify(&key.token("k", &claims(url)), now())
            .await
            .unwrap();
    }
    assert_eq!(issuers.remembered().urls().count(), 20);
    issuers.replace(of("a.example"), fetch.clone()).unwrap();
    assert_eq!(
        issuers.remembered().urls().count(),
        20,
        "they keep their keys"
    );
    issuers.replace(of("b.example"), fetch).unwrap();
    assert_eq!(issuers.remembered().urls().count(), 0);
}
