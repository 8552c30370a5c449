//! What `ca` and `ctlog` know each other by in a cluster, where certificates are entered over a listener of its own: an authority
//! that certifies nothing else, and a pair for each side.

use std::path::{Path, PathBuf};

use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use crate::failure::Failure;
use crate::init::certificates::{
    Holder, Issuer, Shown, root_certificate, ten_years, tls_certificate,
};
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::operator_key;
use crate::replace::replace;
use crate::tls_files;

/// Makes what is missing of it, and again what ends within half a year. What is there otherwise stays as it is, so that a second
/// lay-out is like the first.
///
/// 1. The authority: first its key, then its certificate, without which the key counts for nothing.
/// 2. The pair of the log and that of the `ca`, each key before its certificate.
/// 3. The certificate of the authority, for both.
pub(super) async fn make(instance: &Instance) -> Result<(), Failure> {
    let now = SystemClock.now();
    let authority = authority(instance, now).await?;
    let pairs = [
        (Service::Ctlog, LOG, Holder::Log),
        (Service::Ca, SUBMITTER, Holder::Submitter),
    ];
    for (service, name, holder) in pairs {
        let folder = instance.service(service);
        let place = folder.join(name);
        if !lasts(&place.with_extension("pem"), &authority.certificate, now)? {
            pair(instance, &authority, (service, holder, &place), now).await?;
        }
        write(&folder.join(AUTHORITY), &authority.certificate.to_pem())?;
    }
    Ok(())
}

/// The files of a service, once they were made.
pub(super) fn files(instance: &Instance, service: Service) -> Vec<PathBuf> {
    let name = match service {
        Service::Ctlog => LOG,
        Service::Ca => SUBMITTER,
        _ => return Vec::new(),
    };
    let files = [
        AUTHORITY.to_owned(),
        format!("{name}.pem"),
        format!("{name}.key"),
    ];
    let files = files.map(|file| instance.service(service).join(file));
    files.into_iter().filter(|file| file.exists()).collect()
}

async fn authority(instance: &Instance, now: OffsetDateTime) -> Result<Issuer, Failure> {
    let file = instance.path("trust").join(AUTHORITY);
    let key = file.with_extension("key");
    if file.exists() {
        let certificate = tls_files::certificate(&file)?;
        if certificate.not_after() > now + BEFORE_ITS_END {
            let signer = operator_key::open(instance, &key).await?;
            return Ok(Issuer {
                certificate,
                signer,
            });
        }
    }
    // With the key of before, what the former certificate vouched for still counts.
    let signer = match key.exists() {
        true => operator_key::open(instance, &key).await?,
        false => Vault::open(instance)?
            .make(&key, Algorithm::EcdsaP256Sha256)?
            .into_signer(),
    };
    let certificate = root_certificate(instance, "submission", &signer, ten_years(now)).await?;
    write(&file, &certificate.to_pem())?;
    Ok(Issuer {
        certificate,
        signer,
    })
}

/// Whether the certificate of a file is of this authority and ends late enough.
fn lasts(file: &Path, authority: &Certificate, now: OffsetDateTime) -> Result<bool, Failure> {
    if !file.exists() {
        return Ok(false);
    }
    let certificate = tls_files::certificate(file)?;
    let is_its = certificate.verify_signed_by(authority).is_ok();
    Ok(is_its && certificate.not_after() > now + BEFORE_ITS_END)
}

async fn pair(
    instance: &Instance,
    authority: &Issuer,
    (service, holder, place): (Service, Holder, &Path),
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let file = place.with_extension("key");
    let failed = |error: sigstead_signer::Error| Failure::file("make", &file, error);
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(failed)?;
    let shown = Shown {
        name: service.name(),
        key: key.public_key(),
        holder,
    };
    let certificate = tls_certificate(instance, authority, shown, now).await?;
    write(&file, &key.to_pem().map_err(failed)?)?;
    write(&place.with_extension("pem"), &certificate.to_pem())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

/// The authority, beside its key and in the folder of each service.
const AUTHORITY: &str = "submission-ca.pem";
/// What the log shows.
const LOG: &str = "submission";
/// What the `ca` shows.
const SUBMITTER: &str = "submission-client";
const BEFORE_ITS_END: Duration = Duration::days(182);
