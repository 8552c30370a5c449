//! JSON that no `.proto` file defines, with the strictness of this crate: objects are objects, members stand once, and
//! `null` is the same as nothing. Names are exact, and integers are numbers.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::name::Names;
use crate::reader::Reader;
use crate::rules::Rules;
use crate::unknown::Unknown;
use crate::value::{Unique, unexpected};

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

/// Reads an object whose members nobody names beforehand. `null` stays what it is here.
///
/// # Errors
/// If the text is not JSON, or no object, or an object in it has a member twice.
pub fn object(json: &[u8]) -> Result<Map<String, Value>, Error> {
    let Unique(value) = serde_json::from_slice(json).map_err(Error::Json)?;
    match value {
        Value::Object(members) => Ok(members),
        other => Err(Error::invalid_type(unexpected(&other), &"an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_reads_unless_a_member_stands_twice() {
        for text in [
            r#"{}"#,
            r#"{"a":null,"b":true,"c":-1,"d":18446744073709551615,"e":1.5,"f":"x\u00e4"}"#,
            r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#,
        ] {
            let expected: Map<String, Value> = serde_json::from_str(text).unwrap();
            assert_eq!(object(text.as_bytes()).unwrap(), expected, "{text}");
        }
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
        ] {
            assert!(serde_json::from_str::<Map<String, Value>>(text).is_ok());
            let error = object(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("stands twice"), "{error}");
        }
        for text in ["[]", "1", "", "{", "{}{}", r#"{"a":1e999}"#] {
            assert!(object(text.as_bytes()).is_err(), "{text}");
        }
    }
}
