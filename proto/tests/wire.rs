//! Messages against hand-written bytes and against another project's types: what one writes, the other reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use prost_reflect::{DynamicMessage, ReflectMessage, SerializeOptions};
use serde_json::Value;
use sigstead_proto::json::{self, Document, Unknown};
use sigstead_proto::{bundle, common, fulcio, google_api, rekor, trustroot};
use sigstore_protobuf_specs::dev::sigstore as published;

/// The same document through both sets of types, in both directions, in binary and in JSON.
fn agree<Ours, Theirs>(document: &str)
where
    Ours: Document + PartialEq + Debug,
    Theirs: ReflectMessage + Default + PartialEq + Debug,
{
    let ours: Ours = json::decode(document.as_bytes(), Unknown::Refuse).unwrap();
    let mut reader = serde_json::Deserializer::from_str(document);
    let theirs = DynamicMessage::deserialize(Theirs::default().descriptor(), &mut reader);
    let theirs: Theirs = theirs.unwrap().transcode_to().unwrap();
    assert_ne!(theirs, Theirs::default());

    assert_eq!(ours.encode_to_vec(), theirs.encode_to_vec(), "{document}");
    assert_eq!(Ours::decode(&theirs.encode_to_vec()[..]).unwrap(), ours);
    assert_eq!(Theirs::decode(&ours.encode_to_vec()[..]).unwrap(), theirs);

    let with_defaults = SerializeOptions::new().skip_default_fields(false);
    let expected = theirs
        .transcode_to_dynamic()
        .serialize_with_options(serde_json::value::Serializer, &with_defaults);
    let written: Value = serde_json::from_str(&json::encode(&ours)).unwrap();
    assert_eq!(written, expected.unwrap());
}

const LOG_ENTRY: &str = r#"{
    "logIndex": "9007199254740993", "logId": {"keyId": "AQID"},
    "kindVersion": {"kind": "dsse", "version": "0.0.1"}, "integratedTime": "1700000000",
    "inclusionPromise": {"signedEntryTimestamp": "BAU="},
    "inclusionProof": {"logIndex": "1", "rootHash": "Bg==", "treeSize": "2", "hashes": ["Bw==", "CA=="],
        "checkpoint": {"envelope": "log\n2\nBg==\n"}},
    "canonicalizedBody": "e30="}"#;

const INSTANCE: &str = r#"{
    "baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256",
    "publicKey": {"rawBytes": "AQ==", "keyDetails": "PKIX_ED25519",
        "validFor": {"start": "2023-11-14T22:13:20Z", "end": "2024-11-14T22:13:20Z"}},
    "logId": {"keyId": "Ag=="}, "checkpointKeyId": {"keyId": "Aw=="}, "operator": "example"}"#;

const AUTHORITY: &str = r#"{
    "subject": {"organization": "example", "commonName": "root"}, "uri": "https://ca.example",
    "certChain": {"certificates": [{"rawBytes": "AQ=="}, {"rawBytes": "Ag=="}]},
    "validFor": {"start": "2023-11-14T22:13:20Z"}, "operator": "example"}"#;

const SERVICE: &str = r#"{"url": "https://ca.example", "majorApiVersion": 2,
    "validFor": {"start": "2023-11-14T22:13:20Z"}, "operator": "example"}"#;

#[test]
fn entries_and_bundles_read_the_same_in_another_project() {
    agree::<rekor::v1::TransparencyLogEntry, published::rekor::v1::TransparencyLogEntry>(LOG_ENTRY);
    let materials = [
        r#""publicKey": {"hint": "a"}"#,
        r#""x509CertificateChain": {"certificates": [{"rawBytes": "AQ=="}]}"#,
        r#""certificate": {"rawBytes": "AQ=="}"#,
    ];
    let contents = [
        r#""messageSignature": {"messageDigest": {"algorithm": "SHA2_512", "digest": "AQ=="}, "signature": "Ag=="}"#,
        r#""dsseEnvelope": {"payload": "e30=", "payloadType": "application/json",
            "signatures": [{"sig": "AQ==", "keyid": "k"}, {"sig": "Ag==", "keyid": ""}]}"#,
    ];
    for material in materials {
        for content in contents {
            agree::<bundle::v1::Bundle, published::bundle::v1::Bundle>(&format!(
                r#"{{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                    "verificationMaterial": {{{material}, "tlogEntries": [{LOG_ENTRY}],
                        "timestampVerificationData": {{"rfc3161Timestamps": [{{"signedTimestamp": "AQ=="}}]}}}},
                    {content}}}"#
            ));
        }
    }
}

#[test]
fn trust_documents_read_the_same_in_another_project() {
    let root = format!(
        r#"{{"mediaType": "a", "tlogs": [{INSTANCE}], "certificateAuthorities": [{AUTHORITY}],
            "ctlogs": [{INSTANCE}, {INSTANCE}], "timestampAuthorities": [{AUTHORITY}]}}"#
    );
    let config = format!(
        r#"{{"mediaType": "b", "caUrls": [{SERVICE}], "oidcUrls": [{SERVICE}], "rekorTlogUrls": [{SERVICE}],
            "rekorTlogConfig": {{"selector": "EXACT", "count": 2}}, "tsaUrls": [{SERVICE}],
            "tsaConfig": {{"selector": "ANY"}}}}"#
    );
    let both = format!(r#"{{"mediaType": "c", "trustedRoot": {root}, "signingConfig": {config}}}"#);
    agree::<trustroot::v1::TrustedRoot, published::trustroot::v1::TrustedRoot>(&root);
    agree::<trustroot::v1::SigningConfig, published::trustroot::v1::SigningConfig>(&config);
    agree::<trustroot::v1::ClientTrustConfig, published::trustroot::v1::ClientTrustConfig>(&both);
}

#[test]
fn entries_of_the_second_log_version_read_the_same_in_another_project() {
    let verifiers = [
        r#"{"publicKey": {"rawBytes": "AQ=="}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}"#,
        r#"{"x509Certificate": {"rawBytes": "AQ=="}, "keyDetails": "PKIX_ED25519_PH"}"#,
    ];
    for verifier in verifiers {
        let signature = format!(r#"{{"content": "Ag==", "verifier": {verifier}}}"#);
        let hash = r#"{"algorithm": "SHA2_256", "digest": "Aw=="}"#;
        let specs = [
            format!(r#"{{"hashedRekordV002": {{"data": {hash}, "signature": {signature}}}}}"#),
            format!(r#"{{"dsseV002": {{"payloadHash": {hash}, "signatures": [{signature}]}}}}"#),
        ];
        for spec in specs {
            agree::<rekor::v2::Entry, published::rekor::v2::Entry>(&format!(
                r#"{{"kind": "dsse", "apiVersion": "0.0.2", "spec": {spec}}}"#
            ));
        }
        let requests = [
            format!(
                r#"{{"hashedRekordRequestV002": {{"digest": "AQ==", "signature": {signature}}}}}"#
            ),
            format!(
                r#"{{"dsseRequestV002": {{"envelope": {{"payload": "e30=", "payloadType": "t",
                    "signatures": [{{"sig": "AQ==", "keyid": "k"}}]}}, "verifiers": [{verifier}]}}}}"#
            ),
        ];
        for request in requests {
            agree::<rekor::v2::CreateEntryRequest, published::rekor::v2::CreateEntryRequest>(
                &request,
            );
        }
    }
}

/// A member with a length before its bytes.
fn member(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[number << 3 | 2, length], content].concat()
}

/// A member with a small number.
fn number(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

/// Reads hand-written bytes, and finds that they are written the same.
fn read<M: Document>(bytes: &[u8]) -> M {
    let message = M::decode(bytes).unwrap();
    assert_eq!(message.encode_to_vec(), bytes);
    message
}

#[test]
fn a_certificate_request_has_the_numbers_of_fulcio() {
    use fulcio::v2::create_signing_certificate_request::Key;
    let credentials = member(1, &member(1, b"token"));
    let public_key = [number(1, 2), member(2, b"pem")].concat();
    let with_key = member(2, &[member(1, &public_key), member(2, b"proof")].concat());
    let request: fulcio::v2::CreateSigningCertificateRequest =
        read(&[credentials.clone(), with_key].concat());
    let fulcio::v2::credentials::Credentials::OidcIdentityToken(token) =
        request.credentials.unwrap().credentials.unwrap();
    assert_eq!(token, "token");
    let expected = fulcio::v2::PublicKeyRequest {
        public_key: Some(fulcio::v2::PublicKey {
            algorithm: fulcio::v2::PublicKeyAlgorithm::Ecdsa.into(),
            content: "pem".to_owned(),
        }),
        proof_of_possession: b"proof".to_vec(),
    };
    assert_eq!(request.key, Some(Key::PublicKeyRequest(expected)));

    let request: fulcio::v2::CreateSigningCertificateRequest =
        read(&[credentials, member(3, b"csr")].concat());
    assert_eq!(
        request.key,
        Some(Key::CertificateSigningRequest(b"csr".to_vec()))
    );
}

#[test]
fn certificates_have_the_numbers_of_fulcio() {
    use fulcio::v2::signing_certificate::Certificate;
    let chain = member(1, &[member(1, b"leaf"), member(1, b"root")].concat());
    let expected = fulcio::v2::CertificateChain {
        certificates: vec!["leaf".to_owned(), "root".to_owned()],
    };
    let embedded: fulcio::v2::SigningCertificate = read(&member(2, &chain));
    let Some(Certificate::SignedCertificateEmbeddedSct(embedded)) = embedded.certificate else {
        panic!("not the second of the two")
    };
    assert_eq!(embedded.chain, Some(expected.clone()));
    let detached: fulcio::v2::SigningCertificate =
        read(&member(1, &[chain.clone(), member(2, b"sct")].concat()));
    let Some(Certificate::SignedCertificateDetachedSct(detached)) = detached.certificate else {
        panic!("not the first of the two")
    };
    assert_eq!(detached.signed_certificate_timestamp, b"sct");
    let bundle: fulcio::v2::TrustBundle = read(&chain);
    assert_eq!(bundle.chains, [expected]);
}

#[test]
fn an_issuer_has_the_numbers_of_fulcio() {
    let rest = [
        member(3, b"audience"),
        member(4, b"claim"),
        member(5, b"spiffe"),
        member(6, b"type"),
        member(7, b"domain"),
        number(8, 1),
    ]
    .concat();
    let issuers = [
        member(1, &[member(1, b"url"), rest.clone()].concat()),
        member(1, &[member(2, b"*"), rest].concat()),
    ];
    let configuration: fulcio::v2::Configuration = read(&issuers.concat());
    let issuer = |issuer| fulcio::v2::OidcIssuer {
        issuer: Some(issuer),
        audience: "audience".to_owned(),
        challenge_claim: "claim".to_owned(),
        spiffe_trust_domain: "spiffe".to_owned(),
        issuer_type: "type".to_owned(),
        subject_domain: "domain".to_owned(),
        skip_email_verification: true,
    };
    use fulcio::v2::oidc_issuer::Issuer;
    assert_eq!(
        configuration.issuers,
        [
            issuer(Issuer::IssuerUrl("url".to_owned())),
            issuer(Issuer::WildcardIssuerUrl("*".to_owned())),
        ]
    );
}

#[test]
fn the_key_algorithms_have_the_numbers_of_fulcio() {
    use fulcio::v2::PublicKeyAlgorithm as Algorithm;
    for (number, name) in [
        (0, "PUBLIC_KEY_ALGORITHM_UNSPECIFIED"),
        (1, "RSA_PSS"),
        (2, "ECDSA"),
        (3, "ED25519"),
    ] {
        assert_eq!(Algorithm::try_from(number).unwrap().as_str_name(), name);
    }
    assert!(Algorithm::try_from(4).is_err());
}

#[test]
fn requests_of_the_second_log_version_have_the_numbers_of_rekor_tiles() {
    let tile: rekor::v2::TileRequest = read(&[number(1, 7), member(2, b"x001/002")].concat());
    assert_eq!((tile.l, tile.n.as_str()), (7, "x001/002"));
    let bundle: rekor::v2::EntryBundleRequest = read(&member(1, b"002.p/3"));
    assert_eq!(bundle.n, "002.p/3");

    let verifier = [member(1, &member(1, b"spki")), number(3, 5)].concat();
    let signature = [member(1, b"signature"), member(2, &verifier)].concat();
    let request = member(1, &[member(1, b"digest"), member(2, &signature)].concat());
    let request: rekor::v2::CreateEntryRequest = read(&request);
    let Some(rekor::v2::create_entry_request::Spec::HashedRekordRequestV002(request)) =
        request.spec
    else {
        panic!("not a hashedrekord")
    };
    assert_eq!(request.digest, b"digest");
    let signature = request.signature.unwrap();
    assert_eq!(signature.content, b"signature");
    let verifier = signature.verifier.unwrap();
    assert_eq!(
        verifier.key_details(),
        common::v1::PublicKeyDetails::PkixEcdsaP256Sha256
    );
    let body: google_api::HttpBody = read(&[member(1, b"type"), member(2, b"data")].concat());
    assert_eq!(
        (body.content_type.as_str(), &body.data[..]),
        ("type", &b"data"[..])
    );
}
