use serde_json::{Value, json};

use super::*;
use crate::testing::{TestKey, encode};

fn set(keys: &[Value]) -> KeySet {
    let supported = ["RS256", "ES256", "ES512", "EdDSA"].map(str::to_owned);
    KeySet::parse(
        json!({ "keys": keys }).to_string().as_bytes(),
        Some(&supported),
    )
    .unwrap()
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
    for key in [
        TestKey::rsa(),
        TestKey::p256(),
        TestKey::p521(),
        TestKey::ed25519(),
    ] {
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
            KeySet::parse(document.as_bytes(), Some(&supported)).is_err(),
            "{document}"
        );
        let document = json!({ "keys": [jwk, key.jwk("good")] }).to_string();
        assert_eq!(
            KeySet::parse(document.as_bytes(), Some(&supported))
                .unwrap()
                .0
                .len(),
            1
        );
    }
    for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
        assert!(
            KeySet::parse(document.as_bytes(), Some(&supported)).is_err(),
            "{document}"
        );
    }
}

#[test]
fn a_key_signs_with_every_algorithm_of_its_kind_that_it_does_not_exclude() {
    let key = TestKey::rsa();
    let all = |jwk: Value| {
        let document = json!({ "keys": [jwk] }).to_string();
        let set = KeySet::parse(document.as_bytes(), None).unwrap();
        let algorithms = set.0[0].algorithms.iter().map(|each| each.name);
        algorithms.collect::<Vec<_>>()
    };
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    assert_eq!(all(key.jwk("k")), rsa);
    let mut narrow = key.jwk("k");
    narrow["alg"] = json!("PS384");
    assert_eq!(all(narrow), ["PS384"]);
    assert_eq!(all(TestKey::p521().jwk("k")), ["ES512"]);
}

#[test]
fn leaves_out_keys_that_are_weak_or_no_secret() {
    let rsa = TestKey::rsa().jwk("k");
    let with = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk
    };
    let modulus = rsa["n"].as_str().unwrap().to_owned();
    let p256 = TestKey::p256().jwk("k");
    for jwk in [
        with(&rsa, "e", json!("Aw")),
        with(&rsa, "e", json!("AQ")),
        // 1024 bits, and a modulus that 2 divides.
        with(&rsa, "n", json!(&modulus[..171])),
        with(&rsa, "n", json!(format!("{}A", &modulus[..341]))),
        with(&rsa, "d", json!("AQAB")),
        with(&rsa, "key_ops", json!(["sign"])),
        with(&p256, "y", p256["x"].clone()),
        with(&p256, "x", json!("AA")),
        with(&TestKey::ed25519().jwk("k"), "x", json!(encode([0; 32]))),
    ] {
        let document = json!({ "keys": [jwk] }).to_string();
        assert!(
            KeySet::parse(document.as_bytes(), None).is_err(),
            "{document}"
        );
    }
    let verifying = with(&rsa, "key_ops", json!(["verify"]));
    let document = json!({ "keys": [verifying] }).to_string();
    assert!(KeySet::parse(document.as_bytes(), None).is_ok());
}

#[test]
fn a_token_that_names_no_key_is_tried_under_a_few() {
    let keys: Vec<TestKey> = (0..6).map(|_| TestKey::p256()).collect();
    let jwks: Vec<Value> = keys.iter().map(|key| key.jwk("same")).collect();
    let set = set(&jwks);
    let outcomes = keys.iter().map(|key| {
        let token = key.token_with_header(&json!({"alg": "ES256"}), &json!({}));
        verify(&set, &token)
    });
    let expected = ["ok", "ok", "ok", "ok", "signature", "signature"];
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
}

#[test]
fn a_set_has_a_hundred_keys_at_most() {
    let jwk = TestKey::p256().jwk("k");
    for (keys, expected) in [(100, true), (101, false)] {
        let document = json!({ "keys": vec![jwk.clone(); keys] }).to_string();
        assert_eq!(
            KeySet::parse(document.as_bytes(), None).is_ok(),
            expected,
            "{keys}"
        );
    }
}
