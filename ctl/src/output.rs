//! How results are printed: for people, or as one JSON document.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

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
            Self::Text => write_line(&printable(text(value).trim_end())),
            Self::Json => self.print_json(value),
        }
    }

    /// Prints a JSON document.
    pub(crate) fn print_json<T: Serialize>(self, value: &T) {
        // Results are structs of strings, numbers and lists; writing them cannot fail.
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        write_line(&printable_json(&text));
    }

    /// Says what is going on, to people only, where it does not mix with results.
    pub(crate) fn progress(self, message: &str) {
        if self == Self::Text {
            self.complain(&format!("{}\n", printable(message)));
        }
    }

    /// Writes to where errors go, in colour if that is a terminal that wants it.
    pub(crate) fn complain(self, text: &str) {
        // With standard error gone there is nobody left to tell.
        let _ = anstream::stderr().write_all(text.as_bytes());
    }
}

/// Writes what is no result of a command but a whole file, such as a script.
pub(crate) fn write_raw(bytes: &[u8]) {
    note(
        io::stdout()
            .write_all(bytes)
            .and_then(|()| io::stdout().flush()),
    );
}

fn write_line(text: &str) {
    write_raw(format!("{text}\n").as_bytes());
}

/// A reader that went away has read what it wanted, as `head` has: the command still did its work. Anything else, such as a
/// full disk, leaves a result that is not whole.
fn note(written: io::Result<()>) {
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        IS_CUT.store(true, Ordering::Relaxed);
    }
}

/// Whether a result could not be written whole. Only `main` asks, last.
pub(crate) fn is_cut() -> bool {
    IS_CUT.load(Ordering::Relaxed)
}

/// The text without anything that a terminal obeys: control characters but line ends and tabs, and marks that turn the
/// direction of writing.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, |character| {
        is_obeyed(character) && !matches!(character, '\n' | '\t')
    })
}

/// As [`printable`], of what must stay on its line.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |character| {
        is_obeyed(character) || matches!(character, '\u{2028}' | '\u{2029}')
    })
}

/// The same for a document of JSON, which reads as before: outside of its strings there is nothing of the kind, and within
/// them the first 32 control characters are escaped already.
pub(crate) fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_obeyed(character) && !matches!(character, '\n' | '\t') {
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn is_obeyed(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Set by any command that writes a result, read by `main` when the command is over.
static IS_CUT: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_terminal_obeys_nothing_of_what_is_shown() {
        for (text, shown) in [
            ("plain\n\ttext ä 😀", "plain\n\ttext ä 😀"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("a\rb\u{8}\u{7f}\u{9b}2J", r"a\u{d}b\u{8}\u{7f}\u{9b}2J"),
            ("\u{202e}gpj.exe", r"\u{202e}gpj.exe"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
