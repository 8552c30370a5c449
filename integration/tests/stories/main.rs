//! Stories that a stranger could tell: each module is one, told with real processes and real clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod administrators;
mod air_gap;
mod air_gap_answers;
mod air_gap_registry;
mod air_gap_trust;
mod authorities;
mod backup;
mod bad_input;
mod between_services;
mod browser;
mod calendar;
mod ceremony;
mod ceremony_ahead;
mod clients;
mod conformance;
mod connectors;
mod cosign;
mod cosign_2;
mod crash;
mod desk;
mod doctor;
mod emergency;
mod first_signature;
mod foreign_provider;
mod grpc;
mod hang_up;
mod identities;
mod installing;
mod issued;
mod issuers;
mod keys;
mod lifecycle;
mod log;
mod lost_log;
mod model_signing;
mod no_ct_log;
mod oidc_clients;
mod one_program;
mod operating;
mod overload;
mod pages;
mod pause;
mod policies;
mod preflight;
mod private_authority;
mod probe;
mod profile;
mod profiles;
mod proxy;
mod rekor_cli;
mod restore;
mod rotation;
mod second_factor;
mod sigstore_java;
mod sigstore_js;
mod sigstore_python;
mod sigstore_rs;
mod sigstore_rust;
mod submitters;
mod timestamp;
mod traces;
mod trust_root;
mod tuf_attacks;
mod upgrade;
mod verify;
mod verifying;

use sigstead_integration::{PERSON, artifact, beside};

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
