//! The keys of snapshot and timestamp, and metadata that is signed with them.

use std::sync::Arc;

use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Role, Root, Signed, TufKey};

use crate::error::Error;

/// The keys that this service signs with.
pub(crate) struct OnlineKeys {
    /// Signs snapshots.
    pub(crate) snapshot: Arc<dyn Signer>,
    /// Signs timestamps.
    pub(crate) timestamp: Arc<dyn Signer>,
}

/// Signs metadata, and checks it as a client would.
pub(crate) async fn signed<T: Role>(
    role: T,
    root: &Root,
    signer: &Arc<dyn Signer>,
) -> Result<Vec<u8>, Error> {
    let file_name = role.file_name();
    let fingerprint = signer.public_key().fingerprint();
    let key = TufKey::new(signer.public_key()).ok_or_else(|| Error::KeyUnusable {
        role: T::NAME,
        fingerprint: fingerprint.clone(),
    })?;
    let mut metadata = Signed::unsigned(role);
    let malformed = |source| Error::Metadata {
        file: file_name.clone(),
        source,
    };
    let message = metadata.bytes_to_sign().map_err(malformed)?;
    let signature = signer.sign(&message).await.map_err(Error::Sign)?;
    metadata.add_signature(&key, &signature);
    metadata.verify(root).map_err(|_| Error::KeyUnusable {
        role: T::NAME,
        fingerprint,
    })?;
    Ok(metadata.encode())
}
