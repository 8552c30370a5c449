//! A person who has a second factor signs with unmodified clients, and with a token that says so.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};

use crate::connectors::{Clients, page, verify};

const PASSWORD: &str = "correct horse battery staple";
const EMAIL: &str = "ada@example.com";

#[test]
fn who_has_a_second_factor_signs_with_every_client_and_with_a_token_that_says_so() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let instance = Instance::start("second-factor", &[]).unwrap();
    add(&instance);
    let codes = instance.work().join("codes");
    std::fs::create_dir(&codes).unwrap();
    let browser = |url: &str, outcome: &str| {
        let script = client::script("factor_login.py");
        let words = [url, EMAIL, PASSWORD, codes.to_str().unwrap(), outcome];
        run(Command::new(&clients.python).arg(script).args(words)).unwrap()
    };
    browser(&instance.url("oidc"), "set-up");
    let mut require = sigctl();
    require.args(["oidc", "second-factor", "require"]);
    run(require.arg(instance.directory()).arg(EMAIL)).unwrap();

    let words = [EMAIL, PASSWORD, codes.to_str().unwrap()];
    clients.sign(&instance, ("factor_login.py", &words), EMAIL);
    browser(&page(&instance), "The code is wrong");

    let token = browser(&instance.url("oidc"), "token").stdout;
    let token = String::from_utf8(token).unwrap();
    let claims = claims(token.trim());
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    let class = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
    assert_eq!(claims["acr"], class);
    sign(&instance, &clients.cosign, token.trim());
    verify(&instance, &["by-token", "--bundle", "by-token.json"], EMAIL);
}

fn add(instance: &Instance) {
    let mut add = sigctl();
    add.args(["oidc", "user", "add"]).arg(instance.directory());
    add.args([EMAIL, "--password-stdin"]).stdin(Stdio::piped());
    let mut add = add.spawn().unwrap();
    let mut input = add.stdin.take().unwrap();
    input.write_all(PASSWORD.as_bytes()).unwrap();
    drop(input);
    assert!(add.wait().unwrap().success());
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn sign(instance: &Instance, cosign: &Path, token: &str) {
    std::fs::write(instance.work().join("by-token"), "by a token\n").unwrap();
    let mut sign = Command::new(cosign);
    sign.args(["sign-blob", "--yes", "--identity-token", token]);
    sign.arg("--signing-config")
        .arg(instance.kit("signing_config.v0.2.json"));
    sign.arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"));
    sign.args(["--bundle", "by-token.json", "by-token"]);
    run(sign.current_dir(instance.work())).unwrap();
}
