//! The history of an instance, put beside what another one signs with.

use std::fs;

use sigstead_trust_root::{AuthorityChains, AuthorityState, LogState, TrustState};

use super::gate::SIGNED;
use super::repository::replace;
use super::state_file;
use crate::failure::Failure;
use crate::instance::Instance;

/// Lets `shadow` trust what `real` trusts, and sign with nothing of it, from its next publication on. Nobody else may know
/// `shadow`. Gives how many chains and logs these are.
pub(crate) fn take_over(shadow: &Instance, real: &Instance) -> Result<usize, Failure> {
    let (mut state, history) = (state_file::read(shadow)?, state_file::read(real)?);
    let trusted = add(&mut state, history);
    state_file::write(shadow, &state)?;
    Ok(trusted)
}

/// Has what was signed under each trust root of `real` verified at each publication of `shadow`, which trusts what `real` trusts.
/// Gives how many signatures these are.
pub(crate) fn take_over_signed(shadow: &Instance, real: &Instance) -> Result<usize, Failure> {
    let (from, to) = (real.path(SIGNED), shadow.path(SIGNED));
    if !from.exists() {
        return Ok(0);
    }
    let failed = |error| Failure::file("read", &from, error);
    let mut signed = 0;
    for entry in fs::read_dir(&from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let bytes = fs::read(entry.path()).map_err(failed)?;
        replace(&to.join(entry.file_name()), &bytes)?;
        signed += usize::from(entry.path().extension().is_some_and(|it| it == "json"));
    }
    Ok(signed)
}

fn add(state: &mut TrustState, history: TrustState) -> usize {
    let logs = |logs: Vec<LogState>| {
        logs.into_iter().map(|log| LogState {
            in_service: false,
            offered: None,
            ..log
        })
    };
    let chains = |own: &AuthorityChains, more: &AuthorityChains| {
        let more = more.iter().map(|chain| AuthorityState {
            in_service: false,
            ..chain.clone()
        });
        AuthorityChains::new(own.iter().cloned().chain(more).collect())
    };
    let before = members(state);
    state.certificate_authorities = chains(
        &state.certificate_authorities,
        &history.certificate_authorities,
    );
    state.timestamp_authorities =
        chains(&state.timestamp_authorities, &history.timestamp_authorities);
    state
        .certificate_logs
        .extend(logs(history.certificate_logs));
    state.signature_logs.extend(logs(history.signature_logs));
    members(state) - before
}

fn members(state: &TrustState) -> usize {
    let chains = state.certificate_authorities.len() + state.timestamp_authorities.len();
    chains + state.certificate_logs.len() + state.signature_logs.len()
}
