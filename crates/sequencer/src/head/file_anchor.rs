use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use sigstead_merkle::{RootHash, TreeHead};

use crate::head::anchor::{Anchor, AnchorClaim, AnchorError, Anchored};

/// An anchor in a file of two slots, written in turn, so that an interrupted write leaves the other one.
///
/// A slot has a sector of its own: magic, sequence, size, root, time, checksum; integers are little endian.
#[derive(Debug)]
pub struct FileAnchor {
    place: PathBuf,
    file: Option<File>,
    sequence: u64,
}

impl FileAnchor {
    /// An anchor in this file, which is made by `begin` or by the first `store`.
    pub fn new(place: impl Into<PathBuf>) -> Self {
        Self {
            place: place.into(),
            file: None,
            sequence: 0,
        }
    }

    /// Makes the anchor of a log that has never been opened; without one, an empty log takes no entries. An anchor that is
    /// there stays as it is.
    ///
    /// It is for those who make the log. For a log that may have had entries it MUST NOT be called: if its data are lost
    /// with its anchor, it would begin again under the same key.
    ///
    /// # Errors
    /// [`AnchorError`] when it can be neither read nor made durable.
    pub fn begin(&mut self) -> Result<(), AnchorError> {
        match self.load()? {
            Some(_) => Ok(()),
            None => self.store(&Anchored::beginning()),
        }
    }

    fn fail(&self, action: &'static str) -> impl FnOnce(io::Error) -> AnchorError + use<> {
        let place = self.place.display().to_string();
        move |source| AnchorError::Io {
            action,
            place,
            source,
        }
    }

    fn open(&self) -> io::Result<File> {
        let parent = sigstead_durable::parent(&self.place);
        sigstead_durable::create_directory(parent)?;
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.place)?;
        if file.metadata()?.len() == 0 {
            file.write_all_at(&[0; FILE_BYTES], 0)?;
        }
        sigstead_durable::sync(&file)?;
        sigstead_durable::sync_directory(parent)?;
        Ok(file)
    }

    /// Locks a file beside the anchor, unless another has it: the anchor itself is made by the first `store`, and may be
    /// replaced.
    fn lock(&self) -> io::Result<Option<File>> {
        let mut name = self.place.clone().into_os_string();
        name.push(".lock");
        sigstead_durable::create_directory(sigstead_durable::parent(&self.place))?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).write(true).truncate(false);
        let lock = lock.open(name)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn write(&mut self, anchored: &Anchored) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let sequence = self.sequence + 1;
        file.write_all_at(
            &encode_slot(sequence, anchored),
            (sequence % 2) * SLOT_BYTES as u64,
        )?;
        sigstead_durable::sync_content(&file)?;
        self.sequence = sequence;
        self.file = Some(file);
        Ok(())
    }
}

impl Anchor for FileAnchor {
    fn claim(&self) -> Result<AnchorClaim, AnchorError> {
        let lock = self.lock().map_err(self.fail("lock"))?;
        match lock {
            Some(lock) => Ok(AnchorClaim::new(Some(lock))),
            None => Err(AnchorError::InUse {
                place: self.place.display().to_string(),
            }),
        }
    }

    fn load(&mut self) -> Result<Option<Anchored>, AnchorError> {
        let bytes = match fs::read(&self.place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(self.fail("read"))?,
        };
        // The zeros of a first write that was interrupted: no head was ever anchored.
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let latest = bytes
            .chunks(SLOT_BYTES)
            .filter_map(decode_slot)
            .max_by_key(|(sequence, _)| *sequence);
        let Some((sequence, anchored)) = latest else {
            return Err(AnchorError::Damaged {
                place: self.place.display().to_string(),
            });
        };
        self.sequence = sequence;
        Ok(Some(anchored))
    }

    fn store(&mut self, anchored: &Anchored) -> Result<(), AnchorError> {
        let fail = self.fail("write");
        self.write(anchored).map_err(fail)
    }
}

fn encode_slot(sequence: u64, anchored: &Anchored) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[0..16].copy_from_slice(MAGIC);
    slot[16..24].copy_from_slice(&sequence.to_le_bytes());
    slot[24..32].copy_from_slice(&anchored.head.size.to_le_bytes());
    slot[32..64].copy_from_slice(anchored.head.root.as_bytes());
    slot[64..72].copy_from_slice(&anchored.time_millis.to_le_bytes());
    let checksum = crc32c::crc32c(&slot[..SLOT_BYTES - 4]);
    slot[SLOT_BYTES - 4..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

fn decode_slot(slot: &[u8]) -> Option<(u64, Anchored)> {
    let (covered, checksum) = slot.split_last_chunk()?;
    if slot.len() != SLOT_BYTES || crc32c::crc32c(covered) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (sequence, rest) = slot.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let (root, rest) = rest.split_first_chunk()?;
    let (time_millis, _) = rest.split_first_chunk()?;
    let head = TreeHead {
        size: u64::from_le_bytes(*size),
        root: RootHash::from_bytes(*root),
    };
    Some((
        u64::from_le_bytes(*sequence),
        Anchored {
            head,
            time_millis: u64::from_le_bytes(*time_millis),
        },
    ))
}

const MAGIC: &[u8; 16] = b"sigstead-anchor1";

/// A sector: written whole or not at all.
const SLOT_BYTES: usize = 512;

const FILE_BYTES: usize = 2 * SLOT_BYTES;

#[cfg(test)]
mod tests {
    use super::*;

    fn anchored(size: u64) -> Anchored {
        let root = RootHash::from_bytes([size as u8; 32]);
        Anchored {
            head: TreeHead { size, root },
            time_millis: 1_000 + size,
        }
    }

    fn stored(sizes: &[u64]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("apart/anchor");
        let mut anchor = FileAnchor::new(&place);
        assert_eq!(anchor.load().unwrap(), None);
        for size in sizes {
            anchor.store(&anchored(*size)).unwrap();
        }
        (directory, place)
    }

    #[test]
    fn remembers_the_last_head_across_reopenings() {
        let (_directory, place) = stored(&[1, 2]);
        for size in 3..7 {
            let mut anchor = FileAnchor::new(&place);
            assert_eq!(anchor.load().unwrap(), Some(anchored(size - 1)));
            anchor.store(&anchored(size)).unwrap();
        }
    }

    #[test]
    fn an_interrupted_write_leaves_the_head_before() {
        let (_directory, place) = stored(&[1, 2]);
        let mut bytes = fs::read(&place).unwrap();
        bytes[..SLOT_BYTES].fill(0x77);
        fs::write(&place, bytes).unwrap();
        assert_eq!(FileAnchor::new(&place).load().unwrap(), Some(anchored(1)));
    }

    #[test]
    fn refuses_a_file_of_which_no_slot_is_whole() {
        let (_directory, place) = stored(&[1, 2]);
        let mut bytes = fs::read(&place).unwrap();
        bytes[30] ^= 1;
        bytes[SLOT_BYTES + 30] ^= 1;
        fs::write(&place, &bytes).unwrap();
        assert!(matches!(
            FileAnchor::new(&place).load(),
            Err(AnchorError::Damaged { .. })
        ));
        fs::write(&place, &bytes[..100]).unwrap();
        assert!(matches!(
            FileAnchor::new(&place).load(),
            Err(AnchorError::Damaged { .. })
        ));
    }

    #[test]
    fn one_log_at_a_time_claims_an_anchor_and_others_may_read_it() {
        let (_directory, place) = stored(&[1]);
        let claim = FileAnchor::new(&place).claim().unwrap();
        let mut other = FileAnchor::new(&place);
        assert!(matches!(other.claim(), Err(AnchorError::InUse { .. })));
        assert_eq!(other.load().unwrap(), Some(anchored(1)));
        drop(claim);
        other.claim().unwrap();
    }

    #[test]
    fn begins_once_and_leaves_what_is_anchored() {
        let (_directory, place) = stored(&[]);
        for _ in 0..2 {
            FileAnchor::new(&place).begin().unwrap();
            let begun = FileAnchor::new(&place).load().unwrap().unwrap();
            assert!(begun.is_beginning());
        }
        // The first head of a log is over nothing too, and says when that was.
        let first = Anchored {
            time_millis: 1,
            ..Anchored::beginning()
        };
        let mut anchor = FileAnchor::new(&place);
        anchor.load().unwrap();
        anchor.store(&first).unwrap();
        FileAnchor::new(&place).begin().unwrap();
        let kept = FileAnchor::new(&place).load().unwrap().unwrap();
        assert_eq!(kept, first);
        assert!(!kept.is_beginning());
    }

    #[test]
    fn does_not_begin_over_an_anchor_that_is_damaged() {
        let (_directory, place) = stored(&[1]);
        fs::write(&place, [0x5a; FILE_BYTES]).unwrap();
        assert!(matches!(
            FileAnchor::new(&place).begin(),
            Err(AnchorError::Damaged { .. })
        ));
    }

    #[test]
    fn takes_the_zeros_of_an_interrupted_first_write_for_no_anchor() {
        let (_directory, place) = stored(&[]);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, [0; 700]).unwrap();
        let mut anchor = FileAnchor::new(&place);
        assert_eq!(anchor.load().unwrap(), None);
        anchor.store(&anchored(1)).unwrap();
        assert_eq!(FileAnchor::new(&place).load().unwrap(), Some(anchored(1)));
    }
}
