//! What was tried before a root.

use std::fmt;

use serde::Serialize;

/// What was tried before a root was published.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RootGate {
    pub(super) version: u64,
    pub(super) clients: Vec<&'static str>,
    pub(super) untried: Vec<String>,
}

impl fmt::Display for RootGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version;
        write!(f, "root {version} follows from the one before it")?;
        if !self.clients.is_empty() {
            let clients = self.clients.join(" and ");
            write!(f, ", and {clients} came to it from the first one")?;
        }
        for untried in &self.untried {
            write!(f, "; not tried: {untried}")?;
        }
        Ok(())
    }
}
