use serde_json::{Value, json};

use super::*;
use crate::testing::TestKey;

fn set(keys: &[Value]) -> KeySet {
    let supported = ["RS256", "ES256", "EdDSA"].map(str::to_owned);
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), &supported).unwrap()
}

fn verify(set: &KeySet, token: &str) -> &'static str {
    match set.verify(&IdToken::parse(token).unwrap()) {
        Ok(()) => "ok",
        Err(Error::KeyUnknown) => "key unknown",
        Err(Error::AlgorithmMismatch) => "algorithm",
        Err(_) => "signature",
    }
}

#[test]
fn verifies_with_every_kind_of_key_that_issuers_use() {
    for key in [TestKey::rsa(), TestKey::p256(), TestKey::ed25519()] {
        let other = TestKey::p256();
        let set = set(&[other.jwk("other"), key.jwk("k")]);
        let claims = json!({"sub": "s"});
        assert_eq!(verify(&set, &key.token("k", &claims)), "ok");
        assert_eq!(verify(&set, &key.token("unknown", &claims)), "key unknown");
        let without_kid = key.token_with_header(&json!({"alg": key.algorithm()}), &claims);
        assert_eq!(verify(&set, &without_kid), "ok");
        assert_ne!(verify(&set, &other.token("k", &claims)), "ok");
    }
}

#[test]
fn refuses_a_changed_token() {
    let key = TestKey::p256();
    let set = set(&[key.jwk("k")]);
    let token = key.token("k", &json!({"sub": "mallory"}));
    let forged = key.token("k", &json!({"sub": "alice"}));
    let (input, _) = forged.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(verify(&set, &format!("{input}.{signature}")), "signature");
}

#[test]
fn the_token_does_not_choose_the_algorithm() {
    let key = TestKey::rsa();
    let set = set(&[key.jwk("k")]);
    for algorithm in ["none", "HS256", "RS512", "PS256", "ES256", "", "rs256"] {
        let token = key.token_with_header(&json!({"alg": algorithm, "kid": "k"}), &json!({}));
        assert_eq!(verify(&set, &token), "algorithm", "{algorithm}");
    }
}

#[test]
fn leaves_out_keys_that_do_not_sign_tokens() {
    let key = TestKey::p256();
    let with = |name: &str, value: Value| {
        let mut jwk = key.jwk("k");
        jwk[name] = value;
        jwk
    };
    let supported = ["ES256".to_owned()];
    for jwk in [
        with("use", json!("enc")),
        with("alg", json!("ES384")),
        with("alg", json!("RS256")),
        with("kty", json!("XYZ")),
        with("crv", json!("P-521")),
        with("x", json!("not base64!")),
        json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0"}),
        json!("text"),
        TestKey::ed25519().jwk("k"),
    ] {
        let document = json!({ "keys": [jwk] }).to_string();
        assert!(
            KeySet::parse(document.as_bytes(), &supported).is_err(),
            "{document}"
        );
        let document = json!({ "keys": [jwk, key.jwk("good")] }).to_string();
        assert_eq!(
            KeySet::parse(document.as_bytes(), &supported)
                .unwrap()
                .0
                .len(),
            1
        );
    }
    for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
        assert!(
            KeySet::parse(document.as_bytes(), &supported).is_err(),
            "{document}"
        );
    }
}
