//! Within TLS the CT log takes certificates of the instance's certificate authority alone.

use serde_yaml::{Mapping, Value};
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::PrivateKey;

use super::heads::{config, lacks};
use super::setting::add_line;
use super::within::{Part, add_within, part};
use crate::failure::Failure;
use crate::init::certificates::{Holder, Issuer, Shown, tls_certificate};
use crate::instance::{Instance, Service};
use crate::operator_key;
use crate::replace::replace;
use crate::tls_files::{self, SUBMITTER};

/// Whether the log could ask for certificates and does not.
pub(super) fn are_due(instance: &Instance) -> Result<bool, Failure> {
    let manifest = &instance.manifest;
    if !manifest.tls || !manifest.ct_log.is_own() {
        return Ok(false);
    }
    let log = part(&config(instance, Service::Ctlog), &[])?;
    Ok(log.is_some_and(|log| lacks(&log, SUBMITTERS)))
}

/// 1. The authority of TLS certifies a key for the `ca`.
/// 2. The `ca` shows it.
/// 3. The log asks for it.
///
/// A command that ends between two of these left a log that takes what the `ca` submits.
pub(super) async fn certify(instance: &Instance) -> Result<(), Failure> {
    let authority = instance.path("trust/tls-ca.pem");
    let certificate = tls_files::certificate(&authority)?;
    make_pair(instance, &certificate).await?;
    let ca = config(instance, Service::Ca);
    let of_log = part(&ca, CT_LOG.names)?.unwrap_or_default();
    if lacks(&of_log, IDENTITY) {
        let file = |ending: &str| Value::from(format!("{SUBMITTER}.{ending}"));
        let pair = [("certificate", file("pem")), ("key", file("key"))];
        let pair: Mapping = pair
            .into_iter()
            .map(|(name, file)| (name.into(), file))
            .collect();
        let member = Mapping::from_iter([(IDENTITY.into(), pair.into())]);
        add_within(&ca, &CT_LOG, &member)?;
    }
    let trusted = instance.service(Service::Ctlog).join(TLS_CA);
    write(&trusted, &certificate.to_pem())?;
    add_line(&config(instance, Service::Ctlog), SUBMITTERS, TLS_CA)
}

/// The certificate is written last.
async fn make_pair(
    instance: &Instance,
    authority: &sigstead_x509::Certificate,
) -> Result<(), Failure> {
    let folder = instance.service(Service::Ca);
    let [key_file, file] = ["key", "pem"].map(|end| folder.join(format!("{SUBMITTER}.{end}")));
    if file.exists() {
        return Ok(());
    }
    let failed = |error: sigstead_signer::Error| Failure::file("make", &key_file, error);
    let issuer = Issuer {
        certificate: authority.clone(),
        signer: operator_key::open(instance, &instance.path("trust/tls-ca.key")).await?,
    };
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(failed)?;
    let shown = Shown {
        name: Service::Ca.name(),
        key: key.public_key(),
        holder: Holder::Submitter,
    };
    let pair = tls_certificate(instance, &issuer, shown, SystemClock.now()).await?;
    write(&key_file, &key.to_pem().map_err(failed)?)?;
    write(&file, &pair.to_pem())
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

const SUBMITTERS: &str = "submitters";
const IDENTITY: &str = "identity";
const TLS_CA: &str = "tls-ca.pem";
const CT_LOG: Part<'_> = Part {
    names: &["ct_log"],
    after: "ca",
};
