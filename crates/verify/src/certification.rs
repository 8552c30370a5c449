//! Who held a certified key.

use sigstead_trust_root::TrustedRoot;

use crate::accepted::{CertifiedSigner, VerifiedTime};
use crate::certificate::{self, Candidate, Issuer, join};
use crate::check::Check;
use crate::explanation::Trace;
use crate::failure::{Failing as _, Failure, reach};
use crate::policy::{Policy, Wanted};

/// What a certificate is held against.
pub(crate) struct Certification<'a> {
    pub(crate) root: &'a TrustedRoot,
    pub(crate) policy: &'a Policy,
}

impl Certification<'_> {
    /// The signer that a certificate names, if the policy wants it.
    pub(crate) fn signer(
        &self,
        candidate: Candidate<'_>,
        times: &[VerifiedTime],
        trace: &mut Trace,
    ) -> Result<CertifiedSigner, Failure> {
        let issuer = self.issuer(&candidate, times, trace)?;
        self.policy
            .check_certificate(candidate.0, &issuer.certificate)?;
        let scts = candidate.scts(self.root, &issuer.certificate)?;
        let wanted = self.policy.thresholds.scts;
        reach(
            Check::SctMissing,
            wanted,
            scts.len(),
            "certificate logs of the trusted root",
        )?;
        let found = scts
            .iter()
            .map(|each| each.url.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        trace.passed(
            Check::Sct,
            format!("promises of {wanted} certificate logs"),
            found,
        );

        let (identity, claims) = candidate.identity()?;
        self.check_signer(&identity, &claims.issuer, trace)?;
        for (claim, wanted) in &self.policy.claims {
            certificate::check_claim(&claims, *claim, wanted)?;
            let found = claim.of(&claims).unwrap_or_default();
            trace.passed(
                Check::Claim,
                format!("{} {wanted}", claim.name()),
                format!("{found:?}"),
            );
        }
        Ok(CertifiedSigner {
            identity,
            issuer: claims.issuer.clone(),
            claims,
            certificate: candidate.0.clone(),
            authority_url: issuer.authority.uri.clone(),
            scts,
        })
    }

    /// The authority that issued the certificate, which must be one at each of the times.
    fn issuer(
        &self,
        candidate: &Candidate<'_>,
        times: &[VerifiedTime],
        trace: &mut Trace,
    ) -> Result<Issuer<'_>, Failure> {
        let mut issuer = None;
        for each in times {
            let found = candidate.issuer_at(self.root, each.time)?;
            let told = format!("{} at {}", found.authority.uri, each.time);
            trace.passed(
                Check::CertificateChain,
                "an authority of the trusted root",
                told,
            );
            issuer = Some(found);
        }
        // A known key does not expire; a certificate does, minutes after it was issued.
        issuer.failing(Check::TimeMissing)
    }

    fn check_signer(&self, identity: &str, issuer: &str, trace: &mut Trace) -> Result<(), Failure> {
        let Wanted::Identities(wanted) = &self.policy.signer else {
            return Err(Check::SignerKind.into());
        };
        certificate::check_identity(identity, issuer, wanted)?;
        let names = join(wanted.iter().map(|(name, _)| name));
        trace.passed(Check::Identity, names, format!("{identity:?}"));
        let issuers = join(wanted.iter().map(|(_, issuer)| issuer));
        trace.passed(Check::Issuer, issuers, format!("{issuer:?}"));
        Ok(())
    }
}
