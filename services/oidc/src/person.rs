use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::connector::{Identity, Origin};
use crate::second_factor::Proof;
use crate::user::User;

/// Who signed in, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) subject: String,
    pub(crate) email: String,
    credential: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) auth_time: OffsetDateTime,
    /// How they showed who they are.
    #[serde(default)]
    pub(crate) proof: Proof,
    /// Where their account is, if it is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) elsewhere: Option<Box<Elsewhere>>,
}

/// What a connector said of a person when they signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    pub(crate) origin: Origin,
    pub(crate) groups: BTreeSet<String>,
}

impl Person {
    pub(crate) fn signed_in(user: &User, proof: Proof, now: OffsetDateTime) -> Self {
        Self {
            subject: user.subject.clone(),
            email: user.email.as_str().to_owned(),
            credential: user.credential.clone(),
            auth_time: now,
            proof,
            elsewhere: None,
        }
    }

    /// Somebody without an account here.
    pub(crate) fn of(identity: Identity, proof: Proof, now: OffsetDateTime) -> Self {
        let Identity {
            origin,
            email,
            groups,
        } = identity;
        Self {
            subject: origin.as_subject(),
            email: email.as_str().to_owned(),
            credential: String::new(),
            auth_time: now,
            proof,
            elsewhere: Some(Box::new(Elsewhere { origin, groups })),
        }
    }

    /// Whether the account is here, so that a program can go on while its person is away: what became of an account
    /// elsewhere nobody tells.
    pub(crate) const fn is_ours(&self) -> bool {
        self.elsewhere.is_none()
    }

    /// Whether an account lets them go on as they showed who they are.
    pub(crate) fn has_shown_enough(&self, user: &User) -> bool {
        self.proof != Proof::Password || !user.requires_second_factor
    }

    /// A removed account, a new password and another second factor end everything that came from the old one.
    pub(crate) fn is_still(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| user.subject == self.subject && user.credential == self.credential)
    }
}
