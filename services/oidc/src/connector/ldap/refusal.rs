use std::fmt;

use ldap3::LdapResult;
use ldap3::controls::RawControl;

use super::{DirectoryError, REFERRAL, SUCCESS};

/// Why a directory does not let a person in, for the log. The person is told the same in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    WrongPassword,
    Locked,
    Expired,
    Disabled,
    /// The password was right, and is one that somebody else set.
    MustChange,
    Other(u32),
}

impl Refusal {
    /// What the answer to a bind says: nothing, if the person is let in.
    pub(super) fn of(bound: &LdapResult) -> Result<Option<Self>, DirectoryError> {
        let refusal = match (bound.rc, policy_error(bound)) {
            (SUCCESS, Some(CHANGE_AFTER_RESET)) => Self::MustChange,
            (SUCCESS, _) => return Ok(None),
            (BUSY | UNAVAILABLE, _) => return Err(DirectoryError::Bind(bound.to_string())),
            (REFERRAL, _) => return Err(DirectoryError::Referred(bound.refs.join(" "))),
            (_, Some(ACCOUNT_LOCKED)) => Self::Locked,
            (_, Some(PASSWORD_EXPIRED)) => Self::Expired,
            (_, Some(CHANGE_AFTER_RESET)) => Self::MustChange,
            (INVALID_CREDENTIALS, _) => {
                active_directory(&bound.text).unwrap_or(Self::WrongPassword)
            }
            (code, _) => Self::Other(code),
        };
        Ok(Some(refusal))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPassword => f.write_str("the password is wrong"),
            Self::Locked => f.write_str("the directory has locked the account"),
            Self::Expired => f.write_str("the password has expired"),
            Self::Disabled => f.write_str("the account is disabled"),
            Self::MustChange => f.write_str("the password has to be changed first"),
            Self::Other(code) => write!(f, "the directory answered with result {code}"),
        }
    }
}

/// Asks the directory to say why (draft-behera-ldap-password-policy §6.1). One that does not know it ignores it.
pub(super) fn password_policy() -> RawControl {
    RawControl {
        ctype: PASSWORD_POLICY.to_owned(),
        crit: false,
        val: None,
    }
}

/// The `error` of the answer (§6.2): `SEQUENCE { warning [0] ..., error [1] ENUMERATED }`, both optional.
fn policy_error(bound: &LdapResult) -> Option<u8> {
    let mut controls = bound.ctrls.iter().map(|control| &control.1);
    let value = controls.find(|control| control.ctype == PASSWORD_POLICY)?;
    let mut rest = value.val.as_deref()?.strip_prefix(&[SEQUENCE])?.get(1..)?;
    while let [tag, length, content @ ..] = rest {
        let (content, after) = content.split_at_checked(usize::from(*length))?;
        match (*tag, content) {
            (ERROR, [code]) => return Some(*code),
            _ => rest = after,
        }
    }
    None
}

/// What Active Directory says in words: `…, data 775, …` (a Windows error in hexadecimal digits).
fn active_directory(text: &str) -> Option<Refusal> {
    let (_, rest) = text.split_once(", data ")?;
    match rest.split(',').next()?.trim() {
        "775" => Some(Refusal::Locked),
        "532" | "701" => Some(Refusal::Expired),
        "530" | "531" | "533" => Some(Refusal::Disabled),
        "773" => Some(Refusal::MustChange),
        _ => None,
    }
}

const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
const SEQUENCE: u8 = 0x30;
const ERROR: u8 = 0x81;
const PASSWORD_EXPIRED: u8 = 0;
const ACCOUNT_LOCKED: u8 = 1;
const CHANGE_AFTER_RESET: u8 = 2;
const INVALID_CREDENTIALS: u32 = 49;
const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;

#[cfg(test)]
mod tests {
    use ldap3::controls::Control;

    use super::*;

    /// A result, its text and its control, and what they say.
    type Row<'a> = (u32, &'a str, Option<&'a [u8]>, Option<Refusal>);

    fn answer(rc: u32, text: &str, policy: Option<&[u8]>) -> LdapResult {
        let control = policy.map(|value| {
            let mut raw = password_policy();
            raw.val = Some(value.to_vec());
            Control(None, raw)
        });
        LdapResult {
            rc,
            matched: String::new(),
            text: text.to_owned(),
            refs: Vec::new(),
            ctrls: control.into_iter().collect(),
        }
    }

    #[test]
    fn the_log_tells_apart_what_the_person_is_not_told() {
        let windows = |code| format!("AcceptSecurityContext error, data {code}, v1db1");
        let (locked, disabled, wrong) = (windows("775"), windows("533"), windows("52e"));
        let warned = [0x30, 8, 0xa0, 3, 0x80, 1, 5, 0x81, 1, 1];
        let says = |code| [0x30, 3, 0x81, 1, code];
        let table: &[Row<'_>] = &[
            (0, "", None, None),
            (0, "", Some(&[0x30, 0]), None),
            (0, "", Some(&says(2)), Some(Refusal::MustChange)),
            (49, "", None, Some(Refusal::WrongPassword)),
            (49, "", Some(&says(1)), Some(Refusal::Locked)),
            (49, "", Some(&warned), Some(Refusal::Locked)),
            (49, "", Some(&says(0)), Some(Refusal::Expired)),
            (
                49,
                "",
                Some(&[0x30, 3, 0x81, 9, 0]),
                Some(Refusal::WrongPassword),
            ),
            (49, &locked, None, Some(Refusal::Locked)),
            (49, &disabled, None, Some(Refusal::Disabled)),
            (49, &wrong, None, Some(Refusal::WrongPassword)),
            (53, "", None, Some(Refusal::Other(53))),
        ];
        for (rc, text, policy, expected) in table {
            let found = Refusal::of(&answer(*rc, text, *policy)).unwrap();
            assert_eq!(found, *expected, "{rc} {text} {policy:?}");
        }
        for fault in [10, 51, 52] {
            assert!(Refusal::of(&answer(fault, "", None)).is_err(), "{fault}");
        }
    }
}
