//! Changes of the trust state, each durable before it is published.

use sigstead_trust_root::{LogState, TrustState};

use super::state_file::{self, Turn};
use crate::failure::Failure;
use crate::instance::Instance;

/// Adds a log to the trust state, or puts one that it has in or out of service. [`publish`](super::publish()) tells clients.
///
/// If the log is in service, it follows the logs of its face that came before; clients write to them no more.
pub(crate) fn append_log(instance: &Instance, log: LogState) -> Result<(), Failure> {
    change(instance, |state| state.with_log(log))
}

fn change(
    instance: &Instance,
    change: impl FnOnce(TrustState) -> Result<TrustState, sigstead_trust_root::Error>,
) -> Result<(), Failure> {
    let _turn = Turn::take(instance)?;
    let state = change(state_file::read(instance)?).map_err(|error| {
        Failure::new(
            "E-CTL-032",
            "the trust state cannot be changed so",
            "trust is only added to; the cause says what does not fit",
        )
        .because(error)
    })?;
    state_file::write(instance, &state)
}
