//! Whether bytes to sign are a signing certificate of the profile (Fulcio `certificate-specification.md`, RFC 5280 §4.1,
//! RFC 6962 §3.1 and §3.3).
//!
//! It reads the bytes anew and knows nothing of how they were laid out, so that a fault of the layout does not get a
//! signature.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef, Utf8StringRef};
use der::{Tag, Tagged as _};

use crate::certificate::Certificate;
use crate::error::Error;
use crate::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use crate::san;
use crate::splice::Element;
use crate::structure::{
    TbsSequence, VERSION_3, decode, encode, key_identifier, signature_algorithm,
};
use crate::usual::UsualExtensions;
use crate::{Validity, oid};

/// What a signing certificate is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is to be logged: it has the poison and no SCTs.
    Precertificate,
    /// It is logged: it has SCTs and no poison.
    Logged,
    /// It has neither, for an authority without a log.
    Unlogged,
}

/// Checks the bytes that `issuer` signs for a signing certificate.
///
/// # Errors
/// [`Error::Profile`] with the rule that is broken, or what cannot be read of them.
pub fn lint_signing_certificate(
    tbs_der: &[u8],
    issuer: &Certificate,
    form: Form,
) -> Result<(), Error> {
    check_der(tbs_der, NESTED)?;
    let tbs: TbsSequence<'_> = decode(WHAT, tbs_der)?;
    rule(encode(WHAT, &tbs)? == tbs_der, "it is not in canonical der")?;
    tbs.check_kept()?;
    check_fields(&tbs, issuer)?;
    let extensions = tbs
        .extensions
        .ok_or(Error::Profile("it has no extensions"))?;
    let extensions = Extension::read_list(extensions)?;
    check_usage(&extensions)?;
    let spki = encode(WHAT, &tbs.subject_public_key_info)?;
    check_key_identifiers(&extensions, &spki, issuer)?;
    check_identity(&extensions)?;
    check_claims(&extensions)?;
    check_transparency(&extensions, form)
}

fn check_fields(tbs: &TbsSequence<'_>, issuer: &Certificate) -> Result<(), Error> {
    rule(tbs.version == VERSION_3, "its version is not 3")?;
    rule(
        tbs.issuer_unique_id.is_none() && tbs.subject_unique_id.is_none(),
        "it has unique identifiers",
    )?;
    let serial = tbs.serial.value();
    rule(
        serial.len() <= 20 && serial.first().is_some_and(|first| *first < 0x80),
        "its serial number is negative or has more than twenty octets",
    )?;
    rule(
        serial.iter().any(|octet| *octet != 0),
        "its serial number is zero",
    )?;
    let algorithm = signature_algorithm(issuer.public_key().algorithm())?;
    rule(
        encode(WHAT, &tbs.signature_algorithm)? == algorithm,
        "its signature algorithm is not that of the issuer's key",
    )?;
    rule(
        encode(WHAT, &tbs.issuer)? == issuer.subject_der(),
        "its issuer is not the name of the authority",
    )?;
    rule(tbs.subject.value().is_empty(), "its subject is not empty")?;
    let validity = Validity::from_sequence(tbs.validity)?;
    rule(
        validity.not_before <= validity.not_after
            && issuer.validity().covers(validity.not_before)
            && issuer.validity().covers(validity.not_after),
        "its validity exceeds the issuer's",
    )
}

fn check_usage(extensions: &[Extension]) -> Result<(), Error> {
    let usual = UsualExtensions::read(extensions)?;
    rule(
        !usual.is_ca && usual.path_length.is_none(),
        "it is an authority's",
    )?;
    rule(
        usual.key_usage == Some(KeyUsage::DIGITAL_SIGNATURE)
            && is_critical(extensions, &oid::KEY_USAGE),
        "its key usage is not digital signatures alone, critical",
    )?;
    rule(
        usual.extended_key_usages.as_deref() == Some(&[ExtendedKeyUsage::CodeSigning.oid()]),
        "its extended key usage is not code signing alone",
    )
}

fn check_key_identifiers(
    extensions: &[Extension],
    spki: &[u8],
    issuer: &Certificate,
) -> Result<(), Error> {
    let usual = UsualExtensions::read(extensions)?;
    rule(
        usual.subject_key_id.as_deref() == Some(key_identifier(spki)?.as_slice()),
        "its subject key identifier is not that of its key",
    )?;
    rule(
        usual.authority_key_id.is_some()
            && usual.authority_key_id.as_deref() == issuer.subject_key_id(),
        "its authority key identifier is not the issuer's",
    )
}

fn check_identity(extensions: &[Extension]) -> Result<(), Error> {
    let value = value_of(extensions, &oid::SUBJECT_ALTERNATIVE_NAME)
        .ok_or(Error::Profile("it has no subject alternative name"))?;
    // RFC 5280 §4.2.1.6, because the subject is empty.
    rule(
        is_critical(extensions, &oid::SUBJECT_ALTERNATIVE_NAME),
        "its subject alternative name is not critical",
    )?;
    let (names, identities) = (san::names(value)?, san::identities(value)?);
    rule(
        names.len() == 1 && identities.len() == 1,
        "it has not exactly one identity",
    )?;
    let is_printable = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    rule(
        identities
            .iter()
            .all(|identity| is_printable(identity.value())),
        "its identity is empty or has control characters",
    )
}

/// `.1` to `.6` are text, what follows is a `UTF8String`, and `.1` and `.8` name the same issuer.
fn check_claims(extensions: &[Extension]) -> Result<(), Error> {
    let mut issuers = Vec::new();
    for extension in extensions {
        let Some(arc) = fulcio_arc(&extension.oid) else {
            continue;
        };
        rule(!extension.critical, "an extension with a claim is critical")?;
        let text = match arc {
            1..=6 => std::str::from_utf8(&extension.value)
                .map_err(|_| Error::Profile("a claim is not utf-8"))?,
            _ => decode::<Utf8StringRef<'_>>("a claim", &extension.value)?.as_str(),
        };
        rule(!text.is_empty(), "a claim is empty")?;
        if arc == 1 || arc == 8 {
            issuers.push(text);
        }
    }
    rule(
        matches!(issuers.as_slice(), [one, other] if one == other),
        "it does not name its issuer twice and alike",
    )
}

fn check_transparency(extensions: &[Extension], form: Form) -> Result<(), Error> {
    let poison = value_of(extensions, &oid::POISON);
    let scts = value_of(extensions, &oid::SCT_LIST);
    let fits = match form {
        Form::Precertificate => {
            poison == Some(&[0x05, 0x00]) && is_critical(extensions, &oid::POISON) && scts.is_none()
        }
        Form::Logged => poison.is_none() && scts.is_some(),
        Form::Unlogged => poison.is_none() && scts.is_none(),
    };
    rule(fits, "its poison and its scts are not those of its stage")?;
    if let Some(list) = scts {
        let list: &OctetStringRef = decode("the list of scts", list)?;
        rule(list.as_bytes().len() > 2, "its list of scts is empty")?;
    }
    Ok(())
}

/// Every element has the shortest length, and constructed ones hold whole elements.
pub(crate) fn check_der(bytes: &[u8], depth: usize) -> Result<(), Error> {
    let depth = depth
        .checked_sub(1)
        .ok_or(Error::Profile("it nests too deep"))?;
    for element in Element::all(bytes)? {
        if element.tag.is_constructed() {
            check_der(element.content, depth)?;
        } else if element.tag == Tag::Null || element.tag == Tag::Boolean {
            let any: AnyRef<'_> = decode(WHAT, element.whole)?;
            rule(any.tag() == element.tag, "it is not in canonical der")?;
        }
    }
    Ok(())
}

pub(crate) fn rule(is_kept: bool, broken: &'static str) -> Result<(), Error> {
    if is_kept {
        Ok(())
    } else {
        Err(Error::Profile(broken))
    }
}

fn value_of<'a>(extensions: &'a [Extension], oid: &ObjectIdentifier) -> Option<&'a [u8]> {
    let found = extensions.iter().find(|extension| extension.oid == *oid)?;
    Some(&found.value)
}

pub(crate) fn is_critical(extensions: &[Extension], oid: &ObjectIdentifier) -> bool {
    let mut found = extensions.iter().filter(|extension| extension.oid == *oid);
    found.any(|extension| extension.critical)
}

/// The last arc of an extension of Fulcio's.
fn fulcio_arc(oid: &ObjectIdentifier) -> Option<u32> {
    (oid.parent()? == oid::FULCIO).then(|| oid.arcs().last())?
}

const WHAT: &str = "a signing certificate";
/// The deepest element of a certificate of the profile is half as deep.
pub(crate) const NESTED: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::executor::block_on;
    use sigstead_key::Algorithm;
    use sigstead_signer::Signer;
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::tbs::Layout;
    use crate::{
        CaKind, CaProfile, FulcioExtensions, LeafProfile, Name, SerialNumber,
        SubjectAlternativeName,
    };

    fn validity(days: i64) -> Validity {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        Validity {
            not_before: now,
            not_after: now + Duration::days(days),
        }
    }

    fn authority() -> Certificate {
        let signer: Arc<dyn Signer> =
            sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
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
}
