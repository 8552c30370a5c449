//! The rules that certificates keep, looked at before anybody signs.

use sigstead_x509::{Rank, Validity, Wanted, lint_authority_certificate};
use time::{Duration, OffsetDateTime};

use super::issued::Issued;
use super::proposal::CertificateProposal;
use crate::error::Error;

/// Looks whether a proposal keeps the rules, and gives what is allowed and should be known.
///
/// # Errors
/// If it breaks one.
pub fn lint_certificates(
    proposal: &CertificateProposal,
    now: OffsetDateTime,
) -> Result<Vec<String>, Error> {
    let (draft, root) = (proposal.draft(), proposal.root());
    let linted = |certificate: &[u8], issuer, rank| {
        lint_authority_certificate(certificate, issuer, rank).map_err(|source| Error::Certificate {
            what: "what is to be signed",
            source,
        })
    };
    if draft.new_root().is_some() {
        linted(root.tbs_der(), root, Rank::Root)?;
    }
    let certificate = proposal.certificate()?;
    linted(certificate.bytes_to_sign(), root, draft.purpose.rank())?;
    if let Some((cross, before)) = proposal.cross()? {
        linted(cross.bytes_to_sign(), &before, Rank::CrossSigned)?;
    }
    let term = &draft.certificate;
    if term.not_after <= draft.sign_until || term.not_after <= now {
        return broken("the certificate ends before the time to sign it does");
    }
    if root.not_after() - root.not_before() > LONGEST {
        return broken("the root counts for more than thirty years");
    }
    refuse_shared_keys(proposal)?;
    Ok(warnings(proposal))
}

/// A key with two parts here would be one person who sees herself.
fn refuse_shared_keys(proposal: &CertificateProposal) -> Result<(), Error> {
    let draft = proposal.draft();
    let witnesses = draft.witnesses.iter();
    let mut keys: Vec<_> = witnesses.filter_map(|it| it.key.public_key()).collect();
    if keys.len() != draft.witnesses.len() {
        return broken("a witness has a key of a kind that is not checked here");
    }
    keys.push(proposal.root().public_key().clone());
    keys.push(proposal.key().clone());
    if let Some((_, before)) = proposal.cross()? {
        keys.push(before.public_key().clone());
    }
    for (index, key) in keys.iter().enumerate() {
        if keys.iter().skip(index + 1).any(|other| other == key) {
            return broken("one key has two parts in the ceremony");
        }
    }
    Ok(())
}

fn warnings(proposal: &CertificateProposal) -> Vec<String> {
    let draft = proposal.draft();
    let mut warnings = Vec::new();
    match draft.threshold {
        0 => warnings.push("nobody attests what the holder of the root's key signs".to_owned()),
        1 => warnings.push("one witness alone attests what is signed".to_owned()),
        _ => {}
    }
    if draft.certificate.not_after == proposal.root().not_after() {
        warnings.push("the certificate is cut by the end of its root".to_owned());
    }
    warnings
}

/// Looks at what came of it as clients do.
pub(super) fn lint_issued(proposal: &CertificateProposal, issued: &Issued) -> Result<(), Error> {
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
    let chain = [issued.certificate.clone(), proposal.root().clone()];
    sigstead_x509::check_brought(&chain, &wanted).map_err(Error::Chain)?;
    let Some(cross) = &issued.cross else {
        return Ok(());
    };
    let before = match &proposal.draft().cross {
        Some(cross) => cross.before()?,
        None => return Ok(()),
    };
    let wanted = Wanted {
        time: Validity {
            not_after: term.not_after.min(cross.not_after()),
            ..wanted.time
        },
        ..wanted
    };
    let chain = [issued.certificate.clone(), cross.clone(), before];
    sigstead_x509::check_brought(&chain, &wanted).map_err(Error::Chain)
}

const LONGEST: Duration = Duration::days(30 * 366);

fn broken<T>(rule: &str) -> Result<T, Error> {
    Err(Error::Rule(rule.to_owned()))
}
