//! JSON that no `.proto` file defines, with the strictness of this crate: objects are objects, members stand once, and
//! `null` is the same as nothing. Names are exact, and integers are numbers.

use serde::de::DeserializeOwned;

use crate::Unknown;
use crate::error::Error;
use crate::name::Names;
use crate::reader::{Reader, Rules};

/// Reads a document.
///
/// # Errors
/// If the text is not JSON, or not a document of this type.
pub fn from_slice<T: DeserializeOwned>(json: &[u8], unknown: Unknown) -> Result<T, Error> {
    let rules = Rules {
        names: Names::Exact,
        unknown,
    };
    T::deserialize(Reader::new(json, rules)?)
}
