//! Identities of Chainguard, by issuer and subject.

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::{Identity, join, read_uri};
use crate::claims::{Claims, invalid};
use crate::{Error, IssuerConfig};

pub(super) fn identify(claims: &Claims, issuer: &IssuerConfig) -> Result<Identity, Error> {
    check_actor(claims)?;
    let uri = join(&read_uri(&issuer.issuer_url)?, &[claims.text("sub")?])?;
    Ok(Identity {
        name: signed_name(claims)?,
        ..Identity::of(SubjectAlternativeName::Uri(uri))
    })
}

/// Clients sign the address of a token that has one, and no client signs for one that is not verified.
fn signed_name(claims: &Claims) -> Result<Option<String>, Error> {
    let Some(address) = claims.optional_text("email")? else {
        return Ok(None);
    };
    claims.check_email_verified()?;
    Ok(Some(address.to_owned()))
}

fn check_actor(claims: &Claims) -> Result<(), Error> {
    let expected = "an object of texts";
    match claims.value("act") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(members)) => match members.values().find(|value| !value.is_string()) {
            None => Ok(()),
            Some(found) => Err(invalid("act", expected, found)),
        },
        Some(found) => Err(invalid("act", expected, found)),
    }
}
