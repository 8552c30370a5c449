use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::administrator::hex;

/// The certificates of administrators that count no more, by their serial numbers.
///
/// The file has one number in hexadecimal on a line; what comes after it on the line, and lines that begin with `#`, are for
/// people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked(BTreeSet<String>);

/// Why a list of revoked certificates cannot be used. Nobody is let in by such a list.
#[derive(Debug, thiserror::Error)]
pub enum RevokedError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line does not begin with a serial number.
    #[error("line {line} of {} does not begin with a serial number in hexadecimal", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
    },
}

impl Revoked {
    /// Where the list is: beside the certificates of the authorities whose certificates are let in.
    #[must_use]
    pub fn beside(client_ca: &Path) -> PathBuf {
        client_ca.with_file_name("admin-revoked.txt")
    }

    /// Reads a list; one that is not there is empty.
    ///
    /// # Errors
    /// If it cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, RevokedError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(source) => {
                let path = path.to_owned();
                return Err(RevokedError::Read { path, source });
            }
        };
        let mut serials = BTreeSet::new();
        for (index, line) in text.lines().enumerate() {
            let Some(word) = line.split_whitespace().next() else {
                continue;
            };
            if word.starts_with('#') {
                continue;
            }
            let serial = parse(word).ok_or_else(|| RevokedError::Line {
                path: path.to_owned(),
                line: index + 1,
            })?;
            serials.insert(serial);
        }
        Ok(Self(serials))
    }

    /// Whether the certificate of that number is revoked.
    #[must_use]
    pub fn contains(&self, serial: &str) -> bool {
        self.0.contains(serial)
    }
}

/// Other programs write numbers with colons, capitals, or zeros before them.
fn parse(word: &str) -> Option<String> {
    let digits: String = word.chars().filter(|character| *character != ':').collect();
    let digits = match digits.len() % 2 {
        0 => digits,
        _ => format!("0{digits}"),
    };
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let is_digits = pair.iter().all(u8::is_ascii_hexdigit);
            let text = std::str::from_utf8(pair).ok().filter(|_| is_digits)?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect();
    bytes
        .map(|bytes| hex(&bytes))
        .filter(|serial| !serial.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_other_programs_write_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = Revoked::beside(&folder.path().join("admin-ca.pem"));
        assert_eq!(Revoked::read(&path).unwrap(), Revoked::default());
        std::fs::write(&path, "# gone\n\n00:AB:01  Vera, left in May\ncd02\nf\n").unwrap();
        let list = Revoked::read(&path).unwrap();
        assert!(
            ["ab01", "cd02", "0f"]
                .iter()
                .all(|serial| list.contains(serial))
        );
        assert!(!list.contains("ab02"));
    }

    #[test]
    fn a_list_that_is_not_understood_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        for wrong in ["ab01\nVera\n", "ab01\n+f\n", "ab01\n00\n", "ab01\n:\n"] {
            std::fs::write(&path, wrong).unwrap();
            let error = Revoked::read(&path).unwrap_err();
            assert!(error.to_string().contains("line 2"), "{wrong:?}: {error}");
        }
        let error = Revoked::read(folder.path()).unwrap_err();
        assert!(matches!(error, RevokedError::Read { .. }));
    }
}
