//! `--check` finds what would keep the service from starting, and changes nothing.

use std::fs;

use sigstead_config::oidc::Config;
use sigstead_signer::KeyConfig;

use crate::folder::Folder;

#[test]
fn a_sound_configuration_passes_and_nothing_is_written() {
    let folder = Folder::new();
    folder.check().unwrap();
    assert!(folder.written().is_empty());
    folder.while_running(|| folder.check().unwrap());
}

#[test]
fn a_passphrase_that_does_not_open_the_key_is_found() {
    let folder =
        Folder::with(|config| config.key = KeyConfig::file("oidc.key", Some("passphrase".into())));
    assert_refused(&folder, "E-OIDC-039");
    folder.write_private("passphrase", b"wrong\n");
    folder.encrypt_key(b"right");
    assert_refused(&folder, "E-OIDC-039");
    folder.write_private("passphrase", b"right\n");
    folder.check().unwrap();
}

#[test]
fn a_key_that_is_missing_or_not_rsa_is_found() {
    let folder = Folder::new();
    folder.write_p256_key();
    assert_refused(&folder, "E-OIDC-039");
    fs::remove_file(folder.path("oidc.key")).unwrap();
    assert_refused(&folder, "E-OIDC-039");
}

#[test]
fn a_client_that_cannot_be_served_is_found() {
    let costly = |config: &mut Config| {
        let hash = "$argon2id$v=19$m=4194304,t=9,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA";
        config.clients[0].secret_hash = Some(hash.to_owned());
    };
    assert_refused(&Folder::with(costly), "E-OIDC-043");
}

#[test]
fn damaged_users_are_found() {
    let folder = Folder::new();
    folder.write_private("users", b"not a file of users");
    assert_refused(&folder, "E-OIDC-037");
}

/// Both say it: the check, and the service that does not start.
#[track_caller]
fn assert_refused(folder: &Folder, code: &str) {
    let said = folder.check().unwrap_err();
    assert!(
        said.starts_with(&format!("sigstead-oidc: {code}: ")),
        "{said}"
    );
    let said = folder.start().unwrap_err();
    assert!(said.contains(&format!("sigstead-oidc: {code}: ")), "{said}");
}
