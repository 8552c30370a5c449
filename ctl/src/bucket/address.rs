//! `s3://BUCKET/KEY`.

use std::fmt;

/// A place in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) bucket: String,
    /// Of an object, or what the keys of several begin with; without a slash at either end.
    pub(crate) key: String,
}

impl Address {
    /// Reads an address, unless `text` is none; one that is wrong is an error.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, String>> {
        let rest = text.strip_prefix(SCHEME)?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self::checked(bucket, key.trim_matches('/')))
    }

    fn checked(bucket: &str, key: &str) -> Result<Self, String> {
        let is_named = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        if bucket.is_empty() || !bucket.chars().all(is_named) {
            return Err("the name of a bucket has letters, digits, dots and hyphens".to_owned());
        }
        // A URL would lead elsewhere with such a part.
        let is_odd = |part: &str| matches!(part, "" | "." | "..");
        if !key.is_empty() && (key.split('/').any(is_odd) || key.contains(char::is_control)) {
            return Err("a part of the path is empty, or is `.` or `..`".to_owned());
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The address below this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        let key = match self.key.is_empty() {
            true => name.to_owned(),
            false => format!("{}/{name}", self.key),
        };
        Self {
            bucket: self.bucket.clone(),
            key,
        }
    }

    /// The address above this one.
    pub(crate) fn above(&self) -> Self {
        let key = self.key.rsplit_once('/').map_or("", |(above, _)| above);
        Self {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
        }
    }

    /// The last part of the key.
    pub(crate) fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}/{}", self.bucket, self.key)
    }
}

const SCHEME: &str = "s3://";

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap().unwrap()
    }

    #[test]
    fn an_address_names_a_bucket_and_a_place_in_it() {
        let place = address("s3://backups/acme/nightly/");
        assert_eq!(
            (place.bucket.as_str(), place.key.as_str()),
            ("backups", "acme/nightly")
        );
        assert_eq!(
            place.below("a.age"),
            address("s3://backups/acme/nightly/a.age")
        );
        assert_eq!(place.below("a.age").above(), place);
        assert_eq!(place.name(), "nightly");
        let whole = address("s3://backups");
        assert_eq!(whole, address("s3://backups/"));
        assert_eq!(whole.below("a.age").to_string(), "s3://backups/a.age");
        assert_eq!(whole.below("a.age").above(), whole);
    }

    #[test]
    fn an_address_that_would_lead_elsewhere_is_refused() {
        assert!(Address::parse("/srv/backups").is_none());
        for text in [
            "s3://",
            "s3:///a",
            "s3://a b/c",
            "s3://a/../b",
            "s3://a/b/./c",
            "s3://a/b//c",
            "s3://a/b\n",
            "s3://a?b/c",
        ] {
            assert!(Address::parse(text).unwrap().is_err(), "{text}");
        }
    }
}
