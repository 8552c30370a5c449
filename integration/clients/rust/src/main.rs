//! Signs and verifies with sigstore-rust.
//!
//! ```text
//! sigstore-rust-client sign   KIT ARTIFACT BUNDLE TOKEN-FILE VERSION-OF-REKOR
//! sigstore-rust-client verify KIT ARTIFACT BUNDLE IDENTITY ISSUER
//! ```
//!
//! KIT is the folder of an instance that holds `trusted_root.json` and `signing_config.v0.2.json`.

use std::error::Error;
use std::fs::read_to_string;
use std::path::Path;

use sigstore_oidc::IdentityToken;
use sigstore_rekor::RekorApiVersion;
use sigstore_sign::{SigningContext, SigningServices};
use sigstore_trust_root::{SigningConfig, TrustedRoot};
use sigstore_types::Bundle;
use sigstore_verify::{VerificationPolicy, verify};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, verb, kit, artifact, bundle, rest @ ..] = arguments.as_slice() else {
        return Err("usage: sign|verify KIT ARTIFACT BUNDLE ...".into());
    };
    let kit = Path::new(kit);
    let content = std::fs::read(artifact)?;
    match (verb.as_str(), rest) {
        ("sign", [token, rekor]) => {
            let version = match rekor.as_str() {
                "1" => RekorApiVersion::V1,
                _ => RekorApiVersion::V2,
            };
            let config = read_to_string(kit.join("signing_config.v0.2.json"))?;
            let services = SigningServices::from_signing_config_with_rekor_version(
                &SigningConfig::from_json(&config)?,
                Some(version),
            )?;
            let token = IdentityToken::from_jwt(read_to_string(token)?.trim())?;
            let signed = SigningContext::new(services)
                .signer(token)
                .sign(content.as_slice())
                .await?;
            std::fs::write(bundle, signed.to_json_pretty()?)?;
        }
        ("verify", [identity, issuer]) => {
            let root = TrustedRoot::from_json(&read_to_string(kit.join("trusted_root.json"))?)?;
            let bundle: Bundle = serde_json::from_str(&read_to_string(bundle)?)?;
            let policy = VerificationPolicy::new(identity.as_str(), issuer.as_str());
            verify(content.as_slice(), &bundle, &policy, &root)?;
        }
        _ => return Err(format!("unknown verb {verb}").into()),
    }
    Ok(())
}
