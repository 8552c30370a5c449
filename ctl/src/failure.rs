//! What a person reads when something did not work.

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::output::Output;

/// A failure: its code, what is wrong, what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    code: String,
    what: String,
    remedy: String,
    detail: Option<String>,
}

impl Failure {
    /// A failure of `sigctl` itself; `code` stands in `docs/codes.md`.
    pub(crate) fn new(
        code: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            what: what.into(),
            remedy: remedy.into(),
            detail: None,
        }
    }

    /// A failure that another part of Sigstead named with a code of its own.
    pub(crate) fn named(
        code: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            what: what.into(),
            remedy: remedy.into(),
            detail: None,
        }
    }

    /// Adds the cause, whole.
    pub(crate) fn because(mut self, cause: impl Display) -> Self {
        self.detail = Some(cause.to_string());
        self
    }

    /// A failure of the operating system that belongs to no file.
    pub(crate) fn io(what: &str, cause: io::Error) -> Self {
        Self::new(
            "E-CTL-001",
            what,
            "the operating system's answer stands below",
        )
        .because(cause)
    }

    /// The system gives no random bytes.
    pub(crate) fn randomness(cause: impl Display) -> Self {
        Self::new(
            "E-CTL-001",
            "no randomness to be had",
            "the cause is the operating system's",
        )
        .because(cause)
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(doing: &str, path: &Path, cause: impl Display) -> Self {
        Self::new(
            "E-CTL-002",
            format!("cannot {doing} {}", path.display()),
            "check that the file exists, that it is yours, and that the disk has room",
        )
        .because(cause)
    }

    /// A service that does not answer as it should.
    pub(crate) fn service(service: &str, url: &str, cause: impl Display) -> Self {
        Self::new(
            "E-CTL-003",
            format!("{service} at {url} did not answer as it should"),
            "`sigctl status` shows what runs, `sigctl logs` why not",
        )
        .because(cause)
    }

    /// Prints the failure where errors go; in JSON, where results go.
    pub(crate) fn print(&self, output: Output) {
        match output {
            Output::Text => {
                eprintln!("error {}: {}", self.code, self.what);
                if let Some(detail) = &self.detail {
                    eprintln!(
                        "  cause: {}",
                        detail.trim_end().replace('\n', "\n         ")
                    );
                }
                eprintln!("  do:    {}", self.remedy);
            }
            Output::Json => output.print_json(&serde_json::json!({
                "error": {
                    "code": self.code,
                    "message": self.what,
                    "cause": self.detail,
                    "remedy": self.remedy,
                }
            })),
        }
    }
}
