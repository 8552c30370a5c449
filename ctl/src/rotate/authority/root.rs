//! The root of an authority's chain, which signs the certificate of the next key.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_trust_root::Base64Bytes;
use sigstead_x509::Certificate;

use crate::failure::Failure;
use crate::init::certificates::Issuer;
use crate::instance::Instance;
use crate::operator_key;

/// The root of a chain of `owner`, and its key. Where that is kept elsewhere, somebody has to bring it.
///
/// The root that `init` made has the name `first`, such as `ca-root`; those that took its place have a number behind it.
pub(in crate::rotate) async fn open(
    instance: &Instance,
    (owner, first): (&str, &str),
    chain: &[Base64Bytes],
) -> Result<Issuer, Failure> {
    let certificate = find(instance, first, chain)?;
    let key = certificate.with_extension("key");
    if !key.exists() {
        return Err(Failure::new(
            "E-CTL-288",
            format!("the key of the root of {owner} is not at {}", key.display()),
            "bring it back for this step; it signs the certificate of the next key",
        ));
    }
    Ok(Issuer {
        certificate: read(&certificate)?,
        signer: operator_key::open(instance, &key).await?,
    })
}

/// The file of the root of a chain; if there is none, the one that `init` made.
fn find(instance: &Instance, first: &str, chain: &[Base64Bytes]) -> Result<PathBuf, Failure> {
    let folder = instance.path("trust");
    let failed = |error| Failure::file("read", &folder, error);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_root = name.is_some_and(|name| name.starts_with(first) && name.ends_with(".pem"));
        let is_its = |root: &Certificate| {
            let wanted = chain.last().map(Base64Bytes::as_slice);
            wanted == Some(root.to_der())
        };
        if is_root && is_its(&read(&path)?) {
            return Ok(path);
        }
    }
    Ok(folder.join(format!("{first}.pem")))
}

pub(in crate::rotate) fn read(path: &Path) -> Result<Certificate, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let pem = fs::read_to_string(path).map_err(|error| failed(&error))?;
    Certificate::from_pem(&pem).map_err(|error| failed(&error))
}
