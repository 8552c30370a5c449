use crate::Face;
use crate::bytes::Reader;
use crate::tree::{self, Hash};

/// One entry of a bundle.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    /// The canonical body of an entry of Rekor.
    Body(&'a [u8]),
    /// `TileLeaf` of C2SP static-ct-api.
    Certificate {
        /// `TimestampedEntry` of RFC 6962 §3.4.
        timestamped: &'a [u8],
        time: u64,
        index: Option<u64>,
        /// Fingerprints, one behind the other.
        issuers: &'a [u8],
    },
}

impl Leaf<'_> {
    pub(crate) fn hash(&self) -> Hash {
        match self {
            Self::Body(body) => tree::leaf_hash(&[body]),
            // RFC 6962 §3.4: version 1, a timestamped entry.
            Self::Certificate { timestamped, .. } => tree::leaf_hash(&[&[0, 0], timestamped]),
        }
    }
}

/// In what a bundle is not one of its width. Positions are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    TooFew(u64),
    TooMany,
    Trailing,
    Malformed(u64),
}

/// Reads the entries of a bundle. With `more`, what follows the last one is of a wider bundle.
pub(crate) fn bundle(
    face: Face,
    bytes: &[u8],
    width: u64,
    more: bool,
) -> Result<Vec<Leaf<'_>>, Fault> {
    let mut reader = Reader::new(bytes);
    let mut leaves = Vec::new();
    for position in 0..width {
        if reader.end().is_some() {
            return Err(Fault::TooFew(position));
        }
        leaves.push(leaf(face, &mut reader).ok_or(Fault::Malformed(position))?);
    }
    if more || reader.end().is_some() {
        return Ok(leaves);
    }
    match leaf(face, &mut reader) {
        Some(_) => Err(Fault::TooMany),
        None => Err(Fault::Trailing),
    }
}

fn leaf<'a>(face: Face, reader: &mut Reader<'a>) -> Option<Leaf<'a>> {
    match face {
        Face::RekorV1 | Face::RekorV2 => reader.vector(2).map(Leaf::Body),
        Face::StaticCt => certificate(reader),
    }
}

fn certificate<'a>(reader: &mut Reader<'a>) -> Option<Leaf<'a>> {
    let mut start = *reader;
    let time = reader.number(8)?;
    let is_precertificate = match reader.number(2)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    if is_precertificate {
        reader.take(32)?;
    }
    reader.vector(3)?;
    let extensions = reader.vector(2)?;
    let timestamped = start.take(start.rest().len().checked_sub(reader.rest().len())?)?;
    if is_precertificate {
        reader.vector(3)?;
    }
    let issuers = reader.vector(2)?;
    (issuers.len() % 32 == 0).then(|| Leaf::Certificate {
        timestamped,
        time,
        index: leaf_index(extensions),
        issuers,
    })
}

/// C2SP static-ct-api: the extension `leaf_index`, once, of 40 bits.
pub(crate) fn leaf_index(extensions: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(extensions);
    let mut found = None;
    while reader.end().is_none() {
        let kind = reader.number(1)?;
        let data = reader.vector(2)?;
        if kind == 0 {
            if found.is_some() || data.len() != 5 {
                return None;
            }
            found = Reader::new(data).number(5);
        }
    }
    found
}
