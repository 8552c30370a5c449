//! Each official client behind the proxy: what it signs it verifies.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use sigstead_integration::{client, run};

use super::world::World;
use crate::rekor_cli::Signed;
use crate::{PERSON, artifact, beside, sigstore_js, sigstore_python};

pub(super) fn cosign_3(world: &World) {
    let Some(cosign) = client::cosign() else {
        return;
    };
    sign_with(world, &cosign, "proxy-cosign");
}

/// Signs and verifies with cosign 3 and the files of the client kit.
pub(super) fn sign_with(world: &World, cosign: &Path, name: &str) {
    let instance = &world.instance;
    let file = artifact(instance.work(), name);
    let bundle = beside(&file, "sigstore.json");
    let mut sign = world.client(cosign);
    sign.args(["sign-blob", "--yes", "--identity-token"])
        .arg(instance.token(PERSON).unwrap())
        .arg("--signing-config")
        .arg(instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .arg("--bundle")
        .args([&bundle, &file]);
    run(&mut world.inside(&sign)).unwrap();
    let mut verify = world.client(cosign);
    verify
        .args(["verify-blob", "--use-signed-timestamps", "--trusted-root"])
        .arg(instance.kit("trusted_root.json"))
        .args(["--certificate-identity", PERSON])
        .args(["--certificate-oidc-issuer", &instance.url("oidc")])
        .arg("--bundle")
        .args([&bundle, &file]);
    run(&mut world.inside(&verify)).unwrap();
}

pub(super) fn cosign_2(world: &World) {
    let Some(program) = client::cosign_2() else {
        return;
    };
    let instance = &world.instance;
    let cache = tempfile::tempdir().unwrap();
    let cosign = |arguments: &[&str]| {
        let mut command = world.client(&program);
        command.env("TUF_ROOT", cache.path()).args(arguments);
        command
    };
    let mut initialize = cosign(&["initialize", "--mirror", &instance.url("tuf"), "--root"]);
    run(&mut world.inside(initialize.arg(instance.kit("root.json")))).unwrap();
    let file = artifact(instance.work(), "proxy-cosign2");
    let bundle = beside(&file, "bundle.json");
    let (rekor, issuer) = (instance.url("tlog"), instance.url("oidc"));
    let services = ["--rekor-url", &rekor, "--fulcio-url", &instance.url("ca")];
    let mut sign = cosign(&["sign-blob", "--yes", "--oidc-issuer", &issuer]);
    sign.args(services)
        .args([
            "--identity-token",
            &instance.token(PERSON).unwrap(),
            "--bundle",
        ])
        .args([&bundle, &file]);
    run(&mut world.inside(&sign)).unwrap();
    let mut verify = cosign(&["verify-blob", "--rekor-url", &rekor]);
    verify
        .args(["--certificate-identity", PERSON])
        .args(["--certificate-oidc-issuer", &issuer, "--bundle"])
        .args([&bundle, &file]);
    run(&mut world.inside(&verify)).unwrap();
}

pub(super) fn python(world: &World) {
    let Some(sigstore) = client::sigstore_python() else {
        return;
    };
    let instance = &world.instance;
    let file = artifact(instance.work(), "proxy-python");
    let bundle = beside(&file, "sigstore.json");
    let with_kit = || {
        let mut command = world.client(&sigstore);
        command.arg("--trust-config");
        command.arg(instance.kit("client_trust_config.json"));
        command
    };
    let mut sign = with_kit();
    sign.args(["sign", "--identity-token", &instance.token(PERSON).unwrap()])
        .arg("--bundle")
        .args([&bundle, &file]);
    run(&mut world.inside(&sign)).unwrap();
    let mut verify = with_kit();
    let verify = sigstore_python::verify(&mut verify, instance, &bundle, PERSON);
    run(&mut world.inside(verify.arg(&file))).unwrap();
}

pub(super) fn js(world: &World) {
    let Some(js) = client::sigstore_js() else {
        return;
    };
    for verb in ["sign", "sign-v1"] {
        let file = artifact(world.instance.work(), &format!("proxy-js-{verb}"));
        let options = sigstore_js::options(&world.instance, &file, json!({}));
        for verb in [verb, "verify"] {
            let mut command = sigstore_js::node(&js, verb, &options);
            command.env("NODE_EXTRA_CA_CERTS", world.authority());
            run(&mut world.inside(&command)).unwrap();
        }
    }
}

/// It speaks gRPC to the certificate authority, which goes through the proxy over TLS.
pub(super) fn java(world: &World) {
    let Some(classes) = client::sigstore_java() else {
        return;
    };
    let instance = &world.instance;
    let store = instance.work().join("trust.p12");
    run(Command::new("keytool")
        .args(["-importcert", "-noprompt", "-alias", "proxy"])
        .args(["-storetype", "PKCS12", "-storepass", "changeit", "-file"])
        .arg(world.authority())
        .arg("-keystore")
        .arg(&store))
    .unwrap();
    let java = |verb: &str, file: &Path| {
        let mut command = Command::new("java");
        command
            .arg(format!("-Djavax.net.ssl.trustStore={}", store.display()))
            .arg("-Djavax.net.ssl.trustStorePassword=changeit")
            .arg("-cp")
            .arg(classes.join("*"))
            .arg(client::script("java/Sigstore.java"))
            .arg(verb)
            .arg(instance.kit(""))
            .args([file, &beside(file, "sigstore.json")]);
        command
    };
    for rekor in ["2", "1"] {
        let file = artifact(instance.work(), &format!("proxy-java-{rekor}"));
        let token: PathBuf = beside(&file, "token");
        std::fs::write(&token, instance.token(PERSON).unwrap()).unwrap();
        let mut sign = java("sign", &file);
        run(&mut world.inside(sign.arg(token).arg(rekor))).unwrap();
        let mut verify = java("verify", &file);
        run(&mut world.inside(verify.arg(PERSON).arg(instance.url("oidc")))).unwrap();
    }
}

pub(super) fn rekor_cli(world: &World) {
    let Some(program) = client::rekor_cli() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let signed = Signed::new(world.instance.work(), "proxy-rekor-cli");
    for verb in ["upload", "verify"] {
        let mut command = world.client(&program);
        command
            .env("HOME", home.path())
            .args([verb, "--rekor_server", &world.instance.url("tlog")])
            .args(signed.arguments());
        run(&mut world.inside(&command)).unwrap();
    }
}
