//! What is certified, told to people.

use sigstead_key::PublicKey;
use sigstead_x509::Certificate;

use super::draft::{Purpose, Term};
use super::proposal::CertificateProposal;
use crate::error::Error;

/// One sentence for each certificate, and for who sees it.
///
/// # Errors
/// If a certificate of the draft cannot be read.
pub fn certificate_sentences(proposal: &CertificateProposal) -> Result<Vec<String>, Error> {
    let draft = proposal.draft();
    let mut sentences = vec![
        format!(
            "instance {}: a certificate for a key of its own; draft {} of {}, to be signed until {}",
            draft.instance,
            draft.number,
            draft.made_at.date(),
            draft.sign_until.date()
        ),
        match draft.new_root() {
            Some(_) => format!("a new root: {}", of_root(proposal.root())),
            None => format!("the root stays: {}", of_root(proposal.root())),
        },
        format!(
            "it certifies {} with key {}, {}, which {}",
            named(&draft.certificate),
            short(proposal.key()),
            times(&draft.certificate),
            match draft.purpose {
                Purpose::CodeSigning =>
                    "issues certificates for code signing and makes no authorities",
                Purpose::TimeStamping => "stamps time and does nothing else",
            }
        ),
    ];
    if let Some((_, before)) = proposal.cross()? {
        sentences.push(format!(
            "the root before certifies the new one, until {}: {}",
            proposal.root().not_after().min(before.not_after()).date(),
            of_root(&before)
        ));
    }
    sentences.push(witnesses(proposal));
    Ok(sentences)
}

fn witnesses(proposal: &CertificateProposal) -> String {
    let draft = proposal.draft();
    let names: Vec<_> = draft
        .witnesses
        .iter()
        .map(|it| it.name.to_string())
        .collect();
    match draft.threshold {
        0 => "nobody has to attest it".to_owned(),
        threshold => format!("attested by {threshold} of {}", names.join(", ")),
    }
}

fn of_root(root: &Certificate) -> String {
    let name = root.subject_name();
    format!(
        "{}, {}, with key {}, {}, until {}",
        name.common_name,
        name.organization,
        short(root.public_key()),
        root.public_key().algorithm().key_details(),
        root.not_after().date()
    )
}

fn named(term: &Term) -> String {
    format!("{}, {},", term.common_name, term.organization)
}

fn times(term: &Term) -> String {
    format!(
        "from {} until {}",
        term.not_before.date(),
        term.not_after.date()
    )
}

/// The first digits of a key's digest, by which people tell keys apart.
fn short(key: &PublicKey) -> String {
    key.log_id().to_string().chars().take(8).collect()
}
