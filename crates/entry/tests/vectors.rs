//! The worked example of sigstore/rekor-tiles (`CLIENTS.md` at v2.3.0): a real signature, and the
//! body that the reference implementation logged for it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_entry::{CanonicalEntry, ProposedEntry, Verifier, rebuild_hashedrekord};
use sigstead_key::{Algorithm, HashAlgorithm};

const DIGEST: &str = "dyj4ednYHjN4/zsjjBeeLahS9slp97Z67LTAVxjrjXw=";
const SIGNATURE: &str = "MEQCIB+YPa9o3SN0sQ4uduGf+mZxwFfOhFZ0Cgy+p7Vt1o2SAiAPFDHqOAJLYmvtCWOsDyNY1H4V3zm4NEDYs3NyvHh1Pg==";
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2slOf8eZcj2moW2t4UFj7vCL6QpDzkDqqSUmm4OJCVvIauKLxm0aGs3VMPPfauMPaMutn0/s3jg0rroFxoicyg==";
// The example was printed when the member was still called hashedRekordV0_0_2; nothing else in it
// is changed here.
const BODY: &str = r#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"dyj4ednYHjN4/zsjjBeeLahS9slp97Z67LTAVxjrjXw="},"signature":{"content":"MEQCIB+YPa9o3SN0sQ4uduGf+mZxwFfOhFZ0Cgy+p7Vt1o2SAiAPFDHqOAJLYmvtCWOsDyNY1H4V3zm4NEDYs3NyvHh1Pg==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2slOf8eZcj2moW2t4UFj7vCL6QpDzkDqqSUmm4OJCVvIauKLxm0aGs3VMPPfauMPaMutn0/s3jg0rroFxoicyg=="}}}}}}"#;

fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn example() -> ProposedEntry {
    ProposedEntry {
        digest: decode(DIGEST),
        signature: decode(SIGNATURE),
        verifier: Verifier::PublicKey(decode(PUBLIC_KEY)),
        algorithm: Algorithm::EcdsaP256Sha256,
    }
}

#[test]
fn logs_the_example_as_the_reference_implementation_does() {
    let verified = example().verify().unwrap();
    let body = std::str::from_utf8(verified.canonical_body()).unwrap();
    assert_eq!(body, BODY);
}

#[test]
fn reads_the_example_back() {
    let canonical = CanonicalEntry::parse(BODY.as_bytes()).unwrap();
    assert_eq!(canonical.hash_algorithm, HashAlgorithm::Sha256);
    assert_eq!(canonical.entry, example());
}

#[test]
fn rebuilds_the_example_from_its_parts() {
    let ProposedEntry {
        digest,
        signature,
        verifier,
        ..
    } = example();
    let body = rebuild_hashedrekord(&digest, HashAlgorithm::Sha256, &signature, &verifier);
    assert_eq!(body.unwrap(), BODY.as_bytes());
}
