//! Whether bytes to sign are a signing certificate of the profile (Fulcio `certificate-specification.md`, RFC 5280 §4.1,
//! RFC 6962 §3.1 and §3.3).
//!
//! It reads the bytes anew and knows nothing of how they were laid out, so that a fault of the layout does not get a
//! signature.

use const_oid::ObjectIdentifier;
use der::asn1::{OctetStringRef, Utf8StringRef};

use super::usual::{is_critical, read_usual, rule};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use crate::structure::{decode, encode, key_identifier};
use crate::usual::UsualExtensions;
use crate::{oid, san};

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
    let (tbs, extensions) = read_usual(WHAT, tbs_der, issuer)?;
    rule(tbs.subject.value().is_empty(), "its subject is not empty")?;
    check_usage(&extensions)?;
    let spki = encode(WHAT, &tbs.subject_public_key_info)?;
    check_key_identifiers(&extensions, &spki, issuer)?;
    check_identity(&extensions)?;
    check_claims(&extensions)?;
    check_transparency(&extensions, form)
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

fn value_of<'a>(extensions: &'a [Extension], oid: &ObjectIdentifier) -> Option<&'a [u8]> {
    let found = extensions.iter().find(|extension| extension.oid == *oid)?;
    Some(&found.value)
}

/// The last arc of an extension of Fulcio's.
fn fulcio_arc(oid: &ObjectIdentifier) -> Option<u32> {
    (oid.parent()? == oid::FULCIO).then(|| oid.arcs().last())?
}

const WHAT: &str = "a signing certificate";

#[cfg(test)]
mod tests;
