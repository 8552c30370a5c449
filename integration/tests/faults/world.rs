//! A log of its own with its key, configuration and clients. What is not to be faulted lies outside of its store.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_integration::{free_ports, run};
use sigstead_key::PublicKey;
use sigstead_note::{KeyName, VerifierKey};
use sigstead_sequencer::FileAnchor;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::clients::{Answer, Clients, Load};
use crate::server::Server;
use crate::tools::built;

/// See the module.
pub(crate) struct World {
    folder: TempDir,
    data: PathBuf,
    first_port: u16,
    runtime: Runtime,
    clients: Arc<Clients>,
    http: reqwest::Client,
    /// Lines of the log's configuration.
    more: String,
}

impl World {
    /// A new log whose store is beside its anchor.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("store/data");
        Self::within(folder, data)
    }

    /// A new log with a key that every witness knows to use, and a policy for its witnesses.
    pub(crate) fn witnessed(folder: TempDir, policy: &Path, without_quorum: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let (private, public) = (pair.to_pkcs8v1().unwrap(), pair.public_key());
        let public = public.as_der().unwrap();
        write_key(folder.path(), private.as_ref(), public.as_ref());
        let data = folder.path().join("store/data");
        let policy = policy.display();
        let more = format!(
            "    witnesses:\n      policy: {policy}\n      without_quorum: {without_quorum}\n"
        );
        Self::configured(folder, data, more)
    }

    /// A new log whose store is elsewhere.
    pub(crate) fn with_data(data: &Path) -> Self {
        Self::within(TempDir::new().unwrap(), data.to_owned())
    }

    /// A log that continues a copy of another, which does not run.
    pub(crate) fn copy_of(other: &Self) -> Self {
        let folder = TempDir::new().unwrap();
        for part in KEPT {
            copy(&other.folder.path().join(part), &folder.path().join(part));
        }
        let data = folder.path().join("store/data");
        std::fs::create_dir_all(data.parent().unwrap()).unwrap();
        copy(&other.data, &data);
        Self::within(folder, data)
    }

    fn within(folder: TempDir, data: PathBuf) -> Self {
        if !folder.path().join("log.key").exists() {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
            let (private, public) = (pair.to_pkcs8v1().unwrap(), pair.public_key());
            let public = public.as_der().unwrap();
            write_key(folder.path(), private.as_ref(), public.as_ref());
        }
        Self::configured(folder, data, String::new())
    }

    fn configured(folder: TempDir, data: PathBuf, more: String) -> Self {
        let first_port = free_ports(2).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let url = format!("http://127.0.0.1:{first_port}");
        let world = Self {
            clients: Arc::new(Clients::new(&url, folder.path())),
            // A connection of a killed server must not be taken for one of the next.
            http: reqwest::Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
            folder,
            data,
            first_port,
            runtime,
            more,
        };
        world.configure();
        world
    }

    fn configure(&self) {
        let config = format!(
            "listeners:\n  public: {{address: 127.0.0.1:{}}}\n  ops: {{address: 127.0.0.1:{}}}\n\
             logs:\n  - face: rekor-v2\n    origin: {ORIGIN}\n    key: {{uri: \"file:{}\"}}\n    data: {}\n    anchor: {}\n{}",
            self.first_port,
            self.ops_port(),
            self.file("log.key").display(),
            self.data.display(),
            self.anchor().display(),
            self.more,
        );
        std::fs::write(self.config(), config).unwrap();
    }

    /// The command of the service.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(built("sigstead-tlog"));
        command.arg("--config").arg(self.config());
        command
    }

    /// Starts the service.
    pub(crate) fn start(&self) -> Server {
        Server::spawn(self, &mut self.command())
    }

    /// Starts the service, which must take entries.
    pub(crate) fn start_ready(&self) -> Server {
        let mut server = self.start();
        server.ready(self);
        server
    }

    /// Sets clients to work.
    pub(crate) fn load(&self, count: usize) -> Load {
        Load::start(&self.runtime, &self.clients, count)
    }

    /// Ends their work.
    pub(crate) fn stop(&self, load: Load) {
        load.stop(&self.runtime);
    }

    /// Sends a new entry.
    pub(crate) fn send(&self) -> Answer {
        self.runtime
            .block_on(self.clients.send(self.clients.entry()))
    }

    /// Sends so many new entries at once, and gives the answers.
    pub(crate) fn send_many(&self, count: usize) -> Vec<Answer> {
        let sent: Vec<_> = (0..count)
            .map(|_| {
                let clients = Arc::clone(&self.clients);
                self.runtime
                    .spawn(async move { clients.send(clients.entry()).await })
            })
            .collect();
        sent.into_iter()
            .map(|task| self.runtime.block_on(task).unwrap())
            .collect()
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.clients.acknowledged()
    }

    /// Status and body of a page, if anybody answers.
    pub(crate) fn get(&self, url: &str) -> Option<(u16, String)> {
        let (status, body) = self.get_bytes(url)?;
        Some((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Status and body of what may not be text.
    pub(crate) fn get_bytes(&self, url: &str) -> Option<(u16, Vec<u8>)> {
        self.runtime.block_on(async {
            let response = self.http.get(url).send().await.ok()?;
            let status = response.status().as_u16();
            Some((status, response.bytes().await.ok()?.to_vec()))
        })
    }

    /// Lets time pass in which faults fall at random.
    pub(crate) fn pass(&self, millis: u64) {
        self.runtime
            .block_on(async { tokio::time::sleep(Duration::from_millis(millis)).await });
    }

    /// Has the independent verifier read the whole log and compare it with all that its clients know.
    pub(crate) fn judge(&self) {
        self.verdict().unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// What the independent verifier says.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        run(self.verifier().arg("--observed").arg(self.file("observed"))).map(drop)
    }

    /// As [`World::judge`], after clients were served an old copy of the log.
    pub(crate) fn judge_without_observer(&self) {
        run(&mut self.verifier()).unwrap_or_else(|error| panic!("{error:#}"));
    }

    fn verifier(&self) -> Command {
        let mut command = Command::new(built("sigstead-logcheck"));
        command
            .args(["rekor-v2", "--origin", ORIGIN, "--url", &self.url()])
            .arg("--key")
            .arg(self.file("log.pub"))
            .arg("--ledger")
            .arg(self.file("ledger"));
        command
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.first_port)
    }

    pub(crate) fn ops_port(&self) -> u16 {
        self.first_port + 1
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn anchor(&self) -> PathBuf {
        self.file(ANCHOR)
    }

    /// The key of the log as other programs are told it (C2SP signed-note).
    pub(crate) fn vkey(&self) -> String {
        let public = std::fs::read_to_string(self.file("log.pub")).unwrap();
        let public = PublicKey::from_pem(&public).unwrap();
        let raw = public.raw_ed25519().unwrap();
        let key = VerifierKey::new(KeyName::parse(ORIGIN).unwrap(), public);
        let key_bytes = STANDARD.encode([&[ED25519], raw.as_slice()].concat());
        format!("{ORIGIN}+{}+{key_bytes}", key.key_id())
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.file("tlog.yaml")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Copies a file or a directory with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg(from).arg(to)).unwrap();
}

fn write_key(folder: &Path, private: &[u8], public: &[u8]) {
    let key = folder.join("log.key");
    std::fs::write(&key, pem("PRIVATE KEY", private)).unwrap();
    std::fs::write(folder.join("log.pub"), pem("PUBLIC KEY", public)).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    // The log is made with its key.
    FileAnchor::new(folder.join(ANCHOR)).begin().unwrap();
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub(crate) const ORIGIN: &str = "log.faults.localhost";

/// The signature type of Ed25519 keys (C2SP signed-note).
const ED25519: u8 = 1;

/// What a copy of a log keeps besides its data.
const ANCHOR: &str = "anchor/anchor";
const KEPT: [&str; 5] = ["log.key", "log.pub", "anchor", "ledger", "observed"];
