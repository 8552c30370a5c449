//! Whatever arrives is taken or refused, and nothing else.

use std::sync::LazyLock;

use proptest::prelude::*;
use sigstead_entry::v1::{ProposedEntry, SearchQuery, search_terms_of};

use crate::world::{Signing, good_dsse, good_hashedrekord, good_intoto001, good_intoto002, verify};

static PROPOSALS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let alice = Signing::of_alice();
    let entries = [
        good_hashedrekord(),
        alice.hashedrekord(&alice.leaf.to_pem()),
        good_dsse("{}"),
        good_intoto001("{}"),
        good_intoto002("{}"),
    ];
    entries
        .iter()
        .map(|entry| serde_json::to_vec(entry).unwrap())
        .collect()
});

static BODIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let entries = PROPOSALS
        .iter()
        .map(|text| serde_json::from_slice(text).unwrap());
    entries
        .map(|entry| verify(&entry).unwrap().canonical_body().to_vec())
        .collect()
});

#[derive(Debug, Clone)]
enum Mutation {
    Replace(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<usize>(), any::<Vec<u8>>()).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), 0..400_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), 0..400_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

fn mutated(text: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut text = text.to_vec();
    for mutation in mutations {
        if text.is_empty() {
            break;
        }
        match mutation {
            Mutation::Replace(at, byte) => {
                let at = at % text.len();
                text[at] = *byte;
            }
            Mutation::Insert(at, bytes) => {
                let at = at % text.len();
                text.splice(at..at, bytes.iter().copied());
            }
            Mutation::Remove(at, length) => {
                let at = at % text.len();
                let end = text.len().min(at + length);
                text.drain(at..end);
            }
            Mutation::Repeat(at, length) => {
                let at = at % text.len();
                let end = text.len().min(at + length);
                let part = text[at..end].to_vec();
                text.splice(at..at, part);
            }
        }
    }
    text
}

proptest! {
    #[test]
    fn a_mutated_proposal_is_taken_or_refused(which in 0..5_usize, mutations in prop::collection::vec(mutation(), 0..4)) {
        if let Ok(proposed) = ProposedEntry::from_json(&mutated(&PROPOSALS[which], &mutations))
            && let Ok(verified) = proposed.verify()
        {
            // What was taken can be read back.
            let terms = search_terms_of(verified.canonical_body()).unwrap();
            prop_assert!(terms.is_subset(&verified.search_terms()));
        }
    }

    #[test]
    fn a_mutated_body_has_terms_or_is_refused(which in 0..5_usize, mutations in prop::collection::vec(mutation(), 1..4)) {
        let _ = search_terms_of(&mutated(&BODIES[which], &mutations));
    }

    #[test]
    fn bytes_of_any_kind_are_refused(bytes: Vec<u8>) {
        prop_assert!(ProposedEntry::from_json(&bytes).is_err());
        prop_assert!(search_terms_of(&bytes).is_err());
        let _ = SearchQuery::from_json(&bytes).map(|query| query.terms().is_ok());
    }
}
