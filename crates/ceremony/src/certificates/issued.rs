//! Certificates with their signatures.

use sigstead_x509::{Certificate, UnsignedCertificate};

use super::draft::unreadable;
use super::partial::CertificatePartial;
use super::proposal::CertificateProposal;
use crate::error::Error;

/// What a ceremony issued.
pub(super) struct Issued {
    pub(super) certificate: Certificate,
    pub(super) cross: Option<Certificate>,
}

impl Issued {
    /// What these signatures make of a proposal, which are enough.
    pub(super) fn by(
        proposal: &CertificateProposal,
        signatures: &[CertificatePartial],
    ) -> Result<Self, Error> {
        let by = |issuer: &Certificate| {
            let key = issuer.public_key().log_id().to_string();
            let mut signatures = signatures.iter();
            let signature = signatures.find(|it| it.statement.key == key);
            signature
                .and_then(CertificatePartial::over_certificate)
                .unwrap_or_default()
        };
        let certificate = signed(proposal.certificate()?, by(proposal.root()))?;
        let cross = match proposal.cross()? {
            Some((cross, before)) => Some(signed(cross, by(&before))?),
            None => None,
        };
        Ok(Self { certificate, cross })
    }
}

fn signed(unsigned: UnsignedCertificate, signature: Vec<u8>) -> Result<Certificate, Error> {
    unsigned
        .sign_with(signature)
        .map_err(unreadable("what was signed"))
}
