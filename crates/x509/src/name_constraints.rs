//! Which names an authority may certify (RFC 5280 §4.2.1.10 and §6.1.4).
//!
//! Enforced whether the extension is critical or not. What cannot be compared counts against the certificate: a form of
//! name that is not read here, a URI without a host, an address that is none. Only names of forms that a constraint
//! speaks of are looked at.

use der::Tagged as _;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::NameConstraints as Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::certificate::Certificate;
use crate::error::Error;
use crate::san::SubjectAlternativeName;
use crate::structure::decode;
use crate::{oid, san};

/// The names that one authority may certify.
pub(crate) struct NameConstraints {
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
}

/// Where a name is, seen from a constraint of its form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Within,
    Outside,
    Unclear,
}

/// Checks that the name constraints of an authority can be read, if it has any: else no name could be held against them.
///
/// # Errors
/// If they cannot.
pub fn check_name_constraints(authority: &Certificate) -> Result<(), Error> {
    NameConstraints::of(authority).map(drop)
}

/// Checks that all authorities of a chain may certify a name (RFC 5280 §4.2.1.10). A verifier would refuse the certificate,
/// after it was made and logged.
///
/// # Errors
/// If one may not, or its constraints cannot be read.
pub fn check_permitted(name: &SubjectAlternativeName, chain: &[Certificate]) -> Result<(), Error> {
    let names = san::names(&name.to_extension()?.value)?;
    for authority in chain {
        if let Some(constraints) = NameConstraints::of(authority)? {
            constraints.check_names(&names)?;
        }
    }
    Ok(())
}

impl NameConstraints {
    /// The constraints of an authority; without the extension it may certify all names.
    pub(crate) fn of(authority: &Certificate) -> Result<Option<Self>, Error> {
        let Some(value) = authority.extension(&oid::NAME_CONSTRAINTS) else {
            return Ok(None);
        };
        let extension: Extension = decode("name constraints", value)?;
        Ok(Some(Self {
            permitted: bases(extension.permitted_subtrees)?,
            excluded: bases(extension.excluded_subtrees)?,
        }))
    }

    /// Checks all names of a certificate below the authority.
    pub(crate) fn check(&self, certificate: &Certificate) -> Result<(), Error> {
        self.check_names(&names_of(certificate)?)
    }

    /// Checks names that a certificate is to bear.
    pub(crate) fn check_names(&self, names: &[GeneralName]) -> Result<(), Error> {
        if names.iter().all(|name| self.permits(name)) {
            return Ok(());
        }
        Err(Error::NameConstrained)
    }

    fn permits(&self, name: &GeneralName) -> bool {
        let mut excluded = self.excluded.iter().filter_map(|base| compare(name, base));
        if excluded.any(|place| place != Place::Outside) {
            return false;
        }
        let permitted = self.permitted.iter().filter_map(|base| compare(name, base));
        let places: Vec<_> = permitted.collect();
        places.is_empty() || places.contains(&Place::Within)
    }
}

fn bases(subtrees: Option<Vec<GeneralSubtree>>) -> Result<Vec<GeneralName>, Error> {
    let subtrees = subtrees.unwrap_or_default();
    if subtrees.len() > MAX_SUBTREES {
        return Err(Error::TooMany {
            what: "name constraints",
            most: MAX_SUBTREES,
        });
    }
    // RFC 5280 §4.2.1.10: the distances are not used.
    if subtrees
        .iter()
        .any(|each| each.minimum != 0 || each.maximum.is_some())
    {
        return Err(Error::Malformed("name constraints with distances"));
    }
    Ok(subtrees.into_iter().map(|each| each.base).collect())
}

/// The subject, the addresses in it, and the alternative names.
fn names_of(certificate: &Certificate) -> Result<Vec<GeneralName>, Error> {
    let subject: Name = decode("a name", certificate.subject_der())?;
    let alternative = certificate.extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    let mut names = alternative.map_or_else(|| Ok(Vec::new()), san::names)?;
    for attribute in subject.iter().filter(|each| each.oid == oid::EMAIL_ADDRESS) {
        let text = attribute
            .value
            .decode_as()
            .map_err(Error::structure("an address"))?;
        names.push(GeneralName::Rfc822Name(text));
    }
    if !subject.is_empty() {
        names.push(GeneralName::DirectoryName(subject));
    }
    Ok(names)
}

/// Nothing if the two are of different forms.
fn compare(name: &GeneralName, base: &GeneralName) -> Option<Place> {
    match (name, base) {
        (GeneralName::Rfc822Name(name), GeneralName::Rfc822Name(base)) => {
            Some(address(name.as_str(), base.as_str()))
        }
        (GeneralName::DnsName(name), GeneralName::DnsName(base)) => {
            Some(dns(name.as_str(), base.as_str()))
        }
        (
            GeneralName::UniformResourceIdentifier(name),
            GeneralName::UniformResourceIdentifier(base),
        ) => Some(uri(name.as_str(), base.as_str())),
        (GeneralName::IpAddress(name), GeneralName::IpAddress(base)) => {
            Some(ip(name.as_bytes(), base.as_bytes()))
        }
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            Some(directory(name, base))
        }
        (GeneralName::OtherName(name), GeneralName::OtherName(base)) => {
            (name.type_id == base.type_id).then_some(Place::Unclear)
        }
        (GeneralName::EdiPartyName(_), GeneralName::EdiPartyName(_))
        | (GeneralName::RegisteredId(_), GeneralName::RegisteredId(_)) => Some(Place::Unclear),
        _ => None,
    }
}

/// A mailbox, all mailboxes of a host, or with a leading dot those of all hosts in a domain.
fn address(name: &str, base: &str) -> Place {
    let Some((local, host)) = name.rsplit_once('@') else {
        return Place::Unclear;
    };
    // A quoted local part may hold an at sign, and spell one mailbox in several ways.
    if local.is_empty() || local.contains(['@', '"', '\\']) || !is_host(host) {
        return Place::Unclear;
    }
    match base.rsplit_once('@') {
        Some((local_base, host_base)) => {
            within(local == local_base && host.eq_ignore_ascii_case(host_base))
        }
        None => within(is_host_within(host, base)),
    }
}

/// A host and all below it.
fn dns(name: &str, base: &str) -> Place {
    if let Some(parent) = name.strip_prefix("*.") {
        // The name stands for hosts on both sides of a constraint that lies below it.
        if is_host(parent) && is_below(base.trim_start_matches('.'), parent) {
            return Place::Unclear;
        }
    }
    if !is_host(name.strip_prefix("*.").unwrap_or(name)) {
        return Place::Unclear;
    }
    within(name.eq_ignore_ascii_case(base) || is_below(name, base.trim_start_matches('.')))
}

/// The host of the URI is the host, or with a leading dot any host in the domain.
fn uri(name: &str, base: &str) -> Place {
    host_of(name).map_or(Place::Unclear, |host| within(is_host_within(host, base)))
}

fn host_of(uri: &str) -> Option<&str> {
    // Browsers take a backslash for a slash, and leave blanks out.
    if uri.contains(|each: char| each == '\\' || !each.is_ascii_graphic()) {
        return None;
    }
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    is_host(host).then_some(host)
}

/// An address and a mask, one after the other.
fn ip(name: &[u8], base: &[u8]) -> Place {
    if !matches!((name.len(), base.len()), (4 | 16, 8 | 32)) {
        return Place::Unclear;
    }
    let (network, mask) = base.split_at(base.len() / 2);
    let mut octets = name.iter().zip(network).zip(mask);
    within(
        name.len() == network.len()
            && octets.all(|((name, network), mask)| name & mask == network & mask),
    )
}

/// The name begins as the constraint does.
fn directory(name: &Name, base: &Name) -> Place {
    if name.len() < base.len() {
        return Place::Outside;
    }
    let pairs = name.iter_rdn().zip(base.iter_rdn());
    let places = pairs.map(|(name, base)| relative(name, base));
    places.fold(Place::Within, |all, each| match (all, each) {
        (Place::Outside, _) | (_, Place::Outside) => Place::Outside,
        (Place::Unclear, _) | (_, Place::Unclear) => Place::Unclear,
        _ => Place::Within,
    })
}

fn relative(name: &RelativeDistinguishedName, base: &RelativeDistinguishedName) -> Place {
    if name == base {
        return Place::Within;
    }
    let (mut names, mut bases) = (name.iter(), base.iter());
    let (Some(name), None, Some(base), None) =
        (names.next(), names.next(), bases.next(), bases.next())
    else {
        return Place::Unclear;
    };
    match (normalized(name), normalized(base)) {
        _ if name.oid != base.oid => Place::Outside,
        (Some(name), Some(base)) => within(name == base),
        _ => Place::Unclear,
    }
}

/// RFC 5280 §7.1: case and the number of blanks do not matter.
fn normalized(attribute: &AttributeTypeAndValue) -> Option<String> {
    let is_text = matches!(
        attribute.value.tag(),
        der::Tag::Utf8String | der::Tag::PrintableString | der::Tag::Ia5String
    );
    let text = std::str::from_utf8(attribute.value.value()).ok()?;
    let words: Vec<_> = text.split_whitespace().collect();
    is_text.then(|| words.join(" ").to_lowercase())
}

/// `base` is a host, or with a leading dot all hosts in a domain; an empty one is the domain of all.
fn is_host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(domain) => is_below(host, domain),
        None => base.is_empty() || host.eq_ignore_ascii_case(base),
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    domain.is_empty()
        || host
            .strip_suffix(&domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// A domain name: labels that are not empty, and the last one not a number, as in an address.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

const fn within(is_within: bool) -> Place {
    if is_within {
        Place::Within
    } else {
        Place::Outside
    }
}

/// Authorities in use have fewer than ten. Each is compared with every name below.
const MAX_SUBTREES: usize = 64;
