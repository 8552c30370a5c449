//! The worked example of golang.org/x/mod/sumdb/note, which the specification was written from, and
//! the key of the Go checksum database.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_key::PublicKey;
use sigstead_note::{Error, KeyName, SignedNote, VerifierKey};

const NOTE: &str = "\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";
const PETER: &str = "MCowBQYDK2VwAyEAGlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=";
const SUMDB: &str = "MCowBQYDK2VwAyEAzjNy11rR7l7Nr4cnKT1LER2H6zdTHXyG1NMAPw64Cfw=";

fn key(name: &str, spki: &str) -> VerifierKey {
    let spki = STANDARD.decode(spki).unwrap();
    let public_key = PublicKey::from_spki_der(&spki).unwrap();
    VerifierKey::new(KeyName::parse(name).unwrap(), public_key)
}

#[test]
fn identifies_ed25519_keys_by_name_and_bytes() {
    let table = [
        ("PeterNeumann", PETER, "c74f20a3"),
        ("sum.golang.org", SUMDB, "033de0ae"),
    ];
    for (name, spki, id) in table {
        assert_eq!(key(name, spki).key_id().to_string(), id);
    }
}

#[test]
fn identifies_ecdsa_keys_by_their_spki_alone() {
    // The public-good Rekor v1 instance; its log identifier is in every bundle it ever gave.
    let rekor = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";
    let id = "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=";
    let (one, other) = (key("rekor.sigstore.dev", rekor), key("other", rekor));
    assert_eq!(STANDARD.encode(one.full_id()), id);
    assert_eq!(one.full_id(), other.full_id());
    assert_eq!(one.key_id().as_bytes(), &one.full_id()[..4]);
}

#[test]
fn verifies_the_example() {
    let note = SignedNote::parse(NOTE).unwrap();
    assert_eq!(note.encode(), NOTE);
    let signature = note.verify(&key("PeterNeumann", PETER)).unwrap();
    assert_eq!(signature.name.as_str(), "PeterNeumann");
}

#[test]
fn refuses_another_text_under_the_signature() {
    let note = SignedNote::parse(&NOTE.replace("problem is", "problem was")).unwrap();
    let refused = note.verify(&key("PeterNeumann", PETER));
    assert!(matches!(refused, Err(Error::SignatureInvalid { .. })));
}

#[test]
fn does_not_take_the_signature_of_another_key() {
    let note = SignedNote::parse(NOTE).unwrap();
    for other in [key("EnochRoot", PETER), key("PeterNeumann", SUMDB)] {
        let refused = note.verify(&other);
        assert!(matches!(refused, Err(Error::SignatureMissing(_))));
    }
}

#[test]
fn passes_over_the_signatures_of_others() {
    let stranger = "\n\n\u{2014} stranger AAAAAAE=\n\u{2014} PeterNeumann ";
    let note = NOTE.replace("\n\n\u{2014} PeterNeumann ", stranger);
    let note = SignedNote::parse(&note).unwrap();
    assert!(note.verify(&key("PeterNeumann", PETER)).is_ok());
}
