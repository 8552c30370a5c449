use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_merkle::NodeHash;
use sigstead_note::SignedNote;

use crate::Error;

/// What is asked of a witness, and of a mirror before it is sent entries (c2sp.org/tlog-witness §add-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the one who is asked has seen.
    pub old_size: u64,
    /// The proof that what it has seen is the beginning of what is shown.
    pub hashes: Vec<NodeHash>,
    /// The checkpoint that is shown.
    pub note: SignedNote,
}

impl AddCheckpoint {
    /// The body of the request.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut body = format!("old {}\n", self.old_size);
        for hash in &self.hashes {
            STANDARD.encode_string(hash.as_bytes(), &mut body);
            body.push('\n');
        }
        body.push('\n');
        body.push_str(&self.note.encode());
        body
    }

    /// Reads the body of a request. Neither the proof nor a signature is checked.
    ///
    /// # Errors
    /// The text has not the form of such a body.
    pub fn parse(body: &str) -> Result<Self, Error> {
        let (head, note) = body.split_once("\n\n").ok_or(Error::Request)?;
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(parse_old).ok_or(Error::Request)?;
        let hashes = lines.map(parse_hash).collect::<Option<Vec<_>>>();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_PROOF_LINES);
        Ok(Self {
            old_size,
            hashes: hashes.ok_or(Error::Request)?,
            note: SignedNote::parse(note).map_err(Error::Note)?,
        })
    }
}

fn parse_old(line: &str) -> Option<u64> {
    let digits = line.strip_prefix("old ")?;
    let size = digits.parse::<u64>().ok();
    size.filter(|size| size.to_string() == digits)
}

fn parse_hash(line: &str) -> Option<NodeHash> {
    let bytes = STANDARD.decode(line).ok()?;
    let bytes = <[u8; 32]>::try_from(bytes).ok()?;
    Some(NodeHash::from_bytes(bytes))
}

/// c2sp.org/tlog-witness §add-checkpoint
pub(crate) const MAX_PROOF_LINES: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "log.example\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} log.example Az3grgE=\n";
    const HASH: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    #[test]
    fn reads_what_it_writes() {
        for body in [
            format!("old 0\n\n{NOTE}"),
            format!("old 5\n{HASH}\n{HASH}\n\n{NOTE}"),
        ] {
            let request = AddCheckpoint::parse(&body).unwrap();
            assert_eq!(request.encode(), body);
        }
    }

    #[test]
    fn refuses_what_is_no_request() {
        let long = format!("{HASH}\n").repeat(64);
        for body in [
            String::new(),
            NOTE.to_owned(),
            format!("old 05\n\n{NOTE}"),
            format!("old -1\n\n{NOTE}"),
            format!("old 18446744073709551616\n\n{NOTE}"),
            format!("old 5\nAAAA\n\n{NOTE}"),
            format!("old 5\n{HASH}x\n\n{NOTE}"),
            format!("old 5\n{long}\n{NOTE}"),
            format!("old 5\n{HASH}\n{NOTE}"),
            format!("old 5\n{HASH}\n\n"),
        ] {
            assert!(AddCheckpoint::parse(&body).is_err(), "{body:?}");
        }
    }
}
