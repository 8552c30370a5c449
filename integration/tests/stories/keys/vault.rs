//! All keys of an instance in a transit engine, of an emulation of Vault that says what it is not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use sigstead_integration::{Instance, run, wait_for};
use sigstead_test_support::vault::{Manner, TokenOptions, Vault};

use super::{
    KEYS, away_and_back, clients_sign_and_verify, configure, holds_at_least, is_in_no_log,
};
use crate::refuses;

#[test]
fn a_server_has_all_keys_and_may_be_sealed_for_a_while() {
    let site = Site::new();
    let instance = Instance::create("vault", &[]).unwrap();
    site.take_all_keys(&instance);
    instance.up().unwrap();
    clients_sign_and_verify(&instance);
    run(instance.sigctl().arg("doctor").arg(instance.directory())).unwrap();

    // Sealed and opened, silent and back; signatures of another key do not leave; and the token of the services is replaced.
    let seal = || site.vault.behave(Manner::Sealed);
    let open = || site.vault.behave(Manner::Well);
    let taken = away_and_back(&instance, seal, open);
    holds_at_least(&instance, taken);
    let lie = || site.vault.behave(Manner::Wrong);
    let taken = taken + away_and_back(&instance, lie, open);
    let revoke = || site.vault.revoke(&site.token());
    let replace = || site.write_token(&site.services_token());
    let taken = taken + away_and_back(&instance, revoke, replace);
    holds_at_least(&instance, taken);

    // What is done to the keys in the server changes nothing of what signs.
    for (_, key, _) in KEYS {
        site.vault.rotate(key);
    }
    clients_sign_and_verify(&instance);
    instance.down().unwrap();
    instance.up().unwrap();
    clients_sign_and_verify(&instance);
    run(instance
        .sigctl()
        .args(["log", "check"])
        .arg(instance.directory()))
    .unwrap();
    let renewals = || site.vault.calls()["auth/token/renew-self"];
    let before = renewals();
    wait_for("a renewal", || renewals() > before).unwrap();
    is_in_no_log(&instance, &site.token());
}

#[test]
fn a_key_is_made_in_a_server_and_probed() {
    let site = Site::new();
    let nobody = Instance::create("nobody", &[]).unwrap();
    let key = |verb: &str| site.sigctl(&nobody, verb);
    let uri = "vault:transit/tsa?version=1";
    run(key("create").arg(uri)).unwrap();
    run(key("probe").arg(uri).args(["--role", "tsa"])).unwrap();
    refuses(key("create").arg(uri), &["e-key-022"]);
    refuses(
        key("create").arg("vault:transit/new?version=2"),
        &["e-key-021"],
    );
    refuses(key("create").arg("vault:transit/new"), &["e-key-021"]);
    refuses(
        key("probe").arg("vault:transit/new?version=1"),
        &["e-key-035"],
    );
    refuses(
        key("probe").arg(uri).args(["--role", "oidc"]),
        &["e-key-024"],
    );
    site.vault.rotate("tsa");
    run(key("probe").arg(uri)).unwrap();
    site.write_token("hvs.nobody");
    refuses(key("probe").arg(uri), &["e-key-033"]);
}

/// A server, and the token that the services have for it.
struct Site {
    vault: Vault,
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::start();
        let site = Self { vault, folder };
        site.write_token(&site.vault.token(TokenOptions::default()));
        site
    }

    /// One that signs and does nothing else, and lives for seconds only unless it is renewed.
    fn services_token(&self) -> String {
        self.vault.token(TokenOptions {
            ttl: Some(Duration::from_secs(20)),
            renewable: true,
            paths: vec!["transit/sign/*".to_owned(), "transit/keys/*".to_owned()],
            ..TokenOptions::default()
        })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn write_token(&self, token: &str) {
        std::fs::write(self.file(), token).unwrap();
        std::fs::set_permissions(self.file(), Permissions::from_mode(0o600)).unwrap();
    }

    /// Puts the keys of all services into the server, has the services find them there, and removes the files.
    fn take_all_keys(&self, instance: &Instance) {
        let (address, token) = (self.vault.address(), self.file().display().to_string());
        for (service, key, role) in KEYS {
            let folder = instance.directory().join(service);
            let file = folder.join(format!("keys/{key}.key"));
            let uri = format!("vault:transit/{key}?version=1");
            run(self
                .sigctl(instance, "import")
                .arg(&file)
                .arg(&uri)
                .arg("--from-passphrase-file")
                .arg(instance.directory().join("passphrase")))
            .unwrap();
            let mut probe = self.sigctl(instance, "probe");
            run(probe.arg(&uri).args(["--role", role])).unwrap();
            std::fs::remove_file(&file).unwrap();
            let fields = [("address", address.as_str()), ("token_file", &token)];
            configure(&folder.join("config.yaml"), key, &uri, &fields);
        }
        self.write_token(&self.services_token());
    }

    fn sigctl(&self, instance: &Instance, verb: &str) -> Command {
        let mut command = instance.sigctl();
        command.args(["key", verb, "--address", &self.vault.address()]);
        command.arg("--token-file").arg(self.file());
        command
    }
}
