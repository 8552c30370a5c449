//! What was tried before a publication.

use std::fmt;

use serde::Serialize;

/// What was tried, for people and scripts.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Gate {
    /// How many bundles of former trust roots verify.
    pub(super) stored: usize,
    /// How many the services signed now, which verify too.
    pub(super) signed: usize,
    /// The official clients that agree.
    pub(super) clients: Vec<&'static str>,
    /// What could not be tried, and why.
    pub(super) untried: Vec<String>,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundles = match self.stored + self.signed {
            0 => "no signature was tried".to_owned(),
            1 => "1 signature verifies".to_owned(),
            count => format!("{count} signatures verify"),
        };
        f.write_str(&bundles)?;
        if !self.clients.is_empty() {
            write!(f, ", also by {}", self.clients.join(" and "))?;
        }
        for untried in &self.untried {
            write!(f, "; not tried: {untried}")?;
        }
        Ok(())
    }
}
