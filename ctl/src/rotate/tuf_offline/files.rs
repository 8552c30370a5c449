//! The files of the key that signs, of the next one, and of the one before.

use std::path::{Path, PathBuf};

use super::part::OfflinePlan;
use super::role::OfflineRole;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::rotate::tuf_service;
use crate::trust::TufSigner;

/// Where the keys are.
pub(super) struct Files<'a> {
    instance: &'a Instance,
    role: &'static str,
    signing: &'static str,
    next: String,
    /// As the plan says, once it is made.
    next_key: Option<String>,
    kept: String,
}

impl<'a> Files<'a> {
    pub(super) fn of<R: OfflineRole>(instance: &'a Instance, plan: &OfflinePlan<R>) -> Self {
        Self {
            instance,
            role: R::ROLE,
            signing: R::KEY,
            next: plan.next(),
            next_key: plan.role.next_key.clone(),
            kept: plan.kept(),
        }
    }

    pub(super) fn next_path(&self) -> PathBuf {
        self.instance.path(&self.next)
    }

    pub(super) async fn open_next(&self) -> Result<TufSigner, Failure> {
        let next = TufSigner::open(self.instance, &self.next).await?;
        tuf_service::refuse_other(self.role, &self.next, &next, self.next_key.as_deref())?;
        Ok(next)
    }

    /// Puts the next key where the one is that signs, which is kept; done already if an earlier run came as far as that.
    ///
    /// A crash between the two leaves no key that signs, and the next one beside its place.
    pub(super) fn change_places(&self) -> Result<(), Failure> {
        let (signing, next) = (self.instance.path(self.signing), self.next_path());
        if !next.exists() {
            return Ok(());
        }
        if signing.exists() {
            rename(&signing, &self.instance.path(&self.kept))?;
        }
        rename(&next, &signing)
    }

    /// Removes the next key, which signed nothing that clients have.
    pub(super) fn remove_next(&self) -> Result<(), Failure> {
        tuf_service::remove_key(&self.next_path())
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::file("rename", from, error);
    sigstead_durable::rename(from, to).map_err(failed)?;
    sigstead_durable::sync_directory(sigstead_durable::parent(to)).map_err(failed)
}
