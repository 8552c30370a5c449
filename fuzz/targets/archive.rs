//! The list of an archive and the index of an image: what is read is written back and read as the same, names lead nowhere else, pieces are
//! their files, and an image has all that it names.
#![no_main]

use std::collections::BTreeSet;
use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use sigstead_airgap::{Layout, Manifest, Sha256};
use sigstead_fuzz::parts;

fuzz_target!(|data: &[u8]| {
    if let Ok(manifest) = Manifest::parse(data) {
        check(&manifest);
    }
    let [index, blobs @ ..] = &parts(data)[..] else {
        return;
    };
    let stored = |digest: &Sha256| blobs.iter().find(|blob| Sha256::of(blob) == *digest);
    let has = |digest: &Sha256, size| stored(digest).is_some_and(|blob| blob.len() as u64 == size);
    if let Ok(layout) = Layout::read(index, has, |digest| {
        stored(digest).map(|blob| blob.to_vec())
    }) {
        let manifests: BTreeSet<_> = layout.manifests.iter().map(|each| each.digest).collect();
        assert!(layout.roots.is_subset(&manifests) && !layout.roots.is_empty());
        assert!(
            layout
                .tags
                .values()
                .all(|digest| manifests.contains(digest))
        );
        assert!(layout.blobs.iter().all(|(digest, size)| has(digest, *size)));
    }
});

fn check(manifest: &Manifest) {
    // A time with another offset is another text, which is said and not written.
    if let Ok(bytes) = manifest.encode() {
        assert_eq!(Manifest::parse(&bytes).ok().as_ref(), Some(manifest));
    }
    let mut names = BTreeSet::new();
    for file in &manifest.files {
        let path = file.name.below(Path::new("out"));
        let is_plain = |part| matches!(part, Component::Normal(_));
        assert!(path.components().all(is_plain), "{path:?}");
        assert!(names.insert(file.name.as_str().to_ascii_lowercase()));
        let sizes = file.pieces.iter().map(|piece| u128::from(piece.size));
        assert_eq!(sizes.sum::<u128>(), u128::from(file.size));
        let mut volumes = file.pieces.iter().map(|piece| piece.volume);
        assert!(volumes.all(|volume| (1..=manifest.volumes).contains(&volume)));
        assert_eq!(manifest.file(file.name.as_str()), Some(file));
    }
}
