use std::fmt;

use crate::{Error, TILE_WIDTH, path};

/// The longest entry that a bundle of kind [`BundleKind::Entries`] can hold.
pub const MAX_ENTRY_LENGTH: usize = u16::MAX as usize;

/// The folder of a log's bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BundleKind {
    /// `tile/entries`: entries framed by two bytes of length (C2SP tlog-tiles).
    Entries,
    /// `tile/data`: leaves that frame themselves (C2SP static-ct-api).
    Data,
}

impl BundleKind {
    fn folder(self) -> &'static str {
        match self {
            Self::Entries => "tile/entries",
            Self::Data => "tile/data",
        }
    }
}

/// Which bundle of entries: its index, and how many entries of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundleCoordinate {
    index: u64,
    width: u16,
}

impl EntryBundleCoordinate {
    /// The bundle at an index, of 1 to 256 entries.
    ///
    /// # Errors
    /// The width is out of range.
    pub fn new(index: u64, width: u16) -> Result<Self, Error> {
        path::check_width(width)?;
        Ok(Self { index, width })
    }

    /// Reads a path as `tile/entries/x001/067.p/8`.
    ///
    /// # Errors
    /// The text is not the one spelling of a path of that kind.
    pub fn parse(text: &str, kind: BundleKind) -> Result<Self, Error> {
        let refused = || Error::Path(text.to_owned());
        let rest = text.strip_prefix(kind.folder()).ok_or_else(refused)?;
        let rest = rest.strip_prefix('/').ok_or_else(refused)?;
        let (index, width) = path::parse(rest).ok_or_else(refused)?;
        let coordinate = Self { index, width };
        if coordinate.path(kind) == text {
            Ok(coordinate)
        } else {
            Err(refused())
        }
    }

    /// The path below the log's address, as `tile/entries/x001/067.p/8`.
    #[must_use]
    pub fn path(&self, kind: BundleKind) -> String {
        path::encode(kind.folder(), self.index, self.width)
    }

    /// The full bundle of the same place.
    #[must_use]
    pub fn to_full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// The place of the bundle in the log.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of entries.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the bundle has fewer entries than it can have.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Whether a tree of that size has the bundle in this or a greater width.
    #[must_use]
    pub fn is_within(&self, tree_size: u64) -> bool {
        let needed = u128::from(self.index) * u128::from(TILE_WIDTH) + u128::from(self.width);
        needed <= u128::from(tree_size)
    }
}

/// The entries of a bundle of kind [`BundleKind::Entries`].
#[derive(Clone, PartialEq, Eq)]
pub struct EntryBundle {
    entries: Vec<Vec<u8>>,
}

impl EntryBundle {
    /// A bundle of at most 256 entries.
    ///
    /// # Errors
    /// There are no entries or too many, or one of them is too long.
    pub fn new(entries: Vec<Vec<u8>>) -> Result<Self, Error> {
        path::check_width(u16::try_from(entries.len()).unwrap_or(u16::MAX))?;
        match entries.iter().find(|entry| entry.len() > MAX_ENTRY_LENGTH) {
            Some(entry) => Err(Error::EntryLength(entry.len())),
            None => Ok(Self { entries }),
        }
    }

    /// Reads the bytes of a bundle of a known width.
    ///
    /// # Errors
    /// The bytes end inside an entry, or hold another number of entries.
    pub fn parse(mut bytes: &[u8], width: u16) -> Result<Self, Error> {
        path::check_width(width)?;
        let mut entries = Vec::with_capacity(usize::from(width));
        while !bytes.is_empty() {
            let truncated = Error::BundleTruncated(entries.len());
            let Some((length, rest)) = bytes.split_first_chunk() else {
                return Err(truncated);
            };
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, rest) = rest.split_at_checked(length).ok_or(truncated)?;
            entries.push(entry.to_vec());
            bytes = rest;
        }
        if entries.len() != usize::from(width) {
            let count = entries.len();
            return Err(Error::BundleCount { width, count });
        }
        Ok(Self { entries })
    }

    /// The bytes of the bundle.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.entries
            .iter()
            .flat_map(|entry| framed(entry))
            .collect()
    }

    /// The entries in their order.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }
}

impl fmt::Debug for EntryBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryBundle of {} entries", self.entries.len())
    }
}

/// The bytes of one entry as they stand in a bundle.
///
/// # Errors
/// The entry is too long for a bundle.
pub fn frame(entry: &[u8]) -> Result<Vec<u8>, Error> {
    if entry.len() > MAX_ENTRY_LENGTH {
        return Err(Error::EntryLength(entry.len()));
    }
    Ok(framed(entry))
}

// c2sp.org/tlog-tiles §Log Entries: the length in two bytes, most significant first.
fn framed(entry: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + entry.len());
    bytes.extend_from_slice(&(entry.len() as u16).to_be_bytes());
    bytes.extend_from_slice(entry);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_the_paths_of_both_kinds() {
        let coordinate = EntryBundleCoordinate::new(1_234_067, 8).unwrap();
        let table = [
            (BundleKind::Entries, "tile/entries/x001/x234/067.p/8"),
            (BundleKind::Data, "tile/data/x001/x234/067.p/8"),
        ];
        for (kind, path) in table {
            assert_eq!(coordinate.path(kind), path);
            assert_eq!(EntryBundleCoordinate::parse(path, kind), Ok(coordinate));
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        let table = [
            "",
            "tile/entries",
            "tile/entries/",
            "tile/entries000",
            "tile/data/000",
            "tile/0/000",
            "tile/entries/0",
            "tile/entries/x000/001",
            "tile/entries/000.p/256",
            "tile/entries/000.p/0",
        ];
        for path in table {
            let parsed = EntryBundleCoordinate::parse(path, BundleKind::Entries);
            assert!(parsed.is_err(), "{path}");
        }
    }

    #[test]
    fn frames_entries_by_their_length() {
        let bundle = EntryBundle::new(vec![b"ab".to_vec(), Vec::new()]).unwrap();
        assert_eq!(bundle.encode(), b"\x00\x02ab\x00\x00");
        assert_eq!(EntryBundle::parse(b"\x00\x02ab\x00\x00", 2), Ok(bundle));
        assert_eq!(frame(b"ab").unwrap(), b"\x00\x02ab");
    }

    #[test]
    fn refuses_bundles_that_do_not_add_up() {
        let table: [(&[u8], u16, Error); 5] = [
            (b"\x00", 1, Error::BundleTruncated(0)),
            (b"\x00\x02a", 1, Error::BundleTruncated(0)),
            (b"\x00\x00\x00\x01", 2, Error::BundleTruncated(1)),
            (b"\x00\x00", 2, Error::BundleCount { width: 2, count: 1 }),
            (b"", 0, Error::Width(0)),
        ];
        for (bytes, width, error) in table {
            assert_eq!(EntryBundle::parse(bytes, width), Err(error));
        }
    }

    #[test]
    fn refuses_an_entry_that_is_too_long() {
        assert!(frame(&vec![0; MAX_ENTRY_LENGTH]).is_ok());
        let long = vec![0; MAX_ENTRY_LENGTH + 1];
        let refused = Error::EntryLength(MAX_ENTRY_LENGTH + 1);
        assert_eq!(frame(&long), Err(refused.clone()));
        assert_eq!(EntryBundle::new(vec![long]), Err(refused));
        let many = vec![Vec::new(); 257];
        assert_eq!(EntryBundle::new(many), Err(Error::Width(257)));
    }
}
