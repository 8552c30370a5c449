//! Submissions that a log accepts (RFC 6962 §3.1).
//!
//! A log is no verifier of certificates: expiry, key usages and unknown extensions do not matter here, because what is
//! wrong with a certificate is exactly what its log shall show. But who may issue does matter: else the holder of any
//! logged certificate could fill the log with others of his own making. And a log of certificates of one kind may leave
//! out the other kinds that its roots issue ([`AcceptedChain::check_usage`]).

use sigstead_x509::{Certificate, ExtendedKeyUsage, oid};

use crate::{Error, IssuerKeyHash, SignedEntry};

/// What a submission is announced as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A certificate.
    Certificate,
    /// A precertificate.
    Precertificate,
}

impl EntryKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Precertificate => "precertificate",
        }
    }
}

/// A certificate with a chain to a root that the log accepts.
#[derive(Debug, Clone)]
pub struct AcceptedChain {
    kind: EntryKind,
    leaf: Certificate,
    /// The certificates above the leaf; the root is the last.
    issuers: Vec<Certificate>,
}

impl AcceptedChain {
    /// Checks a submission: leaf first, each issued by the next, the last an accepted root or issued by one.
    ///
    /// # Errors
    /// If it is not of the announced kind, not in order, or leads to no accepted root.
    pub fn check(
        submitted: Vec<Certificate>,
        roots: &[Certificate],
        kind: EntryKind,
    ) -> Result<Self, Error> {
        Self::check_unknown(submitted, roots, kind, |_, _| false)
    }

    /// The same, without verifying the signatures that are known: `is_known` tells of a certificate and its issuer. It
    /// MUST tell only what was verified before. A signature by a leaf's issuer is always new.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_unknown(
        submitted: Vec<Certificate>,
        roots: &[Certificate],
        kind: EntryKind,
        is_known: impl Fn(&Certificate, &Certificate) -> bool,
    ) -> Result<Self, Error> {
        Self::check_length(submitted.len())?;
        let mut certificates = submitted.into_iter();
        let leaf = certificates.next().ok_or(Error::EmptyChain)?;
        let mut issuers: Vec<_> = certificates.collect();
        check_kind(&leaf, kind)?;
        let links = std::iter::once(&leaf).chain(&issuers).zip(&issuers);
        for (position, (issued, issuer)) in links.enumerate() {
            if position == 0 || !is_known(issued, issuer) {
                issued
                    .verify_signed_by(issuer)
                    .map_err(|_| Error::BrokenChain(position))?;
            }
            if !issuer.is_ca() {
                return Err(Error::NoAuthority(position + 1));
            }
        }
        let last = issuers.last().unwrap_or(&leaf);
        if !roots.contains(last) {
            let root = roots.iter().find(|root| {
                let is_authority = !issuers.is_empty();
                is_authority && is_known(last, root) || last.verify_signed_by(root).is_ok()
            });
            issuers.push(root.ok_or(Error::RootUnknown)?.clone());
        }
        // A root by itself is issued by itself; everything else has an issuer above it.
        if issuers.is_empty() {
            issuers.push(leaf.clone());
        }
        Ok(Self {
            kind,
            leaf,
            issuers,
        })
    }

    /// Checks how many certificates a submission has. The caller asks before it reads the certificates, because
    /// each of them costs a check of its key.
    ///
    /// # Errors
    /// [`Error::LongChain`].
    pub const fn check_length(found: usize) -> Result<(), Error> {
        if found > LONGEST_CHAIN {
            return Err(Error::LongChain {
                found,
                most: LONGEST_CHAIN,
            });
        }
        Ok(())
    }

    /// Checks that the leaf names one of these usages; any leaf will do when there are none.
    ///
    /// # Errors
    /// [`Error::OtherUsage`].
    pub fn check_usage(&self, usages: &[ExtendedKeyUsage]) -> Result<(), Error> {
        if usages.is_empty() || usages.iter().any(|usage| self.leaf.is_for(*usage)) {
            Ok(())
        } else {
            Err(Error::OtherUsage)
        }
    }

    /// The entry that is logged.
    ///
    /// # Errors
    /// If the precertificate's poison does not stand exactly once.
    pub fn signed_entry(&self) -> Result<SignedEntry, Error> {
        match self.kind {
            EntryKind::Certificate => Ok(SignedEntry::Certificate(self.leaf.to_der().to_vec())),
            EntryKind::Precertificate => Ok(SignedEntry::Precertificate {
                issuer_key_hash: self.issuer_key_hash()?,
                tbs: sigstead_x509::strip_extension(self.leaf.tbs_der(), &oid::POISON)?,
            }),
        }
    }

    /// The whole precertificate, if it is one.
    #[must_use]
    pub fn precertificate(&self) -> Option<&[u8]> {
        matches!(self.kind, EntryKind::Precertificate).then(|| self.leaf.to_der())
    }

    /// The certificate or precertificate that is logged.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The certificates above the leaf, the root last.
    #[must_use]
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// SHA-256 of each certificate above the leaf.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<[u8; 32]> {
        self.issuers.iter().map(Certificate::sha256).collect()
    }

    fn issuer_key_hash(&self) -> Result<IssuerKeyHash, Error> {
        self.issuers
            .first()
            .map(IssuerKeyHash::of)
            .ok_or(Error::RootUnknown)
    }
}

/// RFC 6962 §3.1: the poison is critical and holds NULL.
fn check_kind(leaf: &Certificate, expected: EntryKind) -> Result<(), Error> {
    let found = match leaf
        .extensions()
        .iter()
        .find(|extension| extension.oid == oid::POISON)
    {
        None => EntryKind::Certificate,
        Some(poison) if poison.critical && poison.value == ASN1_NULL => EntryKind::Precertificate,
        Some(_) => return Err(Error::PoisonMalformed),
    };
    if found == expected {
        return Ok(());
    }
    Err(Error::WrongKind {
        expected: expected.name(),
        found: found.name(),
    })
}

const ASN1_NULL: [u8; 2] = [0x05, 0x00];

/// Longer than any path in use; a longer one is an attempt to waste time.
const LONGEST_CHAIN: usize = 10;
