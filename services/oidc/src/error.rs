use std::time::Duration;

use sigstead_kit::{Kind, Problem, causes};

use crate::connector::ldap::fault::DirectoryError;
use crate::connector::provider::fault::ProviderError;
use crate::email_address::{EmailAddress, EmailAddressError};

mod sentence;
mod start;
mod table;
mod told;

pub use start::StartError;
pub(crate) use table::Row;
pub(crate) use told::Told;

/// Why a request of the issuer is refused or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // The request, of every kind.
    /// A parameter is missing.
    #[error("the parameter {name} is missing")]
    ParameterMissing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter was sent twice (RFC 6749 §3.1).
    #[error("the parameter {name} stands twice")]
    ParameterRepeated {
        /// Its name.
        name: &'static str,
    },
    /// A parameter is not what it should be.
    #[error("the parameter {name} cannot be used: {reason}")]
    ParameterInvalid {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The body is not a form.
    #[error("the body is not a form")]
    BodyNotAForm,
    /// No client of that id is configured.
    #[error("the client is unknown")]
    ClientUnknown,
    /// The redirect URI is not one of the client's.
    #[error("the redirect uri is not registered for the client")]
    RedirectUnregistered,
    /// Only `code` is offered.
    #[error("the response type is not supported")]
    ResponseTypeUnsupported,
    /// The scope lacks `openid`.
    #[error("the scope does not contain openid")]
    ScopeInvalid,
    /// There is no code challenge.
    #[error("the code challenge is missing")]
    ChallengeMissing,
    /// The code challenge is not of method S256.
    #[error("the code challenge method is not S256")]
    ChallengeMethodUnsupported,
    /// The client asked for an answer without a page, and a page is needed.
    #[error("the person has to sign in")]
    LoginRequired,
    /// As before, with somebody signed in who has to confirm.
    #[error("the person has to confirm")]
    InteractionRequired,

    // The token endpoint.
    /// The client did not prove who it is.
    #[error("the client authentication failed")]
    ClientAuthentication,
    /// The grant type is unknown.
    #[error("the grant type is not supported")]
    GrantTypeUnsupported,
    /// The grant type is not the client's.
    #[error("the client may not use this grant")]
    GrantForbidden,
    /// There is no such code.
    #[error("the code is unknown")]
    CodeUnknown,
    /// The code was redeemed too late.
    #[error("the code has expired")]
    CodeExpired,
    /// The code was redeemed before. Whatever it led to is revoked.
    #[error("the code was redeemed before")]
    CodeReplayed,
    /// The code was issued to another client.
    #[error("the code belongs to another client")]
    CodeOfOtherClient,
    /// The redirect URI is not that of the authorization request.
    #[error("the redirect uri is not that of the authorization request")]
    RedirectDiffers,
    /// The verifier does not answer the challenge.
    #[error("the code verifier does not answer the challenge")]
    VerifierWrong,
    /// The person behind the grant is gone, or has a new password.
    #[error("the account behind the grant has changed")]
    AccountChanged,
    /// The refresh token is unknown, used, expired or revoked.
    #[error("the refresh token cannot be used")]
    RefreshRefused,
    /// A token of ours that somebody shows is none, has ended or was revoked.
    #[error("the token cannot be used")]
    TokenRefused,
    /// The token is a workload's.
    #[error("the token is of no person")]
    TokenOfNoPerson,
    /// The token was issued to another client.
    #[error("the token belongs to another client")]
    TokenOfOtherClient,

    // Tokens of other issuers.
    /// The token is not acceptable.
    #[error("the subject token is refused")]
    SubjectToken(#[source] Box<sigstead_identity::Error>),
    /// Its issuer cannot be asked for its keys.
    #[error("the issuer of the subject token is at fault")]
    SubjectIssuer(#[source] Box<sigstead_identity::Error>),
    /// No rule lets its bearer act for the client.
    #[error("no rule lets the bearer of the subject token act for the client")]
    SubjectRefused,
    /// It is good for one use, and was used.
    #[error("the subject token was used before")]
    SubjectTokenUsed,
    /// The token is asked for somebody whom the client's tokens are not for.
    #[error("the client's tokens are for another audience")]
    TargetInvalid,

    // The device flow.
    /// The person has not decided yet.
    #[error("the person has not decided yet")]
    AuthorizationPending,
    /// The device asks too often.
    #[error("the device asks too often")]
    SlowDown,
    /// The person said no.
    #[error("the person refused")]
    AccessDenied,
    /// The device code has expired or was redeemed.
    #[error("the device code cannot be used any more")]
    DeviceCodeExpired,
    /// There is no such user code.
    #[error("the user code is unknown")]
    UserCodeUnknown,

    // The pages.
    /// The form was not made for this browser and this request.
    #[error("the form is not one that was made for this browser")]
    FormStale,
    /// Account and password do not belong together, or there is no such account.
    #[error("the account or the password is wrong")]
    PasswordWrong,
    /// The code is not of the account's second factor, or was used.
    #[error("the code of the second factor is wrong")]
    CodeWrong,
    /// An administrator requires the second factor that somebody wants to be without.
    #[error("the account has to have a second factor")]
    FactorRequired,
    /// A directory judged nobody.
    #[error("the directory {name} judged nobody")]
    Directory {
        /// What the pages call it.
        name: String,
        /// Why.
        source: Box<DirectoryError>,
    },
    /// A provider signed nobody in.
    #[error("the provider {name} signed nobody in")]
    Provider {
        /// What the pages call it.
        name: String,
        /// Why.
        source: Box<ProviderError>,
    },
    /// The address that a connector gives is that of an account here.
    #[error("the address of a connector is that of an account here")]
    AddressTaken,
    /// What a connector knows of a person is not enough for a token.
    #[error("a connector knows too little of a person: {reason}")]
    IdentityUnfit {
        /// What is wrong.
        reason: &'static str,
    },
    /// There were too many attempts.
    #[error("there were too many attempts")]
    Throttled {
        /// When the next one is judged.
        retry_after: Duration,
    },
    /// Too many passwords are being checked at once.
    #[error("too many passwords are being checked")]
    Busy,

    // The accounts.
    /// The address does not fit the grammar.
    #[error(transparent)]
    EmailInvalid(#[from] EmailAddressError),
    /// There is no account of that address.
    #[error("there is no account {}", email.as_str())]
    UserUnknown {
        /// The address.
        email: EmailAddress,
    },
    /// There is an account of that address.
    #[error("there is an account {} already", email.as_str())]
    UserExists {
        /// The address.
        email: EmailAddress,
    },
    /// The new password is none that anybody should have.
    #[error("the password cannot be used: {reason}")]
    PasswordUnfit {
        /// What is wrong with it.
        reason: &'static str,
    },

    /// Nobody is in a group of that name.
    #[error("nobody is in a group of that name")]
    GroupUnknown,
    /// Groups or claims are none that a token can hold.
    #[error("the groups or claims cannot be used: {reason}")]
    ProfileUnfit {
        /// What is wrong with them.
        reason: &'static str,
    },

    // Ours.
    /// The store does not answer.
    #[error("the store failed")]
    Store(#[source] sigstead_store::Error),
    /// The users file failed.
    #[error("the users file failed")]
    UsersFile(#[source] sigstead_store::Error),
    /// A record of the users file is not one.
    #[error("record {position} of the users file is not a user record")]
    UserRecord {
        /// Its position, from zero.
        position: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A stored record is not one.
    #[error("a stored record cannot be read")]
    StoredRecord(#[source] serde_json::Error),
    /// A value cannot be encoded.
    #[error("a value cannot be encoded")]
    Encoding(#[source] serde_json::Error),
    /// The key cannot be opened.
    #[error("the signing key cannot be opened")]
    KeyOpen(#[source] sigstead_signer::Error),
    /// The key is not one that tokens can be signed with.
    #[error("the signing key is not an RSA key; tokens are signed with RS256")]
    KeyNotRsa,
    /// A key follows itself.
    #[error("a successor is the key of before; tokens of both would be of one name")]
    KeyRepeated,
    /// The file of successors cannot be used.
    #[error("cannot use the file of successors")]
    Successors(#[source] Box<sigstead_kit::ConfigError>),
    /// The signer failed.
    #[error("the token could not be signed")]
    Signing(#[source] sigstead_signer::Error),
    /// A password cannot be hashed.
    #[error("the password hash failed")]
    PasswordHash(#[source] argon2::password_hash::Error),
    /// A stored hash is no hash.
    #[error("a password hash is not in the phc string format")]
    PasswordHashMalformed,
    /// The system has no randomness.
    #[error("the system gave no randomness")]
    Randomness(#[source] getrandom::Error),
    /// A page cannot be rendered.
    #[error("a page could not be rendered")]
    Page(#[source] askama::Error),
    /// A QR code cannot hold its text.
    #[error("a text is too long for a QR code")]
    PictureTooLarge,
    /// A client of the configuration cannot be used.
    #[error("the client {id} cannot be used: {reason}")]
    ClientConfig {
        /// Its id.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A rule of a client cannot be used.
    #[error("the client {id} cannot be used")]
    ClientRule {
        /// The client.
        id: String,
        /// What is wrong with the rule.
        source: Box<sigstead_rules::RuleError>,
    },
    /// The file of issuers whose tokens are exchanged, or one of keys that it names, cannot be read.
    #[error("cannot read {}", path.display())]
    SubjectIssuersUnread {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of issuers whose tokens are exchanged cannot be used.
    #[error("cannot use {}", path.display())]
    SubjectIssuersUnfit {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: Box<sigstead_identity::Error>,
    },
    /// The file of clients cannot be read.
    #[error("the file of clients cannot be read")]
    ClientsFileUnread(#[source] Box<sigstead_kit::ConfigError>),
    /// The clients of the file cannot be used.
    #[error("the clients of {} cannot be used: {reason}", path.display())]
    ClientsFileUnfit {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A connector of the configuration cannot be used.
    #[error("the connector {id} cannot be used: {reason}")]
    ConnectorUnfit {
        /// The connector.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// A metric exists already.
    #[error("a metric cannot be registered")]
    Metrics(#[source] prometheus::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let Row { kind, code, .. } = error.row();
        if kind == Kind::Internal {
            return Self::internal(code, causes(&error));
        }
        let problem = Self::new(kind, code, error.sentence());
        match error {
            Error::Throttled { retry_after } => problem.with_retry_after(retry_after),
            Error::Store(source) => problem.with_detail(source),
            Error::Provider { source, .. } => problem.with_detail(causes(&source)),
            Error::Directory { source, .. } => problem.with_detail(causes(&source)),
            Error::SubjectIssuer(source) => problem.with_detail(causes(&source)),
            _ => problem,
        }
    }
}
