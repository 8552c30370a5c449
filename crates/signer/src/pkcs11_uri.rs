//! URIs of keys in tokens (RFC 7512).

use std::fmt::{self, Write as _};
use std::path::PathBuf;

/// Which key of which token. What is not named matches any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pkcs11Uri {
    /// The label of the token.
    pub(crate) token: Option<String>,
    /// The serial number of the token.
    pub(crate) serial: Option<String>,
    /// The label of the key.
    pub(crate) object: Option<String>,
    /// The identifier of the key.
    pub(crate) id: Option<Vec<u8>>,
}

/// What the query of a URI says about the machine and not about the key.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) module: Option<PathBuf>,
    pub(crate) pin_source: Option<PathBuf>,
}

/// A text that is no URI of a key in a token. It never repeats what a PIN may be in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePkcs11UriError {
    /// A piece is not `name=value`.
    #[error("each of its parts is name=value")]
    Form,
    /// A `%` is not followed by two digits, or the value is not text.
    #[error("the value of `{0}` is not percent-encoded text")]
    Encoding(String),
    /// An attribute is there twice.
    #[error("`{0}` is there twice")]
    Repeated(String),
    /// An attribute does not say which key.
    #[error("`{0}` is not used here; token, serial, object and id say which key")]
    Unknown(String),
    /// It is for something that is not a private key.
    #[error("type has to be private, or left out")]
    Type,
    /// It has a PIN in it.
    #[error(
        "a PIN is never in a URI; write it into a file that only its user reads, and name that as pin_file"
    )]
    PinValue,
    /// The PIN is not in a file.
    #[error("pin-source has to be a file, as in file:/run/secrets/pin")]
    PinSource,
    /// It says nothing about the key.
    #[error("name the key by object, id or both")]
    NoKey,
}

impl Pkcs11Uri {
    /// Reads a URI, and apart from the key what its query names.
    pub(crate) fn parse(text: &str) -> Result<(Self, Named), ParsePkcs11UriError> {
        let rest = text
            .strip_prefix("pkcs11:")
            .ok_or(ParsePkcs11UriError::Form)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for part in parts(path, ';') {
            let (name, value) = part?;
            uri.take(name, value)?;
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(ParsePkcs11UriError::NoKey);
        }
        let mut named = Named::default();
        for part in parts(query, '&') {
            let (name, value) = part?;
            named.take(name, value)?;
        }
        Ok((uri, named))
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), ParsePkcs11UriError> {
        match name {
            "token" => once(name, &mut self.token, text(name, value)?),
            "serial" => once(name, &mut self.serial, text(name, value)?),
            "object" => once(name, &mut self.object, text(name, value)?),
            "id" => once(name, &mut self.id, octets(name, value)?),
            "type" if value == "private" => Ok(()),
            "type" => Err(ParsePkcs11UriError::Type),
            _ => Err(ParsePkcs11UriError::Unknown(name.to_owned())),
        }
    }

    /// The label that a new key of this URI has.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.object.as_deref()
    }
}

impl Named {
    fn take(&mut self, name: &str, value: &str) -> Result<(), ParsePkcs11UriError> {
        match name {
            "module-path" => once(name, &mut self.module, text(name, value)?.into()),
            "pin-source" => {
                let source = text(name, value)?;
                let path = source.strip_prefix("file:").unwrap_or(&source);
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() || path.starts_with('|') {
                    return Err(ParsePkcs11UriError::PinSource);
                }
                once(name, &mut self.pin_source, path.into())
            }
            "pin-value" => Err(ParsePkcs11UriError::PinValue),
            _ => Err(ParsePkcs11UriError::Unknown(name.to_owned())),
        }
    }
}

fn parts(
    text: &str,
    separator: char,
) -> impl Iterator<Item = Result<(&str, &str), ParsePkcs11UriError>> {
    let parts = text.split(separator).filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').ok_or(ParsePkcs11UriError::Form))
}

fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<(), ParsePkcs11UriError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ParsePkcs11UriError::Repeated(name.to_owned())),
    }
}

fn text(name: &str, value: &str) -> Result<String, ParsePkcs11UriError> {
    String::from_utf8(octets(name, value)?)
        .map_err(|_| ParsePkcs11UriError::Encoding(name.to_owned()))
}

fn octets(name: &str, value: &str) -> Result<Vec<u8>, ParsePkcs11UriError> {
    let malformed = || ParsePkcs11UriError::Encoding(name.to_owned());
    let mut octets = Vec::new();
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            octets.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit(), digit());
        let octet = high.zip(low).map(|(high, low)| high * 16 + low);
        let octet = octet.and_then(|octet| u8::try_from(octet).ok());
        octets.push(octet.ok_or_else(malformed)?);
    }
    Ok(octets)
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |text: &Option<String>| text.as_ref().map(|text| encoded(text.as_bytes()));
        let id = self.id.as_ref().map(|id| all_encoded(id));
        let parts = [
            ("token", label(&self.token)),
            ("serial", label(&self.serial)),
            ("object", label(&self.object)),
            ("id", id),
        ];
        f.write_str("pkcs11:")?;
        let named = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        f.write_str(&named.collect::<Vec<_>>().join(";"))
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            other => text.push_str(&all_encoded(&[*other])),
        }
    }
    text
}

fn all_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "%{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_names_a_key_and_writes_it_again() {
        let (uri, named) = Pkcs11Uri::parse(
            "pkcs11:token=My%20site;serial=0a1;object=ca-2027;id=%00%fe;type=private",
        )
        .unwrap();
        assert_eq!(uri.token.as_deref(), Some("My site"));
        assert_eq!(uri.id.as_deref(), Some([0, 0xfe].as_slice()));
        let written = "pkcs11:token=My%20site;serial=0a1;object=ca-2027;id=%00%FE";
        assert_eq!(uri.to_string(), written);
        assert_eq!(Pkcs11Uri::parse(written).unwrap().0, uri);
        assert!(named.module.is_none() && named.pin_source.is_none());
    }

    #[test]
    fn a_pin_in_a_uri_is_refused_and_not_repeated() {
        let said = Pkcs11Uri::parse("pkcs11:object=a?pin-value=4711").unwrap_err();
        assert_eq!(said, ParsePkcs11UriError::PinValue);
        assert!(!said.to_string().contains("4711"));
    }

    #[test]
    fn refuses_what_does_not_say_which_key() {
        use ParsePkcs11UriError as Error;
        let named = |name: &str| name.to_owned();
        for (text, why) in [
            ("pkcs11:", Error::NoKey),
            ("pkcs11:token=a", Error::NoKey),
            ("pkcs11:object", Error::Form),
            ("pkcs11:object=a;object=b", Error::Repeated(named("object"))),
            ("pkcs11:object=%4", Error::Encoding(named("object"))),
            ("pkcs11:object=%ff", Error::Encoding(named("object"))),
            (
                "pkcs11:object=a;slot-id=3",
                Error::Unknown(named("slot-id")),
            ),
            ("pkcs11:object=a;type=cert", Error::Type),
            ("pkcs11:object=a?pin-source=%7Ccat", Error::PinSource),
            ("pkcs11:object=a?x=y", Error::Unknown(named("x"))),
        ] {
            assert_eq!(Pkcs11Uri::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
