use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::tbs::Layout;
use crate::{
    CaKind, CaProfile, FulcioExtensions, LeafProfile, Name, SerialNumber, SubjectAlternativeName,
    Validity,
};

fn validity(days: i64) -> Validity {
    let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
    Validity {
        not_before: now,
        not_after: now + Duration::days(days),
    }
}

fn authority() -> Certificate {
    let signer: Arc<dyn Signer> = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let profile = CaProfile {
        subject: Name {
            organization: "example".to_owned(),
            common_name: "root".to_owned(),
        },
        public_key: signer.public_key().clone(),
        validity: validity(100),
        kind: CaKind::Root,
        serial: SerialNumber::from_random([1; 20]),
    };
    let unsigned = profile.self_signed().unwrap();
    let signature = block_on(signer.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

fn layout(authority: &Certificate) -> Layout {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let profile = LeafProfile {
        issuer: authority,
        public_key: signer.public_key().clone(),
        san: SubjectAlternativeName::Email("a@example.com".to_owned()),
        extensions: FulcioExtensions {
            issuer: "https://issuer.example.com".to_owned(),
            github_workflow_sha: Some("00".to_owned()),
            build_trigger: Some("push".to_owned()),
            subject: "1".to_owned(),
            ..FulcioExtensions::default()
        },
        validity: validity(1),
        serial: SerialNumber::from_random([2; 20]),
    };
    profile.tbs_certificate().unwrap().0
}

fn lint(layout: &Layout, authority: &Certificate, form: Form) -> Result<(), Error> {
    let unsigned = layout.unsigned().unwrap();
    lint_signing_certificate(unsigned.bytes_to_sign(), authority, form)
}

fn poison() -> Extension {
    Extension::critical(oid::POISON, vec![5, 0])
}

fn scts(list: &[u8]) -> Extension {
    let list = OctetStringRef::new(list).unwrap();
    Extension::new(oid::SCT_LIST, encode("scts", &list).unwrap())
}

#[test]
fn takes_what_the_profile_lays_out_at_each_stage() {
    let authority = authority();
    let stages = [
        (Form::Unlogged, None),
        (Form::Precertificate, Some(poison())),
        (Form::Logged, Some(scts(&[0, 1, 7]))),
    ];
    for (form, added) in &stages {
        let mut layout = layout(&authority);
        layout.extensions.extend(added.clone());
        lint(&layout, &authority, *form).unwrap();
        for (other, _) in stages.iter().filter(|(other, _)| other != form) {
            assert!(
                lint(&layout, &authority, *other).is_err(),
                "{form:?} as {other:?}"
            );
        }
    }
}

#[test]
fn names_the_rule_that_is_broken() {
    let authority = authority();
    let of = |layout: &mut Layout, oid: ObjectIdentifier, value: Vec<u8>| {
        let mut found = layout.extensions.iter_mut().filter(|each| each.oid == oid);
        found.next().unwrap().value = value;
    };
    let names = |layout: &mut Layout, critical: bool, value: &[u8]| {
        layout
            .extensions
            .retain(|each| each.oid != oid::SUBJECT_ALTERNATIVE_NAME);
        layout.extensions.push(Extension {
            oid: oid::SUBJECT_ALTERNATIVE_NAME,
            critical,
            value: value.to_vec(),
        });
    };
    let claim = |layout: &mut Layout, arc: u32, value: &[u8]| {
        let oid = oid::FULCIO.push_arc(arc).unwrap();
        layout.extensions.retain(|each| each.oid != oid);
        layout.extensions.push(Extension::new(oid, value.to_vec()));
    };
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Layout));
    let cases: [Case<'_>; 15] = [
        ("its subject is not empty", &|layout| {
            layout.subject = layout.issuer.clone()
        }),
        ("its issuer is not the name", &|layout| {
            layout.issuer = vec![0x30, 0]
        }),
        ("its validity exceeds", &|layout| {
            layout.validity = validity(101)
        }),
        ("it is an authority's", &|layout| {
            layout.extensions.push(Extension::critical(
                oid::BASIC_CONSTRAINTS,
                vec![0x30, 3, 1, 1, 0xff],
            ));
        }),
        ("its key usage", &|layout| {
            of(layout, oid::KEY_USAGE, vec![3, 2, 1, 6])
        }),
        ("its extended key usage", &|layout| {
            let both = vec![oid::CODE_SIGNING, oid::TIME_STAMPING];
            of(
                layout,
                oid::EXTENDED_KEY_USAGE,
                encode("both", &both).unwrap(),
            );
        }),
        ("its subject key identifier", &|layout| {
            of(layout, oid::SUBJECT_KEY_IDENTIFIER, vec![4, 1, 9])
        }),
        ("its authority key identifier", &|layout| {
            layout
                .extensions
                .retain(|each| each.oid != oid::AUTHORITY_KEY_IDENTIFIER);
        }),
        ("it has no subject alternative", &|layout| {
            layout
                .extensions
                .retain(|each| each.oid != oid::SUBJECT_ALTERNATIVE_NAME);
        }),
        ("its subject alternative name is not critical", &|layout| {
            names(layout, false, &[0x30, 3, 0x81, 1, b'a']);
        }),
        ("it has not exactly one identity", &|layout| {
            names(layout, true, &[0x30, 6, 0x81, 1, b'a', 0x81, 1, b'b']);
        }),
        ("its identity is empty or has control", &|layout| {
            names(layout, true, &[0x30, 3, 0x81, 1, b'\n'])
        }),
        ("a claim is empty", &|layout| claim(layout, 3, b"")),
        ("a claim is not utf-8", &|layout| claim(layout, 3, &[0xff])),
        ("it does not name its issuer twice", &|layout| {
            claim(layout, 1, b"https://other.example.com")
        }),
    ];
    for (broken, change) in cases {
        let mut changed = layout(&authority);
        change(&mut changed);
        let refused = lint(&changed, &authority, Form::Unlogged)
            .unwrap_err()
            .to_string();
        assert!(refused.contains(broken), "{broken}: {refused}");
    }
}

#[test]
fn an_extension_twice_and_an_empty_list_of_scts_are_no_certificate() {
    let authority = authority();
    let mut twice = layout(&authority);
    let again = twice.extensions.last().unwrap().clone();
    twice.extensions.push(again);
    assert!(matches!(
        lint(&twice, &authority, Form::Unlogged),
        Err(Error::DuplicateExtension(_))
    ));
    let mut empty = layout(&authority);
    empty.extensions.push(scts(&[0, 0]));
    assert!(lint(&empty, &authority, Form::Logged).is_err());
}

#[test]
fn bytes_in_another_spelling_are_refused() {
    let authority = authority();
    let unsigned = layout(&authority).unsigned().unwrap();
    let good = unsigned.bytes_to_sign();
    let cut = &good[..good.len() - 1];
    let longer = [good, &[0]].concat();
    // The length of the whole in one octet more than it needs.
    assert_eq!(good[1], 0x82);
    let spelled = [&[good[0], 0x83, 0], &good[2..]].concat();
    for bytes in [cut, &longer, &spelled, b"".as_slice()] {
        assert!(lint_signing_certificate(bytes, &authority, Form::Unlogged).is_err());
    }
}
