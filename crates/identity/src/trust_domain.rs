use crate::claims::Claims;
use crate::config::{IssuerConfig, IssuerType};
use crate::error::Error;
use crate::spiffe_id::SCHEME;

/// The issuer of a token that names none, as those of SPIFFE workloads often do not: the one whose trust domain the subject
/// is of, unless there are several.
pub(crate) fn issuer_of<'a, T>(
    claims: &Claims,
    issuers: impl Iterator<Item = (&'a IssuerConfig, T)>,
) -> Result<T, Error> {
    let missing = || Error::ClaimMissing {
        claim: "iss".to_owned(),
    };
    let subject = claims.text("sub").map_err(|_| missing())?;
    let id = subject.strip_prefix(SCHEME).ok_or_else(missing)?;
    let domain = id.split('/').next().unwrap_or_default();
    let is_of_domain = |issuer: &IssuerConfig| {
        let own = &issuer.spiffe_trust_domain;
        issuer.kind == IssuerType::Spiffe && own.strip_prefix(SCHEME).unwrap_or(own) == domain
    };
    let mut found = issuers.filter(|(issuer, _)| is_of_domain(issuer));
    match (found.next(), found.next()) {
        (Some((_, issuer)), None) => Ok(issuer),
        _ => Err(missing()),
    }
}
