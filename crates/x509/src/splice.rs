//! Taking an extension out of bytes that are otherwise left as they are.

use const_oid::ObjectIdentifier;
use der::{Decode as _, Encode as _, Header, Reader as _, SliceReader, Tag, TagNumber};

use crate::Error;

/// A `TBSCertificate` without one of its extensions. Nothing is decoded and encoded again: a log hashes what it was sent,
/// and a certificate in another spelling of DER would be another certificate.
///
/// # Errors
/// If the bytes are not a `TBSCertificate`, or it has not that extension exactly once.
pub fn strip_extension(tbs_der: &[u8], oid: &ObjectIdentifier) -> Result<Vec<u8>, Error> {
    let (tbs, rest) = Element::split(tbs_der)?;
    if tbs.tag != Tag::Sequence || !rest.is_empty() {
        return Err(MALFORMED);
    }
    let mut fields = Vec::with_capacity(tbs_der.len());
    let mut is_stripped = false;
    for field in Element::all(tbs.content)? {
        if field.tag == EXTENSIONS {
            fields.extend(strip_from(&field, oid)?);
            is_stripped = true;
        } else {
            fields.extend_from_slice(field.whole);
        }
    }
    if !is_stripped {
        return Err(Error::ExtensionMissing(*oid));
    }
    wrap(Tag::Sequence, &fields)
}

fn strip_from(field: &Element<'_>, oid: &ObjectIdentifier) -> Result<Vec<u8>, Error> {
    let (list, rest) = Element::split(field.content)?;
    if list.tag != Tag::Sequence || !rest.is_empty() {
        return Err(MALFORMED);
    }
    let (mut kept, mut found) = (Vec::new(), 0);
    for extension in Element::all(list.content)? {
        let (name, _) = Element::split(extension.content)?;
        if ObjectIdentifier::from_der(name.whole).map_err(Error::structure(WHAT))? == *oid {
            found += 1;
        } else {
            kept.extend_from_slice(extension.whole);
        }
    }
    match found {
        0 => Err(Error::ExtensionMissing(*oid)),
        // A certificate has at least one extension or no list of them (RFC 5280 §4.1).
        1 if kept.is_empty() => Ok(Vec::new()),
        1 => wrap(EXTENSIONS, &wrap(Tag::Sequence, &kept)?),
        _ => Err(Error::DuplicateExtension(*oid)),
    }
}

/// One element of DER, with the bytes that it stands in.
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element, and what follows it.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let failed = Error::structure(WHAT);
        let mut reader = SliceReader::new(bytes).map_err(&failed)?;
        let header = Header::decode(&mut reader).map_err(&failed)?;
        let start = usize::try_from(reader.position()).map_err(&failed)?;
        reader.read_slice(header.length()).map_err(&failed)?;
        let end = usize::try_from(reader.position()).map_err(&failed)?;
        let whole = bytes.get(..end).ok_or(MALFORMED)?;
        let content = bytes.get(start..end).ok_or(MALFORMED)?;
        Ok((
            Self {
                tag: header.tag(),
                content,
                whole,
            },
            bytes.get(end..).ok_or(MALFORMED)?,
        ))
    }

    /// All elements, one after the other.
    pub(crate) fn all(mut bytes: &'a [u8]) -> Result<Vec<Self>, Error> {
        let mut elements = Vec::new();
        while !bytes.is_empty() {
            let (element, rest) = Self::split(bytes)?;
            elements.push(element);
            bytes = rest;
        }
        Ok(elements)
    }
}

pub(crate) fn wrap(tag: Tag, content: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = Error::structure(WHAT);
    let header = Header::new(tag, content.len().try_into().map_err(&failed)?);
    let mut bytes = header.to_der().map_err(failed)?;
    bytes.extend_from_slice(content);
    Ok(bytes)
}

const WHAT: &str = "a certificate";
const MALFORMED: Error = Error::Malformed(WHAT);
const EXTENSIONS: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(3),
};
