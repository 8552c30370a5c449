//! A build with a token of its cluster gets one of the embedded issuer for it, and all clients sign with that.

use std::fs;

use reqwest::StatusCode;
use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl, wait_for};

use super::claims::service_account;
use super::provider::Provider;
use super::signer::Signer;

#[test]
fn a_service_account_signs_as_the_workload_that_it_may_be() {
    let (Some(cosign), Some(python)) = (client::cosign(), client::python()) else {
        return;
    };
    let provider = Provider::start(&python);
    let cluster = format!("https://{}/cluster", provider.host());
    let instance = Instance::create("exchange", &[]).unwrap();
    trust(&instance, &cluster, &provider);
    instance.up().unwrap();
    let issuer = instance.url("oidc");
    let subject = format!("{issuer}/workloads/nightly");
    let rule = "builder=claims['kubernetes.io'].namespace == 'release'";
    run(sigctl()
        .args(["oidc", "client", "add"])
        .arg(instance.directory())
        .args(["nightly", "--workload", &subject, "--exchange", rule]))
    .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |account: &str| {
        let token = provider.token(&cluster, "RS256", &service_account(account));
        runtime.block_on(exchange(&issuer, &token))
    };
    wait_for("the client", || ask("release").0 == StatusCode::OK).unwrap();
    let (_, answer) = ask("release");
    let workload = Signer {
        name: "exchanged",
        token: answer["id_token"].as_str().unwrap().to_owned(),
        issuer: &issuer,
        identity: &subject,
        cosign: &[],
        sigctl: &[],
    };
    workload.signs(&cosign, &instance);

    let (status, refused) = ask("default");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = refused["error_description"].as_str().unwrap();
    assert!(told.starts_with("E-OIDC-049: "), "{told}");
}

/// Has the embedded issuer take tokens of a cluster.
fn trust(instance: &Instance, cluster: &str, provider: &Provider) {
    let authority = fs::read_to_string(provider.authority()).unwrap();
    let authority = authority.replace('\n', "\n      ");
    let entry = format!(
        "oidc-issuers:\n  {cluster}:\n    issuer-url: {cluster}\n    client-id: sigstore\n    type: kubernetes\n    \
         ca-cert: |\n      {authority}\n"
    );
    let folder = instance.directory().join("oidc");
    fs::write(folder.join("exchange.yaml"), entry).unwrap();
    let file = folder.join("config.yaml");
    let config = fs::read_to_string(&file).unwrap();
    let added = config.replace(
        "\nclients:\n",
        "\nexchange_issuers: exchange.yaml\nclients:\n",
    );
    assert_ne!(config, added);
    fs::write(&file, added).unwrap();
}

async fn exchange(issuer: &str, token: &str) -> (StatusCode, Value) {
    let kind = "urn:ietf:params:oauth:token-type:jwt";
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    let form = format!(
        "grant_type={grant}&client_id=nightly&subject_token_type={kind}&subject_token={token}"
    );
    let answer = reqwest::Client::new()
        .post(format!("{issuer}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = answer.send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}
