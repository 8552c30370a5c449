//! Every preset with a golden token: what is told to it, the entry that it makes, and what is certified.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigstead_identity::{Error, IssuersConfig, Parameter, Preset, PresetFault, Preview};

/// The file with this issuer alone, written and read again, which also checks it.
fn file(preset: Preset, values: &[(Parameter, &str)]) -> IssuersConfig {
    let made = preset.issuer(values).unwrap();
    let file = IssuersConfig::default()
        .with_preset(made)
        .to_yaml()
        .unwrap();
    let config = IssuersConfig::parse(&file).unwrap();
    assert_eq!(config.warnings(), [], "{preset}");
    config
}

fn preview(config: &IssuersConfig, token: &Value) -> Result<Preview, Error> {
    config.preview(token.to_string().as_bytes())
}

struct Golden {
    preset: Preset,
    values: Vec<(Parameter, &'static str)>,
    token: Value,
    san: &'static str,
    name: &'static str,
    told: Vec<(&'static str, &'static str)>,
}

fn github() -> Value {
    json!({
        "sub": "repo:acme/app:ref:refs/heads/main",
        "event_name": "push",
        "sha": "d1e2",
        "workflow": "release",
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/app/.github/workflows/a.yml@refs/heads/main",
        "repository_owner": "acme",
        "run_id": "42",
        "run_attempt": "1",
        // No token chooses the server that its certificate names.
        "url": "https://elsewhere.example",
    })
}

fn with(mut token: Value, more: Value) -> Value {
    let claims = token.as_object_mut().unwrap();
    claims.extend(more.as_object().unwrap().clone());
    token
}

fn forges() -> Vec<Golden> {
    let github_ids = json!({
        "iss": "https://token.actions.githubusercontent.com",
        "job_workflow_sha": "a3b4",
        "runner_environment": "github-hosted",
        "repository_id": "1234",
        "repository_owner_id": "56",
        "repository_visibility": "private",
        "workflow_ref": "acme/app/.github/workflows/b.yml@refs/heads/main",
        "workflow_sha": "c5d6",
    });
    let told = |url: &str| -> Vec<(&'static str, &'static str)> {
        let leak = |path: &str| -> &'static str { format!("{url}{path}").leak() };
        vec![
            ("github_workflow_trigger", "push"),
            ("github_workflow_sha", "d1e2"),
            ("github_workflow_name", "release"),
            ("github_workflow_repository", "acme/app"),
            ("github_workflow_ref", "refs/heads/main"),
            (
                "build_signer_uri",
                leak("/acme/app/.github/workflows/a.yml@refs/heads/main"),
            ),
            ("source_repository_uri", leak("/acme/app")),
            ("source_repository_digest", "d1e2"),
            ("source_repository_ref", "refs/heads/main"),
            ("source_repository_owner_uri", leak("/acme")),
            ("build_trigger", "push"),
            (
                "run_invocation_uri",
                leak("/acme/app/actions/runs/42/attempts/1"),
            ),
        ]
    };
    let mut github_com = told("https://github.com");
    github_com.insert(6, ("build_signer_digest", "a3b4"));
    github_com.insert(7, ("runner_environment", "github-hosted"));
    github_com.insert(11, ("source_repository_identifier", "1234"));
    github_com.insert(13, ("source_repository_owner_identifier", "56"));
    github_com.insert(
        14,
        (
            "build_config_uri",
            "https://github.com/acme/app/.github/workflows/b.yml@refs/heads/main",
        ),
    );
    github_com.insert(15, ("build_config_digest", "c5d6"));
    github_com.push(("source_repository_visibility_at_signing", "private"));
    vec![
        Golden {
            preset: Preset::Github,
            values: vec![],
            token: with(github(), github_ids),
            san: "https://github.com/acme/app/.github/workflows/a.yml@refs/heads/main",
            name: "repo:acme/app:ref:refs/heads/main",
            told: github_com,
        },
        Golden {
            preset: Preset::GithubEnterprise,
            values: vec![(Parameter::Host, "github.example.com")],
            token: with(
                github(),
                json!({"iss": "https://github.example.com/_services/token"}),
            ),
            san: "https://github.example.com/acme/app/.github/workflows/a.yml@refs/heads/main",
            name: "repo:acme/app:ref:refs/heads/main",
            told: told("https://github.example.com"),
        },
        Golden {
            preset: Preset::GithubEnterprise,
            values: vec![(Parameter::Host, "acme.ghe.com")],
            token: with(
                github(),
                json!({"iss": "https://token.actions.acme.ghe.com"}),
            ),
            san: "https://acme.ghe.com/acme/app/.github/workflows/a.yml@refs/heads/main",
            name: "repo:acme/app:ref:refs/heads/main",
            told: told("https://acme.ghe.com"),
        },
        Golden {
            preset: Preset::Forgejo,
            values: vec![(Parameter::Host, "codeberg.org")],
            token: json!({
                "iss": "https://codeberg.org/api/actions",
                "sub": "repo:acme/app:ref:refs/heads/main",
                "event_name": "push",
                "ref": "refs/heads/main",
                "repository": "acme/app",
                "repository_owner": "acme",
                "repository_id": "789",
                "run_id": "370",
                "run_number": "12",
                "sha": "d1e2",
                "workflow": "publish.yml",
                "workflow_ref": "acme/app/.forgejo/workflows/publish.yml@refs/heads/main",
            }),
            san: "https://codeberg.org/acme/app/.forgejo/workflows/publish.yml@refs/heads/main",
            name: "repo:acme/app:ref:refs/heads/main",
            told: vec![
                (
                    "build_signer_uri",
                    "https://codeberg.org/acme/app/.forgejo/workflows/publish.yml@refs/heads/main",
                ),
                ("source_repository_uri", "https://codeberg.org/acme/app"),
                ("source_repository_digest", "d1e2"),
                ("source_repository_ref", "refs/heads/main"),
                ("source_repository_identifier", "789"),
                ("source_repository_owner_uri", "https://codeberg.org/acme"),
                (
                    "build_config_uri",
                    "https://codeberg.org/acme/app/.forgejo/workflows/publish.yml@refs/heads/main",
                ),
                ("build_trigger", "push"),
                (
                    "run_invocation_uri",
                    "https://codeberg.org/acme/app/actions/runs/12",
                ),
            ],
        },
    ]
}

fn gitlabs() -> Vec<Golden> {
    let token = |host: &str| {
        json!({
            "iss": format!("https://{host}"),
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
            "sha": "714a",
            "runner_environment": "self-hosted",
            "environment": "production",
        })
    };
    let told = |url: &str| -> Vec<(&'static str, &'static str)> {
        let leak = |path: &str| -> &'static str { format!("{url}{path}").leak() };
        vec![
            (
                "build_signer_uri",
                leak("/g/p//.gitlab-ci.yml@refs/tags/v1"),
            ),
            ("runner_environment", "self-hosted"),
            ("source_repository_uri", leak("/g/p")),
            ("source_repository_digest", "714a"),
            ("source_repository_ref", "refs/tags/v1"),
            ("source_repository_identifier", "20"),
            ("source_repository_owner_uri", leak("/g")),
            ("source_repository_owner_identifier", "9"),
            (
                "build_config_uri",
                leak("/g/p//.gitlab-ci.yml@refs/tags/v1"),
            ),
            ("build_trigger", "push"),
            ("run_invocation_uri", leak("/g/p/-/jobs/302")),
            ("deployment_environment", "production"),
        ]
    };
    vec![
        Golden {
            preset: Preset::Gitlab,
            values: vec![],
            token: token("gitlab.com"),
            san: "https://gitlab.com/g/p//.gitlab-ci.yml@refs/tags/v1",
            name: "project_path:g/p:ref_type:tag:ref:v1",
            told: told("https://gitlab.com"),
        },
        Golden {
            preset: Preset::Gitlab,
            values: vec![(Parameter::Host, "git.example.com:8443/gitlab")],
            token: token("git.example.com:8443/gitlab"),
            san: "https://git.example.com:8443/gitlab/g/p//.gitlab-ci.yml@refs/tags/v1",
            name: "project_path:g/p:ref_type:tag:ref:v1",
            told: told("https://git.example.com:8443/gitlab"),
        },
    ]
}

fn builders() -> Vec<Golden> {
    let definition = "https://circleci.com/api/v2/projects/project-id-1/pipeline-definitions/pipeline-definition-id-1";
    let organization = "7c1a0e4f-1111-2222-3333-0123456789ab";
    vec![
        Golden {
            preset: Preset::Jenkins,
            values: vec![(Parameter::Host, "jenkins.example.com")],
            token: json!({
                "iss": "https://jenkins.example.com/oidc",
                "sub": "https://jenkins.example.com/job/web/job/main/",
                "build_number": 17,
            }),
            san: "https://jenkins.example.com/job/web/job/main/",
            name: "https://jenkins.example.com/job/web/job/main/",
            told: vec![
                (
                    "build_config_uri",
                    "https://jenkins.example.com/job/web/job/main/",
                ),
                (
                    "run_invocation_uri",
                    "https://jenkins.example.com/job/web/job/main/17/",
                ),
            ],
        },
        Golden {
            preset: Preset::Buildkite,
            values: vec![],
            token: json!({
                "iss": "https://agent.buildkite.com",
                "sub": "organization:acme:pipeline:app",
                "organization_slug": "acme",
                "pipeline_slug": "app",
                "build_number": 42,
                "job_id": "0190-aa",
                "build_commit": "1a",
                "build_source": "webhook",
                "runner_environment": "self-hosted",
            }),
            san: "https://buildkite.com/acme/app",
            name: "organization:acme:pipeline:app",
            told: vec![
                ("runner_environment", "self-hosted"),
                ("source_repository_digest", "1a"),
                ("build_trigger", "webhook"),
                (
                    "run_invocation_uri",
                    "https://buildkite.com/acme/app/builds/42#0190-aa",
                ),
            ],
        },
        Golden {
            preset: Preset::Circleci,
            values: vec![(Parameter::Organization, organization)],
            token: circleci(organization),
            san: definition,
            name: "org/7c1a/project/11",
            told: vec![
                ("build_signer_uri", definition),
                ("source_repository_uri", "vcs-origin-1"),
                ("source_repository_ref", "vcs-ref-1"),
                (
                    "build_config_uri",
                    "https://circleci.com/api/v2/pipeline/pipeline-id-1/config",
                ),
                (
                    "run_invocation_uri",
                    "https://app.circleci.com/workflow/workflow-id-1/job/job-id-1",
                ),
            ],
        },
    ]
}

fn circleci(organization: &str) -> Value {
    let mut token = json!({
        "iss": format!("https://oidc.circleci.com/org/{organization}"),
        "sub": "org/7c1a/project/11",
        "oidc.circleci.com/ssh-rerun": false,
    });
    for claim in [
        "project-id",
        "pipeline-id",
        "pipeline-definition-id",
        "workflow-id",
        "job-id",
        "vcs-ref",
        "vcs-origin",
    ] {
        token[format!("oidc.circleci.com/{claim}")] = json!(format!("{claim}-1"));
    }
    token
}

fn workloads_and_people() -> Vec<Golden> {
    let account = json!({
        "iss": "https://oidc.eks.eu-west-1.amazonaws.com/id/B02C",
        "sub": "system:serviceaccount:builds:release",
        "kubernetes.io": {"namespace": "builds", "serviceaccount": {"name": "release"}},
    });
    let cluster = "https://oidc.eks.eu-west-1.amazonaws.com/id/B02C";
    let person = |issuer: &str, more: Value| {
        with(
            json!({"iss": issuer, "sub": "1", "email": "a@example.com"}),
            more,
        )
    };
    let tenant = "01234567-89ab-cdef-0123-456789abcdef";
    let golden = |preset, values, token, san, name| Golden {
        preset,
        values,
        token,
        san,
        name,
        told: vec![],
    };
    let service = "https://kubernetes.io/namespaces/builds/serviceaccounts/release";
    let subject = "system:serviceaccount:builds:release";
    vec![
        golden(
            Preset::Kubernetes,
            vec![(Parameter::Issuer, cluster)],
            account.clone(),
            service,
            subject,
        ),
        golden(
            Preset::Tekton,
            vec![(Parameter::Issuer, cluster)],
            account,
            service,
            subject,
        ),
        golden(
            Preset::Spiffe,
            vec![
                (Parameter::Issuer, "https://oidc.example.org"),
                (Parameter::TrustDomain, "example.org"),
            ],
            json!({"iss": "https://oidc.example.org", "sub": "spiffe://example.org/web"}),
            "spiffe://example.org/web",
            "spiffe://example.org/web",
        ),
        golden(
            Preset::Keycloak,
            vec![
                (Parameter::Host, "login.example.com/auth"),
                (Parameter::Realm, "acme"),
                (Parameter::Audience, "signing"),
            ],
            person(
                "https://login.example.com/auth/realms/acme",
                json!({"email_verified": true}),
            ),
            "a@example.com",
            "a@example.com",
        ),
        golden(
            Preset::Entra,
            vec![
                (Parameter::Tenant, tenant),
                (Parameter::Audience, "89abcdef-0123-4567-89ab-0123456789ab"),
            ],
            person(
                "https://login.microsoftonline.com/01234567-89ab-cdef-0123-456789abcdef/v2.0",
                json!({}),
            ),
            "a@example.com",
            "a@example.com",
        ),
        golden(
            Preset::Google,
            vec![],
            person(
                "https://accounts.google.com",
                json!({"email_verified": true}),
            ),
            "a@example.com",
            "a@example.com",
        ),
    ]
}

#[test]
fn each_preset_certifies_its_golden_token() {
    let goldens = [forges(), gitlabs(), builders(), workloads_and_people()];
    let mut seen = BTreeSet::new();
    for golden in goldens.into_iter().flatten() {
        seen.insert(golden.preset.as_str());
        let config = file(golden.preset, &golden.values);
        let found = preview(&config, &golden.token).unwrap();
        assert_eq!(found.san.value(), golden.san, "{}", golden.preset);
        assert_eq!(found.name, golden.name, "{}", golden.preset);
        let told: Vec<(&str, &str)> = found.extensions.claims().collect();
        assert_eq!(told, golden.told, "{}", golden.preset);
        assert_eq!(golden.token["iss"], found.extensions.issuer);
    }
    let all: BTreeSet<&str> = Preset::ALL.iter().map(|preset| preset.as_str()).collect();
    assert_eq!(seen, all);
}

#[test]
fn several_servers_of_a_kind_stand_beside_each_other() {
    let gitlab = |host| Preset::Gitlab.issuer(&[(Parameter::Host, host)]).unwrap();
    let config = IssuersConfig::default()
        .with_preset(gitlab("a.example.com"))
        .with_preset(gitlab("b.example.com"));
    assert_eq!(config.issuers.len(), 2);
    let urls: Vec<&str> = config
        .ci_issuer_metadata
        .values()
        .map(|provider| provider.fixed_template_values["url"].as_str())
        .collect();
    assert_eq!(urls, ["https://a.example.com", "https://b.example.com"]);
}

/// With Fulcio's own description, tokens without these claims would all get one name.
#[test]
fn a_circleci_token_without_a_project_is_refused() {
    let organization = "7c1a0e4f-1111-2222-3333-0123456789ab";
    let config = file(Preset::Circleci, &[(Parameter::Organization, organization)]);
    for claim in ["project-id", "pipeline-definition-id"] {
        let mut token = circleci(organization);
        token
            .as_object_mut()
            .unwrap()
            .remove(&format!("oidc.circleci.com/{claim}"));
        assert!(
            matches!(preview(&config, &token), Err(Error::ValueUnfit { .. })),
            "{claim}"
        );
    }
}

#[test]
fn values_are_checked() {
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    for preset in Preset::ALL {
        assert_eq!(Preset::parse(preset.as_str()), Some(preset));
        for parameter in preset.needs() {
            assert!(!preset.takes().contains(parameter), "{preset} {parameter}");
        }
        if let Some(parameter) = preset.needs().first().copied() {
            assert_eq!(
                preset.issuer(&[]),
                Err(PresetFault::Missing { preset, parameter })
            );
        }
    }
    assert_eq!(Preset::parse("Github"), None);
    let (preset, parameter) = (Preset::Github, Parameter::Host);
    assert_eq!(
        preset.issuer(&[(parameter, "github.com")]),
        Err(PresetFault::Unexpected { preset, parameter })
    );
    for (parameter, wrong) in [
        (Parameter::Host, ""),
        (Parameter::Host, "https://ci.example.com"),
        (Parameter::Host, "ci.example.com/"),
        (Parameter::Host, "CI.example.com"),
        (Parameter::Host, "ci.example.com:443"),
        (Parameter::Host, "user@ci.example.com"),
        (Parameter::Host, "ci.example.com?x"),
        (Parameter::Host, "ci.example.com/a b"),
        (Parameter::Realm, ""),
        (Parameter::Realm, "a/b"),
        (Parameter::Realm, "a b"),
        (Parameter::Realm, ".."),
        (Parameter::Tenant, "common"),
        (Parameter::Tenant, "01234567-89ab-cdef-0123-456789abcdeg"),
        (Parameter::Organization, "acme"),
        (Parameter::TrustDomain, "spiffe://example.org"),
        (Parameter::Issuer, "http://issuer.example.com"),
        (Parameter::Issuer, "issuer.example.com"),
        (Parameter::Audience, " "),
    ] {
        let preset = Preset::ALL
            .into_iter()
            .find(|preset| {
                preset.needs().contains(&parameter) || preset.takes().contains(&parameter)
            })
            .unwrap();
        let right = preset.needs().iter().map(|parameter| {
            let value = match parameter {
                Parameter::Host => "ci.example.com",
                Parameter::Realm | Parameter::Audience => "a",
                Parameter::Tenant | Parameter::Organization => uuid,
                Parameter::TrustDomain => "example.org",
                Parameter::Issuer => "https://issuer.example.com",
            };
            (*parameter, value)
        });
        let values: Vec<_> = right.filter(|(name, _)| *name != parameter).collect();
        let found = wrong.to_owned();
        assert_eq!(
            preset.issuer(&[&values[..], &[(parameter, wrong)]].concat()),
            Err(PresetFault::Invalid { parameter, found }),
            "{preset}"
        );
    }
}

#[test]
fn a_server_names_no_builds_of_another() {
    for (preset, host) in [
        (Preset::Gitlab, "git.example.com"),
        (Preset::Jenkins, "ci.example.com"),
    ] {
        let made = preset.issuer(&[(Parameter::Host, host)]).unwrap();
        let issuer = made.issuer.issuer_url.clone();
        let config = IssuersConfig::default().with_preset(made);
        let refusal = |named: &str| {
            let claims = serde_json::json!({
                "iss": issuer, "aud": "sigstore", "sub": format!("https://{named}/job/b"),
                "ci_config_ref_uri": format!("{named}/o/r//.gitlab-ci.yml@refs/heads/main"),
                "ci_config_sha": "a", "sha": "a", "runner_environment": "self-hosted", "project_path": "o/r",
                "project_id": "1", "namespace_path": "o", "namespace_id": "1", "ref": "main", "ref_type": "branch",
                "pipeline_source": "push", "job_id": "1", "pipeline_id": "1", "project_visibility": "private",
            });
            config
                .preview(claims.to_string().as_bytes())
                .unwrap()
                .refusal
        };
        assert_eq!(refusal(host), None);
        for other in [
            "github.com",
            "git.example.com.evil.example",
            "ci.example.com:1",
        ] {
            assert!(
                refusal(other).is_some(),
                "{preset} names a build of {other}"
            );
        }
    }
}
