//! The certificates that an instance makes for itself: authorities, timestamps, TLS.

use std::net::IpAddr;

use der::asn1::{Ia5String, OctetString};
use sigstead_key::PublicKey;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::ext::pkix::name::GeneralName;

use crate::lint::Rank;
use crate::structure::encode;
use crate::tbs::{Layout, UnsignedCertificate};
use crate::{
    Certificate, Error, ExtendedKeyUsage, Extension, KeyUsage, Name, SerialNumber, Validity, oid,
};

/// An authority.
pub struct CaProfile {
    /// Its name; clients of the trust root want both parts.
    pub subject: Name,
    /// Its key.
    pub public_key: PublicKey,
    /// When it may issue.
    pub validity: Validity,
    /// What it may issue.
    pub kind: CaKind,
    /// The serial number.
    pub serial: SerialNumber,
}

/// What an authority may issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaKind {
    /// Other authorities; self-signed.
    Root,
    /// Signing certificates, and no authorities.
    CodeSigning,
    /// Timestamping certificates, and no authorities.
    TimeStamping,
}

/// The certificate of a timestamp authority (RFC 3161 §2.3).
pub struct TimestampingProfile {
    /// Its name, which timestamps carry.
    pub subject: Name,
    /// Its key.
    pub public_key: PublicKey,
    /// When its timestamps count.
    pub validity: Validity,
    /// The serial number.
    pub serial: SerialNumber,
}

/// A certificate of one end of a TLS connection.
pub struct TlsProfile {
    /// Its name, for people.
    pub subject: Name,
    /// Its key.
    pub public_key: PublicKey,
    /// Host names of a server.
    pub dns_names: Vec<String>,
    /// Addresses of a server.
    pub ip_addresses: Vec<IpAddr>,
    /// What else the holder is known by.
    pub uris: Vec<String>,
    /// Which end.
    pub role: TlsRole,
    /// When it may be used.
    pub validity: Validity,
    /// The serial number.
    pub serial: SerialNumber,
}

/// One end of a TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsRole {
    /// The end that listens.
    Server,
    /// The end that connects.
    Client,
}

impl CaProfile {
    /// A root: it signs itself.
    ///
    /// # Errors
    /// If the kind is not a root's, or a value has no DER form.
    pub fn self_signed(self) -> Result<UnsignedCertificate, Error> {
        if self.kind != CaKind::Root {
            return Err(Error::Profile("only a root signs itself"));
        }
        let subject = self.subject.to_der()?;
        let mut extensions = extensions_of(Rank::Root)?;
        extensions.push(Layout::subject_key_identifier(&self.public_key)?);
        Layout {
            serial: self.serial,
            issuer: subject.clone(),
            validity: self.validity,
            subject,
            issuing_key: self.public_key.clone(),
            public_key: self.public_key,
            extensions,
        }
        .unsigned()
    }

    /// A root as another one certifies it: who trusts that one accepts what this one issues.
    ///
    /// # Errors
    /// If the kind is not a root's, the issuer may not issue it, or a value has no DER form.
    pub fn certified_by(self, issuer: &Certificate) -> Result<UnsignedCertificate, Error> {
        if self.kind != CaKind::Root {
            return Err(Error::Profile("only a root is certified by another root"));
        }
        self.issued_with(issuer, extensions_of(Rank::CrossSigned)?)
    }

    /// An intermediate: it issues what its kind says, and no authorities.
    ///
    /// # Errors
    /// If the kind is a root's, the issuer may not issue it, or a value has no DER form.
    pub fn issued_by(self, issuer: &Certificate) -> Result<UnsignedCertificate, Error> {
        let usage = match self.kind {
            CaKind::Root => return Err(Error::Profile("a root signs itself")),
            CaKind::CodeSigning => ExtendedKeyUsage::CodeSigning,
            CaKind::TimeStamping => ExtendedKeyUsage::TimeStamping,
        };
        self.issued_with(issuer, issuing(usage)?)
    }

    fn issued_with(
        self,
        issuer: &Certificate,
        extensions: Vec<Extension>,
    ) -> Result<UnsignedCertificate, Error> {
        if issuer.path_length() == Some(0) {
            return Err(Error::PathLength);
        }
        issued(
            issuer,
            self.subject,
            self.public_key,
            self.validity,
            self.serial,
            extensions,
        )
    }
}

impl TimestampingProfile {
    /// The certificate to sign.
    ///
    /// # Errors
    /// If the issuer may not issue it, or a value has no DER form.
    pub fn issued_by(self, issuer: &Certificate) -> Result<UnsignedCertificate, Error> {
        let extensions = extensions_of(Rank::TimeStamper)?;
        issued(
            issuer,
            self.subject,
            self.public_key,
            self.validity,
            self.serial,
            extensions,
        )
    }
}

impl TlsProfile {
    /// The certificate to sign.
    ///
    /// # Errors
    /// If the issuer may not issue it, a server has no name and no address, or a value has no DER form.
    pub fn issued_by(self, issuer: &Certificate) -> Result<UnsignedCertificate, Error> {
        let usage = match self.role {
            TlsRole::Server => ExtendedKeyUsage::ServerAuthentication,
            TlsRole::Client => ExtendedKeyUsage::ClientAuthentication,
        };
        let mut extensions = vec![
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)?,
            Extension::extended_key_usage(usage)?,
        ];
        let names = alternative_names(&self)?;
        match self.role {
            TlsRole::Server if names.is_empty() => {
                return Err(Error::Profile("a server without a name and an address"));
            }
            _ if names.is_empty() => {}
            _ => extensions.push(Extension::new(
                oid::SUBJECT_ALTERNATIVE_NAME,
                encode("the names of a host", &names)?,
            )),
        }
        issued(
            issuer,
            self.subject,
            self.public_key,
            self.validity,
            self.serial,
            extensions,
        )
    }
}

/// What a certificate of that rank says of its use.
pub(crate) fn extensions_of(rank: Rank) -> Result<Vec<Extension>, Error> {
    match rank {
        Rank::Root | Rank::CrossSigned => Ok(vec![
            Extension::key_usage(AUTHORITY_USAGE)?,
            basic_constraints(None)?,
        ]),
        Rank::CodeSigningIssuer => issuing(ExtendedKeyUsage::CodeSigning),
        Rank::TimeStamper => {
            let mut usage = Extension::extended_key_usage(ExtendedKeyUsage::TimeStamping)?;
            usage.critical = true;
            Ok(vec![
                Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)?,
                usage,
            ])
        }
    }
}

fn issuing(usage: ExtendedKeyUsage) -> Result<Vec<Extension>, Error> {
    Ok(vec![
        Extension::key_usage(AUTHORITY_USAGE)?,
        Extension::extended_key_usage(usage)?,
        basic_constraints(Some(0))?,
    ])
}

/// The key identifiers follow the extensions of the profile.
fn issued(
    issuer: &Certificate,
    subject: Name,
    public_key: PublicKey,
    validity: Validity,
    serial: SerialNumber,
    mut extensions: Vec<Extension>,
) -> Result<UnsignedCertificate, Error> {
    let authority = Layout::authority_key_identifier(issuer, validity)?;
    extensions.push(Layout::subject_key_identifier(&public_key)?);
    extensions.push(authority);
    Layout {
        serial,
        issuer: issuer.subject_der().to_vec(),
        validity,
        subject: subject.to_der()?,
        public_key,
        extensions,
        issuing_key: issuer.public_key().clone(),
    }
    .unsigned()
}

fn basic_constraints(path_len_constraint: Option<u8>) -> Result<Extension, Error> {
    let constraints = BasicConstraints {
        ca: true,
        path_len_constraint,
    };
    Ok(Extension::critical(
        oid::BASIC_CONSTRAINTS,
        encode("basic constraints", &constraints)?,
    ))
}

fn alternative_names(profile: &TlsProfile) -> Result<Vec<GeneralName>, Error> {
    let mut all = Vec::new();
    for name in &profile.dns_names {
        let name = Ia5String::new(name).map_err(|_| Error::Profile("a host name is not ascii"))?;
        all.push(GeneralName::DnsName(name));
    }
    for address in &profile.ip_addresses {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let octets = OctetString::new(octets).map_err(Error::structure("an address"))?;
        all.push(GeneralName::IpAddress(octets));
    }
    for uri in &profile.uris {
        let uri = Ia5String::new(uri).map_err(|_| Error::Profile("a uri is not ascii"))?;
        all.push(GeneralName::UniformResourceIdentifier(uri));
    }
    Ok(all)
}

const AUTHORITY_USAGE: KeyUsage = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
