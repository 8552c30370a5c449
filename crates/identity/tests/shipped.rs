//! Golden tokens of every provider in the file that Fulcio ships: claims in, names and extensions out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use serde_json::{Value, json};
use sigstead_identity::{Error, IssuersConfig, Preview};
use sigstead_x509::SubjectAlternativeName;

fn preview(token: &Value) -> Result<Preview, Error> {
    let file = include_str!("../testdata/fulcio/config.yaml");
    let config = IssuersConfig::parse(file).unwrap();
    config.preview(token.to_string().as_bytes())
}

/// Checks all that the certificate says; issuer and name are those of the token for every provider.
#[track_caller]
fn assert_told(token: &Value, san: &str, expected: &[(&str, &str)]) {
    let found = preview(token).unwrap();
    assert_eq!(found.san, SubjectAlternativeName::Uri(san.to_owned()));
    assert_eq!(token["sub"], found.name);
    assert_eq!(token["sub"], found.extensions.subject);
    assert_eq!(token["iss"], found.extensions.issuer);
    let told: Vec<(&str, &str)> = found.extensions.claims().collect();
    assert_eq!(told, expected);
}

fn github() -> Value {
    json!({
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sigstore",
        "sub": "repo:acme/app:environment:production",
        "event_name": "push",
        "sha": "d1e2",
        "workflow": "release",
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/build/.github/workflows/sign.yml@refs/tags/v2",
        "job_workflow_sha": "a3b4",
        "runner_environment": "github-hosted",
        "repository_id": "1234",
        "repository_owner": "acme",
        "repository_owner_id": "56",
        "repository_visibility": "private",
        "workflow_ref": "acme/app/.github/workflows/release.yml@refs/heads/main",
        "workflow_sha": "c5d6",
        "run_id": "42",
        "run_attempt": "1",
        "environment": "production",
    })
}

#[test]
fn github_workflow() {
    let workflow = "https://github.com/acme/build/.github/workflows/sign.yml@refs/tags/v2";
    let mut expected = vec![
        ("github_workflow_trigger", "push"),
        ("github_workflow_sha", "d1e2"),
        ("github_workflow_name", "release"),
        ("github_workflow_repository", "acme/app"),
        ("github_workflow_ref", "refs/heads/main"),
        ("build_signer_uri", workflow),
        ("build_signer_digest", "a3b4"),
        ("runner_environment", "github-hosted"),
        ("source_repository_uri", "https://github.com/acme/app"),
        ("source_repository_digest", "d1e2"),
        ("source_repository_ref", "refs/heads/main"),
        ("source_repository_identifier", "1234"),
        ("source_repository_owner_uri", "https://github.com/acme"),
        ("source_repository_owner_identifier", "56"),
        (
            "build_config_uri",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
        ),
        ("build_config_digest", "c5d6"),
        ("build_trigger", "push"),
        (
            "run_invocation_uri",
            "https://github.com/acme/app/actions/runs/42/attempts/1",
        ),
        ("source_repository_visibility_at_signing", "private"),
        ("deployment_environment", "production"),
    ];
    let mut token = github();
    assert_told(&token, workflow, &expected);
    // Of an enterprise, by the pattern; most jobs have no environment.
    token["iss"] = json!("https://token.actions.githubusercontent.com/acme");
    token.as_object_mut().unwrap().remove("environment");
    expected.pop();
    assert_told(&token, workflow, &expected);
}

/// As with Fulcio: what is put together as text ends at the number sign in the name, and nowhere in the extensions.
#[test]
fn a_branch_with_a_number_sign_begins_a_fragment() {
    let mut token = github();
    token["job_workflow_ref"] = json!("acme/app/.github/workflows/a.yml@refs/heads/fix#1 größe");
    let found = preview(&token).unwrap();
    assert_eq!(
        found.san.value(),
        "https://github.com/acme/app/.github/workflows/a.yml@refs/heads/fix#1%20gr%C3%B6%C3%9Fe"
    );
    assert_eq!(
        found.extensions.build_signer_uri.as_deref(),
        Some("https://github.com/acme/app/.github/workflows/a.yml@refs/heads/fix#1 größe")
    );
}

#[test]
fn every_claim_that_a_template_names_is_needed() {
    for claim in github().as_object().unwrap().keys() {
        let mut token = github();
        token.as_object_mut().unwrap().remove(claim);
        let outcome = preview(&token);
        match claim.as_str() {
            "aud" | "environment" => assert!(outcome.is_ok(), "{claim}"),
            _ => assert!(
                matches!(outcome, Err(Error::ClaimMissing { claim: named }) if named == *claim),
                "{claim}"
            ),
        }
    }
}

fn gitlab() -> Value {
    json!({
        "iss": "https://gitlab.com",
        "sub": "project_path:g/p:ref_type:branch:ref:main",
        "project_path": "g/p",
        "project_id": "20",
        "pipeline_source": "push",
        "ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "7489",
        "namespace_path": "g",
        "namespace_id": "9",
        "job_id": "302",
        "ref": "main",
        "ref_type": "branch",
        "sha": "714a",
        "runner_environment": "gitlab-hosted",
        "project_visibility": "public",
    })
}

#[test]
fn gitlab_pipeline() {
    let config = "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main";
    let mut expected = vec![
        ("build_signer_uri", config),
        ("build_signer_digest", "7489"),
        ("runner_environment", "gitlab-hosted"),
        ("source_repository_uri", "https://gitlab.com/g/p"),
        ("source_repository_digest", "714a"),
        ("source_repository_ref", "refs/heads/main"),
        ("source_repository_identifier", "20"),
        ("source_repository_owner_uri", "https://gitlab.com/g"),
        ("source_repository_owner_identifier", "9"),
        ("build_config_uri", config),
        ("build_config_digest", "7489"),
        ("build_trigger", "push"),
        ("run_invocation_uri", "https://gitlab.com/g/p/-/jobs/302"),
        ("source_repository_visibility_at_signing", "public"),
    ];
    let mut token = gitlab();
    assert_told(&token, config, &expected);
    token["ref_type"] = json!("tag");
    token["environment"] = json!("production");
    expected[5].1 = "refs/tags/main";
    expected.push(("deployment_environment", "production"));
    assert_told(&token, config, &expected);
}

/// As with Fulcio, whose file has the URL of gitlab.com for every GitLab.
#[test]
fn other_gitlabs_have_the_url_of_the_default_unless_a_claim_says_it() {
    let mut token = gitlab();
    token["iss"] = json!("https://gitlab.archlinux.org");
    token["ci_config_ref_uri"] = json!("gitlab.archlinux.org/g/p//ci.yml@refs/heads/main");
    let found = preview(&token).unwrap();
    assert_eq!(
        found.san.value(),
        "https://gitlab.archlinux.org/g/p//ci.yml@refs/heads/main"
    );
    let source = found.extensions.source_repository_uri.unwrap();
    assert_eq!(source, "https://gitlab.com/g/p");
    token["url"] = json!("https://gitlab.archlinux.org");
    let source = preview(&token).unwrap().extensions.source_repository_uri;
    assert_eq!(source.as_deref(), Some("https://gitlab.archlinux.org/g/p"));
}

#[test]
fn buildkite_job() {
    let token = json!({
        "iss": "https://agent.buildkite.com",
        "sub": "organization:acme:pipeline:app:ref:refs/heads/main:commit:1a:step:build",
        "organization_slug": "acme",
        "pipeline_slug": "app",
        "build_number": 9_007_199_254_740_993_u64,
        "job_id": "0190-aa",
        "build_commit": "1a",
        "build_source": "webhook",
        "runner_environment": "self-hosted",
    });
    assert_told(
        &token,
        "https://buildkite.com/acme/app",
        &[
            ("runner_environment", "self-hosted"),
            ("source_repository_digest", "1a"),
            ("build_trigger", "webhook"),
            (
                "run_invocation_uri",
                "https://buildkite.com/acme/app/builds/9007199254740993#0190-aa",
            ),
        ],
    );
}

#[test]
fn codefresh_workflow() {
    let mut token = json!({
        "iss": "https://oidc.codefresh.io",
        "sub": "account:628a:pipeline:65e5:initiator:somebody",
        "account_id": "628a",
        "account_name": "acme",
        "pipeline_id": "65e5",
        "pipeline_name": "web/build",
        "workflow_id": "64f4",
    });
    assert_told(
        &token,
        "https://g.codefresh.io/acme/web/build:628a/65e5",
        &[
            ("build_signer_uri", "https://g.codefresh.io/build/64f4"),
            (
                "build_config_uri",
                "https://g.codefresh.io/api/pipelines/65e5",
            ),
            ("run_invocation_uri", "https://g.codefresh.io/build/64f4"),
        ],
    );
    token["platform_url"] = json!("https://codefresh.example.com");
    token["scm_repo_url"] = json!("https://github.com/acme/web");
    token["scm_ref"] = json!("main");
    token["runner_environment"] = json!("hybrid");
    assert_told(
        &token,
        "https://codefresh.example.com/acme/web/build:628a/65e5",
        &[
            (
                "build_signer_uri",
                "https://codefresh.example.com/build/64f4",
            ),
            ("runner_environment", "hybrid"),
            ("source_repository_uri", "https://github.com/acme/web"),
            ("source_repository_ref", "main"),
            (
                "build_config_uri",
                "https://codefresh.example.com/api/pipelines/65e5",
            ),
            (
                "run_invocation_uri",
                "https://codefresh.example.com/build/64f4",
            ),
        ],
    );
}

#[test]
fn circleci_job() {
    let mut token = json!({
        "iss": "https://oidc.circleci.com/org/7c1a-22",
        "sub": "org/7c1a-22/project/11-aa/user/33-bb",
        "oidc.circleci.com/project-id": "11-aa",
        "oidc.circleci.com/pipeline-id": "22-cc",
        "oidc.circleci.com/pipeline-definition-id": "44-dd",
        "oidc.circleci.com/workflow-id": "55-ee",
        "oidc.circleci.com/job-id": "66-ff",
        "oidc.circleci.com/ssh-rerun": false,
        "oidc.circleci.com/vcs-ref": "refs/heads/main",
        "oidc.circleci.com/vcs-origin": "https://github.com/acme/app",
    });
    let definition = "https://circleci.com/api/v2/projects/11-aa/pipeline-definitions/44-dd";
    let mut expected = [
        ("build_signer_uri", definition),
        // These are two bytes of the template.
        ("runner_environment", "\"\""),
        ("source_repository_uri", "https://github.com/acme/app"),
        ("source_repository_ref", "refs/heads/main"),
        (
            "build_config_uri",
            "https://circleci.com/api/v2/pipeline/22-cc/config",
        ),
        (
            "run_invocation_uri",
            "https://app.circleci.com//workflow/55-ee/job/66-ff",
        ),
    ];
    assert_told(&token, definition, &expected);
    token["iss"] = json!("https://oidc.circleci.com");
    token["oidc.circleci.com/ssh-rerun"] = json!(true);
    expected[1].1 = "ssh-rerun";
    assert_told(&token, definition, &expected);
}

#[test]
fn buddy_pipeline() {
    let mut token = json!({
        "iss": "https://eu-oidc.buddyusercontent.com",
        "sub": "workspace:acme:project:app:pipeline:7",
        "workspace_domain": "acme",
        "project_name": "app",
        "pipeline_id": 7,
        "execution_id": "5f-1",
        "triggered_on": "ON_EVERY_PUSH",
        "runner_environment": "buddy-hosted",
    });
    let pipeline = "https://app.buddy.works/acme/app/pipelines/pipeline/7";
    assert_told(
        &token,
        pipeline,
        &[
            ("build_signer_uri", pipeline),
            ("runner_environment", "buddy-hosted"),
            ("source_repository_uri", "https://app.buddy.works/acme/app"),
            (
                "source_repository_owner_uri",
                "https://app.buddy.works/acme",
            ),
            ("build_trigger", "ON_EVERY_PUSH"),
            (
                "run_invocation_uri",
                "https://app.buddy.works/acme/app/pipelines/pipeline/7/execution/5f-1",
            ),
        ],
    );
    token["base_url"] = json!("https://eu.buddy.works");
    token["revision"] = json!("1a");
    token["ref"] = json!("refs/heads/main");
    let found = preview(&token).unwrap();
    assert_eq!(
        found.san.value(),
        "https://eu.buddy.works/acme/app/pipelines/pipeline/7"
    );
    assert_eq!(
        found.extensions.source_repository_digest.as_deref(),
        Some("1a")
    );
    assert_eq!(
        found.extensions.source_repository_ref.as_deref(),
        Some("refs/heads/main")
    );
}

#[test]
fn people_and_service_accounts() {
    let token = json!({
        "iss": "https://oauth2.sigstore.dev/auth",
        "sub": "1",
        "email": "a@example.com",
        "email_verified": true,
        "federated_claims": {"connector_id": "https://accounts.google.com"},
    });
    let found = preview(&token).unwrap();
    assert_eq!(
        found.san,
        SubjectAlternativeName::Email("a@example.com".to_owned())
    );
    assert_eq!(found.extensions.issuer, "https://accounts.google.com");
    for issuer in [
        "https://oidc.eks.us-west-2.amazonaws.com/id/B02C93B6",
        "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c",
        "https://eastus.oic.prod-aks.azure.com/1a/2b/",
        "https://oidc.prod-aks.azure.com/1a",
    ] {
        let token = json!({
            "iss": issuer,
            "sub": "system:serviceaccount:default:web",
            "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "web"}},
        });
        assert_told(
            &token,
            "https://kubernetes.io/namespaces/default/serviceaccounts/web",
            &[],
        );
    }
    let chainguard = json!({"iss": "https://issuer.enforce.dev", "sub": "18d6/4f2a"});
    assert_told(&chainguard, "https://issuer.enforce.dev/18d6/4f2a", &[]);
}

#[test]
fn nobody_else_is_trusted() {
    let token = json!({"iss": "https://oidc.circleci.com/org/a/b", "sub": "1"});
    assert!(matches!(preview(&token), Err(Error::IssuerUnknown { .. })));
}
