//! Which issuers' keys are kept because the issuers cannot be asked.

use std::path::Path;

use time::OffsetDateTime;

use super::file::IssuersFile;
use crate::failure::Failure;
use crate::instance::Instance;

/// A set of keys that somebody pinned.
pub(crate) struct PinnedIssuer {
    pub(crate) issuer: String,
    /// The file that has the keys.
    pub(crate) place: String,
    /// When that file was written last; the keys are at least as old.
    pub(crate) since: Option<OffsetDateTime>,
}

/// All of an instance.
pub(crate) fn pinned(instance: &Instance) -> Result<Vec<PinnedIssuer>, Failure> {
    let file = IssuersFile::of(instance)?;
    let folder = file.path.parent().unwrap_or_else(|| Path::new(""));
    let entries = file.config.issuers.iter().chain(&file.config.meta_issuers);
    let pinned = entries.filter_map(|(issuer, entry)| {
        let place = match (&entry.jwks_file, &entry.jwks) {
            (Some(name), _) => folder.join(name),
            (None, Some(_)) => file.path.clone(),
            (None, None) => return None,
        };
        let written = std::fs::metadata(&place).and_then(|found| found.modified());
        let inside = place.strip_prefix(instance.directory());
        Some(PinnedIssuer {
            issuer: issuer.clone(),
            place: inside.unwrap_or(&place).display().to_string(),
            since: written.ok().map(OffsetDateTime::from),
        })
    });
    Ok(pinned.collect())
}
