//! Which instance a command is about.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _};

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};

/// The instance of a command, which may be left out.
#[derive(Args)]
pub(crate) struct Where {
    /// The instance's directory. Default: that of `SIGSTEAD_DIR`, or else the current directory.
    directory: Option<PathBuf>,
}

impl Where {
    /// Opens the instance.
    pub(crate) fn open(&self) -> Result<Instance, Failure> {
        open(self.directory.as_deref())
    }

    /// Whether a directory was named.
    pub(crate) const fn is_named(&self) -> bool {
        self.directory.is_some()
    }

    /// The words that a command takes behind the instance. With the instance left out, the first of them stands in its
    /// place, unless it is written as a path or an instance has that name: a folder that is called like a word is none.
    pub(crate) fn words(&mut self, mut named: Vec<String>) -> Vec<String> {
        let word = self.directory.take_if(|word| !is_directory(word));
        if let Some(word) = word {
            named.insert(0, word.to_string_lossy().into_owned());
        }
        named
    }

    /// The services that a command names behind the instance, or all. With the instance left out, the first of them stands in
    /// its place.
    pub(crate) fn services(&mut self, mut named: Vec<Service>) -> Vec<Service> {
        if let Some(first) = self.service() {
            self.directory = None;
            named.insert(0, first);
        }
        if named.is_empty() {
            return SERVICES.to_vec();
        }
        named
    }

    /// The service that was read as a directory.
    fn service(&self) -> Option<Service> {
        let word = self.directory.as_deref()?;
        if word.join(Instance::FILE).exists() {
            return None;
        }
        Service::from_str(word.to_str()?, false).ok()
    }
}

/// Whether a word that may be an instance's directory is meant as one.
fn is_directory(word: &Path) -> bool {
    let bytes = word.as_os_str().as_encoded_bytes();
    let is_path = bytes.contains(&b'/') || bytes == b"." || bytes == b"..";
    word.join(Instance::FILE).exists() || (is_path && word.is_dir())
}

/// Opens the instance that the caller names, or else the usual one.
pub(crate) fn open(named: Option<&Path>) -> Result<Instance, Failure> {
    match named {
        Some(directory) => Instance::open(directory),
        None => open_usual(std::env::var_os("SIGSTEAD_DIR").map(PathBuf::from)),
    }
}

fn open_usual(variable: Option<PathBuf>) -> Result<Instance, Failure> {
    if let Some(directory) = variable.filter(|path| !path.as_os_str().is_empty()) {
        return Instance::open(&directory);
    }
    let here = Path::new(".");
    if here.join(Instance::FILE).exists() {
        return Instance::open(here);
    }
    Err(Failure::new(
        "E-CTL-012",
        "no instance is named, and the current directory is none",
        "name its directory, or set SIGSTEAD_DIR to it",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_a_service_if_it_names_one_and_no_instance() {
        let folder = tempfile::tempdir().unwrap();
        let services = |directory: Option<&Path>, named: &[Service]| {
            let mut place = Where {
                directory: directory.map(Path::to_owned),
            };
            let services = place.services(named.to_vec());
            (place.directory.is_some(), services)
        };
        let ca = Path::new("ca");
        assert_eq!(services(Some(ca), &[]), (false, vec![Service::Ca]));
        assert_eq!(
            services(Some(ca), &[Service::Tsa]),
            (false, vec![Service::Ca, Service::Tsa])
        );
        assert_eq!(services(None, &[]), (false, SERVICES.to_vec()));
        assert_eq!(
            services(Some(Path::new("x")), &[]),
            (true, SERVICES.to_vec())
        );
        let instance = folder.path().join("ca");
        std::fs::create_dir(&instance).unwrap();
        std::fs::write(instance.join(Instance::FILE), "").unwrap();
        assert_eq!(services(Some(&instance), &[]), (true, SERVICES.to_vec()));
    }

    #[test]
    fn the_first_word_is_no_instance_if_no_directory_has_that_name() {
        let folder = tempfile::tempdir().unwrap();
        let words = |directory: Option<&Path>| {
            let mut place = Where {
                directory: directory.map(Path::to_owned),
            };
            let words = place.words(vec!["second".to_owned()]);
            (place.directory, words)
        };
        assert_eq!(words(None), (None, vec!["second".to_owned()]));
        assert_eq!(
            words(Some(Path::new("issuer:https://a"))),
            (
                None,
                vec!["issuer:https://a".to_owned(), "second".to_owned()]
            )
        );
        let named = Some(folder.path().to_owned());
        assert_eq!(words(named.as_deref()), (named, vec!["second".to_owned()]));
    }

    #[test]
    fn a_folder_that_is_called_like_a_word_is_no_instance_unless_it_is_one_or_written_as_a_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(Instance::FILE), "").unwrap();
        // The tests run in the folder of the package.
        for (word, is_instance) in [
            (Path::new("src"), false),
            (Path::new("./src"), true),
            (Path::new("src/"), true),
            (Path::new("."), true),
            (Path::new(".."), true),
            (Path::new("./nowhere"), false),
            (folder.path(), true),
        ] {
            assert_eq!(is_directory(word), is_instance, "{}", word.display());
        }
    }

    #[test]
    fn an_instance_that_is_not_named_is_that_of_the_variable() {
        let failure = open_usual(Some(PathBuf::from("/nonexistent"))).unwrap_err();
        assert_eq!(failure.code(), "E-CTL-004");
        for unset in [None, Some(PathBuf::new())] {
            // The folder of the tests is no instance.
            assert_eq!(open_usual(unset).unwrap_err().code(), "E-CTL-012");
        }
    }
}
