//! The calls to a transit engine.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};

use super::server::{Call, Server};
use super::wrap;
use crate::vault_uri::VaultUri;
use crate::{Error, PrivateKey};

/// The public half of the version that a URI names.
pub(super) async fn public_half(server: &Server, uri: &VaultUri) -> Result<PublicKey, Error> {
    let key: Key = server.ask(&Call::read(keys(uri), uri)).await?;
    let Key { data } = key;
    let wrong_kind = |kind| Error::VaultKeyKind {
        uri: uri.to_string(),
        kind,
    };
    let Some(algorithm) = algorithm(&data.kind) else {
        return Err(wrong_kind(data.kind));
    };
    // Each signature of it would be of another key, which the context of the call chooses.
    if data.derived {
        return Err(wrong_kind(format!("{}, derived", data.kind)));
    }
    let Some(version) = data.keys.get(&uri.version.to_string()) else {
        let versions: Vec<_> = data.keys.keys().map(String::as_str).collect();
        return Err(Error::VaultKeyAbsent {
            uri: uri.to_string(),
            why: format!("it has the versions {}", versions.join(", ")),
        });
    };
    let public = match algorithm {
        Algorithm::Ed25519 => of_ed25519(&version.public_key),
        _ => PublicKey::from_pem(&version.public_key).ok(),
    };
    let public = public.ok_or_else(|| Error::VaultAnswer(uri.to_string()))?;
    if public.algorithm() != algorithm {
        return Err(Error::VaultAnswer(uri.to_string()));
    }
    Ok(public)
}

/// Signs. The server is given a digest where the algorithm has one: what is signed may be long, and is not its business.
pub(super) async fn sign(
    server: &Server,
    uri: &VaultUri,
    algorithm: Algorithm,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    let path = format!("{}/sign/{}", uri.mount, uri.name);
    let call = Call::write(path, signing(uri, algorithm, message), uri);
    let signed: Signed = server.ask(&call).await?;
    let prefix = format!("vault:v{}:", uri.version);
    let signature = signed.data.signature.strip_prefix(&prefix);
    let signature = signature.and_then(|signature| STANDARD.decode(signature).ok());
    signature.ok_or(Error::SignatureMalformed)
}

/// Makes a key that nobody can take out of the server.
pub(super) async fn create(
    server: &Server,
    uri: &VaultUri,
    algorithm: Algorithm,
) -> Result<(), Error> {
    refuse_taken(server, uri).await?;
    let body = json!({"type": kind(algorithm)?, "exportable": false});
    let call = Call::write(keys(uri), body, uri).that_makes_a_key();
    server.tell(&call).await
}

/// Puts a key into the server, encrypted to the server's own.
pub(super) async fn import(server: &Server, uri: &VaultUri, key: &PrivateKey) -> Result<(), Error> {
    refuse_taken(server, uri).await?;
    let path = format!("{}/wrapping_key", uri.mount);
    let call = Call::read(path, uri).that_makes_a_key();
    let wrapping: Wrapping = server.ask(&call).await?;
    let wrapped = wrap::wrapped(&wrapping.data.public_key, &key.pkcs8())?;
    let body = json!({
        "type": kind(key.public_key().algorithm())?,
        "ciphertext": STANDARD.encode(wrapped),
        "hash_function": "SHA256",
        "exportable": false,
        "allow_rotation": false,
    });
    let path = format!("{}/import", keys(uri));
    let call = Call::write(path, body, uri).that_makes_a_key();
    server.tell(&call).await
}

/// The server takes a second key of a name for the first, and says that all is well.
async fn refuse_taken(server: &Server, uri: &VaultUri) -> Result<(), Error> {
    match server.tell(&Call::read(keys(uri), uri)).await {
        Err(Error::VaultKeyAbsent { .. }) => Ok(()),
        Ok(()) => Err(Error::VaultKeyThere(uri.to_string())),
        Err(error) => Err(error),
    }
}

fn keys(uri: &VaultUri) -> String {
    format!("{}/keys/{}", uri.mount, uri.name)
}

/// Ed25519 hashes in its own way, so the server has to have the whole message of it.
fn signing(uri: &VaultUri, algorithm: Algorithm, message: &[u8]) -> Value {
    if algorithm == Algorithm::Ed25519 {
        return json!({"input": STANDARD.encode(message), "key_version": uri.version});
    }
    let hash = algorithm.hash();
    json!({
        "input": STANDARD.encode(hash.digest(message)),
        "prehashed": true,
        "hash_algorithm": hash_name(hash),
        "signature_algorithm": "pkcs1v15",
        "marshaling_algorithm": "asn1",
        "key_version": uri.version,
    })
}

const fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "sha2-256",
        HashAlgorithm::Sha384 => "sha2-384",
        HashAlgorithm::Sha512 => "sha2-512",
    }
}

/// The server gives 32 octets, and no `SubjectPublicKeyInfo`.
fn of_ed25519(text: &str) -> Option<PublicKey> {
    let octets = STANDARD.decode(text).ok()?;
    let key = ParsedPublicKey::new(&ED25519, octets).ok()?;
    PublicKey::from_spki_der(key.as_der().ok()?.as_ref()).ok()
}

fn algorithm(kind: &str) -> Option<Algorithm> {
    let found = KINDS.into_iter().find(|(_, name)| *name == kind);
    found.map(|(algorithm, _)| algorithm)
}

fn kind(algorithm: Algorithm) -> Result<&'static str, Error> {
    let found = KINDS.into_iter().find(|(each, _)| *each == algorithm);
    let (_, name) = found.ok_or(Error::Unsupported(algorithm))?;
    Ok(name)
}

/// The types of keys that sign, as the engine names them.
const KINDS: [(Algorithm, &str); 7] = [
    (Algorithm::EcdsaP256Sha256, "ecdsa-p256"),
    (Algorithm::EcdsaP384Sha384, "ecdsa-p384"),
    (Algorithm::EcdsaP521Sha512, "ecdsa-p521"),
    (Algorithm::Ed25519, "ed25519"),
    (Algorithm::RsaPkcs1v15_2048Sha256, "rsa-2048"),
    (Algorithm::RsaPkcs1v15_3072Sha256, "rsa-3072"),
    (Algorithm::RsaPkcs1v15_4096Sha256, "rsa-4096"),
];

#[derive(Deserialize)]
struct Key {
    data: KeyData,
}

#[derive(Deserialize)]
struct KeyData {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    derived: bool,
    /// By version. Of kinds that do not sign each has a time instead.
    #[serde(default, deserialize_with = "of_pairs")]
    keys: BTreeMap<String, Version>,
}

#[derive(Deserialize)]
struct Version {
    public_key: String,
}

fn of_pairs<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Version>, D::Error> {
    let versions = BTreeMap::<String, Value>::deserialize(deserializer)?;
    let pairs = versions.into_iter().filter_map(|(number, version)| {
        let version = serde_json::from_value(version).ok()?;
        Some((number, version))
    });
    Ok(pairs.collect())
}

#[derive(Deserialize)]
struct Signed {
    data: Signature,
}

#[derive(Deserialize)]
struct Signature {
    signature: String,
}

#[derive(Deserialize)]
struct Wrapping {
    data: Version,
}
