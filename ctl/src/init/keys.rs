//! The keys of a new instance, each made or found where it is to be.

use std::sync::Arc;

use sigstead_key::PublicKey;
use sigstead_signer::{KeyConfig, Signer};

use super::instance_key::{InstanceKey, Places};
use super::key_places::Found;
use super::secret::Vault;
use super::write;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::{key, operator_key};

/// Makes keys: in files that only the passphrase of the instance opens, or where `places` says.
pub(super) struct Keys<'a> {
    instance: &'a Instance,
    vault: Vault,
    places: Places,
    made: Vec<(InstanceKey, PublicKey)>,
}

impl<'a> Keys<'a> {
    /// Looks at all places before anything is made.
    pub(super) async fn begin(
        instance: &'a Instance,
        places: Places,
        found: Found,
    ) -> Result<Self, Failure> {
        for (name, place) in &places {
            if found == Found::Refused && key::is_there(place).await? {
                return Err(there(*name, place));
            }
        }
        Ok(Self {
            instance,
            vault: Vault::open(instance)?,
            places,
            made: Vec::new(),
        })
    }

    /// Makes a key, or takes the one that is at its place.
    pub(super) async fn make(&mut self, name: InstanceKey) -> Result<Arc<dyn Signer>, Failure> {
        let signer = match self.places.get(&name) {
            None => {
                let path = name.path(self.instance);
                self.vault.make(&path, name.algorithm())?.into_signer()
            }
            Some(place) => {
                let signer = key::open_or_make(place, name.role(), name.algorithm()).await?;
                self.refuse_shared(name, place, signer.public_key())?;
                if let (None, _) = name.file() {
                    let text = operator_key::naming(place)?;
                    write(&name.path(self.instance), text.as_bytes())?;
                }
                signer
            }
        };
        self.made.push((name, signer.public_key().clone()));
        // Making keys waits for nothing; here a signal to end is noticed.
        tokio::task::yield_now().await;
        Ok(signer)
    }

    /// The keys that are in no file.
    pub(super) fn into_places(self) -> Places {
        self.places
    }

    /// A key that two roles share ends for both, and clients find one log under the key of another.
    fn refuse_shared(
        &self,
        name: InstanceKey,
        place: &KeyConfig,
        key: &PublicKey,
    ) -> Result<(), Failure> {
        match self.made.iter().find(|(_, made)| made == key) {
            None => Ok(()),
            Some((other, _)) => Err(Failure::new(
                "E-KEY-041",
                format!(
                    "the key {place} of {} is that of {} too",
                    name.name(),
                    other.name()
                ),
                "name another; each role has a key of its own",
            )
            .exit(Exit::Refused)),
        }
    }
}

fn there(name: InstanceKey, place: &KeyConfig) -> Failure {
    Failure::new(
        "E-KEY-042",
        format!("a key is there already where that of {} is to be made: {place}", name.name()),
        "name another place; or, if an `init` made it that did not come to its end and nothing else has it, add --take-keys",
    )
    .exit(Exit::Refused)
}
