use bytes::Bytes;

/// The body of an entry, from the bytes that stand in its bundle.
pub(crate) fn unframed(bundle: &Bytes) -> Bytes {
    bundle.slice(FRAME_LENGTH.min(bundle.len())..)
}

// c2sp.org/tlog-tiles §Log Entries: two bytes of length stand before each entry.
const FRAME_LENGTH: usize = 2;
