//! Stories that a stranger could tell: each module is one, told with real processes and real clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod administrators;
mod backup;
mod bad_input;
mod browser;
mod calendar;
mod ceremony;
mod conformance;
mod cosign;
mod cosign_2;
mod crash;
mod doctor;
mod emergency;
mod grpc;
mod hang_up;
mod identities;
mod installing;
mod issued;
mod issuers;
mod keys;
mod lifecycle;
mod log;
mod model_signing;
mod no_ct_log;
mod oidc_clients;
mod one_program;
mod overload;
mod pages;
mod pause;
mod preflight;
mod probe;
mod profile;
mod proxy;
mod rekor_cli;
mod restore;
mod rotation;
mod sigstore_java;
mod sigstore_js;
mod sigstore_python;
mod sigstore_rs;
mod sigstore_rust;
mod submitters;
mod timestamp;
mod traces;
mod trust_root;
mod upgrade;
mod verify;
mod verifying;

/// The person who signs in all stories.
const PERSON: &str = "person@example.com";

/// Bytes to sign, different at each call.
fn artifact(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{name}-{number}.txt"));
    std::fs::write(
        &path,
        format!("{name} {number} of process {}\n", std::process::id()),
    )
    .unwrap();
    path
}

/// A sibling of `path` with another ending.
fn beside(path: &std::path::Path, ending: &str) -> std::path::PathBuf {
    path.with_extension(ending)
}

/// Asserts that a command fails, and that what it prints has one of the words.
fn refuses(command: &mut std::process::Command, words: &[&str]) {
    let output = command.output().unwrap();
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !output.status.success(),
        "{command:?} accepted what it must refuse\n{printed}"
    );
    let lower = printed.to_lowercase();
    assert!(
        words.iter().any(|word| lower.contains(word)),
        "{command:?} says none of {words:?}\n{printed}"
    );
}
