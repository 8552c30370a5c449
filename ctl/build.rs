//! Tells the program which commit it was built from.
//!
//! `SIGSTEAD_COMMIT` names it for builds from an archive; there, without the variable, it is `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=SIGSTEAD_COMMIT");
    let given = std::env::var_os("SIGSTEAD_COMMIT").and_then(|commit| commit.into_string().ok());
    let commit = given.filter(|commit| !commit.is_empty()).or_else(|| {
        ours()
            .then(|| git(&["rev-parse", "--short=12", "HEAD"]))
            .flatten()
    });
    let commit = commit.filter(|commit| commit.chars().all(|c| c.is_ascii_alphanumeric()));
    println!(
        "cargo::rustc-env=SIGSTEAD_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
}

/// Whether the repository around this folder is Sigstead's own, and not one that an archive was unpacked in. If so, a new
/// commit builds again.
fn ours() -> bool {
    if !Path::new("../.git").exists() {
        return false;
    }
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    true
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
