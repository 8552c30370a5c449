//! From words to what is evaluated. Kinds are checked here, so that evaluation only misses claims.

use super::lexer::{Token, Word, tokens};
use super::{Expression, Node};
use crate::template_fault::{Problem, TemplateFault};

pub(super) fn parse(text: &str) -> Result<Vec<Node>, TemplateFault> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
        at_fault: None,
    };
    parser.template().map_err(|problem| {
        // The command that cannot be, or the word that was read last.
        let last = tokens.len() - parser.tokens.len();
        let word = parser
            .at_fault
            .or_else(|| tokens.get(last.saturating_sub(1)));
        problem.at(text, word.map_or(text.len(), |token| token.offset))
    })
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
    at_fault: Option<&'a Token>,
}

/// What ends a list of nodes.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Text,
    Else,
    ElseIf,
    End,
}

/// One word or parenthesis of a command.
enum Operand {
    Dot,
    Function(String),
    Value(Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
}

impl<'a> Parser<'a> {
    fn template(&mut self) -> Result<Vec<Node>, Problem> {
        match self.nodes()? {
            (nodes, Ending::Text) => Ok(nodes),
            (_, Ending::End) => Err(Problem::Unexpected("end".to_owned())),
            (_, Ending::Else | Ending::ElseIf) => Err(Problem::Unexpected("else".to_owned())),
        }
    }

    fn nodes(&mut self) -> Result<(Vec<Node>, Ending), Problem> {
        let mut nodes = Vec::new();
        while let Some(word) = self.next() {
            if let Word::Text(text) = word {
                nodes.push(Node::Text(text.clone()));
                continue;
            }
            // An action, which Word::Open begins.
            self.skip_space();
            match self.peek_name() {
                Some("if") => {
                    self.next();
                    nodes.push(self.condition()?);
                }
                Some("else") => return Ok((nodes, self.ending_else()?)),
                Some("end") => {
                    self.next();
                    self.close()?;
                    return Ok((nodes, Ending::End));
                }
                _ => nodes.push(Node::Value(self.pipeline(&Word::Close)?)),
            }
        }
        Ok((nodes, Ending::Text))
    }

    fn ending_else(&mut self) -> Result<Ending, Problem> {
        self.next();
        self.skip_space();
        if self.peek_name() == Some("if") {
            self.next();
            return Ok(Ending::ElseIf);
        }
        self.close()?;
        Ok(Ending::Else)
    }

    /// What follows `if`, up to its `end`.
    fn condition(&mut self) -> Result<Node, Problem> {
        self.descend()?;
        let condition = self.pipeline(&Word::Close)?;
        let (then, ending) = self.nodes()?;
        let otherwise = match ending {
            Ending::End => Vec::new(),
            // One end closes both.
            Ending::ElseIf => vec![self.condition()?],
            Ending::Else => match self.nodes()? {
                (otherwise, Ending::End) => otherwise,
                (_, Ending::Text) => return Err(Problem::EndMissing),
                (_, Ending::Else | Ending::ElseIf) => {
                    return Err(Problem::Unexpected("a second else".to_owned()));
                }
            },
            Ending::Text => return Err(Problem::EndMissing),
        };
        self.depth -= 1;
        Ok(Node::If {
            condition,
            then,
            otherwise,
        })
    }

    /// Commands with `|` between them, up to and with the word that ends them.
    fn pipeline(&mut self, end: &Word) -> Result<Expression, Problem> {
        let mut piped = None;
        loop {
            self.skip_space();
            let first = self.tokens.first();
            let operands = self.operands()?;
            let value = command(operands, piped).inspect_err(|_| self.at_fault = first)?;
            match self.next() {
                Some(Word::Pipe) => piped = Some(value),
                Some(word) if word == end => return Ok(value),
                Some(word) => return Err(unexpected(word)),
                None => return Err(Problem::Unclosed("the parenthesis")),
            }
        }
    }

    fn operands(&mut self) -> Result<Vec<Operand>, Problem> {
        let mut operands = Vec::new();
        while let Some(operand) = self.operand()? {
            operands.push(operand);
            match self.peek() {
                Some(Word::Space) => self.skip_space(),
                Some(Word::Pipe | Word::Close | Word::CloseParenthesis) | None => break,
                Some(Word::Field(name)) => {
                    let construct = format!("a field of a value (.{name})");
                    self.next();
                    return Err(Problem::Unsupported(construct));
                }
                Some(word) => {
                    let problem = unexpected(word);
                    self.next();
                    return Err(problem);
                }
            }
        }
        Ok(operands)
    }

    /// Nothing if the command ends.
    fn operand(&mut self) -> Result<Option<Operand>, Problem> {
        let operand = match self.peek() {
            None | Some(Word::Pipe | Word::Close | Word::CloseParenthesis) => return Ok(None),
            Some(word) => match word {
                Word::Dot => Operand::Dot,
                Word::Field(name) => Operand::Value(Expression::Field(name.clone())),
                Word::Quoted(text) => Operand::Value(Expression::Text(text.clone())),
                Word::Number(number) => Operand::Value(Expression::Number(*number)),
                Word::Name(name) => Operand::Function(name.clone()),
                Word::OpenParenthesis => return self.parenthesis().map(Some),
                word => {
                    let problem = unexpected(word);
                    self.next();
                    return Err(problem);
                }
            },
        };
        self.next();
        Ok(Some(operand))
    }

    fn parenthesis(&mut self) -> Result<Operand, Problem> {
        self.next();
        self.descend()?;
        let value = self.pipeline(&Word::CloseParenthesis)?;
        self.depth -= 1;
        Ok(Operand::Value(value))
    }

    /// The parser calls itself, so there is an end to it.
    fn descend(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        self.skip_space();
        match self.next() {
            Some(Word::Close) | None => Ok(()),
            Some(word) => Err(unexpected(word)),
        }
    }

    fn next(&mut self) -> Option<&'a Word> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(&token.word)
    }

    fn peek(&self) -> Option<&'a Word> {
        self.tokens.first().map(|token| &token.word)
    }

    fn peek_name(&self) -> Option<&'a str> {
        match self.peek() {
            Some(Word::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Word::Space) {
            self.next();
        }
    }
}

/// One command; what was piped into it is its last argument.
fn command(operands: Vec<Operand>, piped: Option<Expression>) -> Result<Expression, Problem> {
    let is_piped_into = piped.is_some();
    let mut operands = operands
        .into_iter()
        .chain(piped.map(Operand::Value))
        .collect::<Vec<_>>()
        .into_iter();
    let first = operands.next().ok_or(Problem::Empty)?;
    let name = match first {
        Operand::Function(name) => name,
        Operand::Value(value) if operands.as_slice().is_empty() && !is_piped_into => {
            return Ok(value);
        }
        Operand::Dot if operands.as_slice().is_empty() => {
            return Err(Problem::Unsupported("the dot alone".to_owned()));
        }
        Operand::Value(_) | Operand::Dot => {
            return Err(Problem::Unexpected(
                "an argument of what is no function".to_owned(),
            ));
        }
    };
    function(&name, operands.collect())
}

fn function(name: &str, operands: Vec<Operand>) -> Result<Expression, Problem> {
    if name == "index" {
        return index(operands);
    }
    let takes = |function, expected| Problem::Arguments { function, expected };
    let (function, at_least, at_most, expected) = match name {
        "eq" => ("eq", 2, usize::MAX, "two values of one kind, or more"),
        "ne" => ("ne", 2, 2, "two values of one kind"),
        "and" => ("and", 1, usize::MAX, "values of one kind"),
        "or" => ("or", 1, usize::MAX, "values of one kind"),
        "not" => ("not", 1, 1, "one value"),
        "printf" => ("printf", 1, usize::MAX, PRINTF),
        name if UNSUPPORTED.contains(&name) => {
            return Err(Problem::Unsupported(name.to_owned()));
        }
        name => return Err(Problem::FunctionUnknown(name.to_owned())),
    };
    let mut arguments = Vec::new();
    for operand in operands {
        arguments.push(match operand {
            Operand::Value(value) => value,
            Operand::Dot => return Err(Problem::Unsupported("the dot alone".to_owned())),
            Operand::Function(name) => {
                return Err(Problem::Unexpected(format!("{name} without parentheses")));
            }
        });
    }
    if !(at_least..=at_most).contains(&arguments.len()) {
        return Err(takes(function, expected));
    }
    let kinds: Vec<Kind> = arguments.iter().map(kind).collect();
    let alike = kinds.windows(2).all(|pair| pair.first() == pair.last());
    if !alike {
        return Err(takes(function, expected));
    }
    apply(function, arguments).ok_or_else(|| takes(function, expected))
}

fn apply(function: &str, mut arguments: Vec<Expression>) -> Option<Expression> {
    Some(match function {
        "eq" => Expression::Equal(arguments),
        "and" => Expression::And(arguments),
        "or" => Expression::Or(arguments),
        "printf" => return printf(arguments),
        "not" => Expression::Not(Box::new(arguments.pop()?)),
        _ => {
            let second = arguments.pop()?;
            Expression::NotEqual(Box::new((arguments.pop()?, second)))
        }
    })
}

fn index(operands: Vec<Operand>) -> Result<Expression, Problem> {
    match <[Operand; 2]>::try_from(operands) {
        Ok([Operand::Dot, Operand::Value(Expression::Text(claim))]) => Ok(Expression::Index(claim)),
        _ => Err(Problem::Arguments {
            function: "index",
            expected: "the dot and the name of a claim in quotes",
        }),
    }
}

/// A format in which every `%s` has its text. Nothing else is made of a text, so no other verb is needed.
fn printf(arguments: Vec<Expression>) -> Option<Expression> {
    let mut arguments = arguments.into_iter();
    let Some(Expression::Text(format)) = arguments.next() else {
        return None;
    };
    let mut pieces = Vec::new();
    let mut rest = format.as_str();
    while let Some((before, verb)) = rest.split_once('%') {
        pieces.push(Expression::Text(before.to_owned()));
        let (piece, after) = match (verb.strip_prefix('s'), verb.strip_prefix('%')) {
            (Some(after), _) => (arguments.next()?, after),
            (_, Some(after)) => (Expression::Text("%".to_owned()), after),
            _ => return None,
        };
        pieces.push(piece);
        rest = after;
    }
    pieces.push(Expression::Text(rest.to_owned()));
    arguments
        .as_slice()
        .is_empty()
        .then_some(Expression::Joined(pieces))
}

fn kind(expression: &Expression) -> Kind {
    match expression {
        Expression::Field(_)
        | Expression::Index(_)
        | Expression::Text(_)
        | Expression::Joined(_) => Kind::Text,
        Expression::Number(_) => Kind::Number,
        Expression::Equal(_) | Expression::NotEqual(_) | Expression::Not(_) => Kind::Truth,
        // Their values are of one kind, and they have one.
        Expression::And(values) | Expression::Or(values) => {
            values.first().map_or(Kind::Truth, kind)
        }
    }
}

fn unexpected(word: &Word) -> Problem {
    Problem::Unexpected(match word {
        Word::Text(_) | Word::Open => "the end of the action".to_owned(),
        Word::Close => "}}".to_owned(),
        Word::Space => "a space".to_owned(),
        Word::Dot => ".".to_owned(),
        Word::Field(name) => format!(".{name}"),
        Word::Name(name) => name.clone(),
        Word::Quoted(text) => format!("{text:?}"),
        Word::Number(number) => number.to_string(),
        Word::Pipe => "|".to_owned(),
        Word::OpenParenthesis => "(".to_owned(),
        Word::CloseParenthesis => ")".to_owned(),
    })
}

const PRINTF: &str = "a format in quotes with a text for every %s, and no other verbs";

/// The words of Go that are not taken. Those that begin or end blocks stand where functions do.
const UNSUPPORTED: [&str; 26] = [
    "block", "break", "call", "continue", "define", "false", "ge", "gt", "html", "js", "le", "len",
    "lt", "nil", "print", "println", "range", "slice", "template", "true", "urlquery", "with",
    "if", "else", "end", "index",
];

/// Deep enough for any template that somebody can still read.
const MAX_DEPTH: usize = 16;
