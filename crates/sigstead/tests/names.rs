//! The one file is each program by the name of a link and by a word.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

/// Words and links, as the manual and packages have them.
const PROGRAMS: [(&str, &str); 8] = [
    ("ctl", "sigctl"),
    ("ca", "sigstead-ca"),
    ("ctlog", "sigstead-ctlog"),
    ("oidc", "sigstead-oidc"),
    ("tlog", "sigstead-tlog"),
    ("tsa", "sigstead-tsa"),
    ("tuf", "sigstead-tuf"),
    ("logcheck", "sigstead-logcheck"),
];

#[test]
fn every_program_runs_by_its_word_and_by_its_link() {
    let folder = tempfile::tempdir().unwrap();
    for (word, link) in PROGRAMS {
        let path = folder.path().join(link);
        symlink(ONE, &path).unwrap();
        let by_link = output(Command::new(&path).arg("--help"));
        let by_word = output(Command::new(ONE).args([word, "--help"]));
        for (called, output) in [
            (link.to_owned(), by_link),
            (format!("sigstead {word}"), by_word),
        ] {
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{called}");
            assert!(said.contains(&format!("Usage: {called}")), "{said}");
        }
        let version = output(Command::new(&path).arg("--version"));
        let said = String::from_utf8(version.stdout).unwrap();
        let expected = format!("{link} {}", env!("CARGO_PKG_VERSION"));
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn a_service_that_is_chosen_by_word_reads_its_own_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("config.yaml");
    for (word, link) in PROGRAMS {
        if matches!(word, "ctl" | "logcheck") {
            continue;
        }
        let refused = output(Command::new(ONE).args([word, "--config"]).arg(&missing));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("{link}: ")), "{said}");
        assert!(said.contains(missing.to_str().unwrap()), "{said}");
    }
}

#[test]
fn what_names_no_program_is_answered_with_the_list_of_them() {
    for (arguments, code, is_asked) in [
        (&[][..], 2, false),
        (&["cat"], 2, false),
        (&["--config", "x"], 2, false),
        (&["--help"], 0, true),
        (&["help"], 0, true),
    ] {
        let output = output(Command::new(ONE).args(arguments));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let (said, silent) = match is_asked {
            true => (output.stdout, output.stderr),
            false => (output.stderr, output.stdout),
        };
        assert!(silent.is_empty());
        let said = String::from_utf8(said).unwrap();
        for (word, link) in PROGRAMS {
            assert!(said.contains(&format!("  {word} ")), "{said}");
            assert!(said.contains(&format!("also as {link}\n")), "{said}");
        }
    }
    let version = output(Command::new(ONE).arg("--version"));
    let said = String::from_utf8(version.stdout).unwrap();
    assert!(said.starts_with(concat!("sigstead ", env!("CARGO_PKG_VERSION"), " (commit ")));
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

const ONE: &str = env!("CARGO_BIN_EXE_sigstead");
