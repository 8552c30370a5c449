use super::Error;

impl Error {
    /// What the client or the person reads: what was wrong, and what to do. RFC 6749 §5.2 permits
    /// printable ASCII without quotation mark and backslash.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::ParameterMissing { name } => {
                format!("the parameter {name} is missing; send it")
            }
            Self::ParameterRepeated { name } => {
                format!("the parameter {name} stands twice; send it once")
            }
            Self::ParameterInvalid { name, reason } => {
                format!("the parameter {name} cannot be used: {reason}; correct it")
            }
            Self::EmailInvalid(why) => why.to_string(),
            Self::UserUnknown { email } => {
                format!("there is no account {}; list the accounts", email.as_str())
            }
            Self::UserExists { email } => {
                format!(
                    "there is an account {} already; set its password",
                    email.as_str()
                )
            }
            Self::PasswordUnfit { reason } => {
                format!("the password cannot be used: {reason}; choose another")
            }
            Self::ProfileUnfit { reason } => {
                format!("groups and claims were not changed: {reason}; write others")
            }
            Self::Directory { name, .. } => {
                format!(
                    "{name} does not answer, so nobody can be signed in there; try again in a moment"
                )
            }
            Self::Provider { name, source } if source.is_away() => {
                format!(
                    "{name} does not answer, so nobody can be signed in there; try again in a moment"
                )
            }
            Self::Provider { name, .. } => {
                format!("{name} did not sign you in; start again, and sign in there")
            }
            Self::IdentityUnfit { .. } => {
                "your password is right, but what is on record about you is not \
                 enough to sign you in; ask the administrator"
                    .to_owned()
            }
            Self::Throttled { retry_after } => {
                format!(
                    "too many attempts; try again in {}",
                    in_words(retry_after.as_secs_f64())
                )
            }
            Self::SubjectToken(error) => {
                // What a token says may have any letter, and RFC 6749 §5.2 permits few.
                let why = error.to_string().replace(['"', '\\'], "'");
                let plain = |letter: &char| matches!(letter, ' '..='~');
                let why: String = why.chars().filter(plain).collect();
                format!("the subject_token cannot be exchanged: {why}; get another from its issuer")
            }
            fixed => fixed.fixed_sentence().to_owned(),
        }
    }

    fn fixed_sentence(&self) -> &'static str {
        match self {
            Self::BodyNotAForm => "the body must be of type application/x-www-form-urlencoded",
            Self::ClientUnknown => {
                "this client_id is not configured here; correct it or add the client"
            }
            Self::RedirectUnregistered => {
                "the redirect_uri is not registered for this client; use a registered one"
            }
            Self::ResponseTypeUnsupported => "only response_type=code is offered; use it",
            Self::ScopeInvalid => "the scope lacks openid; ask for openid email",
            Self::ChallengeMissing => "code_challenge is missing; PKCE is required of every client",
            Self::ChallengeMethodUnsupported => {
                "code_challenge_method must be S256; use it instead of plain"
            }
            Self::LoginRequired => "nobody is signed in; ask again without prompt=none",
            Self::InteractionRequired => "the person has to confirm; ask again without prompt=none",
            Self::ClientAuthentication => {
                "the client authentication failed; check the client_id and its secret"
            }
            Self::GrantTypeUnsupported => {
                "this grant_type is not offered; use one of the discovery document"
            }
            Self::GrantForbidden => {
                "the client may not use this grant; add it to its configuration"
            }
            Self::CodeUnknown => "the code is unknown; sign in again",
            Self::CodeExpired => "the code has expired; sign in again",
            Self::CodeReplayed => {
                "the code was redeemed before, and what it led to is revoked; sign in again"
            }
            Self::CodeOfOtherClient => "the code belongs to another client; sign in again",
            Self::RedirectDiffers => {
                "the redirect_uri is not that of the authorization request; sign in again"
            }
            Self::VerifierWrong => {
                "the code_verifier does not answer the code_challenge; sign in again"
            }
            Self::AccountChanged => "the account has changed since the sign-in; sign in again",
            Self::RefreshRefused => "the refresh token cannot be used; sign in again",
            Self::TokenRefused => "the token is not one that counts here now; sign in again",
            Self::TokenOfNoPerson => "the token is of a workload; show the token of a person",
            Self::TokenOfOtherClient => {
                "the token belongs to another client; only that one can revoke it"
            }
            Self::SubjectIssuer(_) => {
                "the issuer of the subject_token cannot be asked for its keys; try again later"
            }
            Self::SubjectRefused => {
                "no rule lets the bearer of this subject_token act for the client; ask the operator"
            }
            Self::SubjectTokenUsed => {
                "the subject_token is good for one use and was used; get another from its issuer"
            }
            Self::TargetInvalid => {
                "the tokens of this client are for another audience; leave audience and resource out"
            }
            Self::AuthorizationPending => "the person has not decided yet; ask again later",
            Self::SlowDown => "the device asks too often; wait five seconds longer",
            Self::AccessDenied => "the person refused the sign-in",
            Self::DeviceCodeExpired => "the device code has expired; start again on the device",
            Self::UserCodeUnknown => {
                "no device waits under this code; compare it with the one on the device"
            }
            Self::FormStale => {
                "this form is too old or was not made for this browser; permit cookies and try again"
            }
            Self::PasswordWrong => "the e-mail address or the password is wrong; try again",
            Self::CodeWrong => {
                "the code is wrong, was used already, or is of another time; type the next one"
            }
            Self::FactorRequired => {
                "the administrator requires a second factor of your account; set up another instead"
            }
            Self::AddressTaken => {
                "there is an account of your e-mail address here already; ask the administrator to link the two"
            }
            Self::GroupUnknown => "nobody is in a group of that name; list the groups",
            Self::Busy => "too many sign-ins are under way; try again in a moment",
            Self::Store(_) => "the issuer cannot reach its store; try again in a moment",
            _ => "the issuer failed; try again, and tell the administrator if it stays",
        }
    }
}

fn in_words(seconds: f64) -> String {
    let seconds = seconds.ceil().max(1.0) as u64;
    match seconds {
        1 => "one second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        more => format!("{} minutes", more.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn waits_are_told_in_words_and_rounded_up() {
        for (millis, words) in [
            (1, "one second"),
            (1_001, "2 seconds"),
            (899_500, "15 minutes"),
        ] {
            let error = Error::Throttled {
                retry_after: Duration::from_millis(millis),
            };
            assert!(error.sentence().ends_with(words), "{}", error.sentence());
        }
    }
}
