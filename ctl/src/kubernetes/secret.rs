use std::collections::BTreeMap;

use super::certificate_logs::CertificateLogs;
use super::files;
use super::logs::Logs;
use super::mounted::PASSPHRASE;
use super::successors;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// What the Secret of a service has: each file under its own name, without its folder.
pub(crate) fn of(
    instance: &Instance,
    service: Service,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let logs = (&Logs::of(instance)?, &CertificateLogs::of(instance)?);
    let mut paths = files::of(instance, service, logs)?;
    let mut content = BTreeMap::new();
    if let Some(successors) = successors::of(instance, service)? {
        paths.extend(successors.files);
        content.insert(successors::FILE.to_owned(), successors.listed.into_bytes());
    }
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = private::read(&path, LARGEST);
        let bytes = bytes.map_err(|error| Failure::file("read", &path, error))?;
        content.insert(name.into_owned(), bytes);
    }
    content.insert(PASSPHRASE.to_owned(), instance.passphrase()?.to_vec());
    Ok(content)
}

/// A Secret holds no more.
const LARGEST: u64 = 1 << 20;
