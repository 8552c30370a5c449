//! The page for clients: shown as it was written, and only while it tells what clients find.

use sigstead_trust_root::ClientPage;
use sigstead_trust_root::tuf::{Role as _, Signed, Targets};

use crate::error::Error;
use crate::publish::TrustRootRepository;

/// A file of the page, by its name.
///
/// What it says about trust was true when it was written. It is compared with what is published now at each request, so that
/// nobody is told the keys or the fingerprint of an earlier publication.
///
/// # Errors
/// If there is no page, it has no such file, or it was made of another publication than the one that clients find.
pub(crate) fn file(repository: &TrustRootRepository, name: &str) -> Result<Vec<u8>, Error> {
    let read = |name: &str| repository.file(&format!("{}/{name}", ClientPage::FOLDER));
    let record = read(ClientPage::FILE)?.ok_or(Error::PageMissing)?;
    let page = ClientPage::parse(&record).map_err(Error::PageUnusable)?;
    if !page.names(name) {
        return Err(Error::NotFound {
            path: format!("{}/{name}", ClientPage::FOLDER),
        });
    }
    if !is_of_what_is_published(repository, &page)? {
        return Err(Error::PageOutdated);
    }
    match read(name)? {
        Some(bytes) if page.is_file(name, &bytes) => Ok(bytes),
        // The files are written one after the other, the record last.
        Some(_) | None => Err(Error::PageOutdated),
    }
}

fn is_of_what_is_published(
    repository: &TrustRootRepository,
    page: &ClientPage,
) -> Result<bool, Error> {
    let root = repository.file(&repository.newest_root_file())?;
    let root = root.ok_or(Error::NoRoot)?;
    let version = repository.follow().borrow().targets.version;
    let file = format!("{version}.{}.json", Targets::NAME);
    let targets = repository.file(&file)?.ok_or(Error::NoTargets)?;
    let targets = Signed::<Targets>::parse(&targets);
    let targets = targets.map_err(|source| Error::Metadata { file, source })?;
    Ok(page.is_of(&root, &targets.signed))
}
