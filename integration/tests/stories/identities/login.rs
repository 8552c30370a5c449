//! The login of a company, and a person with a browser there.

use std::path::{Path, PathBuf};

use sigstead_integration::Instance;

use crate::desk::Desk;
use crate::foreign_provider::{ForeignProvider, SECRET};

/// The provider of a company, and somebody of it.
pub(super) struct Company {
    provider: ForeignProvider,
    desk: Desk,
}

impl Company {
    /// Starts the provider and waits until it listens.
    pub(super) fn start(python: &Path) -> Option<Self> {
        let provider = ForeignProvider::start()?;
        Some(Self {
            provider,
            desk: Desk::with(python, "company_login.py", &["alice"]),
        })
    }

    /// The issuer.
    pub(super) fn url(&self) -> String {
        self.provider.url()
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
    pub(super) fn check_pages(self, expected: &[(&str, usize)]) {
        let said = self.provider.end();
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

/// Whom the provider takes the person for.
pub(super) const PERSON: &str = "alice@example.com";
