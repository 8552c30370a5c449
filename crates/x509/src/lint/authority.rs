//! Whether bytes to sign are a certificate of an authority's chain as this instance makes them (RFC 5280 §4.1 and §4.2.1,
//! RFC 3161 §2.3).
//!
//! It reads the bytes again and knows nothing of how they were laid out, as [`crate::lint_signing_certificate`] does.

use const_oid::ObjectIdentifier;

use super::usual::{is_critical, read_usual, rule};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use crate::name::Name;
use crate::structure::{TbsSequence, encode, key_identifier};
use crate::usual::UsualExtensions;
use crate::{Validity, oid};

/// What a certificate is in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The self-signed one.
    Root,
    /// A root as another root certifies it.
    CrossSigned,
    /// It issues certificates to signers.
    CodeSigningIssuer,
    /// It stamps time.
    TimeStamper,
}

/// Checks the bytes that `issuer` signs for a certificate of this rank. A root is its own issuer.
///
/// # Errors
/// [`Error::Profile`] with the rule that is broken, or what cannot be read of them.
pub fn lint_authority_certificate(
    tbs_der: &[u8],
    issuer: &Certificate,
    rank: Rank,
) -> Result<(), Error> {
    let (tbs, extensions) = read_usual(WHAT, tbs_der, issuer)?;
    check_subject(&tbs)?;
    let usual = UsualExtensions::read(&extensions)?;
    check_list(&extensions, rank)?;
    check_usage(&extensions, &usual, rank)?;
    let spki = encode(WHAT, &tbs.subject_public_key_info)?;
    rule(
        usual.subject_key_id.as_deref() == Some(key_identifier(&spki)?.as_slice()),
        "its subject key identifier is not that of its key",
    )?;
    let named = usual.authority_key_id.as_deref();
    match rank {
        Rank::Root => rule(named.is_none(), "a root names another key as its issuer's"),
        _ => rule(
            named.is_some() && named == issuer.subject_key_id(),
            "its authority key identifier is not the issuer's",
        ),
    }
}

/// An authority has a name, and is one for a time.
fn check_subject(tbs: &TbsSequence<'_>) -> Result<(), Error> {
    let subject = Name::from_der(&encode(WHAT, &tbs.subject)?)?;
    rule(
        !subject.organization.is_empty() && !subject.common_name.is_empty(),
        "its subject lacks an organization or a common name",
    )?;
    let validity = Validity::from_sequence(tbs.validity)?;
    rule(
        validity.not_before < validity.not_after,
        "its validity ends as it begins",
    )
}

/// What is not asked for may mean anything to a client.
fn check_list(extensions: &[Extension], rank: Rank) -> Result<(), Error> {
    let mut found: Vec<_> = extensions.iter().map(|each| each.oid).collect();
    let mut wanted = rank.extensions().to_vec();
    found.sort();
    wanted.sort();
    rule(
        found == wanted,
        "it has other extensions than those of its rank",
    )
}

fn check_usage(extensions: &[Extension], usual: &UsualExtensions, rank: Rank) -> Result<(), Error> {
    let is_authority = rank != Rank::TimeStamper;
    rule(
        usual.is_ca == is_authority
            && is_critical(extensions, &oid::BASIC_CONSTRAINTS) == is_authority,
        "its basic constraints are not those of its rank, critical",
    )?;
    let length = (rank == Rank::CodeSigningIssuer).then_some(0);
    rule(
        usual.path_length == length,
        "its path length is not that of its rank",
    )?;
    let usage = match is_authority {
        true => KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN),
        false => KeyUsage::DIGITAL_SIGNATURE,
    };
    rule(
        usual.key_usage == Some(usage) && is_critical(extensions, &oid::KEY_USAGE),
        "its key usage is not that of its rank alone, critical",
    )?;
    let purpose = rank.purpose().map(|purpose| vec![purpose.oid()]);
    rule(
        usual.extended_key_usages == purpose,
        "its extended key usage is not that of its rank alone",
    )?;
    rule(
        is_critical(extensions, &oid::EXTENDED_KEY_USAGE) != is_authority,
        "its extended key usage is critical where it must not be, or is not where it must",
    )
}

impl Rank {
    const fn purpose(self) -> Option<ExtendedKeyUsage> {
        match self {
            Self::Root | Self::CrossSigned => None,
            Self::CodeSigningIssuer => Some(ExtendedKeyUsage::CodeSigning),
            Self::TimeStamper => Some(ExtendedKeyUsage::TimeStamping),
        }
    }

    const fn extensions(self) -> &'static [ObjectIdentifier] {
        match self {
            Self::Root => &[
                oid::KEY_USAGE,
                oid::BASIC_CONSTRAINTS,
                oid::SUBJECT_KEY_IDENTIFIER,
            ],
            Self::CrossSigned => &[
                oid::KEY_USAGE,
                oid::BASIC_CONSTRAINTS,
                oid::SUBJECT_KEY_IDENTIFIER,
                oid::AUTHORITY_KEY_IDENTIFIER,
            ],
            Self::CodeSigningIssuer => &[
                oid::KEY_USAGE,
                oid::EXTENDED_KEY_USAGE,
                oid::BASIC_CONSTRAINTS,
                oid::SUBJECT_KEY_IDENTIFIER,
                oid::AUTHORITY_KEY_IDENTIFIER,
            ],
            Self::TimeStamper => &[
                oid::KEY_USAGE,
                oid::EXTENDED_KEY_USAGE,
                oid::SUBJECT_KEY_IDENTIFIER,
                oid::AUTHORITY_KEY_IDENTIFIER,
            ],
        }
    }
}

const WHAT: &str = "a certificate of an authority";

#[cfg(test)]
mod tests;
