//! What the fuzz targets share: an input of several parts, and a tree to prove things of.
//!
//! File map: `targets/` one program per parser of outside bytes; `seeds/` the program that writes the small valid and
//! nearly valid inputs of `corpus/`; `dictionaries/` words of the text formats.

use sigstead_merkle::{LeafHash, NodeHash, NodeReader, RootHash, root_of};

/// The parts of an input, each behind two bytes of length, most significant first. What is left when a length reaches
/// beyond the end is the last part, so that every input has parts.
#[must_use]
pub fn parts(mut data: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (part, behind) = rest.split_at(length);
        parts.push(part);
        data = behind;
    }
    parts
}

/// The input of these parts.
///
/// # Panics
/// A part has more than 65535 bytes.
#[must_use]
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    let framed = |part: &&[u8]| {
        let length = u16::try_from(part.len()).expect("a part fits its length");
        [&length.to_be_bytes(), *part].concat()
    };
    parts.iter().flat_map(framed).collect()
}

/// A tree whose leaves are the numbers from zero on.
pub struct Numbers;

impl Numbers {
    /// The hash of one leaf.
    #[must_use]
    pub fn leaf(number: u64) -> LeafHash {
        LeafHash::of(&number.to_be_bytes())
    }

    /// The root of the tree of so many leaves.
    ///
    /// # Panics
    /// Never: every node can be computed.
    #[must_use]
    pub fn root(size: u64) -> RootHash {
        root_of(&Self, size).expect("every node is known")
    }
}

impl NodeReader for Numbers {
    type Error = std::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Self::Error> {
        if level == 0 {
            return Ok(Self::leaf(index).into());
        }
        let left = self.node(level - 1, index * 2)?;
        let right = self.node(level - 1, index * 2 + 1)?;
        Ok(NodeHash::of_children(&left, &right))
    }
}
