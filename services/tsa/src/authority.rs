//! The key and the chain that timestamps verify by.

use std::path::Path;
use std::sync::Arc;

use sigstead_signer::{KeyConfig, Signer};
use sigstead_tsp::SignedAttributes;
use sigstead_x509::{Certificate, ExtendedKeyUsage};
use time::OffsetDateTime;

use crate::Error;

/// A key that is proven to belong to its chain.
pub(crate) struct Authority {
    pub(crate) signer: Arc<dyn Signer>,
    /// The certificate of the key.
    pub(crate) certificate: Certificate,
    /// The certificates above it, the root last.
    issuers: Vec<Certificate>,
}

impl Authority {
    /// Opens a key and the PEM file of its chain.
    pub(crate) async fn open(key: &KeyConfig, chain: &Path) -> Result<Self, Error> {
        let signer = sigstead_signer::open(key).await.map_err(Error::KeyOpen)?;
        let pem = std::fs::read_to_string(chain).map_err(|source| Error::ChainRead {
            path: chain.to_owned(),
            source,
        })?;
        let chain = Certificate::chain_from_pem(&pem).map_err(Error::Chain)?;
        Self::prove(signer, chain)
    }

    fn prove(signer: Arc<dyn Signer>, chain: Vec<Certificate>) -> Result<Self, Error> {
        let mut certificates = chain.into_iter();
        let certificate = certificates.next().ok_or(Error::ChainShort)?;
        if certificate.public_key() != signer.public_key() {
            return Err(Error::KeyMismatch {
                key: signer.public_key().fingerprint(),
                certificate: certificate.public_key().fingerprint(),
            });
        }
        if !SignedAttributes::supports(signer.algorithm()) {
            return Err(sigstead_tsp::Error::KeyUnsupported.into());
        }
        let authority = Self {
            signer,
            certificate,
            issuers: certificates.collect(),
        };
        // What the chain is for is checked at a time at which it is valid; whether it is valid now is readiness.
        authority.verify_chain(authority.certificate.not_before())?;
        Ok(authority)
    }

    /// Signing certificate first, root last.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.certificate).chain(&self.issuers)
    }

    /// When the first certificate of the chain ends.
    pub(crate) fn ends(&self) -> OffsetDateTime {
        let issuers = self.issuers.iter().map(Certificate::not_after);
        issuers.fold(self.certificate.not_after(), OffsetDateTime::min)
    }

    /// Clients refuse a chain of one certificate, so a root above is required.
    pub(crate) fn verify_chain(&self, at: OffsetDateTime) -> Result<(), Error> {
        let (root, intermediates) = self.issuers.split_last().ok_or(Error::ChainShort)?;
        let roots = std::slice::from_ref(root);
        let usage = ExtendedKeyUsage::TimeStamping;
        sigstead_x509::verify_chain(&self.certificate, intermediates, roots, at, usage)
            .map(drop)
            .map_err(Error::Chain)
    }
}
