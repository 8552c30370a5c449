//! From an attestation to a root that the operator gave.
//!
//! Attestations have no extended key usage, and paths of them are short and in one line, so this is not the search of other
//! chains. What keeps an attested key from attesting others is that its certificate is no authority's, and that each authority
//! says how many may follow it: a key that somebody brought into the device, and had attested, would say what he likes.

use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::device::Extensions;
use super::yubihsm;
use crate::failure::{Exit, Failure};

/// The certificates from `attestation` to one of `roots`, each valid at `now`, signed by the next, and allowed to be.
pub(super) fn verify(
    attestation: &Certificate,
    between: &[Certificate],
    roots: &[Certificate],
    now: OffsetDateTime,
) -> Result<Vec<Certificate>, Failure> {
    check_time(attestation, now)?;
    if attestation.is_ca() {
        return Err(refused("the attestation is a certificate of an authority"));
    }
    let mut path = vec![attestation.clone()];
    loop {
        let below = path.len() - 1;
        let last = &path[below];
        if let Some(root) = issuer_among(roots, last) {
            check_issuer(root, below, now)?;
            path.push(root.clone());
            return Ok(path);
        }
        let issuer = issuer_among(between, last);
        let issuer = issuer.filter(|issuer| !path.contains(issuer));
        let issuer = issuer.ok_or_else(|| {
            refused(&format!(
                "no root, and no certificate of the file, signed the one of `{}`",
                last.subject_name().common_name
            ))
        })?;
        check_issuer(issuer, below, now)?;
        if path.len() > LONGEST {
            return Err(refused("the path to a root is too long"));
        }
        path.push(issuer.clone());
    }
}

fn issuer_among<'a>(all: &'a [Certificate], of: &Certificate) -> Option<&'a Certificate> {
    all.iter().find(|each| of.verify_signed_by(each).is_ok())
}

/// `below` authorities are between the attestation and this one.
fn check_issuer(issuer: &Certificate, below: usize, now: OffsetDateTime) -> Result<(), Failure> {
    let name = issuer.subject_name().common_name;
    if !issuer.is_ca() {
        return Err(refused(&format!("`{name}` is no authority")));
    }
    let allowed = issuer.path_length().map(usize::from);
    if allowed.is_some_and(|allowed| below > allowed) {
        return Err(refused(&format!(
            "`{name}` lets no such authority follow it"
        )));
    }
    if yubihsm::attests(&Extensions(issuer.extensions())) {
        return Err(refused(&format!(
            "`{name}` is of a key that is attested itself"
        )));
    }
    check_time(issuer, now)
}

fn check_time(certificate: &Certificate, now: OffsetDateTime) -> Result<(), Failure> {
    match (certificate.not_before()..=certificate.not_after()).contains(&now) {
        true => Ok(()),
        false => Err(refused(&format!(
            "the certificate of `{}` is not valid now",
            certificate.subject_name().common_name
        ))),
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(
        "E-KEY-043",
        "the attestation does not lead to a root that was given",
        "name the roots of the device's maker with --root, and put the certificates between behind the attestation",
    )
    .because(why)
    .exit(Exit::Refused)
}

/// A maker, a line of devices, a device, and one to spare.
const LONGEST: usize = 5;
