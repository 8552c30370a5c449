use std::collections::BTreeSet;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::form::FormKey;
use crate::secret::{Secret, sha256};
use crate::totp::{self, TotpSecret};

/// What the person of an account shows beside the password: codes of an app, or one of those for recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactor {
    pub(crate) secret: TotpSecret,
    /// When it was set up.
    #[serde(with = "time::serde::timestamp")]
    pub(crate) since: OffsetDateTime,
    /// Digests of the recovery codes that are left, in hexadecimal.
    pub(crate) recovery: BTreeSet<String>,
}

/// A second factor that is being set up; it counts from the moment in which a code of it is shown. It follows from the secret of
/// a page and the key of forms, so that until then it is stored nowhere.
pub(crate) struct Enrolment {
    pub(crate) secret: TotpSecret,
    pub(crate) recovery: Vec<String>,
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proof {
    /// By the password alone.
    #[default]
    Password,
    /// By the password and a code of an app.
    Code,
    /// By the password and a recovery code.
    Recovery,
    /// At a provider, which has rules of its own.
    Elsewhere,
}

/// What is missing of somebody whose password was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Missing {
    /// A code of the second factor that the account has.
    Code,
    /// A second factor, and a code of it.
    Enrolment,
}

impl Enrolment {
    pub(crate) fn of(page: &Secret, key: &FormKey) -> Self {
        let mut secret = [0; totp::BYTES];
        let drawn = key.drawn(page, "totp");
        secret
            .iter_mut()
            .zip(drawn)
            .for_each(|(to, from)| *to = from);
        let recovery = (0..RECOVERY_CODES).map(|number| {
            let drawn = key.drawn(page, &format!("recovery {number}"));
            let bytes: Vec<_> = drawn.into_iter().take(RECOVERY_BYTES).collect();
            grouped(&BASE32_NOPAD.encode(&bytes))
        });
        Self {
            secret: TotpSecret::new(secret),
            recovery: recovery.collect(),
        }
    }

    /// As it is kept.
    pub(crate) fn finished(self, now: OffsetDateTime) -> SecondFactor {
        let digests = self.recovery.iter().map(|code| recovery_digest(code));
        SecondFactor {
            recovery: digests.collect(),
            secret: self.secret,
            since: now,
        }
    }
}

impl Proof {
    /// The methods of RFC 8176, if the issuer saw them.
    pub(crate) const fn methods(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Password => Some(&["pwd"]),
            Self::Code => Some(&["pwd", "otp", "mfa"]),
            Self::Recovery => Some(&["pwd", "mfa"]),
            Self::Elsewhere => None,
        }
    }

    /// The class of the authentication (OpenID Connect Core §2, `acr`), if it has a name that clients know.
    pub(crate) const fn context_class(self) -> Option<&'static str> {
        match self {
            Self::Code | Self::Recovery => Some(MULTI_FACTOR),
            Self::Password | Self::Elsewhere => None,
        }
    }
}

/// The class of authentication by more than one factor (OpenID Provider Authentication Policy Extension 1.0 §4).
pub(crate) const MULTI_FACTOR: &str =
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// What is kept of a recovery code, however it is typed. Its 80 bits cannot be tried out.
pub(crate) fn recovery_digest(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    hex::encode(sha256(letters.as_bytes()))
}

/// In groups of four, as people read letters to one another.
pub(crate) fn grouped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for (position, letter) in text.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

const RECOVERY_CODES: usize = 8;
const RECOVERY_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_secret_and_codes_of_its_own() {
        let key = FormKey::new(&[7; 32]);
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        let of = |page| Enrolment::of(page, &key);
        assert!(of(&one).secret == of(&one).secret && of(&one).secret != of(&other).secret);
        let all: BTreeSet<_> = [of(&one), of(&other)]
            .into_iter()
            .flat_map(|enrolment| enrolment.recovery)
            .collect();
        assert_eq!(all.len(), 2 * RECOVERY_CODES);
        assert!(all.iter().all(|code| code.len() == 19), "{all:?}");
        let elsewhere = Enrolment::of(&one, &FormKey::new(&[8; 32]));
        assert!(elsewhere.secret != of(&one).secret);
    }

    #[test]
    fn a_recovery_code_is_the_same_however_it_is_typed() {
        let typed = [
            "abcd-ef23-4567-abcd",
            " ABCD EF23 4567 ABCD ",
            "abcdef234567abcd",
        ];
        let digests: BTreeSet<_> = typed.iter().map(|code| recovery_digest(code)).collect();
        assert_eq!(digests.len(), 1);
    }
}
