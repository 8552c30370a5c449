/// Reads big-endian fields off the front of bytes; `None` when they end too early.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number of `width` bytes, at most eight.
    pub(crate) fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |value, byte| (value << 8) | u64::from(*byte)),
        )
    }

    /// Bytes behind their length, which has `width` bytes itself (RFC 8446 §3.4).
    pub(crate) fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number(width)?).ok()?;
        self.take(length)
    }

    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

/// Appends bytes behind their length of `width` bytes; `None` when they are too long for it.
pub(crate) fn put_vector(out: &mut Vec<u8>, width: usize, bytes: &[u8]) -> Option<()> {
    let length = u64::try_from(bytes.len()).ok()?.to_be_bytes();
    let (unused, used) = length.split_at_checked(length.len().checked_sub(width)?)?;
    if unused.iter().any(|byte| *byte != 0) {
        return None;
    }
    out.extend_from_slice(used);
    out.extend_from_slice(bytes);
    Some(())
}
