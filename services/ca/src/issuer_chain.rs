use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, ExtendedKeyUsage, KeyUsage};

use crate::Error;

/// The certificate of the signing key and its issuers up to the root, in the order in which clients
/// receive them. Only a chain that clients will accept is one.
#[derive(Clone)]
pub struct IssuerChain {
    issuer: Certificate,
    /// The issuers of `issuer`, the self-signed root last; empty if it is the root itself.
    above: Vec<Certificate>,
}

impl IssuerChain {
    /// Reads the chain and checks what every verifier will check: each certificate is signed by the
    /// next, the last by itself, all may issue, and those below the root are for code signing.
    ///
    /// # Errors
    /// [`Error::ChainMalformed`] or [`Error::ChainRefused`], which names the certificate.
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let mut certificates = Certificate::chain_from_pem(pem)
            .map_err(Error::ChainMalformed)?
            .into_iter();
        let Some(issuer) = certificates.next() else {
            return Err(Error::ChainMalformed(sigstead_x509::Error::Malformed(
                "pem text of certificates",
            )));
        };
        let chain = Self {
            issuer,
            above: certificates.collect(),
        };
        chain.check()?;
        Ok(chain)
    }

    /// The certificate of the signing key.
    #[must_use]
    pub fn issuer(&self) -> &Certificate {
        &self.issuer
    }

    /// All certificates, the signing key's first and the root last.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.issuer).chain(&self.above)
    }

    /// Checks that a key is the one of the chain.
    ///
    /// # Errors
    /// [`Error::KeyMismatch`] with both fingerprints.
    pub fn check_key(&self, key: &PublicKey) -> Result<(), Error> {
        if self.issuer.public_key() == key {
            return Ok(());
        }
        Err(Error::KeyMismatch {
            certificate: self.issuer.public_key().fingerprint(),
            key: key.fingerprint(),
        })
    }

    fn check(&self) -> Result<(), Error> {
        let mut certificates = self.certificates().enumerate().peekable();
        while let Some((index, certificate)) = certificates.next() {
            let above = certificates.peek().map(|(_, above)| *above);
            self.check_one(certificate, above)
                .map_err(|reason| Error::ChainRefused {
                    position: index + 1,
                    reason,
                })?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        certificate: &Certificate,
        above: Option<&Certificate>,
    ) -> Result<(), &'static str> {
        // A root is its own issuer.
        if certificate
            .verify_signed_by(above.unwrap_or(certificate))
            .is_err()
        {
            return Err(if above.is_some() {
                OUT_OF_ORDER
            } else {
                NO_ROOT
            });
        }
        let usage = certificate.key_usage();
        if !certificate.is_ca()
            || !usage.is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN))
        {
            return Err("may not issue certificates");
        }
        // Clients that nest purposes refuse what an intermediate without this one issued.
        if above.is_some() && !certificate.is_for(ExtendedKeyUsage::CodeSigning) {
            return Err("is not for code signing; give it that extended key usage");
        }
        let algorithm = |certificate: &Certificate| certificate.public_key().algorithm();
        if algorithm(certificate).is_rsa() != algorithm(&self.issuer).is_rsa() {
            return Err("has another kind of key than the first; use one kind in the whole chain");
        }
        Ok(())
    }
}

const OUT_OF_ORDER: &str =
    "is not signed by the next; write the signing key's certificate first and the root last";
const NO_ROOT: &str = "is the last and not self-signed; add the root at the end";
