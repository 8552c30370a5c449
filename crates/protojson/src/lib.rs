//! Reads JSON the way that the ProtoJSON format defines it, no wider and no narrower.
//!
//! Specification: protobuf.dev, "ProtoJSON Format", for the parts that messages of Sigstore use: messages, repeated
//! fields, maps, strings, bytes, integers, enumerations.
//!
//! Provided: [`from_slice`], which reads a message into a struct that derives `Deserialize`; [`plain::from_slice`] with
//! the same strictness for JSON that no `.proto` file defines, and [`plain::object`] for objects of any members;
//! [`strict::from_slice`] for bodies of strangers, which it reads in little more memory than they take; [`Base64Bytes`] for
//! fields of bytes; [`int64`] and [`enumeration`] for fields that are written otherwise than they are held.
//!
//! The structs are plain serde structs with `rename_all = "camelCase"` and `default` on every field that the caller can
//! do without. The reader adds what serde alone does not do:
//!
//! - an array is never an object: serde's own reader fills structs from arrays by position;
//! - `null` leaves a field at its default;
//! - a field answers to its `lowerCamelCase` name and to its original `snake_case` name, and only to one of them at a time;
//! - no object has a member twice, also where nobody looks;
//! - integers are numbers or strings in the grammar of JSON, so neither `+5` nor `005`;
//! - unknown fields are refused or read over, as the caller says;
//! - objects nest at most 127 deep (the bound of `serde_json`).
//!
//! `flatten`, untagged and internally tagged enums go through a buffer of serde's own, which knows none of this: structs
//! that are read here must not use them.
//!
//! Deliberately absent: writing, which derived `Serialize` does; `Any`, `FieldMask`, `Duration` and floating-point
//! fields, which no message of Sigstore has; protobuf's binary encoding. The crate `proto` reads messages of services
//! with `prost-reflect`, which needs their descriptors; a verifier of bundles does without protobuf altogether.

#![warn(clippy::indexing_slicing)]

mod bytes;
pub mod enumeration;
mod error;
pub mod int64;
mod integer;
mod name;
mod object;
pub mod plain;
mod reader;
mod rules;
pub mod strict;
mod unknown;
mod value;

use serde::de::DeserializeOwned;

pub use bytes::Base64Bytes;
pub use error::Error;
pub use unknown::Unknown;

use crate::name::Names;
use crate::reader::Reader;
use crate::rules::Rules;

/// Reads a message.
///
/// # Errors
/// If the text is not JSON, or not a message of this type in ProtoJSON.
pub fn from_slice<T: DeserializeOwned>(json: &[u8], unknown: Unknown) -> Result<T, Error> {
    let rules = Rules {
        names: Names::Proto,
        unknown,
    };
    T::deserialize(Reader::new(json, rules)?)
}
