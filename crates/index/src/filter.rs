use crate::Key;

/// Tells which keys a run does not have: a Bloom filter whose bits for one key stand in one block, so that a question
/// touches one cache line.
///
/// With ten bits a key and six of them set, about one absent key in fifty is not recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    blocks: Vec<[u64; WORDS]>,
}

impl Filter {
    pub(crate) fn for_keys(count: u64) -> Self {
        let blocks = (count.saturating_mul(BITS_PER_KEY))
            .div_ceil(BLOCK_BITS)
            .max(1);
        let blocks = usize::try_from(blocks).unwrap_or(usize::MAX / BLOCK_BYTES);
        Self {
            blocks: vec![[0; WORDS]; blocks],
        }
    }

    pub(crate) fn insert(&mut self, key: &Key) {
        let (block, bits) = self.place(key);
        if let Some(block) = self.blocks.get_mut(block) {
            for (word, mask) in bits {
                if let Some(word) = block.get_mut(word) {
                    *word |= mask;
                }
            }
        }
    }

    /// Whether a key may be there; `false` is certain.
    pub(crate) fn may_have(&self, key: &Key) -> bool {
        let (block, mut bits) = self.place(key);
        self.blocks.get(block).is_none_or(|block| {
            bits.all(|(word, mask)| block.get(word).is_none_or(|word| word & mask != 0))
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let words = self.blocks.iter().flatten();
        words.flat_map(|word| word.to_le_bytes()).collect()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        if blocks.is_empty() || !rest.is_empty() {
            return None;
        }
        let block = |bytes: &[u8; BLOCK_BYTES]| {
            let mut block = [0; WORDS];
            let (words, _) = bytes.as_chunks::<8>();
            for (word, bytes) in block.iter_mut().zip(words) {
                *word = u64::from_le_bytes(*bytes);
            }
            block
        };
        Some(Self {
            blocks: blocks.iter().map(block).collect(),
        })
    }

    fn place(&self, key: &Key) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        let (choice, bits) = key.hashes();
        let block = (u128::from(choice) * self.blocks.len() as u128) >> 64;
        let bits = (0..BITS_SET).map(move |number| {
            let bit = (bits >> (9 * number)) % BLOCK_BITS;
            ((bit / 64) as usize, 1 << (bit % 64))
        });
        (usize::try_from(block).unwrap_or(0), bits)
    }
}

const WORDS: usize = 8;
const BLOCK_BYTES: usize = WORDS * 8;
const BLOCK_BITS: u64 = BLOCK_BYTES as u64 * 8;
const BITS_PER_KEY: u64 = 10;
const BITS_SET: u64 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KEY_BYTES;

    fn key(number: u64) -> Key {
        // Spread as a hash spreads.
        let mut bytes = [0; KEY_BYTES];
        let mut state = number;
        for chunk in bytes.chunks_mut(8) {
            state = (state ^ (state >> 30))
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                .wrapping_add(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(state ^ (state >> 27)).to_be_bytes());
        }
        Key::new(bytes)
    }

    #[test]
    fn knows_every_key_and_few_others() {
        let mut filter = Filter::for_keys(10_000);
        (0..10_000).for_each(|number| filter.insert(&key(number)));
        let read = Filter::decode(&filter.encode()).unwrap();
        assert_eq!(read, filter);
        assert!((0..10_000).all(|number| read.may_have(&key(number))));
        let wrong = (10_000..20_000)
            .filter(|number| read.may_have(&key(*number)))
            .count();
        assert!(wrong < 500, "{wrong} of 10000");
    }

    #[test]
    fn refuses_bytes_that_are_no_filter() {
        for length in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES + 1] {
            assert!(Filter::decode(&vec![0; length]).is_none());
        }
    }
}
