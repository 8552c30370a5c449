use std::sync::Arc;

use sigstead_rules::RuleError;
use sigstead_x509::FulcioExtensions;
use time::OffsetDateTime;

use crate::claims::path::PathFault;
use crate::fetch::FetchError;
use crate::template_fault::TemplateFault;

/// What stands between a token, or a file of issuers, and a principal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file of issuers is neither YAML nor JSON of the expected shape.
    #[error("the file of issuers cannot be read")]
    ConfigSyntax(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The file of issuers cannot be written.
    #[error("the file of issuers cannot be written")]
    ConfigEncode(#[source] Arc<serde_yaml::Error>),
    /// An entry of the file of issuers contradicts itself.
    #[error("issuer {issuer} in the file of issuers: {fault}")]
    ConfigInvalid {
        /// The key of the entry.
        issuer: String,
        /// What is wrong with it.
        fault: ConfigFault,
    },
    /// A provider of the file of issuers is described in a way that cannot be followed.
    #[error("provider {provider} of ci-issuer-metadata in the file of issuers: {fault}")]
    CiProviderInvalid {
        /// The key of the entry.
        provider: String,
        /// What is wrong with it.
        fault: CiProviderFault,
    },
    /// The client that fetches issuers' documents cannot be made.
    #[error("cannot make the client for issuers")]
    Client(#[source] Arc<reqwest::Error>),

    /// The token is longer than any honest one.
    #[error("the token has {bytes} bytes, more than {limit}")]
    TokenTooLarge {
        /// Its length.
        bytes: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The token is not a signed JSON Web Token in compact form.
    #[error("the token is not a signed json web token: {0}")]
    TokenMalformed(&'static str),
    /// No configured issuer has this URL.
    #[error("issuer {issuer:?} is not trusted here")]
    IssuerUnknown {
        /// The token's `iss`.
        issuer: String,
    },
    /// The token was issued for somebody else.
    #[error("the token is not for audience {expected:?}")]
    AudienceMismatch {
        /// The audience that the issuer's entry asks for.
        expected: String,
    },
    /// The token is for others too, or was issued to another party.
    #[error(
        "the token is also for {other:?}, which allow-other-audiences of its issuer does not list"
    )]
    AudienceForeign {
        /// The first of them.
        other: String,
    },
    /// The token has ended.
    #[error("the token expired at {at}")]
    TokenExpired {
        /// Its `exp`.
        at: OffsetDateTime,
    },
    /// The token has not begun.
    #[error("the token is not valid before {at}")]
    TokenNotYetValid {
        /// Its `nbf`.
        at: OffsetDateTime,
    },
    /// The token was issued in the future.
    #[error("the token says that it is issued at {at}, which is yet to come")]
    TokenNotYetIssued {
        /// Its `iat`.
        at: OffsetDateTime,
    },
    /// The token can be used for longer than a signing takes.
    #[error(
        "the token lasts until {until}, longer than the {longest_hours} hours that its issuer may give"
    )]
    TokenLastsTooLong {
        /// Its `exp`.
        until: OffsetDateTime,
        /// The longest life of a token.
        longest_hours: i64,
    },
    /// No key of the issuer bears the token's key identifier.
    #[error("the issuer publishes no key for this token")]
    KeyUnknown,
    /// No key of the issuer bears the token's key identifier, and the issuer was asked for its keys too recently to be
    /// asked again. Made-up identifiers bring this about as new ones do.
    #[error("the issuer published no key for this token less than a minute ago")]
    KeyJustAsked,
    /// The token names another algorithm than the issuer's key is for.
    #[error("the token's algorithm is not the one of the issuer's key")]
    AlgorithmMismatch,
    /// The signature does not verify under the issuer's key.
    #[error("the token's signature does not verify")]
    SignatureInvalid,
    /// A claim that the issuer type needs is not there.
    #[error("the token has no claim {claim}")]
    ClaimMissing {
        /// Name or path of the claim.
        claim: String,
    },
    /// A claim cannot be used as it is.
    #[error("claim {claim} of the token is {found}; expected {expected}")]
    ClaimInvalid {
        /// Name or path of the claim.
        claim: String,
        /// What it should be.
        expected: String,
        /// What it is, or how it begins.
        found: String,
    },
    /// The claims together give something that a certificate cannot hold.
    #[error("the {field} of the certificate would be {found}; expected {expected}")]
    ValueUnfit {
        /// The extension, or the subject alternative name.
        field: String,
        /// What it should be.
        expected: &'static str,
        /// What it would be, or how that begins.
        found: String,
    },
    /// The issuer does not vouch for the e-mail address.
    #[error("the issuer has not verified the e-mail address")]
    EmailNotVerified,
    /// No rule lets the identity have a certificate, or one forbids it.
    #[error("no rule of the issuer lets this identity have a certificate")]
    NotAllowed {
        /// What decided, for the operator and not for the caller.
        reason: String,
    },

    /// The issuer's documents cannot be had now.
    #[error("issuer {issuer} cannot be reached")]
    IssuerUnavailable {
        /// The issuer.
        issuer: String,
        /// Why.
        source: FetchError,
    },
    /// The issuer's keys are being asked for, or were a moment ago.
    #[error("issuer {issuer}: {reason}")]
    IssuerPending {
        /// The issuer.
        issuer: String,
        /// What the token would have to wait for.
        reason: &'static str,
    },
    /// The issuer's documents are not what the specifications ask for.
    #[error("issuer {issuer} publishes an unusable {document}: {reason}")]
    IssuerDocument {
        /// The issuer.
        issuer: String,
        /// Which document.
        document: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Error {
    /// Whether it is the issuer that is at fault, or away, and not the token.
    #[must_use]
    pub const fn is_the_issuers(&self) -> bool {
        matches!(
            self,
            Self::KeyJustAsked
                | Self::IssuerUnavailable { .. }
                | Self::IssuerDocument { .. }
                | Self::IssuerPending { .. }
        )
    }

    /// What an operator is told, who may see the rules.
    #[must_use]
    pub fn operator_message(&self) -> String {
        match self {
            Self::NotAllowed { reason } => reason.clone(),
            other => sigstead_kit::causes(other),
        }
    }
}

/// What is wrong with one entry of the file of issuers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// The entry's URL is not its key.
    #[error("issuer-url differs from the key of the entry, write the same url in both places")]
    UrlDiffers,
    /// The URL cannot be an issuer.
    #[error("the key is not an http or https url with a host")]
    UrlInvalid,
    /// The URL has what the `iss` of a token cannot have (OpenID Connect Core §2), or what is not for a file.
    #[error("the key has a user, a query or a fragment, write the url of the issuer without")]
    UrlParts,
    /// Every token would be accepted, whomever it is for.
    #[error("client-id is missing, write the audience that tokens must have")]
    ClientIdMissing,
    /// The claim path belongs to e-mail issuers.
    #[error("issuer-claim is only possible with type email")]
    IssuerClaimNotEmail,
    /// The claim path cannot be followed.
    #[error("issuer-claim is not a path like $.federated_claims.connector_id: {0}")]
    IssuerClaimInvalid(PathFault),
    /// The domain is missing.
    #[error("subject-domain is missing, which type uri and type username need")]
    SubjectDomainMissing,
    /// A `uri` issuer's domain is not a URL.
    #[error("subject-domain of type uri must be a url with scheme and host")]
    SubjectDomainNotUrl,
    /// A `username` issuer's domain is not a host name.
    #[error("subject-domain of type username must be a bare host name")]
    SubjectDomainNotHost,
    /// The issuer would speak for a domain that is not its own.
    #[error("subject-domain must share scheme and the last two labels with the issuer's host")]
    SubjectDomainForeign,
    /// The SPIFFE trust domain is missing or malformed.
    #[error(
        "type spiffe needs a spiffe-trust-domain of lower-case letters, digits, dots, hyphens and underscores"
    )]
    TrustDomainInvalid,
    /// More than the trust domain is written.
    #[error(
        "spiffe-trust-domain is a trust domain and not the id of a workload, leave out the path"
    )]
    TrustDomainPath,
    /// One pattern would stand for many trust domains.
    #[error("type spiffe is not possible for a meta-issuer")]
    MetaSpiffe,
    /// The keys stand in several places, and each would be the truth.
    #[error("write one of jwks, jwks-file and jwks-uri")]
    KeysTwice,
    /// The keys are of one issuer.
    #[error("jwks, jwks-file or jwks-uri is not possible for a meta-issuer")]
    MetaKeys,
    /// The URL of the keys cannot be one.
    #[error("jwks-uri is not an http or https url with a host")]
    JwksUriInvalid,
    /// The password would be sent in the open, and be shown with the entry.
    #[error("jwks-uri has a user or a password, write it without")]
    JwksUriUser,
    /// The keys that are written cannot be used.
    #[error("jwks is unusable: {0}")]
    PinnedKeysUnusable(&'static str),
    /// Nothing would be accepted.
    #[error("max-key-age and max-token-life must be longer than nothing")]
    PeriodZero,
    /// The other subjects need more than their type to be known.
    #[error("also is possible with type email, uri and username")]
    AlsoType,
    /// A token could be of two kinds.
    #[error(
        "also lists subjects that cannot be told apart; give each a client-id of its own, \
         or list one with e-mail addresses and one without"
    )]
    AlsoAmbiguous,
    /// The certificate authority is not PEM.
    #[error("ca-cert is not a pem certificate")]
    CaCertInvalid,
    /// The provider is not described in the file.
    #[error("ci-provider names no entry of ci-issuer-metadata")]
    CiProviderUnknown,
    /// A key that restricts or pins something has another name.
    #[error("nothing reads this key, correct it if it is meant to be {meant}")]
    Misspelled {
        /// The key that it looks like.
        meant: &'static str,
    },
    /// A rule cannot be taken.
    #[error("{0}")]
    Rule(RuleError),
    /// Nobody says below which arc extensions may be defined.
    #[error(
        "extensions are below extension-arc, and there is none; write it at the top of the file"
    )]
    OwnArcMissing,
    /// The arc is not the operator's.
    #[error(
        "extension-arc must be below 1.3.6.1.4.1, with the enterprise number of your organisation; the arcs of Microsoft, \
         Google and Sigstore have meanings of their own in certificates"
    )]
    OwnArcInvalid,
    /// The identifier is somebody else's, or none.
    #[error("extension {0:?} is not an object identifier below extension-arc")]
    OwnExtensionOid(String),
    /// Nothing would be in it.
    #[error("extension {0} has neither a claim nor a template")]
    OwnExtensionEmpty(String),
    /// Certificates are kept for ever.
    #[error("it has more than {0} extensions")]
    OwnExtensionsMany(usize),
    /// The template is outside of the language.
    #[error("extension {oid}: {fault}")]
    OwnExtensionTemplate {
        /// The identifier.
        oid: String,
        /// What is wrong with it, and where.
        fault: TemplateFault,
    },
}

/// What is wrong with the description of one provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CiProviderFault {
    /// Its certificates would name nobody.
    #[error("subject-alternative-name-template is missing, write what names a build")]
    SanMissing,
    /// A template is outside of the language.
    #[error("{key}: {fault}")]
    Template {
        /// Its key.
        key: String,
        /// What is wrong with it, and where.
        fault: TemplateFault,
    },
    /// There is no such extension.
    #[error("there is no extension {key}; the extensions have the names {}", names().join(", "))]
    ExtensionUnknown {
        /// The name.
        key: String,
    },
    /// Both spellings of a name are there.
    #[error("extension {key} is there in both spellings, write one")]
    ExtensionTwice {
        /// The name.
        key: String,
    },
}

fn names() -> Vec<String> {
    let names = FulcioExtensions::CLAIMS.iter();
    names.map(|name| name.replace('_', "-")).collect()
}
