//! Serial numbers.

use std::fmt;

use der::asn1::UintRef;

use crate::Error;
use crate::structure::encode;

/// The serial number of a certificate to be made: positive, at most twenty octets (RFC 5280 §4.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SerialNumber([u8; 20]);

impl SerialNumber {
    /// A serial number of 159 bits out of twenty random octets. Unpredictable serials keep anybody from choosing the
    /// bytes that an authority signs.
    #[must_use]
    pub const fn from_random(mut random: [u8; 20]) -> Self {
        random[0] &= 0x7f;
        // Zero is no serial number; it will not happen.
        random[19] |= (random[0] == 0) as u8;
        Self(random)
    }

    /// The octets, with leading zeros.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    pub(crate) fn to_der(self) -> Result<Vec<u8>, Error> {
        let integer = UintRef::new(&self.0).map_err(Error::structure("the serial number"))?;
        encode("the serial number", &integer)
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
