//! Whatever can be written can be read, and nothing that cannot be written is read.

use proptest::prelude::*;
use sigstead_tiles::{BundleKind, EntryBundle, EntryBundleCoordinate, TileCoordinate};

proptest! {
    #[test]
    fn each_tile_has_a_path_that_leads_back(level in 0_u8..64, index: u64, width in 1_u16..=256) {
        let coordinate = TileCoordinate::new(level, index, width).unwrap();
        prop_assert_eq!(TileCoordinate::parse(&coordinate.path()), Ok(coordinate));
    }

    #[test]
    fn each_bundle_has_a_path_that_leads_back(index: u64, width in 1_u16..=256) {
        let coordinate = EntryBundleCoordinate::new(index, width).unwrap();
        for kind in [BundleKind::Entries, BundleKind::Data] {
            let path = coordinate.path(kind);
            prop_assert_eq!(EntryBundleCoordinate::parse(&path, kind), Ok(coordinate));
        }
    }

    #[test]
    fn a_text_that_is_read_is_the_one_path(text in "tile/[0-9]{1,2}/(x?[0-9]{3}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(coordinate) = TileCoordinate::parse(&text) {
            prop_assert_eq!(coordinate.path(), text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let _ = TileCoordinate::parse(&text);
        let _ = EntryBundleCoordinate::parse(&text, BundleKind::Entries);
    }

    #[test]
    fn any_bundle_reads_what_it_writes(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)) {
        let width = entries.len() as u16;
        let bundle = EntryBundle::new(entries).unwrap();
        prop_assert_eq!(EntryBundle::parse(&bundle.encode(), width), Ok(bundle));
    }

    #[test]
    fn any_bytes_are_a_bundle_or_refused(bytes: Vec<u8>, width: u16) {
        if let Ok(bundle) = EntryBundle::parse(&bytes, width) {
            prop_assert_eq!(bundle.encode(), bytes);
        }
    }
}
