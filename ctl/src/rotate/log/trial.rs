//! The next log, tried before anybody is told of it.

use sigstead_trust_root::{TrustState, TrustedRoot};
use sigstead_verify::json::Bundle as Written;
use sigstead_verify::{Artifact, Bundle, Policy, Thresholds, Verifier};

use super::part::{Interface, NextLog};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::sign::Once;

/// Refuses a log whose entries clients would not accept, or a draft under which they would refuse those that they accept now.
///
/// 1. What is logged in the log of now verifies under the draft.
/// 2. So does what is logged in the next one. The entry stays there: a log with this key has one history.
pub(super) async fn run<I: Interface>(
    instance: &Instance,
    role: &NextLog<I>,
    draft: &TrustState,
) -> Result<(), Failure> {
    let root = draft.trusted_root();
    let root = root.map_err(|error| refused("the draft", &error))?;
    for log in [&role.old_log, &role.next_log] {
        let once = Once::new(instance)?;
        let bundle = once.sign(MESSAGE, Some(log)).await?;
        check(&once, &bundle, root.clone()).map_err(|why| refused(log, &why))?;
        let entry = bundle.verification_material.tlog_entries.first();
        let log_id = entry.and_then(|entry| entry.log_id.as_ref());
        let is_next = log_id.is_some_and(|log_id| log_id.key_id == role.log_id);
        if is_next != (log == &role.next_log) {
            return Err(refused(log, &"another log of the service answered"));
        }
    }
    Ok(())
}

fn check(
    once: &Once<'_>,
    bundle: &Written,
    root: TrustedRoot,
) -> Result<(), sigstead_verify::Failure> {
    let bundle = Bundle::parse(&bundle.encode())?;
    let policy = Policy::key(once.public_key().clone()).with_thresholds(Thresholds {
        timestamps: 1,
        scts: 0,
        ..Thresholds::default()
    });
    let verified = Verifier::new(root).verify(&bundle, Artifact::Bytes(MESSAGE), &policy);
    verified.map(drop)
}

fn refused(what: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-353",
        format!("{what} did not pass the trial; nothing was published"),
        "the cause says what clients would refuse; take the log back: sigctl rotate rekor-v2 undo",
    )
    .because(why)
}

const MESSAGE: &[u8] = b"signed by sigctl rotate\n";
