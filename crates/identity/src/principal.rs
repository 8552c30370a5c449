use sigstead_x509::{FulcioExtensions, OwnExtension, SubjectAlternativeName};

use crate::certificate_uri::CertificateUri;
use crate::ci_provider::CiProviders;
use crate::claims::path::ClaimPath;
use crate::claims::{Claims, shown};
use crate::single_use::SingleUse;
use crate::{Error, IssuerConfig, IssuerType};

mod buildkite;
mod chainguard;
mod ci_provider;
mod codefresh;
mod email;
mod github;
mod gitlab;
mod kubernetes;
mod spiffe;
mod uri;
mod username;

/// An authenticated identity: proof that an issuer's token was verified, because
/// [`Issuers::verify`](crate::Issuers::verify) is the only way to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: String,
    san: SubjectAlternativeName,
    extensions: FulcioExtensions,
    rule: Option<String>,
    proof: Proof,
    single_use: Option<SingleUse>,
}

/// What a client has to sign, for the answer to one that signed something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Proof {
    kind: IssuerType,
    /// The claim whose text is the name.
    claim: &'static str,
    /// Whether the token has an address, which clients sign when they see one.
    has_address: bool,
}

/// What the rules of one issuer type make of the claims.
struct Identity {
    san: SubjectAlternativeName,
    /// What clients sign as proof of possession, if it is not the subject.
    name: Option<String>,
    /// Without issuer and subject, which come the same way for every type.
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

    /// The name of the issuer's rule that lets the identity have a certificate, if it needs one. It is for the record:
    /// who may not see the rules learns nothing of them.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// What proves possession of a key, and what a client may have signed instead: a sentence for the client.
    #[must_use]
    pub fn expected_proof(&self) -> String {
        let Proof {
            kind,
            claim,
            has_address,
        } = self.proof;
        let expected = format!(
            "expected a signature of the token's {claim} claim, which names subjects of type {}",
            kind.as_str()
        );
        if claim == "sub" && has_address {
            return format!(
                "{expected}; the token has an email claim too, which clients sign instead, so tokens of this issuer must not \
                 have one"
            );
        }
        expected
    }

    /// What must be taken out of use before there is a certificate, if the issuer's tokens are good for one.
    #[must_use]
    pub fn single_use(&self) -> Option<SingleUse> {
        self.single_use
    }

    pub(crate) fn for_single_use(self, single_use: Option<SingleUse>) -> Self {
        Self { single_use, ..self }
    }

    pub(crate) fn allowed_by(self, rule: Option<String>) -> Self {
        Self { rule, ..self }
    }

    /// With what the operator adds.
    pub(crate) fn with_extensions(mut self, own: Vec<OwnExtension>) -> Result<Self, Error> {
        for extension in &own {
            check_value(&extension.oid.to_string(), &extension.value)?;
        }
        self.extensions.own = own;
        Ok(self)
    }

    /// Makes the principal of a token that was verified for this issuer.
    pub(crate) fn from_claims(
        claims: &Claims,
        issuer: &IssuerConfig,
        providers: &CiProviders,
    ) -> Result<Self, Error> {
        let subject = claims.text("sub")?;
        let identity = match issuer.kind {
            IssuerType::Email => email::identify(claims, issuer),
            IssuerType::Uri => uri::identify(subject, issuer),
            IssuerType::Username => username::identify(subject, issuer),
            IssuerType::Spiffe => spiffe::identify(subject, issuer),
            IssuerType::Kubernetes => kubernetes::identify(claims),
            IssuerType::GithubWorkflow => github::identify(claims),
            IssuerType::GitlabPipeline => gitlab::identify(claims),
            IssuerType::BuildkiteJob => buildkite::identify(claims),
            IssuerType::CodefreshWorkflow => codefresh::identify(claims),
            IssuerType::ChainguardIdentity => chainguard::identify(claims, issuer),
            IssuerType::CiProvider => ci_provider::identify(claims, providers.of(issuer)?),
        }?;
        let has_address = claims.value("email").is_some_and(|email| !email.is_null());
        let principal = Self {
            proof: Proof {
                kind: issuer.kind,
                claim: match identity.name {
                    Some(_) => "email",
                    None => "sub",
                },
                has_address,
            },
            name: identity.name.unwrap_or_else(|| subject.to_owned()),
            san: identity.san,
            extensions: FulcioExtensions {
                issuer: named_issuer(claims, issuer)?.to_owned(),
                subject: subject.to_owned(),
                ..identity.extensions
            },
            rule: None,
            single_use: None,
        };
        principal.check()?;
        Ok(principal)
    }

    /// A certificate and every entry of it in the logs are kept for ever, and read on many screens.
    fn check(&self) -> Result<(), Error> {
        if !self.san.value().is_ascii() && !matches!(self.san, SubjectAlternativeName::OtherName(_))
        {
            return Err(unfit(SAN, "ASCII", self.san.value()));
        }
        let named = [
            ("token subject", self.subject()),
            ("issuer", self.issuer()),
            (SAN, self.san.value()),
        ];
        named
            .into_iter()
            .chain(self.extensions.claims())
            .try_for_each(|(field, value)| check_value(field, value))
    }
}

fn check_value(field: &str, value: &str) -> Result<(), Error> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(unfit(field, "at most 2048 bytes", value));
    }
    if value.chars().any(char::is_control) {
        return Err(unfit(field, "no control characters", value));
    }
    if value.chars().any(is_bidirectional_control) {
        let expected = "no characters that change the direction of text";
        return Err(unfit(field, expected, value));
    }
    Ok(())
}

impl Identity {
    /// Somebody whose certificates tell no more than issuer and subject.
    fn of(san: SubjectAlternativeName) -> Self {
        Self {
            san,
            name: None,
            extensions: FulcioExtensions::default(),
        }
    }
}

/// The issuer as the token says it, or the one behind it where the file says how to find it.
fn named_issuer<'a>(claims: &'a Claims, issuer: &'a IssuerConfig) -> Result<&'a str, Error> {
    match ClaimPath::parse(&issuer.issuer_claim) {
        Ok(path) => claims.at_path(&path),
        // The file was checked, so there is none.
        Err(_) => Ok(&issuer.issuer_url),
    }
}

/// A URL that claims were put together to.
fn read_uri(text: &str) -> Result<CertificateUri, Error> {
    CertificateUri::parse(text).map_err(|fault| Error::ValueUnfit {
        field: SAN.to_owned(),
        expected: "a URL with a scheme and a host",
        found: format!("{}, {fault}", shown(text)),
    })
}

/// The URL whose path goes on with these claims.
fn join(base: &CertificateUri, elements: &[&str]) -> Result<String, Error> {
    // Fulcio writes them as escapes, which readers undo: behind a NUL some see the end of the name.
    if let Some(found) = elements.iter().find(|text| text.contains(char::is_control)) {
        return Err(unfit("url", "no control characters", found));
    }
    let joined = base.join(elements).map_err(|fault| Error::ValueUnfit {
        field: "url".to_owned(),
        expected: "claims that can stand in a path",
        found: format!("{base} with {}, {fault}", shown(&elements.join("/"))),
    })?;
    Ok(joined.to_string())
}

fn unfit(field: &str, expected: &'static str, found: &str) -> Error {
    Error::ValueUnfit {
        field: field.replace('_', " "),
        expected,
        found: shown(found),
    }
}

/// The property `Bidi_Control` of Unicode (UAX #9). Such a character lets one name pass for another.
fn is_bidirectional_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

const SAN: &str = "subject alternative name";

/// `OpenID` Connect Core §2 allows a subject 255 ASCII characters, and workloads are named by URIs that
/// are longer.
const MAX_VALUE_BYTES: usize = 2048;

#[cfg(test)]
mod native_tests;
#[cfg(test)]
mod tests;
