//! The TLS presentation language (RFC 5246 §4): big-endian numbers, and vectors with their length before them.

use crate::Error;

/// Reads structures from the front of bytes.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| self.malformed())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed())?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A vector of up to 2^16-1 octets.
    pub(crate) fn vector16(&mut self) -> Result<&'a [u8], Error> {
        let length = self.u16()?;
        self.bytes(length.into())
    }

    /// A vector of up to 2^24-1 octets.
    pub(crate) fn vector24(&mut self) -> Result<&'a [u8], Error> {
        let [high, middle, low] = self.array()?;
        let length = u32::from_be_bytes([0, high, middle, low]);
        self.bytes(usize::try_from(length).map_err(|_| self.malformed())?)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How much is left.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Ends the reading; nothing may be left.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    pub(crate) const fn malformed(&self) -> Error {
        Error::Malformed(self.what)
    }
}

/// Appends a vector of up to 2^16-1 octets.
pub(crate) fn put_vector16(
    to: &mut Vec<u8>,
    content: &[u8],
    what: &'static str,
) -> Result<(), Error> {
    let length = u16::try_from(content.len()).map_err(|_| Error::TooLong(what))?;
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(content);
    Ok(())
}

/// Appends a vector of up to 2^24-1 octets.
pub(crate) fn put_vector24(
    to: &mut Vec<u8>,
    content: &[u8],
    what: &'static str,
) -> Result<(), Error> {
    let length = u32::try_from(content.len()).map_err(|_| Error::TooLong(what))?;
    let [0, bytes @ ..] = length.to_be_bytes() else {
        return Err(Error::TooLong(what));
    };
    to.extend_from_slice(&bytes);
    to.extend_from_slice(content);
    Ok(())
}
