use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::token::IdToken;

/// The keys that an issuer signs with (RFC 7517 §5).
#[derive(Debug)]
pub(crate) struct KeySet(Vec<IssuerKey>);

struct IssuerKey {
    id: Option<String>,
    /// Chosen from the key. A token that chose it could make a public key a shared secret.
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads the set. Keys of other kinds, uses and algorithms than the issuer says it signs with
    /// are left out, so that one exotic key does not take the others with it.
    pub(crate) fn parse(json: &[u8], supported: &[String]) -> Result<Self, &'static str> {
        let document: Document =
            serde_json::from_slice(json).map_err(|_| "it is not a json object with keys")?;
        let keys: Vec<IssuerKey> = document
            .keys
            .into_iter()
            .filter_map(|jwk| IssuerKey::read(jwk, supported))
            .collect();
        if keys.is_empty() {
            return Err("it has no key that signs with a supported algorithm");
        }
        Ok(Self(keys))
    }

    pub(crate) fn verify(&self, token: &IdToken<'_>) -> Result<(), Error> {
        let named = |key: &&IssuerKey| token.key_id.is_none() || key.id == token.key_id;
        let candidates: Vec<&IssuerKey> = self.0.iter().filter(named).collect();
        if candidates.is_empty() {
            return Err(Error::KeyUnknown);
        }
        let mut fitting = candidates
            .into_iter()
            .filter(|key| token.algorithm == name(key.algorithm))
            .peekable();
        if fitting.peek().is_none() {
            return Err(Error::AlgorithmMismatch);
        }
        if !fitting.any(|key| key.verifies(token)) {
            return Err(Error::SignatureInvalid);
        }
        Ok(())
    }
}

impl IssuerKey {
    fn read(jwk: Value, supported: &[String]) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let signs = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let algorithm = choose_algorithm(&jwk)?;
        let is_supported = supported
            .iter()
            .any(|supported| supported == name(algorithm));
        if !signs || !is_supported {
            return None;
        }
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self {
            id: jwk.common.key_id,
            algorithm,
            key,
        })
    }

    fn verifies(&self, token: &IdToken<'_>) -> bool {
        let message = token.signing_input.as_bytes();
        jsonwebtoken::crypto::verify(token.signature, message, &self.key, self.algorithm)
            .unwrap_or(false)
    }
}

/// A key is for one algorithm: the one that it names if its kind can do that, else its kind's usual.
fn choose_algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA_ALGORITHMS,
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        // A symmetric key that is published is no secret.
        _ => &[],
    };
    match jwk.common.key_algorithm {
        None => possible.first().copied(),
        Some(named) => possible
            .iter()
            .copied()
            .find(|algorithm| is_named(*algorithm, named)),
    }
}

fn is_named(algorithm: Algorithm, named: KeyAlgorithm) -> bool {
    matches!(
        (algorithm, named),
        (Algorithm::RS256, KeyAlgorithm::RS256)
            | (Algorithm::RS384, KeyAlgorithm::RS384)
            | (Algorithm::RS512, KeyAlgorithm::RS512)
            | (Algorithm::PS256, KeyAlgorithm::PS256)
            | (Algorithm::PS384, KeyAlgorithm::PS384)
            | (Algorithm::PS512, KeyAlgorithm::PS512)
            | (Algorithm::ES256, KeyAlgorithm::ES256)
            | (Algorithm::ES384, KeyAlgorithm::ES384)
            | (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
    )
}

/// RFC 7518 §3.1 and RFC 8037 §3.1. Those that no issuer's key is for have no name here.
fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

impl std::fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuerKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish()
    }
}

const RSA_ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

#[cfg(test)]
mod tests;
