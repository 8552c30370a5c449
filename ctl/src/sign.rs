//! `sigctl sign`: one signature through every service, verified before its bundle is written.

use std::path::PathBuf;

use clap::Args;
use reqwest::Client;
use serde::Serialize;
use sigstead_kit::BegunTrace;
use sigstead_verify::Thresholds;
use sigstead_verify::json::Bundle;
use sigstead_x509::Certificate;
use url::Url;

use crate::failure::Failure;
use crate::input::{self, is_standard_input};
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::token_source::TokenSource;
use crate::{http, timestamp, verify as verification};

mod bundle_file;
mod holder;
mod once;
mod rekor_v1;
mod signed;

use bundle_file::BundleFile;
pub(crate) use holder::{Holder, expiry};
pub(crate) use once::Once;
pub(crate) use signed::Signed;

/// What is signed, and as whom.
#[derive(Args)]
#[command(
    allow_missing_positional = true,
    after_help = "\
The signature is of whom the identity token is for. It comes from --identity-token-file, from what \
--identity-token-command prints, or else from the variable SIGSTORE_ID_TOKEN; a dev instance makes one for --identity."
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

    #[command(flatten)]
    token: TokenSource,

    /// Where the span of this signature goes, as OTLP over gRPC, such as `http://localhost:4317`. Those of the services are
    /// in its trace, wherever they go.
    #[arg(long, value_name = "URL")]
    traces: Option<Url>,
}

#[derive(Serialize)]
struct Written {
    bundle: PathBuf,
    identity: String,
    log_index: u64,
    trace_id: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    // What is logged stays logged: everything that can be refused before is.
    let bundle_file = BundleFile::create(&arguments.bundle, arguments.overwrite)?;
    let token = token(&instance, &arguments).await?;
    let artifact = input::read_artifact(&arguments.file)?;
    let trace = BegunTrace::begin("ctl", "sigctl sign", arguments.traces.as_ref());
    let trace = trace.map_err(|error| untraced(&error))?;
    let trace_id = trace.id().to_string();
    let client = http::client_with_headers(&instance, trace.headers())?;
    let session = Session::open(&instance, client, token)?;
    let signed = session.sign(&artifact).await;
    trace.end().await;
    let bundle = signed?;
    let identity = session.check(&bundle, &artifact)?;
    bundle_file.fill(&bundle.encode())?;
    let log_index = bundle
        .verification_material
        .tlog_entries
        .first()
        .map(|entry| entry.log_index);
    let written = Written {
        bundle: arguments.bundle,
        identity,
        log_index: log_index.unwrap_or_default(),
        trace_id,
    };
    output.print(&written, |written| {
        format!(
            "signed as {}, entry {} of the log; bundle in {}",
            written.identity,
            written.log_index,
            written.bundle.display()
        )
    });
    Ok(())
}

/// Signs a few bytes through every service and verifies what comes of it, which stays in the logs.
pub(crate) async fn try_out(instance: &Instance, token: String) -> Result<(), Failure> {
    let session = Session::open(instance, http::client(instance)?, token)?;
    let bundle = session.sign(TRIAL).await?;
    session.check(&bundle, TRIAL).map(drop)
}

/// The bundle of a document that another command writes, verified.
pub(crate) async fn document(
    instance: &Instance,
    token: String,
    document: &[u8],
) -> Result<Bundle, Failure> {
    let session = Session::open(instance, http::client(instance)?, token)?;
    let bundle = session.sign(document).await?;
    session.check(&bundle, document)?;
    Ok(bundle)
}

/// A bundle that every service had a part in and that nobody has verified; what is logged stays in the logs.
pub(crate) async fn sample(
    instance: &Instance,
    token: String,
    artifact: &[u8],
    rekor: Rekor,
) -> Result<Bundle, Failure> {
    let session = Session::open(instance, http::client(instance)?, token)?;
    session.sign_into(artifact, rekor).await
}

/// The interface of the log into which a signature goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rekor {
    V1,
    V2,
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
    if arguments.token.is_standard_input() && is_standard_input(&arguments.file) {
        return Err(Failure::new(
            "E-CTL-012",
            "standard input cannot be both the file and the identity token",
            "put one of them into a file",
        ));
    }
    arguments.token.token(Some(instance)).await
}

/// One signature: who signs, and the services.
struct Session<'a> {
    instance: &'a Instance,
    client: Client,
    holder: Holder,
}

impl<'a> Session<'a> {
    fn open(instance: &'a Instance, client: Client, token: String) -> Result<Self, Failure> {
        Ok(Self {
            instance,
            client,
            holder: Holder::open(token)?,
        })
    }

    async fn sign(&self, artifact: &[u8]) -> Result<Bundle, Failure> {
        self.sign_into(artifact, Rekor::V2).await
    }

    async fn sign_into(&self, artifact: &[u8], rekor: Rekor) -> Result<Bundle, Failure> {
        let [ca, tsa, tlog] = [Service::Ca, Service::Tsa, Service::Tlog]
            .map(|service| self.instance.manifest.local_url(service));
        let (client, holder) = (&self.client, &self.holder);
        let certificate = holder.certificate(client, &ca).await?;
        let signed = holder.sign(artifact).await?;
        let timestamp = timestamp::ask(client, &tsa, &signed.signature).await?;
        let entry = match rekor {
            Rekor::V1 => signed.log_v1(client, &tlog, &certificate).await?,
            Rekor::V2 => holder.log(client, &tlog, &certificate, &signed).await?,
        };
        Ok(signed.bundle(&certificate, timestamp, entry))
    }

    /// A bundle that the instance's own trusted root does not accept is of no use to anybody. Gives whose signature it has.
    fn check(&self, bundle: &Bundle, artifact: &[u8]) -> Result<String, Failure> {
        let root = self.instance.path("client/trusted_root.json");
        let issuer = self.instance.manifest.url(Service::Oidc);
        let thresholds = Thresholds {
            scts: usize::from(self.instance.manifest.ct_log.is_own()),
            ..Thresholds::default()
        };
        let policy = self.holder.policy(&issuer)?;
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

fn untraced(cause: &sigstead_kit::Error) -> Failure {
    Failure::new(
        "E-CTL-470",
        "the trace of the signature cannot be sent anywhere",
        "name a collector that takes OTLP over gRPC without TLS, such as --traces http://localhost:4317",
    )
    .because(sigstead_kit::causes(cause))
}

/// What is signed to see whether signing works.
const TRIAL: &[u8] = b"signed by sigctl doctor\n";
