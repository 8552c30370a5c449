//! Codefresh, as Fulcio knew it before providers were described in the file.

use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

use super::{Identity, join, read_uri};
use crate::Error;
use crate::claims::Claims;

pub(super) fn identify(claims: &Claims) -> Result<Identity, Error> {
    let platform = claims.optional_text("platform_url")?;
    let platform = read_uri(platform.unwrap_or("https://g.codefresh.io"))?;
    let optional = |claim: &str| Ok::<_, Error>(claims.optional_text(claim)?.map(str::to_owned));
    let pipeline = format!(
        "{}:{}/{}",
        claims.text("pipeline_name")?,
        claims.text("account_id")?,
        claims.text("pipeline_id")?
    );
    let san = join(&platform, &[claims.text("account_name")?, &pipeline])?;
    let build = join(&platform, &["build", claims.text("workflow_id")?])?;
    let definition = ["api/pipelines", claims.text("pipeline_id")?];
    let extensions = FulcioExtensions {
        build_signer_uri: Some(build.clone()),
        runner_environment: optional("runner_environment")?,
        source_repository_uri: optional("scm_repo_url")?,
        source_repository_ref: optional("scm_ref")?,
        build_config_uri: Some(join(&platform, &definition)?),
        run_invocation_uri: Some(build),
        ..FulcioExtensions::default()
    };
    Ok(Identity {
        extensions,
        ..Identity::of(SubjectAlternativeName::Uri(san))
    })
}
