//! What a proposal says is tried with throw-away keys, before a key that counts is used.

use std::sync::Arc;

use sigstead_ceremony::certificates::{CertificateProposal, lint_certificates};
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::Signer;
use sigstead_x509::{Certificate, UnsignedCertificate, Validity, Wanted, check_brought};

use super::super::refusal::refused;
use crate::failure::{Exit, Failure};

/// Looks at the rules, then lets a throw-away root certify the key, and looks at that chain as clients do. Gives what is allowed and
/// should be known.
pub(super) async fn rehearse(proposal: &CertificateProposal) -> Result<Vec<String>, Failure> {
    let warnings = lint_certificates(proposal, SystemClock.now()).map_err(refused)?;
    let throw_away = sigstead_signer::ephemeral(Algorithm::EcdsaP384Sha384);
    let throw_away = throw_away.map_err(|error| failed(&error))?;
    let root = proposal.root_of(throw_away.public_key());
    let root = sign(root.map_err(refused)?, &throw_away).await?;
    let certificate = proposal.certificate_below(&root).map_err(refused)?;
    let certificate = sign(certificate, &throw_away).await?;
    let term = &proposal.draft().certificate;
    let wanted = Wanted {
        key: proposal.key(),
        usage: proposal.draft().purpose.usage(),
        time: Validity {
            not_before: term.not_before,
            not_after: term.not_after,
        },
        known: &[],
    };
    check_brought(&[certificate, root], &wanted).map_err(|unfit| failed(&unfit))?;
    Ok(warnings)
}

/// The certificate with the signature of a key.
pub(super) async fn sign(
    unsigned: UnsignedCertificate,
    key: &Arc<dyn Signer>,
) -> Result<Certificate, Failure> {
    let signature = key.sign(unsigned.bytes_to_sign()).await;
    let signature = signature.map_err(|error| failed(&error))?;
    unsigned
        .sign_with(signature)
        .map_err(|error| failed(&error))
}

pub(super) fn failed(cause: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CEREMONY-044",
        "the certificate does not hold as clients read it",
        "make another draft with `sigctl ceremony certificate --again`",
    )
    .because(sigstead_kit::causes(cause))
    .exit(Exit::Refused)
}
