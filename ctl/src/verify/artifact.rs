//! The artifact of a verification, and where its bundle is.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sigstead_key::HashAlgorithm;
use sigstead_verify::{Artifact, Digests};

use crate::failure::Failure;

/// What is known of the artifact.
pub(super) enum Known {
    Bytes(Vec<u8>),
    Digests(Digests),
}

impl Known {
    /// Reads the artifact once. It is kept only if `is_needed_whole`: its size does not matter otherwise.
    pub(super) fn read(
        file: &Path,
        hashes: &BTreeSet<HashAlgorithm>,
        is_needed_whole: bool,
    ) -> Result<Self, Failure> {
        if is_standard_input(file) {
            return Self::read_from(io::stdin().lock(), hashes, is_needed_whole)
                .map_err(|error| Failure::file("read", file, error));
        }
        if let Some(digests) = digest(file, file.exists())? {
            return Ok(Self::Digests(digests));
        }
        File::open(file)
            .and_then(|opened| Self::read_from(opened, hashes, is_needed_whole))
            .map_err(|error| Failure::file("read", file, error))
    }

    fn read_from(
        mut artifact: impl Read,
        hashes: &BTreeSet<HashAlgorithm>,
        is_needed_whole: bool,
    ) -> io::Result<Self> {
        if is_needed_whole {
            let mut bytes = Vec::new();
            artifact.read_to_end(&mut bytes)?;
            return Ok(Self::Bytes(bytes));
        }
        Digests::read(hashes, artifact).map(Self::Digests)
    }

    pub(super) const fn get(&self) -> Artifact<'_> {
        match self {
            Self::Bytes(bytes) => Artifact::Bytes(bytes.as_slice()),
            Self::Digests(digests) => Artifact::Digests(digests),
        }
    }
}

/// The bundle of a file: the one that is named, or the one beside the file.
pub(super) fn bundle_of(file: &Path, named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if is_standard_input(file) || digest(file, file.exists())?.is_some() {
        return Err(Failure::new(
            "E-CTL-012",
            format!(
                "{} has no place beside which its bundle could be",
                file.display()
            ),
            "name the bundle with --bundle",
        ));
    }
    let candidates = ENDINGS.map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    candidates
        .iter()
        .find(|path| path.exists())
        .cloned()
        .ok_or_else(|| {
            let [first, second] = candidates.each_ref().map(|path| path.display());
            Failure::new(
                "E-CTL-012",
                format!(
                    "there is no bundle of {}: neither {first} nor {second}",
                    file.display()
                ),
                "name the bundle with --bundle",
            )
        })
}

/// The digest, if the argument is one and no file has that name.
fn digest(file: &Path, is_file: bool) -> Result<Option<Digests>, Failure> {
    let named = file.to_str().and_then(|text| text.split_once(':'));
    let known = named.and_then(|(name, hex)| Some((algorithm(name)?, hex)));
    let Some((algorithm, hex)) = known.filter(|_| !is_file) else {
        return Ok(None);
    };
    let digest = hex::decode(hex)
        .ok()
        .and_then(|digest| Digests::known(algorithm, digest));
    let digits = algorithm.digest_length() * 2;
    let malformed = || {
        Failure::new(
            "E-CTL-012",
            format!("the digest is not {digits} hex digits"),
            format!("write the name of the hash function, a colon and {digits} hex digits"),
        )
    };
    digest.map(Some).ok_or_else(malformed)
}

fn algorithm(name: &str) -> Option<HashAlgorithm> {
    match name {
        "sha256" => Some(HashAlgorithm::Sha256),
        "sha384" => Some(HashAlgorithm::Sha384),
        "sha512" => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Where clients put bundles (Sigstore client specification §4.1.1), the usual place first.
const ENDINGS: [&str; 2] = [".sigstore.json", ".sigstore"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_the_digits_of_its_hash_and_anything_else_is_a_file() {
        for (name, algorithm) in [
            ("sha256", HashAlgorithm::Sha256),
            ("sha384", HashAlgorithm::Sha384),
            ("sha512", HashAlgorithm::Sha512),
        ] {
            let hex = "ab".repeat(algorithm.digest_length());
            let found = digest(Path::new(&format!("{name}:{hex}")), false).unwrap();
            let expected = vec![0xab; algorithm.digest_length()];
            assert_eq!(found, Digests::known(algorithm, expected));
            for malformed in [
                "",
                "ab",
                &hex[1..],
                &format!("{hex}ab"),
                &hex.replace('a', "z"),
            ] {
                let named = format!("{name}:{malformed}");
                assert!(digest(Path::new(&named), false).is_err(), "{named}");
            }
        }
        for file in ["ab", "sha1:ab", "sha512-256:ab", "a/sha256:ab"] {
            assert_eq!(digest(Path::new(file), false).unwrap(), None, "{file}");
        }
    }

    #[test]
    fn a_file_that_has_the_name_of_a_digest_is_that_file() {
        let name = format!("sha256:{}", "ab".repeat(32));
        let file = Path::new(&name);
        assert!(digest(file, false).unwrap().is_some());
        assert_eq!(digest(file, true).unwrap(), None);
        // What could be no digest either.
        let malformed = Path::new("sha256:ab");
        assert!(digest(malformed, false).is_err());
        assert_eq!(digest(malformed, true).unwrap(), None);
    }
}
