//! Who has signed.

use std::fmt;

use serde::Serialize;

use crate::name::HolderName;

/// Who has signed of the holders before and of the next ones. All must be enough (TUF §5.3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Of the root that clients have.
    pub before: Count,
    /// Of the next root.
    pub next: Count,
    /// Of those who signed the targets before, if these are others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Count>,
}

/// Who has signed of the holders of one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many must.
    pub threshold: u32,
    /// Who has.
    pub signed: Vec<HolderName>,
    /// Who has not.
    pub missing: Vec<HolderName>,
}

impl Count {
    /// Whether enough have signed.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.threshold > 0 && self.signed.len() >= self.threshold as usize
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.signed.len(), self.threshold)?;
        if self.is_met() {
            return f.write_str(" ok");
        }
        let names: Vec<_> = self.missing.iter().map(HolderName::to_string).collect();
        write!(f, ": {} still needed", names.join(" or "))
    }
}

impl Tally {
    /// Whether enough of both have signed.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let is_met = self.targets.as_ref().is_none_or(Count::is_met);
        self.before.is_met() && self.next.is_met() && is_met
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "old keys {}; new keys {}", self.before, self.next)?;
        match &self.targets {
            Some(targets) => write!(f, "; old keys of the targets {targets}"),
            None => Ok(()),
        }
    }
}
