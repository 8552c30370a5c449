//! Issuers that do what they can to the authority that believes them, all at once beside honest ones: no token of an honest
//! issuer fails or waits, nothing is asked where nobody may send the authority, and its memory stays what it was.
//!
//! All of it happens in a network of its own, whose addresses are those of the internet, of private networks and of cloud
//! metadata at once, and whose names are answered by `zone.rs`. `kind.rs` lists the issuers, `server.rs` is all of them.
//! No clock decides: a certificate waited for nobody if it was asked for and given while another issuer kept the authority
//! waiting, and that is seen by the order of things; the rest are counts, also those of the authority's own metrics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod answers;
mod attack;
mod authority;
mod kind;
mod ledger;
mod network;
mod server;
mod token;
mod verdict;
mod zone;

#[test]
fn hostile_issuers_disturb_no_other() {
    let Some(mut inside) = network::this_program() else {
        return;
    };
    inside.args(["--exact", "inside", "--ignored", "--nocapture"]);
    assert!(inside.status().unwrap().success());
}

/// The test itself, in its network.
#[test]
#[ignore = "the test above runs it, in a network of its own"]
fn inside() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(verdict::run());
    runtime.shutdown_background();
}
