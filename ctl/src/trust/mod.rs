//! `sigctl trust`: what clients trust, seen and published.
//!
//! Whatever is published passes the gate before (`gate/`).
//!
//! The trust state (`trust/state.json`) is the one source. A [`Change`] adds to it, and derives everything else from it: the targets, the root and targets metadata of the TUF repository, and the client kit. Each file is replaced as
//! a whole and durably, in an order in which readers always find what they are pointed to: the state, the files of the
//! targets, the root, the targets metadata, the kit. The targets metadata is the publication: before it, the `tuf` service
//! shows the old trust root, after it the new one. A command that was interrupted is run again.

mod ahead;
mod authority_kind;
mod change;
mod client_kit;
mod diff;
mod evidence;
mod gate;
mod history;
mod holders;
mod next_root;
mod publication;
mod publications;
mod publish;
mod renewal;
mod repository;
mod root_key;
mod sentences;
mod show;
mod signed_root;
mod signer;
mod state_file;
mod take_over;
mod targets_key;
mod targets_to_sign;
mod verify_history;
mod versions;

use clap::{Args, Subcommand};
use sigstead_trust_root::TrustState;
use sigstead_trust_root::tuf::Targets;

use self::versions::Documents;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;

pub(crate) use ahead::keep as keep_ahead;
pub(crate) use authority_kind::AuthorityKind;
pub(crate) use change::Change;
pub(crate) use client_kit::{ClientKit, Fingerprint, derived as kit_files};
pub(crate) use holders::{holders, remember as remember_holders};
pub(crate) use next_root::{NextRoot, Online};
pub(crate) use publication::{Keys, Purpose, Versions, first};
pub(crate) use publish::parse_term;
pub(crate) use repository::Repository;
pub(crate) use root_key::{RootKey, is_held_by_people};
pub(crate) use sentences::{moment, of_signing_configs, of_trusted_roots};
pub(crate) use show::{Shown, look, roles_line};
pub(crate) use signed_root::{RootPublication, SignedByPeople};
pub(crate) use signer::{ROOT_KEY, TARGETS_KEY, TufSigner};
pub(crate) use state_file::{
    Turn, is_numbered, offered_issuers, read as read_state, sends_people_to, write_number,
};
pub(crate) use take_over::{take_over, take_over_signed};
pub(crate) use targets_key::{TargetsKey, are_held_by_people as are_targets_held_by_people};
pub(crate) use targets_to_sign::{ForeseenEnd, targets_before, targets_to_sign};

/// What is done with the trust root.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Sign root and targets again and publish the trust state; at least once a year.
    Publish(publish::Arguments),
    /// Show what is published and when it expires.
    Show(show::Arguments),
    /// Say what clients trust otherwise with one version than with another.
    Diff(diff::Arguments),
    /// List all publications, with what each changed, when, and who published.
    History(history::Arguments),
    /// Check that each version follows from the one before it and takes nothing back, offline.
    VerifyHistory(verify_history::Arguments),
    /// Write all that shows how a key was replaced or ended into one folder.
    Evidence(evidence::Arguments),
    /// Check such a folder, with nothing else at hand.
    VerifyEvidence(evidence::Verify),
}

/// What one state publishes otherwise than another, in sentences.
pub(crate) fn changes(
    earlier: &TrustState,
    later: &TrustState,
) -> Result<Vec<String>, sigstead_trust_root::Error> {
    let earlier = Documents::of_state(earlier)?;
    Ok(Documents::of_state(later)?.changes(Some(&earlier)))
}

/// Writes the client kit again, in which the chain is that signs now. It is only derived, so nothing is signed.
pub(crate) fn write_kit(instance: &Instance) -> Result<(), Failure> {
    let state = state_file::read(instance)?;
    client_kit::write_all(instance, &state, &Repository::of(instance)?).map(drop)
}

/// The same of its own accord. What clients do not find yet is not told to them.
pub(crate) fn publish_kit(instance: &Instance) -> Result<ClientKit, Failure> {
    let _turn = Turn::take(instance)?;
    let state = state_file::read(instance)?;
    let repository = Repository::of(instance)?;
    let published = repository.newest::<Targets>()?;
    let files = state.targets().unwrap_or_default();
    if Targets::new(published.version, published.expires, &files).targets != published.targets {
        return Err(Failure::new(
            "E-CTL-480",
            "the trust state has changed since it was published, and a page would tell clients what they do not find yet",
            "publish it with `sigctl trust publish`, which writes the page too",
        ));
    }
    client_kit::write_all(instance, &state, &repository)
}

/// Whether clients come to a version of the targets.
pub(crate) fn is_shown(instance: &Instance, targets: u64) -> Result<bool, Failure> {
    let online = Repository::of(instance)?.online()?;
    let shown = online.and_then(|online| online.snapshot.signed.targets_version());
    Ok(shown.is_some_and(|shown| shown >= targets))
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Publish(arguments) => publish::run(arguments, output).await?,
        Verb::Show(arguments) => show::run(&arguments, output)?,
        Verb::Diff(arguments) => diff::run(arguments, output)?,
        Verb::History(arguments) => history::run(&arguments, output)?,
        Verb::Evidence(arguments) => evidence::write(arguments, output)?,
        Verb::VerifyEvidence(arguments) => evidence::verify(&arguments, output)?,
        Verb::VerifyHistory(arguments) => return verify_history::run(&arguments, output),
    }
    Ok(Exit::Done)
}
