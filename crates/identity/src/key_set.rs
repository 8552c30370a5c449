use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use sigstead_key::PublicKey;

use crate::error::Error;
use crate::token::IdToken;

/// The keys that an issuer signs with (RFC 7517 §5).
#[derive(Debug)]
pub(crate) struct KeySet(Vec<IssuerKey>);

struct IssuerKey {
    id: Option<String>,
    /// What the key may sign with. A token that chose it freely could make a public key a shared
    /// secret.
    algorithms: Vec<&'static Algorithm>,
    /// The key as `verification` of its algorithms reads it.
    bytes: Vec<u8>,
}

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). Symmetric ones are no algorithms of issuers.
struct Algorithm {
    name: &'static str,
    kind: Kind,
    verification: &'static dyn VerificationAlgorithm,
}

/// What a key is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// RFC 7517 §4 and RFC 7518 §6, as far as it is used.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    /// The private part of every asymmetric kind.
    d: Option<Value>,
}

impl KeySet {
    /// Reads the set. Keys of other kinds, uses and algorithms than those in `supported` are left out, and
    /// so are weak ones, so that one bad key does not take the others with it. Without `supported` every
    /// algorithm counts.
    pub(crate) fn parse(json: &[u8], supported: Option<&[String]>) -> Result<Self, &'static str> {
        let document: Document =
            serde_json::from_slice(json).map_err(|_| "it is not a json object with keys")?;
        if document.keys.len() > MOST_KEYS {
            return Err("it has more than 100 keys");
        }
        let keys: Vec<IssuerKey> = document
            .keys
            .into_iter()
            .filter_map(|jwk| IssuerKey::read(jwk, supported))
            .collect();
        if keys.is_empty() {
            return Err("it has no key that signs with a supported algorithm and is not weak");
        }
        Ok(Self(keys))
    }

    pub(crate) fn verify(&self, token: &IdToken<'_>) -> Result<(), Error> {
        let fitting = self.fitting(token.key_id.as_deref(), &token.algorithm)?;
        let signature = URL_SAFE_NO_PAD
            .decode(token.signature)
            .map_err(|_| Error::SignatureInvalid)?;
        check(&fitting, token.signing_input.as_bytes(), &signature)
    }

    /// The keys that a token can be of, each with its algorithm.
    fn fitting(&self, key_id: Option<&str>, algorithm: &str) -> Result<Vec<Fitting<'_>>, Error> {
        let named = |key: &&IssuerKey| key_id.is_none() || key.id.as_deref() == key_id;
        let mut candidates = self.0.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(Error::KeyUnknown);
        }
        let fitting = candidates.filter_map(|key| Some((&*key.bytes, key.algorithm(algorithm)?)));
        // Issuers name their keys. Who does not must not make each token cost as many tries as it likes.
        let fitting: Vec<Fitting<'_>> = fitting.take(MOST_TRIES).collect();
        if fitting.is_empty() {
            return Err(Error::AlgorithmMismatch);
        }
        Ok(fitting)
    }
}

/// A key as `verification` of the algorithm reads it.
type Fitting<'a> = (&'a [u8], &'static Algorithm);

fn check(fitting: &[Fitting<'_>], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let verifies = |(bytes, algorithm): &Fitting<'_>| {
        UnparsedPublicKey::new(algorithm.verification, bytes)
            .verify(message, signature)
            .is_ok()
    };
    if !fitting.iter().any(verifies) {
        return Err(Error::SignatureInvalid);
    }
    Ok(())
}

impl IssuerKey {
    fn read(jwk: Value, supported: Option<&[String]>) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        // A private key that is published is nobody's.
        if !jwk.is_for_verifying() || jwk.d.is_some() {
            return None;
        }
        let kind = jwk.kind()?;
        let is_supported = |name: &str| {
            supported.is_none_or(|supported| supported.iter().any(|each| each == name))
        };
        let algorithms: Vec<&Algorithm> = ALGORITHMS
            .iter()
            .filter(|algorithm| algorithm.kind == kind)
            .filter(|algorithm| jwk.alg.as_deref().is_none_or(|alg| alg == algorithm.name))
            .filter(|algorithm| is_supported(algorithm.name))
            .collect();
        let first = algorithms.first()?;
        let bytes = jwk.bytes(kind)?;
        // The rules for keys are those of every key that is certified: size, exponent, factors, points.
        let parsed = ParsedPublicKey::new(first.verification, &bytes).ok()?;
        let spki: PublicKeyX509Der<'_> = parsed.as_der().ok()?;
        PublicKey::from_spki_der(spki.as_ref()).ok()?;
        Some(Self {
            id: jwk.kid,
            algorithms,
            bytes,
        })
    }

    fn algorithm(&self, name: &str) -> Option<&'static Algorithm> {
        self.algorithms
            .iter()
            .copied()
            .find(|algorithm| algorithm.name == name)
    }
}

impl Jwk {
    /// RFC 7517 §4.2 and §4.3.
    fn is_for_verifying(&self) -> bool {
        let verifies = |operations: &Vec<String>| operations.iter().any(|each| each == "verify");
        // The keys of tokens in a SPIFFE bundle have a use of their own (SPIFFE Trust Domain and Bundle §4.2.1).
        let is_use = |each: &str| matches!(each, "sig" | "jwt-svid");
        self.public_key_use.as_deref().is_none_or(is_use)
            && self.key_ops.as_ref().is_none_or(verifies)
    }

    fn kind(&self) -> Option<Kind> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some(Kind::Rsa),
            ("EC", Some("P-256")) => Some(Kind::P256),
            ("EC", Some("P-384")) => Some(Kind::P384),
            ("EC", Some("P-521")) => Some(Kind::P521),
            ("OKP", Some("Ed25519")) => Some(Kind::Ed25519),
            _ => None,
        }
    }

    fn bytes(&self, kind: Kind) -> Option<Vec<u8>> {
        let decode = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_ref()?).ok();
        let coordinate_bytes = match kind {
            Kind::Rsa => {
                let components = PublicKeyComponents {
                    n: decode(&self.n)?,
                    e: decode(&self.e)?,
                };
                let spki: PublicKeyX509Der<'_> = components.as_der().ok()?;
                return Some(spki.as_ref().to_vec());
            }
            Kind::Ed25519 => return decode(&self.x),
            Kind::P256 => 32,
            Kind::P384 => 48,
            Kind::P521 => 66,
        };
        // RFC 7518 §6.2.1.2: full length, or a point could be written in several ways.
        let (x, y) = (decode(&self.x)?, decode(&self.y)?);
        if x.len() != coordinate_bytes || y.len() != coordinate_bytes {
            return None;
        }
        // SEC 1 §2.3.3: an uncompressed point.
        Some([&[4], x.as_slice(), y.as_slice()].concat())
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms = self.algorithms.iter().map(|algorithm| algorithm.name);
        f.debug_struct("IssuerKey")
            .field("id", &self.id)
            .field("algorithms", &algorithms.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

static ALGORITHMS: [Algorithm; 10] = [
    algorithm("RS256", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA256),
    algorithm("RS384", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA384),
    algorithm("RS512", Kind::Rsa, &RSA_PKCS1_2048_8192_SHA512),
    algorithm("PS256", Kind::Rsa, &RSA_PSS_2048_8192_SHA256),
    algorithm("PS384", Kind::Rsa, &RSA_PSS_2048_8192_SHA384),
    algorithm("PS512", Kind::Rsa, &RSA_PSS_2048_8192_SHA512),
    algorithm("ES256", Kind::P256, &ECDSA_P256_SHA256_FIXED),
    algorithm("ES384", Kind::P384, &ECDSA_P384_SHA384_FIXED),
    algorithm("ES512", Kind::P521, &ECDSA_P521_SHA512_FIXED),
    algorithm("EdDSA", Kind::Ed25519, &ED25519),
];

const fn algorithm(
    name: &'static str,
    kind: Kind,
    verification: &'static dyn VerificationAlgorithm,
) -> Algorithm {
    Algorithm {
        name,
        kind,
        verification,
    }
}

/// More than any issuer has. Each key of a set is examined.
const MOST_KEYS: usize = 100;
/// How many keys a token is tried under.
const MOST_TRIES: usize = 4;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof_tests;
