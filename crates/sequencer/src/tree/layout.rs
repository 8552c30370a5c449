//! What a log keeps in cold storage, by its size: bundles, what belongs to them, and tiles, all of them full.

use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TILE_HEIGHT, TILE_WIDTH, TileCoordinate};

use crate::tree::edge::WIDTH;

/// The paths of all that a log of a size may have in cold storage. Not all of it need be there yet, and side files only if
/// entries have sides.
///
/// What lies beyond belongs to a longer log. In a copy it would contradict the entries with which the copy goes on.
pub fn cold_paths(kind: BundleKind, size: u64) -> impl Iterator<Item = String> {
    (0..size / WIDTH).flat_map(move |bundle| {
        let tiles = completed_tiles(bundle).into_iter();
        let tiles = tiles.map(|(level, index)| tile_path(level, index));
        [bundle_path(kind, bundle), side_path(bundle)]
            .into_iter()
            .chain(tiles)
    })
}

/// The tiles that are full once this bundle is: its own, and one above for each 256 of the level below.
pub(crate) fn completed_tiles(bundle: u64) -> Vec<(u8, u64)> {
    let mut completed = vec![(0, bundle)];
    let (mut level, mut below) = (0_u8, bundle);
    while (below + 1) % WIDTH == 0 && level < u8::MAX / TILE_HEIGHT {
        level += 1;
        below /= WIDTH;
        completed.push((level, below));
    }
    completed
}

pub(crate) fn tile_path(level: u8, index: u64) -> String {
    TileCoordinate::new(level, index, TILE_WIDTH).map_or_else(|_| String::new(), |tile| tile.path())
}

pub(crate) fn bundle_path(kind: BundleKind, index: u64) -> String {
    let coordinate = EntryBundleCoordinate::new(index, TILE_WIDTH);
    coordinate.map_or_else(|_| String::new(), |bundle| bundle.path(kind))
}

/// Beside the folders of C2SP tlog-tiles, in the same spelling.
pub(crate) fn side_path(index: u64) -> String {
    tile_path(0, index).replacen("tile/0/", "side/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_completes_its_own_tile_and_those_above_at_the_right_moment() {
        assert_eq!(completed_tiles(0), [(0, 0)]);
        assert_eq!(completed_tiles(254), [(0, 254)]);
        assert_eq!(completed_tiles(255), [(0, 255), (1, 0)]);
        assert_eq!(completed_tiles(511), [(0, 511), (1, 1)]);
        assert_eq!(completed_tiles(65_535), [(0, 65_535), (1, 255), (2, 0)]);
    }

    #[test]
    fn a_size_has_what_is_full_and_nothing_beyond() {
        let paths = |size| cold_paths(BundleKind::Entries, size).collect::<Vec<_>>();
        assert_eq!(paths(255), Vec::<String>::new());
        let one = ["tile/entries/000", "side/000", "tile/0/000"];
        for size in [256, 511] {
            assert_eq!(paths(size), one);
        }
        let many = paths(65_536 + 255);
        assert_eq!(many.len(), 3 * 256 + 1);
        assert_eq!(many.last().map(String::as_str), Some("tile/1/000"));
        let data = cold_paths(BundleKind::Data, 256).next();
        assert_eq!(data.as_deref(), Some("tile/data/000"));
    }
}
