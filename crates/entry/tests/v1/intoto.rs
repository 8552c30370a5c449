use serde_json::{Value, json};
use sigstead_entry::MAX_BODY_LENGTH;
use sigstead_entry::v1::{Error, Kind};

use crate::world::{
    PAYLOAD_TYPE, Signing, b64, body, canonical, envelope, envelope_signature, good_intoto001,
    good_intoto002, intoto001, intoto002, p256, propose, sha256, spellings, verify,
};

const PAYLOAD: &str = r#"{"a": 1}"#;

fn expected001(envelope: &str, pem: &str) -> String {
    let spec = json!({
        "publicKey": b64(pem),
        "content": {
            "payloadHash": {"value": sha256(PAYLOAD), "algorithm": "sha256"},
            "hash": {"value": sha256(envelope), "algorithm": "sha256"},
        },
    });
    canonical("intoto", "0.0.1", spec)
}

fn expected002(signatures: Value, hash: &str) -> String {
    let content = json!({
        "payloadHash": {"value": sha256(PAYLOAD), "algorithm": "sha256"},
        "hash": {"value": hash, "algorithm": "sha256"},
        "envelope": {"signatures": signatures, "payloadType": PAYLOAD_TYPE},
    });
    canonical("intoto", "0.0.2", json!({"content": content}))
}

#[test]
fn the_older_version_logs_digests_and_the_key() {
    let alice = Signing::of_alice();
    let signature = envelope_signature(&*alice.key, PAYLOAD);
    let envelope = envelope(PAYLOAD, &[&signature]);
    for pem in spellings("CERTIFICATE", alice.leaf.to_der()) {
        let entry = intoto001(&envelope, &pem);
        assert_eq!(body(&entry), expected001(&envelope, &alice.leaf.to_pem()));
        assert_eq!(verify(&entry).unwrap().kind(), Kind::Intoto001);
    }
}

#[test]
fn the_older_version_computes_the_digests_itself() {
    let mut entry = good_intoto001(PAYLOAD);
    let plain = body(&entry);
    let wrong = json!({"algorithm": "sha256", "value": sha256("another")});
    entry["spec"]["content"]["hash"] = wrong.clone();
    entry["spec"]["content"]["payloadHash"] = wrong;
    assert_eq!(body(&entry), plain);
}

#[test]
fn the_older_version_asks_for_one_signature_of_the_key() {
    let (key, other) = (p256(), p256());
    let (mine, foreign) = (
        envelope_signature(&*key, PAYLOAD),
        envelope_signature(&*other, PAYLOAD),
    );
    let pem = key.public_key().to_pem();
    let text = envelope(PAYLOAD, &[&foreign, &mine]);
    assert_eq!(body(&intoto001(&text, &pem)), expected001(&text, &pem));
    let refused = verify(&intoto001(&envelope(PAYLOAD, &[&foreign]), &pem));
    assert!(matches!(refused, Err(Error::SignatureInvalid)));
}

#[test]
fn the_newer_version_logs_signatures_with_their_keys() {
    let keys = [p256(), p256()];
    let pems = keys.each_ref().map(|key| key.public_key().to_pem());
    let texts = keys
        .each_ref()
        .map(|key| envelope_signature(&**key, PAYLOAD));
    let hash = sha256("what the client calls the envelope");
    let pairs = [
        (texts[0].as_str(), pems[0].as_str()),
        (texts[1].as_str(), pems[1].as_str()),
    ];
    let mut entry = intoto002(PAYLOAD, &pairs, Some(&hash));
    let signatures = &mut entry["spec"]["content"]["envelope"]["signatures"];
    signatures[0]["keyid"] = json!("");
    signatures[1]["keyid"] = json!("one \u{e9}");
    // In the order of the envelope, both texts in base64 once more, and no identifier that is empty.
    let signatures = json!([
        {"sig": b64(&texts[0]), "publicKey": b64(&pems[0])},
        {"sig": b64(&texts[1]), "publicKey": b64(&pems[1]), "keyid": "one \u{e9}"},
    ]);
    assert_eq!(body(&entry), expected002(signatures, &hash));
    assert_eq!(verify(&entry).unwrap().kind(), Kind::Intoto002);
}

#[test]
fn the_newer_version_computes_the_digest_of_the_payload_itself() {
    let mut entry = good_intoto002(PAYLOAD);
    let plain = body(&entry);
    entry["spec"]["content"]["payloadHash"] =
        json!({"algorithm": "sha256", "value": sha256("another")});
    assert_eq!(body(&entry), plain);
}

#[test]
fn the_newer_version_computes_the_digest_of_the_envelope_where_none_is_sent() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let pem = key.public_key().to_pem();
    let entry = intoto002(PAYLOAD, &[(&signature, &pem)], None);
    let written = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": b64(PAYLOAD),
        "signatures": [{"sig": signature, "publicKey": pem}],
    });
    let hash = sha256(serde_json_canonicalizer::to_string(&written).unwrap());
    let signatures = json!([{"sig": b64(&signature), "publicKey": b64(&pem)}]);
    assert_eq!(body(&entry), expected002(signatures, &hash));
}

#[test]
fn the_newer_version_keeps_the_key_as_it_was_sent() {
    // Rekor 1.5 does so for this kind alone.
    let alice = Signing::of_alice();
    let signature = envelope_signature(&*alice.key, PAYLOAD);
    let hash = sha256("x");
    for pem in spellings("CERTIFICATE", alice.leaf.to_der()) {
        let entry = intoto002(PAYLOAD, &[(&signature, &pem)], Some(&hash));
        let signatures = json!([{"sig": b64(&signature), "publicKey": b64(&pem)}]);
        assert_eq!(body(&entry), expected002(signatures, &hash));
    }
}

#[test]
fn the_newer_version_asks_for_each_signature_by_the_key_beside_it() {
    let (key, other) = (p256(), p256());
    let (one, two) = (
        envelope_signature(&*key, PAYLOAD),
        envelope_signature(&*other, PAYLOAD),
    );
    let (pem, other_pem) = (key.public_key().to_pem(), other.public_key().to_pem());
    let good = [
        (one.as_str(), pem.as_str()),
        (two.as_str(), other_pem.as_str()),
    ];
    verify(&intoto002(PAYLOAD, &good, None)).unwrap();
    let swapped = [
        (one.as_str(), other_pem.as_str()),
        (two.as_str(), pem.as_str()),
    ];
    let half = [(one.as_str(), pem.as_str()), (two.as_str(), pem.as_str())];
    for pairs in [swapped, half] {
        let refused = verify(&intoto002(PAYLOAD, &pairs, None));
        assert!(matches!(refused, Err(Error::SignatureInvalid)));
    }
    let refused = verify(&intoto002("another", &good, None));
    assert!(matches!(refused, Err(Error::SignatureInvalid)));
}

#[test]
fn refuses_a_digest_of_the_envelope_that_is_none() {
    for value in ["", "00", "zz".repeat(32).as_str()] {
        let mut entry = good_intoto002(PAYLOAD);
        entry["spec"]["content"]["hash"]["value"] = json!(value);
        assert!(matches!(propose(&entry), Err(Error::HashMalformed { .. })));
    }
}

#[test]
fn refuses_text_that_is_in_base64_only_once() {
    for path in ["payload", "signatures"] {
        let mut entry = good_intoto002("ÿÿÿ");
        let envelope = &mut entry["spec"]["content"]["envelope"];
        if path == "payload" {
            envelope["payload"] = json!(b64([0xff; 6]));
        } else {
            envelope["signatures"][0]["sig"] = json!(b64([0xff; 6]));
        }
        assert!(matches!(propose(&entry), Err(Error::Base64(_))), "{path}");
    }
}

#[test]
fn refuses_each_member_that_is_missing_null_empty_or_of_another_type() {
    let older = ["/spec/content", "/spec/content/envelope", "/spec/publicKey"];
    let newer = [
        "/spec/content",
        "/spec/content/envelope",
        "/spec/content/envelope/payload",
        "/spec/content/envelope/payloadType",
        "/spec/content/envelope/signatures",
        "/spec/content/envelope/signatures/0",
        "/spec/content/envelope/signatures/0/sig",
        "/spec/content/envelope/signatures/0/publicKey",
    ];
    let older = older.map(|path| (path, good_intoto001(PAYLOAD)));
    let newer = newer.map(|path| (path, good_intoto002(PAYLOAD)));
    for (path, good) in older.into_iter().chain(newer) {
        for wrong in [
            Value::Null,
            json!(""),
            json!(7),
            json!([]),
            json!({}),
            json!([null]),
        ] {
            let mut entry = good.clone();
            *entry.pointer_mut(path).unwrap() = wrong.clone();
            assert!(verify(&entry).is_err(), "{path} of {wrong}");
        }
    }
}

#[test]
fn refuses_an_entry_that_no_bundle_could_hold() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let pem = key.public_key().to_pem();
    let mut entry = intoto002(PAYLOAD, &[(&signature, &pem)], None);
    let empty = body(&entry).len() + r#""keyid":"","#.len();
    let id = |length: usize| json!("k".repeat(length));
    entry["spec"]["content"]["envelope"]["signatures"][0]["keyid"] = id(MAX_BODY_LENGTH - empty);
    assert_eq!(body(&entry).len(), MAX_BODY_LENGTH);
    entry["spec"]["content"]["envelope"]["signatures"][0]["keyid"] =
        id(MAX_BODY_LENGTH - empty + 1);
    let refused = verify(&entry);
    assert!(matches!(refused, Err(Error::TooLong(length)) if length == MAX_BODY_LENGTH + 1));
}
