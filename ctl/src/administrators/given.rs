use std::path::{Path, PathBuf};

use serde::Serialize;

use super::authority::{self, Terms};
use super::context_file::{self, Files};
use super::list;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::private;

/// A certificate that was issued to a person, and the folder that they get.
#[derive(Serialize)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) serial: String,
    /// When the certificate ends, in RFC 3339.
    pub(super) ends: String,
    pub(super) folder: PathBuf,
}

/// What is to be in a folder for a person.
pub(super) struct Gift<'a> {
    pub(super) folder: &'a Path,
    /// Where the person reaches the admin ports.
    pub(super) host: &'a str,
    pub(super) terms: Terms,
    /// The key in PEM, if it was made here.
    pub(super) key: Option<&'a str>,
}

/// Issues the certificate and makes the folder, which must not be there.
pub(super) async fn give(instance: &Instance, gift: Gift<'_>) -> Result<Given, Failure> {
    let folder = gift.folder;
    private::create_folder(folder).map_err(|error| Failure::file("make", folder, error))?;
    let certificate = authority::issue(instance, gift.terms).await?;
    // Kept before it is given away: what cannot be listed cannot be revoked.
    let administrator = authority::keep(instance, &certificate)?;
    let files = Files {
        folder,
        host: gift.host,
        certificate: &certificate.to_pem(),
        key: gift.key,
    };
    context_file::write(instance, &files)?;
    Ok(Given {
        name: administrator.name,
        role: administrator.role.name(),
        serial: administrator.serial,
        ends: list::time(administrator.not_after),
        folder: folder.to_owned(),
    })
}
