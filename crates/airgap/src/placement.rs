//! Which paths the files of a list have in its volumes.

use std::collections::BTreeSet;

use crate::error::FormError;
use crate::record::FileRecord;

/// The file with the list.
pub const MANIFEST: &str = "manifest.json";
/// The files that may be beside it: the signature of a plain key, and the bundle of an instance.
pub const SIGNATURES: [&str; 2] = ["manifest.json.sig", "manifest.json.sigstore.json"];

/// The folder of a volume.
#[must_use]
pub fn volume_name(volume: u32) -> String {
    format!("{volume:04}")
}

/// The path of a piece below its volume.
pub(crate) fn path(file: &FileRecord, piece: usize) -> String {
    match file.pieces.len() {
        0 | 1 => file.name.to_string(),
        _ => format!("{}.piece-{:04}", file.name, piece.saturating_add(1)),
    }
}

/// No two files may be one file on a medium that does not tell upper from lower case, and none may be the folder of another.
pub(crate) fn check(files: &[FileRecord]) -> Result<(), FormError> {
    let mut last = None;
    let (mut paths, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        if last.is_some_and(|last| last >= &file.name) {
            return Err(FormError::Unordered(file.name.clone()));
        }
        last = Some(&file.name);
        let mut placed = BTreeSet::from([file.name.as_str().to_ascii_lowercase()]);
        placed.extend((0..file.pieces.len()).map(|piece| path(file, piece).to_ascii_lowercase()));
        for path in placed {
            let slashes = path.match_indices('/').map(|(at, _)| at);
            folders.extend(slashes.filter_map(|at| path.get(..at).map(str::to_owned)));
            if !paths.insert(path) {
                return Err(FormError::Collision(file.name.to_string()));
            }
        }
    }
    match paths.intersection(&folders).next() {
        Some(path) => Err(FormError::Collision(path.clone())),
        None => Ok(()),
    }
}
