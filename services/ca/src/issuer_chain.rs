use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, ExtendedKeyUsage, KeyUsage, Validity};
use time::OffsetDateTime;

use crate::Error;

/// The certificate of the signing key and its issuers up to the root, in the order in which clients
/// receive them. Only a chain that clients will accept is one.
#[derive(Clone)]
pub struct IssuerChain {
    issuer: Certificate,
    /// All of them, `issuer` first and the self-signed root last.
    certificates: Vec<Certificate>,
}

impl IssuerChain {
    /// Reads the chain and checks what every verifier will check: each certificate is signed by the next, the last by
    /// itself, all may issue and allow those below them, and what they say of their purpose is code signing.
    ///
    /// # Errors
    /// [`Error::ChainMalformed`] or [`Error::ChainRefused`], which names the certificate.
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let certificates = Certificate::chain_from_pem(pem).map_err(Error::ChainMalformed)?;
        let Some(issuer) = certificates.first().cloned() else {
            return Err(Error::ChainMalformed(sigstead_x509::Error::Malformed(
                "pem text of certificates",
            )));
        };
        let chain = Self {
            issuer,
            certificates,
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
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether every certificate is valid for all of a time: a verifier looks at each of them.
    ///
    /// # Errors
    /// Which one is not, and until when it is, for the operator.
    pub fn check_covers(&self, time: Validity) -> Result<(), String> {
        for (index, certificate) in self.certificates.iter().enumerate() {
            let validity = certificate.validity();
            if !validity.covers(time.not_before) || !validity.covers(time.not_after) {
                return Err(format!(
                    "certificate {} of the authority's chain is valid from {} to {}; install a new one",
                    index + 1,
                    validity.not_before,
                    validity.not_after
                ));
            }
        }
        Ok(())
    }

    /// When the first of the certificates ends.
    #[must_use]
    pub fn ends(&self) -> OffsetDateTime {
        let ends = self
            .certificates
            .iter()
            .map(|each| each.validity().not_after);
        ends.min()
            .unwrap_or_else(|| self.issuer.validity().not_after)
    }

    /// Whether the chain has keys of several families, which some clients do not take.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        let is_rsa = |certificate: &Certificate| certificate.public_key().algorithm().is_rsa();
        self.certificates
            .iter()
            .any(|certificate| is_rsa(certificate) != is_rsa(&self.issuer))
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
        for (index, certificate) in self.certificates.iter().enumerate() {
            let (below, above) = (
                self.certificates.get(..index).unwrap_or_default(),
                self.certificates.get(index + 1),
            );
            check_one(certificate, below, above).map_err(|reason| Error::ChainRefused {
                position: index + 1,
                reason,
            })?;
        }
        Ok(())
    }
}

/// Checks a certificate between those below it and the next above it (RFC 5280 §6.1).
fn check_one(
    certificate: &Certificate,
    below: &[Certificate],
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
    if !certificate.is_ca() || !usage.is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN)) {
        return Err("may not issue certificates");
    }
    // Those that an authority issued to itself do not count (RFC 5280 §6.1.4 (l)).
    let between = below
        .iter()
        .filter(|each| each.subject_der() != each.issuer_der());
    if certificate
        .path_length()
        .is_some_and(|most| between.count() > usize::from(most))
    {
        return Err(
            "allows fewer authorities below it than there are; its path length is too small",
        );
    }
    if sigstead_x509::check_name_constraints(certificate).is_err() {
        return Err("has name constraints that cannot be read");
    }
    check_purpose(certificate, below.is_empty() && above.is_some())?;
    check_identifiers(certificate, below.is_empty(), above)
}

/// What an authority says of its purpose binds those below it. Clients that nest purposes want to hear it from the one
/// that issues signing certificates; above that one, and from a root, silence will do.
fn check_purpose(certificate: &Certificate, must_tell: bool) -> Result<(), &'static str> {
    let usage = ExtendedKeyUsage::CodeSigning;
    if must_tell && !certificate.is_for(usage) {
        return Err("is not for code signing; give it that extended key usage");
    }
    if !certificate.may_issue_for(usage) {
        return Err(
            "has an extended key usage without code signing; add it, or leave the extension out",
        );
    }
    Ok(())
}

/// Key identifiers lead verifiers from a certificate to its issuer, so that wrong ones lead them astray.
fn check_identifiers(
    certificate: &Certificate,
    is_issuer: bool,
    above: Option<&Certificate>,
) -> Result<(), &'static str> {
    if is_issuer && certificate.subject_key_id().is_none() {
        return Err("has no subject key identifier, which signing certificates must name");
    }
    let named = certificate.authority_key_id();
    let found = above.and_then(Certificate::subject_key_id);
    match (named, found) {
        (Some(named), Some(found)) if named != found => {
            Err("names another key of its issuer than the next certificate has")
        }
        _ => Ok(()),
    }
}

const OUT_OF_ORDER: &str =
    "is not signed by the next; write the signing key's certificate first and the root last";
const NO_ROOT: &str = "is the last and not self-signed; add the root at the end";
