use sigstead_kit::Kind;

use super::Error;

/// How an error is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) code: &'static str,
    /// The word of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6.
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
            Self::TokenRefused => (Kind::Unauthenticated, "E-OIDC-044", "invalid_token"),
            Self::TokenOfNoPerson => (Kind::PermissionDenied, "E-OIDC-045", "insufficient_scope"),
            Self::TokenOfOtherClient => (Kind::InvalidArgument, "E-OIDC-046", "invalid_grant"),
            // RFC 8693 §2.2.2 has this word for all that is wrong with the token, also by policy.
            Self::SubjectToken(_) => (Kind::InvalidArgument, "E-OIDC-047", "invalid_request"),
            Self::SubjectIssuer(_) => (Kind::Unavailable, "E-OIDC-048", "temporarily_unavailable"),
            Self::SubjectRefused => (Kind::PermissionDenied, "E-OIDC-049", "invalid_request"),
            Self::SubjectTokenUsed => (Kind::InvalidArgument, "E-OIDC-050", "invalid_request"),
            Self::TargetInvalid => (Kind::InvalidArgument, "E-OIDC-051", "invalid_target"),
            Self::AuthorizationPending => {
                (Kind::InvalidArgument, "E-OIDC-023", "authorization_pending")
            }
            Self::SlowDown => (Kind::InvalidArgument, "E-OIDC-024", "slow_down"),
            Self::AccessDenied => (Kind::InvalidArgument, "E-OIDC-025", "access_denied"),
            Self::DeviceCodeExpired => (Kind::InvalidArgument, "E-OIDC-026", "expired_token"),
            Self::UserCodeUnknown => (Kind::NotFound, "E-OIDC-027", "invalid_request"),
            Self::FormStale => (Kind::PermissionDenied, "E-OIDC-028", "invalid_request"),
            Self::PasswordWrong => (Kind::PermissionDenied, "E-OIDC-029", "access_denied"),
            Self::CodeWrong => (Kind::PermissionDenied, "E-OIDC-067", "access_denied"),
            Self::FactorRequired => (Kind::PermissionDenied, "E-OIDC-068", "access_denied"),
            Self::Throttled { .. } => (
                Kind::ResourceExhausted,
                "E-OIDC-030",
                "temporarily_unavailable",
            ),
            Self::Directory { .. } => (Kind::Unavailable, "E-OIDC-061", "temporarily_unavailable"),
            Self::Provider { source, .. } if source.is_away() => {
                (Kind::Unavailable, "E-OIDC-065", "temporarily_unavailable")
            }
            Self::Provider { .. } => (Kind::PermissionDenied, "E-OIDC-066", "access_denied"),
            Self::AddressTaken => (Kind::PermissionDenied, "E-OIDC-062", "access_denied"),
            Self::IdentityUnfit { .. } => (Kind::PermissionDenied, "E-OIDC-063", "access_denied"),
            Self::Busy => (Kind::Unavailable, "E-OIDC-031", "temporarily_unavailable"),
            Self::EmailInvalid(_) => (Kind::InvalidArgument, "E-OIDC-032", "invalid_request"),
            Self::UserUnknown { .. } => (Kind::NotFound, "E-OIDC-033", "invalid_request"),
            Self::UserExists { .. } => (Kind::AlreadyExists, "E-OIDC-034", "invalid_request"),
            Self::PasswordUnfit { .. } => (Kind::InvalidArgument, "E-OIDC-035", "invalid_request"),
            Self::GroupUnknown => (Kind::NotFound, "E-OIDC-069", "invalid_request"),
            Self::ProfileUnfit { .. } => (Kind::InvalidArgument, "E-OIDC-053", "invalid_request"),
            Self::Store(_) => (Kind::Unavailable, "E-OIDC-036", "temporarily_unavailable"),
            Self::UsersFile(_) | Self::UserRecord { .. } => {
                (Kind::Internal, "E-OIDC-037", "server_error")
            }
            Self::StoredRecord(_) | Self::Encoding(_) => {
                (Kind::Internal, "E-OIDC-038", "server_error")
            }
            Self::Signing(failed) if failed.may_pass() => {
                (Kind::Unavailable, "E-OIDC-060", "temporarily_unavailable")
            }
            Self::KeyOpen(_)
            | Self::KeyNotRsa
            | Self::KeyRepeated
            | Self::Successors(_)
            | Self::Signing(_) => (Kind::Internal, "E-OIDC-039", "server_error"),
            Self::PasswordHash(_) | Self::PasswordHashMalformed => {
                (Kind::Internal, "E-OIDC-040", "server_error")
            }
            Self::Randomness(_) | Self::Page(_) | Self::PictureTooLarge | Self::Metrics(_) => {
                (Kind::Internal, "E-OIDC-041", "server_error")
            }
            Self::SubjectIssuersUnread { .. } | Self::SubjectIssuersUnfit { .. } => {
                (Kind::Internal, "E-OIDC-052", "server_error")
            }
            Self::ConnectorUnfit { .. } => (Kind::Internal, "E-OIDC-064", "server_error"),
            Self::ClientConfig { .. }
            | Self::ClientRule { .. }
            | Self::ClientsFileUnread(_)
            | Self::ClientsFileUnfit { .. } => (Kind::Internal, "E-OIDC-043", "server_error"),
        };
        Row { kind, code, oauth }
    }
}
