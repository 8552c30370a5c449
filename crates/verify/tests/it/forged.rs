//! Bundles that are not accepted, each with the check that must refuse it.

use sigstead_key::HashAlgorithm;
use sigstead_trust_root::TimeRange;
use sigstead_verify::{Check, Policy, json};
use sigstead_x509::SubjectAlternativeName;
use time::Duration;

use crate::recipe::{ARTIFACT, Case, Kind, Recipe, promise};
use crate::world::{INDEX, Party, REKOR1, REKOR2, checkpoint, key, now, other_root, sign};

const V0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V0_2: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";

type Mutation = (&'static str, Check, fn() -> Recipe, fn(&mut Case));

fn rekor1() -> Recipe {
    Recipe::rekor1(Kind::HashedRekord1)
}

fn nothing(_: &mut Case) {}

fn flip(bytes: &mut sigstead_protojson::Base64Bytes, position: usize) {
    let mut changed = bytes.as_slice().to_vec();
    changed[position] ^= 1;
    *bytes = changed.into();
}

fn flip_last(bytes: &mut sigstead_protojson::Base64Bytes) {
    flip(bytes, bytes.as_slice().len() - 1);
}

fn refuse(table: &[Mutation]) {
    for (what, check, recipe, mutate) in table {
        let mut case = recipe().make();
        mutate(&mut case);
        match case.verify() {
            Ok(_) => unreachable!("{what} is accepted"),
            Err(failure) => assert_eq!(failure.check(), *check, "{what}: {failure}"),
        }
    }
}

#[test]
fn refuses_bundles_of_another_shape() {
    refuse(&[
        (
            "an unknown media type",
            Check::MediaType,
            Recipe::default,
            |case| {
                case.bundle.media_type = "application/vnd.dev.sigstore.bundle.v0.4+json".to_owned();
            },
        ),
        (
            "no log entry",
            Check::EntryThreshold,
            Recipe::default,
            |case| {
                case.bundle.verification_material.tlog_entries.clear();
            },
        ),
        (
            "two log entries of one log",
            Check::EntryCount,
            Recipe::default,
            |case| {
                let entry = case.entry().clone();
                case.bundle.verification_material.tlog_entries.push(entry);
            },
        ),
        (
            "a chain in version 0.3",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                let material = &mut case.bundle.verification_material;
                let certificates = vec![material.certificate.take().unwrap()];
                material.x509_certificate_chain = Some(json::CertificateChain { certificates });
            },
        ),
        (
            "a single certificate in version 0.2",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.bundle.media_type = V0_2.to_owned();
            },
        ),
        (
            "a certificate and a key",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.bundle.verification_material.public_key =
                    Some(json::PublicKeyIdentifier::default());
            },
        ),
        (
            "neither certificate nor key",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.bundle.verification_material.certificate = None;
            },
        ),
        (
            "no proof in version 0.3",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.entry().inclusion_proof = None;
            },
        ),
        (
            "a proof without checkpoint",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.proof().checkpoint = None;
            },
        ),
        (
            "no promise in version 0.1",
            Check::BundleVersion,
            || Recipe {
                media_type: V0_1,
                ..rekor1()
            },
            |case| case.entry().inclusion_promise = None,
        ),
        ("no body", Check::BundleVersion, Recipe::default, |case| {
            case.entry().canonicalized_body = None;
        }),
        (
            "a message and an envelope",
            Check::BundleVersion,
            Recipe::envelope,
            |case| {
                case.bundle.message_signature = Some(json::MessageSignature {
                    message_digest: None,
                    signature: vec![1].into(),
                });
            },
        ),
        (
            "neither message nor envelope",
            Check::BundleVersion,
            Recipe::default,
            |case| {
                case.bundle.message_signature = None;
            },
        ),
        (
            "a broken certificate",
            Check::CertificateForm,
            Recipe::default,
            |case| {
                let certificate = case
                    .bundle
                    .verification_material
                    .certificate
                    .as_mut()
                    .unwrap();
                flip(&mut certificate.raw_bytes, 0);
            },
        ),
        (
            "two signatures",
            Check::SignatureCount,
            Recipe::envelope,
            |case| {
                let signatures = &mut case.bundle.dsse_envelope.as_mut().unwrap().signatures;
                let again = signatures[0].clone();
                signatures.push(again);
            },
        ),
        (
            "no signature",
            Check::SignatureCount,
            Recipe::envelope,
            |case| {
                case.bundle
                    .dsse_envelope
                    .as_mut()
                    .unwrap()
                    .signatures
                    .clear();
            },
        ),
    ]);
}

#[test]
fn refuses_members_that_no_bundle_has() {
    let text = String::from_utf8(Recipe::default().make().bundle.encode()).unwrap();
    let table = [
        text.replacen('{', "{\"extra\":1,", 1),
        text.replace("\"tlogEntries\"", "\"extra\":{},\"tlogEntries\""),
        text.replace("\"logId\"", "\"extra\":[],\"logId\""),
        text.replace("\"checkpoint\"", "\"extra\":\"\",\"checkpoint\""),
        text.replace("\"logIndex\":\"3\"", "\"logIndex\":\"-3\""),
        text.replace("\"logIndex\":\"3\"", "\"logIndex\":\"9223372036854775808\""),
        text.replacen("\"mediaType\"", "\"mediaType\":\"\",\"mediaType\"", 1),
        text[..text.len() - 1].to_owned(),
        format!("{text}{{}}"),
        String::new(),
    ];
    for text in table {
        let failure = sigstead_verify::Bundle::parse(text.as_bytes()).unwrap_err();
        assert_eq!(failure.check(), Check::BundleJson, "{text}");
    }
}

#[test]
fn refuses_other_artifacts_and_signatures() {
    refuse(&[
        (
            "another artifact",
            Check::ArtifactDigest,
            Recipe::default,
            |case| {
                case.artifact = b"another artifact".to_vec();
            },
        ),
        (
            "another artifact and no hint",
            Check::Signature,
            Recipe::default,
            |case| {
                case.artifact = b"another artifact".to_vec();
                case.bundle
                    .message_signature
                    .as_mut()
                    .unwrap()
                    .message_digest = None;
            },
        ),
        (
            "another digest",
            Check::ArtifactDigest,
            Recipe::default,
            |case| {
                let message = case.bundle.message_signature.as_mut().unwrap();
                flip(&mut message.message_digest.as_mut().unwrap().digest, 0);
            },
        ),
        (
            "a changed signature",
            Check::Signature,
            Recipe::default,
            |case| {
                flip_last(&mut case.bundle.message_signature.as_mut().unwrap().signature);
            },
        ),
        (
            "a changed payload",
            Check::Signature,
            Recipe::envelope,
            |case| {
                flip(&mut case.bundle.dsse_envelope.as_mut().unwrap().payload, 9);
            },
        ),
        (
            "a changed payload type",
            Check::Signature,
            Recipe::envelope,
            |case| {
                case.bundle
                    .dsse_envelope
                    .as_mut()
                    .unwrap()
                    .payload_type
                    .push('x');
            },
        ),
        (
            "a statement about another artifact",
            Check::Statement,
            Recipe::envelope,
            |case| {
                case.artifact = b"another artifact".to_vec();
            },
        ),
        (
            "a statement of an unknown type",
            Check::Statement,
            || Recipe {
                statement_type: "https://in-toto.io/Statement/v2",
                ..Recipe::envelope()
            },
            nothing,
        ),
        (
            "an envelope that is no statement",
            Check::Statement,
            || Recipe {
                payload_type: "application/json",
                ..Recipe::envelope()
            },
            nothing,
        ),
    ]);
}

#[test]
fn refuses_entries_about_something_else() {
    refuse(&[
        (
            "an entry of another artifact",
            Check::EntryBody,
            || Recipe {
                logged_artifact: Some(b"other"),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "an entry of another signature",
            Check::EntryBody,
            || Recipe {
                logged_signature: Some(b"other"),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "an old entry of another artifact",
            Check::EntryBody,
            || Recipe {
                logged_artifact: Some(b"other"),
                ..rekor1()
            },
            nothing,
        ),
        (
            "an old entry of another signature",
            Check::EntryBody,
            || Recipe {
                logged_signature: Some(b"other"),
                ..rekor1()
            },
            nothing,
        ),
        (
            "an attestation's entry of another signature",
            Check::EntryBody,
            || Recipe {
                logged_signature: Some(b"other"),
                ..Recipe::rekor1(Kind::Dsse1)
            },
            nothing,
        ),
        (
            "an in-toto entry of another signature",
            Check::EntryBody,
            || Recipe {
                logged_signature: Some(b"other"),
                ..Recipe::rekor1(Kind::InToto1)
            },
            nothing,
        ),
        (
            "an early entry of another signature",
            Check::EntryBody,
            || Recipe {
                kind: Kind::Dsse2,
                logged_signature: Some(b"other"),
                ..Recipe::envelope()
            },
            nothing,
        ),
        (
            "an entry of another bundle",
            Check::EntryBody,
            Recipe::default,
            |case| {
                *case.entry() = Recipe::default().make().entry().clone();
            },
        ),
        (
            "an old entry of another bundle",
            Check::EntryBody,
            rekor1,
            |case| {
                *case.entry() = rekor1().make().entry().clone();
            },
        ),
        (
            "an attestation's entry for a message",
            Check::EntryBody,
            rekor1,
            |case| {
                *case.entry() = Recipe::rekor1(Kind::Dsse1).make().entry().clone();
            },
        ),
        (
            "another spelling of the body",
            Check::EntryBody,
            Recipe::default,
            |case| {
                let body = case.entry().canonicalized_body.as_mut().unwrap();
                *body = [b" ", body.as_slice()].concat().into();
            },
        ),
        (
            "an unknown kind",
            Check::EntryKind,
            Recipe::default,
            |case| {
                case.entry().kind_version.as_mut().unwrap().kind = "rekord".to_owned();
            },
        ),
        (
            "an unknown version",
            Check::EntryKind,
            Recipe::default,
            |case| {
                case.entry().kind_version.as_mut().unwrap().version = "0.0.3".to_owned();
            },
        ),
        (
            "a version that is not the body's",
            Check::EntryBody,
            Recipe::default,
            |case| {
                case.entry().kind_version.as_mut().unwrap().version = "0.0.1".to_owned();
            },
        ),
        (
            "a kind that is not the body's",
            Check::EntryBody,
            rekor1,
            |case| {
                case.entry().kind_version.as_mut().unwrap().kind = "dsse".to_owned();
            },
        ),
    ]);
}

#[test]
fn refuses_what_no_known_log_signed() {
    refuse(&[
        (
            "an unknown log",
            Check::LogUnknown,
            Recipe::default,
            |case| case.root.tlogs.clear(),
        ),
        (
            "another log's entry",
            Check::Checkpoint,
            Recipe::default,
            |case| {
                let id = case.world.rekor1.public_key().log_id();
                case.entry().log_id.as_mut().unwrap().key_id = id.as_bytes().as_slice().into();
            },
        ),
        (
            "a log whose key is broken",
            Check::TrustedRoot,
            Recipe::default,
            |case| {
                case.root
                    .tlogs
                    .iter_mut()
                    .for_each(|log| flip(&mut log.public_key.raw_bytes, 0));
            },
        ),
        (
            "a log of another hash",
            Check::TrustedRoot,
            Recipe::default,
            |case| {
                case.root
                    .tlogs
                    .iter_mut()
                    .for_each(|log| log.hash_algorithm = "SHA2_512".to_owned());
            },
        ),
        (
            "a changed hash of the proof",
            Check::Inclusion,
            Recipe::default,
            |case| {
                flip(&mut case.proof().hashes[0], 0);
            },
        ),
        (
            "a hash too many",
            Check::Inclusion,
            Recipe::default,
            |case| {
                let again = case.proof().hashes[0].clone();
                case.proof().hashes.push(again);
            },
        ),
        (
            "a hash of another length",
            Check::Inclusion,
            Recipe::default,
            |case| {
                case.proof().hashes[0] = vec![1; 31].into();
            },
        ),
        (
            "another index in the proof",
            Check::Inclusion,
            Recipe::default,
            |case| {
                case.proof().log_index = INDEX - 1;
            },
        ),
        (
            "another index beside the proof",
            Check::Inclusion,
            Recipe::default,
            |case| {
                case.entry().log_index = INDEX + 1;
            },
        ),
        (
            "an index beyond the tree",
            Check::Inclusion,
            Recipe::default,
            |case| {
                case.proof().log_index = 5;
            },
        ),
        (
            "another root in the proof",
            Check::Inclusion,
            Recipe::default,
            |case| {
                case.proof().root_hash = other_root().as_bytes().as_slice().into();
            },
        ),
        (
            "a checkpoint of another tree",
            Check::Checkpoint,
            Recipe::default,
            |case| {
                let head = sigstead_merkle::TreeHead {
                    size: 5,
                    root: other_root(),
                };
                let signed = checkpoint(REKOR2, REKOR2, head, &case.world.rekor2);
                case.proof().checkpoint.as_mut().unwrap().envelope = signed;
            },
        ),
        (
            "a checkpoint of another origin",
            Check::Checkpoint,
            Recipe::default,
            |case| {
                resign(case, "other.example.com", REKOR2);
            },
        ),
        (
            "a checkpoint under another name",
            Check::CheckpointSignature,
            Recipe::default,
            |case| {
                resign(case, REKOR2, "other.example.com");
            },
        ),
        (
            "a checkpoint of another key",
            Check::CheckpointSignature,
            Recipe::default,
            |case| {
                case.world.rekor2 = key();
                resign(case, REKOR2, REKOR2);
            },
        ),
        (
            "an old checkpoint of another key",
            Check::CheckpointSignature,
            rekor1,
            |case| {
                case.world.rekor2 = key();
                resign(case, &format!("{REKOR1} - 7"), REKOR1);
            },
        ),
        (
            "an old checkpoint under another name",
            Check::CheckpointSignature,
            rekor1,
            |case| {
                case.world.rekor2 = case.world.rekor1.clone();
                resign(case, &format!("{REKOR1} - 7"), REKOR2);
            },
        ),
        (
            "a checkpoint with a changed signature",
            Check::CheckpointSignature,
            rekor1,
            |case| {
                let note = &mut case.proof().checkpoint.as_mut().unwrap().envelope;
                let mut parsed = sigstead_note::SignedNote::parse(note).unwrap();
                *parsed.signatures[0].signature.last_mut().unwrap() ^= 1;
                *note = parsed.encode();
            },
        ),
        (
            "a checkpoint that is none",
            Check::Checkpoint,
            Recipe::default,
            |case| {
                case.proof().checkpoint.as_mut().unwrap().envelope = "none".to_owned();
            },
        ),
    ]);
}

/// Signs the tree of the proof again, with the key of the new log.
fn resign(case: &mut Case, origin: &str, name: &str) {
    let signer = case.world.rekor2.clone();
    let proof = case.proof();
    let head = sigstead_merkle::TreeHead {
        size: proof.tree_size,
        root: proof.root_hash.as_slice().try_into().unwrap(),
    };
    proof.checkpoint.as_mut().unwrap().envelope = checkpoint(origin, name, head, &signer);
}

#[test]
fn refuses_promises_that_the_log_did_not_make() {
    refuse(&[
        ("another time", Check::Promise, rekor1, |case| {
            case.entry().integrated_time += 1
        }),
        ("another index", Check::Promise, rekor1, |case| {
            case.entry().log_index += 1
        }),
        ("a changed promise", Check::Promise, rekor1, |case| {
            let promise = case.entry().inclusion_promise.as_mut().unwrap();
            flip_last(&mut promise.signed_entry_timestamp);
        }),
        ("a promise of another key", Check::Promise, rekor1, |case| {
            let made = promise(case.entry(), &key());
            case.entry().inclusion_promise = Some(made);
        }),
        (
            "a promise of version 2",
            Check::Promise,
            Recipe::default,
            |case| {
                let log = case.world.rekor2.clone();
                let made = promise(case.entry(), &log);
                case.entry().inclusion_promise = Some(made);
            },
        ),
        (
            "a time without a promise",
            Check::TimeMissing,
            || Recipe {
                has_promise: false,
                ..rekor1()
            },
            |case| {
                case.entry().integrated_time = u64::try_from(now().unix_timestamp() + 5).unwrap();
            },
        ),
    ]);
}

#[test]
fn refuses_times_that_nobody_vouches_for() {
    refuse(&[
        (
            "no timestamp with version 2",
            Check::TimeMissing,
            || Recipe {
                stamps: Vec::new(),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a timestamp of an unknown authority",
            Check::TimeMissing,
            || Recipe {
                stamper: Some(Party::root("other").timestamping()),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a timestamp over something else",
            Check::Timestamp,
            || Recipe {
                stamped: Some(b"else"),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a timestamp twice",
            Check::TimestampCount,
            Recipe::default,
            |case| {
                let stamps = stamps(case);
                let again = stamps[0].clone();
                stamps.push(again);
            },
        ),
        (
            "33 timestamps",
            Check::TimestampCount,
            || Recipe {
                stamps: (0..33).collect(),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a changed timestamp",
            Check::Timestamp,
            Recipe::default,
            |case| {
                flip_last(&mut stamps(case)[0].signed_timestamp);
            },
        ),
        (
            "a timestamp that is none",
            Check::Timestamp,
            Recipe::default,
            |case| {
                stamps(case)[0].signed_timestamp = vec![0x30, 0].into();
            },
        ),
        (
            "a timestamp before its authority",
            Check::TimestampAuthorityTime,
            Recipe::default,
            |case| {
                case.root.timestamp_authorities[0].valid_for =
                    TimeRange::since(now() + Duration::seconds(6));
            },
        ),
        (
            "a timestamp after its authority",
            Check::TimestampAuthorityTime,
            Recipe::default,
            |case| {
                case.root.timestamp_authorities[0].valid_for.end =
                    Some(now() + Duration::seconds(4));
            },
        ),
        (
            "another authority's validity",
            Check::TimestampAuthorityTime,
            Recipe::default,
            |case| {
                let mut unrelated = case.root.timestamp_authorities[0].clone();
                unrelated.cert_chain.certificates.clear();
                case.root.timestamp_authorities[0].valid_for.end = Some(now());
                case.root.timestamp_authorities.push(unrelated);
            },
        ),
        (
            "a log after its time",
            Check::LogTime,
            Recipe::default,
            |case| {
                let end = Some(now() + Duration::seconds(4));
                case.root
                    .tlogs
                    .iter_mut()
                    .for_each(|log| log.public_key.valid_for.end = end);
            },
        ),
        (
            "an old log before its time",
            Check::LogTime,
            rekor1,
            |case| {
                let later = TimeRange::since(now() + Duration::seconds(6));
                case.root
                    .tlogs
                    .iter_mut()
                    .for_each(|log| log.public_key.valid_for = later);
            },
        ),
        (
            "a log without a beginning",
            Check::LogTime,
            Recipe::known_key,
            |case| {
                case.root
                    .tlogs
                    .iter_mut()
                    .for_each(|log| log.public_key.valid_for.start = None);
            },
        ),
    ]);
}

fn stamps(case: &mut Case) -> &mut Vec<json::Rfc3161Timestamp> {
    let data = &mut case
        .bundle
        .verification_material
        .timestamp_verification_data;
    &mut data.as_mut().unwrap().rfc3161_timestamps
}

#[test]
fn refuses_certificates_that_nobody_known_issued_or_logged() {
    refuse(&[
        (
            "signed before the certificate",
            Check::CertificateTime,
            || Recipe {
                stamps: vec![-1],
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "signed after the certificate",
            Check::CertificateTime,
            || Recipe {
                stamps: vec![601],
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "one of two times outside the certificate",
            Check::CertificateTime,
            || Recipe {
                stamps: vec![5, 601],
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "logged after the certificate",
            Check::CertificateTime,
            || Recipe {
                integrated: 601,
                ..rekor1()
            },
            nothing,
        ),
        (
            "an unknown authority",
            Check::CertificateChain,
            || Recipe {
                issuer: Some(Party::root("other")),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "an unknown authority of the same name",
            Check::CertificateChain,
            || Recipe {
                issuer: Some(Party::root("root").intermediate()),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "no authority",
            Check::CertificateChain,
            Recipe::default,
            |case| {
                case.root.certificate_authorities.clear();
            },
        ),
        (
            "an authority before its time",
            Check::AuthorityTime,
            Recipe::default,
            |case| {
                case.root.certificate_authorities[0].valid_for =
                    TimeRange::since(now() + Duration::seconds(6));
            },
        ),
        (
            "an authority after its time",
            Check::AuthorityTime,
            Recipe::default,
            |case| {
                case.root.certificate_authorities[0].valid_for.end = Some(now());
            },
        ),
        (
            "no promise of a certificate log",
            Check::SctMissing,
            || Recipe {
                sct_logs: Some(Vec::new()),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "an unknown certificate log",
            Check::SctMissing,
            || Recipe {
                sct_logs: Some(vec![key()]),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a promise over another certificate",
            Check::Sct,
            || Recipe {
                sct_is_of_certificate: false,
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a certificate log of another key",
            Check::Sct,
            Recipe::default,
            |case| {
                case.root.ctlogs[0].public_key.raw_bytes = key().public_key().spki_der().into();
            },
        ),
        (
            "a certificate log whose key is broken",
            Check::TrustedRoot,
            Recipe::default,
            |case| {
                flip(&mut case.root.ctlogs[0].public_key.raw_bytes, 0);
            },
        ),
        (
            "a promise before its log's time",
            Check::SctTime,
            || Recipe {
                sct_time: now() - Duration::days(2),
                ..Recipe::default()
            },
            nothing,
        ),
        (
            "a promise after its log's time",
            Check::SctTime,
            Recipe::default,
            |case| {
                case.root.ctlogs[0].public_key.valid_for.end = Some(now() - Duration::SECOND);
            },
        ),
    ]);
}

#[test]
fn refuses_signers_that_were_not_asked_for() {
    refuse(&[
        (
            "another identity",
            Check::Identity,
            Recipe::default,
            |case| {
                case.policy = Policy::identity("bob@example.com", crate::recipe::ISSUER);
            },
        ),
        (
            "an identity in other letters",
            Check::Identity,
            Recipe::default,
            |case| {
                case.policy = Policy::identity("Alice@example.com", crate::recipe::ISSUER);
            },
        ),
        (
            "the beginning of an identity",
            Check::Identity,
            Recipe::default,
            |case| {
                case.policy = Policy::identity("alice@example", crate::recipe::ISSUER);
            },
        ),
        (
            "an identity of another kind",
            Check::Identity,
            || Recipe {
                san: SubjectAlternativeName::Uri("https://example.com".to_owned()),
                ..Recipe::default()
            },
            nothing,
        ),
        ("another issuer", Check::Issuer, Recipe::default, |case| {
            case.policy = Policy::identity(crate::recipe::IDENTITY, "https://issuer.example");
        }),
        (
            "a key in place of an identity",
            Check::SignerKind,
            Recipe::known_key,
            |case| {
                case.policy = Policy::identity(crate::recipe::IDENTITY, crate::recipe::ISSUER);
            },
        ),
        (
            "an identity in place of a key",
            Check::SignerKind,
            Recipe::default,
            |case| {
                case.policy = Policy::key(key().public_key().clone());
            },
        ),
        ("another key", Check::Signature, Recipe::known_key, |case| {
            case.policy = Policy::key(key().public_key().clone());
        }),
    ]);
}

#[test]
fn refuses_a_signature_replaced_together_with_its_entry_but_not_its_timestamp() {
    let mut case = Recipe::known_key().make();
    let thief = key();
    let signature = sign(&thief, &case.artifact);
    case.bundle.message_signature.as_mut().unwrap().signature = signature.into();
    case.policy = Policy::key(thief.public_key().clone());
    assert_eq!(case.verify().unwrap_err().check(), Check::EntryBody);
}

#[test]
fn every_check_has_a_code_of_its_own_and_two_sentences() {
    for (number, check) in (1..).zip(Check::ALL) {
        assert_eq!(check.code(), format!("E-VERIFY-{number:03}"));
        assert!(!check.problem().ends_with('.') && !check.remedy().ends_with('.'));
    }
    let mut case = Recipe::default().make();
    case.artifact.push(0);
    let failure = case.verify().unwrap_err();
    assert_eq!(
        failure.to_string(),
        format!(
            "E-VERIFY-007: the artifact is not the one that the bundle names (expected SHA2_256 {}, found SHA2_256 {}). \
             Check that the artifact and the bundle belong together.",
            hex::encode(HashAlgorithm::Sha256.digest(ARTIFACT)),
            hex::encode(HashAlgorithm::Sha256.digest(&case.artifact)),
        )
    );
    assert_eq!(failure.code(), "E-VERIFY-007");
    assert_eq!(failure.remedy(), Check::ArtifactDigest.remedy());
}
