//! What a block list refuses, and what it does not.

use sigstead_ct::SignedEntry;
use sigstead_verify::{BlockList, BlockedCertificate, BlockedEntry, Check, Signer};
use sigstead_x509::Certificate;

use crate::recipe::{Case, Kind, Recipe};
use crate::world::{INDEX, now};

fn list() -> BlockList {
    BlockList {
        media_type: BlockList::MEDIA_TYPE.to_owned(),
        key: "SHA256:00".to_owned(),
        since: now(),
        certificates: Vec::new(),
        entries: Vec::new(),
    }
}

fn refusal(mut case: Case, list: BlockList) -> Option<Check> {
    case.policy = case.policy.with_blocked(list);
    case.verify().err().map(|failure| failure.check())
}

fn certificate_of(case: &Case) -> Certificate {
    match case.verify().unwrap().signer {
        Signer::Identity(signer) => signer.certificate,
        Signer::Key(_) => unreachable!("the recipe has a certificate"),
    }
}

/// By each of the ways in which a list may name a certificate.
#[test]
fn a_certificate_is_refused_by_its_hash_its_logged_hash_or_else_its_number() {
    let by = |change: &dyn Fn(&mut BlockedCertificate)| {
        let case = Recipe::default().make();
        let certificate = certificate_of(&case);
        let issuer = &case.world.ca.certificate;
        let logged = SignedEntry::of_final_certificate(&certificate, issuer).unwrap();
        let mut blocked = BlockedCertificate {
            issuer_key: issuer.public_key().log_id().to_string(),
            serial: hex::encode(certificate.serial()),
            sha256: Some(hex::encode(certificate.sha256())),
            logged_sha256: Some(hex::encode(logged.identity().unwrap())),
        };
        change(&mut blocked);
        let certificates = vec![blocked];
        refusal(
            case,
            BlockList {
                certificates,
                ..list()
            },
        )
    };
    let other = || Some("00".repeat(32));
    assert_eq!(by(&|_| {}), Some(Check::Blocked));
    assert_eq!(by(&|it| it.sha256 = None), Some(Check::Blocked));
    assert_eq!(by(&|it| it.logged_sha256 = None), Some(Check::Blocked));
    assert_eq!(by(&|it| it.sha256 = other()), Some(Check::Blocked));
    // Another certificate that has the number of this one.
    let another = |it: &mut BlockedCertificate| (it.sha256, it.logged_sha256) = (other(), other());
    assert_eq!(by(&another), None);
    let numbered = |it: &mut BlockedCertificate| (it.sha256, it.logged_sha256) = (None, None);
    assert_eq!(by(&numbered), Some(Check::Blocked));
    let padded = |it: &mut BlockedCertificate| {
        numbered(it);
        it.serial = format!("000{}", it.serial.to_uppercase());
    };
    assert_eq!(by(&padded), Some(Check::Blocked));
    let of_another_issuer = |it: &mut BlockedCertificate| {
        numbered(it);
        it.issuer_key = "00".repeat(32);
    };
    assert_eq!(by(&of_another_issuer), None);
    let of_another_number = |it: &mut BlockedCertificate| {
        numbered(it);
        it.serial.push('0');
    };
    assert_eq!(by(&of_another_number), None);
}

#[test]
fn an_entry_is_refused_by_its_log_and_its_index_in_the_tree_of_both_interfaces() {
    for (kind, is_v1) in [(Kind::HashedRekord2, false), (Kind::HashedRekord1, true)] {
        let blocked = |index| {
            let case = match is_v1 {
                true => Recipe::rekor1(kind).make(),
                false => Recipe::default().make(),
            };
            let entry = case.verify().unwrap().entries.remove(0);
            let log_id = hex::encode(entry.log_id);
            let entries = vec![BlockedEntry { log_id, index }];
            refusal(case, BlockList { entries, ..list() })
        };
        assert_eq!(blocked(INDEX), Some(Check::Blocked));
        assert_eq!(blocked(INDEX + 1), None);
    }
    let elsewhere = vec![BlockedEntry {
        log_id: "00".repeat(32),
        index: INDEX,
    }];
    let case = Recipe::default().make();
    let other = BlockList {
        entries: elsewhere,
        ..list()
    };
    assert_eq!(refusal(case, other), None);
}

#[test]
fn a_list_is_read_as_it_was_written_and_nothing_else_is_one() {
    let written = serde_json::to_value(list()).unwrap();
    let parse = |value: &serde_json::Value| BlockList::parse(value.to_string().as_bytes());
    assert_eq!(parse(&written).unwrap(), list());
    for (member, value) in [
        ("media_type", serde_json::json!("application/json")),
        ("more", serde_json::json!(1)),
        ("entries", serde_json::Value::Null),
        ("since", serde_json::json!("yesterday")),
    ] {
        let mut other = written.clone();
        other[member] = value;
        assert!(parse(&other).is_err(), "{member}");
    }
}
