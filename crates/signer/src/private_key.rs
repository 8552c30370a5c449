//! A private key in memory.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ML_DSA_44_SIGNING,
    ML_DSA_65_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RSA_PKCS1_SHA256, RsaKeyPair,
};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::pkcs5::scrypt;
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef, SecretDocument};
use sigstead_key::{Algorithm, PublicKey};
use zeroize::Zeroizing;

use crate::{Error, Signer};

/// A private key. It is never printed, copied or serialised but in the two PEM forms, and its bytes are zeroed when it
/// goes.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: KeyPair,
    public: PublicKey,
}

enum KeyPair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    MlDsa(&'static PqdsaSigningAlgorithm, PqdsaKeyPair),
}

impl PrivateKey {
    /// Makes a key.
    ///
    /// # Errors
    /// If keys of that algorithm are not made here, or the system gives no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        let pkcs8 = match algorithm {
            Algorithm::EcdsaP256Sha256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)?,
            Algorithm::EcdsaP384Sha384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
            Algorithm::EcdsaP521Sha512 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING)?,
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| Error::Library)?;
                pair.to_pkcs8v1()
                    .map_err(|_| Error::Library)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::RsaPkcs1v15_2048Sha256 => rsa(KeySize::Rsa2048)?,
            Algorithm::RsaPkcs1v15_3072Sha256 => rsa(KeySize::Rsa3072)?,
            Algorithm::RsaPkcs1v15_4096Sha256 => rsa(KeySize::Rsa4096)?,
            Algorithm::MlDsa44 => ml_dsa(&ML_DSA_44_SIGNING)?,
            Algorithm::MlDsa65 => ml_dsa(&ML_DSA_65_SIGNING)?,
            Algorithm::Ed25519Ph => return Err(Error::Unsupported(algorithm)),
        };
        Self::from_pkcs8(Zeroizing::new(pkcs8))
    }

    /// Reads a `PRIVATE KEY` block.
    ///
    /// # Errors
    /// If it is encrypted, or not a private key of a known kind.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| Error::Malformed)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(Zeroizing::new(document.as_bytes().to_vec())),
            "ENCRYPTED PRIVATE KEY" => Err(Error::PassphraseMissing),
            _ => Err(Error::Malformed),
        }
    }

    /// Reads an `ENCRYPTED PRIVATE KEY` block.
    ///
    /// # Errors
    /// If the passphrase does not open it, or it is not a private key of a known kind.
    pub fn from_encrypted_pem(pem: &str, passphrase: &[u8]) -> Result<Self, Error> {
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| Error::Malformed)?;
        if label != "ENCRYPTED PRIVATE KEY" {
            return Err(Error::Malformed);
        }
        let encrypted = EncryptedPrivateKeyInfoOwned::try_from(document.as_bytes())
            .map_err(|_| Error::Malformed)?;
        let opened = encrypted
            .decrypt(passphrase)
            .map_err(|_| Error::PassphraseWrong)?;
        Self::from_pkcs8(Zeroizing::new(opened.as_bytes().to_vec()))
    }

    /// A `PRIVATE KEY` block, for programs that open no encrypted keys, such as TLS listeners.
    ///
    /// # Errors
    /// If the key has no PEM form, which a key of this type always has.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Error> {
        let document =
            SecretDocument::try_from(self.pkcs8.as_slice()).map_err(|_| Error::Malformed)?;
        document
            .to_pem("PRIVATE KEY", LineEnding::LF)
            .map_err(|_| Error::Malformed)
    }

    /// An `ENCRYPTED PRIVATE KEY` block: AES-256-CBC under a key that scrypt derives from the passphrase.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<String>, Error> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        getrandom::fill(&mut salt).map_err(|_| Error::Library)?;
        getrandom::fill(&mut iv).map_err(|_| Error::Library)?;
        let scrypt = scrypt::Params::new(SCRYPT_LOG_N, 8, 1).map_err(|_| Error::Library)?;
        let parameters =
            Parameters::generate_scrypt_aes256cbc(scrypt, &salt, iv).map_err(|_| Error::Library)?;
        let info =
            PrivateKeyInfoRef::try_from(self.pkcs8.as_slice()).map_err(|_| Error::Malformed)?;
        let encrypted = info
            .encrypt_with_params(parameters, passphrase)
            .map_err(|_| Error::Library)?;
        encrypted
            .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
            .map_err(|_| Error::Malformed)
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The key as a signer; it cannot be taken out again.
    #[must_use]
    pub fn into_signer(self) -> Arc<dyn Signer> {
        Arc::new(self)
    }

    /// For who puts the key into a token.
    pub(crate) fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    pub(crate) fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        let pair = KeyPair::from_pkcs8(&pkcs8)?;
        let public = PublicKey::from_signer_spki_der(&pair.spki()?).map_err(Error::PublicKey)?;
        Ok(Self {
            pkcs8,
            pair,
            public,
        })
    }
}

#[async_trait]
impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.pair.sign(message)
    }
}

impl KeyPair {
    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        for algorithm in [
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            &ECDSA_P521_SHA512_ASN1_SIGNING,
        ] {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8) {
                return Ok(Self::Ecdsa(pair));
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
            return Ok(Self::Ed25519(pair));
        }
        for algorithm in [&ML_DSA_44_SIGNING, &ML_DSA_65_SIGNING] {
            if let Ok(pair) = PqdsaKeyPair::from_pkcs8(algorithm, pkcs8) {
                return Ok(Self::MlDsa(algorithm, pair));
            }
        }
        RsaKeyPair::from_pkcs8(pkcs8)
            .map(Self::Rsa)
            .map_err(|_| Error::Malformed)
    }

    fn spki(&self) -> Result<Vec<u8>, Error> {
        let spki = match self {
            Self::Ecdsa(pair) => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
            Self::Rsa(pair) => pair.public_key().as_der(),
            Self::MlDsa(_, pair) => pair.public_key().as_der(),
        };
        Ok(spki.map_err(|_| Error::Library)?.as_ref().to_vec())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => {
                let signature = pair
                    .sign(&random, message)
                    .map_err(|_| Error::SigningFailed)?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| Error::SigningFailed)?;
                Ok(signature)
            }
            Self::MlDsa(algorithm, pair) => {
                let mut signature = vec![0; algorithm.signature_len()];
                let length = pair.sign(message, &mut signature);
                signature.truncate(length.map_err(|_| Error::SigningFailed)?);
                Ok(signature)
            }
        }
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Vec<u8>, Error> {
    let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| Error::Library)?;
    Ok(pair
        .to_pkcs8v1()
        .map_err(|_| Error::Library)?
        .as_ref()
        .to_vec())
}

/// RFC 9881 §6, in the form of the seed.
fn ml_dsa(algorithm: &'static PqdsaSigningAlgorithm) -> Result<Vec<u8>, Error> {
    let pair = PqdsaKeyPair::generate(algorithm).map_err(|_| Error::Library)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| Error::Library)?;
    Ok(pkcs8.as_ref().to_vec())
}

fn rsa(size: KeySize) -> Result<Vec<u8>, Error> {
    let pair = RsaKeyPair::generate(size).map_err(|_| Error::Library)?;
    let pkcs8 = pair.as_der().map_err(|_| Error::Library)?;
    Ok(pkcs8.as_ref().to_vec())
}

/// 2^14 rounds with blocks of 8: 16 MiB for each guess. OpenSSL opens a key that asks for less than 32 MiB and no other, and
/// an operator must be able to open a key file without this program.
const SCRYPT_LOG_N: u8 = 14;
