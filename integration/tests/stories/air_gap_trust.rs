//! What clients trust is carried to where no network leads, by the commands of `docs/air-gap.md`, and used there by clients.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl, wait_for, walk_at};

use crate::tuf_attacks::server::Mirror;
use crate::{PERSON, artifact, beside};

const PAGE: &str = include_str!("../../../docs/air-gap.md");

#[test]
fn clients_inside_follow_and_verify_by_what_was_carried() {
    let site = Site::new();
    site.export("trust-1");
    let first = site.import("trust-1");
    assert_eq!(versions(&first), (0, 1, 0, 1));
    let mirror = Mirror::start();
    mirror.show(site.copy());
    walk_at(&mirror.url, &site.root(), site.instance.work()).unwrap();

    let file = site.sign();
    site.publish();
    site.export("trust-2");
    let second = site.import("trust-2");
    assert_eq!(versions(&second), (1, 2, 1, 2));
    assert_eq!(site.import("trust-2")["added"], 0);
    // From the first root, and from the newest.
    walk_at(&mirror.url, &site.root(), site.instance.work()).unwrap();
    let newest = site.copy().join("kit/root.json");
    walk_at(&mirror.url, &newest, site.instance.work()).unwrap();
    site.verify(&file);

    let older = site.command("import", "trust-2").args().collect();
    let older = replaced(older, "trust-2", "trust-1");
    let refused = sigctl().args(older).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("E-AIR-010"), "{said}");
}

/// An instance outside, media, and a copy inside.
struct Site {
    instance: Instance,
    media: PathBuf,
}

/// A command of the page, in the places of a site.
struct Line(Vec<String>);

impl Line {
    fn args(&self) -> impl Iterator<Item = String> {
        self.0.iter().cloned()
    }
}

fn replaced(words: Vec<String>, from: &str, to: &str) -> Vec<String> {
    let words = words.into_iter().map(|word| word.replace(from, to));
    words.collect()
}

impl Site {
    fn new() -> Self {
        let instance = Instance::start("air-gap-trust", &[]).unwrap();
        let media = instance.work().join("media");
        fs::create_dir(&media).unwrap();
        let root = instance.work().join("root.json");
        fs::copy(instance.kit("root.json"), root).unwrap();
        Self { instance, media }
    }

    fn root(&self) -> PathBuf {
        self.instance.work().join("root.json")
    }

    fn copy(&self) -> PathBuf {
        self.instance.work().join("copy")
    }

    fn export(&self, medium: &str) {
        let line = self.command("export", "trust-1");
        let words = replaced(line.args().collect(), "trust-1", medium);
        run(sigctl().args(words)).unwrap();
    }

    fn import(&self, medium: &str) -> Value {
        let line = self.command("import", medium);
        let output = run(sigctl().args(line.args()).args(["--output", "json"])).unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn command(&self, verb: &str, medium: &str) -> Line {
        let start = format!("    sigctl {verb} ");
        let lines = PAGE.lines().filter(|line| line.starts_with(&start));
        let mut lines = lines.filter(|line| line.contains(medium));
        let words = lines.next().unwrap().split_whitespace().skip(1);
        Line(words.map(|word| self.place(word)).collect())
    }

    fn place(&self, word: &str) -> String {
        let place = match word {
            "/srv/acme" => self.instance.directory(),
            "root.json" => self.root(),
            "/srv/copies/trust" => self.copy(),
            _ => return word.replace("/media", self.media.to_str().unwrap()),
        };
        place.to_str().unwrap().to_owned()
    }

    fn sign(&self) -> PathBuf {
        let file = artifact(self.instance.work(), "carried");
        let mut sign = sigctl();
        sign.arg("sign").arg(self.instance.directory()).arg(&file);
        sign.args(["--identity", PERSON, "--bundle"]);
        run(sign.arg(beside(&file, "sigstore.json"))).unwrap();
        file
    }

    /// Has the instance publish a new root and new targets, and waits until clients are told of them.
    fn publish(&self) {
        let mut publish = sigctl();
        publish.args(["trust", "publish", "--valid-for", "300d"]);
        run(publish.arg(self.instance.directory())).unwrap();
        wait_for("the snapshot", || snapshot(&self.instance) >= Some(2)).unwrap();
    }

    /// Verifies with nothing but what was carried.
    fn verify(&self, file: &PathBuf) {
        let kit = self.copy().join("kit/trusted_root.json");
        let issuer = self.instance.url("oidc");
        let mut verify = sigctl();
        verify
            .arg("verify")
            .arg(file)
            .arg("--trusted-root")
            .arg(&kit);
        verify.arg("--bundle").arg(beside(file, "sigstore.json"));
        run(verify.args(["--identity", PERSON, "--issuer", &issuer])).unwrap();
        let Some(cosign) = client::cosign() else {
            return;
        };
        let mut cosign = Command::new(cosign);
        cosign.args(["verify-blob", "--use-signed-timestamps", "--trusted-root"]);
        cosign
            .arg(&kit)
            .arg("--bundle")
            .arg(beside(file, "sigstore.json"));
        cosign.args([
            "--certificate-identity",
            PERSON,
            "--certificate-oidc-issuer",
        ]);
        run(cosign.arg(issuer).arg(file)).unwrap();
    }
}

/// The version of the snapshot that clients are told of.
pub(crate) fn snapshot(instance: &Instance) -> Option<u64> {
    let place = instance.directory().join("tuf/repository/timestamp.json");
    let timestamp: Value = serde_json::from_slice(&fs::read(&place).ok()?).ok()?;
    timestamp["signed"]["meta"]["snapshot.json"]["version"].as_u64()
}

/// Of the root before and after, and of the targets.
fn versions(imported: &Value) -> (u64, u64, u64, u64) {
    let version = |name: &str| imported[name].as_u64().unwrap();
    (
        version("root_before"),
        version("root_version"),
        version("targets_before"),
        version("targets_version"),
    )
}
