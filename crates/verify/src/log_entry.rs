//! What the log signed: its promise, and the tree that the entry is in.

use ::time::OffsetDateTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_merkle::{LeafHash, TreeHead};
use sigstead_note::{KeyId, KeyName, VerifierKey};

use crate::accepted::{TimeSource, VerifiedEntry, VerifiedTime};
use crate::body::LogVersion;
use crate::bundle_entry::{LogEntry, Proof};
use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};
use crate::trust::TrustedLog;

/// Checks everything that the log signed about an entry, and that it was trusted at each of `times`, which others
/// vouch for, and at the time of its own promise, if it made one.
pub(crate) fn verify(
    entry: &LogEntry,
    version: LogVersion,
    log: &TrustedLog<'_>,
    times: &[VerifiedTime],
) -> Result<(VerifiedEntry, Option<VerifiedTime>), Failure> {
    let promised = check(entry, version, log)?;
    // A log without a beginning could have signed before it existed, also where no time is known.
    let begins = log.instance.public_key.valid_for.start;
    ensure(begins.is_some(), Check::LogTime)?;
    for time in times.iter().map(|each| each.time).chain(promised) {
        log.check_time(time, Check::LogTime)?;
    }
    let url = &log.instance.base_url;
    let inclusion = entry.proof.as_ref().map(|proof| &proof.inclusion);
    let verified = VerifiedEntry {
        log_url: url.clone(),
        log_id: entry.log_id.clone(),
        kind: entry.kind.clone(),
        version: entry.version.clone(),
        promised_index: promised.is_some().then_some(entry.log_index),
        tree_index: inclusion.map(|inclusion| inclusion.leaf_index.value()),
        tree_size: inclusion.map(|inclusion| inclusion.tree_size),
    };
    let time = promised.map(|time| VerifiedTime {
        time,
        source: TimeSource::Log,
        url: url.clone(),
    });
    Ok((verified, time))
}

fn check(
    entry: &LogEntry,
    version: LogVersion,
    log: &TrustedLog<'_>,
) -> Result<Option<OffsetDateTime>, Failure> {
    if let Some(proof) = &entry.proof {
        check_inclusion(entry, proof)?;
        check_checkpoint(proof, log)?;
    }
    match (version, &entry.promise) {
        (LogVersion::Rekor1, Some(promise)) => check_promise(entry, promise, log).map(Some),
        (LogVersion::Rekor1, None) => Ok(None),
        (LogVersion::Rekor2, None) => {
            let index = entry
                .proof
                .as_ref()
                .map(|proof| proof.inclusion.leaf_index.value());
            ensure(index == Some(entry.log_index), Check::Inclusion)?;
            Ok(None)
        }
        // Version 2 makes no promises: whatever this is, the log did not sign it as one.
        (LogVersion::Rekor2, Some(_)) => Err(Check::Promise.into()),
    }
}

fn check_inclusion(entry: &LogEntry, proof: &Proof) -> Result<(), Failure> {
    let leaf = LeafHash::of(&entry.body);
    proof
        .inclusion
        .verify(&leaf, &proof.root)
        .failing(Check::Inclusion)
}

fn check_checkpoint(proof: &Proof, log: &TrustedLog<'_>) -> Result<(), Failure> {
    let signed = SignedCheckpoint::parse(&proof.checkpoint).failing(Check::Checkpoint)?;
    let head = TreeHead {
        size: proof.inclusion.tree_size,
        root: proof.root,
    };
    ensure(signed.checkpoint.head == head, Check::Checkpoint)?;
    // The software of the log shows in its origin, not in its entries: either may serve the other's kinds.
    match rekor1_name(signed.checkpoint.origin.as_str()) {
        Some(name) => check_rekor1_signature(&signed, name, log),
        None => check_rekor2_signature(&signed, log),
    }
}

/// The name in an origin of Rekor v1: what stands before ` - ` and the number of the tree.
fn rekor1_name(origin: &str) -> Option<&str> {
    let (name, tree) = origin.rsplit_once(" - ")?;
    let is_number = !tree.is_empty() && tree.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(name)
}

/// The hint is of the key alone, whatever its kind, and the name is no host that a verifier could know.
fn check_rekor1_signature(
    signed: &SignedCheckpoint,
    name: &str,
    log: &TrustedLog<'_>,
) -> Result<(), Failure> {
    let hint = KeyId::truncate(log.key.log_id().as_bytes());
    let signature = signed
        .note
        .signatures
        .iter()
        .find(|signature| signature.key_id == hint && signature.name.as_str() == name);
    let signature = signature.failing(Check::CheckpointSignature)?;
    log.key
        .verify(signed.note.text.as_bytes(), &signature.signature)
        .failing(Check::CheckpointSignature)
}

/// Rekor v2 specification §4: the origin is the name of the key is the host.
fn check_rekor2_signature(signed: &SignedCheckpoint, log: &TrustedLog<'_>) -> Result<(), Failure> {
    let origin = Origin::parse(log.host()).failing(Check::TrustedRoot)?;
    ensure(signed.checkpoint.origin == origin, Check::Checkpoint)?;
    let name = KeyName::parse(log.host()).failing(Check::TrustedRoot)?;
    let key = VerifierKey::new(name, log.key.clone());
    signed
        .note
        .verify(&key)
        .failing(Check::CheckpointSignature)?;
    Ok(())
}

/// Rekor v1 specification §4: the promise is over body, time, log and index in canonical JSON.
fn check_promise(
    entry: &LogEntry,
    promise: &[u8],
    log: &TrustedLog<'_>,
) -> Result<OffsetDateTime, Failure> {
    let signed = Promise {
        body: STANDARD.encode(&entry.body),
        integrated_time: entry.integrated_time,
        log_id: hex::encode(&entry.log_id),
        log_index: entry.log_index,
    };
    let message = serde_json_canonicalizer::to_vec(&signed).failing(Check::Promise)?;
    log.key.verify(&message, promise).failing(Check::Promise)?;
    let seconds = i64::try_from(entry.integrated_time).failing(Check::Promise)?;
    OffsetDateTime::from_unix_timestamp(seconds).failing(Check::Promise)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Promise {
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
}
