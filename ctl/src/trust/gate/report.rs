//! What was tried before a publication.

use std::fmt;

use serde::Serialize;

use super::root_report::RootGate;

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
    /// The same of the root, if there is a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<RootGate>,
}

impl Gate {
    /// With what was tried of the root.
    pub(in crate::trust) fn with_root(mut self, root: Option<RootGate>) -> Self {
        self.root = root;
        self
    }
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
        match &self.root {
            Some(root) => write!(f, "; {root}"),
            None => Ok(()),
        }
    }
}
