//! Rekor v1: entries as they are proposed, bodies read back, identifiers and searches. Whatever is accepted has a body that
//! is found by the same terms when the index is made anew.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use sigstead_entry::MAX_BODY_LENGTH;
use sigstead_entry::v1::{EntryId, ProposedEntry, SearchQuery, TreeId, search_terms_of};

fuzz_target!(|data: &[u8]| {
    if let Ok(proposed) = ProposedEntry::from_json(data) {
        let kind = proposed.kind();
        if let Ok(verified) = proposed.verify() {
            assert_eq!(verified.kind(), kind);
            assert!(verified.canonical_body().len() <= MAX_BODY_LENGTH);
            let mut terms = search_terms_of(verified.canonical_body()).expect("it is an entry");
            terms.extend(verified.terms_beside_body());
            assert_eq!(terms, verified.search_terms());
        }
    }
    if let Ok(terms) = search_terms_of(data) {
        assert!(
            terms
                .iter()
                .all(|term| term.as_str().len() <= 4 * data.len() + 64)
        );
    }
    if let Ok(query) = SearchQuery::from_json(data)
        && let Ok(terms) = query.terms()
    {
        let distinct: BTreeSet<_> = terms.iter().collect();
        assert!(distinct.len() <= terms.len() && terms.len() <= 4);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        check_identifiers(text);
    }
});

fn check_identifiers(text: &str) {
    if let Ok(id) = EntryId::parse(text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        assert_eq!(EntryId::parse(&id.to_string()).ok(), Some(id));
    }
    if let Ok(id) = TreeId::parse_decimal(text) {
        assert_eq!(TreeId::parse_hex16(&id.to_hex16()).ok(), Some(id));
        assert_eq!(TreeId::parse_decimal(&id.to_string()).ok(), Some(id));
    }
}
