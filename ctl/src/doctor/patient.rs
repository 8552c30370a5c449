//! What is looked at: an instance as its files have it, on its machine, at one time.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sigstead_sequencer::Anchored;
use sigstead_x509::Certificate;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::bounded::within;
use super::finding::Unseen;
use super::key_ring::{self, Key, KeyRing};
use super::machine::Machine;
use crate::configured::{self, Configs};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// An instance that is looked at.
pub(super) struct Patient {
    pub(super) instance: Instance,
    pub(super) now: OffsetDateTime,
    pub(super) configs: Configs,
    pub(super) keys: KeyRing,
    pub(super) machine: Machine,
    /// The user to whom the instance belongs.
    pub(super) owner: Option<u32>,
    /// What the anchors knew of each log, by its name, before anything was asked: a log that runs goes on.
    pub(super) anchors: BTreeMap<String, Anchored>,
}

impl Patient {
    /// Reads what several checks need, and opens the keys.
    pub(super) async fn read(
        instance: Instance,
        now: OffsetDateTime,
        open: key_ring::Open,
    ) -> Result<Self, Failure> {
        let ours = instance.clone();
        let read = move || {
            let configs = Configs::read(&ours);
            let logs = configs.logs().iter();
            let known = logs.filter_map(|log| Some((log.name.clone(), log.anchored().ok()??)));
            (known.collect(), configs)
        };
        let read = within(PATIENCE, read).await;
        let (anchors, configs) = read.ok_or_else(|| late(&instance))?;
        Ok(Self {
            machine: Machine::look(&instance, &configs).await,
            keys: KeyRing::open(&instance, &configs, open).await,
            owner: fs::metadata(instance.directory())
                .ok()
                .map(|found| found.uid()),
            instance,
            now,
            configs,
            anchors,
        })
    }

    /// A path of a configuration as its service finds it.
    pub(super) fn at(&self, service: Service, path: &Path) -> PathBuf {
        configured::at(&self.instance, service, path)
    }

    /// A path as people read it: from the instance on.
    pub(super) fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.instance.directory());
        inside.unwrap_or(path).display().to_string()
    }

    /// Where a key is: its file from the instance on, or its URI.
    pub(super) fn shown_key(&self, key: &Key) -> String {
        let file = key.file().map(|file| self.shown(file));
        file.unwrap_or_else(|| key.config.to_string())
    }

    /// A file that is not as large as a disk.
    pub(super) fn file(&self, path: &Path) -> Result<Vec<u8>, Unseen> {
        private::read(path, LARGEST)
            .map_err(|error| Unseen::new(format!("cannot read {}: {error}", self.shown(path))))
    }

    /// The certificates of a PEM file, at least one.
    pub(super) fn certificates(&self, path: &Path) -> Result<Vec<Certificate>, Unseen> {
        let bytes = self.file(path)?;
        let text = String::from_utf8_lossy(&bytes);
        let unread = |why: String| Unseen::new(format!("{}: {why}", self.shown(path)));
        let chain = Certificate::chain_from_pem(&text)
            .map_err(|error| unread(sigstead_kit::causes(&error)))?;
        if chain.is_empty() {
            return Err(unread("it has no certificate".to_owned()));
        }
        Ok(chain)
    }
}

/// A time as people and programs read it.
pub(super) fn shown_time(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

fn late(instance: &Instance) -> Failure {
    Failure::new(
        "E-CTL-120",
        format!(
            "the disk of {} does not answer",
            instance.directory().display()
        ),
        "see what the kernel says of it (`dmesg`); a network file system may have lost its server",
    )
}

/// More than any file that is read whole needs.
const LARGEST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
