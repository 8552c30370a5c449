//! People of a company sign by its own login, which is not ours, in a browser that their client opens. What they type is
//! what `docs/identity.md` shows.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};

use super::login::{Company, PERSON};
use crate::refuses;
use crate::verifying::{printed, shell};

#[test]
fn people_of_a_company_sign_by_its_login_with_every_client_that_opens_a_browser() {
    let (Some(cosign), Some(python), Some(sigstore), Some(js), Some(_)) = (
        client::cosign(),
        client::python(),
        client::sigstore_python(),
        client::sigstore_js_cli(),
        client::chromium(),
    ) else {
        return;
    };
    let Some(company) = Company::start(&python) else {
        return;
    };
    let instance = Instance::start("demo", &[]).unwrap();
    let add = company.shown("sigctl issuer add demo --type email");
    let added = shell(instance.work(), &add);
    assert!(added.status.success(), "{add}\n{}", printed(&added));
    check_offered(&instance, &[&company.url(), &instance.url("oidc")], &python);
    let folder = instance.work();
    for file in ["app.txt", "statement.json"] {
        std::fs::write(folder.join(file), STATEMENT).unwrap();
    }
    copy_kit(&instance);
    company.sign_as_shown(&instance, "cosign sign-blob", &[&cosign]);
    company.sign_as_shown(&instance, "sigstore --trust-config", &[&sigstore]);
    company.sign_as_shown(&instance, "npx @sigstore/cli", &[&js.node, &js.modules]);
    for bundle in ["app.txt.sigstore.json", "python.sigstore.json"] {
        let blob = |issuer: &str| verify_blob(&cosign, &instance, issuer, bundle);
        run(&mut blob(&company.url())).unwrap();
        refuses(&mut blob(&instance.url("oidc")), &["issuer", "identit"]);
        let mut ours = sigctl();
        ours.args(["verify", "app.txt", "--instance", "demo"]);
        ours.args(["--bundle", bundle, "--identity", PERSON]);
        run(ours.args(["--issuer", &company.url()]).current_dir(folder)).unwrap();
    }
    run(&mut verify_attestation(&cosign, &instance, &company.url())).unwrap();
    company.check_pages(&[("sigstore", 2), ("sigstore-python", 1)]);
}

#[test]
fn an_operator_says_where_people_log_in() {
    let Some(python) = client::python() else {
        return;
    };
    let instance = Instance::create("places", &[]).unwrap();
    let (ours, theirs) = (instance.url("oidc"), "https://id.example.com");
    let issuer = ["--type", "email", "--issuer", theirs, "--browser", "last"];
    super::add(&instance, &issuer);
    check_offered(&instance, &[&ours, theirs], &python);
    for (issuer, place, offered) in [
        (theirs, "first", &[theirs, &ours][..]),
        (&ours, "first", &[&ours, theirs]),
        (theirs, "only", &[theirs]),
        (&ours, "last", &[theirs, &ours]),
        (theirs, "none", &[&ours]),
    ] {
        run(&mut browser(&instance, issuer, place)).unwrap();
        check_offered(&instance, offered, &python);
    }
    let mut last = browser(&instance, &ours, "none");
    refuses(&mut last, &["e-ctl-032"]);
    let mut unknown = browser(&instance, "https://other.example.com", "first");
    refuses(&mut unknown, &["e-ctl-090"]);
    super::add(&instance, &["github", "--everybody"]);
    let mut of_builds = browser(&instance, super::claims::GITHUB, "first");
    refuses(&mut of_builds, &["e-ctl-099"]);
    check_offered(&instance, &[&ours], &python);

    run(&mut browser(&instance, theirs, "first")).unwrap();
    let mut remove = sigctl();
    remove.args(["issuer", "remove"]).arg(instance.directory());
    run(remove.arg(theirs)).unwrap();
    check_offered(&instance, &[&ours], &python);
}

fn browser(instance: &Instance, issuer: &str, place: &str) -> Command {
    let mut command = sigctl();
    command
        .args(["issuer", "browser"])
        .arg(instance.directory());
    command.args([issuer, "--place", place]);
    command
}

/// The signing config has these issuers in this order, and each newer than those behind it, which other clients go by.
fn check_offered(instance: &Instance, expected: &[&str], python: &Path) {
    let file = instance.kit("signing_config.v0.2.json");
    let config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let offered = config["oidcUrls"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let urls: Vec<_> = offered.iter().map(|each| text(&each["url"])).collect();
    assert_eq!(urls, expected);
    let starts = offered.iter().map(|each| text(&each["validFor"]["start"]));
    let starts: Vec<_> = starts.collect();
    assert!(
        starts.is_sorted_by(|newer, older| newer > older),
        "{starts:?}"
    );
    let first = run(Command::new(python).args(["-c", FIRST]).arg(file)).unwrap();
    assert_eq!(String::from_utf8(first.stdout).unwrap().trim(), expected[0]);
}

fn copy_kit(instance: &Instance) {
    for name in [
        "signing_config.v0.2.json",
        "trusted_root.json",
        "client_trust_config.json",
    ] {
        std::fs::copy(instance.kit(name), instance.work().join(name)).unwrap();
    }
}

fn verify_blob(cosign: &Path, instance: &Instance, issuer: &str, bundle: &str) -> Command {
    let mut command = verify(cosign, "verify-blob", instance, issuer);
    command.args(["--use-signed-timestamps", "--bundle", bundle, "app.txt"]);
    command
}

/// The subject of the statement is an empty file.
fn verify_attestation(cosign: &Path, instance: &Instance, issuer: &str) -> Command {
    std::fs::write(instance.work().join("empty"), "").unwrap();
    let mut command = verify(cosign, "verify-blob-attestation", instance, issuer);
    command.args(["--type", "slsaprovenance1", "--bundle", "js.sigstore.json"]);
    command.args(["--use-signed-timestamps", "empty"]);
    command
}

fn verify(cosign: &Path, verb: &str, instance: &Instance, issuer: &str) -> Command {
    let mut command = Command::new(cosign);
    command.current_dir(instance.work());
    command.args([verb, "--trusted-root", "trusted_root.json"]);
    command.args(["--certificate-identity", PERSON]);
    command.args(["--certificate-oidc-issuer", issuer]);
    command
}

/// What sigstore-python takes, which is the first of the list.
const FIRST: &str = "import sys; from sigstore.models import SigningConfig; print(SigningConfig.from_file(sys.argv[1]).get_oidc_url())";
const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}"#;
