use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use sigstead_config::oidc::{ClientConfig, Config, Grant, WorkloadConfig};
use sigstead_kit::Listeners;
use sigstead_store::StoreConfig;

use super::SECRET;

pub(crate) fn config_in(folder: &Path) -> Config {
    let key = folder.join("oidc.key");
    write_private(&key, key_pem());
    let mut config = Config::new(
        Listeners::for_test(),
        "http://localhost:8085".parse().unwrap(),
        key_config(&key),
        StoreConfig::Memory {},
        folder.join("users"),
    );
    config.clients.extend([
        other_client(),
        device_client(),
        site_client(),
        workload_client(),
    ]);
    config
}

pub(super) fn write_private(path: &Path, content: &str) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

pub(crate) fn key_config(path: &Path) -> sigstead_signer::KeyConfig {
    sigstead_signer::KeyConfig::file(path, None)
}

fn other_client() -> ClientConfig {
    ClientConfig {
        id: "other".to_owned(),
        ..ClientConfig::sigstore()
    }
}

fn device_client() -> ClientConfig {
    let grants = vec![Grant::DeviceCode];
    ClientConfig {
        id: "device-only".to_owned(),
        grants,
        ..ClientConfig::sigstore()
    }
}

fn site_client() -> ClientConfig {
    ClientConfig {
        id: "site".to_owned(),
        secret_hash: Some(secret_hash()),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        name: None,
        ..ClientConfig::sigstore()
    }
}

fn workload_client() -> ClientConfig {
    ClientConfig {
        id: "ci".to_owned(),
        secret_hash: Some(secret_hash()),
        redirect_uris: Vec::new(),
        grants: vec![Grant::ClientCredentials],
        audience: Some("sigstore".to_owned()),
        workload: Some(WorkloadConfig {
            subject: "https://example.com/workloads/ci".to_owned(),
            claims: BTreeMap::from([("team".to_owned(), "release".to_owned())]),
        }),
        ..ClientConfig::sigstore()
    }
}

fn secret_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_of(SECRET)).clone()
}

/// What a configuration has of a client's secret.
pub(crate) fn hash_of(secret: &str) -> String {
    use argon2::PasswordHasher;
    let hash = argon2::Argon2::default().hash_password(secret.as_bytes());
    hash.unwrap().to_string()
}

pub(super) fn key_pem() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let key =
            sigstead_signer::PrivateKey::generate(sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256)
                .unwrap();
        key.to_pem().unwrap().to_string()
    })
}

pub(crate) fn sled_below(users: &Path) -> StoreConfig {
    StoreConfig::Sled {
        path: users.with_file_name("store"),
    }
}
