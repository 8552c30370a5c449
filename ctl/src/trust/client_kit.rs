//! The client kit: what a client needs to use the instance, and the exact commands.

use std::fs;

use sigstead_key::PublicKey;
use sigstead_kit::Clock as _;
use sigstead_trust_root::{AuthorityState, LogFace, LogState, TrustState};
use sigstead_x509::Certificate;

use super::repository::replace;
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// Writes everything in `client/` that derives from the trust state; `root_file` is the TUF root to begin with.
pub(super) fn write_all(
    instance: &Instance,
    state: &TrustState,
    root_file: &[u8],
) -> Result<(), Failure> {
    let mut files = derived(state, root_file)?;
    files.push(("README.md", readme(instance).into_bytes()));
    if instance.manifest.shows_own_tls() {
        files.push(("ca-bundle.pem", ca_bundle(instance)?));
    }
    for (name, bytes) in files {
        replace(&instance.path("client").join(name), &bytes)?;
    }
    Ok(())
}

/// The files that follow from the trust state and the TUF root alone.
pub(crate) fn derived(state: &TrustState, root_file: &[u8]) -> Result<Vec<File>, Failure> {
    let mut files = documents(state)?;
    files.push(("root.json", root_file.to_vec()));
    files.extend(pem_files(state)?);
    Ok(files)
}

/// A file of the kit: its name and its bytes.
pub(crate) type File = (&'static str, Vec<u8>);

fn documents(state: &TrustState) -> Result<Vec<File>, Failure> {
    let trusted_root = state.trusted_root().map_err(|error| unusable(&error))?;
    let config = state
        .client_trust_config()
        .map_err(|error| unusable(&error))?;
    let v1 = state.signing_config_of_face(LogFace::RekorV1);
    Ok(vec![
        ("trusted_root.json", trusted_root.encode()),
        ("signing_config.v0.2.json", state.signing_config().encode()),
        ("signing_config_rekor_v1.v0.2.json", v1.encode()),
        ("client_trust_config.json", config.encode()),
    ])
}

/// The files of clients that read no `trusted_root.json`. They take one key of a kind, so it is the one in use; of
/// the certificate authority they take all chains.
fn pem_files(state: &TrustState) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let v1_logs = state
        .signature_logs
        .iter()
        .filter(|log| log.face == LogFace::RekorV1);
    if let Some(log) = newest_log(v1_logs) {
        files.push(("rekor.pub", public_key(log)?));
    }
    if let Some(log) = newest_log(state.certificate_logs.iter()) {
        files.push(("ctfe.pub", public_key(log)?));
    }
    let mut chains = Vec::new();
    for authority in state.certificate_authorities.newest_first() {
        chains.extend(chain(authority)?);
    }
    files.push(("fulcio-chain.pem", chains));
    if let Some(authority) = state
        .timestamp_authorities
        .at(sigstead_kit::SystemClock.now())
    {
        files.push(("tsa-chain.pem", chain(authority)?));
    }
    Ok(files)
}

fn newest_log<'a>(logs: impl Iterator<Item = &'a LogState>) -> Option<&'a LogState> {
    logs.filter(|log| log.in_service)
        .max_by_key(|log| log.valid_for.start)
}

fn public_key(log: &LogState) -> Result<Vec<u8>, Failure> {
    let key = PublicKey::from_spki_der(log.public_key.as_slice());
    let key = key.map_err(|error| unusable(&error))?;
    Ok(key.to_pem().into_bytes())
}

fn chain(authority: &AuthorityState) -> Result<Vec<u8>, Failure> {
    let mut pem = String::new();
    for der in &authority.chain {
        let certificate =
            Certificate::from_der(der.as_slice()).map_err(|error| unusable(&error))?;
        pem.push_str(&certificate.to_pem());
    }
    Ok(pem.into_bytes())
}

/// What this machine trusts for TLS, and the instance's own authority: programs take one file instead of, not beside, the
/// system's.
fn ca_bundle(instance: &Instance) -> Result<Vec<u8>, Failure> {
    let own = instance.path("client/tls-ca.pem");
    let own = fs::read(&own).map_err(|error| Failure::file("read", &own, error))?;
    let mut bundle = SYSTEM_BUNDLES
        .iter()
        .find_map(|path| fs::read(path).ok())
        .unwrap_or_default();
    if !bundle.is_empty() && !bundle.ends_with(b"\n") {
        bundle.push(b'\n');
    }
    bundle.extend(own);
    Ok(bundle)
}

fn unusable(error: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        "the client kit cannot be made",
        "the cause says which part of the trust state does not fit",
    )
    .because(error)
}

fn readme(instance: &Instance) -> String {
    let manifest = &instance.manifest;
    let url = |service| manifest.url(service);
    let tls = if manifest.shows_own_tls() { TLS } else { "" };
    let text = match manifest.ct_log {
        CtLog::Own => README,
        CtLog::None => README_WITHOUT_CT_LOG,
    };
    text.replace("{tls}", tls)
        .replace("{name}", &manifest.name)
        .replace("{issuer}", &url(Service::Oidc))
        .replace("{tuf}", &url(Service::Tuf))
        .replace("{tsa}", &url(Service::Tsa))
        .replace("{ca}", &url(Service::Ca))
        .replace("{tlog}", &url(Service::Tlog))
}

/// Where Debian, Fedora, openSUSE and Alpine, in this order, keep what they trust for TLS.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

const TLS: &str = include_str!("client_kit/TLS.md");
const README_WITHOUT_CT_LOG: &str = include_str!("client_kit/WITHOUT_CT_LOG.md");
const README: &str = include_str!("client_kit/README.md");
