//! What is refused of an expression before it is ever run, because it could only fail, or cost more than a token may cost.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};

use crate::error::Fault;
use crate::facts::MOST_ITEMS;

/// A fault and the expression that has it.
pub(crate) struct Found {
    pub(crate) expression: u64,
    pub(crate) fault: Fault,
}

pub(crate) fn check(expression: &IdedExpr) -> Result<(), Found> {
    let mut walk = Walk {
        steps: 0,
        bound: Vec::new(),
    };
    walk.expression(expression, 0)
}

struct Walk<'a> {
    steps: usize,
    /// The variables of the loop that the walk is in; at most one loop.
    bound: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn expression(&mut self, expression: &'a IdedExpr, depth: usize) -> Result<(), Found> {
        let refuse = |fault| Found {
            expression: expression.id,
            fault,
        };
        if depth > MOST_DEPTH {
            return Err(refuse(Fault::TooDeep(MOST_DEPTH)));
        }
        self.steps += if self.bound.is_empty() { 1 } else { MOST_ITEMS };
        if self.steps > MOST_STEPS {
            return Err(refuse(Fault::TooCostly(MOST_STEPS)));
        }
        let deeper = depth + 1;
        match &expression.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name).map_err(refuse),
            Expr::Select(select) => self.expression(&select.operand, deeper),
            Expr::List(list) => self.all(&list.elements, deeper),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expression(&entry.key, deeper)?;
                    self.expression(&entry.value, deeper)
                }
                EntryExpr::StructField(_) => Err(refuse(Fault::Construct("a message"))),
            }),
            Expr::Call(call) => {
                check_call(call).map_err(refuse)?;
                if let Some(target) = &call.target {
                    self.expression(target, deeper)?;
                }
                self.all(&call.args, deeper)
            }
            Expr::Comprehension(comprehension) => {
                if !self.bound.is_empty() {
                    return Err(refuse(Fault::NestedLoop));
                }
                self.comprehension(comprehension, deeper)
            }
            Expr::Struct(_) => Err(refuse(Fault::Construct("a message"))),
            Expr::Unspecified => Err(refuse(Fault::Construct("an empty expression"))),
        }
    }

    fn all(&mut self, expressions: &'a [IdedExpr], depth: usize) -> Result<(), Found> {
        expressions
            .iter()
            .try_for_each(|expression| self.expression(expression, depth))
    }

    fn comprehension(&mut self, of: &'a ComprehensionExpr, depth: usize) -> Result<(), Found> {
        self.expression(&of.iter_range, depth)?;
        self.expression(&of.accu_init, depth)?;
        self.bound = vec![&of.iter_var, &of.accu_var];
        self.bound.extend(of.iter_var2.as_deref());
        let repeated = [&of.loop_cond, &of.loop_step, &of.result];
        repeated
            .into_iter()
            .try_for_each(|expression| self.expression(expression, depth))?;
        self.bound.clear();
        Ok(())
    }

    fn name(&self, name: &str) -> Result<(), Fault> {
        let is_known = VARIABLES.contains(&name) || self.bound.contains(&name);
        if is_known {
            Ok(())
        } else {
            Err(Fault::UnknownName(name.to_owned()))
        }
    }
}

fn check_call(call: &CallExpr) -> Result<(), Fault> {
    let name = call.func_name.as_str();
    if name == "matches" {
        return check_pattern(call.args.last());
    }
    let is_operator = OPERATORS.contains(&name);
    // `a.b(c)` finds its target before its function: what is no member function cannot be one of the global ones either.
    let is_function = match call.target {
        Some(_) => METHODS.contains(&name),
        None => FUNCTIONS.contains(&name),
    };
    if is_operator || is_function {
        return Ok(());
    }
    Err(Fault::UnknownFunction(name.to_owned()))
}

/// The pattern decides what a match costs and whether there is one, so that no stranger may bring it.
fn check_pattern(pattern: Option<&IdedExpr>) -> Result<(), Fault> {
    let Some(Expr::Literal(LiteralValue::String(pattern))) = pattern.map(|pattern| &pattern.expr)
    else {
        return Err(Fault::PatternNotLiteral);
    };
    let compiled = regex::RegexBuilder::new(pattern.inner())
        .size_limit(MOST_PATTERN_BYTES)
        .build();
    compiled
        .map(drop)
        .map_err(|error| Fault::PatternInvalid(error.to_string()))
}

const VARIABLES: [&str; 4] = ["claims", "san", "issuer", "type"];
const METHODS: [&str; 4] = ["size", "contains", "startsWith", "endsWith"];
const FUNCTIONS: [&str; 4] = ["size", "int", "double", "string"];
const OPERATORS: [&str; 19] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];

/// Of brackets, before an expression is parsed, and of its parts after that.
pub(crate) const MOST_DEPTH: usize = 32;
/// With texts of 16 KiB this is some tenths of a second in the worst case, and microseconds in an honest one.
const MOST_STEPS: usize = 20_000;
const MOST_PATTERN_BYTES: usize = 1 << 20;
