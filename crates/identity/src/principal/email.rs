//! People, by an address that their issuer has verified.

use serde_json::Value;
use sigstead_x509::SubjectAlternativeName;

use super::Identity;
use crate::claims::{Claims, invalid};
use crate::email::is_email_address;
use crate::{Error, IssuerConfig};

pub(super) fn identify(claims: &Claims, issuer: &IssuerConfig) -> Result<Identity, Error> {
    let address = claims.text("email")?;
    if !issuer.skip_email_verification {
        claims.check_email_verified()?;
    }
    if !is_email_address(address) {
        let found = Value::from(address);
        return Err(invalid("email", "an e-mail address", &found));
    }
    Ok(Identity {
        name: Some(address.to_owned()),
        ..Identity::of(SubjectAlternativeName::Email(address.to_owned()))
    })
}
