//! sigstore-java signs and verifies over both faces of the transparency log. It signs over TLS only.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn what_it_signs_over_either_face_it_verifies() {
    let Some(java) = client::sigstore_java() else {
        return;
    };
    let world = World::new(&java);
    for rekor in ["2", "1"] {
        let file = artifact(world.instance.work(), &format!("java-{rekor}"));
        run(&mut world.sign(&file, rekor)).unwrap();
        run(&mut world.verify(&file, PERSON)).unwrap();
    }
}

#[test]
fn it_verifies_what_cosign_signed_and_refuses_what_it_must() {
    let (Some(java), Some(cosign)) = (client::sigstore_java(), client::cosign()) else {
        return;
    };
    let world = World::new(&java);
    let file = artifact(world.instance.work(), "java-cosign");
    run(Command::new(cosign)
        .args(["sign-blob", "--yes", "--identity-token"])
        .arg(world.instance.token(PERSON).unwrap())
        .arg("--signing-config")
        .arg(world.instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(world.instance.kit("trusted_root.json"))
        .arg("--bundle")
        .args([&beside(&file, "sigstore.json"), &file])
        .env("SSL_CERT_FILE", world.instance.kit("tls-ca.pem")))
    .unwrap();
    run(&mut world.verify(&file, PERSON)).unwrap();
    refuses(
        &mut world.verify(&file, "other@example.com"),
        &["certificate", "identity"],
    );
    std::fs::write(&file, "another artifact").unwrap();
    refuses(&mut world.verify(&file, PERSON), &["signature", "digest"]);
}

/// An instance that speaks TLS, and a trust store with its authority, as the client kit says how to make it.
struct World {
    instance: Instance,
    classes: std::path::PathBuf,
}

impl World {
    fn new(classes: &Path) -> Self {
        let instance = Instance::start("java", &["--tls"]).unwrap();
        let world = Self {
            instance,
            classes: classes.to_owned(),
        };
        run(Command::new("keytool")
            .args(["-importcert", "-noprompt", "-alias", "sigstead"])
            .args(["-storetype", "PKCS12", "-storepass", PASSWORD, "-file"])
            .arg(world.instance.kit("tls-ca.pem"))
            .arg("-keystore")
            .arg(world.store()))
        .unwrap();
        world
    }

    fn sign(&self, file: &Path, rekor: &str) -> Command {
        let token = beside(file, "token");
        std::fs::write(&token, self.instance.token(PERSON).unwrap()).unwrap();
        let mut command = self.call("sign", file);
        command.arg(token).arg(rekor);
        command
    }

    fn verify(&self, file: &Path, identity: &str) -> Command {
        let mut command = self.call("verify", file);
        command.arg(identity).arg(self.instance.url("oidc"));
        command
    }

    fn call(&self, verb: &str, file: &Path) -> Command {
        let store = self.store();
        let mut command = Command::new("java");
        command
            .arg(format!("-Djavax.net.ssl.trustStore={}", store.display()))
            .arg(format!("-Djavax.net.ssl.trustStorePassword={PASSWORD}"))
            .arg("-cp")
            .arg(self.classes.join("*"))
            .arg(client::script("java/Sigstore.java"))
            .arg(verb)
            .arg(self.instance.kit(""))
            .args([file, &beside(file, "sigstore.json")]);
        command
    }

    fn store(&self) -> std::path::PathBuf {
        self.instance.work().join("trust.p12")
    }
}

/// Of a store that holds one public certificate.
const PASSWORD: &str = "changeit";
