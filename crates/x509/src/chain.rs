//! Paths from a certificate to a trusted one (RFC 5280 §6, as far as an instance needs it).

use std::cell::Cell;

use const_oid::ObjectIdentifier;
use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::extension::{ExtendedKeyUsage, KeyUsage};
use crate::name_constraints::NameConstraints;
use crate::oid;

/// Finds a path from `leaf` over `intermediates` to one of `roots` on which every certificate is valid at `at`, is
/// signed by the next, and may be used for `usage`. The path begins with the leaf and ends with the root.
///
/// # Errors
/// If there is no such path; the error tells what was wrong with the last one tried.
pub fn verify_chain(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: OffsetDateTime,
    usage: ExtendedKeyUsage,
) -> Result<Vec<Certificate>, Error> {
    check_each(leaf, at)?;
    if !leaf.is_for(usage) {
        return Err(Error::Usage(usage.name()));
    }
    if leaf
        .key_usage()
        .is_some_and(|each| !each.contains(KeyUsage::DIGITAL_SIGNATURE))
    {
        return Err(Error::Usage("signatures"));
    }
    let search = Search {
        intermediates,
        roots,
        at,
        usage,
        attempts: Cell::new(0),
    };
    search.extend(vec![leaf])
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    at: OffsetDateTime,
    usage: ExtendedKeyUsage,
    attempts: Cell<usize>,
}

impl<'a> Search<'a> {
    fn extend(&self, path: Vec<&'a Certificate>) -> Result<Vec<Certificate>, Error> {
        let mut failure = Error::NoPath;
        let Some(&last) = path.last() else {
            return Err(failure);
        };
        if path.len() >= MAX_PATH_LENGTH {
            return Err(Error::PathLength);
        }
        for root in named(last, self.roots) {
            match self.check_issuer(&path, last, root) {
                Ok(()) => return Ok(path.into_iter().chain([root]).cloned().collect()),
                Err(error) => failure = error,
            }
        }
        for issuer in named(last, self.intermediates) {
            if path.contains(&issuer) {
                continue;
            }
            let mut longer = path.clone();
            longer.push(issuer);
            let found = self
                .check_issuer(&path, last, issuer)
                .and_then(|()| self.extend(longer));
            match found {
                Ok(path) => return Ok(path),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// RFC 5280 §6.1.3 (a) and §6.1.4 (k) to (n), for an issuer that would follow `path`.
    fn check_issuer(
        &self,
        path: &[&Certificate],
        last: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Error> {
        // Many certificates of one name and key would have as many paths as orders.
        self.attempts.set(self.attempts.get() + 1);
        if self.attempts.get() > MAX_ATTEMPTS {
            return Err(Error::NoPath);
        }
        last.verify_signed_by(issuer)?;
        check_each(issuer, self.at)?;
        if !issuer.is_ca() {
            return Err(Error::NotAnAuthority);
        }
        if issuer
            .key_usage()
            .is_some_and(|each| !each.contains(KeyUsage::KEY_CERT_SIGN))
        {
            return Err(Error::NotAnAuthority);
        }
        // Authorities between the leaf and this one; those that issued themselves do not count.
        let between = path
            .iter()
            .skip(1)
            .filter(|each| each.subject_der() != each.issuer_der());
        if issuer
            .path_length()
            .is_some_and(|most| between.count() > usize::from(most))
        {
            return Err(Error::PathLength);
        }
        // An authority that says what it is for must say this: otherwise a timestamping authority could issue signing
        // certificates.
        if !issuer.may_issue_for(self.usage) {
            return Err(Error::Usage(self.usage.name()));
        }
        check_names(path, issuer)
    }
}

/// RFC 5280 §6.1.3 (b) and (c): certificates that an authority issued to itself are exempt, but for the last one.
fn check_names(path: &[&Certificate], issuer: &Certificate) -> Result<(), Error> {
    let Some(constraints) = NameConstraints::of(issuer)? else {
        return Ok(());
    };
    let mut below = path
        .iter()
        .enumerate()
        .filter(|(position, each)| *position == 0 || each.subject_der() != each.issuer_der());
    below.try_for_each(|(_, each)| constraints.check(each))
}

/// The certificates that bear the name of the issuer, first those whose key it names. The key is no more than a hint
/// (RFC 5280 §4.2.1.1): an issuer that was certified again may be named by another one.
fn named<'a>(
    certificate: &Certificate,
    candidates: &'a [Certificate],
) -> impl Iterator<Item = &'a Certificate> {
    let issuers = candidates
        .iter()
        .filter(|each| certificate.issuer_der() == each.subject_der());
    let (hinted, others): (Vec<_>, Vec<_>) = issuers.partition(|issuer| {
        match (certificate.authority_key_id(), issuer.subject_key_id()) {
            (Some(named), Some(key)) => named == key,
            _ => true,
        }
    });
    hinted.into_iter().chain(others)
}

fn check_each(certificate: &Certificate, at: OffsetDateTime) -> Result<(), Error> {
    let validity = certificate.validity();
    if !validity.covers(at) {
        let (not_before, not_after) = (validity.not_before, validity.not_after);
        return Err(Error::NotValidAt {
            at,
            not_before,
            not_after,
        });
    }
    let unknown = certificate
        .extensions()
        .iter()
        .find(|extension| extension.critical && !UNDERSTOOD.contains(&extension.oid));
    unknown.map_or(Ok(()), |extension| {
        Err(Error::CriticalExtension(extension.oid))
    })
}

/// A longer path is no path of an instance; the bound keeps a heap of cross-signed certificates from costing time.
const MAX_PATH_LENGTH: usize = 6;

/// Signatures that one search verifies at most; the sender of the certificates chooses how many there are.
const MAX_ATTEMPTS: usize = 64;

/// Extensions whose meaning this crate checks or reports, and those that matter only to who asks for a policy. Not the
/// poison: a precertificate is no certificate. Not the constraints on policies, which may demand one.
const UNDERSTOOD: [ObjectIdentifier; 7] = [
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::SUBJECT_ALTERNATIVE_NAME,
    oid::NAME_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::INHIBIT_ANY_POLICY,
];
