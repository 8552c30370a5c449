use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// The URL of an OpenID Connect issuer, kept byte for byte: it is the `iss` of every token, and
/// clients compare it as text. It has no trailing slash, because clients append
/// `/.well-known/openid-configuration` without looking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerUrl(String);

impl IssuerUrl {
    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of something below the issuer; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The path below the host that the issuer's routes stand under; empty at the root.
    #[must_use]
    pub fn path(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, rest)| rest);
        authority
            .find('/')
            .and_then(|start| authority.get(start..))
            .unwrap_or("")
    }
}

/// A text that is not the URL of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIssuerUrlError {
    /// It is no URL at all.
    #[error("`{text}` is not a url")]
    NotAUrl {
        /// What was written.
        text: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// It is a URL that cannot be an issuer.
    #[error(
        "`{0}` cannot be an issuer: write an http or https url with a host and without query, \
         fragment, user and trailing slash"
    )]
    NotAnIssuer(String),
}

impl FromStr for IssuerUrl {
    type Err = ParseIssuerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|source| ParseIssuerUrlError::NotAUrl {
            text: text.to_owned(),
            source,
        })?;
        // OpenID Connect Discovery 1.0 §3, `issuer`; http is for instances on one machine.
        let fits = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && text.starts_with(url.scheme())
            && !text.contains(char::is_whitespace)
            && !text.ends_with('/');
        if !fits {
            return Err(ParseIssuerUrlError::NotAnIssuer(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for IssuerUrl {
    fn schema_name() -> Cow<'static, str> {
        "IssuerUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^https?://[^?#@ ]*[^/?#@ ]$"})
    }
}

impl Serialize for IssuerUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IssuerUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_text_byte_for_byte() {
        for (text, path) in [
            ("http://localhost:8085", ""),
            ("https://Login.Example.com:443/auth", "/auth"),
            ("https://login.example.com/a/b", "/a/b"),
        ] {
            let issuer: IssuerUrl = text.parse().unwrap();
            assert_eq!(issuer.as_str(), text);
            assert_eq!(issuer.path(), path);
            assert_eq!(issuer.join("/keys"), format!("{text}/keys"));
        }
    }

    #[test]
    fn refuses_what_clients_would_compare_or_append_wrongly() {
        for text in [
            "",
            "login.example.com",
            "https://login.example.com/",
            "https://login.example.com/auth/",
            "https://login.example.com?a=b",
            "https://login.example.com#a",
            "https://a:b@login.example.com",
            "ftp://login.example.com",
            " https://login.example.com",
        ] {
            assert!(text.parse::<IssuerUrl>().is_err(), "{text:?}");
        }
    }
}
