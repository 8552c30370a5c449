//! Shards of Rekor v1 follow one another under one name, and number their entries through.

use std::num::NonZeroU64;

use sigstead_archive::LogFace as Kind;
use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_trust_root::{Base64Bytes, LogFace};
use time::OffsetDateTime;

use super::part::{Interface, LogPlan, NextLog};
use super::service::listed;
use crate::failure::Failure;
use crate::init::configuration::random_tree_id;
use crate::init::trust::rekor_v1_host;
use crate::instance::Instance;
use crate::log::opening;
use crate::log::{self, ended};
use crate::rotate::rotation::TakesOver;
use crate::trust::Change;

/// The next shard goes on numbering where the old one ends, so no two take entries at once: until then there is its key, and
/// nothing else. The service opens the shard and freezes the old one in one step, and clients dial the same address before and
/// after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RekorV1;

impl Interface for RekorV1 {
    const ROLE: &'static str = "rekor-v1";
    const WHAT: &'static str = "the shard of Rekor v1";
    const FACE: opening::Face = opening::Face::RekorV1;
    const TRUSTED_FACE: LogFace = LogFace::RekorV1;
    const CONFIGURED_FACE: Kind = Kind::RekorV1;
    const TAKES_OVER: TakesOver = TakesOver::AtEnd;

    fn name(instance: &Instance) -> Result<(String, Option<NonZeroU64>), Failure> {
        let host = rekor_v1_host(&instance.manifest)?;
        let tree_id = random_tree_id()?;
        Ok((format!("{host} - {tree_id}"), Some(tree_id)))
    }

    async fn make(
        instance: &Instance,
        plan: &LogPlan<Self>,
    ) -> Result<(Base64Bytes, Base64Bytes), Failure> {
        let key = opening::key(instance, plan.place()).await?;
        let key = key.public_key().spki_der();
        let log_id = HashAlgorithm::Sha256.digest(key);
        Ok((key.into(), log_id.into()))
    }

    /// The key is that of no log yet. So it signs something that is no entry, and what it signed verifies by the key that
    /// clients will be told.
    async fn try_out(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        let next = plan.announced(instance, plan.counts_from);
        let draft = change.successor_draft(next, plan.old_until(plan.counts_from))?;
        let root = draft.trusted_root();
        let root = root.map_err(|error| refused(&error))?;
        let mut logs = root.tlogs.iter();
        let told = logs.find(|log| log.log_id.key_id == plan.role.log_id);
        let told = told.ok_or_else(|| refused(&"the draft has no such log"))?;
        let key = PublicKey::from_spki_der(told.public_key.raw_bytes.as_slice());
        let key = key.map_err(|error| refused(&error))?;
        let signer = opening::key(instance, plan.place()).await?;
        let signature = signer.sign(MESSAGE).await;
        let signature = signature.map_err(|error| refused(&error))?;
        key.verify(MESSAGE, &signature)
            .map_err(|error| refused(&error))
    }

    async fn end_old(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<String, Failure> {
        let role = &plan.role;
        if listed(instance, &role.next_log).await?.is_none() {
            let tree_id = role
                .tree_id
                .ok_or_else(|| refused(&"the plan has no number"))?;
            let config = opening::describe_v1(instance, plan.place(), tree_id)?;
            opening::open(instance, plan.place(), &config).await?;
        }
        ended::end_frozen(change, &log::list(instance).await?)?;
        Ok(format!(
            "opened the shard {}, and froze the one before it",
            role.next_log
        ))
    }

    async fn remove(instance: &Instance, role: &NextLog<Self>) -> Result<(), Failure> {
        opening::remove_key(instance, &role.place)
    }

    /// Nobody writes to a shard by its key.
    fn unused_from(_: &LogPlan<Self>, withdrawn: OffsetDateTime) -> OffsetDateTime {
        withdrawn
    }

    /// It ends where it begins: it was never opened, so that its key signed nothing.
    async fn end_next(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<(), Failure> {
        change.end_log(plan.role.log_id.as_slice(), plan.begun)?;
        opening::remove_key(instance, &plan.role.place)
    }
}

fn refused(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-355",
        "the key of the next shard did not pass the trial; nothing was published",
        "the cause says what clients would refuse; take the shard back: sigctl rotate rekor-v1 undo",
    )
    .because(why)
}

const MESSAGE: &[u8] = b"signed by sigctl rotate, and no entry of a log\n";
