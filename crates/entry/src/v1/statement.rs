use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::SearchTerm;
use super::envelope::Envelope;

/// The digests of what an in-toto statement is about and of what that was made from, as `<algorithm>:<digest>`. A
/// payload that is no statement has none; of too many, the first are kept.
pub(super) fn digests(envelope: &Envelope) -> Vec<SearchTerm> {
    if envelope.payload_type != IN_TOTO {
        return Vec::new();
    }
    // One by one: a predicate of another type must not cost the statement its subjects.
    let found = [&SUBJECTS, &MATERIALS].map(|part| gathered(&envelope.payload, part));
    let terms: BTreeSet<_> = found.into_iter().flatten().take(MAX_TERMS).collect();
    terms.into_iter().collect()
}

/// The digests of one part of a statement; none if that part has another shape.
fn gathered(payload: &[u8], part: &'static Part) -> BTreeSet<SearchTerm> {
    let mut terms = BTreeSet::new();
    let mut json = serde_json::Deserializer::from_slice(payload);
    let gatherer = Gatherer {
        part,
        terms: &mut terms,
    };
    let read = gatherer.deserialize(&mut json).and_then(|()| json.end());
    match read {
        Ok(()) => terms,
        Err(_) => BTreeSet::new(),
    }
}

/// What of a JSON value is read; the rest is passed over.
enum Part {
    /// One member of an object.
    Member(&'static str, &'static Self),
    /// Every element of a list.
    Each(&'static Self),
    /// The members of an object, algorithms and digests.
    Digests,
}

const SUBJECTS: Part = Part::Member("subject", &Part::Each(&DIGESTS_OF_ONE));
const MATERIALS: Part = Part::Member(
    "predicate",
    &Part::Member("materials", &Part::Each(&DIGESTS_OF_ONE)),
);
const DIGESTS_OF_ONE: Part = Part::Member("digest", &Part::Digests);

/// Gathers digests while the text is read. A statement of a few megabytes may list hundreds of thousands of them, and in
/// memory they would take ten times the room.
struct Gatherer<'a> {
    part: &'static Part,
    terms: &'a mut BTreeSet<SearchTerm>,
}

impl Gatherer<'_> {
    fn inner(&mut self, part: &'static Part) -> Gatherer<'_> {
        Gatherer {
            part,
            terms: self.terms,
        }
    }

    fn gather(&mut self, algorithm: &str, digest: &str) {
        if self.terms.len() < MAX_TERMS && is_short(algorithm) && is_short(digest) {
            let term = SearchTerm::new(&format!("{algorithm}:{digest}"));
            self.terms.insert(term);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Gatherer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Gatherer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a statement")
    }

    // Null is the same as nothing.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let Part::Each(part) = self.part else {
            return Err(A::Error::custom("a list where an object is expected"));
        };
        while elements.next_element_seed(self.inner(part))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut is_found = false;
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            match self.part {
                Part::Digests => self.gather(&name, &members.next_value::<Cow<'_, str>>()?),
                Part::Member(wanted, part) if name == *wanted => {
                    if std::mem::replace(&mut is_found, true) {
                        return Err(A::Error::duplicate_field(wanted));
                    }
                    members.next_value_seed(self.inner(part))?;
                }
                Part::Member(..) => {
                    members.next_value::<IgnoredAny>()?;
                }
                Part::Each(_) => {
                    return Err(A::Error::custom("an object where a list is expected"));
                }
            }
        }
        Ok(())
    }
}

fn is_short(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
// SHA-512 has 128 digits.
const MAX_LENGTH: usize = 160;
// Terms are kept beside the leaf and in the index: without a limit, one entry of a few megabytes costs as much as many
// thousands.
const MAX_TERMS: usize = 256;
