//! What the profiles lay out passes, and one change of it for each rule does not.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::authority::extensions_of;
use crate::tbs::Layout;
use crate::{CaKind, CaProfile, SerialNumber, TimestampingProfile};

type Key = Arc<dyn Signer>;

fn key() -> Key {
    sigstead_signer::ephemeral(Algorithm::EcdsaP384Sha384).unwrap()
}

fn validity() -> Validity {
    let from = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
    Validity {
        not_before: from,
        not_after: from + Duration::days(100),
    }
}

fn named(name: &str) -> Name {
    Name {
        organization: "Example".to_owned(),
        common_name: name.to_owned(),
    }
}

fn serial() -> SerialNumber {
    SerialNumber::from_random([9; 20])
}

fn profile(name: &str, key: &Key, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: named(name),
        public_key: key.public_key().clone(),
        validity: validity(),
        kind,
        serial: serial(),
    }
}

fn root(key: &Key) -> Certificate {
    let unsigned = profile("root", key, CaKind::Root).self_signed().unwrap();
    let signature = block_on(key.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

#[test]
fn takes_what_the_profiles_lay_out_at_its_rank_and_at_no_other() {
    let root_key = key();
    let root = root(&root_key);
    let below = key();
    let stamper = TimestampingProfile {
        subject: named("stamper"),
        public_key: below.public_key().clone(),
        validity: validity(),
        serial: serial(),
    };
    let issuer = profile("issuer", &below, CaKind::CodeSigning).issued_by(&root);
    let cross = profile("other root", &below, CaKind::Root).certified_by(&root);
    let made = [
        (Rank::Root, root.tbs_der().to_vec()),
        (Rank::CrossSigned, cross.unwrap().bytes_to_sign().to_vec()),
        (
            Rank::CodeSigningIssuer,
            issuer.unwrap().bytes_to_sign().to_vec(),
        ),
        (
            Rank::TimeStamper,
            stamper.issued_by(&root).unwrap().bytes_to_sign().to_vec(),
        ),
    ];
    for (rank, bytes) in &made {
        lint_authority_certificate(bytes, &root, *rank).unwrap();
        for (other, _) in made.iter().filter(|(other, _)| other != rank) {
            let linted = lint_authority_certificate(bytes, &root, *other);
            assert!(linted.is_err(), "{rank:?} as {other:?}");
        }
    }
}

#[test]
fn names_the_rule_that_is_broken() {
    let root_key = key();
    let root = root(&root_key);
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Layout));
    let critical = |layout: &mut Layout, oid: ObjectIdentifier, critical: bool| {
        let mut found = layout.extensions.iter_mut().filter(|each| each.oid == oid);
        found.next().unwrap().critical = critical;
    };
    let cases: [Case<'_>; 11] = [
        ("its issuer", &|layout| layout.issuer = vec![0x30, 0]),
        ("its subject lacks", &|layout| {
            layout.subject = Name::default().to_der().unwrap();
        }),
        ("its signature algorithm", &|layout| {
            let other = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256);
            layout.issuing_key = other.unwrap().public_key().clone();
        }),
        ("its validity", &|layout| {
            layout.validity.not_after += Duration::DAY
        }),
        ("other extensions", &|layout| {
            layout
                .extensions
                .push(Extension::new(oid::CERTIFICATE_POLICIES, vec![0x30, 0]));
        }),
        ("other extensions", &|layout| {
            layout
                .extensions
                .retain(|each| each.oid != oid::EXTENDED_KEY_USAGE);
        }),
        ("its basic constraints", &|layout| {
            critical(layout, oid::BASIC_CONSTRAINTS, false);
        }),
        ("its path length", &|layout| {
            let mut found = layout.extensions.iter_mut();
            let found = found.find(|each| each.oid == oid::BASIC_CONSTRAINTS);
            found.unwrap().value = vec![0x30, 6, 1, 1, 0xff, 2, 1, 1];
        }),
        ("its key usage", &|layout| {
            critical(layout, oid::KEY_USAGE, false)
        }),
        ("its extended key usage is critical", &|layout| {
            critical(layout, oid::EXTENDED_KEY_USAGE, true);
        }),
        ("its subject key identifier", &|layout| {
            let mut found = layout.extensions.iter_mut();
            let found = found.find(|each| each.oid == oid::SUBJECT_KEY_IDENTIFIER);
            found.unwrap().value = vec![4, 1, 9];
        }),
    ];
    for (broken, change) in cases {
        let mut layout = issuer_below(&root);
        lint_layout(&layout, &root).unwrap();
        change(&mut layout);
        let refused = lint_layout(&layout, &root).unwrap_err().to_string();
        assert!(refused.contains(broken), "{broken}: {refused}");
    }
}

fn lint_layout(layout: &Layout, root: &Certificate) -> Result<(), Error> {
    let unsigned = layout.unsigned().unwrap();
    lint_authority_certificate(unsigned.bytes_to_sign(), root, Rank::CodeSigningIssuer)
}

fn issuer_below(root: &Certificate) -> Layout {
    let key = key();
    let mut extensions = extensions_of(Rank::CodeSigningIssuer).unwrap();
    extensions.push(Layout::subject_key_identifier(key.public_key()).unwrap());
    extensions.push(Layout::authority_key_identifier(root, validity()).unwrap());
    Layout {
        serial: serial(),
        issuer: root.subject_der().to_vec(),
        validity: validity(),
        subject: named("issuer").to_der().unwrap(),
        public_key: key.public_key().clone(),
        extensions,
        issuing_key: root.public_key().clone(),
    }
}
