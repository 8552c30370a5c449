//! Builds of continuous integration systems, as the file of issuers describes them.

use sigstead_x509::SubjectAlternativeName;

use super::{Identity, read_uri};
use crate::Error;
use crate::ci_provider::CiProvider;
use crate::claims::Claims;

pub(super) fn identify(claims: &Claims, provider: &CiProvider) -> Result<Identity, Error> {
    let uri = read_uri(&provider.san(claims)?)?;
    Ok(Identity {
        extensions: provider.extensions(claims)?,
        ..Identity::of(SubjectAlternativeName::Uri(uri.to_string()))
    })
}
