//! One line of the table.

use serde_json::{Map, Value};

use crate::draft::{Base, Draft};
use crate::key::{Keys, Signing};

/// A sound token with one change, and what must become of it.
pub(crate) struct Case {
    /// It is there once in the table.
    pub(crate) name: String,
    pub(crate) base: Base,
    pub(crate) change: Change,
    pub(crate) expected: Expected,
}

/// What is done to a sound token.
pub(crate) enum Change {
    /// These claims are set, or taken away.
    Claims(Vec<(String, Option<Value>)>),
    /// The payload is this text instead, which the issuer signs.
    Payload(fn(&str) -> Vec<u8>),
    /// The header is this text instead, which the issuer signs in this way.
    Header(String, Signing),
    /// The signature is changed.
    Signature(Signing, fn(Vec<u8>) -> Vec<u8>),
    /// Anything else.
    Text(fn(&Keys, &Draft) -> String),
}

/// What must become of a token.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    Accepted,
    Refused {
        /// The code that callers get.
        code: &'static str,
        /// The check that it fails, as administrators see it.
        check: &'static str,
        /// A part of the sentence, which tells this refusal from the others.
        says: String,
    },
}

impl Case {
    pub(crate) fn token(&self, keys: &Keys) -> String {
        let draft = self.base.draft();
        match &self.change {
            Change::Claims(changes) => {
                let mut claims: Map<String, Value> =
                    self.base.claims().as_object().unwrap().clone();
                for (claim, value) in changes {
                    match value {
                        Some(value) => drop(claims.insert(claim.clone(), value.clone())),
                        None => drop(claims.remove(claim)),
                    }
                }
                Draft::of(draft.signing, &Value::Object(claims)).sign(keys)
            }
            Change::Payload(spoil) => sign_bytes(keys, &draft, &spoil(&draft.payload)),
            Change::Header(header, signing) => {
                let (header, signing) = (header.clone(), *signing);
                Draft {
                    header,
                    signing,
                    ..draft
                }
                .sign(keys)
            }
            Change::Signature(signing, change) => {
                Draft::of(*signing, &self.base.claims()).sign_with(keys, change)
            }
            Change::Text(spoil) => spoil(keys, &draft),
        }
    }
}

fn sign_bytes(keys: &Keys, draft: &Draft, payload: &[u8]) -> String {
    use crate::key::encode;
    let input = format!("{}.{}", encode(&draft.header), encode(payload));
    let signature = keys.sign(draft.signing, input.as_bytes());
    format!("{input}.{}", encode(signature))
}

pub(crate) fn case(
    name: impl Into<String>,
    base: Base,
    change: Change,
    expected: Expected,
) -> Case {
    Case {
        name: name.into(),
        base,
        change,
        expected,
    }
}

/// A claim of another value.
pub(crate) fn set(claim: &str, value: Value) -> Change {
    Change::Claims(vec![(claim.to_owned(), Some(value))])
}

/// A claim that is not there.
pub(crate) fn without(claim: &str) -> Change {
    Change::Claims(vec![(claim.to_owned(), None)])
}

/// Refused because of the token, by this check, with these words.
pub(crate) fn refused(check: &'static str, says: impl Into<String>) -> Expected {
    Expected::Refused {
        code: "E-CA-004",
        check,
        says: says.into(),
    }
}
