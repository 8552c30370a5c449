//! The client kit: what a client needs to use the instance, with the exact commands, as a folder, and as one file beside the page
//! that the `tuf` service shows. Whatever publishes writes all of it, so that no page tells of an earlier publication.

mod archive;
mod fingerprint;
mod page;
mod policies;

use std::fs;

use serde::Serialize;
use sigstead_key::PublicKey;
use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Root, Signed};
use sigstead_trust_root::{
    AuthorityChains, AuthorityState, ClientPage, LogFace, LogState, TrustState, TrustedRoot,
};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::repository::{Repository, replace};
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

pub(crate) use fingerprint::Fingerprint;

/// What was written for clients, and by what they tell it from another.
#[derive(Debug, Serialize)]
pub(crate) struct ClientKit {
    /// Where the page is.
    pub(crate) page: String,
    /// The version of the root that the kit begins with.
    pub(crate) root_version: u64,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) root_expires: OffsetDateTime,
    /// Of the root's file.
    pub(crate) root: Fingerprint,
    /// Of the kit as one file.
    pub(crate) archive: Fingerprint,
}

/// Writes everything in `client/` that derives from the trust state and the newest root, and then the page.
pub(super) fn write_all(
    instance: &Instance,
    state: &TrustState,
    repository: &Repository,
) -> Result<ClientKit, Failure> {
    let root_file = repository.newest_root_file()?;
    let readme = readme(instance);
    let mut files = derived(state, &root_file)?;
    files.push(("README.md", readme.clone().into_bytes()));
    // Without a log of certificates nothing but a trial verifies.
    if instance.manifest.ct_log.is_own() {
        files.extend(policies::of(instance, state, &root_file)?);
    }
    for (name, bytes) in &files {
        replace(&instance.path("client").join(name), bytes)?;
    }
    if instance.manifest.shows_own_tls() {
        // It has what the machine of the instance trusts, which is nothing to others: the archive goes without.
        let bundle = instance.path("client/ca-bundle.pem");
        replace(&bundle, &ca_bundle(instance)?)?;
        files.push(("tls-ca.pem", own_tls_authority(instance)?));
    }
    let archive = archive::pack(ARCHIVE_FOLDER, &files, instance.manifest.created);
    let archive = archive.map_err(|error| unusable(&error))?;
    let kit = ClientKit::new(instance, &root_file, &archive)?;
    let page = page::of(instance, state, &kit, &readme)?;
    write_page(state, repository, &root_file, &page, &archive)?;
    Ok(kit)
}

/// Writes the files of the page, and last the record of what they are. Before that, none of them is shown beside the new root.
fn write_page(
    state: &TrustState,
    repository: &Repository,
    root_file: &[u8],
    page: &str,
    archive: &[u8],
) -> Result<(), Failure> {
    let checksum = format!("{}  {ARCHIVE}\n", Fingerprint::of(archive).sha256);
    let files = [
        (ARCHIVE, archive),
        ("client-kit.tar.gz.sha256", checksum.as_bytes()),
        ("page.css", page::STYLE.as_bytes()),
        (ClientPage::PAGE, page.as_bytes()),
    ];
    let folder = repository.directory().join(ClientPage::FOLDER);
    for (name, bytes) in files {
        replace(&folder.join(name), bytes)?;
    }
    let targets = state.targets().map_err(|error| unusable(&error))?;
    let record = ClientPage::new(root_file, &targets, files);
    replace(&folder.join(ClientPage::FILE), &record.encode())
}

impl ClientKit {
    fn new(instance: &Instance, root_file: &[u8], archive: &[u8]) -> Result<Self, Failure> {
        let root = Signed::<Root>::parse(root_file).map_err(|error| unusable(&error))?;
        Ok(Self {
            page: format!("{}/", instance.manifest.url(Service::Tuf)),
            root_version: root.signed.version,
            root_expires: root.signed.expires,
            root: Fingerprint::of(root_file),
            archive: Fingerprint::of(archive),
        })
    }
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
    let trusted_root = trusted_root(state)?;
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

fn trusted_root(state: &TrustState) -> Result<TrustedRoot, Failure> {
    state.trusted_root().map_err(|error| unusable(&error))
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
    files.push(("fulcio-chain.pem", chains(&state.certificate_authorities)?));
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

/// All chains of an authority, the newest first.
fn chains(authorities: &AuthorityChains) -> Result<Vec<u8>, Failure> {
    let mut pem = Vec::new();
    for authority in authorities.newest_first() {
        pem.extend(chain(authority)?);
    }
    Ok(pem)
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
    let own = own_tls_authority(instance)?;
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

fn own_tls_authority(instance: &Instance) -> Result<Vec<u8>, Failure> {
    let path = instance.path("client/tls-ca.pem");
    fs::read(&path).map_err(|error| Failure::file("read", &path, error))
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

/// The kit as one file, and the folder in it.
const ARCHIVE: &str = "client-kit.tar.gz";
const ARCHIVE_FOLDER: &str = "client-kit";
