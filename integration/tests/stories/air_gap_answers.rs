//! Where no network leads, a verification says whether it wants a later batch of a log, a later batch of trust, or nothing of the file.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, sigctl, wait_for};

use crate::air_gap::info;
use crate::air_gap_trust::snapshot;
use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_later_entry_a_later_key_and_a_wrong_signature_are_three_answers() {
    let site = Site::new();
    let early = site.sign("early");
    site.carry(1);
    let verified = run(site.verify(&early).args(["--output", "json"])).unwrap();
    says_what_decided(&serde_json::from_slice(&verified.stdout).unwrap());
    let said = String::from_utf8(run(&mut site.verify(&early)).unwrap().stdout).unwrap();
    for part in [
        "by the copy of what is trusted",
        "knows what was until",
        "by the copy of a log",
        "(0 days)",
    ] {
        assert!(said.contains(part), "{said}");
    }

    let later_entry = site.sign("later-entry");
    refuses(&mut site.verify(&later_entry), &["e-verify-039"]);
    Rotated("ca-intermediate").rotate(
        &site.instance,
        "start",
        &["--in", "1s", "--drain", "1s", "--accept-short-times"],
    );
    Rotated("ca-intermediate").until_over(&site.instance);
    let later_key = site.sign("later-key");
    refuses(&mut site.verify(&later_key), &["e-verify-043"]);
    std::fs::write(&early, "something else").unwrap();
    refuses(&mut site.verify(&early), &["e-verify-007", "e-verify-010"]);

    wait_for("the snapshot", || snapshot(&site.instance) >= Some(2)).unwrap();
    site.carry(2);
    run(&mut site.verify(&later_entry)).unwrap();
    run(&mut site.verify(&later_key)).unwrap();
    refuses(&mut site.verify(&early), &["e-verify-007", "e-verify-010"]);
    // A bundle of others from before the batch is no question of time.
    let other = Instance::start("air-gap-others", &[]).unwrap();
    let theirs = site.sign_by(&other, "theirs");
    site.carry(3);
    refuses(&mut site.verify(&theirs), &["e-verify-014", "e-verify-025"]);
}

fn says_what_decided(report: &Value) {
    let inputs = report["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 2, "{report}");
    for input in inputs {
        assert!(input["here_since"].is_string(), "{report}");
    }
    assert!(inputs[0]["knows_until"].is_string(), "{report}");
    // The entry, and the first one, which is the log's own.
    assert_eq!(inputs[1]["entries"], 2, "{report}");
}

/// An instance outside, and copies inside.
struct Site {
    instance: Instance,
    log: String,
}

impl Site {
    fn new() -> Self {
        let instance = Instance::start("air-gap-answers", &[]).unwrap();
        let log = info(&instance)["origin"].as_str().unwrap().to_owned();
        let site = instance.work().join("site");
        std::fs::create_dir(&site).unwrap();
        std::fs::copy(instance.kit("root.json"), site.join("root.json")).unwrap();
        Self { instance, log }
    }

    fn sign(&self, name: &str) -> PathBuf {
        self.sign_by(&self.instance, name)
    }

    fn sign_by(&self, instance: &Instance, name: &str) -> PathBuf {
        let file = artifact(self.instance.work(), name);
        let mut sign = sigctl();
        sign.arg("sign").arg(instance.directory()).arg(&file);
        sign.args(["--identity", PERSON, "--bundle"]);
        run(sign.arg(beside(&file, "sigstore.json"))).unwrap();
        file
    }

    /// Brings a batch of trust and a whole batch of the log inside.
    fn carry(&self, number: u32) {
        let medium = |kind: &str| self.path(&format!("{kind}-{number}"));
        let export = |what: &[&str], medium: &Path| {
            let mut export = sigctl();
            export
                .arg("export")
                .arg(self.instance.directory())
                .args(what);
            run(export.arg("--out").arg(medium)).unwrap();
        };
        export(&["--trust"], &medium("trust"));
        export(&["--log", &self.log], &medium("log"));
        let mut import = sigctl();
        import
            .arg("import")
            .arg(medium("trust"))
            .arg("--trust")
            .arg("--into");
        import
            .arg(self.path("trust"))
            .arg("--root")
            .arg(self.path("root.json"));
        run(&mut import).unwrap();
        let mut import = sigctl();
        import
            .arg("import")
            .arg(medium("log"))
            .args(["--log", &self.log, "--trusted-root"]);
        import
            .arg(self.path("trust/kit/trusted_root.json"))
            .arg("--into");
        run(import.arg(self.path("copy"))).unwrap();
    }

    /// Verifies by the copies alone.
    fn verify(&self, file: &Path) -> Command {
        let mut verify = sigctl();
        verify
            .arg("verify")
            .arg(file)
            .arg("--trust-copy")
            .arg(self.path("trust"));
        verify.arg("--copy").arg(self.path("copy"));
        verify.args(["--identity", PERSON, "--issuer-regexp", ".*", "--bundle"]);
        verify.arg(beside(file, "sigstore.json"));
        verify
    }

    fn path(&self, name: &str) -> PathBuf {
        self.instance.work().join("site").join(name)
    }
}
