//! `sigctl token`: an identity token for tests, signed with the issuer's own key.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use kit::Clock as _;
use serde::Serialize;
use serde_json::json;
use signer::{PrivateKey, Signer as _};

use crate::failure::Failure;
use crate::instance::{Instance, Profile, Service};
use crate::output::Output;

/// For whom.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// The e-mail address that the token vouches for.
    #[arg(long)]
    identity: String,
}

#[derive(Serialize)]
struct Token {
    token: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let token = make(&instance, &arguments.identity).await?;
    output.print(&Token { token }, |result| result.token.clone());
    Ok(())
}

/// A token of the instance's issuer, as it would stand after a login.
pub(crate) async fn make(instance: &Instance, email: &str) -> Result<String, Failure> {
    refuse_production(instance)?;
    let config: config::oidc::Config = read_config(instance)?;
    let now = kit::SystemClock.now().unix_timestamp();
    let lifetime = i64::try_from(config.token_lifetime.duration().as_secs()).unwrap_or(i64::MAX);
    // Without a key identifier: the issuer has one key (RFC 7515 §4.1.4 makes it optional).
    let header = json!({"alg": "RS256", "typ": "JWT"});
    let claims = json!({
        "iss": config.issuer.as_str(),
        "sub": email,
        "aud": "sigstore",
        "iat": now,
        "exp": now.saturating_add(lifetime),
        "email": email,
        "email_verified": true,
    });
    let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = issuer_key(instance)?
        .sign(input.as_bytes())
        .await
        .map_err(|error| unusable(&error))?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
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

fn read_config(instance: &Instance) -> Result<config::oidc::Config, Failure> {
    let path = instance.service(Service::Oidc).join("config.yaml");
    kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

fn issuer_key(instance: &Instance) -> Result<PrivateKey, Failure> {
    let path = instance.path("oidc/keys/oidc.key");
    let pem =
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    PrivateKey::from_encrypted_pem(&pem, &instance.passphrase()?).map_err(|error| unusable(&error))
}

fn unusable(error: &signer::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        "the issuer's key cannot be used",
        "check that the instance's passphrase file is the one that it was made with",
    )
    .because(error)
}
