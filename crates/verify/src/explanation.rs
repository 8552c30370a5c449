//! The checks of one verification, told one by one.

use std::fmt::Display;

use crate::accepted::Accepted;
use crate::check::Check;
use crate::failure::{Difference, Failure};

/// What a verification checked, and what came of it.
#[derive(Debug)]
pub struct Explanation {
    /// The checks that passed, in their order.
    pub steps: Vec<Step>,
    /// What is accepted, or the check that failed.
    pub outcome: Result<Accepted, Failure>,
}

/// A check that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The check that would have failed.
    pub check: Check,
    /// What it compared.
    pub difference: Difference,
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Trace(pub(crate) Vec<Step>);

impl Trace {
    pub(crate) fn passed(&mut self, check: Check, expected: impl Display, found: impl Display) {
        let difference = Difference {
            expected: expected.to_string(),
            found: found.to_string(),
        };
        self.0.push(Step { check, difference });
    }
}
