use std::fmt;
use std::hash::{Hash, Hasher};

/// What entries are found by: 32 bytes that are distributed uniformly, as hashes are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The first bytes as a number: in sorted keys it tells how far along this one stands.
    pub(crate) fn prefix(&self) -> u64 {
        let (prefix, _) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        u64::from_be_bytes(*prefix)
    }

    /// Two numbers that have nothing to do with [`Self::prefix`], for filters.
    pub(crate) fn hashes(&self) -> (u64, u64) {
        let part = |at: usize| {
            let bytes = self.0.get(at..).and_then(<[u8]>::first_chunk);
            u64::from_le_bytes(*bytes.unwrap_or(&[0; 8]))
        };
        (part(8), part(16))
    }
}

/// A part of it is as good as a hash of the whole.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.prefix());
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

pub(crate) const KEY_BYTES: usize = 32;
