//! What `docs/identity.md` shows is true: its issuers are added, tokens of their shapes sign, and its commands verify that.

use std::path::Path;

use serde_json::{Value, json};
use sigstead_integration::{Instance, client, run, sigctl};

use super::claims::{GITHUB, forgejo, github, gitlab, service_account, with};
use super::provider::Provider;
use crate::verifying::{blocks, printed, shell};

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let Some(python) = client::python() else {
        return;
    };
    let provider = Provider::start(&python);
    let instance = Instance::create("demo", &[]).unwrap();
    let folder = instance.work();
    for (name, claims) in [("release", json!({})), ("fork", FORK.parse().unwrap())] {
        let claims = with(with(github(), json!({"iss": GITHUB})), claims);
        std::fs::write(folder.join(format!("{name}.json")), claims.to_string()).unwrap();
    }
    std::fs::copy(provider.keys(), folder.join("keys.json")).unwrap();
    let (verifying, preparing): (Vec<_>, Vec<_>) = blocks("identity.md")
        .into_iter()
        .partition(|block| block.contains("sigctl verify"));
    assert!(preparing.len() > 9, "{preparing:?}");
    for block in preparing {
        let output = shell(folder, &block);
        assert!(output.status.success(), "{block}\n{}", printed(&output));
    }
    sign_all(&provider, &instance);
    assert_eq!(verifying.len(), tokens().len());
    for block in verifying {
        let output = shell(folder, &block);
        assert!(output.status.success(), "{block}\n{}", printed(&output));
        let other = block.replace("--issuer https://", "--issuer https://other.");
        let printed = printed(&shell(folder, &other));
        assert!(printed.contains("error E-VERIFY-031"), "{other}\n{printed}");
    }
}

/// Signs the page's file by a token of each issuer, whose keys are here and not where its URL says.
fn sign_all(provider: &Provider, instance: &Instance) {
    let folder = instance.work();
    for (_, issuer, _) in tokens() {
        let output = sigctl()
            .args(["issuer", "pin", "demo", issuer, "--keys", "keys.json"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", printed(&output));
    }
    instance.up().unwrap();
    std::fs::write(folder.join("app.txt"), "the contents\n").unwrap();
    for (name, issuer, claims) in tokens() {
        let token = folder.join(format!("{name}.token"));
        std::fs::write(&token, provider.token(issuer, "RS256", &claims)).unwrap();
        sign(folder, &token, &format!("{name}.sigstore.json"));
    }
}

fn sign(folder: &Path, token: &Path, bundle: &str) {
    run(sigctl()
        .current_dir(folder)
        .args(["sign", "demo", "app.txt", "--bundle", bundle])
        .arg("--identity-token-file")
        .arg(token))
    .unwrap();
}

/// What the page's bundles are called, and by which tokens they are made.
fn tokens() -> [(&'static str, &'static str, Value); 7] {
    let person = json!({"sub": "7", "email": "alice@example.com", "email_verified": true});
    [
        ("github", GITHUB, github()),
        (
            "gitlab",
            "https://gitlab.example.com",
            gitlab("gitlab.example.com"),
        ),
        ("forgejo", "https://codeberg.org/api/actions", forgejo()),
        (
            "jenkins",
            "https://jenkins.example.com/oidc",
            json!({"sub": "https://jenkins.example.com/job/release/job/main/"}),
        ),
        (
            "kubernetes",
            "https://oidc.eks.eu-west-1.amazonaws.com/id/B02C",
            service_account("release"),
        ),
        (
            "spiffe",
            "https://oidc.example.org",
            json!({"sub": "spiffe://example.org/release/app"}),
        ),
        ("company", "https://id.example.com", person),
    ]
}

/// What a stranger's copy of the repository has in place of ours.
const FORK: &str =
    r#"{"repository": "mallory/app", "repository_owner": "mallory", "repository_owner_id": "99"}"#;
