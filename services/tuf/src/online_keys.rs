//! The keys of snapshot and timestamp, and metadata that is signed with them.

use std::sync::Arc;

use sigstead_config::tuf::{Config, SuccessorsFile};
use sigstead_signer::{KeyConfig, Signer};
use sigstead_trust_root::tuf::{Role, Root, Signed, TufKey};

use crate::error::Error;

/// The keys that this service can sign with. The root says which of them do.
pub(crate) struct OnlineKeys {
    /// For snapshots.
    pub(crate) snapshot: Vec<Arc<dyn Signer>>,
    /// For timestamps.
    pub(crate) timestamp: Vec<Arc<dyn Signer>>,
}

impl OnlineKeys {
    /// Opens the keys of a configuration and those that follow them. All but the newest may be gone.
    pub(crate) async fn open(config: &Config) -> Result<Self, Error> {
        let file = SuccessorsFile::read_if_named(config.successors_file.as_deref());
        let file = file.map_err(|error| Error::Successors(Box::new(error)))?;
        let configured = config.online_keys(&file);
        let newest = configured.len().saturating_sub(1);
        let mut keys = Self {
            snapshot: Vec::new(),
            timestamp: Vec::new(),
        };
        for (position, pair) in configured.into_iter().enumerate() {
            let may_be_gone = position < newest;
            keys.snapshot
                .extend(open(pair.snapshot, may_be_gone).await?);
            keys.timestamp
                .extend(open(pair.timestamp, may_be_gone).await?);
        }
        Ok(keys)
    }

    /// All of them, each with the name of its role.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn Signer>)> {
        use sigstead_trust_root::tuf::{Snapshot, Timestamp};
        let snapshot = self.snapshot.iter().map(|key| (Snapshot::NAME, key));
        snapshot.chain(self.timestamp.iter().map(|key| (Timestamp::NAME, key)))
    }
}

async fn open(key: &KeyConfig, may_be_gone: bool) -> Result<Option<Arc<dyn Signer>>, Error> {
    if may_be_gone && key.path().is_some_and(|path| !path.exists()) {
        return Ok(None);
    }
    match sigstead_signer::open(key).await {
        Ok(signer) => Ok(Some(signer)),
        Err(sigstead_signer::Error::KeyAbsent(_)) if may_be_gone => Ok(None),
        Err(error) => Err(Error::KeyOpen(error)),
    }
}

/// A root, and the one before it.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    pub(crate) newest: Root,
    pub(crate) before: Option<Root>,
}

impl Roots {
    /// Whether the newest root lets a key sign for a role, or the one before it does.
    fn name(&self, role: &str, key: &TufKey) -> bool {
        names(&self.newest, role, key) || self.before.iter().any(|root| names(root, role, key))
    }
}

/// Whether a root lets a key sign for a role.
pub(crate) fn names(root: &Root, role: &str, key: &TufKey) -> bool {
    let keys = root.roles.get(role);
    keys.is_some_and(|keys| keys.keyids.contains(&key.id()))
}

/// Signs metadata, and checks it as a client would.
///
/// The keys of the root before sign too: a client that has that root may ask for the next one just before it is there, and for
/// the metadata just after.
pub(crate) async fn signed<T: Role>(
    role: T,
    roots: &Roots,
    signers: &[Arc<dyn Signer>],
) -> Result<Vec<u8>, Error> {
    let file_name = role.file_name();
    let mut metadata = Signed::unsigned(role);
    let malformed = |source| Error::Metadata {
        file: file_name.clone(),
        source,
    };
    let message = metadata.bytes_to_sign().map_err(malformed)?;
    for signer in signers {
        let key = TufKey::new(signer.public_key());
        if let Some(key) = key.filter(|key| roots.name(T::NAME, key)) {
            let signature = signer.sign(&message).await.map_err(Error::Sign)?;
            metadata.add_signature(&key, &signature);
        }
    }
    metadata
        .verify(&roots.newest)
        .map_err(|_| Error::KeyUnusable {
            role: T::NAME,
            fingerprint: fingerprints(signers),
        })?;
    Ok(metadata.encode())
}

fn fingerprints(signers: &[Arc<dyn Signer>]) -> String {
    let all: Vec<_> = signers
        .iter()
        .map(|signer| signer.public_key().fingerprint())
        .collect();
    all.join(" or ")
}
