use std::path::PathBuf;
use std::time::Duration;

use sigstead_key::Algorithm;
use sigstead_kit::{Kind, Problem, causes};

use crate::ct_log::CtLogError;

/// What stands between a request and a certificate, or between a configuration and a service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not a request.
    #[error("the request is malformed: {0}")]
    RequestMalformed(&'static str),
    /// The token is missing or refused, or its issuer cannot be asked.
    #[error("the identity token was not accepted")]
    Token(#[source] sigstead_identity::Error),
    /// The public key cannot be read.
    #[error("the public key cannot be read")]
    KeyMalformed(#[source] sigstead_key::Error),
    /// The public key is weak.
    #[error("the public key is insecure")]
    KeyInsecure(#[source] sigstead_key::Error),
    /// The proof of possession does not verify; what was expected.
    #[error("the proof of possession does not verify: {0}")]
    PossessionUnproven(String),
    /// The certification request cannot be read.
    #[error("the certification request cannot be read")]
    CertificateRequestMalformed(#[source] sigstead_x509::Error),

    /// The key is of an algorithm that the configuration does not allow.
    #[error("keys of {} are not certified here", _0.key_details())]
    KeyNotAllowed(Algorithm),
    /// The key is the authority's own, or a log's.
    #[error("the public key is one of this instance")]
    KeyOfInstance,

    /// An authority of the chain may not certify the identity.
    #[error("an authority of this instance may not certify the identity of the token")]
    IdentityConstrained(#[source] sigstead_x509::Error),
    /// Too many certificates are being issued at this moment.
    #[error("too many certificates are being issued")]
    TooManyUnderWay,
    /// A certificate of the authority's chain does not cover the time of the one to be issued.
    #[error("{0}")]
    ChainOver(String),
    /// The issuance cannot be recorded.
    #[error("the issuance cannot be recorded")]
    Record(#[source] sigstead_issuance::Error),
    /// The record did not make a state durable in time.
    #[error("the issuance record did not answer in time")]
    RecordLate,
    /// The token is good for one certificate, and was used.
    #[error("the token was used before, and its issuer's tokens are good for one certificate")]
    TokenUsed,
    /// It cannot be recorded that the token is used.
    #[error("the use of the token cannot be recorded")]
    TokenUses(#[source] sigstead_issuance::UseError),
    /// The use of the token was not made durable in time.
    #[error("the use of the token was not recorded in time")]
    TokenUseLate,
    /// The record cannot be read, or not from the place that was named.
    #[error("the issuance record cannot be read")]
    ReadRecord(#[source] sigstead_issuance::Error),
    /// No issuance has this identifier or serial number.
    #[error("the record has no such issuance")]
    IssuanceUnknown,
    /// The issuance broke off.
    #[error("the issuance broke off")]
    Task(#[source] tokio::task::JoinError),
    /// The certificate would break its profile, as when the authority itself is about to end.
    #[error("the certificate cannot be laid out")]
    Profile(#[source] sigstead_x509::Error),
    /// The key did not sign.
    #[error("the authority's key did not sign")]
    Signing(#[source] sigstead_signer::Error),
    /// The key did not sign in time.
    #[error("the authority's key did not sign in time")]
    SigningLate,
    /// What the key signed is not a signature of it, or not of these bytes.
    #[error("the authority's key gave a signature that cannot be used")]
    SignatureUnusable(#[source] sigstead_x509::Error),
    /// The system gives no randomness.
    #[error("there is no randomness for a serial number")]
    Randomness,
    /// The CT log did not take the precertificate, or its answer is not acceptable.
    #[error("the certificate could not be entered into the ct log")]
    CtLog(#[source] CtLogError),

    /// A file of the configuration cannot be read.
    #[error("E-CA-015: cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of successors cannot be used.
    #[error("E-CA-015: cannot use the file of successors")]
    Successors(#[source] Box<sigstead_kit::ConfigError>),
    /// A certificate of a successor's chain does not cover what it would issue first.
    #[error("E-CA-015: a successor cannot issue when it begins: {0}")]
    SuccessorLate(String),
    /// The certificate chain is not PEM of certificates.
    #[error("E-CA-003: the chain cannot be read")]
    ChainMalformed(#[source] sigstead_x509::Error),
    /// Clients would refuse the certificate chain.
    #[error("E-CA-003: certificate {position} of the chain {reason}")]
    ChainRefused {
        /// Which one, from one.
        position: usize,
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// The signing key and the chain do not belong together.
    #[error(
        "E-CA-002: the chain's first certificate is for key {certificate}, the configured key is {key}; \
         configure the key and the certificate of one authority"
    )]
    KeyMismatch {
        /// Fingerprint of the certificate's key.
        certificate: String,
        /// Fingerprint of the signing key.
        key: String,
    },
    /// The signing key cannot be opened.
    #[error("E-CA-015: the signing key cannot be opened")]
    OpenKey(#[source] sigstead_signer::Error),
    /// The file of issuers cannot be used.
    #[error("E-CA-015: the issuers cannot be taken")]
    Issuers(#[source] sigstead_identity::Error),
    /// The file of CT logs cannot be used.
    #[error("E-CA-015: cannot use the file of ct logs")]
    CtLogFile(#[source] Box<sigstead_kit::ConfigError>),
    /// The CT log's public key cannot be read.
    #[error("E-CA-015: {path} is not the public key of a ct log")]
    CtLogKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sigstead_key::Error,
    },
    /// SCTs cannot be signed with a key of this kind, so no answer of the log would verify.
    #[error("E-CA-015: {path} is no key for a ct log; the log needs one on P-256, or rsa")]
    CtLogKeyKind {
        /// The file.
        path: PathBuf,
    },
    /// The CT log's URL cannot be extended.
    #[error("E-CA-015: {0} cannot be the url of a ct log")]
    CtLogUrl(url::Url),
    /// The record cannot be opened.
    #[error("E-CA-015: the issuance record cannot be opened")]
    OpenRecord(#[source] sigstead_issuance::Error),
    /// The HTTP client cannot be made.
    #[error("E-CA-015: cannot make the client for issuers and ct log")]
    Client(#[source] sigstead_kit::Error),
    /// A metric's name is taken.
    #[error("E-CA-015: cannot register the metrics")]
    Metrics(#[source] prometheus::Error),
}

impl From<Error> for Problem {
    /// Fulcio answers every fault of the caller with `InvalidArgument`, tokens included, and clients
    /// expect no other status. Its fixed sentences open the messages.
    fn from(error: Error) -> Self {
        match &error {
            Error::RequestMalformed(what) => refused(
                "E-CA-001",
                format!("The request could not be parsed: {what}"),
                &error,
            ),
            Error::Token(token) => token_problem(token),
            Error::KeyMalformed(_) => refused("E-CA-005", KEY_MALFORMED, &error),
            Error::KeyInsecure(_) => refused("E-CA-006", KEY_INSECURE, &error),
            Error::PossessionUnproven(expected) => refused(
                "E-CA-007",
                format!("{POSSESSION_UNPROVEN}: {expected}"),
                &error,
            ),
            Error::CertificateRequestMalformed(_) => {
                refused("E-CA-008", CERTIFICATE_REQUEST_MALFORMED, &error)
            }
            Error::KeyNotAllowed(_) => refused(
                "E-CA-031",
                format!("{KEY_INSECURE}: {error}; make one of another kind"),
                &error,
            ),
            Error::KeyOfInstance => refused(
                "E-CA-032",
                format!("{KEY_INSECURE}: {error}; make a new one"),
                &error,
            ),
            Error::CtLog(log) => ct_log_problem(log, &error),
            Error::ReadRecord(wrong @ sigstead_issuance::Error::CursorMalformed(_)) => {
                refused("E-CA-001", wrong.to_string(), &error)
            }
            Error::ReadRecord(_) => Self::internal("E-CA-036", causes(&error)),
            Error::TokenUsed => {
                let message = format!("{TOKEN_REFUSED}: {error}; get a new one from the issuer");
                Self::new(Kind::AlreadyExists, "E-CA-041", message)
            }
            Error::TokenUses(sigstead_issuance::UseError::Damaged { .. }) => {
                put_off("E-CA-043", USE_NOT_RECORDED, RECORD_RETRY, &error)
            }
            Error::TokenUses(_) | Error::TokenUseLate => {
                put_off("E-CA-042", USE_NOT_RECORDED, RECORD_RETRY, &error)
            }
            Error::IssuanceUnknown => Self::new(Kind::NotFound, "E-CA-035", ISSUANCE_UNKNOWN),
            Error::IdentityConstrained(_) => {
                Self::new(Kind::PermissionDenied, "E-CA-037", IDENTITY_CONSTRAINED)
                    .with_detail(causes(&error))
            }
            Error::TooManyUnderWay => put_off("E-CA-039", TOO_MANY, BUSY_RETRY, &error),
            Error::RecordLate => put_off("E-CA-038", NOT_RECORDED, RECORD_RETRY, &error),
            Error::Record(sigstead_issuance::Error::Damaged { .. }) => {
                put_off("E-CA-040", NOT_RECORDED, RECORD_RETRY, &error)
            }
            Error::Record(_) => put_off("E-CA-030", NOT_RECORDED, RECORD_RETRY, &error),
            Error::Signing(failed) if failed.may_pass() => {
                put_off("E-CA-044", KEY_AWAY, AWAY_RETRY, &error)
            }
            Error::Signing(_)
            | Error::SigningLate
            | Error::SignatureUnusable(_)
            | Error::Task(_)
            | Error::Randomness => fault("E-CA-011", AUTHORITY_FAILED, &error),
            Error::Profile(_) | Error::ChainOver(_) => fault("E-CA-012", AUTHORITY_FAILED, &error),
            // These end the start, so no caller sees them.
            Error::Read { .. }
            | Error::Successors(_)
            | Error::SuccessorLate(_)
            | Error::ChainMalformed(_)
            | Error::ChainRefused { .. }
            | Error::KeyMismatch { .. }
            | Error::OpenKey(_)
            | Error::Issuers(_)
            | Error::CtLogFile(_)
            | Error::CtLogKey { .. }
            | Error::CtLogKeyKind { .. }
            | Error::CtLogUrl(_)
            | Error::OpenRecord(_)
            | Error::Client(_)
            | Error::Metrics(_) => Self::internal("E-CA-015", causes(&error)),
        }
    }
}

fn ct_log_problem(log: &CtLogError, error: &Error) -> Problem {
    let retry_after = match log {
        CtLogError::Resting { again_in } => *again_in,
        CtLogError::Unreachable(_)
        | CtLogError::Late
        | CtLogError::NoTime
        | CtLogError::Failing { .. } => CT_LOG_RETRY,
        // These do not pass by themselves.
        CtLogError::Refused { .. } => return fault("E-CA-009", CT_LOG_FAILED, error),
        CtLogError::NoLog => return fault("E-CA-053", NO_CT_LOG, error),
        CtLogError::Malformed(_) | CtLogError::Unverified(_) | CtLogError::OutOfTime { .. } => {
            return fault("E-CA-033", CT_LOG_FAILED, error);
        }
    };
    Problem::new(Kind::Unavailable, "E-CA-010", CT_LOG_FAILED)
        .with_retry_after(retry_after)
        .with_detail(causes(error))
}

fn token_problem(error: &sigstead_identity::Error) -> Problem {
    use sigstead_identity::Error as Token;
    let (code, remedy) = match error {
        Token::TokenTooLarge { .. } | Token::TokenMalformed(_) => {
            ("E-CA-004", "send the identity token as the issuer gave it")
        }
        Token::IssuerUnknown { .. } => (
            "E-CA-004",
            "use an issuer of /api/v2/configuration or ask the operator to add this one",
        ),
        Token::AudienceMismatch { .. } | Token::AudienceForeign { .. } => (
            "E-CA-004",
            "ask the issuer for a token with the audience of /api/v2/configuration",
        ),
        Token::TokenExpired { .. }
        | Token::TokenNotYetValid { .. }
        | Token::TokenNotYetIssued { .. }
        | Token::TokenLastsTooLong { .. } => (
            "E-CA-004",
            "get a new token, and compare the clocks if a new one is refused too",
        ),
        Token::KeyUnknown | Token::AlgorithmMismatch | Token::SignatureInvalid => {
            ("E-CA-004", "get a new token from the issuer")
        }
        Token::ClaimMissing { .. }
        | Token::ClaimInvalid { .. }
        | Token::ValueUnfit { .. }
        | Token::EmailNotVerified => (
            "E-CA-004",
            "ask the issuer's operator for tokens with the claims of the issuer's type",
        ),
        Token::NotAllowed { reason } => {
            // The span of the request names it, by the number that the answer carries.
            tracing::info!(reason, "the rules of an issuer refused a certificate");
            let message = format!("{TOKEN_REFUSED}: {error}; {NOT_ALLOWED_REMEDY}");
            return Problem::new(Kind::PermissionDenied, "E-CA-034", message).with_detail(reason);
        }
        // Anybody who makes a token up gets this answer. It has a code of its own, so that its lines in the log hide none
        // of an issuer that is away.
        Token::KeyJustAsked => {
            return Problem::new(Kind::Unavailable, "E-CA-016", KEY_JUST_ASKED)
                .with_retry_after(KEY_RETRY);
        }
        Token::IssuerUnavailable { .. }
        | Token::IssuerDocument { .. }
        | Token::IssuerPending { .. } => {
            let message =
                "The issuer of the identity token cannot be asked for its keys; try again later";
            return Problem::new(Kind::Unavailable, "E-CA-013", message).with_detail(causes(error));
        }
        // These end the start.
        Token::ConfigSyntax(_)
        | Token::ConfigEncode(_)
        | Token::ConfigInvalid { .. }
        | Token::CiProviderInvalid { .. }
        | Token::Client(_) => {
            return Problem::internal("E-CA-015", causes(error));
        }
    };
    let message = format!("{TOKEN_REFUSED}: {error}; {remedy}");
    Problem::new(Kind::InvalidArgument, code, message).with_detail(causes(error))
}

fn refused(code: &'static str, message: impl Into<String>, error: &Error) -> Problem {
    Problem::new(Kind::InvalidArgument, code, message).with_detail(causes(error))
}

fn put_off(
    code: &'static str,
    message: &'static str,
    retry_after: Duration,
    error: &Error,
) -> Problem {
    Problem::new(Kind::Unavailable, code, message)
        .with_retry_after(retry_after)
        .with_detail(causes(error))
}

fn fault(code: &'static str, message: &'static str, error: &Error) -> Problem {
    Problem::new(Kind::Internal, code, message).with_detail(causes(error))
}

/// When to come back to a log that did not answer: a restart takes so long.
const CT_LOG_RETRY: Duration = Duration::from_secs(2);
/// A token that was pulled out is not back in a moment.
const AWAY_RETRY: Duration = Duration::from_secs(5);
/// Then the issuer may be asked again.
const KEY_RETRY: Duration = Duration::from_secs(60);
/// A disk that is full does not empty itself in a moment.
const RECORD_RETRY: Duration = Duration::from_secs(10);
/// An issuance takes some milliseconds; one that others hold up, at most five seconds.
const BUSY_RETRY: Duration = Duration::from_secs(1);
const IDENTITY_CONSTRAINED: &str = "An authority above this instance's may not certify the identity of the token, so that every verifier would refuse \
     the certificate; use another identity, or ask the operator";
const TOO_MANY: &str = "Too many certificates are being issued at this moment; try again";
const ISSUANCE_UNKNOWN: &str = "The record has no issuance of this identifier or serial number; those beyond the retention are gone";
const NOT_RECORDED: &str =
    "The issuance cannot be recorded, and without that no certificate is issued; try again later";
const USE_NOT_RECORDED: &str = "The use of the identity token cannot be recorded, and it is good for one certificate; try again later";
const NOT_ALLOWED_REMEDY: &str = "ask the operator, who sees which rule decided";
const TOKEN_REFUSED: &str = "There was an error processing the identity token";
const KEY_JUST_ASKED: &str = "The issuer of the identity token published no key for it less than a minute ago; try again in a minute";
const KEY_MALFORMED: &str = "The public key supplied in the request could not be parsed";
const KEY_INSECURE: &str = "The public key supplied in the request is insecure";
const POSSESSION_UNPROVEN: &str = "The signature supplied in the request could not be verified";
const CERTIFICATE_REQUEST_MALFORMED: &str = "The certificate signing request could not be parsed";
const CT_LOG_FAILED: &str = "Error entering certificate in CTL";
/// Nothing is signed then; only the operator can open the log that is missing.
const NO_CT_LOG: &str = "Error entering certificate in CTL: no log takes certificates that end at this time; the operator has to open one";
const KEY_AWAY: &str = "The key of the authority does not answer; try again";
const AUTHORITY_FAILED: &str = "error communicating with CA backend";
