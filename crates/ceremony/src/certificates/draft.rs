//! The draft of certificates: the whole input of a ceremony.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sigstead_key::PublicKey;
use sigstead_x509::{
    Certificate, CertificateRequest, ExtendedKeyUsage, Name, Rank, SerialNumber, Validity,
};
use time::OffsetDateTime;

use crate::clock::check_clock;
use crate::draft::FORMAT;
use crate::encoding::{encode, parse};
use crate::error::Error;
use crate::holder::Holder;

/// What shall be certified, by whose key, and who sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateDraft {
    format: u32,
    /// The instance's name.
    pub instance: String,
    /// Tells the ceremony from all others; its drafts have it in common.
    pub ceremony: String,
    /// The number of the draft in its ceremony, from 1 on.
    pub number: u32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Until when it may be signed.
    #[serde(with = "time::serde::rfc3339")]
    pub sign_until: OffsetDateTime,
    /// What the certificate is for.
    pub purpose: Purpose,
    /// The root that certifies.
    pub root: RootWanted,
    /// The request of the key that is certified, PEM: it proves that the office has the key.
    pub request: String,
    /// What its certificate says of it.
    pub certificate: Term,
    /// The root before, if it is to certify a new one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross: Option<CrossWanted>,
    /// Who can attest what was signed.
    pub witnesses: Vec<Holder>,
    /// How many of them must.
    pub threshold: u32,
}

/// All that an office says.
#[derive(Debug, Clone)]
pub struct CertificateWish {
    /// The instance's name.
    pub instance: String,
    /// The identifier of the ceremony.
    pub ceremony: String,
    /// The number of the draft.
    pub number: u32,
    /// Now.
    pub made_at: OffsetDateTime,
    /// Until when it may be signed.
    pub sign_until: OffsetDateTime,
    /// What the certificate is for.
    pub purpose: Purpose,
    /// The root that certifies.
    pub root: RootWanted,
    /// The request, PEM.
    pub request: String,
    /// What the certificate says.
    pub certificate: Term,
    /// The root before, if it certifies a new one.
    pub cross: Option<CrossWanted>,
    /// Who can attest.
    pub witnesses: Vec<Holder>,
    /// How many must.
    pub threshold: u32,
}

/// What a certified key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// It issues certificates to signers.
    CodeSigning,
    /// It stamps time.
    TimeStamping,
}

/// Which root certifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RootWanted {
    /// One that clients have.
    Kept {
        /// Its certificate, PEM.
        certificate: String,
    },
    /// One whose key is made in this ceremony.
    New(Term),
}

/// What a certificate says of its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The organization of the subject.
    pub organization: String,
    /// The common name of the subject.
    pub common_name: String,
    /// The first second in which it counts.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// The last one.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The serial number, in hex: twenty random octets.
    pub serial: String,
}

/// A root that certifies the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossWanted {
    /// Its certificate, PEM.
    pub certificate: String,
    /// The serial number, in hex: twenty random octets.
    pub serial: String,
}

impl CertificateDraft {
    /// The draft of what an office wishes.
    ///
    /// # Errors
    /// If it contradicts itself, or a part of it cannot be read.
    pub fn new(wish: CertificateWish) -> Result<Self, Error> {
        let draft = Self {
            format: FORMAT,
            instance: wish.instance,
            ceremony: wish.ceremony,
            number: wish.number,
            made_at: wish.made_at,
            sign_until: wish.sign_until,
            purpose: wish.purpose,
            root: wish.root,
            request: wish.request,
            certificate: wish.certificate,
            cross: wish.cross,
            witnesses: wish.witnesses,
            threshold: wish.threshold,
        };
        draft.check()?;
        Ok(draft)
    }

    /// Reads a draft, which must not contradict itself.
    ///
    /// # Errors
    /// If it is of another shape or format, or contradicts itself.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let draft: Self = parse("the draft", json)?;
        draft.check()?;
        Ok(draft)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The key that is certified, which proves in the request that the office has it.
    ///
    /// # Errors
    /// If the request cannot be read or is not signed with its own key.
    pub fn requested_key(&self) -> Result<PublicKey, Error> {
        let request = CertificateRequest::from_pem_or_der(self.request.as_bytes());
        let key = request.and_then(|request| request.verify());
        key.map_err(unreadable("the request"))
    }

    /// The term of a new root, if one is made.
    #[must_use]
    pub const fn new_root(&self) -> Option<&Term> {
        match &self.root {
            RootWanted::New(term) => Some(term),
            RootWanted::Kept { .. } => None,
        }
    }

    /// Checks that a root is to be made, and now.
    ///
    /// # Errors
    /// If clients have the root already, the clock is behind the draft, or it is too late.
    pub fn check_makes_root(&self, now: OffsetDateTime) -> Result<&Term, Error> {
        check_clock(now, self.made_at, self.sign_until)?;
        self.new_root()
            .ok_or_else(|| Error::Draft("the draft makes no new root: its root is kept".to_owned()))
    }

    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.format != FORMAT {
            return Err(Error::Format {
                what: "the draft",
                found: self.format,
            });
        }
        self.requested_key()?;
        let terms = self.new_root().into_iter().chain([&self.certificate]);
        for term in terms {
            term.serial()?;
        }
        if let Some(cross) = &self.cross {
            cross.before()?;
            serial(&cross.serial)?;
        }
        if self.cross.is_some() && self.new_root().is_none() {
            return Err(Error::Draft(
                "a root that stays is certified by no other one".to_owned(),
            ));
        }
        let names: BTreeSet<_> = self.witnesses.iter().map(|it| &it.name).collect();
        let keys: BTreeSet<_> = self.witnesses.iter().map(Holder::key_id).collect();
        if names.len() != self.witnesses.len() || keys.len() != self.witnesses.len() {
            return Err(Error::Draft(
                "two witnesses have one name or one key".to_owned(),
            ));
        }
        match self.threshold as usize > self.witnesses.len() {
            true => Err(Error::Draft(format!(
                "{} must attest, and {} can",
                self.threshold,
                self.witnesses.len()
            ))),
            false => Ok(()),
        }
    }
}

impl Purpose {
    /// The usage that clients ask for.
    #[must_use]
    pub const fn usage(self) -> ExtendedKeyUsage {
        match self {
            Self::CodeSigning => ExtendedKeyUsage::CodeSigning,
            Self::TimeStamping => ExtendedKeyUsage::TimeStamping,
        }
    }

    pub(super) const fn rank(self) -> Rank {
        match self {
            Self::CodeSigning => Rank::CodeSigningIssuer,
            Self::TimeStamping => Rank::TimeStamper,
        }
    }
}

impl Term {
    pub(super) fn name(&self) -> Name {
        Name {
            organization: self.organization.clone(),
            common_name: self.common_name.clone(),
        }
    }

    pub(super) const fn validity(&self) -> Validity {
        Validity {
            not_before: self.not_before,
            not_after: self.not_after,
        }
    }

    pub(super) fn serial(&self) -> Result<SerialNumber, Error> {
        serial(&self.serial)
    }
}

impl CrossWanted {
    /// The root before.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn before(&self) -> Result<Certificate, Error> {
        Certificate::from_pem(&self.certificate).map_err(unreadable("the root before"))
    }

    pub(super) fn serial(&self) -> Result<SerialNumber, Error> {
        serial(&self.serial)
    }
}

/// Serial numbers that a signer cannot choose by herself are random octets of the office.
fn serial(hex: &str) -> Result<SerialNumber, Error> {
    let mut octets = [0; 20];
    hex::decode_to_slice(hex, &mut octets)
        .map_err(|_| Error::Draft("a serial number is not twenty octets in hex".to_owned()))?;
    Ok(SerialNumber::from_random(octets))
}

pub(super) fn unreadable(what: &'static str) -> impl Fn(sigstead_x509::Error) -> Error {
    move |source| Error::Certificate { what, source }
}
