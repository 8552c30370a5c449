//! Signs and verifies with sigstore-rs, through Rekor v1.
//!
//! ```text
//! sigstore-rs-client sign   CA REKOR ARTIFACT BUNDLE TOKEN-FILE IDENTITY
//! sigstore-rs-client verify TRUSTED-ROOT ARTIFACT BUNDLE IDENTITY ISSUER
//! ```
//!
//! `SigningContext` takes a key ring that only the crate itself can make, so `sign` takes the steps one by one.

use std::error::Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as base64;
use sha2::{Digest, Sha256};
use sigstore::bundle::Bundle;
use sigstore::bundle::verify::Verifier;
use sigstore::bundle::verify::policy::Identity;
use sigstore::crypto::SigningScheme;
use sigstore::fulcio::{FulcioClient, TokenProvider};
use sigstore::rekor::apis::configuration::Configuration;
use sigstore::rekor::apis::entries_api::create_log_entry;
use sigstore::rekor::models::hashedrekord::{
    AlgorithmKind, Data, Hash, PublicKey, Signature, Spec,
};
use sigstore::rekor::models::proposed_entry::ProposedEntry;
use sigstore::trust::sigstore::SigstoreTrustRoot;
use sigstore_protobuf_specs::dev::sigstore::rekor::v1::TransparencyLogEntry;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [_, "sign", ca, rekor, artifact, bundle, token, identity] => {
            let content = std::fs::read(artifact)?;
            let signed = sign(ca, rekor, &content, token, identity).await?;
            std::fs::write(bundle, signed)?;
        }
        [_, "verify", root, artifact, bundle, identity, issuer] => {
            let bundle: Bundle = serde_json::from_slice(&std::fs::read(bundle)?)?;
            let root = std::fs::read(root)?;
            let root = SigstoreTrustRoot::from_trusted_root_json_unchecked(&root)?;
            let verifier = Verifier::new(Default::default(), root)?;
            let policy = Identity::new(*identity, *issuer);
            let artifact = tokio::fs::File::open(artifact).await?;
            verifier.verify(artifact, bundle, &policy, true).await?;
        }
        _ => return Err("usage: sign|verify ...".into()),
    }
    Ok(())
}

async fn sign(
    ca: &str,
    rekor: &str,
    content: &[u8],
    token: &str,
    identity: &str,
) -> Result<String, Box<dyn Error>> {
    let token = std::fs::read_to_string(token)?;
    let provider = TokenProvider::Static((token.trim().parse()?, identity.to_owned()));
    let (signer, chain) = FulcioClient::new(ca.parse()?, provider)
        .request_cert(SigningScheme::ECDSA_P256_SHA256_ASN1)
        .await?;
    let certificate = &pem::parse_many(&chain)?[0];
    let signature = base64.encode(signer.sign(content)?);
    let digest = Sha256::digest(content);
    let rekor = Configuration {
        base_path: rekor.to_owned(),
        ..Configuration::default()
    };
    let public_key = PublicKey::new(base64.encode(pem::encode(certificate)));
    let spec = Spec::new(
        Signature::new(signature.clone(), public_key),
        Data::new(Hash::new(AlgorithmKind::sha256, hex::encode(digest))),
    );
    let proposed = ProposedEntry::Hashedrekord {
        api_version: "0.0.1".to_owned(),
        spec,
    };
    let entry = create_log_entry(&rekor, proposed).await?;
    let entry = TransparencyLogEntry::try_from(entry).map_err(|()| "the entry is malformed")?;
    let bundle = serde_json::json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": { "rawBytes": base64.encode(certificate.contents()) },
            "tlogEntries": [entry],
        },
        "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": base64.encode(digest) },
            "signature": signature,
        },
    });
    Ok(bundle.to_string())
}
