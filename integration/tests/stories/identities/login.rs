//! The login of a company, and a person with a browser there.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use sigstead_integration::{Instance, client, free_ports};

use crate::desk::Desk;

/// A provider that npm brings; it ends when it goes.
pub(super) struct Company {
    process: Child,
    said: BufReader<ChildStdout>,
    port: u16,
    desk: Desk,
}

impl Company {
    /// Starts the provider and waits until it listens.
    pub(super) fn start(python: &Path) -> Option<Self> {
        let (node, modules) = client::oidc_provider()?;
        let port = free_ports(1).unwrap();
        let mut process = Command::new(node)
            .arg(client::script("company.mjs"))
            .arg(modules)
            .args([&port.to_string(), SECRET])
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
            desk: Desk::with(python, "company_login.py", &["alice"]),
        })
    }

    /// The issuer.
    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The command of `docs/identity.md` that begins so, for this provider.
    pub(super) fn shown(&self, beginning: &str) -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/identity.md");
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split("\n## ").find(|it| it.starts_with("People"));
        let found = section.unwrap().split("```").skip(1).step_by(2);
        let lines = found.flat_map(|block| block.split_once('\n').unwrap().1.split_inclusive('\n'));
        let mut command = String::new();
        for line in lines.map(|line| line.trim_start_matches("$ ")) {
            if command.is_empty() && !line.starts_with(beginning) {
                continue;
            }
            command.push_str(line);
            if !line.ends_with("\\\n") {
                break;
            }
        }
        assert!(!command.is_empty(), "the page has no {beginning}");
        command.replace("https://id.example.com", &self.url())
    }

    /// Types the command of the page that begins so at a terminal, with these programs installed.
    pub(super) fn sign_as_shown(
        &self,
        instance: &Instance,
        beginning: &str,
        programs: &[&PathBuf],
    ) {
        let command = self.shown(beginning);
        let command = command
            .replace("SECRET", SECRET)
            .replace("https://ca.example.com", &instance.url("ca"))
            .replace("https://tlog.example.com", &instance.url("tlog"))
            .replace("https://tsa.example.com", &instance.url("tsa"));
        self.desk.types(instance, &command, programs);
    }

    /// Each application of `expected` was given tokens that number of times, each time after a person has signed in and agreed.
    pub(super) fn check_pages(mut self, expected: &[(&str, usize)]) {
        self.process.kill().unwrap();
        let said: Vec<_> = self.said.by_ref().lines().map(Result::unwrap).collect();
        for (application, times) in expected {
            for event in [
                format!("prompt {application} login"),
                format!("prompt {application} consent"),
                format!("grant {application}"),
            ] {
                let count = said.iter().filter(|line| **line == event).count();
                assert_eq!(count, *times, "{event}\n{said:#?}");
            }
        }
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        // It is already gone if this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whom the provider takes the person for.
pub(super) const PERSON: &str = "alice@example.com";
const SECRET: &str = "secret-of-the-application";
