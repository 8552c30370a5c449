//! Who has signed certificates, and who has attested it.

use std::fmt;

use serde::Serialize;

use crate::tally::Count;

/// Whose signatures are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateTally {
    /// Whether the key of the root has signed.
    pub root: bool,
    /// Whether the key of the root before has, if it is to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_before: Option<bool>,
    /// Who has attested.
    pub witnesses: Count,
}

impl CertificateTally {
    /// Whether all is signed, and enough have attested it.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.root && self.root_before.unwrap_or(true) && self.are_witnesses_enough()
    }

    fn are_witnesses_enough(&self) -> bool {
        self.witnesses.threshold == 0 || self.witnesses.is_met()
    }
}

impl fmt::Display for CertificateTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |is_signed| match is_signed {
            true => "ok",
            false => "still needed",
        };
        write!(f, "key of the root {}", told(self.root))?;
        if let Some(before) = self.root_before {
            write!(f, "; key of the root before {}", told(before))?;
        }
        match self.witnesses.threshold {
            0 => f.write_str("; no witness is asked for"),
            _ => write!(f, "; witnesses {}", self.witnesses),
        }
    }
}
