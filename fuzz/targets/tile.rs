//! Tiles and bundles of entries: what is read is written back, and has the width that was asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_tiles::{EntryBundle, Tile, frame};

fuzz_target!(|data: &[u8]| {
    let Some((width, bytes)) = data.split_first_chunk() else {
        return;
    };
    let width = u16::from_be_bytes(*width);
    if let Ok(tile) = Tile::parse(bytes, width) {
        assert_eq!(tile.encode(), bytes);
        assert_eq!(tile.hashes().len(), usize::from(width));
        for level in 0..=9 {
            let nodes = usize::from(width).checked_shr(level).unwrap_or(0);
            for index in [0, 1, width >> 1, width, u16::MAX] {
                let is_there = level <= 8 && usize::from(index) < nodes;
                assert_eq!(tile.node(level as u8, index).is_some(), is_there);
            }
        }
    }
    if let Ok(bundle) = EntryBundle::parse(bytes, width) {
        assert_eq!(bundle.encode(), bytes);
        assert_eq!(bundle.entries().len(), usize::from(width));
        let framed: Vec<_> = bundle
            .entries()
            .iter()
            .flat_map(|entry| frame(entry).expect("it was framed"))
            .collect();
        assert_eq!(framed, bytes);
    }
});
