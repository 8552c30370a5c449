//! What a check found, or why it could not look.

use std::fmt::Display;

use serde::Serialize;

use crate::configured::Unusable;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Something does not work, or is open to others.
    Fault,
    /// Something will not work, or is not as it should be.
    Warning,
}

/// What a check found, or why it could not look.
pub(crate) type Seen = Result<Vec<Finding>, Unseen>;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What is wrong.
    pub(crate) message: String,
    /// Why, whole.
    pub(crate) cause: Option<String>,
    /// What to do.
    pub(crate) remedy: String,
}

/// Why a check could not look; another check or the caller knows what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unseen(pub(crate) String);

impl Severity {
    /// As it is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    pub(crate) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
            remedy: remedy.into(),
        }
    }

    /// Adds the cause, whole.
    pub(crate) fn because(mut self, cause: impl Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }
}

impl From<Unusable> for Unseen {
    fn from(unusable: Unusable) -> Self {
        Self(unusable.0)
    }
}

impl Unseen {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// What a check gives that finds at most one thing.
pub(crate) fn if_so(is_so: bool, finding: impl FnOnce() -> Finding) -> Seen {
    Ok(is_so.then(finding).into_iter().collect())
}
