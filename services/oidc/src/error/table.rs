use sigstead_kit::{Explanation, Kind};

use super::Error;

/// How an error is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) code: &'static str,
    /// The word of RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6.
    pub(crate) oauth: &'static str,
}

impl Error {
    /// The one table from errors to answers.
    pub(crate) fn row(&self) -> Row {
        let (kind, code, oauth) = match self {
            Self::ParameterMissing { .. } => {
                (Kind::InvalidArgument, "E-OIDC-001", "invalid_request")
            }
            Self::ParameterRepeated { .. } => {
                (Kind::InvalidArgument, "E-OIDC-002", "invalid_request")
            }
            Self::ParameterInvalid { .. } => {
                (Kind::InvalidArgument, "E-OIDC-003", "invalid_request")
            }
            Self::BodyNotAForm => (Kind::UnsupportedMediaType, "E-OIDC-042", "invalid_request"),
            Self::ClientUnknown => (Kind::Unauthenticated, "E-OIDC-004", "invalid_client"),
            Self::RedirectUnregistered => (Kind::InvalidArgument, "E-OIDC-005", "invalid_request"),
            Self::ResponseTypeUnsupported => (
                Kind::InvalidArgument,
                "E-OIDC-006",
                "unsupported_response_type",
            ),
            Self::ScopeInvalid => (Kind::InvalidArgument, "E-OIDC-007", "invalid_scope"),
            Self::ChallengeMissing => (Kind::InvalidArgument, "E-OIDC-008", "invalid_request"),
            Self::ChallengeMethodUnsupported => {
                (Kind::InvalidArgument, "E-OIDC-009", "invalid_request")
            }
            Self::LoginRequired => (Kind::Unauthenticated, "E-OIDC-010", "login_required"),
            Self::InteractionRequired => {
                (Kind::Unauthenticated, "E-OIDC-011", "interaction_required")
            }
            Self::ClientAuthentication => (Kind::Unauthenticated, "E-OIDC-012", "invalid_client"),
            Self::GrantTypeUnsupported => (
                Kind::InvalidArgument,
                "E-OIDC-013",
                "unsupported_grant_type",
            ),
            Self::GrantForbidden => (Kind::PermissionDenied, "E-OIDC-014", "unauthorized_client"),
            Self::CodeUnknown => (Kind::InvalidArgument, "E-OIDC-015", "invalid_grant"),
            Self::CodeExpired => (Kind::InvalidArgument, "E-OIDC-016", "invalid_grant"),
            Self::CodeReplayed => (Kind::InvalidArgument, "E-OIDC-017", "invalid_grant"),
            Self::CodeOfOtherClient => (Kind::InvalidArgument, "E-OIDC-018", "invalid_grant"),
            Self::RedirectDiffers => (Kind::InvalidArgument, "E-OIDC-019", "invalid_grant"),
            Self::VerifierWrong => (Kind::InvalidArgument, "E-OIDC-020", "invalid_grant"),
            Self::AccountChanged => (Kind::InvalidArgument, "E-OIDC-021", "invalid_grant"),
            Self::RefreshRefused => (Kind::InvalidArgument, "E-OIDC-022", "invalid_grant"),
            Self::AuthorizationPending => {
                (Kind::InvalidArgument, "E-OIDC-023", "authorization_pending")
            }
            Self::SlowDown => (Kind::InvalidArgument, "E-OIDC-024", "slow_down"),
            Self::AccessDenied => (Kind::InvalidArgument, "E-OIDC-025", "access_denied"),
            Self::DeviceCodeExpired => (Kind::InvalidArgument, "E-OIDC-026", "expired_token"),
            Self::UserCodeUnknown => (Kind::NotFound, "E-OIDC-027", "invalid_request"),
            Self::FormStale => (Kind::PermissionDenied, "E-OIDC-028", "invalid_request"),
            Self::PasswordWrong => (Kind::PermissionDenied, "E-OIDC-029", "access_denied"),
            Self::Throttled { .. } => (
                Kind::ResourceExhausted,
                "E-OIDC-030",
                "temporarily_unavailable",
            ),
            Self::Busy => (Kind::Unavailable, "E-OIDC-031", "temporarily_unavailable"),
            Self::EmailInvalid { .. } => (Kind::InvalidArgument, "E-OIDC-032", "invalid_request"),
            Self::UserUnknown { .. } => (Kind::NotFound, "E-OIDC-033", "invalid_request"),
            Self::UserExists { .. } => (Kind::AlreadyExists, "E-OIDC-034", "invalid_request"),
            Self::PasswordUnfit { .. } => (Kind::InvalidArgument, "E-OIDC-035", "invalid_request"),
            Self::Store(_) => (Kind::Unavailable, "E-OIDC-036", "temporarily_unavailable"),
            Self::UsersFile(_) | Self::UserRecord { .. } => {
                (Kind::Internal, "E-OIDC-037", "server_error")
            }
            Self::StoredRecord(_) | Self::Encoding(_) => {
                (Kind::Internal, "E-OIDC-038", "server_error")
            }
            Self::KeyOpen(_) | Self::KeyNotRsa | Self::Signing(_) => {
                (Kind::Internal, "E-OIDC-039", "server_error")
            }
            Self::PasswordHash(_) | Self::PasswordHashMalformed => {
                (Kind::Internal, "E-OIDC-040", "server_error")
            }
            Self::Randomness(_) | Self::Page(_) | Self::ClientConfig { .. } | Self::Metrics(_) => {
                (Kind::Internal, "E-OIDC-041", "server_error")
            }
        };
        Row { kind, code, oauth }
    }
}

/// The codes of this service, for whoever explains them.
#[must_use]
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "E-OIDC-001",
        meaning: "A parameter that the request needs is missing or empty.",
        remedy: "Send the parameter that the message names.",
    },
    Explanation {
        code: "E-OIDC-002",
        meaning: "A parameter stands twice in the request (RFC 6749 §3.1).",
        remedy: "Send each parameter once.",
    },
    Explanation {
        code: "E-OIDC-003",
        meaning: "A parameter has a value that cannot be used.",
        remedy: "Correct the parameter that the message names.",
    },
    Explanation {
        code: "E-OIDC-004",
        meaning: "No client of that client_id is configured.",
        remedy: "Use the client_id `sigstore`, or add the client to `clients` in the oidc configuration.",
    },
    Explanation {
        code: "E-OIDC-005",
        meaning: "The redirect URI is not one of the client's. The person was not sent there, because it may belong to somebody else.",
        remedy: "Add the exact URI to `redirect_uris` of the client, or use a loopback URI.",
    },
    Explanation {
        code: "E-OIDC-006",
        meaning: "Only the response type `code` is offered.",
        remedy: "Use the authorization code flow with PKCE.",
    },
    Explanation {
        code: "E-OIDC-007",
        meaning: "The scope lacks `openid`.",
        remedy: "Ask for the scope `openid email`.",
    },
    Explanation {
        code: "E-OIDC-008",
        meaning: "The authorization request has no PKCE code challenge, which every client must send.",
        remedy: "Update the client; every current Sigstore client sends one.",
    },
    Explanation {
        code: "E-OIDC-009",
        meaning: "The code challenge is not of the method S256.",
        remedy: "Send code_challenge_method=S256; without it the method is `plain`, which protects nothing.",
    },
    Explanation {
        code: "E-OIDC-010",
        meaning: "The client asked for an answer without a page (prompt=none), and nobody is signed in.",
        remedy: "Ask again without prompt=none.",
    },
    Explanation {
        code: "E-OIDC-011",
        meaning: "The client asked for an answer without a page (prompt=none), and the person has to confirm.",
        remedy: "Ask again without prompt=none.",
    },
    Explanation {
        code: "E-OIDC-012",
        meaning: "The client did not prove who it is: a wrong secret, a missing one, or one that a public client must not have.",
        remedy: "Compare client_id and secret with the oidc configuration; `sigctl` makes a new secret and its hash.",
    },
    Explanation {
        code: "E-OIDC-013",
        meaning: "The grant type is not offered.",
        remedy: "Use one of grant_types_supported of the discovery document.",
    },
    Explanation {
        code: "E-OIDC-014",
        meaning: "The client may not use this grant.",
        remedy: "Add the grant to `grants` of the client in the oidc configuration.",
    },
    Explanation {
        code: "E-OIDC-015",
        meaning: "The code is not one that this issuer gave out, or it expired long ago.",
        remedy: "Sign in again.",
    },
    Explanation {
        code: "E-OIDC-016",
        meaning: "The code was redeemed too late.",
        remedy: "Sign in again; if it happens always, compare the clocks.",
    },
    Explanation {
        code: "E-OIDC-017",
        meaning: "The code was presented a second time. Somebody else may have seen it, so that what it led to is revoked.",
        remedy: "Sign in again; if you did not retry yourself, find out who saw the code.",
    },
    Explanation {
        code: "E-OIDC-018",
        meaning: "The code was issued to another client. It is void now.",
        remedy: "Sign in again.",
    },
    Explanation {
        code: "E-OIDC-019",
        meaning: "The redirect URI at the token endpoint is not that of the authorization request. The code is void now.",
        remedy: "Send the same redirect_uri twice, and sign in again.",
    },
    Explanation {
        code: "E-OIDC-020",
        meaning: "The code verifier is missing or does not answer the code challenge. The code is void now.",
        remedy: "Sign in again.",
    },
    Explanation {
        code: "E-OIDC-021",
        meaning: "The account was removed or got a new password since the person signed in.",
        remedy: "Sign in again.",
    },
    Explanation {
        code: "E-OIDC-022",
        meaning: "The refresh token is unknown, expired, used or revoked.",
        remedy: "Sign in again.",
    },
    Explanation {
        code: "E-OIDC-023",
        meaning: "The person has not decided yet (RFC 8628 §3.5).",
        remedy: "Wait for the interval and ask again.",
    },
    Explanation {
        code: "E-OIDC-024",
        meaning: "The device asks more often than the interval permits (RFC 8628 §3.5).",
        remedy: "Wait five seconds longer between requests.",
    },
    Explanation {
        code: "E-OIDC-025",
        meaning: "The person refused.",
        remedy: "Start again if that was a mistake.",
    },
    Explanation {
        code: "E-OIDC-026",
        meaning: "The device code is unknown, expired or redeemed.",
        remedy: "Start the sign-in on the device again.",
    },
    Explanation {
        code: "E-OIDC-027",
        meaning: "No device waits under this user code.",
        remedy: "Compare the code with the one on the device; start there again if it is older than ten minutes.",
    },
    Explanation {
        code: "E-OIDC-028",
        meaning: "The form was not made for this browser and this request, or it is very old.",
        remedy: "Permit cookies for this site, load the page again and send it once more.",
    },
    Explanation {
        code: "E-OIDC-029",
        meaning: "The address or the password is wrong.",
        remedy: "Type both again; an administrator can set a new password with `sigctl`.",
    },
    Explanation {
        code: "E-OIDC-030",
        meaning: "There were too many attempts for this account, client or address.",
        remedy: "Wait as long as the message says.",
    },
    Explanation {
        code: "E-OIDC-031",
        meaning: "Too many passwords are being checked at once.",
        remedy: "Try again in a moment.",
    },
    Explanation {
        code: "E-OIDC-032",
        meaning: "The e-mail address is not plain lower-case ASCII of the usual form.",
        remedy: "Correct the address.",
    },
    Explanation {
        code: "E-OIDC-033",
        meaning: "There is no account of that address.",
        remedy: "List the accounts and compare.",
    },
    Explanation {
        code: "E-OIDC-034",
        meaning: "There is an account of that address already.",
        remedy: "Set a new password for it instead.",
    },
    Explanation {
        code: "E-OIDC-035",
        meaning: "The new password is too short or too long.",
        remedy: "Choose one of 8 to 1024 bytes.",
    },
    Explanation {
        code: "E-OIDC-036",
        meaning: "The store of sessions and codes does not answer.",
        remedy: "Try again; look at /readyz and at the disk of the oidc service.",
    },
    Explanation {
        code: "E-OIDC-037",
        meaning: "The users file cannot be read or written.",
        remedy: "Look at the log; restore the file from a backup if it is damaged.",
    },
    Explanation {
        code: "E-OIDC-038",
        meaning: "A stored record is damaged.",
        remedy: "Look at the log; the store of sessions and codes can be deleted, after which everybody signs in again.",
    },
    Explanation {
        code: "E-OIDC-039",
        meaning: "The signing key is unusable.",
        remedy: "Look at the log; the key must be RSA with 2048 bits or more.",
    },
    Explanation {
        code: "E-OIDC-040",
        meaning: "A password hash is damaged.",
        remedy: "Set the password of the account, or the secret_hash of the client, anew.",
    },
    Explanation {
        code: "E-OIDC-041",
        meaning: "The service is broken.",
        remedy: "Look at the log and report what stands there.",
    },
    Explanation {
        code: "E-OIDC-042",
        meaning: "The body of the request is not a form.",
        remedy: "Send the content type application/x-www-form-urlencoded.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_explained_once_each_and_in_order() {
        for (index, explanation) in EXPLANATIONS.iter().enumerate() {
            assert_eq!(explanation.code, format!("E-OIDC-{:03}", index + 1));
        }
        assert_eq!(Error::PasswordHashMalformed.row().code, "E-OIDC-040");
    }
}
