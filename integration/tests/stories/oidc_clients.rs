//! Applications and workloads come and go at the running issuer.

use std::io::Write as _;
use std::process::Stdio;

use reqwest::StatusCode;
use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

use crate::verifying::{blocks, printed, shell};
use crate::{artifact, beside};

#[test]
fn clients_are_added_used_and_removed_without_a_restart() {
    let instance = Instance::create("clients", &[]).unwrap();
    exchange_tokens_of_nobody(&instance);
    instance.up().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let process = instance.service("oidc").unwrap()["pid"].clone();
    let subject = format!("{}/workloads/release", instance.url("oidc"));
    let added = client(&instance, "add", &["release", "--workload", &subject]);
    assert_eq!(added["is_asked"], true);
    let secret = added["secret"].as_str().unwrap().to_owned();
    let ask = || runtime.block_on(token(&instance, &secret));
    wait_for("a token", || ask().0 == StatusCode::OK).unwrap();
    let token = ask().1["id_token"].as_str().unwrap().to_owned();
    let file = artifact(instance.work(), "workload");
    std::fs::write(beside(&file, "token"), token).unwrap();
    // It is verified before the bundle is written.
    run(sigctl()
        .arg("sign")
        .arg(instance.directory())
        .arg(&file)
        .arg("--bundle")
        .arg(beside(&file, "sigstore.json"))
        .arg("--identity-token-file")
        .arg(beside(&file, "token")))
    .unwrap();

    let callback = "https://portal.example.com/callback";
    let authorize = || runtime.block_on(authorize(&instance, callback));
    assert!(authorize().is_client_error());
    client(&instance, "add", &["portal", "--redirect-uri", callback]);
    wait_for("the portal", || authorize() == StatusCode::OK).unwrap();

    let listed = client(&instance, "list", &[]);
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|client| &client["id"])
        .collect();
    assert_eq!(ids, ["sigstore", "release", "portal"]);
    assert!(!listed.to_string().contains(&secret));

    let of = |secret: &str| runtime.block_on(self::token(&instance, secret)).0;
    let next = client(&instance, "rotate-secret", &["release"]);
    let next = next["secret"].as_str().unwrap();
    wait_for("the next secret", || of(next) == StatusCode::OK).unwrap();
    assert_eq!(of(&secret), StatusCode::OK, "the one before is taken too");
    let last = client(&instance, "rotate-secret", &["release", "--overlap", "0s"]);
    let last = last["secret"].as_str().unwrap();
    wait_for("the last secret", || of(last) == StatusCode::OK).unwrap();
    for ended in [&*secret, next] {
        assert_eq!(of(ended), StatusCode::UNAUTHORIZED);
    }
    let ask = || runtime.block_on(self::token(&instance, last));

    client(&instance, "remove", &["release"]);
    wait_for("no token", || ask().0 == StatusCode::UNAUTHORIZED).unwrap();

    client(&instance, "remove", &["portal"]);
    what_the_page_adds_asks_about_tokens(&instance, &runtime);
    assert_eq!(instance.service("oidc").unwrap()["pid"], process);
}

/// The commands of `docs/own-issuer.md`, and what their clients can do then.
fn what_the_page_adds_asks_about_tokens(instance: &Instance, runtime: &tokio::runtime::Runtime) {
    let demo = instance.work().join("demo");
    std::os::unix::fs::symlink(instance.directory(), &demo).unwrap();
    add_user(instance, "ada@example.com");
    let blocks = blocks("own-issuer.md");
    assert!(blocks.len() > 1, "{blocks:?}");
    for block in blocks {
        let output = shell(instance.work(), &block);
        assert!(output.status.success(), "{block}\n{}", printed(&output));
    }
    let directory = instance.directory();
    let people = instance
        .json(&["oidc", "user", "list", directory.to_str().unwrap()])
        .unwrap();
    let ada = people
        .as_array()
        .unwrap()
        .iter()
        .find(|person| person["email"] == "ada@example.com");
    assert_eq!(ada.unwrap()["groups"], serde_json::json!(["release"]));
    assert_eq!(
        ada.unwrap()["claims"],
        serde_json::json!({"employee": "4711"})
    );

    let listed = client(instance, "list", &[]);
    let kinds = listed.as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|client| &client["kind"]).collect();
    assert_eq!(kinds, ["application", "api", "application", "workload"]);

    let added = client(
        instance,
        "add",
        &["monitor", "--api", "--audience", "sigstore"],
    );
    let secret = added["secret"].as_str().unwrap().to_owned();
    let token = instance.token("anybody@example.com").unwrap();
    let ask = |token: &str| {
        let form = format!("client_id=monitor&client_secret={secret}&token={token}");
        runtime.block_on(post(instance, "introspect", form))
    };
    wait_for("the monitor", || ask("x").0 == StatusCode::OK).unwrap();
    assert_eq!(ask("x").1, serde_json::json!({"active": false}));
    // A token that `sigctl` signed is of no account and of no client.
    assert_eq!(ask(&token).1, serde_json::json!({"active": false}));
}

/// What the page has one write before the client that exchanges tokens.
fn exchange_tokens_of_nobody(instance: &Instance) {
    let folder = instance.directory().join("oidc");
    std::fs::write(folder.join("exchange.yaml"), "oidc-issuers: {}\n").unwrap();
    let file = folder.join("config.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let added = config.replace(
        "\nclients:\n",
        "\nexchange_issuers: exchange.yaml\nclients:\n",
    );
    assert_ne!(config, added);
    std::fs::write(&file, added).unwrap();
}

fn add_user(instance: &Instance, email: &str) {
    let mut add = sigctl()
        .args(["oidc", "user", "add"])
        .arg(instance.directory())
        .args([email, "--password-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = add.stdin.take().unwrap();
    input.write_all(b"correct horse battery staple").unwrap();
    drop(input);
    assert!(add.wait().unwrap().success());
}

fn client(instance: &Instance, verb: &str, words: &[&str]) -> Value {
    let directory = instance.directory();
    let command = ["oidc", "client", verb, directory.to_str().unwrap()];
    instance.json(&[&command, words].concat()).unwrap()
}

async fn token(instance: &Instance, secret: &str) -> (StatusCode, Value) {
    let form = format!("grant_type=client_credentials&client_id=release&client_secret={secret}");
    post(instance, "token", form).await
}

async fn post(instance: &Instance, path: &str, form: String) -> (StatusCode, Value) {
    let answer = reqwest::Client::new()
        .post(format!("{}/{path}", instance.url("oidc")))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = answer.send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// How a browser is answered that an application sends to sign in.
async fn authorize(instance: &Instance, callback: &str) -> StatusCode {
    let query = format!(
        "response_type=code&client_id=portal&redirect_uri={callback}&scope=openid+email&state=s&nonce=n\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let url = format!("{}/authorize?{query}", instance.url("oidc"));
    reqwest::get(url).await.unwrap().status()
}
