//! The root of an authority's chain, which signs the certificate of the next key, where its key is in the instance.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_key::Algorithm;
use sigstead_trust_root::Base64Bytes;
use sigstead_x509::Certificate;

use super::part::ChainPlan;
use super::role::Authority;
use crate::failure::Failure;
use crate::init::certificates::{Issuer, of_root, root_certificate};
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::operator_key;
use crate::rotate::root_source::RootSource;

/// The root that certifies the next key, unless its key is elsewhere.
pub(super) async fn here<A: Authority>(
    instance: &Instance,
    vault: &Vault,
    plan: &ChainPlan<A>,
) -> Result<Option<Issuer>, Failure> {
    match plan.root_source() {
        RootSource::Same => of_now(instance, A::FILES.root, &plan.role.old_chain).await,
        RootSource::Here => make(instance, vault, plan).await.map(Some),
        RootSource::Elsewhere => Ok(None),
    }
}

/// Whether the key of the root of a chain is in the instance. Roots of the authority have names that begin with `first`.
pub(super) fn is_here(
    instance: &Instance,
    first: &str,
    chain: &[Base64Bytes],
) -> Result<bool, Failure> {
    Ok(key_of_now(instance, first, chain)?.exists())
}

/// Where the key of the root of a chain is, if it is in the instance.
pub(in crate::rotate) fn key_of_now(
    instance: &Instance,
    first: &str,
    chain: &[Base64Bytes],
) -> Result<PathBuf, Failure> {
    Ok(find(instance, first, chain)?.with_extension("key"))
}

/// The file of a root that took the place of another: it has the number of the rotation in its name.
pub(in crate::rotate) fn place(instance: &Instance, first: &str, number: u32) -> PathBuf {
    instance.path(&format!("trust/{first}-{number}.pem"))
}

/// Removes the files of a root that nobody was told of, or that counts for nothing.
pub(in crate::rotate) fn remove(
    instance: &Instance,
    first: &str,
    number: u32,
) -> Result<(), Failure> {
    let file = place(instance, first, number);
    for path in [file.with_extension("key"), file] {
        if path.exists() {
            sigstead_durable::remove(&path)
                .map_err(|error| Failure::file("remove", &path, error))?;
        }
    }
    Ok(())
}

pub(in crate::rotate) fn read(path: &Path) -> Result<Certificate, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let pem = fs::read_to_string(path).map_err(|error| failed(&error))?;
    Certificate::from_pem(&pem).map_err(|error| failed(&error))
}

/// Makes key and certificate of a new root, as far as an earlier run did not.
async fn make<A: Authority>(
    instance: &Instance,
    vault: &Vault,
    plan: &ChainPlan<A>,
) -> Result<Issuer, Failure> {
    let file = place(instance, A::FILES.root, plan.number);
    let path = file.with_extension("key");
    let key = match path.exists() {
        true => vault.open_key(&path)?,
        false => vault.make(&path, Algorithm::EcdsaP384Sha384)?,
    };
    let signer = key.into_signer();
    if !file.exists() {
        let name = A::root_name(plan.number);
        let validity = of_root(instance, plan.begun);
        let certificate = root_certificate(instance, &name, &signer, validity).await?;
        sigstead_durable::replace(&file, certificate.to_pem().as_bytes())
            .map_err(|error| Failure::file("write", &file, error))?;
    }
    Ok(Issuer {
        certificate: read(&file)?,
        signer,
    })
}

async fn of_now(
    instance: &Instance,
    first: &str,
    chain: &[Base64Bytes],
) -> Result<Option<Issuer>, Failure> {
    let certificate = find(instance, first, chain)?;
    let key = certificate.with_extension("key");
    if !key.exists() {
        return Ok(None);
    }
    Ok(Some(Issuer {
        certificate: read(&certificate)?,
        signer: operator_key::open(instance, &key).await?,
    }))
}

/// The file of the root of a chain; if there is none, the one that `init` made, such as `ca-root.pem`. Those that took its place
/// have a number behind the name.
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
