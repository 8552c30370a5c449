//! What can be wrong with a document.

use std::fmt::Display;

use serde::de;

/// A document that cannot be read, with the place where it is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON, or nests too deep, or an object has a member twice.
    #[error(transparent)]
    Json(serde_json::Error),
    /// A value is not what its field holds.
    #[error("{}: {problem}", if path.is_empty() { "the document" } else { path.as_str() })]
    Field {
        /// The way to the field: names joined by dots, positions in brackets.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// The same error, seen from the object that has the field.
    pub(crate) fn under_member(self, name: &str) -> Self {
        self.under(name)
    }

    /// The same error, seen from the array that has the element.
    pub(crate) fn under_position(self, position: usize) -> Self {
        self.under(&format!("[{position}]"))
    }

    fn under(self, step: &str) -> Self {
        match self {
            Self::Json(source) => Self::Json(source),
            Self::Field { path, problem } => {
                let joint = if path.is_empty() || path.starts_with('[') {
                    ""
                } else {
                    "."
                };
                Self::Field {
                    path: format!("{step}{joint}{path}"),
                    problem,
                }
            }
        }
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Field {
            path: String::new(),
            problem: message.to_string(),
        }
    }
}
