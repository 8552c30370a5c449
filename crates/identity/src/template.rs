use std::fmt;

use crate::error::Error;
use crate::template_fault::{Problem, TemplateFault};

mod lexer;
mod parser;

/// Where a certificate takes a text from: a claim, or a template over claims.
///
/// The language is the part of Go's `text/template` that makes a text of claims without loops and
/// without names of its own; everything else is refused when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Template {
    /// The claim of this name.
    Claim(String),
    /// Text with actions in it.
    Text(Vec<Node>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Value(Expression),
    If {
        condition: Expression,
        then: Vec<Self>,
        otherwise: Vec<Self>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    /// `.name`: the claim must be there.
    Field(String),
    /// `index . "name"`: empty if the claim is not there.
    Index(String),
    Text(String),
    Number(i64),
    /// Whether the first equals any of the others.
    Equal(Vec<Self>),
    NotEqual(Box<(Self, Self)>),
    /// The first that is empty, else the last.
    And(Vec<Self>),
    /// The first that is not empty, else the last.
    Or(Vec<Self>),
    Not(Box<Self>),
    /// Texts one behind the other: what `printf` makes of `%s`.
    Joined(Vec<Self>),
}

/// Looks up a claim.
pub(crate) type Lookup<'a> = dyn Fn(&str) -> Result<Option<String>, Error> + 'a;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateFault> {
        if text.len() > MAX_BYTES {
            return Err(Problem::TooLong.at(text, 0));
        }
        if !text.contains("{{") {
            return Ok(Self::Claim(text.to_owned()));
        }
        parser::parse(text).map(Self::Text)
    }

    /// The text for these claims.
    pub(crate) fn evaluate(&self, lookup: &Lookup<'_>) -> Result<String, Error> {
        match self {
            Self::Claim(claim) => present(claim, lookup),
            Self::Text(nodes) => {
                let mut text = String::new();
                write_nodes(nodes, lookup, &mut text)?;
                Ok(text)
            }
        }
    }
}

fn write_nodes(nodes: &[Node], lookup: &Lookup<'_>, text: &mut String) -> Result<(), Error> {
    for node in nodes {
        match node {
            Node::Text(written) => text.push_str(written),
            Node::Value(expression) => text.push_str(&expression.value(lookup)?.to_string()),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let holds = condition.value(lookup)?.is_true();
                write_nodes(if holds { then } else { otherwise }, lookup, text)?;
            }
        }
    }
    Ok(())
}

impl Expression {
    fn value(&self, lookup: &Lookup<'_>) -> Result<Value, Error> {
        Ok(match self {
            Self::Field(claim) => Value::Text(present(claim, lookup)?),
            Self::Index(claim) => Value::Text(lookup(claim)?.unwrap_or_default()),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Equal(expressions) => {
                // All of them first: a claim that is missing is missed wherever it stands.
                let values = expressions
                    .iter()
                    .map(|expression| expression.value(lookup));
                let values: Vec<_> = values.collect::<Result<_, _>>()?;
                let first = values.first();
                Value::Truth(values.iter().skip(1).any(|value| Some(value) == first))
            }
            Self::NotEqual(pair) => Value::Truth(pair.0.value(lookup)? != pair.1.value(lookup)?),
            Self::And(expressions) => decisive(expressions, false, lookup)?,
            Self::Or(expressions) => decisive(expressions, true, lookup)?,
            Self::Not(expression) => Value::Truth(!expression.value(lookup)?.is_true()),
            Self::Joined(expressions) => {
                let mut text = String::new();
                for expression in expressions {
                    text.push_str(&expression.value(lookup)?.to_string());
                }
                Value::Text(text)
            }
        })
    }
}

/// The first value that is as true as asked for, else the last; what follows is not looked at.
fn decisive(expressions: &[Expression], truth: bool, lookup: &Lookup<'_>) -> Result<Value, Error> {
    let mut last = Value::Truth(!truth);
    for expression in expressions {
        last = expression.value(lookup)?;
        if last.is_true() == truth {
            break;
        }
    }
    Ok(last)
}

fn present(claim: &str, lookup: &Lookup<'_>) -> Result<String, Error> {
    lookup(claim)?.ok_or_else(|| Error::ClaimMissing {
        claim: claim.to_owned(),
    })
}

impl Value {
    fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0,
            Self::Truth(truth) => *truth,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Truth(truth) => write!(f, "{truth}"),
        }
    }
}

impl Problem {
    /// Lines and columns count from one, columns in characters.
    fn at(self, text: &str, offset: usize) -> TemplateFault {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
        TemplateFault {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            problem: self,
        }
    }
}

/// A text of a certificate has at most half of it.
const MAX_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
