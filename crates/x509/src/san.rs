//! The identity that a signing certificate is for.

use std::net::IpAddr;

use der::asn1::{Any, Ia5String, Utf8StringRef};
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use crate::structure::{decode, encode};
use crate::{Error, Extension, oid};

/// One subject alternative name of the kinds that stand for identities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectAlternativeName {
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// A user name and its domain, joined by an exclamation mark.
    OtherName(String),
}

impl SubjectAlternativeName {
    /// The text of the identity.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Email(value) | Self::Uri(value) | Self::OtherName(value) => value,
        }
    }

    /// Critical, because the subject of the certificate is empty (RFC 5280 §4.2.1.6).
    pub(crate) fn to_extension(&self) -> Result<Extension, Error> {
        if self.value().is_empty() {
            return Err(Error::Profile("its identity is empty"));
        }
        let text = || {
            Ia5String::new(self.value()).map_err(|_| Error::Profile("its identity is not ascii"))
        };
        let name = match self {
            Self::Email(_) => GeneralName::Rfc822Name(text()?),
            Self::Uri(_) => GeneralName::UniformResourceIdentifier(text()?),
            Self::OtherName(value) => {
                let value = Utf8StringRef::new(value).and_then(|text| Any::encode_from(&text));
                GeneralName::OtherName(OtherName {
                    type_id: oid::FULCIO_USERNAME,
                    value: value.map_err(Error::structure("a user name"))?,
                })
            }
        };
        let value = encode("a subject alternative name", &vec![name])?;
        Ok(Extension::critical(oid::SUBJECT_ALTERNATIVE_NAME, value))
    }
}

/// The names of an extension that stand for identities; names of other kinds and types do not count.
pub(crate) fn identities(der: &[u8]) -> Result<Vec<SubjectAlternativeName>, Error> {
    let names = names(der)?;
    let mut identities = Vec::new();
    for name in names {
        match name {
            GeneralName::Rfc822Name(text) => {
                identities.push(SubjectAlternativeName::Email(text.as_str().to_owned()));
            }
            GeneralName::UniformResourceIdentifier(text) => {
                identities.push(SubjectAlternativeName::Uri(text.as_str().to_owned()));
            }
            GeneralName::OtherName(other) if other.type_id == oid::FULCIO_USERNAME => {
                let text: Utf8StringRef<'_> = other
                    .value
                    .decode_as()
                    .map_err(Error::structure("a user name"))?;
                identities.push(SubjectAlternativeName::OtherName(text.as_str().to_owned()));
            }
            _ => {}
        }
    }
    Ok(identities)
}

/// The names of an extension that stand for hosts: DNS names, and IP addresses as text.
pub(crate) fn hosts(der: &[u8]) -> Result<Vec<String>, Error> {
    let names = names(der)?;
    let hosts = names.into_iter().filter_map(|name| match name {
        GeneralName::DnsName(text) => Some(text.as_str().to_owned()),
        GeneralName::IpAddress(octets) => ip_address(octets.as_bytes()).map(|ip| ip.to_string()),
        _ => None,
    });
    Ok(hosts.collect())
}

pub(crate) fn names(der: &[u8]) -> Result<Vec<GeneralName>, Error> {
    let names: Vec<GeneralName> = decode("a subject alternative name", der)?;
    if names.len() > MAX_NAMES {
        return Err(Error::TooMany {
            what: "subject alternative names",
            most: MAX_NAMES,
        });
    }
    Ok(names)
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).ok()
}

/// A signing certificate has one, and the certificate of a host at most a hundred or so.
const MAX_NAMES: usize = 256;
