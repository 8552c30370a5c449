use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};
use crate::private;

/// The file of a bundle, which is known to be writable before anything is signed. It takes its name when the bundle is whole.
pub(super) struct BundleFile {
    target: PathBuf,
    beside: PathBuf,
    file: File,
}

impl BundleFile {
    pub(super) fn create(target: &Path, may_replace: bool) -> Result<Self, Failure> {
        match fs::symlink_metadata(target) {
            Ok(found) if found.is_file() && may_replace => {}
            Ok(_) => return Err(exists(target)),
            // Whatever else is wrong shows at once below.
            Err(_) => {}
        }
        let failed = |error| Failure::file("write", target, error);
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(Failure::randomness)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".new-{}", hex::encode(random)));
        let beside = target.with_file_name(name);
        let file = private::with_callers_umask(|| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&beside)
        });
        Ok(Self {
            target: target.to_owned(),
            file: file.map_err(failed)?,
            beside,
        })
    }

    pub(super) fn fill(mut self, bundle: &[u8]) -> Result<(), Failure> {
        let filled = self.file.write_all(bundle);
        filled
            .and_then(|()| sigstead_durable::sync(&self.file))
            .and_then(|()| sigstead_durable::rename(&self.beside, &self.target))
            .map_err(|error| Failure::file("write", &self.target, error))
    }
}

impl Drop for BundleFile {
    fn drop(&mut self) {
        // After the rename there is nothing under this name.
        let _ = fs::remove_file(&self.beside);
    }
}

fn exists(target: &Path) -> Failure {
    Failure::new(
        "E-CTL-073",
        format!("{} exists", target.display()),
        "choose another --bundle, or replace the file with --overwrite",
    )
    .exit(Exit::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_takes_its_name_when_it_is_whole_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.sigstore.json");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        drop(BundleFile::create(&target, false).unwrap());
        assert_eq!(names(), 0);
        BundleFile::create(&target, false)
            .unwrap()
            .fill(b"one")
            .unwrap();
        let refused = BundleFile::create(&target, false).err().unwrap();
        assert_eq!(refused.code(), "E-CTL-073");
        BundleFile::create(&target, true)
            .unwrap()
            .fill(b"two")
            .unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"two");
        assert_eq!(names(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_anything_is_signed() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |target: &Path| BundleFile::create(target, true).err().unwrap();
        let absent = folder.path().join("absent/a.json");
        assert_eq!(refusal(&absent).code(), "E-CTL-002");
        assert_eq!(refusal(folder.path()).code(), "E-CTL-073");
    }
}
