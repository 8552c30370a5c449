//! The forms in which other programs keep private keys.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Error, PrivateKey};

impl PrivateKey {
    /// Reads a key in any of the forms of OpenSSL (PKCS #8, encrypted or not, SEC 1, PKCS #1), of Fulcio (PKCS #8,
    /// encrypted), and of cosign, which has one of its own.
    ///
    /// # Errors
    /// If the passphrase does not open it, it is missing, or it is none of them.
    pub fn from_any_pem(pem: &str, passphrase: Option<&[u8]>) -> Result<Self, Error> {
        let label = pem.split("-----").nth(1).unwrap_or_default();
        match label.trim_start_matches("BEGIN ") {
            "ENCRYPTED PRIVATE KEY" => {
                Self::from_encrypted_pem(pem, passphrase.ok_or(Error::PassphraseMissing)?)
            }
            "EC PRIVATE KEY" => Self::from_pkcs8(sec1(&block(pem)?)?),
            "RSA PRIVATE KEY" => Self::from_pkcs8(pkcs1(&block(pem)?)?),
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                let passphrase = passphrase.ok_or(Error::PassphraseMissing)?;
                Self::from_pkcs8(cosign(&block(pem)?, passphrase)?)
            }
            _ => Self::from_pem(pem),
        }
    }
}

fn block(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    // That of cosign is JSON inside, which no reader of DER takes.
    let (_, content) = sigstead_key::pem::decode(pem).map_err(|_| Error::Malformed)?;
    Ok(Zeroizing::new(content))
}

/// RFC 5915.
fn sec1(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    for algorithm in [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        &ECDSA_P521_SHA512_ASN1_SIGNING,
    ] {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(algorithm, der) {
            let pkcs8 = pair.to_pkcs8v1().map_err(|_| Error::Library)?;
            return Ok(Zeroizing::new(pkcs8.as_ref().to_vec()));
        }
    }
    Err(Error::Malformed)
}

/// RFC 8017 §A.1.2.
fn pkcs1(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let pair = RsaKeyPair::from_der(der).map_err(|_| Error::Malformed)?;
    let pkcs8 = pair.as_der().map_err(|_| Error::Library)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

/// What cosign writes (securesystemslib `encrypted`): PKCS #8 in a secret box whose key scrypt derives.
fn cosign(json: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let sealed: Sealed = serde_json::from_slice(json).map_err(|_| Error::Malformed)?;
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| Error::Malformed);
    let Parameters { n, r, p } = sealed.kdf.params;
    if sealed.kdf.name != "scrypt" || sealed.cipher.name != "nacl/secretbox" || n > MOST_ROUNDS {
        return Err(Error::Malformed);
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_| Error::Malformed)?;
    let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| Error::Malformed)?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(
        passphrase,
        &decoded(&sealed.kdf.salt)?,
        &parameters,
        &mut *key,
    )
    .map_err(|_| Error::Library)?;
    let nonce: [u8; 24] = decoded(&sealed.cipher.nonce)?
        .try_into()
        .map_err(|_| Error::Malformed)?;
    let opened = XSalsa20Poly1305::new((&*key).into())
        .decrypt((&nonce).into(), decoded(&sealed.ciphertext)?.as_slice());
    opened
        .map(Zeroizing::new)
        .map_err(|_| Error::PassphraseWrong)
}

#[derive(Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Parameters,
    salt: String,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "N")]
    n: std::num::NonZeroU32,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// A gibibyte with blocks of 8; cosign asks for 64 MiB.
const MOST_ROUNDS: std::num::NonZeroU32 = std::num::NonZeroU32::new(1 << 20).unwrap();
