//! What is asked for what a key signed, and what nobody has to be asked.

use time::OffsetDateTime;

use super::affected::Affected;
use super::certificates::{self, Issuers};
use super::entries;
use super::key::{Held, Key, Role};
use crate::instance::Instance;
use crate::trust::AuthorityKind;

/// Asks the record of issuances, the CT log and the logs of signatures. What does not answer is told, and keeps nobody from
/// ending the key.
pub(super) async fn of(instance: &Instance, key: &Key, since: OffsetDateTime) -> Affected {
    let mut affected = Affected {
        unknowable: unknowable(key),
        ..Affected::default()
    };
    if let Held::Chains(AuthorityKind::Certificate, chains) = &key.held {
        match Issuers::of(key, chains) {
            Ok(issuers) => certificates::add(&mut affected, instance, &issuers, since).await,
            Err(failure) => affected.did_not_answer("the trust state", &failure),
        }
        entries::add(&mut affected, instance).await;
    }
    affected
}

/// What a thief of the key can do of which no record of the instance knows.
fn unknowable(key: &Key) -> Vec<String> {
    let sentences: &[&str] = match key.role {
        Role::Intermediate | Role::CaRoot => &[
            "certificates that the key issued elsewhere and that are in no CT log: verifiers that ask for a promise of a CT log \
             refuse them",
        ],
        Role::Tsa | Role::TsaRoot => &[
            "timestamps: the authority keeps none, and a thief of the key needs nobody to make more",
            "the time in a timestamp is what the holder of the key says, so that a thief can write one before the end; only \
             what a log promised or holds tells such a signature from an old one",
        ],
        Role::RekorV1 => &[
            "promises that the key signed elsewhere: their time is what the holder of the key says, so that a thief can write \
             one before the end; an inclusion proof under a checkpoint that you or a witness kept tells what was there",
            "which of the entries since then were logged by whom: the log itself is as it was, if `sigctl log check` says so",
        ],
        Role::RekorV2 => &[
            "checkpoints that the key signed elsewhere: a thief can show a tree that holds other entries, to verifiers that ask \
             for no witness; signatures have the time of a timestamp authority, which the thief of this key cannot write",
            "which of the entries since then were logged by whom: the log itself is as it was, if `sigctl log check` says so",
        ],
        Role::Ct => &[
            "promises that the key signed elsewhere, for certificates that the log does not hold: their time is what the holder \
             of the key says, and it takes the key of the certificate authority to have such a certificate",
        ],
    };
    sentences.iter().map(|each| (*each).to_owned()).collect()
}
