//! What holds of the bytes to sign of every certificate of this instance (RFC 5280 §4.1).

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Tag, Tagged as _};

use crate::Validity;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::extension::Extension;
use crate::splice::Element;
use crate::structure::{TbsSequence, VERSION_3, decode, encode, signature_algorithm};

/// The fields and the extensions of `tbs_der`, after the rules that hold whatever the certificate is for. `what` names the
/// certificate in an error.
pub(super) fn read_usual<'a>(
    what: &'static str,
    tbs_der: &'a [u8],
    issuer: &Certificate,
) -> Result<(TbsSequence<'a>, Vec<Extension>), Error> {
    check_der(what, tbs_der, NESTED)?;
    let tbs: TbsSequence<'_> = decode(what, tbs_der)?;
    rule(encode(what, &tbs)? == tbs_der, "it is not in canonical der")?;
    tbs.check_kept()?;
    check_fields(&tbs)?;
    check_against(what, &tbs, issuer)?;
    let extensions = tbs.extensions;
    let extensions = extensions.ok_or(Error::Profile("it has no extensions"))?;
    let extensions = Extension::read_list(extensions)?;
    Ok((tbs, extensions))
}

/// Every element has the shortest length, and constructed ones hold whole elements.
fn check_der(what: &'static str, bytes: &[u8], depth: usize) -> Result<(), Error> {
    let depth = depth
        .checked_sub(1)
        .ok_or(Error::Profile("it nests too deep"))?;
    for element in Element::all(bytes)? {
        if element.tag.is_constructed() {
            check_der(what, element.content, depth)?;
        } else if element.tag == Tag::Null || element.tag == Tag::Boolean {
            let any: AnyRef<'_> = decode(what, element.whole)?;
            rule(any.tag() == element.tag, "it is not in canonical der")?;
        }
    }
    Ok(())
}

fn check_fields(tbs: &TbsSequence<'_>) -> Result<(), Error> {
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
    )
}

/// Of the algorithm, the name and the validity, the issuer decides.
fn check_against(
    what: &'static str,
    tbs: &TbsSequence<'_>,
    issuer: &Certificate,
) -> Result<(), Error> {
    let algorithm = signature_algorithm(issuer.public_key().algorithm())?;
    rule(
        encode(what, &tbs.signature_algorithm)? == algorithm,
        "its signature algorithm is not that of the issuer's key",
    )?;
    rule(
        encode(what, &tbs.issuer)? == issuer.subject_der(),
        "its issuer is not the name of the authority",
    )?;
    let validity = Validity::from_sequence(tbs.validity)?;
    rule(
        validity.not_before <= validity.not_after
            && issuer.validity().covers(validity.not_before)
            && issuer.validity().covers(validity.not_after),
        "its validity exceeds the issuer's",
    )
}

pub(super) fn rule(is_kept: bool, broken: &'static str) -> Result<(), Error> {
    match is_kept {
        true => Ok(()),
        false => Err(Error::Profile(broken)),
    }
}

pub(super) fn is_critical(extensions: &[Extension], oid: &ObjectIdentifier) -> bool {
    let mut found = extensions.iter().filter(|extension| extension.oid == *oid);
    found.any(|extension| extension.critical)
}

/// The deepest element of a certificate of the profiles is half as deep.
const NESTED: usize = 16;
