//! Buildkite, as Fulcio knew it before providers were described in the file.

use sigstead_x509::SubjectAlternativeName;

use super::{Identity, read_uri};
use crate::Error;
use crate::claims::Claims;

pub(super) fn identify(claims: &Claims) -> Result<Identity, Error> {
    let organization = claims.text("organization_slug")?;
    let pipeline = claims.text("pipeline_slug")?;
    let uri = read_uri(&format!("https://buildkite.com/{organization}/{pipeline}"))?;
    Ok(Identity::of(SubjectAlternativeName::Uri(uri.to_string())))
}
