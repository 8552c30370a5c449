use std::sync::{Mutex, PoisonError};

use cel::{Context, Program, Value};
use serde::{Deserialize, Serialize};

use crate::check::{self, MOST_DEPTH};
use crate::error::{Fault, RuleError};
use crate::nesting;

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// The name by which records and tests call the rule; clients never see it.
    pub name: String,
    /// The expression: true or false of `claims`, `san`, `issuer` and `type`.
    pub rule: String,
}

/// An expression that was checked when it was loaded: it names only what there is, and its cost is bounded.
#[derive(Debug)]
pub struct Rule {
    name: String,
    program: Program,
}

impl Rule {
    /// Reads and checks a rule.
    ///
    /// # Errors
    /// [`RuleError`] with the place in the expression and what is wrong there.
    pub fn compile(config: &RuleConfig) -> Result<Self, RuleError> {
        let name = config.name.clone();
        if !is_name(&name) {
            return Err(RuleError::Name);
        }
        let bytes = config.rule.len();
        if bytes > MOST_BYTES {
            return Err(RuleError::TooLong {
                name,
                bytes,
                limit: MOST_BYTES,
            });
        }
        if let Some(bytes) = nesting::deeper_than(&config.rule, MOST_DEPTH) {
            let (line, column) = line_and_column(config.rule.get(..bytes).unwrap_or_default());
            return Err(RuleError::Refused {
                name,
                line,
                column,
                fault: Fault::TooDeep(MOST_DEPTH),
            });
        }
        let program = parse(&config.rule).map_err(|error| RuleError::Syntax {
            name: name.clone(),
            line: error.line,
            column: error.column,
            reason: error.reason,
        })?;
        check::check(program.expression()).map_err(|found| {
            let (line, column) = place(&config.rule, &program, found.expression);
            RuleError::Refused {
                name: name.clone(),
                line,
                column,
                fault: found.fault,
            }
        })?;
        Ok(Self { name, program })
    }

    /// The name that its writer gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it holds, or why it does not say: a claim that is not there, or an answer that is neither true nor false.
    pub(crate) fn holds(&self, facts: &Context<'_, '_>) -> Result<bool, String> {
        match self.program.execute(facts) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("it gives {:?}, not true or false", other.type_of())),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
    !name.trim().is_empty() && name.len() <= MOST_NAME_BYTES && name.chars().all(is_fit)
}

/// Where an expression is not of the language, and why.
struct SyntaxError {
    line: usize,
    column: usize,
    reason: String,
}

/// The parser calls itself for every level of an expression. It does so on a stack of its own: a thread of a server has too
/// small a one, and ends the process when it is used up. One expression is parsed at a time, so that all together reserve one
/// such stack.
fn parse(text: &str) -> Result<Program, SyntaxError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let unread = |reason: String| SyntaxError {
        line: 1,
        column: 1,
        reason,
    };
    let parsed = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(PARSER_STACK_BYTES);
        let thread = builder.spawn_scoped(scope, || Program::compile(text));
        thread.map(std::thread::ScopedJoinHandle::join)
    });
    match parsed {
        Ok(Ok(Ok(program))) => Ok(program),
        Ok(Ok(Err(errors))) => Err(errors.errors.into_iter().next().map_or_else(
            || unread("it cannot be read".to_owned()),
            |error| SyntaxError {
                line: usize::try_from(error.pos.0).unwrap_or(1),
                column: usize::try_from(error.pos.1).unwrap_or(1),
                reason: error.msg,
            },
        )),
        Ok(Err(_)) => Err(unread("the parser cannot cope with it".to_owned())),
        Err(error) => Err(unread(format!("there is no thread to read it: {error}"))),
    }
}

/// Line and column, from 1, at which an expression begins. The parser has a call begin at its bracket; people look for its name.
fn place(text: &str, program: &Program, expression: u64) -> (usize, usize) {
    let offset = program.source_info().offset_for(expression);
    let (before, rest) = offset
        .and_then(|(bytes, _)| text.split_at_checked(bytes as usize))
        .unwrap_or(("", text));
    let is_call = rest.starts_with(['(', '{']);
    let before = if is_call {
        without_name(before)
    } else {
        before
    };
    line_and_column(before)
}

/// Where a text goes on that begins with `before`.
fn line_and_column(before: &str) -> (usize, usize) {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The text without the name that it ends with, if it does.
fn without_name(text: &str) -> &str {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = text.trim_end();
    let rest = named.trim_end_matches(is_of_name);
    if rest.len() < named.len() { rest } else { text }
}

const MOST_BYTES: usize = 4 << 10;
const MOST_NAME_BYTES: usize = 64;
/// Reserved, not used, but for what an expression takes of it. Measured without optimization: of `MOST_DEPTH` brackets with
/// operators between them each takes a quarter of a MiB, and a chain of operators as long as `MOST_BYTES` takes three, which
/// is eleven in all. Of brackets that only the parser tells from a text that does not end, it takes 96 itself, 25 MiB. The rest
/// is for sanitizers, which make every call larger.
const PARSER_STACK_BYTES: usize = 64 << 20;
