//! What the claims of each continuous integration system become.

use crate::{CiIssuerMetadata, Preset};

/// Texts by their names.
type Texts<'a> = &'a [(&'a str, &'a str)];

/// The description of a preset's provider at this host, if it has one.
pub(super) fn describe(preset: Preset, host: &str) -> Option<CiIssuerMetadata> {
    let url = format!("https://{host}");
    let (san, fixed, extensions): (_, Texts<'_>, &[Texts<'_>]) = match preset {
        Preset::Github => (
            "{{.url}}/{{.job_workflow_ref}}",
            &[("url", "https://github.com")],
            &[GITHUB, GITHUB_COM],
        ),
        Preset::GithubEnterprise => (
            "{{.url}}/{{.job_workflow_ref}}",
            &[("url", &url)],
            &[GITHUB, GITHUB_SERVER],
        ),
        Preset::Gitlab => (
            "https://{{.ci_config_ref_uri}}",
            &[("url", &url)],
            &[GITLAB],
        ),
        Preset::Forgejo => ("{{.url}}/{{.workflow_ref}}", &[("url", &url)], &[FORGEJO]),
        Preset::Jenkins => ("{{.sub}}", &[], &[JENKINS]),
        Preset::Buildkite => (
            "{{.url}}/{{.organization_slug}}/{{.pipeline_slug}}",
            &[("url", "https://buildkite.com")],
            &[BUILDKITE],
        ),
        Preset::Circleci => (CIRCLECI_NAME, CIRCLECI_URLS, &[CIRCLECI]),
        Preset::Tekton
        | Preset::Kubernetes
        | Preset::Spiffe
        | Preset::Keycloak
        | Preset::Entra
        | Preset::Google => return None,
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Some(CiIssuerMetadata {
        fixed_template_values: fixed.iter().map(owned).collect(),
        extension_templates: extensions.iter().copied().flatten().map(owned).collect(),
        subject_alternative_name_template: san.to_owned(),
        ..CiIssuerMetadata::default()
    })
}

const GITHUB: Texts<'static> = &[
    ("github-workflow-trigger", "event_name"),
    ("github-workflow-sha", "sha"),
    ("github-workflow-name", "workflow"),
    ("github-workflow-repository", "repository"),
    ("github-workflow-ref", "ref"),
    ("build-signer-uri", "{{.url}}/{{.job_workflow_ref}}"),
    ("source-repository-uri", "{{.url}}/{{.repository}}"),
    ("source-repository-digest", "sha"),
    ("source-repository-ref", "ref"),
    (
        "source-repository-owner-uri",
        "{{.url}}/{{.repository_owner}}",
    ),
    ("build-trigger", "event_name"),
    (
        "run-invocation-uri",
        "{{.url}}/{{.repository}}/actions/runs/{{.run_id}}/attempts/{{.run_attempt}}",
    ),
    ("deployment-environment", r#"{{index . "environment"}}"#),
];

const GITHUB_COM: Texts<'static> = &[
    ("build-signer-digest", "job_workflow_sha"),
    ("runner-environment", "runner_environment"),
    ("source-repository-identifier", "repository_id"),
    ("source-repository-owner-identifier", "repository_owner_id"),
    ("build-config-uri", "{{.url}}/{{.workflow_ref}}"),
    ("build-config-digest", "workflow_sha"),
    (
        "source-repository-visibility-at-signing",
        "repository_visibility",
    ),
];

/// Servers of older versions do not have all claims.
const GITHUB_SERVER: Texts<'static> = &[
    ("build-signer-digest", r#"{{index . "job_workflow_sha"}}"#),
    ("runner-environment", r#"{{index . "runner_environment"}}"#),
    (
        "source-repository-identifier",
        r#"{{index . "repository_id"}}"#,
    ),
    (
        "source-repository-owner-identifier",
        r#"{{index . "repository_owner_id"}}"#,
    ),
    (
        "build-config-uri",
        r#"{{if index . "workflow_ref"}}{{.url}}/{{.workflow_ref}}{{end}}"#,
    ),
    ("build-config-digest", r#"{{index . "workflow_sha"}}"#),
    (
        "source-repository-visibility-at-signing",
        r#"{{index . "repository_visibility"}}"#,
    ),
];

const GITLAB: Texts<'static> = &[
    ("build-signer-uri", "https://{{.ci_config_ref_uri}}"),
    // Known only for a configuration that the server has itself.
    ("build-signer-digest", r#"{{index . "ci_config_sha"}}"#),
    ("runner-environment", "runner_environment"),
    ("source-repository-uri", "{{.url}}/{{.project_path}}"),
    ("source-repository-digest", "sha"),
    (
        "source-repository-ref",
        r#"refs/{{if eq .ref_type "branch"}}heads{{else}}tags{{end}}/{{.ref}}"#,
    ),
    ("source-repository-identifier", "project_id"),
    (
        "source-repository-owner-uri",
        "{{.url}}/{{.namespace_path}}",
    ),
    ("source-repository-owner-identifier", "namespace_id"),
    ("build-config-uri", "https://{{.ci_config_ref_uri}}"),
    ("build-config-digest", r#"{{index . "ci_config_sha"}}"#),
    ("build-trigger", "pipeline_source"),
    (
        "run-invocation-uri",
        "{{.url}}/{{.project_path}}/-/jobs/{{.job_id}}",
    ),
    (
        "source-repository-visibility-at-signing",
        r#"{{index . "project_visibility"}}"#,
    ),
    ("deployment-environment", r#"{{index . "environment"}}"#),
];

const FORGEJO: Texts<'static> = &[
    ("build-signer-uri", "{{.url}}/{{.workflow_ref}}"),
    ("source-repository-uri", "{{.url}}/{{.repository}}"),
    ("source-repository-digest", "sha"),
    ("source-repository-ref", "ref"),
    // Newer servers only.
    (
        "source-repository-identifier",
        r#"{{index . "repository_id"}}"#,
    ),
    (
        "source-repository-owner-uri",
        "{{.url}}/{{.repository_owner}}",
    ),
    (
        "source-repository-owner-identifier",
        r#"{{index . "repository_owner_id"}}"#,
    ),
    ("build-config-uri", "{{.url}}/{{.workflow_ref}}"),
    ("build-trigger", "event_name"),
    (
        "run-invocation-uri",
        "{{.url}}/{{.repository}}/actions/runs/{{.run_number}}",
    ),
];

/// The subject is the URL of the job, unless the administrator says otherwise.
const JENKINS: Texts<'static> = &[
    ("build-config-uri", "sub"),
    (
        "run-invocation-uri",
        r#"{{if index . "build_number"}}{{.sub}}{{.build_number}}/{{end}}"#,
    ),
];

const BUILDKITE: Texts<'static> = &[
    ("runner-environment", r#"{{index . "runner_environment"}}"#),
    ("source-repository-digest", "build_commit"),
    ("build-trigger", r#"{{index . "build_source"}}"#),
    (
        "run-invocation-uri",
        "{{.url}}/{{.organization_slug}}/{{.pipeline_slug}}/builds/{{.build_number}}#{{.job_id}}",
    ),
];

const CIRCLECI_DEFINITION: &str = r#"{{.api_url}}/projects/{{index . "oidc.circleci.com/project-id"}}/pipeline-definitions/{{index . "oidc.circleci.com/pipeline-definition-id"}}"#;

/// Of a token without these claims, the name would be everybody's; so it is none, and refused.
const CIRCLECI_NAME: &str = r#"{{if and (index . "oidc.circleci.com/project-id") (index . "oidc.circleci.com/pipeline-definition-id")}}{{.api_url}}/projects/{{index . "oidc.circleci.com/project-id"}}/pipeline-definitions/{{index . "oidc.circleci.com/pipeline-definition-id"}}{{end}}"#;

const CIRCLECI_URLS: Texts<'static> = &[
    ("api_url", "https://circleci.com/api/v2"),
    ("platform_url", "https://app.circleci.com"),
];

const CIRCLECI: Texts<'static> = &[
    ("build-signer-uri", CIRCLECI_DEFINITION),
    (
        "runner-environment",
        r#"{{if eq (index . "oidc.circleci.com/ssh-rerun") "true"}}ssh-rerun{{end}}"#,
    ),
    (
        "source-repository-uri",
        r#"{{index . "oidc.circleci.com/vcs-origin"}}"#,
    ),
    (
        "source-repository-ref",
        r#"{{index . "oidc.circleci.com/vcs-ref"}}"#,
    ),
    (
        "build-config-uri",
        r#"{{.api_url}}/pipeline/{{index . "oidc.circleci.com/pipeline-id"}}/config"#,
    ),
    (
        "run-invocation-uri",
        r#"{{.platform_url}}/workflow/{{index . "oidc.circleci.com/workflow-id"}}/job/{{index . "oidc.circleci.com/job-id"}}"#,
    ),
];
