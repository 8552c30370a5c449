//! Metadata with its signatures.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tuf::key::canonical;
use crate::tuf::{Role, Root, TufKey, TufKeyId};

/// One role's metadata and the signatures over its canonical form (TUF §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<T> {
    signatures: Vec<Signature>,
    /// What is signed.
    pub signed: T,
}

/// One key's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    keyid: TufKeyId,
    sig: String,
}

impl<T: Role> Signed<T> {
    /// Metadata that nobody has signed yet.
    #[must_use]
    pub const fn unsigned(signed: T) -> Self {
        Self {
            signatures: Vec::new(),
            signed,
        }
    }

    /// Reads metadata of this role. Its signatures are not checked yet.
    ///
    /// # Errors
    /// If it is not JSON of this shape, has unknown members, or is of another role.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let metadata: Self = serde_json::from_slice(json).map_err(|source| Error::Malformed {
            document: T::NAME,
            source,
        })?;
        if metadata.signed.kind() != T::NAME {
            return Err(Error::RoleMismatch {
                found: metadata.signed.kind().to_owned(),
                expected: T::NAME,
            });
        }
        Ok(metadata)
    }

    /// Adds a signature, in place of an earlier one of the same key: clients refuse two.
    pub fn add_signature(&mut self, key: &TufKey, signature: &[u8]) {
        let keyid = key.id();
        self.signatures.retain(|existing| existing.keyid != keyid);
        self.signatures.push(Signature {
            keyid,
            sig: hex::encode(signature),
        });
    }

    /// The bytes that each key signs.
    ///
    /// # Errors
    /// If the metadata has no canonical form.
    pub fn bytes_to_sign(&self) -> Result<Vec<u8>, Error> {
        canonical(&self.signed, T::NAME)
    }

    /// Checks that enough of the role's keys have signed (TUF §5.3.4).
    ///
    /// # Errors
    /// If the root does not name the role, or too few distinct keys have signed.
    pub fn verify(&self, root: &Root) -> Result<(), Error> {
        let role = root
            .roles
            .get(T::NAME)
            .ok_or(Error::RoleMissing { role: T::NAME })?;
        let message = self.bytes_to_sign()?;
        let signers: BTreeSet<_> = self
            .signatures
            .iter()
            .filter(|signature| role.keyids.contains(&signature.keyid))
            .filter(|signature| signature.is_valid(root, &message))
            .map(|signature| &signature.keyid)
            .collect();
        if role.threshold == 0 || signers.len() < role.threshold as usize {
            return Err(Error::Threshold {
                role: T::NAME,
                found: signers.len(),
                threshold: role.threshold,
            });
        }
        Ok(())
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        crate::encode::encode(self)
    }
}

impl Signed<Root> {
    /// Checks that clients of the root `before` take this one as its successor: it is one version on, and enough keys of
    /// both have signed it (TUF §5.3.4 and §5.3.5).
    ///
    /// # Errors
    /// If it is of another version, or too few keys of either root have signed.
    pub fn verify_successor(&self, before: &Root) -> Result<(), Error> {
        if Some(self.signed.version) != before.version.checked_add(1) {
            return Err(Error::RootVersion {
                before: before.version,
                found: self.signed.version,
            });
        }
        self.verify(before)?;
        self.verify(&self.signed)
    }
}

impl Signature {
    fn is_valid(&self, root: &Root, message: &[u8]) -> bool {
        let Some(key) = root.keys.get(&self.keyid).and_then(TufKey::public_key) else {
            return false;
        };
        hex::decode(&self.sig).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}
