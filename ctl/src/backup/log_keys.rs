//! The keys of logs, in a backup that is proven by them.

use sigstead_archive::{LogFace, LogRecord};
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_ct::TreeHeadSignature;
use sigstead_key::PublicKey;
use sigstead_note::{KeyId, KeyName, VerifierKey};
use sigstead_trust_root::{TransparencyLogInstance, TrustedRoot};

use super::volume::Volume;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;

/// What is known of a log's key before the log is read.
pub(super) enum LogKeys {
    /// It was opened.
    Known(PublicKey),
    /// It is one of those that clients trust.
    AnyOf(Vec<PublicKey>),
}

impl LogKeys {
    /// The keys of all logs of a kind that clients trust.
    pub(super) fn trusted(volume: &Volume, face: LogFace) -> Result<Self, Failure> {
        trusted(volume, face).map(Self::AnyOf)
    }

    /// The key that a checkpoint of the log says it is signed with. Whether it is, is proven with the log.
    pub(super) fn of_checkpoint(
        &self,
        log: &ConfiguredLog,
        checkpoint: &str,
    ) -> Result<&PublicKey, Failure> {
        let keys = match self {
            Self::Known(key) => return Ok(key),
            Self::AnyOf(keys) => keys,
        };
        let signed = SignedCheckpoint::parse(checkpoint).ok();
        let ids: Vec<_> = signed
            .iter()
            .flat_map(|signed| &signed.note.signatures)
            .map(|signature| signature.key_id)
            .collect();
        let named = |key: &&PublicKey| id(log, key).is_some_and(|id| ids.contains(&id));
        keys.iter().find(named).ok_or_else(|| unknown(&log.name))
    }
}

/// Refuses the logs of a backup by whose keys no client of the instance could verify them any more.
pub(crate) fn refuse_unknown_keys(volume: &Volume, records: &[LogRecord]) -> Result<(), Failure> {
    for record in records {
        let keys = trusted(volume, record.face)?;
        if !keys.iter().any(|key| key.to_pem() == record.public_key) {
            return Err(unknown(&record.origin));
        }
    }
    Ok(())
}

fn trusted(volume: &Volume, face: LogFace) -> Result<Vec<PublicKey>, Failure> {
    let TrustedRoot { tlogs, ctlogs, .. } = volume.trusted()?;
    let logs = match face {
        LogFace::RekorV1 | LogFace::RekorV2 => tlogs,
        LogFace::Ct => ctlogs,
    };
    let key = |log: &TransparencyLogInstance| {
        PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice()).ok()
    };
    Ok(logs.iter().filter_map(key).collect())
}

/// What signatures of a log under a key are named by.
fn id(log: &ConfiguredLog, key: &PublicKey) -> Option<KeyId> {
    let name = KeyName::parse(&log.name);
    match log.face {
        // Of the key alone, whatever the log is called.
        LogFace::RekorV1 => Some(KeyId::truncate(key.log_id().as_bytes())),
        LogFace::RekorV2 => Some(VerifierKey::new(name.ok()?, key.clone()).key_id()),
        // c2sp.org/static-ct-api §Checkpoints
        LogFace::Ct => {
            let log_id = key.log_id();
            let hash = KeyId::hash(&name.ok()?, TreeHeadSignature::NOTE_TYPE, log_id.as_bytes());
            Some(KeyId::truncate(&hash))
        }
    }
}

fn unknown(name: &str) -> Failure {
    Failure::new(
        "E-CTL-216",
        format!("{name} is signed with a key that clients do not know"),
        "lay the instance out again with `sigctl kubernetes lay-out`, and replace the ConfigMap of its clients",
    )
}
