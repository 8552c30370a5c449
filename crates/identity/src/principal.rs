use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};
use url::Url;

use crate::claims::{ClaimPath, Claims};
use crate::email::is_email_address;
use crate::{Error, IssuerConfig, IssuerType, subject_domain};

/// An authenticated identity: proof that an issuer's token was verified, because
/// [`Issuers::verify`](crate::Issuers::verify) is the only way to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: String,
    san: SubjectAlternativeName,
    extensions: FulcioExtensions,
}

impl Principal {
    /// The text whose signature proves possession of a key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the certificate certifies.
    #[must_use]
    pub fn san(&self) -> &SubjectAlternativeName {
        &self.san
    }

    /// Who vouched for the identity, and with which claims.
    #[must_use]
    pub fn extensions(&self) -> &FulcioExtensions {
        &self.extensions
    }

    /// The issuer as certificates name it: the token's, or the one that the issuer federates.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.extensions.issuer
    }

    /// The token's `sub`, as it stands there.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.extensions.subject
    }

    /// Makes the principal of a token that was verified for this issuer.
    pub(crate) fn from_claims(claims: &Claims, issuer: &IssuerConfig) -> Result<Self, Error> {
        let subject = certifiable(claims.text("sub")?)?;
        let san = match issuer.kind {
            IssuerType::Email => email(claims, issuer)?,
            IssuerType::Uri => uri(subject, issuer)?,
            IssuerType::Username => username(subject, issuer)?,
            kind => {
                return Err(Error::TypesNotServed {
                    issuers: vec![(issuer.issuer_url.clone(), kind)],
                });
            }
        };
        let name = match &san {
            SubjectAlternativeName::Email(address) => address.clone(),
            SubjectAlternativeName::Uri(_) | SubjectAlternativeName::OtherName(_) => {
                subject.to_owned()
            }
        };
        let issuer = match ClaimPath::parse(&issuer.issuer_claim) {
            Some(path) => claims.at_path(&path)?,
            None => &issuer.issuer_url,
        };
        Ok(Self {
            name,
            san,
            extensions: FulcioExtensions {
                issuer: issuer.to_owned(),
                subject: subject.to_owned(),
                ..FulcioExtensions::default()
            },
        })
    }
}

impl IssuerType {
    /// Whether principals of this type are made here.
    #[must_use]
    pub fn is_served(self) -> bool {
        matches!(self, Self::Email | Self::Uri | Self::Username)
    }
}

fn email(claims: &Claims, issuer: &IssuerConfig) -> Result<SubjectAlternativeName, Error> {
    let address = claims.text("email")?;
    if !issuer.skip_email_verification && !claims.is_email_verified() {
        return Err(Error::EmailNotVerified);
    }
    if !is_email_address(address) {
        return Err(Error::ClaimInvalid {
            claim: "email",
            reason: "is not an e-mail address",
        });
    }
    Ok(SubjectAlternativeName::Email(address.to_owned()))
}

fn uri(subject: &str, issuer: &IssuerConfig) -> Result<SubjectAlternativeName, Error> {
    let invalid = |reason| Error::ClaimInvalid {
        claim: "sub",
        reason,
    };
    if is_email_address(subject) {
        return Err(invalid(
            "is an e-mail address, which this issuer may not certify",
        ));
    }
    let url = Url::parse(subject).map_err(|_| invalid("is not a uri"))?;
    // An IA5String holds no other bytes, and a URI has none (RFC 3986 §2).
    if !subject.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("is not a uri"));
    }
    // What the certificate says is this text, and readers differ about texts that are not in the
    // form that the host was compared in.
    if !subject.starts_with(issuer.subject_domain.trim_end_matches('/'))
        || !subject_domain::covers(&issuer.subject_domain, &url)
    {
        return Err(invalid("is not below the subject domain of its issuer"));
    }
    Ok(SubjectAlternativeName::Uri(subject.to_owned()))
}

fn username(subject: &str, issuer: &IssuerConfig) -> Result<SubjectAlternativeName, Error> {
    let invalid = |reason| Error::ClaimInvalid {
        claim: "sub",
        reason,
    };
    if subject.contains('!') {
        return Err(invalid(
            "contains an exclamation mark, which separates name and domain",
        ));
    }
    if is_email_address(subject) {
        return Err(invalid(
            "is an e-mail address, which this issuer may not certify",
        ));
    }
    Ok(SubjectAlternativeName::OtherName(format!(
        "{subject}!{}",
        issuer.subject_domain
    )))
}

/// A control character in a certificate or an audit record reads differently on every screen, and a
/// bidirectional one lets a subject pass for another.
fn certifiable(subject: &str) -> Result<&str, Error> {
    let invalid = |reason| Error::ClaimInvalid {
        claim: "sub",
        reason,
    };
    if subject.len() > MAX_SUBJECT_BYTES {
        return Err(invalid("is longer than 2048 bytes"));
    }
    if subject.chars().any(char::is_control) {
        return Err(invalid("contains control characters"));
    }
    if subject.chars().any(is_bidirectional_control) {
        return Err(invalid(
            "contains characters that change the direction of text",
        ));
    }
    Ok(subject)
}

/// The property `Bidi_Control` of Unicode (UAX #9).
fn is_bidirectional_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// `OpenID` Connect Core §2 allows 255 ASCII characters, and workloads are named by URIs that are
/// longer. A certificate and every entry of it in the logs are kept for ever, so there is a bound.
const MAX_SUBJECT_BYTES: usize = 2048;

#[cfg(test)]
mod tests;
