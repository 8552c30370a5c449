//! `sigctl sign`: one signature through every service, verified before its bundle is written.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use reqwest::Client;
use serde::Serialize;
use serde_json::json;
use sigstead_key::HashAlgorithm;
use sigstead_trust_root::Base64Bytes;
use sigstead_verify::json::{
    Bundle, HashOutput, MessageSignature, RawCertificate, Rfc3161Timestamp,
    TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
};
use sigstead_verify::{Pattern, Policy, Thresholds};
use sigstead_x509::Certificate;

use crate::failure::Failure;
use crate::input::{self, is_standard_input};
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::{http, timestamp, token, verify as verification};

mod bundle_file;
mod holder;

use bundle_file::BundleFile;
use holder::{Holder, claim, key_failed, token_malformed};

/// What is signed, and as whom.
#[derive(Args)]
#[command(
    allow_missing_positional = true,
    after_help = "\
The signature is of whom the identity token is for. It comes from --identity-token-file, or else from the variable \
SIGSTORE_ID_TOKEN; a dev instance makes one for --identity."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The file; - for standard input.
    file: PathBuf,

    /// Where the bundle goes.
    #[arg(long)]
    bundle: PathBuf,

    /// Write the bundle in the place of an older file.
    #[arg(long)]
    overwrite: bool,

    /// Sign as this e-mail address, with a token made on the spot; dev instances only.
    #[arg(long, conflicts_with = "identity_token_file")]
    identity: Option<String>,

    /// A file with an identity token; - for standard input.
    #[arg(long)]
    identity_token_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Signed {
    bundle: PathBuf,
    identity: String,
    log_index: u64,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    // What is logged stays logged: everything that can be refused before is.
    let bundle_file = BundleFile::create(&arguments.bundle, arguments.overwrite)?;
    let token = token(&instance, &arguments).await?;
    let artifact = input::read(&arguments.file)?;
    let session = Session::open(&instance, token)?;
    let bundle = session.sign(&artifact).await?;
    let identity = session.check(&bundle, &artifact)?;
    bundle_file.fill(&bundle.encode())?;
    let log_index = bundle
        .verification_material
        .tlog_entries
        .first()
        .map(|entry| entry.log_index);
    let signed = Signed {
        bundle: arguments.bundle,
        identity,
        log_index: log_index.unwrap_or_default(),
    };
    output.print(&signed, |signed| {
        format!(
            "signed as {}, entry {} of the log; bundle in {}",
            signed.identity,
            signed.log_index,
            signed.bundle.display()
        )
    });
    Ok(())
}

/// Signs a few bytes through every service and verifies what comes of it, which stays in the logs.
pub(crate) async fn try_out(instance: &Instance, token: String) -> Result<(), Failure> {
    let session = Session::open(instance, token)?;
    let bundle = session.sign(TRIAL).await?;
    session.check(&bundle, TRIAL).map(drop)
}

/// A certificate of the authority that is reached at `base`, for a key that is used for nothing.
pub(crate) async fn certificate(
    client: &Client,
    base: &str,
    token: &str,
) -> Result<Certificate, Failure> {
    let holder = Holder::open(token.to_owned())?;
    holder.certificate(client, base).await
}

async fn token(instance: &Instance, arguments: &Arguments) -> Result<String, Failure> {
    if let Some(email) = &arguments.identity {
        return token::make(instance, email).await;
    }
    if let Some(file) = &arguments.identity_token_file {
        if is_standard_input(file) && is_standard_input(&arguments.file) {
            return Err(Failure::new(
                "E-CTL-012",
                "standard input cannot be both the file and the identity token",
                "put one of them into a file",
            ));
        }
        let token = String::from_utf8(input::read(file)?).map_err(|_| token_malformed())?;
        return Ok(token.trim().to_owned());
    }
    let variable = std::env::var_os("SIGSTORE_ID_TOKEN").filter(|token| !token.is_empty());
    let token = variable.ok_or_else(no_identity)?;
    token.into_string().map_err(|_| token_malformed())
}

/// One signature: who signs, and the services.
struct Session<'a> {
    instance: &'a Instance,
    client: Client,
    holder: Holder,
}

impl<'a> Session<'a> {
    fn open(instance: &'a Instance, token: String) -> Result<Self, Failure> {
        Ok(Self {
            instance,
            client: http::client(instance)?,
            holder: Holder::open(token)?,
        })
    }

    async fn sign(&self, artifact: &[u8]) -> Result<Bundle, Failure> {
        let base = self.instance.manifest.local_url(Service::Ca);
        let certificate = self.holder.certificate(&self.client, &base).await?;
        let signature = self
            .holder
            .key
            .sign(artifact)
            .await
            .map_err(|error| key_failed(&error))?;
        let timestamp = self.timestamp(&signature).await?;
        let digest = HashAlgorithm::Sha256.digest(artifact);
        let entry = self.entry(&certificate, &digest, &signature).await?;
        Ok(Bundle {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: VerificationMaterial {
                certificate: Some(RawCertificate {
                    raw_bytes: certificate.to_der().into(),
                }),
                tlog_entries: vec![entry],
                timestamp_verification_data: Some(TimestampVerificationData {
                    rfc3161_timestamps: vec![Rfc3161Timestamp {
                        signed_timestamp: timestamp,
                    }],
                }),
                ..VerificationMaterial::default()
            },
            message_signature: Some(MessageSignature {
                message_digest: Some(HashOutput {
                    algorithm: HashAlgorithm::Sha256.name().to_owned(),
                    digest: digest.into(),
                }),
                signature: signature.into(),
            }),
            dsse_envelope: None,
        })
    }

    /// RFC 3161 over the signature's bytes: the signature existed, not only the artifact.
    async fn timestamp(&self, signature: &[u8]) -> Result<Base64Bytes, Failure> {
        let base = self.instance.manifest.local_url(Service::Tsa);
        let response = timestamp::ask(&self.client, &base, signature).await?;
        Ok(response.into())
    }

    async fn entry(
        &self,
        certificate: &Certificate,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<TransparencyLogEntry, Failure> {
        let request = json!({"hashedRekordRequestV002": {
            "digest": STANDARD.encode(digest),
            "signature": {
                "content": STANDARD.encode(signature),
                "verifier": {
                    "x509Certificate": {"rawBytes": STANDARD.encode(certificate.to_der())},
                    "keyDetails": self.holder.key.algorithm().key_details(),
                },
            },
        }});
        let url = format!(
            "{}/api/v2/log/entries",
            self.instance.manifest.local_url(Service::Tlog)
        );
        let answer = self.client.post(&url).json(&request).send().await;
        http::json("tlog", &url, answer).await
    }

    /// A bundle that the instance's own trusted root does not accept is of no use to anybody. Gives whose signature it has.
    fn check(&self, bundle: &Bundle, artifact: &[u8]) -> Result<String, Failure> {
        let root = self.instance.path("client/trusted_root.json");
        let issuer = self.instance.manifest.url(Service::Oidc);
        let issuer = claim(&self.holder.token, "iss").unwrap_or(issuer);
        // A person is certified by the address; what builds and workloads are called, the authority makes of their claims.
        let identity = match claim(&self.holder.token, "email") {
            Some(address) => Pattern::exactly(&address),
            None => Pattern::matching(".+").map_err(|error| token_malformed().because(error))?,
        };
        let thresholds = Thresholds {
            scts: usize::from(self.instance.manifest.ct_log.is_own()),
            ..Thresholds::default()
        };
        let policy = Policy::any_identity(vec![(identity, Pattern::exactly(&issuer))]);
        let accepted = verification::check(
            &root,
            &bundle.encode(),
            sigstead_verify::Artifact::Bytes(artifact),
            &policy.with_thresholds(thresholds),
        )?;
        Ok(match accepted.signer {
            sigstead_verify::Signer::Identity(signer) => signer.identity,
            sigstead_verify::Signer::Key(_) => self.holder.subject.clone(),
        })
    }
}

fn no_identity() -> Failure {
    Failure::new(
        "E-CTL-012",
        "nobody to sign as",
        "name --identity-token-file, or set SIGSTORE_ID_TOKEN; on a dev instance, name --identity",
    )
}

/// What is signed to see whether signing works.
const TRIAL: &[u8] = b"signed by sigctl doctor\n";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
