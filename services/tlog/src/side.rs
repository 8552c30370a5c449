use sigstead_entry::v1::SearchTerm;

/// What belongs to an entry of Rekor v1 and is not in its leaf: when it was logged, and what it can be found by that its
/// canonical body does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Side {
    /// Seconds since the epoch; signed together with the entry, so it must never change.
    pub(crate) integrated_time: u64,
    pub(crate) terms: Vec<SearchTerm>,
}

impl Side {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.integrated_time.to_be_bytes().to_vec();
        for term in &self.terms {
            let term = term.as_str().as_bytes();
            // Longer ones cannot be asked for either.
            let Ok(length) = u16::try_from(term.len()) else {
                continue;
            };
            bytes.extend(length.to_be_bytes());
            bytes.extend(term);
        }
        bytes
    }

    /// Reads it back; `None` for an entry that has no side, as those of Rekor v2.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, mut rest) = bytes.split_first_chunk()?;
        let mut terms = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk() {
            let (term, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            terms.push(SearchTerm::new(std::str::from_utf8(term).ok()?));
            rest = after;
        }
        rest.is_empty().then_some(Self {
            integrated_time: u64::from_be_bytes(*time),
            terms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_as_it_was_written() {
        for terms in [
            &[][..],
            &["sha256:ab"],
            &["sha256:ab", "alice@example.com", ""],
        ] {
            let side = Side {
                integrated_time: 1_790_000_000,
                terms: terms.iter().copied().map(SearchTerm::new).collect(),
            };
            assert_eq!(Side::decode(&side.encode()), Some(side));
        }
    }

    #[test]
    fn what_is_cut_off_is_not_a_side() {
        let side = Side {
            integrated_time: 7,
            terms: vec![SearchTerm::new("sha256:ab")],
        };
        let bytes = side.encode();
        for length in (0..8).chain(9..bytes.len()) {
            assert_eq!(Side::decode(&bytes[..length]), None, "{length}");
        }
    }
}
