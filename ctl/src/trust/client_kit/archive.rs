//! The kit as one file: the same bytes from the same files, so that two who make it can compare.

use std::io::{self, Write as _};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};
use time::OffsetDateTime;

use super::File;

/// Packs files into a folder of the archive. `at` is the time that all of them have in it.
pub(super) fn pack(folder: &str, files: &[File], at: OffsetDateTime) -> io::Result<Vec<u8>> {
    // The time of packing and the name of the machine would differ each time.
    let packed = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut archive = Builder::new(packed);
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by_key(|(name, _)| *name);
    for (name, bytes) in files {
        append(&mut archive, &format!("{folder}/{name}"), bytes, at)?;
    }
    let mut packed = archive.into_inner()?;
    packed.flush()?;
    packed.finish()
}

fn append(
    archive: &mut Builder<GzEncoder<Vec<u8>>>,
    name: &str,
    bytes: &[u8],
    at: OffsetDateTime,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    // Of root, by number: some readers refuse a file that is nobody's.
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes.len() as u64);
    header.set_mtime(at.unix_timestamp().try_into().unwrap_or_default());
    archive.append_data(&mut header, name, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_are_the_same_bytes_in_whatever_order_they_come() {
        let one: File = ("root.json", b"{}".to_vec());
        let two: File = ("policies/kyverno.yaml", b"kind: x\n".to_vec());
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let packed = pack("kit", &[one.clone(), two.clone()], at).unwrap();
        assert_eq!(pack("kit", &[two, one], at).unwrap(), packed);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let names: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!(header.mode().unwrap(), 0o644);
                assert_eq!(header.uid().unwrap(), 0);
                assert_eq!(header.mtime().unwrap(), 20_000 * 86_400);
                entry.path().unwrap().display().to_string()
            })
            .collect();
        assert_eq!(names, ["kit/policies/kyverno.yaml", "kit/root.json"]);
    }
}
