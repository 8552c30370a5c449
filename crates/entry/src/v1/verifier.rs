use sigstead_key::{Algorithm, HashAlgorithm, PublicKey, pem};
use sigstead_x509::Certificate;

use super::Error;

/// What verifies signatures: a public key, or a certificate with or without the chain above it.
pub(super) enum Verifier {
    PublicKey(PublicKey),
    /// At least one; the first is the one that signs.
    Certificates(Box<Certificate>, Vec<Certificate>),
}

impl Verifier {
    /// Reads PEM as clients send it.
    pub(super) fn from_pem(content: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(content).map_err(|_| Error::Pem(None))?;
        // What follows the last block would be dropped in silence.
        if !text.trim_end().ends_with("-----") {
            return Err(Error::Pem(None));
        }
        let blocks = pem::decode_all(text).map_err(|error| Error::Pem(Some(error)))?;
        if let [("PUBLIC KEY", spki)] = blocks.as_slice() {
            return Ok(Self::PublicKey(
                PublicKey::from_spki_der(spki).map_err(Error::PublicKey)?,
            ));
        }
        Self::from_blocks(&blocks)
    }

    fn from_blocks(blocks: &[(&str, Vec<u8>)]) -> Result<Self, Error> {
        if blocks.len() > MAX_CERTIFICATES {
            return Err(Error::TooMany {
                what: "certificates",
                found: blocks.len(),
                limit: MAX_CERTIFICATES,
            });
        }
        let certificates = blocks.iter().map(|(label, der)| match *label {
            "CERTIFICATE" => Certificate::from_der(der).map_err(Error::Certificate),
            _ => Err(Error::PemLabel),
        });
        let mut certificates = certificates.collect::<Result<Vec<_>, _>>()?.into_iter();
        let leaf = certificates.next().ok_or(Error::Pem(None))?;
        Ok(Self::Certificates(Box::new(leaf), certificates.collect()))
    }

    /// The key that signs.
    pub(super) fn public_key(&self) -> &PublicKey {
        match self {
            Self::PublicKey(key) => key,
            Self::Certificates(leaf, _) => leaf.public_key(),
        }
    }

    /// The certificate that signs.
    pub(super) const fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::PublicKey(_) => None,
            Self::Certificates(leaf, _) => Some(leaf),
        }
    }

    /// PEM in its one spelling: lines of 64 columns, each ended by a line feed, and nothing between blocks.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::PublicKey(key) => key.to_pem(),
            Self::Certificates(leaf, chain) => {
                let chain = chain.iter().map(Certificate::to_pem);
                std::iter::once(leaf.to_pem()).chain(chain).collect()
            }
        }
    }

    /// Checks that each certificate is issued by the next, all of them valid when the first one became so. Whether the
    /// last one is to be trusted, a log does not judge.
    pub(super) fn check_chain(&self) -> Result<(), Error> {
        let Self::Certificates(leaf, chain) = self else {
            return Ok(());
        };
        let mut subject: &Certificate = leaf;
        for issuer in chain {
            if !issuer.is_ca() || !issuer.validity().covers(leaf.not_before()) {
                return Err(Error::Chain(None));
            }
            let issued = subject.verify_signed_by(issuer);
            issued.map_err(|error| Error::Chain(Some(error)))?;
            subject = issuer;
        }
        Ok(())
    }

    /// Verifies a signature over a digest.
    pub(super) fn verify_digest(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let key = self.public_key();
        // Pure Ed25519 cannot confirm a digest; clients sign with the variant that does.
        let algorithm = match key.algorithm() {
            Algorithm::Ed25519 => Algorithm::Ed25519Ph,
            algorithm => algorithm,
        };
        if algorithm.hash() != hash {
            return Err(Error::AlgorithmNotPermitted {
                key: algorithm.key_details(),
                hash: hash.name(),
            });
        }
        key.verify_prehashed(algorithm, digest, signature)
            .map_err(|_| Error::SignatureInvalid)
    }
}

// Fulcio's chains have three. Without a limit, one small request costs as many parsed certificates as fit into it.
const MAX_CERTIFICATES: usize = 10;
