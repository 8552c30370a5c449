use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::nearest::nearest;

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what the service takes.
    #[error("{}{}: {}{message}{}", path.display(), At(*position), In(field), Suggest(suggestion))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line and column, counted from one, where they are known.
        position: Option<(usize, usize)>,
        /// The path of the field, such as `listeners.public.address`; empty at the top.
        field: String,
        /// What is wrong.
        message: String,
        /// The valid name that is nearest to an unknown one.
        suggestion: Option<String>,
    },
    /// Every field is readable, and together they make no sense.
    #[error("{}: {message}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What does not fit, and what to do.
        message: String,
    },
}

/// Reads a YAML (or JSON) file into a configuration.
///
/// # Errors
/// The file is missing, is not YAML, has a key twice, or is not what `T` takes. Unknown keys are
/// refused by the types, which is why every configuration type denies unknown fields.
pub fn read_config<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T, ConfigError> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Reads a configuration that comes from elsewhere than a file, such as an administrator's request; `name` stands for the
/// file in errors.
///
/// # Errors
/// As [`read_config`], but for a missing file.
pub fn parse_config<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, ConfigError> {
    parse(Path::new(name), text)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    // The typed pass below would silently keep the last of two equal keys; this one refuses them.
    serde_yaml::from_str::<serde_yaml::Value>(text)
        .map_err(|error| invalid(path, text, String::new(), &error))?;
    let document = serde_yaml::Deserializer::from_str(text);
    serde_path_to_error::deserialize(document).map_err(|error| {
        let field = match error.path().to_string() {
            top if top == "." => String::new(),
            field => field,
        };
        invalid(path, text, field, error.inner())
    })
}

fn invalid(path: &Path, text: &str, field: String, error: &serde_yaml::Error) -> ConfigError {
    let full = error.to_string();
    let message = without_position(&full).to_owned();
    let unknown = unknown_field(&message);
    let suggestion = unknown
        .and_then(|(word, rest)| nearest(word, quoted(rest)))
        .map(str::to_owned);
    let key_position = unknown.and_then(|(word, _)| position_of_key(text, word));
    let position = key_position.or_else(|| error.location().map(|at| (at.line(), at.column())));
    ConfigError::Invalid {
        path: path.to_owned(),
        position,
        field,
        message,
        suggestion,
    }
}

/// The word and the rest of "unknown field `word`, expected …".
fn unknown_field(message: &str) -> Option<(&str, &str)> {
    let at = UNKNOWN
        .iter()
        .find_map(|opening| message.find(opening).map(|start| start + opening.len()))?;
    message.get(at..)?.split_once('`')
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The parser places an unknown key at the start of its mapping; if the key stands in the file
/// once, its own place is the better answer.
fn position_of_key(text: &str, key: &str) -> Option<(usize, usize)> {
    let mut found = text.lines().enumerate().filter_map(|(line, content)| {
        let start = content.len() - content.trim_start_matches([' ', '-']).len();
        let rest = content.get(start..)?.strip_prefix(key)?;
        rest.trim_start()
            .starts_with(':')
            .then_some((line + 1, start + 1))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn without_position(message: &str) -> &str {
    let cut = message.rfind(" at line ").unwrap_or(message.len());
    let message = message.get(..cut).unwrap_or(message);
    // The field's path is told once, by its own name.
    match message.split_once(": ") {
        Some((prefix, rest)) if !prefix.contains([' ', '`']) => rest,
        _ => message,
    }
}

struct At(Option<(usize, usize)>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

struct In<'a>(&'a str);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, "{}: ", self.0)
        }
    }
}

struct Suggest<'a>(&'a Option<String>);

impl fmt::Display for Suggest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

const UNKNOWN: [&str; 2] = ["unknown field `", "unknown variant `"];

#[cfg(test)]
mod tests;
