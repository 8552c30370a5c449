//! An archive, made by the commands that people type, and its medium.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use sha2::{Digest as _, Sha256};
use sigstead_signer::KeyConfig;

use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(super) struct World {
    place: tempfile::TempDir,
}

/// Runs a command as `sigctl` does.
pub(super) fn sigctl(words: &[&str]) -> Result<Exit, Failure> {
    let words = ["sigctl"].iter().chain(words);
    let arguments = crate::Arguments::try_parse_from(words).unwrap();
    wait(crate::run(arguments.command, Output::Json))
}

fn wait<T>(what: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(what)
}

impl World {
    /// A folder with the key `key` and its public half, and something of each kind to carry.
    pub(super) fn new() -> Self {
        let world = Self {
            place: tempfile::tempdir().unwrap(),
        };
        let passphrase = world.path("passphrase");
        crate::private::write(&passphrase, b"correct horse battery staple\n").unwrap();
        world.key("key");
        // Longer than a volume, and no piece of it like another.
        let program: Vec<u8> = (0..60_000_u32)
            .flat_map(|n| Sha256::digest(n.to_be_bytes()).into_iter().take(16))
            .collect();
        fs::write(world.path("sigctl"), program).unwrap();
        fs::write(world.path("sigstead-0.1.0.tgz"), "a chart").unwrap();
        fs::write(world.path("sbom.spdx.json"), "{}").unwrap();
        fs::create_dir_all(world.path("docs/adr")).unwrap();
        fs::write(world.path("docs/a.md"), "a").unwrap();
        fs::write(world.path("docs/adr/0001.md"), "b").unwrap();
        fs::write(world.path("docs/adr/empty.md"), "").unwrap();
        write_layout(&world.path("image"), 3);
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Makes a key file, and beside it NAME.pub.
    pub(super) fn key(&self, name: &str) {
        let (uri, passphrase) = (format!("file:{}", self.text(name)), self.text("passphrase"));
        sigctl(&["key", "create", &uri, "--passphrase-file", &passphrase]).unwrap();
        self.write_public(name);
    }

    /// Writes NAME.pub beside a key.
    pub(super) fn write_public(&self, name: &str) {
        let config = KeyConfig::file(self.path(name), Some(self.path("passphrase")));
        let signer = wait(sigstead_signer::open(&config)).unwrap();
        fs::write(
            self.path(&format!("{name}.pub")),
            signer.public_key().to_pem(),
        )
        .unwrap();
    }

    /// Makes an archive with that number in the folder `out`.
    pub(super) fn create(&self, out: &str, number: u64, more: &[&str]) -> Result<Exit, Failure> {
        let (number, out) = (number.to_string(), self.text(out));
        let (key, passphrase) = (
            format!("file:{}", self.text("key")),
            self.text("passphrase"),
        );
        let image = format!("sigstead={}", self.text("image"));
        let [program, chart, sbom, docs] =
            ["sigctl", "sigstead-0.1.0.tgz", "sbom.spdx.json", "docs"].map(|name| self.text(name));
        let mut words = vec!["airgap", "create", "--number", &number, "--out", &out];
        words.extend([
            "--key",
            &key,
            "--passphrase-file",
            &passphrase,
            "--image",
            &image,
        ]);
        words.extend(["--program", &program, "--chart", &chart, "--sbom", &sbom]);
        words.extend(["--docs", &docs, "--volume-mib", "1"]);
        words.extend(more);
        sigctl(&words)
    }

    /// Verifies by the key.
    pub(super) fn verify(&self, archive: &str) -> Result<Exit, Failure> {
        let (archive, key) = (self.text(archive), self.text("key.pub"));
        sigctl(&["airgap", "verify", &archive, "--key", &key])
    }
}

/// A layout of one image, as `write_layout` in other programs: a manifest, a configuration and some layers.
fn write_layout(folder: &Path, layers: u8) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |bytes: &[u8], kind: &str| {
        let digest = hex::encode(Sha256::digest(bytes));
        fs::write(blobs.join(&digest), bytes).unwrap();
        let media_type = format!("application/vnd.oci.image.{kind}");
        serde_json::json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    };
    let layers: Vec<_> = (0..layers)
        .map(|layer| blob(&[layer; 40], "layer.v1.tar"))
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(b"{}", "config.v1+json"),
        "layers": layers,
    });
    let mut named = blob(manifest.to_string().as_bytes(), "manifest.v1+json");
    named["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": "0.1.0"});
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [named]});
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(
        folder.join("oci-layout"),
        "{\"imageLayoutVersion\":\"1.0.0\"}",
    )
    .unwrap();
}

/// Everything below a folder: what it is, and its content.
pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(here) = waiting.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => {
                    let path = entry.path();
                    let name = path.strip_prefix(folder).unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap_or_default());
                }
            }
        }
    }
    found
}
