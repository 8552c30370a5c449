use serde_json::{Value, json};
use sigstead_entry::MAX_BODY_LENGTH;
use sigstead_entry::v1::{Error, Kind};
use sigstead_key::{Algorithm, HashAlgorithm};

use crate::world::{
    Ed25519, MESSAGE, Signing, b64, body, canonical, good_hashedrekord, hashedrekord, key, p256,
    propose, sha256, sign, spellings, verify,
};

fn expected(algorithm: &str, value: &str, signature: &[u8], pem: &str) -> String {
    let spec = json!({
        "signature": {"publicKey": {"content": b64(pem)}, "content": b64(signature)},
        "data": {"hash": {"value": value, "algorithm": algorithm}},
    });
    canonical("hashedrekord", "0.0.1", spec)
}

#[test]
fn takes_each_key_with_the_hash_of_its_algorithm() {
    let cases = [
        (Algorithm::EcdsaP256Sha256, "sha256", HashAlgorithm::Sha256),
        (Algorithm::EcdsaP384Sha384, "sha384", HashAlgorithm::Sha384),
        (Algorithm::EcdsaP521Sha512, "sha512", HashAlgorithm::Sha512),
        (
            Algorithm::RsaPkcs1v15_2048Sha256,
            "sha256",
            HashAlgorithm::Sha256,
        ),
    ];
    for (algorithm, name, hash) in cases {
        let key = key(algorithm);
        let (signature, pem) = (sign(&*key, MESSAGE), key.public_key().to_pem());
        let digest = hex::encode(hash.digest(MESSAGE));
        let entry = hashedrekord(name, &digest, &signature, &pem);
        assert_eq!(body(&entry), expected(name, &digest, &signature, &pem));
        assert_eq!(verify(&entry).unwrap().kind(), Kind::HashedRekord001);
    }
}

#[test]
fn takes_the_variant_of_ed25519_that_signs_digests() {
    let key = Ed25519::new();
    let digest = hex::encode(HashAlgorithm::Sha512.digest(MESSAGE));
    let (signature, pem) = (key.sign_prehashed(MESSAGE), key.pem());
    let entry = hashedrekord("sha512", &digest, &signature, &pem);
    assert_eq!(body(&entry), expected("sha512", &digest, &signature, &pem));
    let pure = hashedrekord("sha512", &digest, &key.sign(MESSAGE), &pem);
    assert!(matches!(verify(&pure), Err(Error::SignatureInvalid)));
}

#[test]
fn keeps_the_digits_of_the_hash_as_they_were_sent() {
    let mut entry = good_hashedrekord();
    let digits = sha256(MESSAGE).to_uppercase();
    entry["spec"]["data"]["hash"]["value"] = json!(digits);
    assert!(body(&entry).contains(&digits));
}

#[test]
fn writes_pem_in_one_spelling_whatever_was_sent() {
    let alice = Signing::of_alice();
    let signature = sign(&*alice.key, MESSAGE);
    let digest = sha256(MESSAGE);
    let key = alice.key.public_key();
    let blocks = [
        ("PUBLIC KEY", key.spki_der(), key.to_pem()),
        ("CERTIFICATE", alice.leaf.to_der(), alice.leaf.to_pem()),
    ];
    for (label, der, standard) in blocks {
        for pem in spellings(label, der) {
            let entry = hashedrekord("sha256", &digest, &signature, &pem);
            assert_eq!(
                body(&entry),
                expected("sha256", &digest, &signature, &standard),
                "{pem:?}"
            );
        }
    }
}

#[test]
fn keeps_a_chain_of_certificates() {
    let alice = Signing::of_alice();
    let chain = format!("{}\n{}", alice.leaf.to_pem(), alice.root.to_pem());
    let entry = alice.hashedrekord(&chain);
    let standard = format!("{}{}", alice.leaf.to_pem(), alice.root.to_pem());
    assert!(body(&entry).contains(&b64(standard)));
}

#[test]
fn refuses_a_chain_that_is_none() {
    let (alice, other) = (Signing::of_alice(), Signing::of_alice());
    let leaf = alice.leaf.to_pem();
    for above in [other.root.to_pem(), other.leaf.to_pem(), leaf.clone()] {
        let refused = verify(&alice.hashedrekord(&format!("{leaf}{above}")));
        assert!(matches!(refused, Err(Error::Chain(_))), "{refused:?}");
    }
    let refused = verify(&alice.hashedrekord(&leaf.repeat(11)));
    let Err(Error::TooMany { found, limit, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((found, limit), (11, 10));
}

#[test]
fn refuses_what_is_not_pem_of_a_key_or_a_certificate() {
    let alice = Signing::of_alice();
    let (leaf, spki) = (alice.leaf.to_pem(), alice.key.public_key().to_pem());
    type Check = fn(&Error) -> bool;
    let cases: [(String, Check); 9] = [
        (String::new(), |error| matches!(error, Error::Pem(_))),
        ("no pem".to_owned(), |error| matches!(error, Error::Pem(_))),
        (spki.replace("-----END", "-----STOP"), |error| {
            matches!(error, Error::Pem(_))
        }),
        (format!("{leaf}junk"), |error| {
            matches!(error, Error::Pem(_))
        }),
        (spki.replace("PUBLIC", "PRIVATE"), |error| {
            matches!(error, Error::PemLabel)
        }),
        (format!("{leaf}{spki}"), |error| {
            matches!(error, Error::PemLabel)
        }),
        (format!("{spki}{spki}"), |error| {
            matches!(error, Error::PemLabel)
        }),
        (leaf.replace("CERTIFICATE", "PUBLIC KEY"), |error| {
            matches!(error, Error::PublicKey(_))
        }),
        (spki.replace("PUBLIC KEY", "CERTIFICATE"), |error| {
            matches!(error, Error::Certificate(_))
        }),
    ];
    for (pem, is_expected) in cases {
        let error = verify(&alice.hashedrekord(&pem)).unwrap_err();
        assert!(is_expected(&error), "{error:?} of {pem}");
    }
}

#[test]
fn refuses_a_signature_of_another_key_or_message() {
    let (key, other) = (p256(), p256());
    let digest = sha256(MESSAGE);
    let pem = key.public_key().to_pem();
    for signature in [
        sign(&*other, MESSAGE),
        sign(&*key, b"another"),
        vec![1],
        vec![0; 72],
    ] {
        let refused = verify(&hashedrekord("sha256", &digest, &signature, &pem));
        assert!(
            matches!(refused, Err(Error::SignatureInvalid)),
            "{refused:?}"
        );
    }
}

#[test]
fn refuses_a_hash_that_the_key_does_not_go_with() {
    let key = p256();
    let signature = sign(&*key, MESSAGE);
    let pem = key.public_key().to_pem();
    for (name, hash) in [
        ("sha384", HashAlgorithm::Sha384),
        ("sha512", HashAlgorithm::Sha512),
    ] {
        let digest = hex::encode(hash.digest(MESSAGE));
        let refused = verify(&hashedrekord(name, &digest, &signature, &pem));
        assert!(
            matches!(refused, Err(Error::AlgorithmNotPermitted { .. })),
            "{refused:?}"
        );
    }
    let digest = sha256(MESSAGE);
    let ed25519 = Ed25519::new();
    let refused = verify(&hashedrekord(
        "sha256",
        &digest,
        &ed25519.sign(MESSAGE),
        &ed25519.pem(),
    ));
    assert!(matches!(refused, Err(Error::AlgorithmNotPermitted { .. })));
}

#[test]
fn refuses_digits_that_are_no_hash() {
    let long = "0".repeat(128);
    for digits in [
        "",
        "00",
        &sha256(MESSAGE)[..63],
        "zz".repeat(32).as_str(),
        long.as_str(),
    ] {
        let mut entry = good_hashedrekord();
        entry["spec"]["data"]["hash"]["value"] = json!(digits);
        let refused = verify(&entry);
        let Err(Error::HashMalformed { algorithm, digits }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((algorithm, digits), ("sha256", 64));
    }
}

#[test]
fn refuses_each_member_that_is_missing_null_empty_or_of_another_type() {
    let paths = [
        "/kind",
        "/apiVersion",
        "/spec",
        "/spec/data",
        "/spec/data/hash",
        "/spec/data/hash/algorithm",
        "/spec/data/hash/value",
        "/spec/signature",
        "/spec/signature/content",
        "/spec/signature/publicKey",
        "/spec/signature/publicKey/content",
    ];
    for path in paths {
        for wrong in [
            Value::Null,
            json!(""),
            json!(7),
            json!([]),
            json!({}),
            json!("?"),
        ] {
            let mut entry = good_hashedrekord();
            *entry.pointer_mut(path).unwrap() = wrong.clone();
            assert!(verify(&entry).is_err(), "{path} of {wrong}");
        }
        let mut entry = good_hashedrekord();
        let (parent, member) = path.rsplit_once('/').unwrap();
        let parent = entry.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(member);
        assert!(matches!(propose(&entry), Err(Error::Schema(_))), "{path}");
    }
}

#[test]
fn never_follows_a_url() {
    let mut entry = good_hashedrekord();
    let plain = body(&entry);
    entry["spec"]["signature"]["publicKey"]["url"] = json!("http://192.0.2.1/key");
    entry["spec"]["data"]["url"] = json!("http://192.0.2.1/data");
    assert_eq!(body(&entry), plain);
    let key = entry["spec"]["signature"]["publicKey"]
        .as_object_mut()
        .unwrap();
    key.remove("content");
    assert!(propose(&entry).is_err());
}

#[test]
fn names_the_kinds_that_it_does_not_take() {
    for kind in [
        "rekord", "rpm", "jar", "cose", "rfc3161", "alpine", "helm", "tuf",
    ] {
        let mut entry = good_hashedrekord();
        entry["kind"] = json!(kind);
        let refused = propose(&entry);
        let Err(Error::KindNotEnabled {
            kind: named,
            version,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!((named.as_str(), version.as_str()), (kind, "0.0.1"));
    }
    for (kind, version) in [
        ("hashedrekord", "0.0.2"),
        ("dsse", "0.0.2"),
        ("intoto", "0.0.3"),
        ("Dsse", "0.0.1"),
        ("", ""),
    ] {
        let mut entry = good_hashedrekord();
        entry["kind"] = json!(kind);
        entry["apiVersion"] = json!(version);
        assert!(
            matches!(propose(&entry), Err(Error::KindUnknown { .. })),
            "{kind} {version}"
        );
    }
    let mut entry = good_hashedrekord();
    entry["kind"] = json!("x".repeat(1000));
    assert!(propose(&entry).unwrap_err().to_string().len() < 200);
}

#[test]
fn text_before_a_block_is_not_kept() {
    let alice = Signing::of_alice();
    let pem = format!("{}\n{}", " ".repeat(MAX_BODY_LENGTH), alice.leaf.to_pem());
    assert!(body(&alice.hashedrekord(&pem)).len() < MAX_BODY_LENGTH);
}
