//! Programs that are not ours, as `make clients` and the system's packages install them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The pinned cosign.
#[must_use]
pub fn cosign() -> Option<PathBuf> {
    installed("cosign", clients().join("bin/cosign"))
}

/// The Python of the virtual environment that holds sigstore, tuf, grpcio and playwright.
#[must_use]
pub fn python() -> Option<PathBuf> {
    installed("the Python clients", clients().join("python/bin/python"))
}

/// The pinned sigstore-python.
#[must_use]
pub fn sigstore_python() -> Option<PathBuf> {
    installed("sigstore-python", clients().join("python/bin/sigstore"))
}

/// Chromium, as Debian installs it.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    installed("chromium", PathBuf::from("/usr/bin/chromium"))
}

/// The OpenSSL command.
#[must_use]
pub fn openssl() -> Option<PathBuf> {
    installed("openssl", PathBuf::from("/usr/bin/openssl"))
}

/// A script of `integration/clients`.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// The folder that `make clients` fills.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.clients")
}

/// A program that is there, or a visible skip; where skipping is not allowed, a failure.
fn installed(name: &str, program: PathBuf) -> Option<PathBuf> {
    if Command::new(&program).arg("--version").output().is_ok() {
        return Some(program);
    }
    assert!(
        std::env::var_os("SIGSTEAD_TEST_REQUIRE_CLIENTS").is_none(),
        "{name} is not installed, and here nothing may be skipped: run `make packages clients`"
    );
    eprintln!("skipped: {name} is not installed; `make clients` installs it");
    None
}
