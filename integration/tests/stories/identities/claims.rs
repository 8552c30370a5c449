//! What the tokens of providers claim.

use serde_json::{Value, json};

/// The claims with others in place of some of them.
pub(super) fn with(mut claims: Value, others: Value) -> Value {
    let others = others.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(others);
    claims
}

pub(super) fn github() -> Value {
    json!({
        "sub": "repo:acme/app:ref:refs/heads/main",
        "event_name": "push",
        "sha": SHA,
        "workflow": "release",
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/ci/.github/workflows/release.yml@refs/tags/v3",
        "job_workflow_sha": "6d1a0f6f3f0a4b6a8a4b0d1c7a1e3c5b9d2f4e60",
        "repository_owner": "acme",
        "run_id": "42",
        "run_attempt": "1",
        "runner_environment": "github-hosted",
        "repository_id": "1234",
        "repository_owner_id": "56",
        "repository_visibility": "private",
        "workflow_ref": "acme/app/.github/workflows/main.yml@refs/heads/main",
        "workflow_sha": SHA,
    })
}

pub(super) fn gitlab(host: &str) -> Value {
    json!({
        "sub": "project_path:g/p:ref_type:tag:ref:v1",
        "project_path": "g/p",
        "project_id": "20",
        "pipeline_source": "push",
        "ci_config_ref_uri": format!("{host}/g/p//.gitlab-ci.yml@refs/tags/v1"),
        "namespace_path": "g",
        "namespace_id": "9",
        "job_id": "302",
        "ref": "v1",
        "ref_type": "tag",
        "ref_protected": "true",
        "sha": SHA,
        "runner_environment": "self-hosted",
    })
}

pub(super) fn forgejo() -> Value {
    json!({
        "sub": "repo:acme/app:ref:refs/heads/main",
        "event_name": "push",
        "ref": "refs/heads/main",
        "repository": "acme/app",
        "repository_owner": "acme",
        "run_id": "370",
        "run_number": "12",
        "sha": SHA,
        "workflow": "publish.yml",
        "workflow_ref": "acme/app/.forgejo/workflows/publish.yml@refs/heads/main",
    })
}

pub(super) fn service_account(namespace: &str) -> Value {
    let account =
        json!({"kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": "builder"}}});
    let subject = format!("system:serviceaccount:{namespace}:builder");
    with(account, json!({"sub": subject}))
}

pub(super) const GITHUB: &str = "https://token.actions.githubusercontent.com";
pub(super) const SHA: &str = "0b1f1d1c34e1a1dcd6a3a1b7d9b7a4b4f9c5b8a2";
