//! A repository whose root and targets are signed beside the service, reached in process.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::http::{HeaderMap, Request, StatusCode};
use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use sigstead_config::tuf::Config;
use sigstead_key::Algorithm;
use sigstead_kit::{Clock, Listeners, Service, TestClock};
use sigstead_signer::{KeyConfig, PrivateKey, Signer};
use sigstead_trust_root::tuf::{
    Role, Root, Signed, Snapshot, Targets, Timestamp, TufKey, target_path,
};
use sigstead_trust_root::{AuthorityChains, BrowserIssuers, Target, TrustState, TrustedRoot};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;

/// Keys, clock and directory of an instance; the service is opened over them as often as a test wants.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) root_key: Arc<dyn Signer>,
    pub(crate) targets_key: Arc<dyn Signer>,
    pub(crate) snapshot_key: TufKey,
    pub(crate) timestamp_key: TufKey,
}

impl World {
    /// A repository with its first root and targets, which no service has opened yet.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self {
            clock: Arc::new(TestClock::at(now())),
            root_key: ephemeral(),
            targets_key: ephemeral(),
            snapshot_key: write_key(&folder.path().join("snapshot.key"), None),
            timestamp_key: write_key(&folder.path().join("timestamp.key"), Some("passphrase")),
            folder,
        };
        let passphrase = world.folder.path().join("passphrase");
        write_private(&passphrase, b"passphrase\n");
        world.put_root(1, &[&world.root_key]).await;
        world.put_targets(1, &documents("first")).await;
        world
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub(crate) fn config(&self) -> Config {
        let place = |name: &str| self.folder.path().join(name);
        let mut config = Config::new(
            Listeners::for_test(),
            self.repository(),
            key_config(&place("snapshot.key"), None),
            key_config(&place("timestamp.key"), Some(place("passphrase"))),
        );
        config.successors_file = Some(place("successors.yaml"));
        config
    }

    /// Starts the service.
    pub(crate) async fn start(&self) -> Face {
        Face(self.try_start().await.unwrap())
    }

    /// Starts the service, or says why it refuses.
    pub(crate) async fn try_start(&self) -> Result<Router, sigstead_tuf::Error> {
        Ok(self.service().await?.into_public_router().unwrap())
    }

    /// Builds the service, by the clock of this world.
    pub(crate) async fn service(&self) -> Result<Service, sigstead_tuf::Error> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        sigstead_tuf::build_at(self.config(), clock).await
    }

    /// The root that names this instance's keys.
    pub(crate) fn root(&self, version: u64) -> Root {
        Root::new(version, now() + Duration::days(365))
            .with_role("root", &[public(&self.root_key)], 1)
            .with_role("targets", &[public(&self.targets_key)], 1)
            .with_role("snapshot", std::slice::from_ref(&self.snapshot_key), 1)
            .with_role("timestamp", std::slice::from_ref(&self.timestamp_key), 1)
    }

    pub(crate) async fn put_root(&self, version: u64, signers: &[&Arc<dyn Signer>]) {
        self.put(self.root(version), signers).await;
    }

    /// Puts files and the metadata that names them.
    pub(crate) async fn put_targets(&self, version: u64, files: &[Target]) {
        for file in files {
            self.write(&target_path(&file.name, &file.bytes), &file.bytes);
        }
        let targets = Targets::new(version, now() + Duration::days(365), files);
        self.put(targets, &[&self.targets_key]).await;
    }

    /// Signs metadata and writes its file.
    pub(crate) async fn put<T: Role>(&self, role: T, signers: &[&Arc<dyn Signer>]) {
        let name = role.file_name();
        let mut metadata = Signed::unsigned(role);
        let message = metadata.bytes_to_sign().unwrap();
        for signer in signers {
            let signature = signer.sign(&message).await.unwrap();
            metadata.add_signature(&public(signer), &signature);
        }
        self.write(&name, &metadata.encode());
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let place = self.repository().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.repository().join(path)).unwrap();
    }

    /// Names of all files beside the targets, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.repository())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// The service's public port.
pub(crate) struct Face(pub(crate) Router);

impl Face {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.answer(Request::get(path)).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.answer(Request::head(path)).await
    }

    async fn answer(&self, request: ::http::request::Builder) -> Answer {
        let request = request.body(Body::empty()).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// A file that must be there.
    pub(crate) async fn file(&self, path: &str) -> Vec<u8> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.body
    }

    /// What a client does from a root that it trusts (TUF §5): each file verified and compared with the one that names
    /// it, at the time of the clock.
    pub(crate) async fn update(&self, root: &Root, clock: &TestClock) -> Update {
        let file = self.file("/timestamp.json").await;
        let timestamp = Signed::<Timestamp>::parse(&file).unwrap();
        timestamp.verify(root).unwrap();
        let named = timestamp.signed.snapshot().unwrap().clone();
        let file = self
            .file(&format!("/{}.snapshot.json", named.version))
            .await;
        assert_eq!(named.length, file.len() as u64);
        assert_eq!(named.hashes, sigstead_trust_root::tuf::Hashes::of(&file));
        let snapshot = Signed::<Snapshot>::parse(&file).unwrap();
        snapshot.verify(root).unwrap();
        let version = snapshot.signed.targets_version().unwrap();
        let file = self.file(&format!("/{version}.targets.json")).await;
        let targets = Signed::<Targets>::parse(&file).unwrap();
        targets.verify(root).unwrap();
        assert_eq!(targets.signed.version, version);
        for (name, meta) in &targets.signed.targets {
            let path = format!("/targets/{}.{name}", meta.hashes.sha256);
            assert_eq!(
                sigstead_trust_root::tuf::Hashes::of(&self.file(&path).await),
                meta.hashes
            );
        }
        assert!(timestamp.signed.expires > clock.now());
        assert!(snapshot.signed.expires > clock.now());
        Update {
            timestamp: timestamp.signed,
            snapshot: snapshot.signed,
            targets: targets.signed,
        }
    }
}

/// What a client holds after an update.
#[derive(Debug, PartialEq)]
pub(crate) struct Update {
    pub(crate) timestamp: Timestamp,
    pub(crate) snapshot: Snapshot,
    pub(crate) targets: Targets,
}

impl Update {
    /// Versions of targets, snapshot and timestamp.
    pub(crate) fn versions(&self) -> (u64, u64, u64) {
        (
            self.targets.version,
            self.snapshot.version,
            self.timestamp.version,
        )
    }
}

/// A response, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// The targets of an instance that has no service yet.
pub(crate) fn documents(operator: &str) -> Vec<Target> {
    let state = TrustState {
        operator: operator.to_owned(),
        certificate_authorities: AuthorityChains::default(),
        timestamp_authorities: AuthorityChains::default(),
        certificate_logs: Vec::new(),
        signature_logs: Vec::new(),
        issuers: BrowserIssuers::default(),
    };
    let mut targets = state.targets().unwrap();
    targets.push(Target {
        name: "operator.txt".to_owned(),
        bytes: operator.as_bytes().to_vec(),
        custom: None,
    });
    targets
}

/// The trusted root among the targets.
pub(crate) fn trusted_root(documents: &[Target]) -> TrustedRoot {
    let found = documents.iter().find(|it| it.name == "trusted_root.json");
    TrustedRoot::parse(&found.unwrap().bytes).unwrap()
}

/// A third of a second behind a full one, so that what is not cut off shows.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::milliseconds(333)
}

pub(crate) fn ephemeral() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

pub(crate) fn public(signer: &Arc<dyn Signer>) -> TufKey {
    TufKey::new(signer.public_key()).unwrap()
}

/// Writes a new private key, and gives its public half.
pub(crate) fn write_key(place: &Path, passphrase: Option<&str>) -> TufKey {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let pem = match passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase.as_bytes()).unwrap(),
        None => key.to_pem().unwrap(),
    };
    write_private(place, pem.as_bytes());
    TufKey::new(key.public_key()).unwrap()
}

pub(crate) fn key_config(key: &Path, passphrase_file: Option<PathBuf>) -> KeyConfig {
    KeyConfig::file(key, passphrase_file)
}

fn write_private(place: &Path, content: &[u8]) {
    fs::write(place, content).unwrap();
    fs::set_permissions(place, Permissions::from_mode(0o600)).unwrap();
}
