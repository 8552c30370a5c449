//! What every backend must do.

use crate::Signer;

/// Runs the suite against a signer.
///
/// # Panics
/// If the signer breaks the contract of [`Signer`].
#[expect(clippy::panic, reason = "the suite runs in tests")]
pub async fn run(signer: &dyn Signer) {
    let public = signer.public_key();
    assert_eq!(
        signer.algorithm(),
        public.algorithm(),
        "the algorithm is the key's own"
    );
    for message in [b"".as_slice(), b"a", &[0xff; 5000]] {
        let signature = match signer.sign(message).await {
            Ok(signature) => signature,
            Err(error) => panic!("signing {} octets failed: {error}", message.len()),
        };
        assert!(
            public.verify(message, &signature).is_ok(),
            "{} octets",
            message.len()
        );
        assert!(
            public.verify(b"another message", &signature).is_err(),
            "binds the message"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use futures::executor::block_on;
    use sigstead_key::Algorithm;

    use crate::{Error, KeyConfig, PrivateKey, ephemeral};

    #[test]
    fn keys_of_every_algorithm_conform() {
        for algorithm in Algorithm::ALL
            .into_iter()
            .chain(Algorithm::POST_QUANTUM)
            .filter(|each| *each != Algorithm::Ed25519Ph)
        {
            if algorithm == Algorithm::RsaPkcs1v15_4096Sha256 {
                continue;
            }
            let signer = ephemeral(algorithm).unwrap();
            assert_eq!(signer.algorithm(), algorithm);
            block_on(super::run(signer.as_ref()));
        }
    }

    #[test]
    fn a_key_survives_both_pem_forms() {
        for algorithm in [
            Algorithm::EcdsaP256Sha256,
            Algorithm::EcdsaP384Sha384,
            Algorithm::Ed25519,
            Algorithm::RsaPkcs1v15_2048Sha256,
            Algorithm::MlDsa44,
            Algorithm::MlDsa65,
        ] {
            let key = PrivateKey::generate(algorithm).unwrap();
            let plain = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
            assert_eq!(plain.public_key(), PrivateKey::public_key(&key));
            let pem = key.to_encrypted_pem(b"passphrase").unwrap();
            let opened = PrivateKey::from_encrypted_pem(&pem, b"passphrase").unwrap();
            assert_eq!(
                PrivateKey::public_key(&opened),
                PrivateKey::public_key(&key)
            );
            block_on(super::run(opened.into_signer().as_ref()));
        }
    }

    /// RFC 9881 §6: the seed alone, with the tag 0. The private key of its appendix C.1.1 is this one.
    #[test]
    fn a_key_of_ml_dsa_is_kept_as_its_seed() {
        for (algorithm, last) in [(Algorithm::MlDsa44, 17), (Algorithm::MlDsa65, 18)] {
            let head = [
                0x30, 0x34, 2, 1, 0, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, last, 4,
                0x22, 0x80, 0x20,
            ];
            let written: Vec<u8> = head.into_iter().chain(0..32).collect();
            let pem = sigstead_key::pem::encode("PRIVATE KEY", &written);
            let key = PrivateKey::from_pem(&pem).unwrap();
            assert_eq!(PrivateKey::public_key(&key).algorithm(), algorithm);
            let made = PrivateKey::generate(algorithm).unwrap();
            assert_eq!(made.pkcs8().len(), written.len());
            assert_eq!(made.pkcs8()[..22], written[..22]);
        }
    }

    /// A role would publish the key, and no client would verify what it signs.
    #[tokio::test]
    async fn a_key_of_ml_dsa_is_tried_and_serves_no_role() {
        let folder = tempfile::tempdir().unwrap();
        for algorithm in Algorithm::POST_QUANTUM {
            let path = folder.path().join(algorithm.key_details());
            let key = PrivateKey::generate(algorithm).unwrap();
            std::fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let config = KeyConfig::file(path, None);
            let signer = crate::open_to_try(&config).await.unwrap();
            super::run(signer.as_ref()).await;
            let refused = crate::open(&config).await.err().unwrap().to_string();
            assert!(refused.starts_with("E-KEY-047"), "{refused}");
            assert!(refused.contains(algorithm.key_details()), "{refused}");
        }
    }

    #[test]
    fn refuses_a_wrong_passphrase_and_what_is_no_key() {
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let pem = key.to_encrypted_pem(b"right").unwrap();
        assert!(matches!(
            PrivateKey::from_encrypted_pem(&pem, b"wrong"),
            Err(Error::PassphraseWrong)
        ));
        assert!(matches!(
            PrivateKey::from_pem(&pem),
            Err(Error::PassphraseMissing)
        ));
        for text in [
            "",
            "garbage",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(PrivateKey::from_pem(text).is_err(), "{text:?}");
            assert!(
                PrivateKey::from_encrypted_pem(text, b"x").is_err(),
                "{text:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_key_file_opens_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let (path, passphrase) = (
            folder.path().join("a.key"),
            folder.path().join("passphrase"),
        );
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        std::fs::write(&path, key.to_encrypted_pem(b"secret").unwrap().as_bytes()).unwrap();
        std::fs::write(&passphrase, "secret\n").unwrap();
        let close = |mode| {
            for file in [&path, &passphrase] {
                std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        let config = KeyConfig::file(path.clone(), Some(passphrase.clone()));
        close(0o644);
        assert!(matches!(
            crate::open(&config).await,
            Err(Error::OpenToOthers { .. })
        ));
        close(0o600);
        let signer = crate::open(&config).await.unwrap();
        assert_eq!(signer.public_key(), PrivateKey::public_key(&key));
        super::run(signer.as_ref()).await;
    }
}
