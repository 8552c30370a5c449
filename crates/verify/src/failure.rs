//! Which check failed, what was wrong, and what to do about it.

use std::error::Error;
use std::fmt::{self, Display};

use crate::check::Check;

/// A bundle that is not accepted. The message names the check by its code, says what was wrong and then what to do.
#[derive(Debug)]
pub struct Failure {
    check: Check,
    difference: Option<Difference>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a check compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it asks for.
    pub expected: String,
    /// What the bundle or the artifact has.
    pub found: String,
}

impl Failure {
    pub(crate) fn because<E: Error + Send + Sync + 'static>(check: Check, source: E) -> Self {
        Self {
            check,
            difference: None,
            source: Some(Box::new(source)),
        }
    }

    pub(crate) fn unlike(check: Check, expected: impl Display, found: impl Display) -> Self {
        Self {
            check,
            difference: Some(Difference {
                expected: expected.to_string(),
                found: found.to_string(),
            }),
            source: None,
        }
    }

    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> Check {
        self.check
    }

    /// What was expected and what was found, where both can be told.
    #[must_use]
    pub const fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// The stable code of the check.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.check.code()
    }

    /// What to do about it, one sentence.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        self.check.remedy()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check.code(), self.check.problem())?;
        if let Some(Difference { expected, found }) = &self.difference {
            write!(f, " (expected {expected}, found {found})")?;
        }
        write!(f, ". {}.", self.check.remedy())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

impl From<Check> for Failure {
    fn from(check: Check) -> Self {
        Self {
            check,
            difference: None,
            source: None,
        }
    }
}

/// Says which check an error of a lower crate means.
pub(crate) trait Failing<T> {
    fn failing(self, check: Check) -> Result<T, Failure>;
}

impl<T, E: Error + Send + Sync + 'static> Failing<T> for Result<T, E> {
    fn failing(self, check: Check) -> Result<T, Failure> {
        self.map_err(|source| Failure::because(check, source))
    }
}

impl<T> Failing<T> for Option<T> {
    fn failing(self, check: Check) -> Result<T, Failure> {
        self.ok_or_else(|| check.into())
    }
}

/// Fails a check unless something holds.
pub(crate) fn ensure(holds: bool, check: Check) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(check.into()) }
}

/// Fails a check unless as many were found as are wanted.
pub(crate) fn reach(check: Check, wanted: usize, found: usize, what: &str) -> Result<(), Failure> {
    if found >= wanted {
        return Ok(());
    }
    Err(Failure::unlike(
        check,
        format!("at least {wanted} {what}"),
        found,
    ))
}
