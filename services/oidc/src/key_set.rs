use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::Decode;
use der::asn1::UintRef;
use serde::Serialize;
use sigstead_key::PublicKey;
use spki::SubjectPublicKeyInfoRef;

use crate::error::Error;
use crate::secret::sha256;

/// The public keys of the issuer (RFC 7517 §5).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct KeySet {
    keys: Vec<JsonWebKey>,
}

/// An RSA key that verifies tokens (RFC 7517 §4, RFC 7518 §6.3.1).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JsonWebKey {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

impl FromIterator<JsonWebKey> for KeySet {
    fn from_iter<T: IntoIterator<Item = JsonWebKey>>(keys: T) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }
}

impl JsonWebKey {
    pub(crate) fn of(key: &PublicKey) -> Result<Self, Error> {
        let (n, e) = modulus_and_exponent(key.spki_der()).ok_or(Error::KeyNotRsa)?;
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        Ok(Self {
            kty: "RSA",
            usage: "sig",
            alg: "RS256",
            kid: thumbprint(&n, &e),
            n,
            e,
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.kid
    }
}

/// RFC 7638 §3: the required members in alphabetical order, without blanks.
fn thumbprint(n: &str, e: &str) -> String {
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

fn modulus_and_exponent(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let key = RsaPublicKey::from_der(info.subject_public_key.as_bytes()?).ok()?;
    (info.algorithm.oid == RSA_ENCRYPTION)
        .then(|| (key.modulus.as_bytes(), key.public_exponent.as_bytes()))
}

/// RFC 8017 §A.1.1.
#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

const RSA_ENCRYPTION: der::asn1::ObjectIdentifier =
    der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_7638_has_the_thumbprint_that_it_says() {
        // RFC 7638 §3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
                 L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4\
                 QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO\
                 pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
                 Cur-kEgU8awapJzKnqDKgw";
        assert_eq!(
            thumbprint(n, "AQAB"),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn only_rsa_keys_sign_tokens() {
        let signer = sigstead_signer::ephemeral(sigstead_key::Algorithm::EcdsaP256Sha256).unwrap();
        assert!(matches!(
            JsonWebKey::of(signer.public_key()),
            Err(Error::KeyNotRsa)
        ));
    }
}
