//! Changes one entry of a file of issuers that is JSON. It has no comments to keep; its members are sorted.

use serde::Serialize;
use serde_json::{Map, Value};

/// Whether the text is JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<Value>(text).is_ok()
}

/// The text with a member of the object at `path`, which is made if it is not there.
pub(super) fn with_entry(
    text: &str,
    path: &[&str],
    key: &str,
    value: &impl Serialize,
) -> Option<String> {
    let mut file: Value = serde_json::from_str(text).ok()?;
    let mut at = file.as_object_mut()?;
    for name in path {
        let below = at.entry(*name).or_insert_with(|| Value::Object(Map::new()));
        at = below.as_object_mut()?;
    }
    at.insert(key.to_owned(), serde_json::to_value(value).ok()?);
    written(&file)
}

/// The text without the member at `path`, if it is there.
pub(super) fn without(text: &str, path: &[&str]) -> Option<String> {
    let mut file: Value = serde_json::from_str(text).ok()?;
    let (last, above) = path.split_last()?;
    let mut at = file.as_object_mut()?;
    for name in above {
        at = at.get_mut(*name)?.as_object_mut()?;
    }
    at.remove(*last)?;
    written(&file)
}

fn written(file: &Value) -> Option<String> {
    let text = serde_json::to_string_pretty(file).ok()?;
    Some(format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"oidc-issuers": {"https://a.example": {"type": "email"}}}"#;

    #[test]
    fn an_entry_comes_and_goes() {
        let changed = with_entry(FILE, &["meta-issuers"], "https://*.b.example", &1).unwrap();
        let read: Value = serde_json::from_str(&changed).unwrap();
        assert_eq!(read["meta-issuers"]["https://*.b.example"], 1);
        assert_eq!(read["oidc-issuers"]["https://a.example"]["type"], "email");
        let back = without(&changed, &["meta-issuers"]).unwrap();
        let read: Value = serde_json::from_str(&back).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(FILE).unwrap());
    }

    #[test]
    fn what_is_not_there_is_not_removed_and_what_is_no_object_not_changed() {
        for path in [&["oidc-issuers", "https://b.example"][..], &["x", "y"], &[]] {
            assert_eq!(without(FILE, path), None, "{path:?}");
        }
        let path = ["oidc-issuers", "https://a.example", "type"];
        assert_eq!(with_entry(FILE, &path, "k", &1), None);
        assert_eq!(with_entry("[]", &[], "k", &1), None);
    }

    #[test]
    fn yaml_is_no_json() {
        assert!(is_json(FILE) && is_json("\n{}"));
        for text in ["oidc-issuers: {}", "{a: b}", "[]", ""] {
            assert!(!is_json(text), "{text}");
        }
    }
}
