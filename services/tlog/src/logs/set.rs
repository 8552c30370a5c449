use std::sync::Arc;
use std::time::Duration;

use super::key_shared;
use crate::error::{AdminError, AppendError, Error};
use crate::log::{KeyedLog, TransparencyLog};
use crate::rekor_v1::RekorV1;

/// The logs at one moment, of each face the oldest first.
pub(crate) struct LogSet {
    pub(crate) rekor_v1: Option<RekorV1>,
    pub(crate) rekor_v2: Vec<Arc<TransparencyLog>>,
}

/// What becomes of the log that took entries until another one came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predecessor {
    /// It goes on.
    Keep,
    /// It ends; there must not be several.
    FreezeOnly,
    /// The one of this origin ends.
    Freeze(String),
}

impl LogSet {
    pub(super) fn new(logs: Vec<Arc<TransparencyLog>>) -> Result<Self, Error> {
        let (shards, rekor_v2): (Vec<_>, Vec<_>) =
            logs.into_iter().partition(|log| log.name.tree_id.is_some());
        if shards.is_empty() && rekor_v2.is_empty() {
            return Err(AdminError::NoLogs.into());
        }
        Ok(Self {
            rekor_v1: RekorV1::new(shards)?,
            rekor_v2,
        })
    }

    pub(crate) fn all(&self) -> Vec<Arc<TransparencyLog>> {
        let shards = self.rekor_v1.iter().flat_map(RekorV1::logs);
        shards.chain(&self.rekor_v2).cloned().collect()
    }

    /// The log of Rekor v2 for a host name, which may carry a port. For any other name, since a process on one machine
    /// is reached under `localhost`, the oldest that takes entries: a newer one may not be announced yet.
    pub(crate) fn for_host(&self, authority: Option<&str>) -> Result<&Arc<TransparencyLog>, Error> {
        let host = authority.map(|name| name.rsplit_once(':').map_or(name, |(host, _port)| host));
        let is_named = |log: &&Arc<TransparencyLog>| {
            host.is_some_and(|host| host.eq_ignore_ascii_case(log.name.host.as_str()))
        };
        let logs = &self.rekor_v2;
        let writable = || logs.iter().find(|log| !log.is_frozen());
        let found = logs.iter().find(is_named).or_else(writable);
        found
            .or_else(|| logs.last())
            .ok_or(Error::FaceAbsent("Rekor v2"))
    }

    pub(crate) fn rekor_v1(&self) -> Result<&RekorV1, Error> {
        self.rekor_v1.as_ref().ok_or(Error::FaceAbsent("Rekor v1"))
    }

    pub(crate) fn by_origin(&self, origin: &str) -> Result<Arc<TransparencyLog>, Error> {
        let mut logs = self.all().into_iter();
        let found = logs.find(|log| log.origin().as_str() == origin);
        found.ok_or_else(|| Error::NoSuchLog(origin.to_owned()))
    }

    pub(crate) fn by_log_id(&self, log_id: &str) -> Result<Arc<TransparencyLog>, Error> {
        let mut logs = self.all().into_iter();
        let found = logs.find(|log| hex::encode(log.log_id()) == log_id);
        found.ok_or_else(|| Error::NoSuchLog(log_id.to_owned()))
    }

    fn writable(&self, is_v1: bool) -> impl Iterator<Item = Arc<TransparencyLog>> {
        let logs = self.all().into_iter();
        logs.filter(move |log| log.name.tree_id.is_some() == is_v1 && !log.is_frozen())
    }

    /// Whether another log of the same face takes entries, so that clients have one to write to when this one ends.
    pub(super) fn has_successor(&self, log: &Arc<TransparencyLog>) -> bool {
        self.writable(log.name.tree_id.is_some())
            .any(|other| !Arc::ptr_eq(&other, log) && other.check().is_ok())
    }

    /// The log that is to end when another one joins. Asked before anything is made, because an end is not taken back.
    pub(super) fn ending(
        &self,
        is_v1: bool,
        predecessor: &Predecessor,
    ) -> Result<Option<Arc<TransparencyLog>>, Error> {
        let writable: Vec<_> = self.writable(is_v1).collect();
        let ending = match (predecessor, writable.as_slice()) {
            (Predecessor::Keep, _) => None,
            (Predecessor::Freeze(origin), _) => Some(self.by_origin(origin)?),
            // None is left when an earlier try came as far as this.
            (Predecessor::FreezeOnly, []) => None,
            (Predecessor::FreezeOnly, [log]) => Some(Arc::clone(log)),
            (Predecessor::FreezeOnly, several) => return Err(unclear(several)),
        };
        if let Some(log) = &ending
            && log.name.tree_id.is_some() != is_v1
        {
            return Err(AdminError::PredecessorForeign(log.origin().clone()).into());
        }
        let is_ending = |log: &Arc<TransparencyLog>| {
            ending
                .as_ref()
                .is_some_and(|ending| Arc::ptr_eq(ending, log))
        };
        // The numbers of a shard's entries depend on the one before it.
        match writable.iter().find(|log| is_v1 && !is_ending(log)) {
            Some(shard) => Err(AdminError::ShardNotFrozen(shard.origin().clone()).into()),
            None => Ok(ending),
        }
    }

    /// These logs and one more, which takes over from the one that ends.
    pub(super) async fn joined_by(
        &self,
        added: &Arc<TransparencyLog>,
        ending: Option<&TransparencyLog>,
    ) -> Result<Self, Error> {
        // A log that does not get its own first entry takes none of clients either: then no other must end for it.
        let begun = tokio::time::timeout(BEGINNING_DEADLINE, added.begin()).await;
        begun.map_err(|_| AppendError::Late)??;
        if let Some(ending) = ending {
            // The files of the new log may be there already, and a copy that is too old.
            if let Some(reason) = added.log.health().read_only {
                return Err(sigstead_sequencer::Error::ReadOnly { reason }.into());
            }
            ending.log.freeze().await?;
        }
        let mut logs = self.all();
        logs.push(Arc::clone(added));
        Self::new(logs)
    }

    pub(super) fn check_face(&self, is_v1: bool) -> Result<(), String> {
        let mut reasons = Vec::new();
        // What the operator paused is not missed.
        for log in self.writable(is_v1).filter(|log| log.pause().is_none()) {
            match log.check() {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(reasons.join("; "))
        }
    }

    pub(super) fn check_key(&self, keyed: &KeyedLog<'_>) -> Result<(), Error> {
        let key_id = keyed.key.public_key().log_id();
        let mut logs = self.all().into_iter();
        match logs.find(|log| log.signer.public_key().log_id() == key_id) {
            Some(other) => Err(key_shared(other.origin(), &keyed.name.origin)),
            None => Ok(()),
        }
    }
}

fn unclear(logs: &[Arc<TransparencyLog>]) -> Error {
    let names: Vec<_> = logs.iter().map(|log| log.origin().as_str()).collect();
    Error::from(AdminError::PredecessorUnclear(names.join(", ")))
}

// As long as an entry of a client may take.
const BEGINNING_DEADLINE: Duration = Duration::from_secs(20);
