//! Builds sign by the token of their run, if a rule lets them.

use serde_json::json;
use sigstead_integration::{Instance, client, run, sigctl};

use super::add;
use super::claims::{GITHUB, SHA, forgejo, github, gitlab, with};
use super::provider::Provider;
use super::signer::Signer;

#[test]
fn a_workflow_of_github_signs_with_every_client() {
    let (Some(cosign), Some(python)) = (client::cosign(), client::python()) else {
        return;
    };
    let provider = Provider::start(&python);
    let instance = Instance::create("github", &[]).unwrap();
    let owner = "ours=claims.repository_owner_id == '56' && claims.event_name == 'push'";
    add(&instance, &["github", "--allow", owner]);
    // The issuer is the real one by name, so its keys are brought as a file.
    run(sigctl()
        .args(["issuer", "pin"])
        .arg(instance.directory())
        .args([GITHUB, "--keys"])
        .arg(provider.keys()))
    .unwrap();
    instance.up().unwrap();
    let workflow = Signer {
        name: "github",
        token: provider.token(GITHUB, "RS256", &github()),
        issuer: GITHUB,
        identity: "https://github.com/acme/ci/.github/workflows/release.yml@refs/tags/v3",
        cosign: &[
            ("--certificate-github-workflow-repository", "acme/app"),
            ("--certificate-github-workflow-ref", "refs/heads/main"),
            ("--certificate-github-workflow-sha", SHA),
            ("--certificate-github-workflow-trigger", "push"),
            ("--certificate-github-workflow-name", "release"),
        ],
        sigctl: &[
            ("--source-repo", "https://github.com/acme/app"),
            ("--source-ref", "refs/heads/main"),
            ("--source-digest", SHA),
            (
                "--signer-workflow",
                "https://github.com/acme/ci/.github/workflows/release.yml",
            ),
            (
                "--build-config",
                "https://github.com/acme/app/.github/workflows/main.yml",
            ),
            ("--runner-environment", "github-hosted"),
            ("--trigger", "push"),
        ],
    };
    workflow.signs(&cosign, &instance);
    for other in [
        json!({"repository_owner_id": "57"}),
        json!({"event_name": "pull_request"}),
    ] {
        let token = provider.token(GITHUB, "RS256", &with(github(), other));
        Signer { token, ..workflow }.is_refused(&cosign, &instance);
    }
}

#[test]
fn a_pipeline_of_gitlab_signs_with_every_client() {
    let (Some(cosign), Some(python)) = (client::cosign(), client::python()) else {
        return;
    };
    let provider = Provider::start(&python);
    let instance = Instance::create("gitlab", &[]).unwrap();
    let (host, authority) = (provider.host(), provider.authority());
    let rule = "tags of our group=claims.namespace_id == '9' && claims.ref_type == 'tag'";
    let words = ["gitlab", "--host", &host, "--allow", rule, "--ca-cert"];
    add(
        &instance,
        &[&words[..], &[authority.to_str().unwrap()]].concat(),
    );
    instance.up().unwrap();
    let url = format!("https://{host}");
    let claims = gitlab(&host);
    let pipeline = Signer {
        name: "gitlab",
        token: provider.token(&url, "RS256", &claims),
        issuer: &url,
        identity: &format!("{url}/g/p//.gitlab-ci.yml@refs/tags/v1"),
        cosign: &[],
        sigctl: &[
            ("--source-repo", &format!("{url}/g/p")),
            ("--source-ref", "refs/tags/v1"),
            ("--source-digest", SHA),
            (
                "--build-config",
                &format!("{url}/g/p//.gitlab-ci.yml@refs/tags/v1"),
            ),
            ("--runner-environment", "self-hosted"),
            ("--trigger", "push"),
        ],
    };
    pipeline.signs(&cosign, &instance);
    for other in [
        json!({"namespace_id": "10"}),
        json!({"ref": "main", "ref_type": "branch"}),
    ] {
        let token = provider.token(&url, "RS256", &with(claims.clone(), other));
        Signer { token, ..pipeline }.is_refused(&cosign, &instance);
    }
}

#[test]
fn a_workflow_of_forgejo_and_a_job_of_jenkins_sign() {
    let (Some(cosign), Some(python)) = (client::cosign(), client::python()) else {
        return;
    };
    let provider = Provider::start(&python);
    let instance = Instance::create("forges", &[]).unwrap();
    let (host, authority) = (provider.host(), provider.authority());
    let url = format!("https://{host}");
    let job = format!("{url}/job/release/job/main/");
    let repository = "ours=claims.repository == 'acme/app' && claims.ref == 'refs/heads/main'";
    let main = format!("release=claims.sub == '{job}'");
    for (preset, rule) in [("forgejo", repository), ("jenkins", &main)] {
        let words = [preset, "--host", &host, "--allow", rule, "--ca-cert"];
        add(
            &instance,
            &[&words[..], &[authority.to_str().unwrap()]].concat(),
        );
    }
    instance.up().unwrap();

    let actions = format!("{url}/api/actions");
    let workflow = Signer {
        name: "forgejo",
        token: provider.token(&actions, "RS256", &forgejo()),
        issuer: &actions,
        identity: &format!("{url}/acme/app/.forgejo/workflows/publish.yml@refs/heads/main"),
        cosign: &[],
        sigctl: &[
            ("--source-repo", &format!("{url}/acme/app")),
            ("--source-ref", "refs/heads/main"),
            ("--source-digest", SHA),
            ("--trigger", "push"),
        ],
    };
    workflow.signs(&cosign, &instance);
    let other = with(forgejo(), json!({"repository": "mallory/app"}));
    let token = provider.token(&actions, "RS256", &other);
    Signer { token, ..workflow }.is_refused(&cosign, &instance);

    let oidc = format!("{url}/oidc");
    let build = Signer {
        name: "jenkins",
        token: provider.token(&oidc, "ES256", &json!({"sub": job, "build_number": 17})),
        issuer: &oidc,
        identity: &job,
        cosign: &[],
        sigctl: &[("--build-config", &job)],
    };
    build.signs(&cosign, &instance);
    let other = json!({"sub": format!("{url}/job/try/"), "build_number": 17});
    let token = provider.token(&oidc, "ES256", &other);
    Signer { token, ..build }.is_refused(&cosign, &instance);
}
