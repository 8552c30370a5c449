//! One chain that passes, and one change of it for each rule.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_signer::Signer;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::structure::encode;
use crate::tbs::Layout;
use crate::{Extension, Name, SerialNumber};

type Key = Arc<dyn Signer>;

/// What a certificate of the chain says, before a test changes it.
#[derive(Clone)]
struct Said {
    key: Key,
    subject: Name,
    from: i64,
    until: i64,
    extensions: Vec<Extension>,
    names_issuer: bool,
}

/// A company's root, its issuing authority, and the certificate of our key: the root first.
struct Chain(Vec<Said>);

impl Chain {
    fn new(usage: ExtendedKeyUsage) -> Self {
        let ours = match usage {
            ExtendedKeyUsage::TimeStamping => {
                vec![key_usage(KeyUsage::DIGITAL_SIGNATURE), exclusive(usage)]
            }
            _ => vec![
                key_usage(KeyUsage::KEY_CERT_SIGN),
                constraints(Some(0)),
                Extension::extended_key_usage(usage).unwrap(),
            ],
        };
        let authority = || vec![key_usage(KeyUsage::KEY_CERT_SIGN), constraints(None)];
        Self(vec![
            said("root", authority()),
            said("issuing", authority()),
            said("signing", ours),
        ])
    }

    /// Our certificate first. Each is signed by the one before it here, and the first by itself.
    fn made(&self) -> Vec<Certificate> {
        let mut made: Vec<Certificate> = Vec::new();
        for (index, said) in self.0.iter().enumerate() {
            let above = index.checked_sub(1).map(|above| &self.0[above]);
            made.insert(0, certificate(said, above.unwrap_or(said)));
        }
        made
    }

    fn key(&self) -> PublicKey {
        self.0[2].key.public_key().clone()
    }
}

fn certificate(said: &Said, issuer: &Said) -> Certificate {
    let mut extensions = said.extensions.clone();
    extensions.push(Layout::subject_key_identifier(said.key.public_key()).unwrap());
    if said.names_issuer {
        let named = Layout::subject_key_identifier(issuer.key.public_key()).unwrap();
        // The value is an OCTET STRING of twenty octets.
        extensions.push(Extension::authority_key_identifier(&named.value[2..]).unwrap());
    }
    let layout = Layout {
        serial: SerialNumber::from_random([7; 20]),
        issuer: issuer.subject.to_der().unwrap(),
        validity: Validity {
            not_before: day(said.from),
            not_after: day(said.until),
        },
        subject: said.subject.to_der().unwrap(),
        public_key: said.key.public_key().clone(),
        extensions,
        issuing_key: issuer.key.public_key().clone(),
    };
    let unsigned = layout.unsigned().unwrap();
    let signature = block_on(issuer.key.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

fn said(name: &str, extensions: Vec<Extension>) -> Said {
    Said {
        key: key(Algorithm::EcdsaP256Sha256),
        subject: named(name),
        from: 0,
        until: 100,
        extensions,
        names_issuer: true,
    }
}

fn named(name: &str) -> Name {
    Name {
        organization: "Company".to_owned(),
        common_name: name.to_owned(),
    }
}

fn key(algorithm: Algorithm) -> Key {
    sigstead_signer::ephemeral(algorithm).unwrap()
}

fn day(number: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000 + number)
}

fn key_usage(usage: KeyUsage) -> Extension {
    Extension::key_usage(usage).unwrap()
}

fn constraints(length: Option<u8>) -> Extension {
    let constraints = x509_cert::ext::pkix::BasicConstraints {
        ca: true,
        path_len_constraint: length,
    };
    let value = encode("basic constraints", &constraints).unwrap();
    Extension::critical(oid::BASIC_CONSTRAINTS, value)
}

fn exclusive(usage: ExtendedKeyUsage) -> Extension {
    let mut usage = Extension::extended_key_usage(usage).unwrap();
    usage.critical = true;
    usage
}

fn replace(said: &mut Said, extension: Extension) {
    said.extensions.retain(|each| each.oid != extension.oid);
    said.extensions.push(extension);
}

fn checked(
    made: &[Certificate],
    key: &PublicKey,
    usage: ExtendedKeyUsage,
    known: &[Certificate],
) -> Result<(), Unfit> {
    let wanted = Wanted {
        key,
        usage,
        time: Validity {
            not_before: day(10),
            not_after: day(50),
        },
        known,
    };
    check_brought(made, &wanted)
}

#[test]
fn a_chain_that_every_client_takes_is_taken() {
    for usage in [
        ExtendedKeyUsage::CodeSigning,
        ExtendedKeyUsage::TimeStamping,
    ] {
        let chain = Chain::new(usage);
        let made = chain.made();
        assert_eq!(checked(&made, &chain.key(), usage, &[]), Ok(()));
        // What clients know already may be part of it.
        assert_eq!(checked(&made, &chain.key(), usage, &made[1..]), Ok(()));
    }
}

#[test]
fn each_rule_refuses_by_itself() {
    type Change = fn(&mut Chain);
    let cases: [(Rule, usize, Change); 15] = [
        (Rule::Algorithm, 2, |chain| {
            chain.0[1].key = key(Algorithm::Ed25519)
        }),
        (Rule::Authority, 2, |chain| {
            chain.0[1]
                .extensions
                .retain(|each| each.oid != oid::BASIC_CONSTRAINTS);
        }),
        (Rule::Authority, 1, |chain| {
            let mut constraints = constraints(Some(0));
            constraints.critical = false;
            replace(&mut chain.0[2], constraints);
        }),
        (Rule::Authority, 1, |chain| {
            replace(&mut chain.0[2], key_usage(KeyUsage::DIGITAL_SIGNATURE));
        }),
        (Rule::PathLength, 1, |chain| {
            replace(&mut chain.0[2], constraints(None))
        }),
        (Rule::PathLength, 2, |chain| {
            replace(&mut chain.0[1], constraints(Some(0)))
        }),
        (Rule::Purpose, 1, |chain| {
            chain.0[2]
                .extensions
                .retain(|each| each.oid != oid::EXTENDED_KEY_USAGE);
        }),
        (Rule::Purpose, 3, |chain| {
            let usage = ExtendedKeyUsage::ServerAuthentication;
            chain.0[0]
                .extensions
                .push(Extension::extended_key_usage(usage).unwrap());
        }),
        (Rule::Constraints, 2, |chain| {
            chain.0[1]
                .extensions
                .push(Extension::new(oid::NAME_CONSTRAINTS, vec![0x30, 0]));
        }),
        (Rule::Constraints, 1, |chain| {
            chain.0[2]
                .extensions
                .push(Extension::critical(oid::INHIBIT_ANY_POLICY, vec![2, 1, 0]));
        }),
        (Rule::Identifiers, 1, |chain| {
            chain.0[2].names_issuer = false
        }),
        (Rule::Name, 3, |chain| {
            chain.0[0].subject.organization.clear()
        }),
        (Rule::Name, 2, |chain| chain.0[1].subject = named("signing")),
        (Rule::Time, 1, |chain| chain.0[2].from = 11),
        (Rule::Time, 3, |chain| chain.0[0].until = 49),
    ];
    let usage = ExtendedKeyUsage::CodeSigning;
    for (number, (rule, position, change)) in cases.into_iter().enumerate() {
        let mut chain = Chain::new(usage);
        change(&mut chain);
        let unfit = checked(&chain.made(), &chain.key(), usage, &[]).unwrap_err();
        assert_eq!(
            (unfit.rule, unfit.position),
            (rule, position),
            "{number}: {unfit}"
        );
    }
}

#[test]
fn what_stamps_time_does_nothing_else() {
    type Change = fn(&mut Chain);
    let cases: [(Rule, Change); 4] = [
        (Rule::Purpose, |chain| {
            let usage = Extension::extended_key_usage(ExtendedKeyUsage::TimeStamping);
            replace(&mut chain.0[2], usage.unwrap());
        }),
        (Rule::Purpose, |chain| {
            let both = vec![oid::TIME_STAMPING, oid::CODE_SIGNING];
            let value = encode("both", &both).unwrap();
            replace(
                &mut chain.0[2],
                Extension::critical(oid::EXTENDED_KEY_USAGE, value),
            );
        }),
        (Rule::Authority, |chain| {
            chain.0[2].extensions.push(constraints(Some(0)))
        }),
        (Rule::Authority, |chain| {
            replace(&mut chain.0[2], key_usage(KeyUsage::CRL_SIGN));
        }),
    ];
    let usage = ExtendedKeyUsage::TimeStamping;
    for (number, (rule, change)) in cases.into_iter().enumerate() {
        let mut chain = Chain::new(usage);
        change(&mut chain);
        let unfit = checked(&chain.made(), &chain.key(), usage, &[]).unwrap_err();
        assert_eq!((unfit.rule, unfit.position), (rule, 1), "{number}: {unfit}");
    }
}

#[test]
fn a_chain_in_another_order_or_of_another_key_is_refused() {
    let usage = ExtendedKeyUsage::CodeSigning;
    let chain = Chain::new(usage);
    let (made, ours) = (chain.made(), chain.key());
    let rule = |made: &[Certificate], key: &PublicKey, known: &[Certificate]| {
        let unfit = checked(made, key, usage, known).unwrap_err();
        (unfit.rule, unfit.position)
    };
    let swapped = [made[0].clone(), made[2].clone(), made[1].clone()];
    assert_eq!(rule(&swapped, &ours, &[]), (Rule::Order, 1));
    assert_eq!(rule(&made[..2], &ours, &[]), (Rule::Order, 2));
    assert_eq!(rule(&made[..1], &ours, &[]), (Rule::Order, 1));
    assert_eq!(rule(&[], &ours, &[]), (Rule::Order, 1));
    let other = key(Algorithm::EcdsaP256Sha256);
    assert_eq!(rule(&made, other.public_key(), &[]), (Rule::Key, 1));
    // Another authority of the same name.
    let known = Chain::new(usage).made();
    assert_eq!(rule(&made, &ours, &known[2..]), (Rule::Name, 3));
}
