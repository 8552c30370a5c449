//! How results are printed: for people, or as one JSON document.

use clap::ValueEnum;
use serde::Serialize;

/// The form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON document on standard output.
    Json,
}

impl Output {
    /// Prints a result: `text` for people, `value` as JSON.
    pub(crate) fn print<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        match self {
            Self::Text => println!("{}", text(value).trim_end()),
            Self::Json => self.print_json(value),
        }
    }

    /// Prints a JSON document.
    pub(crate) fn print_json<T: Serialize>(self, value: &T) {
        // Results are structs of strings, numbers and lists; writing them cannot fail.
        println!(
            "{}",
            serde_json::to_string_pretty(value).unwrap_or_default()
        );
    }

    /// Says what is going on, to people only, where it does not mix with results.
    pub(crate) fn progress(self, message: &str) {
        if self == Self::Text {
            eprintln!("{message}");
        }
    }
}
