//! Who signs in these stories, and everything that must hold of what was signed.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sigstead_integration::client::SigstoreJs;
use sigstead_integration::{Instance, client, run, sigctl};

use crate::{artifact, beside, refuses, sigstore_js, sigstore_python};

/// A build or a workload with a token, and what its certificate must say.
pub(super) struct Signer<'a> {
    /// For file names.
    pub(super) name: &'a str,
    pub(super) token: String,
    pub(super) issuer: &'a str,
    /// The name in the certificate.
    pub(super) identity: &'a str,
    /// What cosign can ask for besides: options and their values.
    pub(super) cosign: &'a [(&'a str, &'a str)],
    /// What `sigctl verify` can ask for besides.
    pub(super) sigctl: &'a [(&'a str, &'a str)],
}

impl Signer<'_> {
    /// cosign, sigstore-python and sigstore-js sign, and what each has signed verifies.
    pub(super) fn signs(&self, cosign: &Path, instance: &Instance) {
        let file = artifact(instance.work(), self.name);
        run(&mut sign(cosign, instance, &self.token, &file)).unwrap();
        self.verifies(cosign, instance, &file);
        if let Some(sigstore) = client::sigstore_python() {
            self.signs_with_python(&sigstore, cosign, instance);
        }
        if let Some(js) = client::sigstore_js() {
            self.signs_with_js(&js, cosign, instance);
        }
    }

    fn signs_with_python(&self, sigstore: &Path, cosign: &Path, instance: &Instance) {
        let file = artifact(instance.work(), &format!("{}-python", self.name));
        let bundle = beside(&file, "sigstore.json");
        run(sigstore_python::with_kit(sigstore, instance)
            .args(["sign", "--identity-token", &self.token, "--bundle"])
            .args([&bundle, &file]))
        .unwrap();
        run(sigstore_python::with_kit(sigstore, instance)
            .args(["verify", "identity", "--cert-identity", self.identity])
            .args(["--cert-oidc-issuer", self.issuer, "--bundle"])
            .args([&bundle, &file]))
        .unwrap();
        self.verifies(cosign, instance, &file);
    }

    fn signs_with_js(&self, js: &SigstoreJs, cosign: &Path, instance: &Instance) {
        let file = artifact(instance.work(), &format!("{}-js", self.name));
        let own = json!({
            "token": self.token, "identity": null, "identityUri": self.identity, "issuer": self.issuer,
        });
        let options = sigstore_js::options(instance, &file, own);
        run(&mut sigstore_js::node(js, "sign", &options)).unwrap();
        run(&mut sigstore_js::node(js, "verify", &options)).unwrap();
        self.verifies(cosign, instance, &file);
    }

    /// cosign may not sign, and it is the rules that refuse.
    pub(super) fn is_refused(&self, cosign: &Path, instance: &Instance) {
        let file = artifact(instance.work(), &format!("{}-refused", self.name));
        refuses(
            &mut sign(cosign, instance, &self.token, &file),
            &["e-ca-034"],
        );
        assert!(!beside(&file, "sigstore.json").exists());
    }

    /// cosign and `sigctl` verify by identity, by issuer and by each claim, and refuse each other claim.
    fn verifies(&self, cosign: &Path, instance: &Instance, file: &Path) {
        let bundle = beside(file, "sigstore.json");
        run(self.cosign_verify(cosign, instance, &bundle).arg(file)).unwrap();
        for (option, value) in self.cosign {
            let verify = |value: &str| {
                let mut command = self.cosign_verify(cosign, instance, &bundle);
                command.args([option, value]).arg(file);
                command
            };
            run(&mut verify(value)).unwrap();
            refuses(&mut verify("other"), &["expected", "none of the expected"]);
        }
        run(&mut self.sigctl_verify(instance, file, &bundle)).unwrap();
        for (option, value) in self.sigctl {
            let verify = |value: &str| {
                let mut command = self.sigctl_verify(instance, file, &bundle);
                command.args([option, value]);
                command
            };
            run(&mut verify(value)).unwrap();
            refuses(&mut verify("other"), &["e-verify-033"]);
        }
    }

    fn cosign_verify(&self, cosign: &Path, instance: &Instance, bundle: &Path) -> Command {
        let mut command = Command::new(cosign);
        command
            .args(["verify-blob", "--use-signed-timestamps", "--trusted-root"])
            .arg(instance.kit("trusted_root.json"))
            .args(["--certificate-identity", self.identity])
            .args(["--certificate-oidc-issuer", self.issuer, "--bundle"])
            .arg(bundle);
        command
    }

    fn sigctl_verify(&self, instance: &Instance, file: &Path, bundle: &Path) -> Command {
        let mut command = sigctl();
        command
            .arg("verify")
            .arg(file)
            .arg("--bundle")
            .arg(bundle)
            .arg("--trusted-root")
            .arg(instance.kit("trusted_root.json"))
            .args(["--identity", self.identity, "--issuer", self.issuer]);
        command
    }
}

/// cosign signs a file with this token, as it does in a pipeline.
///
/// The token comes as a file: on the command line cosign takes those with RS256 only.
fn sign(cosign: &Path, instance: &Instance, token: &str, file: &Path) -> Command {
    let from = beside(file, "token");
    std::fs::write(&from, token).unwrap();
    let mut command = Command::new(cosign);
    command
        .args(["sign-blob", "--yes", "--identity-token"])
        .arg(from)
        .arg("--signing-config")
        .arg(instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .arg("--bundle")
        .args([&beside(file, "sigstore.json"), file]);
    command
}
