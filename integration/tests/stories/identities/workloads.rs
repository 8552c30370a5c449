//! Workloads sign: of a SPIFFE trust domain, of a Kubernetes cluster, and as clients of the embedded issuer.

use std::fs;

use serde_json::{Value, json};
use sigstead_integration::{Instance, client};

use super::add;
use super::claims::service_account;
use super::provider::Provider;
use super::signer::Signer;

#[test]
fn a_spiffe_workload_and_a_service_account_sign() {
    let (Some(cosign), Some(python)) = (client::cosign(), client::python()) else {
        return;
    };
    let provider = Provider::start(&python);
    let instance = Instance::create("workloads", &[]).unwrap();
    let spire = format!("https://{}/spire", provider.host());
    let cluster = format!("https://{}/cluster", provider.host());
    let authority = provider.authority();
    let certified = ["--ca-cert", authority.to_str().unwrap()];
    let of_spire = [
        "spiffe",
        "--issuer",
        &spire,
        "--trust-domain",
        "example.org",
        "--allow",
        "release=san.startsWith('spiffe://example.org/release/')",
    ];
    add(&instance, &[&of_spire[..], &certified].concat());
    let of_cluster = [
        "kubernetes",
        "--issuer",
        &cluster,
        "--allow",
        "release=claims['kubernetes.io'].namespace == 'release'",
    ];
    add(&instance, &[&of_cluster[..], &certified].concat());
    instance.up().unwrap();

    let identity = "spiffe://example.org/release/app";
    let workload = Signer {
        name: "spiffe",
        token: provider.token(&spire, "ES256", &json!({"sub": identity})),
        issuer: &spire,
        identity,
        cosign: &[],
        sigctl: &[],
    };
    workload.signs(&cosign, &instance);
    let other = json!({"sub": "spiffe://example.org/web"});
    let token = provider.token(&spire, "ES256", &other);
    Signer { token, ..workload }.is_refused(&cosign, &instance);

    let account = Signer {
        name: "kubernetes",
        token: provider.token(&cluster, "RS256", &service_account("release")),
        issuer: &cluster,
        identity: "https://kubernetes.io/namespaces/release/serviceaccounts/builder",
        cosign: &[],
        sigctl: &[],
    };
    account.signs(&cosign, &instance);
    let token = provider.token(&cluster, "RS256", &service_account("default"));
    Signer { token, ..account }.is_refused(&cosign, &instance);
}

#[tokio::test]
async fn a_client_of_the_embedded_issuer_signs_for_itself_with_every_client() {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let instance = Instance::create("workload", &[]).unwrap();
    let issuer = instance.url("oidc");
    let subject = format!("{issuer}/workloads/release");
    let file = instance.directory().join("oidc/config.yaml");
    let config = fs::read_to_string(&file).unwrap();
    let with_client = config.replace("\nclients:\n", &format!("\nclients:\n{}", entry(&subject)));
    assert_ne!(config, with_client);
    fs::write(&file, with_client).unwrap();
    instance.up().unwrap();

    let form = format!("grant_type=client_credentials&client_id=release&client_secret={SECRET}");
    let answer = reqwest::Client::new()
        .post(format!("{issuer}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send();
    let answer = answer.await.unwrap().bytes().await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let token = answer["id_token"].as_str();
    let token = token.unwrap_or_else(|| panic!("{answer}")).to_owned();
    let workload = Signer {
        name: "workload",
        token,
        issuer: &issuer,
        identity: &subject,
        cosign: &[],
        sigctl: &[],
    };
    workload.signs(&cosign, &instance);
}

/// What an administrator adds to the configuration.
fn entry(subject: &str) -> String {
    format!(
        "- id: release\n  secret_hash: {SECRET_HASH}\n  grants: [client_credentials]\n  \
         audience: sigstore\n  workload:\n    subject: {subject}\n"
    )
}

const SECRET: &str = "b41d7c02f5e84ad7a0f1c9de5b7768f3";
/// What the program argon2 prints for it with `-id -e`.
const SECRET_HASH: &str = "$argon2id$v=19$m=4096,t=3,p=1$NWYwZTJiN2M5YTFkNGMzNg$j+/ZLXOVlFlx/14ZToH4Dt6PQo9qfNQOvNPRHIRZTx0";
