use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Addresses that begin alike, written `10.0.0.0/8` or `2001:db8::/32` (RFC 4632 §3.1, RFC 4291 §2.3); an address alone is a
/// block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressBlock {
    first: IpAddr,
    length: u8,
}

/// Why a text is no [`AddressBlock`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseAddressBlockError {
    /// The text is something else.
    #[error("write an address or a block of addresses such as 10.0.0.0/8")]
    Malformed,
    /// The block would be every address.
    #[error("/0 is every address; write the block that is meant")]
    Everything,
    /// The address has bits behind the length, so that one of the two is a mistake.
    #[error("the address has more bits than /{0} keeps; write the first address of the block")]
    BitsBehindLength(u8),
}

impl AddressBlock {
    /// Whether the block holds an address. An IPv4 address that is written in IPv6 (RFC 4291 §2.5.5.2) is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.first.is_ipv4() == address.is_ipv4() && first_of(address, self.length) == self.first
    }
}

impl From<IpAddr> for AddressBlock {
    /// The block of one address.
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self {
            first,
            length: bits_of(first),
        }
    }
}

impl FromStr for AddressBlock {
    type Err = ParseAddressBlockError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = ParseAddressBlockError::Malformed;
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| malformed.clone())?;
        let bits = bits_of(first);
        let length = match length {
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().map_err(|_| malformed.clone())?
            }
            Some(_) => return Err(malformed),
            None => bits,
        };
        if length > bits || first != first.to_canonical() {
            return Err(malformed);
        }
        if length == 0 {
            return Err(ParseAddressBlockError::Everything);
        }
        if first_of(first, length) != first {
            return Err(ParseAddressBlockError::BitsBehindLength(length));
        }
        Ok(Self { first, length })
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.length)
    }
}

impl JsonSchema for AddressBlock {
    fn schema_name() -> Cow<'static, str> {
        "AddressBlock".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9A-Fa-f.:]+(/[0-9]+)?$"})
    }
}

impl Serialize for AddressBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with all bits behind `length` cleared.
fn first_of(address: IpAddr, length: u8) -> IpAddr {
    let cleared = u32::from(bits_of(address).saturating_sub(length));
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(cleared).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(cleared).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_the_addresses_that_begin_like_it() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.128/25", "192.0.2.255", "192.0.2.127"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7/32", "::ffff:192.0.2.7", "::192.0.2.7"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("128.0.0.0/1", "203.0.113.9", "::1"),
            ("2000::/3", "2001:db8::1", "32.0.0.0"),
        ] {
            let parsed: AddressBlock = block.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{block}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{block}");
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
    }

    #[test]
    fn what_is_no_block_is_refused_for_what_is_wrong_with_it() {
        for text in [
            "",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "::/129",
            "::ffff:10.0.0.0/104",
            "proxy.example.com",
            "10.0.0.0/8 ",
        ] {
            let refused = text.parse::<AddressBlock>();
            assert_eq!(refused, Err(ParseAddressBlockError::Malformed), "{text}");
        }
        for text in ["0.0.0.0/0", "::/0"] {
            let refused = text.parse::<AddressBlock>();
            assert_eq!(refused, Err(ParseAddressBlockError::Everything), "{text}");
        }
        for (text, length) in [("10.1.0.0/8", 8), ("2001:db8::1/64", 64)] {
            let refused = text.parse::<AddressBlock>();
            let expected = ParseAddressBlockError::BitsBehindLength(length);
            assert_eq!(refused, Err(expected), "{text}");
        }
    }
}
