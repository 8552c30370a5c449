//! The CT log of an instance with TLS takes certificates from its authority alone, over certificates that renew while both
//! run.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_integration::{Instance, client, run, sigctl, wait_for};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn strangers_enter_nothing_into_the_ct_log_and_the_authority_renews_what_it_shows() {
    let Some(openssl) = client::openssl() else {
        return;
    };
    let instance = Instance::start("submitters", &["--tls"]).unwrap();
    let bundle = sign(&instance, "first").unwrap();
    let chain = beside(&bundle, "chain.json");
    fs::write(&chain, submission(&instance, &bundle)).unwrap();
    assert_eq!(submit(&instance, &chain, None), ("403".to_owned(), true));
    // The certificate of a server is none of a submitter.
    let (code, _) = submit(&instance, &chain, Some("ctlog/tls"));
    assert_ne!(code, "200");
    assert_eq!(submit(&instance, &chain, Some("ca/tls-client")).0, "200");

    let place = instance.directory().join("ca/tls-client");
    let before = fs::read(place.with_extension("pem")).unwrap();
    fs::write(place.with_extension("pem"), "no certificate").unwrap();
    wait_for("the warning", || {
        said(&instance).contains("the ct logs and the certificates for them")
    })
    .unwrap();
    sign(&instance, "with what was there before").unwrap();

    renew(&openssl, &instance, &place);
    assert_ne!(fs::read(place.with_extension("pem")).unwrap(), before);
    wait_for("the end of the warning", || {
        !said(&instance).contains("the ct logs and the certificates for them")
    })
    .unwrap();
    sign(&instance, "with the new one").unwrap();

    // What the log takes counts for new connections, and the authority keeps one.
    fs::copy(
        instance.directory().join("trust/admin-ca.pem"),
        instance.directory().join("ctlog/tls-ca.pem"),
    )
    .unwrap();
    instance.kill("ctlog").unwrap();
    let up = instance.up().unwrap_err().to_string();
    assert!(up.contains("ct log"), "{up}");
    assert!(sign(&instance, "by nobody").is_err());
    let mut doctor = sigctl();
    doctor.arg("doctor").arg(instance.directory());
    refuses(doctor.arg("--offline"), &["e-doctor-029"]);
}

#[test]
fn an_instance_of_before_asks_who_submits_once_it_is_upgraded() {
    let instance = Instance::create("submitters-before", &["--tls"]).unwrap();
    for (service, lines) in [
        (
            "ca",
            "  identity:\n    certificate: tls-client.pem\n    key: tls-client.key\n",
        ),
        ("ctlog", "submitters: tls-ca.pem\n"),
    ] {
        let config = instance.directory().join(service).join("config.yaml");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains(lines), "{text}");
        fs::write(&config, text.replace(lines, "")).unwrap();
    }
    for file in ["ca/tls-client.pem", "ca/tls-client.key", "ctlog/tls-ca.pem"] {
        fs::remove_file(instance.directory().join(file)).unwrap();
    }
    let upgrade = || {
        let mut command = sigctl();
        command.args(["--output", "json", "upgrade", "--without-backup"]);
        let output = run(command.arg(instance.directory())).unwrap();
        let upgraded: Value = serde_json::from_slice(&output.stdout).unwrap();
        upgraded["done"].as_array().unwrap().len()
    };
    assert_eq!(upgrade(), 1);
    assert_eq!(upgrade(), 0);
    instance.up().unwrap();
    let bundle = sign(&instance, "upgraded").unwrap();
    let chain = beside(&bundle, "chain.json");
    fs::write(&chain, submission(&instance, &bundle)).unwrap();
    assert_eq!(submit(&instance, &chain, None), ("403".to_owned(), true));
}

fn sign(instance: &Instance, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let file = artifact(instance.work(), &name.replace(' ', "-"));
    let bundle = beside(&file, "sigstore.json");
    let mut command = sigctl();
    command.arg("sign").arg(instance.directory()).arg(&file);
    command.arg("--bundle").arg(&bundle).arg("--overwrite");
    run(command.args(["--identity", PERSON]))?;
    Ok(bundle)
}

/// What an authority sends to a log, with the certificate of a bundle.
fn submission(instance: &Instance, bundle: &Path) -> String {
    let bundle: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    let leaf = &bundle["verificationMaterial"]["certificate"]["rawBytes"];
    let above = fs::read_to_string(instance.directory().join("ca/chain.pem")).unwrap();
    let above = sigstead_x509::Certificate::chain_from_pem(&above).unwrap();
    let above = above
        .iter()
        .map(|each| Value::from(STANDARD.encode(each.to_der())));
    let chain: Vec<_> = std::iter::once(leaf.clone()).chain(above).collect();
    json!({ "chain": chain }).to_string()
}

/// The status, and whether the answer is the log's refusal of submitters.
fn submit(instance: &Instance, chain: &Path, identity: Option<&str>) -> (String, bool) {
    let url = format!("{}/ct/v1/add-chain", instance.url("ctlog"));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--write-out", "\n%{http_code}", "--data-binary"]);
    curl.arg(format!("@{}", chain.display())).arg(url);
    curl.arg("--cacert").arg(instance.kit("tls-ca.pem"));
    if let Some(place) = identity {
        let place = instance.directory().join(place);
        curl.arg("--cert").arg(place.with_extension("pem"));
        curl.arg("--key").arg(place.with_extension("key"));
    }
    let said = String::from_utf8(curl.output().unwrap().stdout).unwrap();
    let (body, code) = said.rsplit_once('\n').unwrap();
    (code.to_owned(), body.contains("E-CTLOG-029"))
}

/// A new certificate and key for what the authority shows, as an operator with OpenSSL makes them.
fn renew(openssl: &Path, instance: &Instance, place: &Path) {
    let new = instance.work().join("renewed");
    let at = |name: &str| new.with_extension(name);
    run(Command::new(openssl)
        .args(["req", "-new", "-newkey", "ec", "-nodes", "-subj", "/CN=ca"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"])
        .arg(at("key"))
        .arg("-out")
        .arg(at("csr")))
    .unwrap();
    fs::write(at("extensions"), "extendedKeyUsage=clientAuth\n").unwrap();
    let trust = instance.directory().join("trust/tls-ca");
    let passphrase = instance.directory().join("passphrase");
    run(Command::new(openssl)
        .args(["x509", "-req", "-days", "30", "-in"])
        .arg(at("csr"))
        .arg("-CA")
        .arg(trust.with_extension("pem"))
        .arg("-CAkey")
        .arg(trust.with_extension("key"))
        .arg("-passin")
        .arg(format!("file:{}", passphrase.display()))
        .arg("-extfile")
        .arg(at("extensions"))
        .arg("-out")
        .arg(at("pem")))
    .unwrap();
    for name in ["key", "pem"] {
        fs::copy(at(name), place.with_extension(name)).unwrap();
    }
}

/// What the authority says of itself.
fn said(instance: &Instance) -> String {
    instance.service("ca").unwrap().to_string()
}
