//! `sigctl token`: an identity token for tests, signed with the issuer's own key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use der::Decode as _;
use der::asn1::UintRef;
use serde::Serialize;
use serde_json::json;
use sigstead_config::oidc::{Config, SuccessorsFile};
use sigstead_key::HashAlgorithm;
use sigstead_kit::Clock as _;
use sigstead_signer::Signer;
use spki::SubjectPublicKeyInfoRef;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::profile::Profile;

/// For whom.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The e-mail address that the token vouches for.
    #[arg(long)]
    identity: String,
}

#[derive(Serialize)]
struct Token {
    token: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let token = make(&instance, &arguments.identity).await?;
    output.print(&Token { token }, |result| result.token.clone());
    Ok(())
}

/// A token of the instance's issuer, as it would be after a login.
pub(crate) async fn make(instance: &Instance, email: &str) -> Result<String, Failure> {
    refuse_production(instance)?;
    let config = read_config(instance)?;
    let now = sigstead_kit::SystemClock.now();
    let key = issuer_key(instance, &config, now).await?;
    sign(&config, key.as_ref(), email, now).await
}

/// A token of a key of the issuer.
pub(crate) async fn sign(
    config: &Config,
    key: &dyn Signer,
    email: &str,
    now: OffsetDateTime,
) -> Result<String, Failure> {
    let key_id = key_id(key.public_key().spki_der()).ok_or_else(not_rsa)?;
    let now = now.unix_timestamp();
    let lifetime = i64::try_from(config.token_lifetime.duration().as_secs()).unwrap_or(i64::MAX);
    let header = json!({"alg": "RS256", "kid": key_id, "typ": "JWT"});
    let mut unique = [0; 16];
    getrandom::fill(&mut unique).map_err(Failure::randomness)?;
    let claims = json!({
        "iss": config.issuer.as_str(),
        "sub": email,
        "aud": "sigstore",
        "iat": now,
        "exp": now.saturating_add(lifetime),
        "jti": hex::encode(unique),
        "email": email,
        "email_verified": true,
    });
    let encode =
        |json: serde_json::Value| URL_SAFE_NO_PAD.encode(readable_by_all(&json.to_string()));
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = key
        .sign(input.as_bytes())
        .await
        .map_err(|error| unusable(&error))?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// RFC 7638: the digest of the key's members, as the issuer's key set names it.
pub(crate) fn key_id(spki: &[u8]) -> Option<String> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let key = RsaPublicKey::from_der(info.subject_public_key.as_bytes()?).ok()?;
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    Some(URL_SAFE_NO_PAD.encode(HashAlgorithm::Sha256.digest(members.as_bytes())))
}

/// RFC 8017 §A.1.1.
#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

/// The same JSON without the characters whose base64 differs between the two alphabets, for clients that decode the
/// payload with the wrong one: anything beyond ASCII, and `>`, `?`, `~` and DEL, all of which stand in strings only.
fn readable_by_all(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !matches!(character, '>' | '?' | '~' | '\u{7f}') {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

fn refuse_production(instance: &Instance) -> Result<(), Failure> {
    if instance.manifest.profile == Profile::Dev {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-010",
        "this is not a dev instance: tokens come from people and workloads only",
        "sign in with a browser, or give the workload credentials of its own",
    ))
}

pub(crate) fn read_config(instance: &Instance) -> Result<Config, Failure> {
    let path = instance.service(Service::Oidc).join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

/// The key that signs now: that of the configuration may have successors.
async fn issuer_key(
    instance: &Instance,
    config: &Config,
    now: OffsetDateTime,
) -> Result<Arc<dyn Signer>, Failure> {
    let folder = instance.service(Service::Oidc);
    let named = config
        .successors_file
        .as_ref()
        .map(|file| folder.join(file));
    let listed = SuccessorsFile::read_if_named(named.as_deref());
    let listed =
        listed.map_err(|error| Failure::file("read", &named.unwrap_or_default(), error))?;
    let ring = config.ring(&listed, now);
    let key = ring.at(now).key.in_folder(&folder);
    let opened = sigstead_signer::open(&key).await;
    opened.map_err(|error| unusable(&error))
}

fn unusable(error: &sigstead_signer::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        "the issuer's key cannot be used",
        "check that the instance's passphrase file is the one that it was made with",
    )
    .because(error)
}

pub(crate) fn not_rsa() -> Failure {
    Failure::new(
        "E-CTL-011",
        "the issuer's key is not an RSA key",
        "give the issuer the key that it was made with",
    )
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    #[test]
    fn every_payload_reads_the_same_in_both_alphabets_of_base64() {
        for name in ["?>~?>~?>~", "\u{7f}\u{7f}\u{7f}", "äöü€😀", "plain"] {
            for padding in ["", "x", "xx"] {
                let claims = json!({"email": format!("{padding}{name}@example.com")});
                let payload = URL_SAFE_NO_PAD.encode(readable_by_all(&claims.to_string()));
                assert!(!payload.contains(['-', '_']), "{name}");
                let decoded = STANDARD_NO_PAD.decode(&payload).unwrap();
                assert_eq!(
                    serde_json::from_slice::<serde_json::Value>(&decoded).unwrap(),
                    claims
                );
            }
        }
    }

    #[test]
    fn only_rsa_keys_have_a_key_id() {
        let elliptic =
            sigstead_signer::ephemeral(sigstead_key::Algorithm::EcdsaP256Sha256).unwrap();
        assert_eq!(key_id(elliptic.public_key().spki_der()), None);
        let rsa =
            sigstead_signer::ephemeral(sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256).unwrap();
        assert_eq!(
            key_id(rsa.public_key().spki_der()).map(|id| id.len()),
            Some(43)
        );
    }
}
