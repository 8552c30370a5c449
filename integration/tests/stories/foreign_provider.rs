//! A provider of identities that is not ours: `oidc-provider`, as npm has it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use sigstead_integration::{client, free_ports};

/// The provider; it ends when it goes.
pub(crate) struct ForeignProvider {
    process: Child,
    said: BufReader<ChildStdout>,
    port: u16,
}

impl ForeignProvider {
    /// Starts the provider and waits until it listens.
    pub(crate) fn start() -> Option<Self> {
        let (node, _) = client::oidc_provider()?;
        Self::start_by(Command::new(node), &[])
    }

    /// One with an issuer behind it, to which people come back at `callback`.
    pub(crate) fn start_for(callback: &str) -> Option<Self> {
        let (node, _) = client::oidc_provider()?;
        Self::start_by(Command::new(node), &[callback])
    }

    /// The same, whose clock is an hour behind.
    pub(crate) fn start_late_for(callback: &str) -> Option<Self> {
        let (node, _) = client::oidc_provider()?;
        let mut late = Command::new("faketime");
        late.args(["-f", "-1h"]).arg(node);
        Self::start_by(late, &[callback])
    }

    fn start_by(mut command: Command, callback: &[&str]) -> Option<Self> {
        let (_, modules) = client::oidc_provider()?;
        let port = free_ports(1).unwrap();
        let mut process = command
            .arg(client::script("company.mjs"))
            .arg(modules)
            .args([&port.to_string(), SECRET])
            .args(callback)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let is_ready = said.by_ref().lines().any(|line| line.unwrap() == "ready");
        assert!(is_ready, "the provider does not start");
        Some(Self {
            process,
            said,
            port,
        })
    }

    /// The issuer of its tokens.
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Ends it, and gives what happened, line by line.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.said.by_ref().lines().map(Result::unwrap).collect()
    }
}

impl Drop for ForeignProvider {
    fn drop(&mut self) {
        // It is already gone if this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The secret of its applications.
pub(crate) const SECRET: &str = "secret-of-the-application";
