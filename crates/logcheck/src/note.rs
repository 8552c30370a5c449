use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tree::Hash;

/// C2SP signed-note lets a reader bound the number of signatures.
const SIGNATURES_AT_MOST: usize = 100;

/// A signed note (C2SP signed-note) whose text is a checkpoint (C2SP tlog-checkpoint). Its signatures are not verified.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// What is signed, with its last line feed.
    pub(crate) text: String,
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) extensions: usize,
    pub(crate) signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone)]
pub(crate) struct NoteSignature {
    pub(crate) name: String,
    pub(crate) hint: [u8; 4],
    pub(crate) bytes: Vec<u8>,
}

/// Reads a note; the error says in what it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<Note, &'static str> {
    let whole = str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    if whole.chars().any(|one| one < ' ' && one != '\n') {
        return Err("it has control characters");
    }
    let (before, block) = whole.rsplit_once("\n\n").ok_or("it has no signatures")?;
    let lines = block
        .strip_suffix('\n')
        .ok_or("it does not end in a line feed")?;
    let signatures = lines
        .split('\n')
        .map(signature)
        .collect::<Option<Vec<_>>>()
        .ok_or("a signature line is malformed")?;
    if signatures.len() > SIGNATURES_AT_MOST {
        return Err("it has too many signatures");
    }
    checkpoint(format!("{before}\n"), signatures)
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let legal = !name.is_empty() && !name.contains(|one: char| one.is_whitespace() || one == '+');
    let decoded = STANDARD.decode(encoded).ok()?;
    let (hint, bytes) = decoded.split_first_chunk::<4>()?;
    (legal && !bytes.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        hint: *hint,
        bytes: bytes.to_vec(),
    })
}

fn checkpoint(text: String, signatures: Vec<NoteSignature>) -> Result<Note, &'static str> {
    let mut lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
    let origin = lines.next().filter(|line| !line.is_empty());
    let origin = origin.ok_or("it has no origin")?.to_owned();
    let size = lines.next().and_then(decimal).ok_or("its size is none")?;
    let root = lines.next().and_then(|line| STANDARD.decode(line).ok());
    let root = root.and_then(|bytes| Hash::try_from(bytes).ok());
    let root = root.ok_or("its root is not 32 bytes in base64")?;
    let mut extensions = 0;
    for line in lines {
        if line.is_empty() {
            return Err("it has an empty extension line");
        }
        extensions += 1;
    }
    Ok(Note {
        origin,
        size,
        root,
        extensions,
        signatures,
        text,
    })
}

/// A number in its one spelling.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn reads_a_checkpoint_with_extensions_and_cosignatures() {
        let text =
            format!("a.example\n0\n{ROOT}\nmore\n\n— a.example AQIDBAU=\n— w.example AQIDBAU=\n");
        let note = parse(text.as_bytes()).unwrap();
        assert_eq!(
            (note.origin.as_str(), note.size, note.extensions),
            ("a.example", 0, 1)
        );
        assert_eq!(note.signatures.len(), 2);
        assert_eq!(note.text, format!("a.example\n0\n{ROOT}\nmore\n"));
    }

    #[test]
    fn refuses_what_is_no_note() {
        let line = "— a.example AQIDBAU=\n";
        let cases = [
            String::new(),
            format!("a.example\n0\n{ROOT}\n"),
            format!("a.example\n0\n{ROOT}\n\n"),
            format!("a.example\n0\n{ROOT}\n\n{}", line.trim_end()),
            format!("a.example\n0\n{ROOT}\n\n\n{line}"),
            format!("a.example\r\n0\n{ROOT}\n\n{line}"),
            format!("a.example\n00\n{ROOT}\n\n{line}"),
            format!("a.example\n+1\n{ROOT}\n\n{line}"),
            format!("a.example\n18446744073709551616\n{ROOT}\n\n{line}"),
            format!("a.example\n0\n{}\n\n{line}", &ROOT[4..]),
            format!("\n0\n{ROOT}\n\n{line}"),
            format!("a.example\n0\n{ROOT}\n\n- a.example AQIDBAU=\n"),
            format!("a.example\n0\n{ROOT}\n\n— a.example AQIDBA==\n"),
            format!("a.example\n0\n{ROOT}\n\n— a+b AQIDBAU=\n"),
            format!("a.example\n0\n{ROOT}\n\n{line}\n{line}"),
            format!("a.example\n0\n{ROOT}\n\n{}", line.repeat(101)),
        ];
        for case in cases {
            assert!(parse(case.as_bytes()).is_err(), "{case:?}");
        }
    }
}
