//! Golden tokens of the types that have rules of their own: claims in, names and extensions out.

use serde_json::{Value, json};

use super::*;

/// What a certificate says, as texts.
fn told(principal: &Principal) -> Vec<(&'static str, &str)> {
    principal.extensions().claims().collect()
}

fn principal(token: &Value, issuer: &IssuerConfig) -> Result<Principal, Error> {
    let claims = Claims::parse(token.to_string().as_bytes()).unwrap();
    let principal = Principal::from_claims(&claims, issuer, &CiProviders::default())?;
    assert_eq!(principal.issuer(), issuer.issuer_url);
    assert_eq!(principal.subject(), token["sub"]);
    Ok(principal)
}

fn issuer(url: &str, kind: IssuerType) -> IssuerConfig {
    IssuerConfig::new(url, "sigstore", kind)
}

/// Refuses the token without each of these claims, with it empty, and with it of another kind; what
/// refuses is that claim and nothing before it.
fn needs_each(token: &Value, issuer: &IssuerConfig, claims: &[&str]) {
    for claim in claims {
        let mut without = token.clone();
        without.as_object_mut().unwrap().remove(*claim);
        assert!(
            matches!(principal(&without, issuer), Err(Error::ClaimMissing { claim: named }) if named == *claim),
            "{claim}"
        );
        for (value, shown) in [(json!(""), "\"\""), (json!(7.5), "7.5")] {
            let mut other = token.clone();
            other[*claim] = value;
            assert!(
                matches!(principal(&other, issuer), Err(Error::ClaimInvalid { claim: named, found, .. })
                    if named == *claim && found == shown),
                "{claim}"
            );
        }
    }
}

fn uri(principal: &Principal) -> &str {
    match principal.san() {
        SubjectAlternativeName::Uri(uri) => uri,
        other => panic!("{other:?}"),
    }
}

fn github() -> Value {
    json!({
        "sub": "repo:acme/app:ref:refs/heads/main",
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
    let issuer = issuer(
        "https://token.actions.githubusercontent.com",
        IssuerType::GithubWorkflow,
    );
    let principal = principal(&github(), &issuer).unwrap();
    let workflow = "https://github.com/acme/build/.github/workflows/sign.yml@refs/tags/v2";
    assert_eq!(uri(&principal), workflow);
    assert_eq!(principal.name(), "repo:acme/app:ref:refs/heads/main");
    assert_eq!(
        told(&principal),
        [
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
                "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
            ),
            ("build_config_digest", "c5d6"),
            ("build_trigger", "push"),
            (
                "run_invocation_uri",
                "https://github.com/acme/app/actions/runs/42/attempts/1"
            ),
            ("source_repository_visibility_at_signing", "private"),
        ]
    );
}

#[test]
fn github_workflow_needs_its_sixteen_claims() {
    let issuer = issuer(
        "https://token.actions.githubusercontent.com",
        IssuerType::GithubWorkflow,
    );
    let token = github();
    let claims: Vec<&str> = token
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|claim| !["sub", "environment"].contains(claim))
        .collect();
    assert_eq!(claims.len(), 16);
    needs_each(&token, &issuer, &claims);
}

#[test]
fn a_branch_with_a_number_sign_stays_in_the_path() {
    let issuer = issuer(
        "https://token.actions.githubusercontent.com",
        IssuerType::GithubWorkflow,
    );
    let mut token = github();
    token["job_workflow_ref"] = json!("acme/app/.github/workflows/ä.yml@refs/heads/fix#1?");
    let uri_text = "https://github.com/acme/app/.github/workflows/%C3%A4.yml@refs/heads/fix%231%3F";
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(uri(&found), uri_text);
    assert_eq!(
        found.extensions().build_signer_uri.as_deref(),
        Some(uri_text)
    );
    token["job_workflow_ref"] = json!("acme/app/.github/workflows/a.yml@refs/heads/50%zz");
    assert!(
        matches!(principal(&token, &issuer), Err(Error::ValueUnfit { field, .. }) if field == "url")
    );
}

fn gitlab() -> Value {
    json!({
        "sub": "project_path:g/p:ref_type:branch:ref:main",
        "project_path": "g/p",
        "project_id": "20",
        "pipeline_source": "push",
        "pipeline_id": "648",
        "ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "7489",
        "namespace_path": "g",
        "namespace_id": "9",
        "job_id": "302",
        "ref": "main",
        "ref_type": "branch",
        "sha": "714a",
        "runner_environment": "gitlab-hosted",
        "runner_id": 1,
        "project_visibility": "public",
    })
}

#[test]
fn gitlab_pipeline() {
    let issuer = issuer("https://gitlab.com", IssuerType::GitlabPipeline);
    let mut token = gitlab();
    let found = principal(&token, &issuer).unwrap();
    let config = "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main";
    assert_eq!(uri(&found), config);
    assert_eq!(found.name(), "project_path:g/p:ref_type:branch:ref:main");
    assert_eq!(
        told(&found),
        [
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
        ]
    );
    token["ref_type"] = json!("tag");
    token["ci_config_ref_uri"] = json!("gitlab.example.com:8443/g/p//ci.yml@refs/tags/fix#1");
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(
        uri(&found),
        "https://gitlab.example.com:8443/g/p//ci.yml@refs/tags/fix#1"
    );
    assert_eq!(
        found.extensions().source_repository_ref.as_deref(),
        Some("refs/tags/main")
    );
}

#[test]
fn gitlab_pipeline_needs_its_claims() {
    let issuer = issuer("https://gitlab.com", IssuerType::GitlabPipeline);
    let mut token = gitlab();
    let needed = [
        "project_path",
        "project_id",
        "pipeline_source",
        "pipeline_id",
        "ci_config_ref_uri",
        "namespace_path",
        "namespace_id",
        "job_id",
        "ref",
        "ref_type",
        "sha",
        "runner_environment",
    ];
    needs_each(&token, &issuer, &needed);
    for (runner, expected) in [
        (json!(0), Some("0")),
        (json!("1"), Some("\"1\"")),
        (json!(1.5), Some("1.5")),
        (json!(null), None),
    ] {
        token["runner_id"] = runner;
        let found = match principal(&token, &issuer) {
            Err(Error::ClaimInvalid { claim, found, .. }) if claim == "runner_id" => Some(found),
            Err(Error::ClaimMissing { claim }) if claim == "runner_id" => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(found.as_deref(), expected);
    }
    token = gitlab();
    token["ref_type"] = json!("merge");
    assert!(matches!(
        principal(&token, &issuer),
        Err(Error::ClaimInvalid { claim, found, .. }) if claim == "ref_type" && found == "\"merge\""
    ));
    // Whether the configuration and the visibility are known depends on the project.
    for claim in ["ci_config_sha", "project_visibility"] {
        token = gitlab();
        token.as_object_mut().unwrap().remove(claim);
        assert!(principal(&token, &issuer).is_ok(), "{claim}");
    }
}

#[test]
fn buildkite_job() {
    let issuer = issuer("https://agent.buildkite.com", IssuerType::BuildkiteJob);
    let token = json!({
        "sub": "organization:acme:pipeline:app:ref:refs/heads/main:commit:1a:step:build",
        "organization_slug": "acme", "pipeline_slug": "app", "build_number": 1,
    });
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(uri(&found), "https://buildkite.com/acme/app");
    assert_eq!(found.name(), token["sub"]);
    assert_eq!(told(&found), []);
    needs_each(&token, &issuer, &["organization_slug", "pipeline_slug"]);
}

fn codefresh() -> Value {
    json!({
        "sub": "account:628a:pipeline:65e5:initiator:somebody",
        "account_id": "628a",
        "account_name": "acme",
        "pipeline_id": "65e5",
        "pipeline_name": "web/build",
        "workflow_id": "64f4",
        "scm_repo_url": "https://github.com/acme/web",
        "scm_ref": "main",
        "runner_environment": "hybrid",
    })
}

#[test]
fn codefresh_workflow() {
    let issuer = issuer("https://oidc.codefresh.io", IssuerType::CodefreshWorkflow);
    let mut token = codefresh();
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(
        uri(&found),
        "https://g.codefresh.io/acme/web/build:628a/65e5"
    );
    assert_eq!(
        told(&found),
        [
            ("build_signer_uri", "https://g.codefresh.io/build/64f4"),
            ("runner_environment", "hybrid"),
            ("source_repository_uri", "https://github.com/acme/web"),
            ("source_repository_ref", "main"),
            (
                "build_config_uri",
                "https://g.codefresh.io/api/pipelines/65e5"
            ),
            ("run_invocation_uri", "https://g.codefresh.io/build/64f4"),
        ]
    );
    needs_each(
        &token,
        &issuer,
        &[
            "account_id",
            "account_name",
            "pipeline_id",
            "pipeline_name",
            "workflow_id",
        ],
    );
    token["platform_url"] = json!("https://codefresh.example.com");
    for claim in ["scm_repo_url", "scm_ref", "runner_environment"] {
        token.as_object_mut().unwrap().remove(claim);
    }
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(
        uri(&found),
        "https://codefresh.example.com/acme/web/build:628a/65e5"
    );
    assert_eq!(told(&found).len(), 3);
    token["platform_url"] = json!("codefresh.example.com");
    assert!(matches!(
        principal(&token, &issuer),
        Err(Error::ValueUnfit { .. })
    ));
}

#[test]
fn chainguard_identity() {
    let issuer = issuer("https://issuer.enforce.dev", IssuerType::ChainguardIdentity);
    let mut token = json!({"sub": "18d6/4f2a", "act": {"iss": "a", "sub": "b"}});
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(uri(&found), "https://issuer.enforce.dev/18d6/4f2a");
    assert_eq!(found.name(), "18d6/4f2a");
    assert_eq!(told(&found), []);
    token["email"] = json!("");
    assert_eq!(principal(&token, &issuer).unwrap().name(), "18d6/4f2a");
    token["email"] = json!("a@example.com");
    assert!(matches!(
        principal(&token, &issuer),
        Err(Error::ClaimMissing { claim }) if claim == "email_verified"
    ));
    token["email_verified"] = json!(false);
    assert!(matches!(
        principal(&token, &issuer),
        Err(Error::EmailNotVerified)
    ));
    token["email_verified"] = json!(true);
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(found.name(), "a@example.com");
    assert_eq!(uri(&found), "https://issuer.enforce.dev/18d6/4f2a");
    for (actor, expected) in [
        (json!("a"), "\"a\""),
        (json!({"a": 1}), "1"),
        (json!([]), "a list"),
    ] {
        token["act"] = actor;
        assert!(matches!(
            principal(&token, &issuer),
            Err(Error::ClaimInvalid { claim, found, .. }) if claim == "act" && found == expected
        ));
    }
}

#[test]
fn kubernetes() {
    let issuer = issuer("https://kubernetes.default.svc", IssuerType::Kubernetes);
    let token = json!({
        "sub": "system:serviceaccount:default:web.app",
        "kubernetes.io": {
            "namespace": "default",
            "pod": {"name": "web-1", "uid": "49ad"},
            "serviceaccount": {"name": "web.app", "uid": "f572"},
        },
    });
    let found = principal(&token, &issuer).unwrap();
    assert_eq!(
        uri(&found),
        "https://kubernetes.io/namespaces/default/serviceaccounts/web.app"
    );
    assert_eq!(found.name(), "system:serviceaccount:default:web.app");
    assert_eq!(told(&found), []);
    let namespace = "$['kubernetes.io'].namespace";
    let account = "$['kubernetes.io'].serviceaccount.name";
    for (pointer, value, claim) in [
        ("/kubernetes.io/namespace", "", namespace),
        ("/kubernetes.io/namespace", "A", namespace),
        ("/kubernetes.io/namespace", "a.b", namespace),
        ("/kubernetes.io/namespace", "-a", namespace),
        ("/kubernetes.io/namespace", "a/b", namespace),
        ("/kubernetes.io/serviceaccount/name", "", account),
        ("/kubernetes.io/serviceaccount/name", "a..b", account),
        ("/kubernetes.io/serviceaccount/name", "a b", account),
        ("/kubernetes.io/namespace", "other", "sub"),
        ("/sub", "system:serviceaccount:default:other", "sub"),
    ] {
        let mut other = token.clone();
        *other.pointer_mut(pointer).unwrap() = json!(value);
        assert!(
            matches!(principal(&other, &issuer), Err(Error::ClaimInvalid { claim: named, .. }) if named == claim),
            "{pointer} {value}"
        );
    }
    for (claims, claim) in [
        (json!({}), namespace),
        (json!({"namespace": "default"}), account),
    ] {
        let mut other = token.clone();
        other["kubernetes.io"] = claims;
        assert!(
            matches!(principal(&other, &issuer), Err(Error::ClaimMissing { claim: named }) if named == claim)
        );
    }
    let mut legacy = token;
    legacy["kubernetes.io/serviceaccount/namespace"] = json!("default");
    let text = principal(&legacy, &issuer).unwrap_err().to_string();
    assert!(text.contains("use a projected one"), "{text}");
}

#[test]
fn spiffe() {
    for configured in ["example.org", "spiffe://example.org"] {
        let issuer = IssuerConfig {
            spiffe_trust_domain: configured.to_owned(),
            ..issuer("https://oidc.example.org", IssuerType::Spiffe)
        };
        let token = json!({"sub": "spiffe://example.org/ns/default/sa/web"});
        let found = principal(&token, &issuer).unwrap();
        assert_eq!(uri(&found), "spiffe://example.org/ns/default/sa/web");
        assert_eq!((found.name(), told(&found)), (uri(&found), vec![]));
        for subject in [
            "spiffe://example.com/ns/default",
            "spiffe://example.org.example.com/x",
            "spiffe://Example.org/x",
            "spiffe://example.org/../x",
            "https://example.org/x",
        ] {
            assert!(
                matches!(principal(&json!({"sub": subject}), &issuer),
                    Err(Error::ClaimInvalid { claim, found, .. })
                    if claim == "sub" && found == format!("{subject:?}")),
                "{subject}"
            );
        }
    }
}
