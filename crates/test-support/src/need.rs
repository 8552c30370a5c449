use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// With this variable set nothing may be skipped: a program that is not there fails its test.
pub const REQUIRE_VARIABLE: &str = "SIGSTEAD_TEST_REQUIRE_CLIENTS";

/// Names the file to which each skip is appended, one line each; `make test` prints their sum at its end, because the
/// test runner shows nothing that a passing test says.
pub const SKIPS_VARIABLE: &str = "SIGSTEAD_TEST_SKIPS";

/// Something that a test needs and that not every machine has.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// What it is, for example `cosign`.
    pub name: &'a str,
    /// What brings it, for example the command `make clients`.
    pub remedy: &'a str,
}

impl Need<'_> {
    /// Gives `Some` if `is_met`, and else records that the running test is skipped.
    ///
    /// # Panics
    /// If the need is not met where nothing may be skipped ([`REQUIRE_VARIABLE`]), or if the skip cannot be recorded.
    #[must_use]
    pub fn check(self, is_met: bool) -> Option<()> {
        assert!(
            is_met || std::env::var_os(REQUIRE_VARIABLE).is_none(),
            "{} is not there, and here nothing may be skipped: {}",
            self.name,
            self.remedy
        );
        self.check_optional(is_met)
    }

    /// The same for what no command of the project brings, so that it may be absent everywhere: the skip is recorded, and
    /// is allowed also where nothing else may be skipped.
    ///
    /// # Panics
    /// If the skip cannot be recorded.
    #[must_use]
    pub fn check_optional(self, is_met: bool) -> Option<()> {
        if is_met {
            return Some(());
        }
        eprintln!("skipped: {} is not there: {}", self.name, self.remedy);
        if let Some(file) = std::env::var_os(SKIPS_VARIABLE) {
            self.record(Path::new(&file));
        }
        None
    }

    /// Appends one line to `file` in a single write, so that the lines of tests that run at once do not mix.
    fn record(self, file: &Path) {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        let line = format!("{}\t{}\t{test}\n", self.name, self.remedy);
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(
            written.is_ok(),
            "the skip cannot be recorded in {}: {written:?}",
            file.display()
        );
    }
}
