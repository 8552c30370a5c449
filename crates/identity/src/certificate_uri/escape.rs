//! Percent-encoding, part by part of a URL.

use std::fmt::Write;

use super::UriFault;

/// A part of a URL; each leaves other bytes as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    UserInfo,
    Host,
    Path,
    Fragment,
}

impl Part {
    /// Whether a byte stands for itself where a part is written.
    const fn leaves(self, byte: u8) -> bool {
        match byte {
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b';' | b'=' => true,
            b':' => !matches!(self, Self::UserInfo),
            b'/' | b'@' => matches!(self, Self::Path | Self::Fragment),
            b'?' => matches!(self, Self::Fragment),
            b'!' | b'(' | b')' | b'*' => matches!(self, Self::Host | Self::Fragment),
            b'\'' | b'[' | b']' | b'<' | b'>' | b'"' => matches!(self, Self::Host),
            _ => byte.is_ascii_alphanumeric(),
        }
    }
}

/// The text of a part: as it was read if it is properly encoded already, else encoded anew from what
/// it stands for.
pub(super) fn normal(text: &str, part: Part) -> Result<String, UriFault> {
    let decoded = decode(text, part)?;
    let is_encoded = |byte: u8| b"!$&'()*+,;=:@[]%".contains(&byte) || part.leaves(byte);
    if text.bytes().all(is_encoded) {
        return Ok(text.to_owned());
    }
    Ok(encode(&decoded, part))
}

pub(super) fn encode(bytes: &[u8], part: Part) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if part.leaves(*byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

pub(super) fn decode(text: &str, part: Part) -> Result<Vec<u8>, UriFault> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if part == Part::Host && byte.is_ascii() && !part.leaves(byte) {
                return Err(UriFault::Host);
            }
            decoded.push(byte);
            continue;
        }
        let high = bytes.next().and_then(digit).ok_or(UriFault::Escape)?;
        let low = bytes.next().and_then(digit).ok_or(UriFault::Escape)?;
        let escaped = high << 4 | low;
        // RFC 3986 §3.2.2: only what is not ASCII is encoded in a host. Go lets the percent sign pass.
        if part == Part::Host && escaped.is_ascii() && escaped != b'%' {
            return Err(UriFault::Host);
        }
        decoded.push(escaped);
    }
    Ok(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
