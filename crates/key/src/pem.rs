//! PEM as clients write it (RFC 7468, and what some of them leave out).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

/// Label and content of the first block. Line lengths do not matter: some clients write the body on one line and end
/// the text without a newline.
///
/// # Errors
/// If the text has no whole block, or its body is not base64.
pub fn decode(text: &str) -> Result<(&str, Vec<u8>), Error> {
    let (label, content, _) = decode_first(text)?;
    Ok((label, content))
}

/// Labels and contents of all blocks; text between them does not count.
///
/// # Errors
/// If there is no block, or one that is not whole.
pub fn decode_all(text: &str) -> Result<Vec<(&str, Vec<u8>)>, Error> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while blocks.is_empty() || rest.contains(BEGIN) {
        let (label, content, after) = decode_first(rest)?;
        blocks.push((label, content));
        rest = after;
    }
    Ok(blocks)
}

/// Lines of 64 columns, each ended by one newline.
#[must_use]
pub fn encode(label: &str, content: &[u8]) -> String {
    let body = STANDARD.encode(content);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text
}

fn decode_first(text: &str) -> Result<(&str, Vec<u8>, &str), Error> {
    let malformed = || Error::Malformed("not a pem block");
    let (_, rest) = text.split_once(BEGIN).ok_or_else(malformed)?;
    let (label, rest) = rest.split_once(DASHES).ok_or_else(malformed)?;
    let (body, rest) = rest.split_once(END).ok_or_else(malformed)?;
    let rest = rest
        .strip_prefix(label)
        .and_then(|rest| rest.strip_prefix(DASHES));
    let body: String = body.split_ascii_whitespace().collect();
    let content = STANDARD
        .decode(body)
        .map_err(|_| Error::Malformed("pem body is not base64"))?;
    Ok((label, content, rest.ok_or_else(malformed)?))
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
