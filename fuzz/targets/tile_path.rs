//! Paths of tiles and bundles: each place has one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};

fuzz_target!(|text: &str| {
    let tile = TileCoordinate::parse(text).ok();
    if let Some(tile) = tile {
        assert_eq!(tile.path(), text);
        let again = TileCoordinate::new(tile.level(), tile.index(), tile.width());
        assert_eq!(again, Ok(tile));
        let full = tile.to_full();
        assert!(!full.is_partial());
        // A tree that has the full tile has the partial one.
        assert!(!full.is_within(u64::MAX) || tile.is_within(u64::MAX));
    }
    let bundles = [BundleKind::Entries, BundleKind::Data].map(|kind| {
        let bundle = EntryBundleCoordinate::parse(text, kind).ok();
        if let Some(bundle) = bundle {
            assert_eq!(bundle.path(kind), text);
            assert_eq!(
                EntryBundleCoordinate::new(bundle.index(), bundle.width()),
                Ok(bundle)
            );
        }
        bundle
    });
    let readings = bundles.iter().flatten().count() + usize::from(tile.is_some());
    assert!(readings < 2);
});
