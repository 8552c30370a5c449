use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::nearest::nearest;

mod place;

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
        .map_err(|error| invalid(path, String::new(), &error, location(&error)))?;
    let document = serde_yaml::Deserializer::from_str(text);
    serde_path_to_error::deserialize(document).map_err(|error| {
        let field = match error.path().to_string() {
            top if top == "." => String::new(),
            field => field,
        };
        let place = place_of(text, &error);
        invalid(path, field, error.inner(), place)
    })
}

/// Where a refused field stands: its value, or its key if that is what is wrong. What is missing has no place but that of
/// the key under which it is missed.
fn place_of(
    text: &str,
    error: &serde_path_to_error::Error<serde_yaml::Error>,
) -> Option<(usize, usize)> {
    let message = error.inner().to_string();
    if message.contains(MISSING) {
        return place::of_key(text, error.path());
    }
    if message.contains(UNKNOWN_FIELD) {
        return place::of_key(text, error.path()).or_else(|| location(error.inner()));
    }
    place::of_value(text, error.path()).or_else(|| location(error.inner()))
}

fn location(error: &serde_yaml::Error) -> Option<(usize, usize)> {
    error.location().map(|at| (at.line(), at.column()))
}

fn invalid(
    path: &Path,
    field: String,
    error: &serde_yaml::Error,
    position: Option<(usize, usize)>,
) -> ConfigError {
    let full = error.to_string();
    let message = without_position(&full).to_owned();
    let suggestion = unknown_name(&message)
        .and_then(|(word, rest)| nearest(word, quoted(rest)))
        .map(str::to_owned);
    ConfigError::Invalid {
        path: path.to_owned(),
        position,
        field,
        message,
        suggestion,
    }
}

/// The word and the rest of "unknown field `word`, expected …".
fn unknown_name(message: &str) -> Option<(&str, &str)> {
    let at = [UNKNOWN_FIELD, UNKNOWN_VARIANT]
        .iter()
        .find_map(|opening| message.find(opening).map(|start| start + opening.len()))?;
    message.get(at..)?.split_once('`')
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
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

const UNKNOWN_FIELD: &str = "unknown field `";
const UNKNOWN_VARIANT: &str = "unknown variant `";
const MISSING: &str = "missing field `";

#[cfg(test)]
mod tests;
