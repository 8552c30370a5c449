//! A certificate and its key in two files, as TLS libraries read them.
//!
//! Two files cannot be replaced in one step. So the key of the next certificate is put before that of the one of now, into
//! the same file, and who reads takes the key that is the certificate's: between any two steps a pair is whole.

use std::path::Path;

use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;

use crate::failure::Failure;
use crate::private;

/// The certificates of a file, the holder's first.
pub(crate) fn chain(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let chain = Certificate::chain_from_pem(&text(path)?);
    chain.map_err(|error| Failure::file("understand", path, sigstead_kit::causes(&error)))
}

/// The first certificate of a file.
pub(crate) fn certificate(path: &Path) -> Result<Certificate, Failure> {
    let first = chain(path)?.into_iter().next();
    first.ok_or_else(|| Failure::file("understand", path, "there is no certificate in it"))
}

/// The key of a certificate, PEM, of all that are in a file.
pub(crate) fn key_of(certificate: &Certificate, path: &Path) -> Result<String, Failure> {
    let text = text(path)?;
    let is_its = |block: &String| {
        let key = PrivateKey::from_pem(block);
        key.is_ok_and(|key| key.public_key() == certificate.public_key())
    };
    let found = blocks(&text).into_iter().find(is_its);
    found.ok_or_else(|| {
        let why = format!(
            "the key of the certificate of `{}` is not in it",
            certificate.subject_name().common_name
        );
        Failure::file("use", path, why)
    })
}

pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let bytes = private::read(path, LARGEST).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// The blocks of PEM, each with the line that ends it.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block = String::new();
    for line in text.lines() {
        block.push_str(line);
        block.push('\n');
        if line.starts_with("-----END ") {
            blocks.push(std::mem::take(&mut block));
        }
    }
    blocks
}

/// The pair that the `ca` shows to the CT log, in its folder.
pub(crate) const SUBMITTER: &str = "tls-client";
/// Hundreds of certificates.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use sigstead_key::Algorithm;

    use super::*;

    #[test]
    fn each_key_of_a_file_is_found_by_itself() {
        let keys = [(); 2].map(|()| {
            let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
            key.to_pem().unwrap().to_string()
        });
        let found = blocks(&keys.concat());
        assert_eq!(found, keys);
        assert_eq!(blocks("no key\n"), Vec::<String>::new());
    }
}
