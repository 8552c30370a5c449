//! Whether the bearer of verified claims may have a certificate: rules in the Common Expression Language (CEL).
//!
//! Specification: the language definition of CEL (cel-spec, 2026), with the standard functions and macros that
//! [`Rule::compile`] names in its refusals.
//!
//! Provided: [`Rule`], an expression that was checked when it was loaded; [`Rules`], which of them allow and which deny;
//! [`Facts`], what they judge; [`Verdict`], the answer, and [`Outcome`], what each rule said.
//!
//! Deliberately absent: functions that ask a clock, a network or a file; expressions whose cost is not bounded when they are
//! loaded; a way for a rule that fails to allow anything.

mod check;
mod error;
mod facts;
mod nesting;
mod rule;
mod rules;

pub use error::{Fault, RuleError};
pub use facts::Facts;
pub use rule::{Rule, RuleConfig};
pub use rules::{Effect, Outcome, Rules, Verdict};
