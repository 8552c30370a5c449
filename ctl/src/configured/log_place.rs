//! Where a log of the instance is, whether its service runs or not.

use std::path::{Path, PathBuf};

use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_config::{ctlog, tlog};
use sigstead_journal::Round;
use sigstead_key::PublicKey;
use sigstead_note::{KeyName, VerifierKey};
use sigstead_sequencer::{Anchor as _, AnchorError, Anchored, FileAnchor};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::LogFace;

use crate::instance::Service;

/// A log as the configuration of its service describes it; its paths are whole.
pub(crate) struct LogPlace {
    /// The first line of its checkpoints.
    pub(crate) name: String,
    /// Its host.
    pub(crate) origin: String,
    pub(crate) face: LogFace,
    pub(crate) service: Service,
    pub(crate) key: KeyConfig,
    pub(crate) data: PathBuf,
    pub(crate) anchor: PathBuf,
    /// The file that names its witnesses.
    pub(crate) witness_policy: Option<PathBuf>,
}

impl LogPlace {
    /// A log of Rekor v1 or v2; `folder` is that of its service.
    pub(crate) fn of_signatures(folder: &Path, log: &tlog::LogConfig) -> Self {
        let witnesses = log.witnesses.as_ref();
        Self {
            name: match log.tree_id {
                Some(tree_id) => format!("{} - {tree_id}", log.origin),
                None => log.origin.to_string(),
            },
            origin: log.origin.to_string(),
            face: match log.face {
                tlog::Face::RekorV1 => LogFace::RekorV1,
                tlog::Face::RekorV2 => LogFace::RekorV2,
            },
            service: Service::Tlog,
            key: log.key.clone(),
            data: folder.join(&log.data),
            anchor: folder.join(&log.anchor),
            witness_policy: witnesses.map(|witnesses| folder.join(&witnesses.policy)),
        }
    }

    /// A log of certificates.
    pub(crate) fn of_certificates(folder: &Path, log: &ctlog::LogConfig) -> Self {
        Self {
            name: log.origin.to_string(),
            origin: log.origin.to_string(),
            face: LogFace::CertificateTransparency,
            service: Service::Ctlog,
            key: log.key.clone(),
            data: folder.join(&log.data),
            anchor: folder.join(&log.anchor),
            witness_policy: None,
        }
    }

    /// The newest round that is stored; `None` of a log that was never opened. Its service may run.
    pub(crate) fn stored(&self) -> Result<Option<Round>, sigstead_journal::Error> {
        let place = self.data.join("journal");
        let mut tries = TRIES;
        loop {
            if !place.exists() {
                return Ok(None);
            }
            match sigstead_journal::last_round(&place) {
                // The service may be trimming it, or in the middle of a round.
                Err(_) if tries > 0 => tries -= 1,
                read => return read,
            }
        }
    }

    /// What the anchor of the log remembers.
    pub(crate) fn anchored(&self) -> Result<Option<Anchored>, AnchorError> {
        FileAnchor::new(&self.anchor).load()
    }

    /// Whether a checkpoint of Rekor is of this log and signed with this key.
    pub(crate) fn verify(&self, note: &str, key: &PublicKey) -> Result<(), String> {
        let origin = Origin::parse(&self.name).map_err(|error| sigstead_kit::causes(&error))?;
        let name = KeyName::parse(&self.origin).map_err(|error| sigstead_kit::causes(&error))?;
        let key = VerifierKey::new(name, key.clone());
        SignedCheckpoint::parse(note)
            .and_then(|checkpoint| checkpoint.verify(&origin, &key))
            .map_err(|error| sigstead_kit::causes(&error))
    }
}

const TRIES: usize = 3;
