//! The numbers of formats, by which what a newer release wrote is told from what is damaged.

use std::path::Path;

use serde::Deserialize;

use crate::failure::Failure;

/// The only format so far of everything that `sigctl` writes in JSON.
pub(crate) const FIRST: u32 = 1;

/// What a file says of its format. One that says nothing is of the first.
#[derive(Deserialize)]
struct Numbered {
    format: Option<u32>,
}

/// The number in a text of JSON, if it has one. What cannot be read is for its own reader to refuse.
pub(crate) fn number(json: &[u8]) -> Option<u32> {
    serde_json::from_slice::<Numbered>(json).ok()?.format
}

/// Refuses a file in JSON of a format that this release does not know. That is looked at before all else of it, which another
/// format may have changed.
pub(crate) fn refuse_newer(path: &Path, json: &[u8]) -> Result<(), Failure> {
    match number(json) {
        Some(found) if found > FIRST => Err(newer(path, &format!("format {found}"))),
        _ => Ok(()),
    }
}

/// What a newer release wrote.
pub(crate) fn newer(path: &Path, what: &str) -> Failure {
    Failure::new(
        "E-CTL-392",
        format!(
            "{} has {what}, and this release writes {FIRST}",
            path.display()
        ),
        "use the release that made it, or a later one; nothing was changed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_higher_number_is_refused() {
        for (json, is_refused) in [
            ("{\"format\": 1, \"a\": 2}", false),
            ("{\"a\": {\"format\": 9}}", false),
            ("{\"a\": 1, \"format\": 2}", true),
            ("{\"a\"", false),
        ] {
            let refused = refuse_newer(Path::new("file"), json.as_bytes());
            let code = refused.err().map(|failure| failure.code().to_owned());
            assert_eq!(code.as_deref(), is_refused.then_some("E-CTL-392"), "{json}");
        }
    }
}
