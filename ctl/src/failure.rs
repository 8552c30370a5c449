//! What a person reads when something did not work.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::output::{Output, printable};

/// How `sigctl` ends, for scripts. A failure ends with `Failed` unless its code is one of those in [`Exit::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 2: the command line is wrong.
    Usage,
    /// 3: done, with warnings.
    Warned,
    /// 4: what is needed cannot be reached.
    Unreachable,
    /// 5: refused as unsafe.
    Refused,
    /// 6: waits for time or for a person.
    Waiting,
    /// 10: a file of an archive has other bytes than its list says.
    Damaged,
    /// 11: an archive is not signed by whom it should be.
    Unsigned,
    /// 12: an archive has what its list does not.
    Foreign,
    /// 13: something of an archive is not there.
    Absent,
    /// 14: an archive is older than what was loaded.
    Replayed,
}

impl Exit {
    fn of(code: &str) -> Self {
        match code {
            "E-CTL-012" => Self::Usage,
            "E-AIR-031" | "E-CTL-076" | "E-CTL-381" | "E-CTL-386" | "E-CTL-471" => {
                Self::Unreachable
            }
            "E-CTL-005" | "E-CTL-010" | "E-CTL-014" | "E-CTL-208" | "E-CTL-212" | "E-CTL-218"
            | "E-CTL-219" | "E-CTL-281" | "E-CTL-283" | "E-CTL-284" | "E-CTL-286" | "E-CTL-287"
            | "E-CTL-290" | "E-CTL-400" | "E-CTL-401" | "E-CTL-402" | "E-CTL-403" | "E-CTL-407"
            | "E-CTL-450" | "E-CTL-451" | "E-CTL-452" | "E-CTL-453" | "E-CTL-454" | "E-CTL-455"
            | "E-CTL-456" | "E-CTL-458" | "E-CTL-459" => Self::Refused,
            "E-CTL-013" | "E-CTL-280" => Self::Waiting,
            "E-AIR-001" | "E-AIR-002" | "E-AIR-003" | "E-AIR-004" | "E-AIR-005" | "E-AIR-009"
            | "E-AIR-010" | "E-AIR-011" | "E-AIR-012" | "E-AIR-013" | "E-AIR-014" | "E-AIR-015"
            | "E-AIR-017" => Self::Refused,
            "E-AIR-022" | "E-AIR-034" => Self::Damaged,
            "E-AIR-021" => Self::Unsigned,
            "E-AIR-024" | "E-AIR-026" => Self::Foreign,
            "E-AIR-023" | "E-AIR-025" => Self::Absent,
            "E-AIR-027" => Self::Replayed,
            // What a check of a verification refuses must not be used.
            _ if code.starts_with("E-VERIFY-") => Self::Refused,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Warned => 3,
            Exit::Unreachable => 4,
            Exit::Refused => 5,
            Exit::Waiting => 6,
            Exit::Damaged => 10,
            Exit::Unsigned => 11,
            Exit::Foreign => 12,
            Exit::Absent => 13,
            Exit::Replayed => 14,
        })
    }
}

/// A failure: its code, what is wrong, what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    code: String,
    what: String,
    remedy: String,
    detail: Option<String>,
    /// The number under which the service that refused logged it.
    request: Option<Box<str>>,
    exit: Exit,
}

impl Failure {
    /// A failure of `sigctl` itself; `code` stands in `docs/codes.md`.
    pub(crate) fn new(
        code: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::named(code, what, remedy)
    }

    /// A failure that another part of Sigstead named with a code of its own.
    pub(crate) fn named(
        code: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let code = code.into();
        Self {
            exit: Exit::of(&code),
            code,
            what: what.into(),
            remedy: remedy.into(),
            detail: None,
            request: None,
        }
    }

    /// Adds the cause, whole.
    pub(crate) fn because(mut self, cause: impl Display) -> Self {
        self.detail = Some(cause.to_string());
        self
    }

    /// Adds the number under which the service that refused logged the request, if it told one.
    pub(crate) fn of_request(mut self, number: Option<&str>) -> Self {
        self.request = number.map(Box::from);
        self
    }

    /// Ends with another exit code than the usual one.
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Says `to` wherever it would say `from`, a path that the caller has never seen.
    pub(crate) fn naming(mut self, from: &Path, to: &Path) -> Self {
        let (from, to) = (from.display().to_string(), to.display().to_string());
        for text in [&mut self.what, &mut self.remedy]
            .into_iter()
            .chain(self.detail.as_mut())
        {
            *text = text.replace(&from, &to);
        }
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
            "mend what the cause says: whose the file is, what is in it, or the room on the disk",
        )
        .because(cause)
    }

    /// A service that answers, and not as it should.
    pub(crate) fn service(service: &str, url: &str, cause: impl Display) -> Self {
        Self::new(
            "E-CTL-003",
            format!("{service} at {url} did not answer as it should"),
            "`sigctl status` shows what runs, `sigctl logs` why not",
        )
        .because(cause)
    }

    /// A service that does not answer at all.
    pub(crate) fn unreachable(service: &str, url: &str, cause: impl Display) -> Self {
        Self::new(
            "E-CTL-076",
            format!("{service} at {url} cannot be reached"),
            "`sigctl status` shows what runs, `sigctl up` starts what does not",
        )
        .because(cause)
    }

    /// How a command ends that fails with it.
    pub(crate) const fn ends(&self) -> Exit {
        self.exit
    }

    /// What to do about it.
    pub(crate) fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Its stable name.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Prints the failure where errors go; in JSON, where results go. Gives how to end.
    pub(crate) fn print(&self, output: Output) -> Exit {
        match output {
            Output::Text => output.complain(&self.text()),
            Output::Json => output.print_json(&serde_json::json!({"error": self.json()})),
        }
        self.exit
    }

    /// Prints what a command could not do beside what it did, to people; in JSON it is a part of the result.
    pub(crate) fn print_beside_result(&self, output: Output) {
        if output == Output::Text {
            output.complain(&self.text());
        }
    }

    /// As it is in JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code,
            "message": self.what,
            "cause": self.detail,
            "request_id": self.request,
            "remedy": self.remedy,
        })
    }

    /// What is wrong and why, as the cause of another failure.
    pub(crate) fn whole(&self) -> String {
        let detail = self.detail.as_ref();
        let detail = detail.map(|detail| format!(": {detail}"));
        format!("{}{}", self.what, detail.unwrap_or_default())
    }

    /// The same with its code, which says more.
    pub(crate) fn coded(&self) -> String {
        format!("{}: {}", self.code, self.whole())
    }

    fn text(&self) -> String {
        let styles = clap::builder::Styles::styled();
        let (bad, good) = (styles.get_error(), styles.get_valid());
        let mut text = format!(
            "{bad}error {}{bad:#}: {}\n",
            self.code,
            printable(&self.what)
        );
        if let Some(detail) = &self.detail {
            let detail = printable(detail.trim_end()).replace('\n', "\n         ");
            text.push_str(&format!("  cause: {detail}\n"));
        }
        if let Some(number) = &self.request {
            let number = printable(number);
            text.push_str(&format!(
                "  request: {number}, as in the log of the service\n"
            ));
        }
        text.push_str(&format!(
            "  {good}do{good:#}:    {}\n",
            printable(&self.remedy)
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_verification_ends_otherwise_than_one_that_could_not_be_made() {
        for (code, exit) in [
            ("E-VERIFY-001", Exit::Refused),
            ("E-VERIFY-037", Exit::Refused),
            ("E-CTL-002", Exit::Failed),
            ("E-CTL-012", Exit::Usage),
        ] {
            assert_eq!(Failure::new(code, "what", "do").exit, exit, "{code}");
        }
    }

    #[test]
    fn every_code_ends_as_the_manual_says() {
        let page = include_str!("../../docs/operating.md");
        let rows = page.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let exit: u8 = cells.next()?.parse().ok()?;
            Some((exit, cells.nth(1)?.trim_end_matches([' ', '|']).to_owned()))
        });
        let rows: Vec<_> = rows.collect();
        let exits: Vec<_> = rows.iter().map(|(exit, _)| *exit).collect();
        assert_eq!(exits, [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14]);
        let said = |code: &str| {
            let is_it =
                |listed: &str| listed == code || code.starts_with(listed.trim_end_matches('…'));
            let mut listing = rows.iter().filter(|(_, codes)| {
                codes
                    .split(", ")
                    .any(|listed| listed.starts_with("E-") && is_it(listed))
            });
            listing.next().map_or(1, |(exit, _)| *exit)
        };
        let codes = include_str!("../../docs/codes.md").lines();
        let codes: Vec<_> = codes.filter_map(|line| line.strip_prefix("### ")).collect();
        assert!(codes.len() > 200);
        for code in codes {
            let exit = ExitCode::from(Exit::of(code));
            assert_eq!(exit, ExitCode::from(said(code)), "{code}");
        }
    }

    #[test]
    fn a_failure_shows_no_escape_sequences_of_others() {
        let text = Failure::new("E-CTL-002", "cannot read \u{1b}[2Jx", "do \u{202e}this")
            .because("a\u{1b}]0;t\u{7}\nb")
            .text();
        let ours = anstream::adapter::strip_str(&text).to_string();
        assert!(!ours.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{ours}");
        assert!(ours.contains(r"cannot read \u{1b}[2Jx"), "{ours}");
        assert_eq!(ours.lines().count(), 4, "{ours}");
        // What was stripped are our own colours, and none of the others' sequences.
        assert!(
            !text.contains("\u{1b}[2J") && !text.contains("\u{1b}]"),
            "{text:?}"
        );
    }

    #[test]
    fn a_refusal_of_a_service_names_its_request() {
        let failure = Failure::named("E-CA-010", "what", "do").of_request(Some("8f3c"));
        let text = anstream::adapter::strip_str(&failure.text()).to_string();
        assert!(text.contains("  request: 8f3c"), "{text}");
        let text = Failure::named("E-CA-010", "what", "do")
            .of_request(None)
            .text();
        assert!(!text.contains("request"), "{text}");
    }
}
