//! The next root of the certificate authority, and the log that must take it before it is used.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use sigstead_trust_root::Base64Bytes;
use sigstead_x509::Certificate;
use tokio::time::Instant;

use crate::cluster;
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::reload;
use crate::replace::replace;
use crate::rotate::authority::{read_certificate, remove_root, root_place};

/// The name of the root that `init` made. Each that takes its place has the number of its rotation behind it.
pub(super) const FIRST: &str = "ca-root";

/// Adds the root to those that the instance's own log of certificates takes, and waits until it does.
pub(super) async fn admit(instance: &Instance, number: u32) -> Result<(), Failure> {
    if !instance.manifest.ct_log.is_own() {
        return Ok(());
    }
    let root = read_certificate(&root_place(instance, FIRST, number))?;
    let mut accepted = accepted(instance)?;
    if !accepted.1.contains(&root) {
        accepted.1.push(root.clone());
        write(&accepted)?;
    }
    cluster::bring_secret(instance, Service::Ctlog).await?;
    until_taken(instance, &root).await
}

/// Takes it out again, and removes it.
pub(super) async fn dismiss(instance: &Instance, number: u32) -> Result<(), Failure> {
    let file = root_place(instance, FIRST, number);
    if instance.manifest.ct_log.is_own() && file.exists() {
        let root = read_certificate(&file)?;
        let mut accepted = accepted(instance)?;
        accepted.1.retain(|each| *each != root);
        write(&accepted)?;
        cluster::bring_secret(instance, Service::Ctlog).await?;
    }
    remove_root(instance, FIRST, number)
}

/// The file of the log's roots, and what is in it.
fn accepted(instance: &Instance) -> Result<(PathBuf, Vec<Certificate>), Failure> {
    let folder = instance.service(Service::Ctlog);
    let path = folder.join("config.yaml");
    let config: sigstead_config::ctlog::Config =
        sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))?;
    let path = folder.join(config.roots);
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
    let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let roots = Certificate::chain_from_pem(&text).map_err(|error| failed(&error))?;
    Ok((path, roots))
}

fn write((path, roots): &(PathBuf, Vec<Certificate>)) -> Result<(), Failure> {
    let pem: String = roots.iter().map(Certificate::to_pem).collect();
    replace(path, pem.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

/// The answer of `get-roots` (RFC 6962 §4.7).
#[derive(Deserialize)]
struct Accepted {
    certificates: Vec<Base64Bytes>,
}

/// The log looks at its file every few seconds.
async fn until_taken(instance: &Instance, root: &Certificate) -> Result<(), Failure> {
    let client = http::client(instance)?;
    let base = instance.manifest.local_url(Service::Ctlog);
    let url = format!("{base}/ct/v1/get-roots");
    let began = Instant::now();
    loop {
        let answer = client.get(&url).send().await;
        let accepted: Accepted = http::json("ctlog", &url, answer).await?;
        let mut certificates = accepted.certificates.iter();
        if certificates.any(|each| each.as_slice() == root.to_der()) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE.max(reload::patience(instance)) {
            return Err(Failure::new(
                "E-CTL-301",
                "the log of certificates did not take the next root up; nothing was published",
                "its log says why: sigctl logs ctlog; mend it and go on: sigctl rotate ca-root resume",
            ));
        }
        reload::pause(instance).await;
    }
}

/// Several times as long as the log takes to look at its file again.
const PATIENCE: Duration = Duration::from_secs(60);
