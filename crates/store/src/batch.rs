use crate::{Error, VALUE_BYTES_AT_MOST};

/// What must stand under a key for a batch to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// No value.
    Absent,
    /// Exactly this value.
    Value(Vec<u8>),
}

impl Expect {
    pub(crate) fn holds(&self, found: Option<&[u8]>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Value(value) => found == Some(value.as_slice()),
        }
    }
}

/// Writes that apply together, and what must hold for them to.
///
/// Preconditions see the state before the batch. Of several writes to one key the last one counts.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) requirements: Vec<(Vec<u8>, Expect)>,
    /// `None` deletes.
    pub(crate) writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a precondition.
    #[must_use]
    pub fn require(mut self, key: impl Into<Vec<u8>>, expect: Expect) -> Self {
        self.requirements.push((key.into(), expect));
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn put(mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.writes.push((key.into(), Some(value.into())));
        self
    }

    /// Adds a deletion; deleting what is not there is no error.
    #[must_use]
    pub fn delete(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.writes.push((key.into(), None));
        self
    }

    pub(crate) fn check_sizes(&self) -> Result<(), Error> {
        for value in self.writes.iter().filter_map(|(_, value)| value.as_ref()) {
            if value.len() > VALUE_BYTES_AT_MOST {
                return Err(Error::TooLarge {
                    bytes: value.len(),
                    limit: VALUE_BYTES_AT_MOST,
                });
            }
        }
        Ok(())
    }
}
