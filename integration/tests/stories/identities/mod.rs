//! Builds of common systems and workloads sign by the tokens that they have, with unmodified clients.

mod builds;
mod claims;
mod cluster;
mod company;
mod exchange;
mod login;
mod page;
mod provider;
mod signer;
mod workloads;

use sigstead_integration::{Instance, run, sigctl};

/// `sigctl issuer add` on an instance.
fn add(instance: &Instance, words: &[&str]) {
    run(sigctl()
        .args(["issuer", "add"])
        .arg(instance.directory())
        .args(words))
    .unwrap();
}
