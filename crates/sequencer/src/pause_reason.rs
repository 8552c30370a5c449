use std::sync::Arc;

/// Why an operator pauses a log: one line, for everybody who sends an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseReason(Arc<str>);

/// A text is no reason of a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reason of a pause must be one line of 1 to 200 bytes without control characters")]
pub struct PauseReasonError;

impl PauseReason {
    /// Reads a reason; blanks around it do not count.
    ///
    /// # Errors
    /// It is empty, longer than 200 bytes, or has control characters.
    pub fn parse(text: &str) -> Result<Self, PauseReasonError> {
        let text = text.trim();
        let is_line = (1..=MOST_BYTES).contains(&text.len()) && !text.contains(char::is_control);
        if is_line {
            Ok(Self(text.into()))
        } else {
            Err(PauseReasonError)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// It is part of each refusal.
const MOST_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line() {
        let longest = "x".repeat(MOST_BYTES);
        for text in ["the disk is moved", " again ", "für heute", &longest] {
            assert_eq!(PauseReason::parse(text).unwrap().as_str(), text.trim());
        }
        let longer = format!("{longest}x");
        for text in ["", "  ", "a\nb", "a\u{1b}[2Jb", &longer] {
            assert_eq!(PauseReason::parse(text), Err(PauseReasonError), "{text:?}");
        }
    }
}
