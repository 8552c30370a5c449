//! GitHub Actions, as Fulcio knew it before providers were described in the file.

use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

use super::{Identity, join, read_uri};
use crate::Error;
use crate::claims::Claims;

pub(super) fn identify(claims: &Claims) -> Result<Identity, Error> {
    let github = read_uri("https://github.com/")?;
    let owned = |claim: &str| claims.text(claim).map(str::to_owned);
    let url = |claim: &str| join(&github, &[claims.text(claim)?]);
    let run = [
        claims.text("repository")?,
        "actions/runs",
        claims.text("run_id")?,
        "attempts",
        claims.text("run_attempt")?,
    ];
    let workflow = url("job_workflow_ref")?;
    let extensions = FulcioExtensions {
        github_workflow_trigger: Some(owned("event_name")?),
        github_workflow_sha: Some(owned("sha")?),
        github_workflow_name: Some(owned("workflow")?),
        github_workflow_repository: Some(owned("repository")?),
        github_workflow_ref: Some(owned("ref")?),
        build_signer_uri: Some(workflow.clone()),
        build_signer_digest: Some(owned("job_workflow_sha")?),
        runner_environment: Some(owned("runner_environment")?),
        source_repository_uri: Some(url("repository")?),
        source_repository_digest: Some(owned("sha")?),
        source_repository_ref: Some(owned("ref")?),
        source_repository_identifier: Some(owned("repository_id")?),
        source_repository_owner_uri: Some(url("repository_owner")?),
        source_repository_owner_identifier: Some(owned("repository_owner_id")?),
        build_config_uri: Some(url("workflow_ref")?),
        build_config_digest: Some(owned("workflow_sha")?),
        build_trigger: Some(owned("event_name")?),
        run_invocation_uri: Some(join(&github, &run)?),
        source_repository_visibility_at_signing: Some(owned("repository_visibility")?),
        ..FulcioExtensions::default()
    };
    Ok(Identity {
        extensions,
        ..Identity::of(SubjectAlternativeName::Uri(workflow))
    })
}
