//! Which of an issuer's identities may have a certificate, where not all of them may.

use sigstead_rules::{RuleError, Rules};

use crate::config::IssuerConfig;

/// Where an entry stands in the file, as far as its rules depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Under this URL.
    Url(&'a str),
    /// Under a pattern, which stands for issuers that anybody may set up.
    Pattern,
}

/// The rules of an entry. With `is_open`, as Fulcio has it, everybody with a token may, where no rule says who.
pub(crate) fn compile(
    issuer: &IssuerConfig,
    place: Place<'_>,
    is_open: bool,
) -> Result<Rules, RuleError> {
    let by_place = serves_strangers(place) && !is_open;
    let is_shared = issuer.shared.unwrap_or(by_place);
    Rules::compile(&issuer.allow, &issuer.deny, is_shared)
}

/// Whether anybody can have a token of the issuers at this place.
pub(crate) fn serves_strangers(place: Place<'_>) -> bool {
    match place {
        Place::Url(url) => PUBLIC.contains(&url.trim_end_matches('/')),
        Place::Pattern => true,
    }
}

/// Issuers whose tokens anybody can get who has an account there.
const PUBLIC: [&str; 18] = [
    "https://accounts.google.com",
    "https://agent.buildkite.com",
    "https://asia-oidc.buddyusercontent.com",
    "https://codeberg.org/api/actions",
    "https://eu-oidc.buddyusercontent.com",
    "https://gitlab.com",
    "https://issuer.enforce.dev",
    "https://issuer.hello.coop",
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    "https://login.microsoftonline.com/common/v2.0",
    "https://oauth2.sigstage.dev/auth",
    "https://oauth2.sigstore.dev/auth",
    "https://oidc.buddyusercontent.com",
    "https://oidc.circleci.com",
    "https://oidc.codefresh.io",
    "https://sigstore.verify.ibm.com/oauth2",
    "https://token.actions.githubusercontent.com",
    "https://www.kaggle.com/api/v1/models/signing",
];
