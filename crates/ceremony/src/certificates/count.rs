//! Whose signatures count.

use sigstead_x509::Certificate;

use super::partial::CertificatePartial;
use super::proposal::CertificateProposal;
use super::tally::CertificateTally;
use crate::error::Error;
use crate::tally::Count;

/// Who has signed a proposal. Signatures over other drafts do not count.
///
/// # Errors
/// If a signature over this one is none.
pub fn certificate_tally(
    proposal: &CertificateProposal,
    partials: &[CertificatePartial],
) -> Result<CertificateTally, Error> {
    let over_this = partials.iter().filter(|it| it.is_over(proposal));
    let over_this: Vec<_> = over_this.collect();
    for partial in &over_this {
        partial.check(proposal)?;
    }
    let has_signed = |key: &str| over_this.iter().any(|it| it.statement.key == key);
    let draft = proposal.draft();
    let (mut signed, mut missing) = (Vec::new(), Vec::new());
    for witness in &draft.witnesses {
        let key = witness.key.public_key().map(|key| key.log_id().to_string());
        match key.is_some_and(|key| has_signed(&key)) {
            true => signed.push(witness.name.clone()),
            false => missing.push(witness.name.clone()),
        }
    }
    let key_of = |root: &Certificate| root.public_key().log_id().to_string();
    let before = draft
        .cross
        .as_ref()
        .map(|cross| cross.before())
        .transpose()?;
    Ok(CertificateTally {
        root: has_signed(&key_of(proposal.root())),
        root_before: before.map(|before| has_signed(&key_of(&before))),
        witnesses: Count {
            threshold: draft.threshold,
            signed,
            missing,
        },
    })
}
