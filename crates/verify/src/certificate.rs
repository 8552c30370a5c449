//! The signing certificate: who issued it, who logged it, whose it is.

use std::collections::BTreeMap;

use ::time::OffsetDateTime;
use sigstead_ct::{SignedCertificateTimestamp, SignedEntry};
use sigstead_trust_root::{CertificateAuthority, TrustedRoot};
use sigstead_x509::{Certificate, ExtendedKeyUsage, FulcioExtensions, verify_chain};

use crate::accepted::{TimeSource, VerifiedTime};
use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure, reach};
use crate::policy::{Claim, Pattern};
use crate::trust::{TrustedLog, first};

/// The signing certificate of a bundle.
pub(crate) struct Candidate<'a>(pub(crate) &'a Certificate);

/// Who issued the certificate.
pub(crate) struct Issuer<'a> {
    /// The certificate of the key that signed it.
    pub(crate) certificate: Certificate,
    pub(crate) authority: &'a CertificateAuthority,
}

impl Candidate<'_> {
    /// Finds the authority of the trusted root that issued the certificate and was trusted at `at`.
    pub(crate) fn issuer_at<'a>(
        &self,
        root: &'a TrustedRoot,
        at: OffsetDateTime,
    ) -> Result<Issuer<'a>, Failure> {
        self.check_time(at)?;
        ensure(!self.0.is_ca(), Check::CertificateChain)?;
        let mut failure = Failure::from(Check::CertificateChain);
        for authority in &root.certificate_authorities {
            match self.issuer_under(authority, at) {
                Ok(certificate) if authority.is_trusted_at(at) => {
                    return Ok(Issuer {
                        certificate,
                        authority,
                    });
                }
                Ok(_) => {
                    let expected = format!("a time of {} {}", authority.uri, authority.valid_for);
                    failure = Failure::unlike(Check::AuthorityTime, expected, at);
                }
                // An authority that did issue the certificate says more than one that did not.
                Err(_) if failure.check() == Check::AuthorityTime => {}
                Err(Some(told)) => failure = told,
                Err(None) => {}
            }
        }
        Err(failure)
    }

    fn check_time(&self, at: OffsetDateTime) -> Result<(), Failure> {
        let validity = self.0.validity();
        if validity.covers(at) {
            return Ok(());
        }
        let (start, end) = (validity.not_before, validity.not_after);
        let expected = format!("a time from {start} to {end}");
        Err(Failure::unlike(Check::CertificateTime, expected, at))
    }

    /// The certificate that issued this one under an authority; no failure where the authority is another one. Links are
    /// those of the authority's own chain: with one from elsewhere, a retired intermediate would count again, and so would
    /// any other authority of the same root.
    fn issuer_under(
        &self,
        authority: &CertificateAuthority,
        at: OffsetDateTime,
    ) -> Result<Certificate, Option<Failure>> {
        let chain = authority.chain().failing(Check::TrustedRoot)?;
        let (anchor, links) = chain.split_last().ok_or(None)?;
        let anchors = std::slice::from_ref(anchor);
        let path = verify_chain(self.0, links, anchors, at, ExtendedKeyUsage::CodeSigning)
            .map_err(|error| match error {
                sigstead_x509::Error::NoPath => None,
                error => Some(Failure::because(Check::CertificateChain, error)),
            })?;
        path.into_iter().nth(1).ok_or(None)
    }

    /// The promises of certificate logs. Those of unknown logs say nothing.
    pub(crate) fn scts(
        &self,
        root: &TrustedRoot,
        issuer: &Certificate,
    ) -> Result<Vec<VerifiedTime>, Failure> {
        let scts = sigstead_ct::embedded_in(self.0).failing(Check::Sct)?;
        let mut verified = BTreeMap::new();
        for sct in &scts {
            let id = sct.log_id.as_bytes();
            let logs = TrustedLog::of_certificates(root, id);
            if let Some(found) = first(logs.map(|log| self.verify_sct(sct, issuer, &log?)))? {
                // A log that promises twice is one log.
                verified.entry(*id).or_insert(found);
            }
        }
        Ok(verified.into_values().collect())
    }

    fn verify_sct(
        &self,
        sct: &SignedCertificateTimestamp,
        issuer: &Certificate,
        log: &TrustedLog<'_>,
    ) -> Result<VerifiedTime, Failure> {
        let entry = SignedEntry::of_final_certificate(self.0, issuer).failing(Check::Sct)?;
        sct.verify(entry, &log.key).failing(Check::Sct)?;
        let nanos = i128::from(sct.timestamp_millis) * 1_000_000;
        let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).failing(Check::SctTime)?;
        log.check_time(time, Check::SctTime)?;
        Ok(VerifiedTime {
            time,
            source: TimeSource::CertificateLog,
            url: log.instance.base_url.clone(),
        })
    }

    /// The one identity of the certificate, and what the identity provider said.
    pub(crate) fn identity(&self) -> Result<(String, FulcioExtensions), Failure> {
        let identities = self.0.identities().failing(Check::Identity)?;
        // With two names one could be shown to people and the other to policies.
        let [found] = identities.as_slice() else {
            let found = format!("{} identities", identities.len());
            return Err(Failure::unlike(Check::Identity, "one identity", found));
        };
        let claims = self.0.fulcio().failing(Check::Issuer)?;
        Ok((found.value().to_owned(), claims))
    }
}

/// Checks a certificate by itself, of whomever it is, for those who try an authority: one of the trusted root issued it that
/// counts at `at`, and at least `scts` logs promised to have it.
///
/// # Errors
/// If a check fails.
pub fn verify_certificate(
    root: &TrustedRoot,
    certificate: &Certificate,
    at: OffsetDateTime,
    scts: usize,
) -> Result<(), Failure> {
    let candidate = Candidate(certificate);
    let issuer = candidate.issuer_at(root, at)?;
    let found = candidate.scts(root, &issuer.certificate)?.len();
    let what = "certificate logs of the trusted root";
    reach(Check::SctMissing, scts, found, what)
}

/// Compares identity and issuer with those of which one pair is asked for.
pub(crate) fn check_identity(
    identity: &str,
    issuer: &str,
    wanted: &[(Pattern, Pattern)],
) -> Result<(), Failure> {
    let found = format!("{identity:?} of the issuer {issuer:?}");
    let named: Vec<_> = wanted
        .iter()
        .filter(|(name, _)| name.accepts(identity))
        .collect();
    if named.is_empty() {
        let expected = join(wanted.iter().map(|(name, _)| name));
        return Err(Failure::unlike(Check::Identity, expected, found));
    }
    if !named.iter().any(|(_, provider)| provider.accepts(issuer)) {
        let expected = format!(
            "the issuer {}",
            join(named.iter().map(|(_, issuer)| issuer))
        );
        return Err(Failure::unlike(Check::Issuer, expected, found));
    }
    Ok(())
}

/// Compares a claim with what is asked for.
pub(crate) fn check_claim(
    claims: &FulcioExtensions,
    claim: Claim,
    wanted: &Pattern,
) -> Result<(), Failure> {
    let found = claim.of(claims);
    if found.is_some_and(|found| claim.is_accepted(found, wanted)) {
        return Ok(());
    }
    let expected = format!("{} {wanted}", claim.name());
    let found = found.map_or_else(|| "none".to_owned(), |found| format!("{found:?}"));
    Err(Failure::unlike(Check::Claim, expected, found))
}

/// Several patterns, of which one is asked for.
pub(crate) fn join<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> String {
    let mut texts: Vec<_> = patterns.map(Pattern::to_string).collect();
    texts.dedup();
    if texts.is_empty() {
        return "nobody".to_owned();
    }
    texts.join(" or ")
}
