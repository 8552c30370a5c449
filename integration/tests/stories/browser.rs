//! A person signs in with a browser, and the certificate authority accepts the token.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::{client, run, shared};

use crate::artifact;

#[test]
fn a_person_signs_in_and_signs() {
    let (Some(python), Some(_)) = (client::python(), client::chromium()) else {
        return;
    };
    let instance = shared();
    let directory = instance.directory();
    let (email, password) = ("browser@example.com", "correct horse battery staple");
    let mut add = sigstead_integration::sigctl()
        .args(["oidc", "user", "add"])
        .arg(&directory)
        .args([email, "--password-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    add.stdin
        .take()
        .unwrap()
        .write_all(password.as_bytes())
        .unwrap();
    assert!(add.wait().unwrap().success());

    let output = run(Command::new(python)
        .arg(client::script("browser_login.py"))
        .args([&instance.url("oidc"), email, password]))
    .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        !answer["refused"].as_str().unwrap().is_empty(),
        "a wrong password is answered with a reason"
    );

    let file = artifact(instance.work(), "browser");
    let bundle = crate::beside(&file, "sigstore.json");
    let token = instance.work().join("token");
    std::fs::write(&token, answer["id_token"].as_str().unwrap()).unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    instance
        .json(&[
            "sign",
            &text(&directory),
            &text(&file),
            "--bundle",
            &text(&bundle),
            "--identity-token-file",
            &text(&token),
        ])
        .unwrap();
    let accepted = instance
        .json(&[
            "verify",
            &text(&file),
            "--bundle",
            &text(&bundle),
            "--trusted-root",
            &text(&instance.kit("trusted_root.json")),
            "--identity",
            email,
            "--issuer",
            &instance.url("oidc"),
        ])
        .unwrap();
    let certificate = &accepted["verified"][0]["certificate"];
    assert_eq!(certificate["identity"], email);
}
