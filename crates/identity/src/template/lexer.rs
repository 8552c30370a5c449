//! From the text of a template to its words, as Go tells them apart.

use crate::template_fault::{Problem, TemplateFault};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: Word,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// What stands between actions.
    Text(String),
    Open,
    Close,
    Space,
    Dot,
    Field(String),
    Name(String),
    Quoted(String),
    Number(i64),
    Pipe,
    OpenParenthesis,
    CloseParenthesis,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, TemplateFault> {
    let mut lexer = Lexer {
        text,
        rest: text,
        tokens: Vec::new(),
    };
    lexer
        .run()
        .map_err(|problem| problem.at(text, text.len() - lexer.rest.len()))?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    rest: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), Problem> {
        let mut trims_start = false;
        while let Some((mut written, action)) = self.rest.split_once(OPEN) {
            let after = action
                .strip_prefix('-')
                .filter(|after| after.starts_with(SPACES));
            if trims_start {
                written = written.trim_start_matches(SPACES);
            }
            if after.is_some() {
                written = written.trim_end_matches(SPACES);
            }
            self.push_text(written);
            let comment = after.map_or(action, |after| after.trim_start_matches(SPACES));
            trims_start = if let Some(comment) = comment.strip_prefix("/*") {
                self.comment(comment)?
            } else {
                self.rest = self
                    .rest
                    .get(self.rest.len() - action.len() - OPEN.len()..)
                    .unwrap_or_default();
                self.push(Word::Open, OPEN.len());
                self.rest = after.unwrap_or(action);
                self.action()?
            };
        }
        let written = self.rest;
        self.push_text(if trims_start {
            written.trim_start_matches(SPACES)
        } else {
            written
        });
        Ok(())
    }

    /// Skips a comment and its action, and says whether it trims what follows.
    fn comment(&mut self, comment: &'a str) -> Result<bool, Problem> {
        let (_, after) = comment
            .split_once("*/")
            .ok_or(Problem::Unclosed("the comment"))?;
        self.rest = after;
        self.closing()
            .ok_or_else(|| Problem::Unexpected("text behind a comment".to_owned()))
    }

    /// Takes the end of an action, and says whether it trims what follows.
    fn closing(&mut self) -> Option<bool> {
        if let Some(after) = self.rest.strip_prefix(CLOSE) {
            self.rest = after;
            return Some(false);
        }
        let trimmed = self.rest.strip_prefix(SPACES)?;
        self.rest = trimmed.strip_prefix('-')?.strip_prefix(CLOSE)?;
        Some(true)
    }

    fn action(&mut self) -> Result<bool, Problem> {
        loop {
            let offset = self.offset();
            if let Some(trims) = self.closing() {
                self.tokens.push(Token {
                    word: Word::Close,
                    offset,
                });
                return Ok(trims);
            }
            let first = self.rest.chars().next();
            match first.ok_or(Problem::Unclosed("the action"))? {
                space if SPACES.contains(&space) => self.space(),
                '|' => self.push(Word::Pipe, 1),
                '(' => self.push(Word::OpenParenthesis, 1),
                ')' => self.push(Word::CloseParenthesis, 1),
                '"' => self.quoted()?,
                '`' => self.raw()?,
                '.' => self.field()?,
                '0'..='9' | '+' | '-' => self.number()?,
                '$' => return Err(Problem::Unsupported("a variable ($)".to_owned())),
                '\'' => {
                    return Err(Problem::Unsupported(
                        "a character in single quotes".to_owned(),
                    ));
                }
                ',' => return Err(Problem::Unsupported("a comma".to_owned())),
                ':' | '=' => return Err(Problem::Unsupported("an assignment".to_owned())),
                first if is_word(first) => self.name()?,
                other => return Err(Problem::Unexpected(format!("{other:?}"))),
            }
        }
    }

    /// The spaces before an end that trims belong to the end.
    fn space(&mut self) {
        let length = self.rest.len() - self.rest.trim_start_matches(SPACES).len();
        let ends = self
            .rest
            .get(length..)
            .is_some_and(|rest| rest.starts_with("-}}"));
        let taken = if ends { length - 1 } else { length };
        self.push(Word::Space, taken);
        if ends && taken == 0 {
            self.tokens.pop();
        }
    }

    fn quoted(&mut self) -> Result<(), Problem> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((position, character)) = characters.next() {
            match character {
                '"' => {
                    self.push(Word::Quoted(text), position + 1);
                    return Ok(());
                }
                '\n' => break,
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, other)) => {
                        return Err(Problem::Unsupported(format!("the escape \\{other}")));
                    }
                    None => break,
                },
                character => text.push(character),
            }
        }
        Err(Problem::Unclosed("the text in quotes"))
    }

    fn raw(&mut self) -> Result<(), Problem> {
        let quoted = self.rest.get(1..).and_then(|rest| rest.split_once('`'));
        let (text, _) = quoted.ok_or(Problem::Unclosed("the text in quotes"))?;
        self.push(Word::Quoted(text.to_owned()), text.len() + 2);
        Ok(())
    }

    fn field(&mut self) -> Result<(), Problem> {
        let name = word(self.rest.get(1..).unwrap_or_default());
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(Problem::Unsupported(format!("the number .{name}")));
        }
        let length = name.len() + 1;
        self.check_end(length)?;
        let word = match name {
            "" => Word::Dot,
            name => Word::Field(name.to_owned()),
        };
        self.push(word, length);
        Ok(())
    }

    fn name(&mut self) -> Result<(), Problem> {
        let name = word(self.rest);
        self.check_end(name.len())?;
        self.push(Word::Name(name.to_owned()), name.len());
        Ok(())
    }

    /// Whole numbers in decimal digits; Go knows many more spellings.
    fn number(&mut self) -> Result<(), Problem> {
        let end = self.rest.find(|c: char| !is_word(c) && !"+-.".contains(c));
        let text = self
            .rest
            .get(..end.unwrap_or(self.rest.len()))
            .unwrap_or_default();
        let digits = text.trim_start_matches(['+', '-']);
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = text
            .parse()
            .ok()
            .filter(|_| is_plain && (digits == "0" || !digits.starts_with('0')));
        let number = number.ok_or_else(|| Problem::Unsupported(format!("the number {text}")))?;
        self.check_end(text.len())?;
        self.push(Word::Number(number), text.len());
        Ok(())
    }

    /// Words end before these, so that `.a"b"` is not two.
    fn check_end(&mut self, length: usize) -> Result<(), Problem> {
        let after = self.rest.get(length..).unwrap_or_default();
        match after.chars().next() {
            Some(next)
                if !SPACES.contains(&next)
                    && !".,|:()".contains(next)
                    && !after.starts_with(CLOSE) =>
            {
                self.rest = after;
                Err(Problem::Unexpected(format!("{next:?}")))
            }
            _ => Ok(()),
        }
    }

    fn push(&mut self, word: Word, length: usize) {
        let offset = self.offset();
        self.tokens.push(Token { word, offset });
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            let (word, offset) = (Word::Text(text.to_owned()), self.offset());
            self.tokens.push(Token { word, offset });
        }
    }

    fn offset(&self) -> usize {
        self.text.len() - self.rest.len()
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|character| !is_word(character));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];
