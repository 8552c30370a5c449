//! Names of authorities.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, SetOfVec};
use der::{Encode as _, Sequence, Tag, ValueOrd};

use crate::structure::{decode, encode};
use crate::{Error, oid};

/// Organization and common name, the two attributes that Sigstore's trust documents carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The organization; may be empty.
    pub organization: String,
    /// The common name; may be empty.
    pub common_name: String,
}

impl Name {
    /// A distinguished name, DER; attributes that are empty are left out.
    ///
    /// # Errors
    /// If an attribute is too long for DER.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let mut names = Vec::new();
        for (oid, text) in [
            (oid::ORGANIZATION, &self.organization),
            (oid::COMMON_NAME, &self.common_name),
        ] {
            if text.is_empty() {
                continue;
            }
            let value = AnyRef::new(Tag::Utf8String, text.as_bytes())
                .map_err(Error::structure("a name"))?;
            let attribute = Attribute { oid, value };
            names.push(SetOfVec::try_from(vec![attribute]).map_err(Error::structure("a name"))?);
        }
        encode("a name", &names)
    }

    /// What a distinguished name says of the two attributes; where one stands twice, the last one counts.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Error> {
        let names: Vec<SetOfVec<Attribute<'_>>> = decode("a name", der)?;
        if names.iter().map(SetOfVec::len).sum::<usize>() > MAX_ATTRIBUTES {
            return Err(Error::TooMany {
                what: "attributes in a name",
                most: MAX_ATTRIBUTES,
            });
        }
        let mut name = Self::default();
        for attribute in names.iter().flat_map(SetOfVec::iter) {
            let text = || String::from_utf8_lossy(attribute.value.value()).into_owned();
            match attribute.oid {
                oid::ORGANIZATION => name.organization = text(),
                oid::COMMON_NAME => name.common_name = text(),
                _ => {}
            }
        }
        Ok(name)
    }
}

#[derive(Sequence, Clone)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: AnyRef<'a>,
}

impl ValueOrd for Attribute<'_> {
    fn value_cmp(&self, other: &Self) -> der::Result<std::cmp::Ordering> {
        Ok(self.to_der()?.cmp(&other.to_der()?))
    }
}

/// Names in use have fewer than ten.
const MAX_ATTRIBUTES: usize = 64;
