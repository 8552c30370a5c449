//! cosign 2.6 signs through Rekor v1, while cosign 3 signs through Rekor v2 of the same process.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, Registry, client, run, shared};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_blob_is_signed_and_verified_through_rekor_v1() {
    let Some(cosign) = Cosign2::of(shared()) else {
        return;
    };
    let file = artifact(cosign.instance.work(), "cosign2");
    let bundle = cosign.sign_blob(&file);
    run(&mut cosign.verify_blob(&bundle, PERSON, &file)).unwrap();
    refuses(
        &mut cosign.verify_blob(&bundle, "other@example.com", &file),
        &["none of the expected identities", "identit"],
    );
    std::fs::write(&file, "another artifact").unwrap();
    refuses(
        &mut cosign.verify_blob(&bundle, PERSON, &file),
        &["signature", "digest", "match"],
    );
}

#[test]
fn an_attestation_is_made_and_verified_in_both_kinds_of_entry() {
    let Some(cosign) = Cosign2::of(shared()) else {
        return;
    };
    for kind in ["dsse", "intoto"] {
        let file = artifact(cosign.instance.work(), "cosign2-attest");
        let predicate = beside(&file, "predicate.json");
        std::fs::write(&predicate, "{\"made\": \"by hand\"}\n").unwrap();
        let bundle = beside(&file, "bundle.json");
        let mut attest = cosign.command(&["attest-blob", "--yes", "--type", "custom"]);
        cosign.add_services(&mut attest);
        attest.args(["--rekor-entry-type", kind, "--predicate"]);
        run(attest
            .arg(&predicate)
            .arg("--bundle")
            .arg(&bundle)
            .arg(&file))
        .unwrap();
        let mut verify = cosign.command(&["verify-blob-attestation", "--type", "custom"]);
        cosign.add_policy(&mut verify, PERSON);
        run(verify.arg("--bundle").arg(&bundle).arg(&file)).unwrap();
    }
}

#[test]
fn an_image_in_a_registry_is_signed_by_both_generations_and_verified() {
    let (Some(cosign), Some(newer), Some(crane)) =
        (Cosign2::of(shared()), client::cosign(), client::crane())
    else {
        return;
    };
    let registry = Registry::start(&crane).unwrap();
    let image = registry.push_image("signed").unwrap();
    let mut sign = cosign.command(&["sign", "--yes", "--allow-http-registry"]);
    cosign.add_services(&mut sign);
    run(sign.arg(&image)).unwrap();
    let mut verify = cosign.command(&["verify", "--allow-http-registry"]);
    cosign.add_policy(&mut verify, PERSON);
    run(verify.arg(&image)).unwrap();

    let instance = cosign.instance;
    let image = registry.push_image("signed-by-3").unwrap();
    run(Command::new(&newer)
        .args(["sign", "--yes", "--allow-http-registry", "--identity-token"])
        .arg(instance.token(PERSON).unwrap())
        .arg("--signing-config")
        .arg(instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .arg(&image))
    .unwrap();
    run(Command::new(&newer)
        .args(["verify", "--allow-http-registry", "--use-signed-timestamps"])
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .args([
            "--certificate-identity",
            PERSON,
            "--certificate-oidc-issuer",
        ])
        .arg(instance.url("oidc"))
        .arg(&image))
    .unwrap();
}

/// cosign 2 with the trust root of an instance.
pub(crate) struct Cosign2<'a> {
    program: std::path::PathBuf,
    instance: &'a Instance,
    cache: tempfile::TempDir,
}

impl<'a> Cosign2<'a> {
    pub(crate) fn of(instance: &'a Instance) -> Option<Self> {
        let cosign = Self {
            program: client::cosign_2()?,
            instance,
            cache: tempfile::tempdir().unwrap(),
        };
        let mut initialize = cosign.command(&["initialize", "--mirror"]);
        initialize.arg(instance.url("tuf")).arg("--root");
        run(initialize.arg(instance.kit("root.json"))).unwrap();
        Some(cosign)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("TUF_ROOT", self.cache.path()).args(arguments);
        command
    }

    pub(crate) fn add_services(&self, command: &mut Command) {
        let instance = self.instance;
        command
            .args(["--identity-token", &instance.token(PERSON).unwrap()])
            .args(["--fulcio-url", &instance.url("ca")])
            .args(["--rekor-url", &instance.url("tlog")])
            .args(["--oidc-issuer", &instance.url("oidc")]);
    }

    pub(crate) fn add_policy(&self, command: &mut Command, identity: &str) {
        command
            .args(["--certificate-identity", identity])
            .args(["--certificate-oidc-issuer", &self.instance.url("oidc")])
            .args(["--rekor-url", &self.instance.url("tlog")]);
    }

    pub(crate) fn sign_blob(&self, file: &Path) -> std::path::PathBuf {
        let bundle = beside(file, "bundle.json");
        let mut sign = self.command(&["sign-blob", "--yes"]);
        self.add_services(&mut sign);
        run(sign.arg("--bundle").arg(&bundle).arg(file)).unwrap();
        bundle
    }

    pub(crate) fn verify_blob(&self, bundle: &Path, identity: &str, file: &Path) -> Command {
        let mut verify = self.command(&["verify-blob"]);
        self.add_policy(&mut verify, identity);
        verify.arg("--bundle").arg(bundle).arg(file);
        verify
    }
}
