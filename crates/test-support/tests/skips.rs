//! A skip is recorded, summed up at the end of `make test`, and refused where nothing may be skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sigstead_test_support::{Need, REQUIRE_VARIABLE, SKIPS_VARIABLE};

/// The environment of a process is its own, so each test runs this one or the next again as a program.
#[test]
fn needs_what_nobody_has() {
    let is_met = std::env::var_os("SIGSTEAD_TEST_UNICORN").is_some();
    if std::env::var_os(IS_CHILD).is_some() {
        assert_eq!(UNICORN.check(is_met).is_some(), is_met);
    }
}

#[test]
fn would_use_what_nobody_has() {
    if std::env::var_os(IS_CHILD).is_some() {
        assert!(UNICORN.check_optional(false).is_none());
    }
}

#[test]
fn a_skip_is_recorded_with_its_remedy_and_its_test() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skips");
    assert!(child(&[(SKIPS_VARIABLE, &file)]).status.success());
    let recorded = std::fs::read_to_string(&file).unwrap();
    assert_eq!(recorded, "a unicorn\tmake unicorn\tneeds_what_nobody_has\n");
}

#[test]
fn nothing_is_recorded_when_the_need_is_met() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skips");
    let met = PathBuf::from("yes");
    let output = child(&[(SKIPS_VARIABLE, &file), ("SIGSTEAD_TEST_UNICORN", &met)]);
    assert!(output.status.success());
    assert!(!file.exists());
}

#[test]
fn a_skip_fails_where_nothing_may_be_skipped() {
    let output = child(&[(REQUIRE_VARIABLE, Path::new("1"))]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("a unicorn is not there, and here nothing may be skipped: make unicorn"),
        "{text}"
    );
}

#[test]
fn a_skip_of_what_is_optional_is_recorded_and_fails_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skips");
    let variables = [
        (SKIPS_VARIABLE, file.as_path()),
        (REQUIRE_VARIABLE, Path::new("1")),
    ];
    let output = program("would_use_what_nobody_has", &variables);
    assert!(output.status.success());
    let recorded = std::fs::read_to_string(&file).unwrap();
    let expected = "a unicorn\tmake unicorn\twould_use_what_nobody_has\n";
    assert_eq!(recorded, expected);
}

#[test]
fn the_sum_names_each_need_once_with_its_remedy_and_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skips");
    let lines = "cosign\tmake clients\tsigns\nopenssl\tmake packages\treads\ncosign\tmake clients\tverifies\n";
    std::fs::write(&file, lines).unwrap();
    let sum = sum(&file);
    assert!(sum.contains("3 tests could not run"), "{sum}");
    assert!(sum.contains("cosign (2 tests): make clients"), "{sum}");
    assert!(sum.contains("openssl (1 test): make packages"), "{sum}");
}

#[test]
fn the_sum_of_no_skip_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let sum = sum(&folder.path().join("skips"));
    assert_eq!(sum, "No test was skipped.\n");
}

fn child(variables: &[(&str, &Path)]) -> Output {
    program("needs_what_nobody_has", variables)
}

fn program(test: &str, variables: &[(&str, &Path)]) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env_remove(REQUIRE_VARIABLE)
        .env_remove(SKIPS_VARIABLE)
        .env(IS_CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn sum(file: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integration/skips.sh");
    let output = Command::new(script).arg(file).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

const UNICORN: Need<'_> = Need {
    name: "a unicorn",
    remedy: "make unicorn",
};
const IS_CHILD: &str = "SIGSTEAD_TEST_IS_CHILD";
