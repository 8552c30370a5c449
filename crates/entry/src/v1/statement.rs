use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::SearchTerm;
use super::envelope::Envelope;

/// The digests of what an in-toto statement is about and of what that was made from, as `<algorithm>:<digest>`. A
/// payload that is no statement has none; of too many, the first are kept.
pub(super) fn digests(envelope: &Envelope) -> Vec<SearchTerm> {
    if envelope.payload_type != IN_TOTO {
        return Vec::new();
    }
    // A predicate of another type must not cost the statement its subjects.
    let statement: Option<Statement> = serde_json::from_slice(&envelope.payload).ok();
    let provenance: Option<Provenance> = serde_json::from_slice(&envelope.payload).ok();
    let subjects = statement.and_then(|statement| statement.subject);
    let materials = provenance.and_then(|provenance| provenance.predicate.materials);
    let resources = [subjects, materials].into_iter().flatten().flatten();
    let digests = resources.flat_map(|resource| resource.digest.unwrap_or_default());
    let mut terms = BTreeSet::new();
    for (algorithm, digest) in digests {
        if terms.len() == MAX_TERMS {
            break;
        }
        if is_short(&algorithm) && is_short(&digest) {
            terms.insert(SearchTerm::new(&format!("{algorithm}:{digest}")));
        }
    }
    terms.into_iter().collect()
}

fn is_short(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[derive(Deserialize)]
struct Statement {
    subject: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Provenance {
    predicate: Predicate,
}

#[derive(Deserialize)]
struct Predicate {
    materials: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Resource {
    digest: Option<BTreeMap<String, String>>,
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
// SHA-512 has 128 digits.
const MAX_LENGTH: usize = 160;
// Terms are kept beside the leaf and in the index: without a limit, one entry of a few megabytes costs as much as many
// thousands.
const MAX_TERMS: usize = 256;
