//! The draft, served where nobody else looks: a repository with the files that are to be published, and keys for once.
//!
//! The keys of the snapshot and timestamp roles sign what is published and nothing else, so that no metadata of theirs can be
//! about a draft that was refused. Root and targets are compared with what clients have when they are signed.

use std::path::{Path, PathBuf};

use reqwest::Client;
use sigstead_config::tuf::Config;
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, Period, SystemClock};
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_trust_root::tuf::{Role as _, Root};
use sigstead_trust_root::{Publication, Target, TrustState};

use super::documents::{Documents, refused};
use super::refusal;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;
use crate::private_service::PrivateService;
use crate::trust::publication::{Keys, sign, term};
use crate::trust::repository::{Repository, replace};
use crate::trust::root_key::RootKey;
use crate::trust::signer::TufSigner;
use crate::trust::targets_key::TargetsKey;
use crate::walk::{Walk, read_root};

/// A served draft. It goes with this value.
pub(super) struct Served {
    service: PrivateService,
    folder: PathBuf,
}

impl Served {
    /// Serves the publication of a state.
    pub(super) async fn start(
        instance: &Instance,
        client: &Client,
        state: &TrustState,
    ) -> Result<Self, Failure> {
        let (folder, place) = make_room(instance)?;
        let (snapshot, timestamp) = lay_out(&folder, &place, state).await?;
        let configure =
            |listeners, _: &Path| Ok(Config::new(listeners, place, snapshot, timestamp));
        let service =
            PrivateService::start(Service::Tuf, folder.clone(), client, configure, unready).await?;
        Ok(Self { service, folder })
    }

    /// Serves files in which all is signed already. The service could sign nothing that clients take, and is not ready if it
    /// had to.
    pub(super) async fn start_signed(
        instance: &Instance,
        client: &Client,
        files: Vec<File>,
    ) -> Result<Self, Failure> {
        let (folder, place) = make_room(instance)?;
        for (name, bytes) in files {
            replace(&place.join(name), &bytes)?;
        }
        let real = Repository::config(instance)?;
        let snapshot_key = write_key(&folder, "snapshot", &make_key()?)?;
        let timestamp_key = write_key(&folder, "timestamp", &make_key()?)?;
        let configure = |listeners, _: &Path| {
            Ok(Config {
                // As long as the real ones, or the service would call what is signed too long.
                snapshot_validity: real.snapshot_validity,
                timestamp_validity: real.timestamp_validity,
                resign_before: Period::from_seconds(1),
                ..Config::new(listeners, place, snapshot_key, timestamp_key)
            })
        };
        let service =
            PrivateService::start(Service::Tuf, folder.clone(), client, configure, unready).await?;
        Ok(Self { service, folder })
    }

    /// Walks as a client does that begins with the first root, and must come to `root`.
    pub(super) async fn walk_to(&self, client: &Client, root: &Root) -> Result<(), Failure> {
        let mut walk = Walk::new(client, &self.service.url, SystemClock.now());
        let walked = walk.targets(&read_root(&self.root())?).await;
        walked.map_err(|failure| refusal::refused(&failure.whole()))?;
        let came_to = walk.met.iter().find(|met| met.role == Root::NAME);
        match came_to.is_some_and(|met| met.version == root.version) {
            true => Ok(()),
            false => Err(refusal::refused("a client does not come as far")),
        }
    }

    /// Walks to the documents as a client does that begins with the root; every file is the one of the draft.
    pub(super) async fn fetch(
        &self,
        client: &Client,
        files: &[Target],
    ) -> Result<Documents, Failure> {
        let root = read_root(&self.root())?;
        let mut walk = Walk::new(client, &self.service.url, SystemClock.now());
        let targets = walk.targets(&root).await?;
        for file in files {
            if walk.target(&targets, &file.name).await? != file.bytes {
                let why = format!("{} is another file than that of the draft", file.name);
                return Err(refused("E-CTL-458", "it cannot be served", &why));
            }
        }
        Documents::of(files)
    }

    pub(super) fn url(&self) -> &str {
        &self.service.url
    }

    /// The root with which its clients begin.
    pub(super) fn root(&self) -> PathBuf {
        self.path("repository/1.root.json")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A path in a repository, and the bytes there.
pub(super) type File = (String, Vec<u8>);

/// The folder of a served draft, and the place of its repository there, which is empty.
fn make_room(instance: &Instance) -> Result<(PathBuf, PathBuf), Failure> {
    let folder = instance.path("run/gate");
    let failed = |error| Failure::file("write", &folder, error);
    let place = folder.join("repository");
    sigstead_durable::create_private_directory(&folder).map_err(failed)?;
    // What a killed run left is of another draft.
    let _ = std::fs::remove_dir_all(&place);
    Ok((folder, place))
}

fn unready(why: String) -> Failure {
    refused("E-CTL-458", "it cannot be served", &why)
}

/// Lays the repository out, and gives the keys with which it is served.
async fn lay_out(
    folder: &Path,
    place: &Path,
    state: &TrustState,
) -> Result<(KeyConfig, KeyConfig), Failure> {
    let [root, targets] = [make_key()?, make_key()?];
    let [snapshot, timestamp] = [make_key()?, make_key()?];
    let configs = (
        write_key(folder, "snapshot", &snapshot)?,
        write_key(folder, "timestamp", &timestamp)?,
    );
    let open = |key: PrivateKey| TufSigner::new(key.into_signer(), folder);
    let (root, targets) = (open(root)?, open(targets)?);
    let (snapshot, timestamp) = (open(snapshot)?, open(timestamp)?);
    let named = Root::new(1, SystemClock.now())
        .with_role("root", std::slice::from_ref(root.key()), 1)
        .with_role("targets", std::slice::from_ref(targets.key()), 1)
        .with_role("snapshot", std::slice::from_ref(snapshot.key()), 1)
        .with_role("timestamp", std::slice::from_ref(timestamp.key()), 1);
    let draft = Publication::first(state, named, term(TRIED_FOR));
    let draft = draft.map_err(|error| {
        refused(
            "E-CTL-458",
            "it cannot be served",
            &sigstead_kit::causes(&error),
        )
    })?;
    let keys = Keys {
        root: RootKey::Operator(root),
        targets: TargetsKey::Operator(targets),
    };
    let signed = sign(&keys, draft, None).await?;
    Repository::at(place.to_owned()).lay_out(&signed)?;
    Ok(configs)
}

fn make_key() -> Result<PrivateKey, Failure> {
    PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(Failure::randomness)
}

/// It counts for nobody, so that no passphrase protects it.
fn write_key(folder: &Path, name: &str, key: &PrivateKey) -> Result<KeyConfig, Failure> {
    let path = folder.join(format!("{name}.key"));
    let pem = key.to_pem().map_err(Failure::randomness)?;
    private::write(&path, pem.as_bytes())?;
    Ok(KeyConfig::file(path, None))
}

/// Longer than a trial takes.
const TRIED_FOR: time::Duration = time::Duration::DAY;
