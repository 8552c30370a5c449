//! How a private key travels to a server: under a key of its own, which is encrypted to the server's (RFC 5649, RFC 8017 §7.1).

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use zeroize::Zeroizing;

use crate::Error;

/// A PKCS #8 key for the RSA key of a server, PEM: an AES key for it, and the key for that.
pub(super) fn wrapped(server: &str, pkcs8: &[u8]) -> Result<Vec<u8>, Error> {
    let server = encrypting_key(server).ok_or(Error::PublicHalfMalformed)?;
    let mut once = Zeroizing::new([0; 32]);
    getrandom::fill(once.as_mut_slice()).map_err(|_| Error::Library)?;

    let mut wrapped = vec![0; server.ciphertext_size() + pkcs8.len() + MOST_ADDED];
    let failed = |_| Error::Library;
    let (head, tail) = wrapped.split_at_mut(server.ciphertext_size());
    server
        .encrypt(&OAEP_SHA256_MGF1SHA256, once.as_slice(), head, None)
        .map_err(failed)?;
    let key = AesKek::new(&AES_256, once.as_slice()).map_err(failed)?;
    let tail = key.wrap_with_padding(pkcs8, tail).map_err(failed)?.len();
    wrapped.truncate(server.ciphertext_size() + tail);
    Ok(wrapped)
}

fn encrypting_key(pem: &str) -> Option<OaepPublicEncryptingKey> {
    let (_, spki) = sigstead_key::pem::decode(pem).ok()?;
    let key = PublicEncryptingKey::from_der(&spki).ok()?;
    OaepPublicEncryptingKey::new(key).ok()
}

/// Eight octets of length and check, and up to seven of padding.
const MOST_ADDED: usize = 15;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use sigstead_test_support::Need;

    use super::*;

    /// The two steps by a program that is not ours.
    #[test]
    fn openssl_unwraps_it() {
        let need = Need {
            name: "openssl",
            remedy: "make packages",
        };
        let version = Command::new("openssl").arg("version").output();
        if need.check(version.is_ok()).is_none() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &str| openssl(folder.path(), arguments);
        run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out server.key");
        let public = String::from_utf8(run("pkey -in server.key -pubout")).unwrap();
        for length in [1, 7, 8, 121, 138, 2375] {
            let pkcs8: Vec<u8> = (0..length).map(|octet| octet as u8).collect();
            let wrapped = wrapped(&public, &pkcs8).unwrap();
            let (head, tail) = wrapped.split_at(3072 / 8);
            std::fs::write(folder.path().join("head"), head).unwrap();
            std::fs::write(folder.path().join("tail"), tail).unwrap();
            let once = run(
                "pkeyutl -decrypt -inkey server.key -in head -pkeyopt rsa_padding_mode:oaep \
                 -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256",
            );
            let once: String = once.iter().map(|octet| format!("{octet:02x}")).collect();
            let unwrap = format!("enc -d -id-aes256-wrap-pad -K {once} -iv A65959A6 -in tail");
            assert_eq!(run(&unwrap), pkcs8, "{length} octets");
        }
    }

    #[test]
    fn refuses_what_is_no_key_to_encrypt_to() {
        let ed25519 = crate::ephemeral(sigstead_key::Algorithm::Ed25519).unwrap();
        for text in ["", "garbage", &ed25519.public_key().to_pem()] {
            let refused = wrapped(text, b"key").unwrap_err();
            assert!(matches!(refused, Error::PublicHalfMalformed), "{text}");
        }
    }

    fn openssl(folder: &Path, arguments: &str) -> Vec<u8> {
        let mut command = Command::new("openssl");
        command
            .current_dir(folder)
            .args(arguments.split_whitespace());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {said}");
        output.stdout
    }
}
