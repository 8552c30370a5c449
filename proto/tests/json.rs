//! Protobuf-JSON: what is written, what is read, what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use sigstead_proto::Error;
use sigstead_proto::common::v1::{
    HashAlgorithm, HashOutput, PublicKey, PublicKeyDetails, TimeRange,
};
use sigstead_proto::fulcio::v2::{
    CreateSigningCertificateRequest, create_signing_certificate_request,
};
use sigstead_proto::json::{self, Document, Unknown};
use sigstead_proto::rekor::v1::{InclusionProof, KindVersion, TransparencyLogEntry};

fn written<M: Document>(message: &M) -> Value {
    serde_json::from_str(&json::encode(message)).unwrap()
}

fn lenient<M: Document>(document: &Value) -> Result<M, Error> {
    json::decode(document.to_string().as_bytes(), Unknown::Ignore)
}

fn strict<M: Document>(document: &Value) -> Result<M, Error> {
    json::decode(document.to_string().as_bytes(), Unknown::Refuse)
}

#[test]
fn members_with_default_values_are_written_and_absent_messages_are_not() {
    let expected = json!({
        "logIndex": "0", "integratedTime": "0", "canonicalizedBody": ""
    });
    assert_eq!(written(&TransparencyLogEntry::default()), expected);
    let proof = json!({ "logIndex": "0", "rootHash": "", "treeSize": "0", "hashes": [] });
    assert_eq!(written(&InclusionProof::default()), proof);
}

#[test]
fn a_message_is_one_line() {
    let entry = InclusionProof {
        hashes: vec![vec![1], vec![2]],
        ..InclusionProof::default()
    };
    assert!(!json::encode(&entry).contains('\n'));
}

#[test]
fn numbers_of_64_bits_are_strings_and_read_from_both() {
    for number in [0, 1, (1 << 53) + 1, i64::MAX, i64::MIN] {
        let proof = InclusionProof {
            log_index: number,
            ..InclusionProof::default()
        };
        let document = written(&proof);
        assert_eq!(document["logIndex"], json!(number.to_string()));
        assert_eq!(strict::<InclusionProof>(&document).unwrap(), proof);
        let bare = json!({ "logIndex": number });
        assert_eq!(strict::<InclusionProof>(&bare).unwrap(), proof);
    }
    for refused in [
        json!("9223372036854775808"),
        json!("one"),
        json!(1.5),
        json!(true),
    ] {
        let document = json!({ "logIndex": refused });
        assert!(lenient::<InclusionProof>(&document).is_err(), "{document}");
    }
}

#[test]
fn bytes_are_padded_base64_and_read_from_every_kind() {
    let output = HashOutput {
        algorithm: 0,
        digest: vec![0xfb, 0xff, 0xfe, 0x01],
    };
    assert_eq!(written(&output)["digest"], json!("+//+AQ=="));
    for text in ["+//+AQ==", "-__-AQ==", "+//+AQ", "-__-AQ"] {
        let document = json!({ "digest": text });
        assert_eq!(strict::<HashOutput>(&document).unwrap(), output, "{text}");
    }
    for text in ["+", "****", "+//+AQ=!"] {
        assert!(
            lenient::<HashOutput>(&json!({ "digest": text })).is_err(),
            "{text}"
        );
    }
}

#[test]
fn null_is_the_same_as_absent() {
    let document = json!({ "logIndex": null, "logId": null, "canonicalizedBody": null });
    let read = strict::<TransparencyLogEntry>(&document).unwrap();
    assert_eq!(read, TransparencyLogEntry::default());
    let proof = strict::<InclusionProof>(&json!({ "hashes": null })).unwrap();
    assert_eq!(proof, InclusionProof::default());
}

#[test]
fn members_are_read_under_both_of_their_names() {
    for name in ["logIndex", "log_index"] {
        let read = strict::<InclusionProof>(&json!({ name: "3" })).unwrap();
        assert_eq!(read.log_index, 3);
    }
    for name in ["LogIndex", "LOG_INDEX", "logindex"] {
        assert!(
            strict::<InclusionProof>(&json!({ name: "3" })).is_err(),
            "{name}"
        );
    }
}

#[test]
fn unknown_members_are_ignored_or_refused_at_every_depth() {
    let table = [
        json!({ "logIndex": "3", "more": 1 }),
        json!({ "logIndex": "3", "more": { "deep": [1, { "a": null }] } }),
        json!({ "logIndex": "3", "checkpoint": { "more": "x" } }),
    ];
    for document in table {
        let read = lenient::<InclusionProof>(&document).unwrap();
        assert_eq!(read.log_index, 3, "{document}");
        let refused = strict::<InclusionProof>(&document);
        assert!(matches!(refused, Err(Error::Json { .. })), "{document}");
    }
}

#[test]
fn enum_values_are_names_and_read_from_numbers_too() {
    let output = HashOutput {
        algorithm: HashAlgorithm::Sha2256.into(),
        digest: Vec::new(),
    };
    assert_eq!(written(&output)["algorithm"], json!("SHA2_256"));
    for value in [json!("SHA2_256"), json!(1)] {
        let document = json!({ "algorithm": value });
        assert_eq!(strict::<HashOutput>(&document).unwrap(), output);
    }
    let key = PublicKey {
        key_details: PublicKeyDetails::PkixEd25519Ph.into(),
        ..PublicKey::default()
    };
    assert_eq!(written(&key)["keyDetails"], json!("PKIX_ED25519_PH"));
}

#[test]
fn unknown_names_of_enum_values_are_ignored_or_refused() {
    let document = json!({ "algorithm": "MD5", "digest": "AQ==" });
    let read = lenient::<HashOutput>(&document).unwrap();
    assert_eq!((read.algorithm, read.digest), (0, vec![1]));
    assert!(strict::<HashOutput>(&document).is_err());
}

#[test]
fn a_certificate_request_with_a_clients_own_name_for_its_algorithm_is_read() {
    // Clients write names that the enum does not have; the key says what it is itself.
    for name in ["RSA", "ecdsa", "EC", ""] {
        let document = json!({
            "credentials": { "oidcIdentityToken": "token" },
            "publicKeyRequest": {
                "publicKey": { "algorithm": name, "content": "pem" },
                "proofOfPossession": "AQ=="
            }
        });
        let read = lenient::<CreateSigningCertificateRequest>(&document).unwrap();
        let Some(create_signing_certificate_request::Key::PublicKeyRequest(request)) = read.key
        else {
            panic!("no key in {read:?}")
        };
        assert_eq!(request.proof_of_possession, [1]);
        let key = request.public_key.unwrap();
        assert_eq!(
            (key.algorithm, key.content.as_str()),
            (0, "pem"),
            "{name:?}"
        );
    }
}

#[test]
fn times_are_written_in_utc_with_a_z() {
    let time = |seconds, nanos| TimeRange {
        start: Some(prost_types::Timestamp { seconds, nanos }),
        end: None,
    };
    for (range, text) in [
        (time(1_700_000_000, 0), "2023-11-14T22:13:20Z"),
        (time(1_700_000_000, 500_000_000), "2023-11-14T22:13:20.500Z"),
        (time(0, 0), "1970-01-01T00:00:00Z"),
    ] {
        let document = json!({ "start": text });
        assert_eq!(written(&range), document);
        assert_eq!(strict::<TimeRange>(&document).unwrap(), range);
    }
    let elsewhere = json!({ "start": "2023-11-14T23:13:20+01:00" });
    assert_eq!(
        strict::<TimeRange>(&elsewhere).unwrap(),
        time(1_700_000_000, 0)
    );
    for refused in ["2023-11-14", "1700000000", "2023-11-14T22:13:20", ""] {
        let document = json!({ "start": refused });
        assert!(lenient::<TimeRange>(&document).is_err(), "{refused:?}");
    }
}

#[test]
fn what_is_no_document_is_refused_with_the_messages_name() {
    for text in [
        "",
        "{",
        "[]",
        "1",
        "null",
        "\"a\"",
        "{} {}",
        "{}x",
        "\u{feff}{}",
    ] {
        let refused = json::decode::<InclusionProof>(text.as_bytes(), Unknown::Ignore);
        let Err(Error::Json { message, .. }) = refused else {
            panic!("{text:?} is read as {refused:?}")
        };
        assert_eq!(message, "dev.sigstore.rekor.v1.InclusionProof");
    }
    let not_utf8 = b"{\"kind\": \"\xff\"}";
    assert!(json::decode::<KindVersion>(not_utf8, Unknown::Ignore).is_err());
}

#[test]
fn the_last_of_a_repeated_member_counts() {
    for text in [
        r#"{"logIndex": "1", "logIndex": "2"}"#,
        r#"{"logIndex": "1", "log_index": "2"}"#,
    ] {
        let read: InclusionProof = json::decode(text.as_bytes(), Unknown::Refuse).unwrap();
        assert_eq!(read.log_index, 2);
    }
}

#[test]
fn two_of_one_choice_are_refused() {
    let both = json!({ "publicKeyRequest": {}, "certificateSigningRequest": "AQ==" });
    assert!(lenient::<CreateSigningCertificateRequest>(&both).is_err());
}

#[test]
fn a_document_that_is_nested_without_end_is_refused() {
    let mut text = "{\"a\":".repeat(100_000);
    text.push('1');
    assert!(json::decode::<InclusionProof>(text.as_bytes(), Unknown::Ignore).is_err());
}
