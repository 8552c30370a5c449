//! The first trust state: a key for everything that clients trust.

use sigstead_config::Origin;
use sigstead_key::PublicKey;
use sigstead_note::{KeyName, VerifierKey};
use sigstead_trust_root::tuf::Root;
use sigstead_trust_root::{
    AuthorityChains, AuthorityState, BrowserIssuers, LogFace, LogState, ServiceState, TimeRange,
    TrustState,
};
use time::OffsetDateTime;

use super::authority::Authorities;
use super::instance_key::InstanceKey;
use super::keys::Keys;
use super::{unusable_value, write};
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::instance::{Instance, Manifest, Service};
use crate::trust::{self, RootKey, TargetsKey, TufSigner};

/// Makes the keys of what clients trust, and publishes them for the first time.
pub(super) async fn make(
    instance: &Instance,
    keys: &mut Keys<'_>,
    authorities: &Authorities,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let state = state(instance, keys, authorities, now).await?;
    let root_key = tuf_key(instance, keys, InstanceKey::TufRoot).await?;
    let targets_key = tuf_key(instance, keys, InstanceKey::TufTargets).await?;
    let snapshot = tuf_key(instance, keys, InstanceKey::TufSnapshot).await?;
    let timestamp = tuf_key(instance, keys, InstanceKey::TufTimestamp).await?;
    let root = Root::new(1, now)
        .with_role("root", std::slice::from_ref(root_key.key()), 1)
        .with_role("targets", std::slice::from_ref(targets_key.key()), 1)
        .with_role("snapshot", std::slice::from_ref(snapshot.key()), 1)
        .with_role("timestamp", std::slice::from_ref(timestamp.key()), 1);
    let signing = trust::Keys {
        root: RootKey::Operator(root_key),
        targets: TargetsKey::Operator(targets_key),
    };
    trust::first(instance, &state, root, &signing).await
}

async fn tuf_key(
    instance: &Instance,
    keys: &mut Keys<'_>,
    name: InstanceKey,
) -> Result<TufSigner, Failure> {
    TufSigner::new(keys.make(name).await?, &name.path(instance))
}

async fn state(
    instance: &Instance,
    keys: &mut Keys<'_>,
    authorities: &Authorities,
    now: OffsetDateTime,
) -> Result<TrustState, Failure> {
    let manifest = &instance.manifest;
    let valid_for = TimeRange::since(now);
    let authority = |url: String, chain: &[sigstead_x509::Certificate]| {
        AuthorityChains::new(vec![AuthorityState {
            url,
            chain: chain
                .iter()
                .map(|certificate| certificate.to_der().into())
                .collect(),
            valid_for,
            in_service: true,
        }])
    };
    let v1_key = keys.make(InstanceKey::RekorV1).await?;
    let v2_key = keys.make(InstanceKey::RekorV2).await?;
    let (v1_key, v2_key) = (v1_key.public_key(), v2_key.public_key());
    keys.make(InstanceKey::Oidc).await?;
    let origin = rekor_origin(manifest)?;
    let certificate_logs = match manifest.ct_log {
        CtLog::Own => vec![ct_log(instance, keys, valid_for).await?],
        CtLog::None => Vec::new(),
    };
    let v1_log = LogState {
        face: LogFace::RekorV1,
        base_url: format!("https://{}", rekor_v1_host(manifest)?),
        url: manifest.log_url(Service::Tlog, rekor_v1_host(manifest)?.as_str()),
        public_key: v1_key.spki_der().into(),
        log_id: v1_key.log_id().as_bytes().as_slice().into(),
        valid_for,
        in_service: true,
        offered: None,
    };
    let v2_log = LogState {
        face: LogFace::RekorV2,
        base_url: format!("https://{origin}"),
        url: manifest.log_url(Service::Tlog, origin.as_str()),
        public_key: v2_key.spki_der().into(),
        log_id: checkpoint_key_id(&origin, v2_key)?.as_slice().into(),
        valid_for,
        in_service: true,
        offered: None,
    };
    let issuer = ServiceState {
        url: manifest.url(Service::Oidc),
        valid_for,
        in_service: true,
        operator: None,
    };
    let timestamp_url = format!("{}/api/v1/timestamp", manifest.url(Service::Tsa));
    Ok(TrustState {
        operator: manifest.name.clone(),
        certificate_authorities: authority(manifest.url(Service::Ca), &authorities.code_signing),
        timestamp_authorities: authority(timestamp_url, &authorities.time_stamping),
        certificate_logs,
        signature_logs: vec![v2_log, v1_log],
        issuers: BrowserIssuers::new(vec![issuer]),
    })
}

async fn ct_log(
    instance: &Instance,
    keys: &mut Keys<'_>,
    valid_for: TimeRange,
) -> Result<LogState, Failure> {
    let key = keys.make(InstanceKey::Ctlog).await?;
    let key = key.public_key();
    write(&instance.path("ca/ctlog.pub"), key.to_pem().as_bytes())?;
    let origin = ct_origin(&instance.manifest)?;
    Ok(LogState {
        face: LogFace::CertificateTransparency,
        base_url: format!("https://{origin}"),
        url: instance.manifest.log_url(Service::Ctlog, origin.as_str()),
        public_key: key.spki_der().into(),
        log_id: key.log_id().as_bytes().as_slice().into(),
        valid_for,
        in_service: true,
        offered: None,
    })
}

/// The name of the first Rekor v2 log: it never changes, and the next log gets another.
pub(super) fn rekor_origin(manifest: &Manifest) -> Result<Origin, Failure> {
    if let Some(name) = &manifest.rekor_name {
        return Ok(name.clone());
    }
    let year = manifest.created.year();
    if manifest.has_names() {
        return origin(&format!("log{year}-1.{}", manifest.host));
    }
    origin(&format!("log{year}-1.rekor.{}", manifest.domain()))
}

/// The host of the Rekor v1 log, which all its shards share.
pub(crate) fn rekor_v1_host(manifest: &Manifest) -> Result<Origin, Failure> {
    origin(&format!("rekor.{}", manifest.domain()))
}

/// The name of the first CT log.
pub(super) fn ct_origin(manifest: &Manifest) -> Result<Origin, Failure> {
    if let Some(name) = &manifest.ct_name {
        return Ok(name.clone());
    }
    if manifest.has_names() {
        return origin(&manifest.public_name(Service::Ctlog));
    }
    let year = manifest.created.year();
    origin(&format!("log{year}-1.ct.{}", manifest.domain()))
}

fn origin(text: &str) -> Result<Origin, Failure> {
    text.parse()
        .map_err(|error| unusable_value("the name of a log", &error))
}

/// The 32 bytes by which entries of a Rekor v2 log name it.
fn checkpoint_key_id(origin: &Origin, key: &PublicKey) -> Result<[u8; 32], Failure> {
    let name = KeyName::parse(origin.as_str())
        .map_err(|error| unusable_value("the name of a log", &error))?;
    Ok(VerifierKey::new(name, key.clone()).full_id())
}
