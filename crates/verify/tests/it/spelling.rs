//! How the JSON of a bundle may be spelled.

use serde_json::{Value, json};
use sigstead_verify::{Accepted, Artifact, Bundle, Check, Failure, Verifier};

use crate::recipe::{ARTIFACT, Case, Kind, Recipe};

/// What is changed, and how.
type Change = (&'static str, fn(&mut Value));

fn verify(case: &Case, bundle: &Value) -> Result<Accepted, Failure> {
    let bundle = Bundle::parse(bundle.to_string().as_bytes())?;
    Verifier::new(case.root.clone()).verify(&bundle, Artifact::Bytes(ARTIFACT), &case.policy)
}

fn value(case: &Case) -> Value {
    serde_json::from_slice(&case.bundle.encode()).unwrap()
}

/// The same text with the letters of the other alphabet, and without padding.
fn url_safe(value: &Value) -> Value {
    let text = value.as_str().unwrap();
    json!(
        text.replace('+', "-")
            .replace('/', "_")
            .trim_end_matches('=')
    )
}

fn rename(value: &mut Value, from: &str, to: &str) {
    let object = value.as_object_mut().unwrap();
    let member = object.remove(from).unwrap();
    object.insert(to.to_owned(), member);
}

#[test]
fn accepts_every_spelling_of_protojson() {
    let table: [Change; 8] = [
        ("null for what is not there", |bundle| {
            bundle["dsseEnvelope"] = Value::Null;
            let material = &mut bundle["verificationMaterial"];
            material["publicKey"] = Value::Null;
            material["x509CertificateChain"] = Value::Null;
            material["tlogEntries"][0]["inclusionPromise"] = Value::Null;
            material["tlogEntries"][0]["integratedTime"] = Value::Null;
        }),
        ("a hash function by its number", |bundle| {
            bundle["messageSignature"]["messageDigest"]["algorithm"] = json!(1);
        }),
        ("original names", |bundle| {
            rename(bundle, "mediaType", "media_type");
            let material = &mut bundle["verificationMaterial"];
            rename(&mut material["certificate"], "rawBytes", "raw_bytes");
            rename(
                &mut material["tlogEntries"][0],
                "canonicalizedBody",
                "canonicalized_body",
            );
            rename(material, "tlogEntries", "tlog_entries");
            rename(
                &mut material["timestampVerificationData"],
                "rfc3161Timestamps",
                "rfc3161_timestamps",
            );
            rename(bundle, "verificationMaterial", "verification_material");
        }),
        ("the URL-safe alphabet without padding", |bundle| {
            let signature = &mut bundle["messageSignature"]["signature"];
            *signature = url_safe(signature);
            let material = &mut bundle["verificationMaterial"];
            for member in [
                "/certificate/rawBytes",
                "/tlogEntries/0/canonicalizedBody",
                "/tlogEntries/0/inclusionProof/rootHash",
                "/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
            ] {
                let bytes = material.pointer_mut(member).unwrap();
                *bytes = url_safe(bytes);
            }
        }),
        ("an index as a number", |bundle| {
            bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = json!(3);
        }),
        ("an index with an exponent", |bundle| {
            bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = json!("0.3e1");
        }),
        ("no message digest", |bundle| {
            bundle["messageSignature"]["messageDigest"] = Value::Null;
        }),
        ("nothing else", |_| {}),
    ];
    for (what, change) in table {
        let case = Recipe::default().make();
        let mut bundle = value(&case);
        change(&mut bundle);
        let verified = verify(&case, &bundle);
        assert!(verified.is_ok(), "{what}: {verified:?}");
    }
}

/// The values of an object in the order of the message's fields, as serde's own reader would take them.
fn by_position(value: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| value[field].clone()).collect()
}

#[test]
fn refuses_arrays_in_the_place_of_objects() {
    let table: [Change; 5] = [
        ("a bundle", |bundle| {
            *bundle = by_position(
                bundle,
                &[
                    "mediaType",
                    "verificationMaterial",
                    "messageSignature",
                    "dsseEnvelope",
                ],
            );
        }),
        ("a certificate", |bundle| {
            let certificate = &mut bundle["verificationMaterial"]["certificate"];
            *certificate = by_position(certificate, &["rawBytes"]);
        }),
        ("a signature", |bundle| {
            let signature = &mut bundle["messageSignature"];
            *signature = by_position(signature, &["messageDigest", "signature"]);
        }),
        ("a checkpoint", |bundle| {
            let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
            let checkpoint = &mut entry["inclusionProof"]["checkpoint"];
            *checkpoint = by_position(checkpoint, &["envelope"]);
        }),
        ("a kind", |bundle| {
            let kind = &mut bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"];
            *kind = by_position(kind, &["kind", "version"]);
        }),
    ];
    for (what, change) in table {
        let case = Recipe::default().make();
        let mut bundle = value(&case);
        change(&mut bundle);
        let failure = verify(&case, &bundle).unwrap_err();
        assert_eq!(failure.check(), Check::BundleJson, "{what}: {failure}");
    }
}

#[test]
fn refuses_integers_that_json_does_not_have() {
    for index in ["+3", "03", " 3", "3 ", "0x3", "3.5", ""] {
        let case = Recipe::default().make();
        let mut bundle = value(&case);
        bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = json!(index);
        let failure = verify(&case, &bundle).unwrap_err();
        assert_eq!(failure.check(), Check::BundleJson, "{index:?}: {failure}");
    }
}

#[test]
fn refuses_a_body_or_a_statement_of_arrays() {
    // What the log signed is of its own making, so a body like this can only be of a log that is at fault.
    let mut case = Recipe::rekor1(Kind::HashedRekord1).make();
    let entry = case.entry();
    let body: Value =
        serde_json::from_slice(entry.canonicalized_body.as_ref().unwrap().as_slice()).unwrap();
    let array = by_position(&body, &["apiVersion", "kind", "spec"]);
    entry.canonicalized_body = Some(array.to_string().into_bytes().into());
    assert_eq!(case.verify().unwrap_err().check(), Check::EntryBody);
}

#[test]
fn a_signed_artifact_is_not_an_attestation() {
    let recipe = Recipe {
        is_envelope: true,
        ..Recipe::rekor1(Kind::HashedRekord1)
    };
    let failure = recipe.make().verify().unwrap_err();
    assert_eq!(failure.check(), Check::EntryBody, "{failure}");
    assert!(failure.difference().unwrap().found.contains("hashedrekord"));
}

#[test]
fn a_proof_without_its_checkpoint_is_refused_in_every_version() {
    for version in ["0.1", "0.2", "0.3"] {
        let recipe = Recipe {
            media_type: match version {
                "0.1" => "application/vnd.dev.sigstore.bundle+json;version=0.1",
                "0.2" => "application/vnd.dev.sigstore.bundle+json;version=0.2",
                _ => "application/vnd.dev.sigstore.bundle+json;version=0.3",
            },
            ..Recipe::rekor1(Kind::HashedRekord1)
        };
        let mut case = recipe.make();
        case.proof().checkpoint = None;
        let failure = case.verify().unwrap_err();
        assert_eq!(
            failure.check(),
            Check::BundleVersion,
            "{version}: {failure}"
        );
    }
}
