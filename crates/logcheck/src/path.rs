use std::fmt;

/// How many hashes or entries a full tile has.
pub(crate) const FULL: u64 = 256;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Hashes of a level.
    Level(u32),
    /// Entries behind their lengths (C2SP tlog-tiles).
    Entries,
    /// Leaves of certificates (C2SP static-ct-api).
    Data,
}

impl Folder {
    /// How many columns a tree has here: each of a level stands for 256 of the level below.
    pub(crate) fn columns(self, size: u64) -> u64 {
        match self {
            Self::Level(level) => size.checked_shr(level.saturating_mul(8)).unwrap_or(0),
            Self::Entries | Self::Data => size,
        }
    }
}

/// The place of a tile or bundle, which is also its path below the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) folder: Folder,
    pub(crate) index: u64,
    /// From 1 to 256.
    pub(crate) width: u64,
}

impl Tile {
    pub(crate) const fn new(folder: Folder, index: u64, width: u64) -> Self {
        Self {
            folder,
            index,
            width,
        }
    }

    pub(crate) const fn full(self) -> Self {
        Self {
            width: FULL,
            ..self
        }
    }

    /// Whether a tree of a size allows it.
    pub(crate) fn is_within(self, size: u64) -> bool {
        let needed = u128::from(self.index) * u128::from(FULL) + u128::from(self.width);
        needed <= u128::from(self.folder.columns(size))
    }

    /// The widest tile that a tree of a size has at this place.
    pub(crate) fn at_size(self, size: u64) -> Self {
        let columns = self.folder.columns(size);
        let before = self.index.saturating_mul(FULL);
        let width = columns.saturating_sub(before).min(FULL);
        Self { width, ..self }
    }

    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (folder, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let folder = match folder {
            "entries" => Folder::Entries,
            "data" => Folder::Data,
            level => Folder::Level(level.parse().ok().filter(|level| *level < 64)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, FULL),
        };
        let digits: String = number
            .split('/')
            .map(|group| group.trim_start_matches('x'))
            .collect();
        let tile = Self::new(folder, digits.parse().ok()?, width);
        ((1..=FULL).contains(&width) && tile.to_string() == path).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.folder {
            Folder::Level(level) => write!(formatter, "tile/{level}")?,
            Folder::Entries => formatter.write_str("tile/entries")?,
            Folder::Data => formatter.write_str("tile/data")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut left = self.index / 1000;
        while left > 0 {
            groups.push(left % 1000);
            left /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            let mark = if place > 0 { "x" } else { "" };
            write!(formatter, "/{mark}{group:03}")?;
        }
        if self.width < FULL {
            write!(formatter, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification_both_ways() {
        let cases = [
            (Tile::new(Folder::Level(0), 0, 256), "tile/0/000"),
            (
                Tile::new(Folder::Level(3), 1_234_067, 256),
                "tile/3/x001/x234/067",
            ),
            (Tile::new(Folder::Entries, 999, 1), "tile/entries/999.p/1"),
            (
                Tile::new(Folder::Data, 1000, 255),
                "tile/data/x001/000.p/255",
            ),
        ];
        for (tile, path) in cases {
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for path in [
            "tile/0/0",
            "tile/0/x000/000",
            "tile/0/0000",
            "tile/00/000",
            "tile/64/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/001/000",
            "tile/other/000",
            "tile/0/",
            "tiles/0/000",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_size_says_which_tiles_there_are() {
        let cases = [
            (Folder::Level(0), 256, 0, 256, true),
            (Folder::Level(1), 256, 0, 1, true),
            (Folder::Level(1), 256, 0, 2, false),
            (Folder::Level(0), 257, 1, 1, true),
            (Folder::Level(0), 257, 1, 2, false),
            (Folder::Level(8), u64::MAX, 0, 1, false),
            (Folder::Entries, 0, 0, 1, false),
            (Folder::Level(0), u64::MAX, u64::MAX, 256, false),
        ];
        for (folder, size, index, width, allowed) in cases {
            let tile = Tile::new(folder, index, width);
            assert_eq!(tile.is_within(size), allowed, "{tile} of {size}");
        }
    }
}
