//! What a command reads: a file, or standard input under the name `-`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sigstead_key::PublicKey;

use crate::failure::Failure;

/// Whether the name stands for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a document from a file or standard input. What is longer than any document is not read to its end.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    match is_standard_input(path) {
        false => read_file(path),
        true => document(io::stdin().lock())
            .map_err(|error| Failure::io("cannot read standard input", error)),
    }
}

/// Reads a document from a file, whatever its name.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = File::open(path).and_then(document);
    read.map_err(|error| Failure::file("read", path, error))
}

/// Reads a public key, PEM or DER.
pub(crate) fn read_public_key(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem_or_der(&read_file(path)?).map_err(|error| {
        Failure::new(
            "E-CTL-012",
            format!("{} is no public key that can be used", path.display()),
            "name a file with a public key in PEM or DER",
        )
        .because(sigstead_kit::causes(&error))
    })
}

/// A secret as it was meant: editors and `echo` write a line end behind it.
pub(crate) fn without_line_end(mut secret: Vec<u8>) -> Vec<u8> {
    let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    while secret.last().is_some_and(is_line_end) {
        secret.pop();
    }
    secret
}

/// Reads an artifact from a file or standard input, however long it is.
pub(crate) fn read_artifact(path: &Path) -> Result<Vec<u8>, Failure> {
    if !is_standard_input(path) {
        return std::fs::read(path).map_err(|error| Failure::file("read", path, error));
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::io("cannot read standard input", error))?;
    Ok(bytes)
}

fn document(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= LONGEST) {
        true => Ok(bytes),
        false => Err(io::Error::other(format!(
            "it is longer than {LONGEST} bytes, and no document is"
        ))),
    }
}

/// A bundle may hold a statement about many files, with one entry of a log and its proof.
const LONGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        assert_eq!(document(&b"text"[..]).unwrap(), b"text");
        let longest = document(io::repeat(b' ').take(LONGEST)).unwrap();
        assert_eq!(u64::try_from(longest.len()), Ok(LONGEST));
        let refused = document(io::repeat(b' ')).unwrap_err();
        assert!(refused.to_string().contains("longer"), "{refused}");
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let refused = read_file(Path::new("/dev/zero")).unwrap_err();
        assert!(refused.whole().contains("longer"), "{}", refused.whole());
    }
}
