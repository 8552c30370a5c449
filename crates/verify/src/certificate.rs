//! The signing certificate: who issued it, who logged it, whose it is.

use ::time::OffsetDateTime;
use sigstead_ct::SignedEntry;
use sigstead_trust_root::{CertificateAuthority, TrustedRoot};
use sigstead_x509::{Certificate, ExtendedKeyUsage, verify_chain};

use crate::failure::{Failing as _, ensure};
use crate::trust::TrustedLog;
use crate::{Check, Failure, Policy, Signer};

/// A certificate with what the bundle says of its issuers.
pub(crate) struct Candidate<'a> {
    pub(crate) leaf: &'a Certificate,
    pub(crate) intermediates: &'a [Certificate],
}

impl Candidate<'_> {
    /// Finds the authority of the trusted root that issued the certificate and was trusted at `at`; gives the issuing
    /// certificate.
    pub(crate) fn issuer_at(
        &self,
        root: &TrustedRoot,
        at: OffsetDateTime,
    ) -> Result<Certificate, Failure> {
        ensure(self.leaf.validity().covers(at), Check::CertificateTime)?;
        ensure(!self.leaf.is_ca(), Check::CertificateChain)?;
        let mut failure = Failure::from(Check::CertificateChain);
        for authority in &root.certificate_authorities {
            match self.issuer_under(authority, at) {
                Ok(issuer) if authority.valid_for.covers(at) => return Ok(issuer),
                Ok(_) => failure = Check::AuthorityTime.into(),
                // An authority that did issue the certificate says more than one that did not.
                Err(_) if failure.check() == Check::AuthorityTime => {}
                Err(Some(told)) => failure = told,
                Err(None) => {}
            }
        }
        Err(failure)
    }

    /// The certificate that issued this one under an authority; no failure where the authority is another one.
    fn issuer_under(
        &self,
        authority: &CertificateAuthority,
        at: OffsetDateTime,
    ) -> Result<Certificate, Option<Failure>> {
        let chain = authority.chain().failing(Check::TrustedRoot)?;
        let (anchor, above) = chain.split_last().ok_or(None)?;
        let intermediates = [above, self.intermediates].concat();
        let anchors = std::slice::from_ref(anchor);
        let path = verify_chain(
            self.leaf,
            &intermediates,
            anchors,
            at,
            ExtendedKeyUsage::CodeSigning,
        )
        .map_err(|error| match error {
            sigstead_x509::Error::NoPath => None,
            error => Some(Failure::because(Check::CertificateChain, error)),
        })?;
        path.into_iter().nth(1).ok_or(None)
    }

    /// Checks the promises of certificate logs. Those of unknown logs say nothing; one is needed.
    pub(crate) fn check_scts(
        &self,
        root: &TrustedRoot,
        issuer: &Certificate,
    ) -> Result<(), Failure> {
        let scts = sigstead_ct::embedded_in(self.leaf).failing(Check::Sct)?;
        let mut verified = 0;
        for sct in &scts {
            let log = TrustedLog::of_certificates(root, sct.log_id.as_bytes());
            let Some(log) = log.transpose()? else {
                continue;
            };
            let entry = SignedEntry::of_final_certificate(self.leaf, issuer).failing(Check::Sct)?;
            sct.verify(entry, &log.key).failing(Check::Sct)?;
            let nanos = i128::from(sct.timestamp_millis) * 1_000_000;
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).failing(Check::SctTime)?;
            ensure(log.is_trusted_at(time), Check::SctTime)?;
            verified += 1;
        }
        ensure(verified > 0, Check::SctMissing)
    }

    /// Compares the certificate with the policy, exactly.
    pub(crate) fn check_identity(&self, policy: &Policy) -> Result<Signer, Failure> {
        let Policy::Identity { identity, issuer } = policy else {
            return Err(Check::SignerKind.into());
        };
        let identities = self.leaf.identities().failing(Check::Identity)?;
        // With two names one could be shown to people and the other to policies.
        let [found] = identities.as_slice() else {
            return Err(Check::Identity.into());
        };
        ensure(found.value() == identity, Check::Identity)?;
        let extensions = self.leaf.fulcio().failing(Check::Issuer)?;
        ensure(extensions.issuer == *issuer, Check::Issuer)?;
        Ok(Signer::Identity {
            identity: identity.clone(),
            issuer: issuer.clone(),
        })
    }
}
