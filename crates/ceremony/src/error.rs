//! What can be wrong with a ceremony.

use time::OffsetDateTime;

use crate::certificates::CertificateTally;
use crate::name::HolderName;
use crate::tally::Tally;

/// A ceremony that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not of the expected shape.
    #[error("{what} is not well formed")]
    Malformed {
        /// Which file.
        what: &'static str,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// A file of another release.
    #[error("{what} has format {found}, and this release reads format 1")]
    Format {
        /// Which file.
        what: &'static str,
        /// What it says.
        found: u32,
    },
    /// A value has no canonical form.
    #[error("a statement has no canonical form")]
    Canonical(#[source] serde_json::Error),
    /// Metadata of the draft or of the result is not what clients take.
    #[error("the {which} root is not one that clients take")]
    Root {
        /// Which root.
        which: &'static str,
        /// Why.
        source: sigstead_trust_root::Error,
    },
    /// A version of the targets is not what clients take.
    #[error("version {version} of the targets is not one that clients take")]
    Targets {
        /// Which.
        version: u64,
        /// Why.
        source: sigstead_trust_root::Error,
    },
    /// The draft contradicts itself, or asks for what cannot be.
    #[error("{0}")]
    Draft(String),
    /// A holder brings what does not count.
    #[error("what {name} brings {why}")]
    Join {
        /// Who.
        name: HolderName,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Holders were invited who have brought no key yet.
    #[error("{} brought no key yet", list(.0))]
    NotJoined(Vec<HolderName>),
    /// The draft breaks a rule.
    #[error("{0}")]
    Rule(String),
    /// The key is nobody's in this ceremony.
    #[error("the key {key} is of no holder of the root before or of the next one")]
    NotAHolder {
        /// The key's identifier.
        key: String,
    },
    /// A key is past its planned end.
    #[error("the key of {name} ended on {}", .until.date())]
    KeyEnded {
        /// Whose key.
        name: HolderName,
        /// When.
        until: OffsetDateTime,
    },
    /// A time is before one that has to be behind it: one of two clocks is off.
    #[error("a clock is off: it says {now}, and what it had to come after says {latest}")]
    Clock {
        /// What the one clock says.
        now: OffsetDateTime,
        /// The newest time by the clocks of the others.
        latest: OffsetDateTime,
    },
    /// The draft was to be signed earlier.
    #[error("the draft was to be signed until {until}")]
    TooLate {
        /// When.
        until: OffsetDateTime,
    },
    /// A signature is over something else than the draft.
    #[error(
        "the signature by {name} is over draft {signed} in other words, and the medium has draft {current}"
    )]
    OtherDraft {
        /// Whose signature.
        name: HolderName,
        /// The number of the draft that was signed.
        signed: u32,
        /// The number of the draft that is there.
        current: u32,
    },
    /// A signature does not verify, or is of no holder.
    #[error("the signature by {name} {why}")]
    Signature {
        /// Whose signature it says it is.
        name: HolderName,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too few have signed.
    #[error("{0}")]
    Threshold(Box<Tally>),
    /// Not everybody has signed whose signature certificates need.
    #[error("{0}")]
    Uncertified(Box<CertificateTally>),
    /// A certificate of the draft cannot be read or made.
    #[error("{what} is not one that can be used here")]
    Certificate {
        /// Which.
        what: &'static str,
        /// Why.
        source: sigstead_x509::Error,
    },
    /// A chain that some client would refuse.
    #[error("some client would refuse the chain that is to be signed")]
    Chain(#[source] sigstead_x509::Unfit),
    /// The words are none, or one of them was misheard.
    #[error("these are not the twelve words of a digest, or one of them was misheard")]
    Words,
    /// The transcript does not add up.
    #[error("the transcript {0}")]
    Transcript(&'static str),
}

fn list(names: &[HolderName]) -> String {
    let names: Vec<_> = names.iter().map(HolderName::to_string).collect();
    names.join(", ")
}
