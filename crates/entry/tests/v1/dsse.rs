use serde_json::{Value, json};
use sigstead_entry::pae;
use sigstead_entry::v1::{Error, Kind};
use sigstead_key::Algorithm;

use crate::world::{
    Ed25519, PAYLOAD_TYPE, Signing, b64, body, canonical, dsse, envelope, envelope_signature,
    good_dsse, key, p256, propose, sha256, sign, spellings, verify,
};

const PAYLOAD: &str = r#"{"a": 1}"#;

// Made with OpenSSL over the payload above; the library that other tests sign with has no such pair.
const P384_SHA256_SIGNATURE: &str = "MGUCMHCNM6uMurYGpRsoaM08brtW1eu1GZ6n6A1NeHBeHCLF5AqOzJtOVXCKcWmA1zjsNQIxAJsanyrFpDsvwx/ixxsVRGs38DNGENxOecUC4/7NfgvqmRqzhYSbTmb9jjsLs0lhEg==";
const P384_KEY: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEI+RQRO/TcPlKfSYpEK4cZ3hF08xhtJiI
/pKfJa00WvQwimJzDgSLW3cn/nV7n6bnFInZ0j2zJPGDLAy2V4IuOlVXedwOEnou
Zbxa4K9UMaskC23lv6ktpxoyqoP7guQB
-----END PUBLIC KEY-----
";

fn expected(envelope: &str, signatures: &[(&str, &str)]) -> String {
    let signatures: Vec<_> = signatures
        .iter()
        .map(|(signature, pem)| json!({"verifier": b64(pem), "signature": signature}))
        .collect();
    let spec = json!({
        "signatures": signatures,
        "payloadHash": {"value": sha256(PAYLOAD), "algorithm": "sha256"},
        "envelopeHash": {"value": sha256(envelope), "algorithm": "sha256"},
    });
    canonical("dsse", "0.0.1", spec)
}

#[test]
fn logs_digests_and_signatures() {
    for algorithm in [
        Algorithm::EcdsaP256Sha256,
        Algorithm::Ed25519,
        Algorithm::RsaPkcs1v15_2048Sha256,
    ] {
        let key = key(algorithm);
        let signature = envelope_signature(&*key, PAYLOAD);
        let envelope = envelope(PAYLOAD, &[&signature]);
        let pem = key.public_key().to_pem();
        let entry = dsse(&envelope, &[&pem]);
        assert_eq!(body(&entry), expected(&envelope, &[(&signature, &pem)]));
        assert_eq!(verify(&entry).unwrap().kind(), Kind::Dsse001);
    }
}

#[test]
fn envelopes_go_with_one_hash_whatever_the_key() {
    let (signature, pem) = (P384_SHA256_SIGNATURE, P384_KEY);
    let text = envelope(PAYLOAD, &[signature]);
    assert_eq!(
        body(&dsse(&text, &[pem])),
        expected(&text, &[(signature, pem)])
    );
    let other_hash = key(Algorithm::EcdsaP384Sha384);
    let signature = envelope_signature(&*other_hash, PAYLOAD);
    let pem = other_hash.public_key().to_pem();
    let refused = verify(&dsse(&envelope(PAYLOAD, &[&signature]), &[&pem]));
    assert!(matches!(refused, Err(Error::VerifierUnused)));
}

#[test]
fn the_digest_of_the_envelope_is_that_of_its_text() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let pem = key.public_key().to_pem();
    let compact = envelope(PAYLOAD, &[&signature]);
    let spread = format!("\n{} ", compact.replace(',', " ,\t"));
    for text in [compact, spread] {
        assert_eq!(
            body(&dsse(&text, &[&pem])),
            expected(&text, &[(&signature, &pem)])
        );
    }
}

#[test]
fn writes_pem_in_one_spelling_whatever_was_sent() {
    let alice = Signing::of_alice();
    let signature = envelope_signature(&*alice.key, PAYLOAD);
    let envelope = envelope(PAYLOAD, &[&signature]);
    let standard = expected(&envelope, &[(&signature, &alice.leaf.to_pem())]);
    for pem in spellings("CERTIFICATE", alice.leaf.to_der()) {
        assert_eq!(body(&dsse(&envelope, &[&pem])), standard, "{pem:?}");
    }
}

#[test]
fn sorts_signatures_by_their_text_and_gives_each_its_verifier() {
    let keys = [p256(), p256(), p256()];
    let pems = keys.each_ref().map(|key| key.public_key().to_pem());
    let signatures = keys
        .each_ref()
        .map(|key| envelope_signature(&**key, PAYLOAD));
    let mut pairs: Vec<_> = signatures
        .iter()
        .zip(&pems)
        .map(|(each, pem)| (each.as_str(), pem.as_str()))
        .collect();
    pairs.sort_unstable();
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for of_signatures in orders {
        let text = envelope(
            PAYLOAD,
            &of_signatures.map(|each| signatures[each].as_str()),
        );
        for of_verifiers in orders {
            let entry = dsse(&text, &of_verifiers.map(|each| pems[each].as_str()));
            assert_eq!(body(&entry), expected(&text, &pairs));
        }
    }
}

#[test]
fn equal_signatures_are_one() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let envelope = envelope(PAYLOAD, &[&signature, &signature]);
    let pem = key.public_key().to_pem();
    assert_eq!(
        body(&dsse(&envelope, &[&pem])),
        expected(&envelope, &[(&signature, &pem)])
    );
}

#[test]
fn the_last_verifier_that_takes_part_stands_for_its_signature() {
    // As Rekor does it: a verifier claims a signature again while another one is still open.
    let (alice, bob) = (Signing::of_alice(), p256());
    let first = envelope_signature(&*alice.key, PAYLOAD);
    let second = envelope_signature(&*bob, PAYLOAD);
    let envelope = envelope(PAYLOAD, &[&first, &second]);
    let (spki, leaf) = (alice.key.public_key().to_pem(), alice.leaf.to_pem());
    let bob = bob.public_key().to_pem();
    let mut pairs = [
        (first.as_str(), leaf.as_str()),
        (second.as_str(), bob.as_str()),
    ];
    pairs.sort_unstable();
    assert_eq!(
        body(&dsse(&envelope, &[&spki, &leaf, &bob])),
        expected(&envelope, &pairs)
    );
}

#[test]
fn verifiers_that_are_not_needed_are_not_read() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let envelope = envelope(PAYLOAD, &[&signature]);
    let pem = key.public_key().to_pem();
    let entry = dsse(&envelope, &[&pem, "no pem"]);
    assert_eq!(body(&entry), expected(&envelope, &[(&signature, &pem)]));
    let refused = verify(&dsse(&envelope, &["no pem", &pem]));
    assert!(matches!(refused, Err(Error::Pem(_))));
}

#[test]
fn refuses_signatures_and_verifiers_that_do_not_go_together() {
    let (key, other) = (p256(), p256());
    let (one, two) = (
        envelope_signature(&*key, PAYLOAD),
        envelope_signature(&*other, PAYLOAD),
    );
    let (pem, other_pem) = (key.public_key().to_pem(), other.public_key().to_pem());
    let unverified = verify(&dsse(&envelope(PAYLOAD, &[&one, &two]), &[&pem]));
    assert!(matches!(unverified, Err(Error::SignatureUnverified)));
    let unused = verify(&dsse(&envelope(PAYLOAD, &[&one]), &[&other_pem, &pem]));
    assert!(matches!(unused, Err(Error::VerifierUnused)));
    let foreign = b64(sign(&*key, &pae("another type", PAYLOAD.as_bytes())));
    let foreign = verify(&dsse(&envelope(PAYLOAD, &[&foreign]), &[&pem]));
    assert!(matches!(foreign, Err(Error::VerifierUnused)));
    let moved = envelope("another payload", &[&one]);
    assert!(matches!(
        verify(&dsse(&moved, &[&pem])),
        Err(Error::VerifierUnused)
    ));
}

#[test]
fn takes_ten_signatures_in_any_order_and_refuses_eleven() {
    let keys: Vec<_> = (0..11).map(|_| p256()).collect();
    let signatures: Vec<_> = keys
        .iter()
        .map(|key| envelope_signature(&**key, PAYLOAD))
        .collect();
    let pems: Vec<_> = keys.iter().map(|key| key.public_key().to_pem()).collect();
    let entry = |count: usize, is_reversed: bool| {
        let signatures: Vec<_> = signatures[..count].iter().map(String::as_str).collect();
        let mut order: Vec<_> = (0..count).collect();
        order.sort_unstable_by_key(|each| signatures[*each]);
        if is_reversed {
            order.reverse();
        }
        let verifiers: Vec<_> = order.iter().map(|each| pems[*each].as_str()).collect();
        dsse(&envelope(PAYLOAD, &signatures), &verifiers)
    };
    verify(&entry(10, false)).unwrap();
    verify(&entry(10, true)).unwrap();
    assert!(matches!(
        propose(&entry(11, false)),
        Err(Error::TooMany { .. })
    ));
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let verifiers = vec![pems[0].as_str(); 11];
    let refused = propose(&dsse(&envelope(PAYLOAD, &[&signature]), &verifiers));
    assert!(matches!(
        refused,
        Err(Error::TooMany {
            what: "verifiers",
            ..
        })
    ));
}

#[test]
fn work_has_a_bound() {
    // Ten verifiers of one key leave nine foreign signatures open, and each asks about all of them.
    let (key, other) = (p256(), p256());
    let mine = envelope_signature(&*key, PAYLOAD);
    let foreign: Vec<_> = (0..9)
        .map(|_| envelope_signature(&*other, PAYLOAD))
        .collect();
    let mut signatures = vec![mine.as_str()];
    signatures.extend(foreign.iter().map(String::as_str));
    let pem = key.public_key().to_pem();
    let refused = verify(&dsse(&envelope(PAYLOAD, &signatures), &[pem.as_str(); 10]));
    assert!(matches!(refused, Err(Error::TooCostly)), "{refused:?}");
}

#[test]
fn long_messages_are_not_hashed_over_and_over() {
    let key = Ed25519::new();
    let payload = "x".repeat(8 * 1024 * 1024);
    let message = pae(PAYLOAD_TYPE, payload.as_bytes());
    let signature = b64(key.sign(&message));
    let pem = key.pem();
    verify(&dsse(&envelope(&payload, &[&signature]), &[&pem])).unwrap();
    let other = p256();
    let signatures: Vec<_> = (0..9_u8).map(|each| b64([each; 64])).collect();
    let mut signatures: Vec<_> = signatures.iter().map(String::as_str).collect();
    let last = envelope_signature(&*other, &payload);
    signatures.push(&last);
    let refused = verify(&dsse(&envelope(&payload, &signatures), &[&pem]));
    assert!(matches!(refused, Err(Error::TooCostly)), "{refused:?}");
}

#[test]
fn refuses_what_only_the_log_may_say() {
    let hash = json!({"algorithm": "sha256", "value": sha256("x")});
    let signatures = json!([{"signature": "AA==", "verifier": "AA=="}]);
    for (member, value) in [
        ("envelopeHash", &hash),
        ("payloadHash", &hash),
        ("signatures", &signatures),
    ] {
        let mut entry = good_dsse(PAYLOAD);
        entry["spec"][member] = value.clone();
        let refused = propose(&entry);
        assert!(matches!(refused, Err(Error::NotProposable(name)) if name == member));
        entry["spec"]["proposedContent"] = Value::Null;
        assert!(propose(&entry).is_err());
        // Clients in Go send what they have not set.
        let mut entry = good_dsse(PAYLOAD);
        entry["spec"][member] = Value::Null;
        verify(&entry).unwrap();
    }
    let refused = propose(&json!({"kind": "dsse", "apiVersion": "0.0.1", "spec": {}}));
    assert!(matches!(refused, Err(Error::Missing("proposedContent"))));
}

#[test]
fn refuses_envelopes_that_are_none() {
    let key = p256();
    let signature = envelope_signature(&*key, PAYLOAD);
    let good = envelope(PAYLOAD, &[&signature]);
    let pem = key.public_key().to_pem();
    let url_safe = signature.replace('+', "-").replace('/', "_");
    type Check = fn(&Error) -> bool;
    let is_envelope: Check = |error| matches!(error, Error::Envelope(_));
    let is_base64: Check = |error| matches!(error, Error::Base64(_));
    let cases: [(String, Check); 8] = [
        (String::new(), is_envelope),
        ("[]".to_owned(), is_envelope),
        (good.replace("payloadType", "type"), is_envelope),
        (good.replace("signatures", "sigs"), is_envelope),
        (good.replacen('{', r#"{"payload":"","#, 1), is_envelope),
        (good.replace(&b64(PAYLOAD), "?"), is_base64),
        (good.replace(&signature, "?"), is_base64),
        (envelope(PAYLOAD, &[]), |error| {
            matches!(error, Error::Missing("a signature"))
        }),
    ];
    for (text, is_expected) in cases {
        let error = propose(&dsse(&text, &[&pem])).unwrap_err();
        assert!(is_expected(&error), "{error:?} of {text}");
    }
    if url_safe != signature {
        let refused = propose(&dsse(&envelope(PAYLOAD, &[&url_safe]), &[&pem]));
        assert!(matches!(refused, Err(Error::Base64(_))));
    }
    let refused = propose(&dsse(&good, &[]));
    assert!(matches!(refused, Err(Error::Missing("a verifier"))));
}

#[test]
fn refuses_each_member_that_is_missing_null_or_of_another_type() {
    for path in [
        "/spec/proposedContent",
        "/spec/proposedContent/envelope",
        "/spec/proposedContent/verifiers",
        "/spec/proposedContent/verifiers/0",
    ] {
        for wrong in [
            Value::Null,
            json!(""),
            json!(7),
            json!([]),
            json!({}),
            json!([null]),
            json!(["?"]),
        ] {
            let mut entry = good_dsse(PAYLOAD);
            *entry.pointer_mut(path).unwrap() = wrong.clone();
            assert!(verify(&entry).is_err(), "{path} of {wrong}");
        }
    }
}
