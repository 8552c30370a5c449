//! New keys in a token, and keys that are put into one.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use cryptoki::session::Session;
use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use sigstead_key::{Algorithm, PublicKey};

use crate::Error;
use crate::key_config::Pkcs11Key;

/// Makes a key pair in the token. The private half never leaves it.
pub(super) fn create(
    session: &Session,
    key: &Pkcs11Key,
    algorithm: Algorithm,
) -> Result<(), Error> {
    let (mechanism, mut public) = match algorithm {
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::EcdsaP521Sha512 => {
            let curve = Attribute::EcParams(curve(algorithm)?);
            (Mechanism::EccKeyPairGen, vec![curve])
        }
        Algorithm::Ed25519 => {
            let curve = Attribute::EcParams(curve(algorithm)?);
            (Mechanism::EccEdwardsKeyPairGen, vec![curve])
        }
        Algorithm::RsaPkcs1v15_2048Sha256 => (Mechanism::RsaPkcsKeyPairGen, modulus(2048)),
        Algorithm::RsaPkcs1v15_3072Sha256 => (Mechanism::RsaPkcsKeyPairGen, modulus(3072)),
        Algorithm::RsaPkcs1v15_4096Sha256 => (Mechanism::RsaPkcsKeyPairGen, modulus(4096)),
        Algorithm::Ed25519Ph | Algorithm::MlDsa44 | Algorithm::MlDsa65 => {
            return Err(Error::Unsupported(algorithm));
        }
    };
    let id = identifier(key)?;
    public.extend(public_template(key, &id));
    let private = private_template(key, &id);
    let made = session.generate_key_pair(&mechanism, &public, &private);
    made.map(drop).map_err(|error| Error::token(key, &error))
}

/// Puts a key that was made elsewhere into the token.
pub(super) fn import(
    session: &Session,
    key: &Pkcs11Key,
    pkcs8: &[u8],
    public: &PublicKey,
) -> Result<(), Error> {
    let id = identifier(key)?;
    let mut private = private_parts(pkcs8, public.algorithm())?;
    private.push(Attribute::Class(ObjectClass::PRIVATE_KEY));
    private.extend(private_template(key, &id));
    let mut parts = public_parts(public)?;
    parts.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
    parts.extend(public_template(key, &id));
    for object in [private, parts] {
        let made = session.create_object(&object);
        made.map_err(|error| Error::token(key, &error))?;
    }
    Ok(())
}

/// That of the URI, or a random one: the halves of a key find each other by it.
fn identifier(key: &Pkcs11Key) -> Result<Vec<u8>, Error> {
    match &key.uri.id {
        Some(id) => Ok(id.clone()),
        None => {
            let mut id = vec![0; 16];
            getrandom::fill(&mut id).map_err(|_| Error::Library)?;
            Ok(id)
        }
    }
}

fn modulus(bits: u64) -> Vec<Attribute> {
    vec![
        Attribute::ModulusBits(bits.into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
    ]
}

fn public_template(key: &Pkcs11Key, id: &[u8]) -> Vec<Attribute> {
    let label = key.uri.object.clone().unwrap_or_default();
    vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::Label(label.into_bytes()),
        Attribute::Id(id.to_vec()),
    ]
}

fn private_template(key: &Pkcs11Key, id: &[u8]) -> Vec<Attribute> {
    let label = key.uri.object.clone().unwrap_or_default();
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Label(label.into_bytes()),
        Attribute::Id(id.to_vec()),
    ]
}

fn private_parts(pkcs8: &[u8], algorithm: Algorithm) -> Result<Vec<Attribute>, Error> {
    if algorithm.is_post_quantum() {
        return Err(Error::Unsupported(algorithm));
    }
    let malformed = |_| Error::Malformed;
    let info = PrivateKeyInfoRef::try_from(pkcs8).map_err(|_| Error::Malformed)?;
    let inner = info.private_key.as_bytes();
    if algorithm.is_rsa() {
        return rsa_parts(&RsaPrivateKey::from_der(inner).map_err(malformed)?);
    }
    let (kind, value) = match algorithm {
        Algorithm::Ed25519 => {
            let seed = <&OctetStringRef>::from_der(inner).map_err(malformed)?;
            (KeyType::EC_EDWARDS, seed.as_bytes())
        }
        _ => {
            let key = EcPrivateKey::from_der(inner).map_err(malformed)?;
            (KeyType::EC, key.private_key.as_bytes())
        }
    };
    Ok(vec![
        Attribute::KeyType(kind),
        Attribute::EcParams(curve(algorithm)?),
        Attribute::Value(value.to_vec()),
    ])
}

fn rsa_parts(key: &RsaPrivateKey<'_>) -> Result<Vec<Attribute>, Error> {
    let octets = |number: &UintRef<'_>| number.as_bytes().to_vec();
    Ok(vec![
        Attribute::KeyType(KeyType::RSA),
        Attribute::Modulus(octets(&key.modulus)),
        Attribute::PublicExponent(octets(&key.public_exponent)),
        Attribute::PrivateExponent(octets(&key.private_exponent)),
        Attribute::Prime1(octets(&key.prime1)),
        Attribute::Prime2(octets(&key.prime2)),
        Attribute::Exponent1(octets(&key.exponent1)),
        Attribute::Exponent2(octets(&key.exponent2)),
        Attribute::Coefficient(octets(&key.coefficient)),
    ])
}

fn public_parts(public: &PublicKey) -> Result<Vec<Attribute>, Error> {
    let malformed = |_| Error::PublicHalfMalformed;
    let info = SubjectPublicKeyInfoRef::from_der(public.spki_der()).map_err(malformed)?;
    let octets = info.subject_public_key.as_bytes();
    let octets = octets.ok_or(Error::PublicHalfMalformed)?;
    let algorithm = public.algorithm();
    if algorithm.is_rsa() {
        let key = RsaPublicKey::from_der(octets).map_err(malformed)?;
        return Ok(vec![
            Attribute::KeyType(KeyType::RSA),
            Attribute::Modulus(key.modulus.as_bytes().to_vec()),
            Attribute::PublicExponent(key.public_exponent.as_bytes().to_vec()),
        ]);
    }
    let point = OctetStringRef::new(octets).and_then(|point| point.to_der());
    Ok(vec![
        Attribute::KeyType(match algorithm {
            Algorithm::Ed25519 => KeyType::EC_EDWARDS,
            _ => KeyType::EC,
        }),
        Attribute::EcParams(curve(algorithm)?),
        Attribute::EcPoint(point.map_err(malformed)?),
    ])
}

/// RFC 5480 §2.1.1.1 and RFC 8410 §3.
fn curve(algorithm: Algorithm) -> Result<Vec<u8>, Error> {
    let oid = match algorithm {
        Algorithm::EcdsaP256Sha256 => "1.2.840.10045.3.1.7",
        Algorithm::EcdsaP384Sha384 => "1.3.132.0.34",
        Algorithm::EcdsaP521Sha512 => "1.3.132.0.35",
        Algorithm::Ed25519 => "1.3.101.112",
        _ => return Err(Error::Unsupported(algorithm)),
    };
    let oid = ObjectIdentifier::new(oid).map_err(|_| Error::Library)?;
    oid.to_der().map_err(|_| Error::Library)
}

/// RFC 5915 §3.
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    private_key: &'a OctetStringRef,
    #[asn1(context_specific = "0", optional = "true")]
    parameters: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", optional = "true")]
    public_key: Option<BitStringRef<'a>>,
}

/// RFC 8017 §A.1.2.
#[derive(Sequence)]
struct RsaPrivateKey<'a> {
    version: u8,
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
    private_exponent: UintRef<'a>,
    prime1: UintRef<'a>,
    prime2: UintRef<'a>,
    exponent1: UintRef<'a>,
    exponent2: UintRef<'a>,
    coefficient: UintRef<'a>,
}

/// RFC 8017 §A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}
