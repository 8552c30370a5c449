//! The repository's service as a rotation of the keys of TUF sees it, and what all of these have in common.

use std::path::Path;

use sigstead_key::Algorithm;
use sigstead_proto::admin::v1::tuf_admin_client::TufAdminClient;
use sigstead_proto::admin::v1::{ListOnlineKeysRequest, ListOnlineKeysResponse, OnlineKey};
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_trust_root::tuf::{Root, TufKey};
use tokio::time::Instant;

use crate::admin;
use crate::cluster;
use crate::failure::Failure;
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::key::{KeyRole, open_or_make};
use crate::reload;
use crate::replace::replace;
use crate::rotate::next_key::{already_known, refuse_used};
use crate::trust::{self, Repository, TufSigner};

/// What the running service has open and has published.
pub(super) struct Open(ListOnlineKeysResponse);

impl Open {
    /// Whether it has a key for a role.
    pub(super) fn has(&self, role: &str, id: &str) -> bool {
        self.find(role, id).is_some()
    }

    /// Whether it signs with it.
    pub(super) fn signs(&self, role: &str, id: &str) -> bool {
        self.find(role, id).is_some_and(|key| key.signs)
    }

    /// The newest root that clients find.
    pub(super) const fn root_version(&self) -> u64 {
        self.0.root_version
    }

    fn find(&self, role: &str, id: &str) -> Option<&OnlineKey> {
        let mut keys = self.0.keys.iter();
        keys.find(|key| key.role == role && key.key_id == id)
    }
}

pub(super) async fn open_keys(instance: &Instance) -> Result<Open, Failure> {
    let channel = admin::connect(instance, Service::Tuf).await?;
    let answer = TufAdminClient::new(channel)
        .list_keys(ListOnlineKeysRequest {})
        .await;
    answer
        .map(|answer| Open(answer.into_inner()))
        .map_err(admin::refused)
}

/// Has the service read its keys and its repository again, and waits until it is as wanted. Gives the version of its root.
pub(super) async fn reload_until(
    instance: &Instance,
    role: &str,
    is_wanted: impl Fn(&Open) -> bool,
) -> Result<u64, Failure> {
    let began = Instant::now();
    reload::ask(instance, &[Service::Tuf]).await?;
    loop {
        let open = open_keys(instance).await?;
        if is_wanted(&open) {
            return Ok(open.root_version());
        }
        wait(instance, role, began).await?;
    }
}

/// Has the service read its repository again, and waits until its snapshot names those targets.
pub(super) async fn until_shown(
    instance: &Instance,
    role: &str,
    targets: u64,
) -> Result<(), Failure> {
    if instance.manifest.cluster.is_some() {
        return cluster::until_served(instance, targets).await;
    }
    let began = Instant::now();
    reload::ask(instance, &[Service::Tuf]).await?;
    while !trust::is_shown(instance, targets)? {
        wait(instance, role, began).await?;
    }
    Ok(())
}

async fn wait(instance: &Instance, role: &str, began: Instant) -> Result<(), Failure> {
    if began.elapsed() > reload::patience(instance) {
        return Err(Failure::new(
            "E-CTL-335",
            "the tuf service did not take up what was changed; it serves what it served before",
            format!(
                "its log says why: sigctl logs tuf; mend it and go on: sigctl rotate {role} resume"
            ),
        ));
    }
    reload::pause(instance).await;
    Ok(())
}

/// Makes a key that only the passphrase of the instance opens, unless it is there.
///
/// The file belongs to whom its folder belongs, who need not be the one that runs this program.
pub(super) fn make_key(instance: &Instance, path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let vault = Vault::open(instance)?;
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256);
    let key = key.map_err(|error| Failure::file("make", path, error))?;
    let sealed = vault.seal(&key, path)?;
    replace(path, sealed.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

/// The same at a place of a token or a server. A key that a root names already has a role, or had it.
pub(super) async fn make_elsewhere(instance: &Instance, place: &KeyConfig) -> Result<(), Failure> {
    let key = open_or_make(place, KeyRole::Tuf, Algorithm::EcdsaP256Sha256).await?;
    let root: Root = Repository::of(instance)?.newest()?;
    let mut named = root.keys.values().filter_map(TufKey::public_key);
    match named.any(|named| named == *key.public_key()) {
        true => Err(already_known(place, &key.public_key().fingerprint())),
        false => refuse_used(instance, place, key.public_key()),
    }
}

/// Removes a key, which signed nothing that clients have.
pub(super) fn remove_key(path: &Path) -> Result<(), Failure> {
    match path.exists() {
        true => {
            sigstead_durable::remove(path).map_err(|error| Failure::file("remove", path, error))
        }
        false => Ok(()),
    }
}

/// Refuses a file in which another key is than the one that the plan says was made; `planned` is none before that.
pub(super) fn refuse_other(
    role: &str,
    file: &str,
    found: &TufSigner,
    planned: Option<&str>,
) -> Result<(), Failure> {
    let found = found.key().id().to_string();
    match planned {
        Some(planned) if planned != found => {
            let why = format!("{file} has the key {found}, and the plan says {planned}");
            Err(refused_draft(role, &why))
        }
        _ => Ok(()),
    }
}

pub(super) fn refused_draft(role: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-336",
        "the next key did not pass the trial; nothing was published",
        format!("mend what the cause says, or take the key back: sigctl rotate {role} undo"),
    )
    .because(why)
}

pub(super) fn does_not_sign(role: &str) -> Failure {
    Failure::new(
        "E-CTL-337",
        "the tuf service has not published what the next keys sign; the rotation was not ended",
        format!(
            "compare tuf/repository and tuf/successors.yaml with the plan: sigctl rotate {role} status"
        ),
    )
}
