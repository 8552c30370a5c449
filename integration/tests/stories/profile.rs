//! What the authority signs is what others call a certificate: a linter, and the parsers of three languages.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, shared, sigctl};

use crate::{PERSON, artifact, beside};

/// The certificates of one signing, in DER: root, intermediate, precertificate and leaf.
fn certificates(instance: &Instance) -> Vec<(&'static str, PathBuf)> {
    let file = artifact(instance.work(), "profile");
    let bundle = beside(&file, "sigstore.json");
    let mut command = sigctl();
    command.arg("sign").arg(instance.directory()).arg(&file);
    run(command
        .args(["--identity", PERSON, "--bundle"])
        .arg(&bundle))
    .unwrap();
    let bundle: Value = serde_json::from_slice(&std::fs::read(bundle).unwrap()).unwrap();
    let leaf = bundle["verificationMaterial"]["certificate"]["rawBytes"]
        .as_str()
        .unwrap();
    let chain = std::fs::read_to_string(instance.directory().join("ca/chain.pem")).unwrap();
    let blocks = sigstead_key::pem::decode_all(&chain).unwrap();
    assert_eq!(blocks.len(), 2, "intermediate and root");
    let all = [
        ("root", blocks[1].1.clone()),
        ("intermediate", blocks[0].1.clone()),
        ("precertificate", logged_last(instance)),
        ("leaf", decoded(leaf)),
    ];
    all.map(|(name, der)| {
        let path = beside(&file, &format!("{name}.der"));
        std::fs::write(&path, der).unwrap();
        (name, path)
    })
    .into()
}

/// The newest precertificate of the CT log, as its monitors read it (RFC 6962 §4.6: a length of three octets, and DER).
fn logged_last(instance: &Instance) -> Vec<u8> {
    let url = instance.url("ctlog");
    let head: Value = serde_json::from_str(&fetched(&format!("{url}/ct/v1/get-sth"))).unwrap();
    let last = head["tree_size"].as_u64().unwrap() - 1;
    let entries = fetched(&format!("{url}/ct/v1/get-entries?start={last}&end={last}"));
    let entries: Value = serde_json::from_str(&entries).unwrap();
    let extra = decoded(entries["entries"][0]["extra_data"].as_str().unwrap());
    let length = u32::from_be_bytes([0, extra[0], extra[1], extra[2]]) as usize;
    extra[3..3 + length].to_vec()
}

fn fetched(url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = async { reqwest::get(url).await.unwrap().text().await.unwrap() };
    runtime.block_on(answer)
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(base64)
        .unwrap()
}

#[test]
fn a_linter_finds_nothing_wrong_with_any_certificate() {
    let Some(linter) = client::pkilint() else {
        return;
    };
    for (name, path) in certificates(shared()) {
        lint(&linter, name, &path);
    }
}

/// Has the linter look at a certificate, in DER.
pub(crate) fn lint(linter: &Path, name: &str, path: &Path) {
    let mut command = Command::new(linter);
    command.args(["lint", "--severity", "WARNING", "--format", "JSON"]);
    command.args(["--document-format", "DER"]).arg(path);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_str::<Value>(&text);
    assert!(report.is_ok(), "{name}: {text}{errors}");
    let report = report.unwrap();
    assert_eq!(codes(&report), Vec::<String>::new(), "{name}\n{text}");
}

fn codes(report: &Value) -> Vec<String> {
    let results = report["results"].as_array().unwrap();
    let findings = results
        .iter()
        .flat_map(|result| result["finding_descriptions"].as_array().unwrap());
    findings
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn go_reads_every_certificate() {
    let Some(go) = client::go() else { return };
    parsed_by(
        "go",
        Command::new(go)
            .args(["run"])
            .arg(client::script("certificates/parse.go")),
    );
}

#[test]
fn java_reads_every_certificate() {
    let Some(java) = client::java() else { return };
    parsed_by(
        "java",
        Command::new(java).arg(client::script("certificates/Parse.java")),
    );
}

#[test]
fn python_reads_every_certificate() {
    let Some(python) = client::python() else {
        return;
    };
    parsed_by(
        "python",
        Command::new(python).arg(client::script("certificates/parse.py")),
    );
}

/// Each program prints the serial number of each certificate, and whose certificate signed it.
fn parsed_by(language: &str, command: &mut Command) {
    let certificates = certificates(shared());
    let paths: Vec<&Path> = certificates
        .iter()
        .map(|(_, path)| path.as_path())
        .collect();
    let output = run(command.args(&paths)).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 4, "{language}: {printed}");
    for (line, (name, path)) in lines.iter().zip(&certificates) {
        let der = std::fs::read(path).unwrap();
        let certificate = sigstead_x509::Certificate::from_der(&der).unwrap();
        let serial: String = certificate
            .serial()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let serial = serial.trim_start_matches('0');
        assert_eq!(
            line.to_lowercase(),
            format!("{serial} signed"),
            "{language}: {name}"
        );
    }
}
