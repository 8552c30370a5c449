use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_merkle::{RootHash, TreeHead};

use crate::{Error, Origin};

/// A log's statement of its size and root, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// What the log says it is.
    pub head: TreeHead,
    /// Further lines, which mean something to the log's own readers.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub const fn new(origin: Origin, head: TreeHead) -> Self {
        Self {
            origin,
            head,
            extensions: Vec::new(),
        }
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// The text has not the lines of a checkpoint, in their one spelling.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.strip_suffix('\n').ok_or(Error::Lines)?;
        let mut lines = text.split('\n');
        let mut line = || lines.next().ok_or(Error::Lines);
        let origin = Origin::parse(line()?)?;
        let size = parse_size(line()?)?;
        let root = parse_root(line()?)?;
        let extensions: Vec<_> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(Error::Extension);
        }
        if size == 0 && root != RootHash::of_empty() {
            return Err(Error::EmptyRoot);
        }
        let head = TreeHead { size, root };
        Ok(Self {
            origin,
            head,
            extensions,
        })
    }

    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.head.root.as_bytes());
        let mut text = format!("{}\n{}\n{root}\n", self.origin, self.head.size);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

// c2sp.org/tlog-checkpoint §Note text: decimal without leading zeros.
fn parse_size(line: &str) -> Result<u64, Error> {
    let size = line.parse::<u64>().ok();
    size.filter(|size| size.to_string() == line)
        .ok_or_else(|| Error::Size(line.to_owned()))
}

fn parse_root(line: &str) -> Result<RootHash, Error> {
    let bytes = STANDARD.decode(line).ok();
    bytes
        .and_then(|bytes| RootHash::try_from(bytes.as_slice()).ok())
        .ok_or_else(|| Error::Root(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // The example of c2sp.org/tlog-checkpoint.
    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const EMPTY_ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn reads_and_writes_the_example_of_the_specification() {
        let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.head.size, 20_852_163);
        assert_eq!(checkpoint.text(), EXAMPLE);
    }

    #[test]
    fn keeps_extension_lines() {
        let text = format!("{EXAMPLE}Timestamp: 1\nmore\n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!(checkpoint.extensions, ["Timestamp: 1", "more"]);
        assert_eq!(checkpoint.text(), text);
    }

    #[test]
    fn refuses_what_is_not_a_checkpoint() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let table = [
            String::new(),
            "a\n".to_owned(),
            "a\n1\n".to_owned(),
            format!("a\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            format!("a\n-1\n{root}\n"),
            format!("a\n18446744073709551616\n{root}\n"),
            format!("a\n1\n{root}\n\n"),
            format!("a\n1\n{root}\n\nb\n"),
            format!("a\n1\n{}\n", &root[..40]),
            format!("a\n1\n{}\n", &root[..43]),
            format!("a\n1\n{root}=\n"),
            format!("a\n0\n{root}\n"),
        ];
        for text in table {
            assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
        }
        assert!(Checkpoint::parse(&format!("a\n0\n{EMPTY_ROOT}\n")).is_ok());
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(
            origin in "[!-~]{1,40}", size in 1_u64.., root: [u8; 32],
            extensions in prop::collection::vec("[ -~]{1,20}", 0..3),
        ) {
            let checkpoint = Checkpoint {
                origin: Origin::parse(&origin).unwrap(),
                head: TreeHead { size, root: RootHash::from_bytes(root) },
                extensions,
            };
            prop_assert_eq!(Checkpoint::parse(&checkpoint.text()).unwrap(), checkpoint);
        }
    }
}
