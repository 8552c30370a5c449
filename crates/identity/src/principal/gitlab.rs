//! GitLab CI of gitlab.com, as Fulcio knew it before providers were described in the file.

use serde_json::Value;
use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

use super::{Identity, join, read_uri};
use crate::Error;
use crate::claims::{Claims, invalid};

pub(super) fn identify(claims: &Claims) -> Result<Identity, Error> {
    let gitlab = read_uri("https://gitlab.com/")?;
    let owned = |claim: &str| claims.text(claim).map(str::to_owned);
    let optional = |claim: &str| Ok::<_, Error>(claims.optional_text(claim)?.map(str::to_owned));
    // Asked for, and in no extension.
    claims.text("pipeline_id")?;
    check_runner(claims)?;
    // The claim has no scheme.
    let config = format!("https://{}", claims.text("ci_config_ref_uri")?);
    let config = read_uri(&config)?.to_string();
    let project = claims.text("project_path")?;
    let job = [project, "/-/jobs/", claims.text("job_id")?];
    let extensions = FulcioExtensions {
        build_signer_uri: Some(config.clone()),
        build_signer_digest: optional("ci_config_sha")?,
        runner_environment: Some(owned("runner_environment")?),
        source_repository_uri: Some(join(&gitlab, &[project])?),
        source_repository_digest: Some(owned("sha")?),
        source_repository_ref: Some(git_ref(claims)?),
        source_repository_identifier: Some(owned("project_id")?),
        source_repository_owner_uri: Some(join(&gitlab, &[claims.text("namespace_path")?])?),
        source_repository_owner_identifier: Some(owned("namespace_id")?),
        build_config_uri: Some(config.clone()),
        build_config_digest: optional("ci_config_sha")?,
        build_trigger: Some(owned("pipeline_source")?),
        run_invocation_uri: Some(join(&gitlab, &job)?),
        source_repository_visibility_at_signing: optional("project_visibility")?,
        ..FulcioExtensions::default()
    };
    Ok(Identity {
        extensions,
        ..Identity::of(SubjectAlternativeName::Uri(config))
    })
}

fn check_runner(claims: &Claims) -> Result<(), Error> {
    match claims.value("runner_id") {
        Some(Value::Number(id)) if id.as_i64().is_some_and(|id| id != 0) => Ok(()),
        None | Some(Value::Null) => Err(Error::ClaimMissing {
            claim: "runner_id".to_owned(),
        }),
        Some(found) => Err(invalid("runner_id", "a whole number that is not 0", found)),
    }
}

fn git_ref(claims: &Claims) -> Result<String, Error> {
    let name = claims.text("ref")?;
    match claims.text("ref_type")? {
        "branch" => Ok(format!("refs/heads/{name}")),
        "tag" => Ok(format!("refs/tags/{name}")),
        found => Err(invalid("ref_type", "branch or tag", &Value::from(found))),
    }
}
