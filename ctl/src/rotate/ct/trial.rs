//! The next log, tried before anybody is told of it.

use sigstead_config::ca::{CtLogConfig, CtLogs};
use sigstead_trust_root::TrustState;

use super::authority::Used;
use super::part::{NextCtLog, ROLE};
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::rotate::ca::{self, Issuing};
use crate::rotate::moment::now;

/// Refuses a log whose promises clients would not accept.
///
/// 1. An authority of its own, with the key that issues now, enters a certificate of nobody's into the next log and into no
///    other.
/// 2. The certificate verifies under the draft, and under the draft without all other logs.
///
/// The entry stays in the log: a log with this key has one history.
pub(super) async fn run(
    instance: &Instance,
    role: &NextCtLog,
    draft: &TrustState,
) -> Result<(), Failure> {
    let root = draft.trusted_root().map_err(|error| refused(&error))?;
    let running = ca::config(instance)?;
    let file = running.successors_file.as_ref();
    let file = file.map(|file| instance.service(Service::Ca).join(file));
    let successors = sigstead_config::ca::SuccessorsFile::read_if_named(file.as_deref());
    let successors = successors.map_err(|error| refused(&error))?;
    let signing = running.ring(&successors, now()).at(now()).key;
    let issuing = Issuing {
        role: ROLE,
        key: signing.key.clone(),
        chain: signing.chain.to_owned(),
        running: &running,
    };
    // A certificate of now ends before the window of a log that is opened ahead.
    let next = Used::of(instance)?.next(role)?;
    let next = CtLogs::Logs(vec![CtLogConfig {
        ends_from: None,
        ..next
    }]);
    let client = http::client(instance)?;
    let certificate = ca::certificate(instance, &client, &issuing, next).await?;
    let mut alone = root.clone();
    alone.ctlogs.retain(|log| log.log_id.key_id == role.log_id);
    for root in [&root, &alone] {
        sigstead_verify::verify_certificate(root, &certificate, now(), 1)
            .map_err(|error| refused(&error))?;
    }
    Ok(())
}

fn refused(why: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-423",
        "a certificate in the next log did not pass the trial; nothing was published",
        "the cause says what clients would refuse; take the log back: sigctl rotate ct undo",
    )
    .because(sigstead_kit::causes(why))
}
