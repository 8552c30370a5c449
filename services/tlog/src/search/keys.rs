use std::collections::BTreeSet;

use sigstead_entry::v1::SearchTerm;
use sigstead_index::Key;
use sigstead_key::HashAlgorithm;
use sigstead_sequencer::RecordedEntry;

use crate::frame::unframed;
use crate::side::Side;

/// The keys of a stored entry. One that cannot be read, which no version of this service writes, is not found.
pub(super) fn keys(entry: &RecordedEntry) -> Vec<Key> {
    let of_body = sigstead_entry::v1::search_terms_of(&unframed(&entry.bundle)).unwrap_or_default();
    let beside = Side::decode(&entry.side).map(|side| side.terms);
    let terms = of_body.iter().chain(beside.iter().flatten());
    let keys: BTreeSet<_> = terms.map(key_of).collect();
    keys.into_iter().collect()
}

// The digests of verifiers stand both bare and after their algorithm, and are one key here.
pub(super) fn key_of(term: &SearchTerm) -> Key {
    let text = term.as_str();
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    let digest = HashAlgorithm::Sha256.digest(text.as_bytes());
    Key::new(digest.try_into().unwrap_or_default())
}
