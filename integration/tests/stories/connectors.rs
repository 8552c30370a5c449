//! People whose accounts are in a directory sign with unmodified clients, by browser and by device.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use sigstead_integration::{Instance, client, run, sigctl};
use sigstead_test_support::slapd::{PASSWORD, SEARCHER, Slapd};

use crate::artifact;
use crate::desk::Desk;
use crate::doctor::{doctor, found};

const ADA: &str = "ada@example.com";

#[test]
fn people_of_a_directory_sign_with_every_client_and_are_told_when_it_is_away() {
    let (Some(cosign), Some(python), Some(sigstore), Some(js), Some(_)) = (
        client::cosign(),
        client::python(),
        client::sigstore_python(),
        client::sigstore_js_cli(),
        client::chromium(),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let Some(mut slapd) = Slapd::start(folder.path(), "") else {
        return;
    };
    let instance = Instance::create("connectors", &[]).unwrap();
    connect(&instance, &slapd);
    instance.up().unwrap();
    let file = artifact(instance.work(), "connectors");
    let file = file.file_name().unwrap().to_str().unwrap();
    let statement = instance.work().join("statement.json");
    std::fs::write(statement, STATEMENT).unwrap();

    let desk = Desk::with(&python, "connector_login.py", &["ada", PASSWORD]);
    let kit = |name| instance.kit(name).display().to_string();
    let (config, root) = (kit("signing_config.v0.2.json"), kit("trusted_root.json"));
    let sign = format!("cosign sign-blob --yes --signing-config {config} --trusted-root {root}");
    let by_browser = format!("{sign} --bundle cosign.json {file}");
    desk.types(&instance, &by_browser, &[&cosign]);
    let trust = kit("client_trust_config.json");
    let by_python = format!("sigstore --trust-config {trust} sign --bundle python.json {file}");
    desk.types(&instance, &by_python, &[&sigstore]);
    let url = |service| instance.url(service);
    let by_js = format!(
        "npx @sigstore/cli attest --oidc-issuer {} --fulcio-url {} --rekor-url {} --tsa-server-url {} -o js.json statement.json",
        url("oidc"),
        url("ca"),
        url("tlog"),
        url("tsa")
    );
    desk.types(&instance, &by_js, &[&js.node, &js.modules]);
    by_device(
        &instance,
        &cosign,
        &python,
        &format!("{sign} --bundle device.json {file}"),
    );
    for bundle in ["cosign.json", "python.json", "device.json"] {
        verify(&instance, &[file, "--bundle", bundle]);
    }
    // What the statement is about: a file with nothing in it.
    std::fs::write(instance.work().join("app"), "").unwrap();
    verify(&instance, &["app", "--bundle", "js.json"]);

    what_the_page_says(&instance, &python, &mut slapd);
}

/// Refusals have one sentence, and the log has why. A directory that is away is named, and takes nothing else with it.
fn what_the_page_says(instance: &Instance, python: &Path, slapd: &mut Slapd) {
    let says = |name: &str, password: &str, sentence: &str| {
        run(Command::new(python)
            .arg(client::script("connector_login.py"))
            .args([&page(instance), name, password, sentence]))
        .unwrap();
    };
    let wrong = "e-mail address or the password is wrong";
    for (name, password) in [
        ("ada", "wrong"),
        ("locked", PASSWORD),
        ("expired", PASSWORD),
    ] {
        says(name, password, wrong);
    }
    let log = instance.directory().join("run/oidc.log");
    let log = std::fs::read_to_string(log).unwrap();
    for why in [
        "the password is wrong",
        "has locked the account",
        "the password has expired",
    ] {
        assert!(log.contains(why), "{why}\n{log}");
    }
    assert!(!log.contains(PASSWORD));
    let directory = instance.directory();
    let directory = directory.to_str().unwrap();
    let listed = || instance.json(&["oidc", "connector", "list", directory]);
    assert_eq!(listed().unwrap()[0].get("fault"), None);

    slapd.end();
    says("ada", PASSWORD, "Example Ltd does not answer");
    let fault = listed().unwrap()[0]["fault"].as_str().unwrap().to_owned();
    assert!(fault.contains("does not answer"), "{fault}");
    let (codes, report) = found(&mut doctor(instance, &["--no-sign"]));
    assert!(codes.contains("E-DOCTOR-161"), "{report}");
    assert_eq!(instance.service("oidc").unwrap()["state"], "ready");
    slapd.begin();
    says("ada", "wrong", wrong);
}

/// The entry of `docs/own-issuer.md`, with this server in place of the company's.
fn connect(instance: &Instance, slapd: &Slapd) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/own-issuer.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, entry) = page.split_once("```yaml\nconnectors:\n").unwrap();
    let entry = entry.split_once("  - kind: oidc\n").unwrap().0;
    let entry = entry
        .replace("ldaps://ldap.example.com", &slapd.tls_url())
        .replace("ldap-ca.pem", slapd.authority().to_str().unwrap())
        .replace("ldap-password", slapd.password_file().to_str().unwrap())
        .replace("cn=sigstead,ou=services,dc=example,dc=com", SEARCHER);
    let file = instance.directory().join("oidc/config.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let added = config.replace("\nclients:\n", &format!("\nconnectors:\n{entry}clients:\n"));
    assert_ne!(config, added);
    std::fs::write(&file, added).unwrap();
}

/// cosign shows a code, and the person opens the page that it names on another device.
fn by_device(instance: &Instance, cosign: &Path, python: &Path, command: &str) {
    // It says the code on one of its two outputs and the rest on the other.
    let command = format!("exec {command} --fulcio-auth-flow device 2>&1");
    let mut signing = Command::new("/bin/sh")
        .args(["-c", &command])
        .env("PATH", cosign.parent().unwrap())
        .current_dir(instance.work())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(signing.stdout.take().unwrap());
    let mut heard = String::new();
    let mut lines = said.lines().map(Result::unwrap);
    let page = lines.by_ref().find_map(|line| {
        heard.push_str(&line);
        heard.push('\n');
        let url = line
            .split_whitespace()
            .find(|word| word.contains("/device"));
        url.map(str::to_owned)
    });
    let page = page.unwrap_or_else(|| panic!("no page: {heard}"));
    let code = heard.split_whitespace().find(|word| is_a_code(word));
    let page = match (page.contains("user_code="), code) {
        (true, _) => page,
        (false, Some(code)) => format!("{page}?user_code={code}"),
        (false, None) => panic!("no code: {heard}"),
    };
    run(Command::new(python)
        .arg(client::script("connector_login.py"))
        .args([&page, "ada", PASSWORD, "device"]))
    .unwrap();
    let rest: String = lines.collect();
    assert!(signing.wait().unwrap().success(), "{rest}");
}

/// As the page shows it: `BCDF-GHJK`.
fn is_a_code(word: &str) -> bool {
    word.len() == 9
        && word.bytes().enumerate().all(|(at, letter)| match at {
            4 => letter == b'-',
            _ => letter.is_ascii_uppercase(),
        })
}

fn verify(instance: &Instance, words: &[&str]) {
    let mut verify = sigctl();
    verify.arg("verify").args(words).arg("--trusted-root");
    verify.arg(instance.kit("trusted_root.json"));
    verify.args(["--identity", ADA, "--issuer", &instance.url("oidc")]);
    run(verify.current_dir(instance.work())).unwrap();
}

/// A page for signing in that nobody waits for.
fn page(instance: &Instance) -> String {
    format!(
        "{}/authorize?response_type=code&client_id=sigstore&redirect_uri=http://localhost:1/&scope=openid+email\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        instance.url("oidc")
    )
}

const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],"predicateType":"https://example.com/predicate","predicate":{}}"#;
