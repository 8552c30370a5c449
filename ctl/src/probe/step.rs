//! The steps of a round.

use serde::Serialize;

/// One thing that is tried. What a step asks of whom is told in `docs/operating.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    /// The trust root is fetched, and it is fresh.
    Tuf,
    /// An identity token is had.
    Token,
    /// The certificate authority issues a certificate for it.
    Certificate,
    /// The timestamp authority states the time.
    Timestamp,
    /// The transparency log takes the signature.
    Entry,
    /// What came of these is accepted by the strict verifier.
    Verification,
    /// Each log continues what it showed before.
    Growth,
    /// An entry of an earlier round is still where it was.
    Reading,
}

impl Step {
    /// All of them, in the order in which they are taken.
    pub(super) const ALL: [Self; 8] = [
        Self::Tuf,
        Self::Token,
        Self::Certificate,
        Self::Timestamp,
        Self::Entry,
        Self::Verification,
        Self::Growth,
        Self::Reading,
    ];

    /// As it is shown and measured.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tuf => "tuf",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Timestamp => "timestamp",
            Self::Entry => "entry",
            Self::Verification => "verification",
            Self::Growth => "growth",
            Self::Reading => "reading",
        }
    }
}
