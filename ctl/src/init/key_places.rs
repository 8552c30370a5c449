//! Which keys of a new instance are in a token or a server.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum as _};
use sigstead_signer::KeyConfig;

use super::instance_key::{InstanceKey, Places};
use crate::failure::{Exit, Failure};
use crate::instance::Manifest;
use crate::key::{PlaceFields, misplaced};

/// What is said of them.
#[derive(Args)]
#[command(next_help_heading = "Keys in tokens and servers")]
pub(super) struct KeyPlaces {
    /// A key that is not to be in a file but in a token or a server, as in `ca=pkcs11:token=site;object=ca`, once for each. It is made
    /// there. ROLE is ca-root, ca, tsa-root, tsa, ctlog, rekor-v1, rekor-v2, oidc, tuf-root, tuf-targets,
    /// tuf-snapshot, tuf-timestamp, admin-ca or tls-ca; or `all`, and then the URI has `{role}` where the name of each is to be.
    /// `ROLE=file:` leaves one of all in a file.
    #[arg(long = "key", value_name = "ROLE=URI", value_parser = parse)]
    keys: Vec<Said>,

    /// Take keys that are at their places already, such as those of an `init` that did not come to its end. A key that signed for
    /// another instance must not be taken: of a log it would make two that contradict each other.
    #[arg(long, requires = "keys")]
    take_keys: bool,

    #[command(flatten)]
    fields: PlaceFields,
}

/// What becomes of a key that is at its place already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Refused,
    Taken,
}

/// One `--key`. Without a name it is for all.
#[derive(Clone)]
struct Said {
    name: Option<InstanceKey>,
    uri: String,
}

impl KeyPlaces {
    pub(super) const fn found(&self) -> Found {
        match self.take_keys {
            true => Found::Taken,
            false => Found::Refused,
        }
    }

    /// The places of those keys of an instance that are in no file.
    pub(super) fn of(&self, manifest: &Manifest) -> Result<Places, Failure> {
        let mut uris = BTreeMap::new();
        for said in self.keys.iter().filter(|said| said.name.is_none()) {
            for name in of_instance(manifest) {
                let uri = said.uri.replace(PLACEHOLDER, &name.name());
                refuse_twice(uris.insert(name, uri), "all")?;
            }
        }
        let mut own = BTreeMap::new();
        for said in &self.keys {
            let Some(name) = said.name else { continue };
            if !name.is_of(manifest) {
                return Err(unfit(&format!("the instance has no key {}", name.name())));
            }
            refuse_twice(own.insert(name, said.uri.clone()), &name.name())?;
        }
        uris.extend(own);
        uris.retain(|_, uri| uri != IN_A_FILE);
        let places = uris
            .iter()
            .map(|(name, uri)| Ok((*name, self.place(uri)?)))
            .collect::<Result<_, Failure>>()?;
        self.refuse_unused(&places)?;
        Ok(places)
    }

    /// The fields are those of all keys, and a key takes those of its kind.
    fn place(&self, uri: &str) -> Result<KeyConfig, Failure> {
        let fields = match uri.split_once(':') {
            Some(("pkcs11", _)) => self.fields.of_tokens(),
            _ => self.fields.of_servers(),
        };
        fields.elsewhere(
            uri,
            "a key in a file is one of the instance; write ROLE=file: alone",
        )
    }

    /// Refuses what is said of a kind of place that no key is at.
    fn refuse_unused(&self, places: &Places) -> Result<(), Failure> {
        let has = |is: fn(&KeyConfig) -> bool| places.values().any(is);
        let has_token = has(|place| matches!(place, KeyConfig::Pkcs11(_)));
        let has_server = has(|place| matches!(place, KeyConfig::Vault(_)));
        if !has_token && !self.fields.of_tokens().is_empty() {
            return Err(misplaced(
                "--module and --pin-file are said, and no --key is in a token",
            ));
        }
        if !has_server && !self.fields.of_servers().is_empty() {
            return Err(misplaced(
                "an address or a token of a server is said, and no --key is in one",
            ));
        }
        Ok(())
    }
}

fn of_instance(manifest: &Manifest) -> impl Iterator<Item = InstanceKey> {
    let all = InstanceKey::value_variants().iter().copied();
    all.filter(|name| name.is_of(manifest))
}

fn refuse_twice(before: Option<String>, name: &str) -> Result<(), Failure> {
    match before {
        None => Ok(()),
        Some(_) => Err(unfit(&format!("{name} is there twice"))),
    }
}

fn unfit(why: &str) -> Failure {
    Failure::new(
        "E-KEY-040",
        format!("--key says where no key of the instance can be: {why}"),
        "name each key that the instance is to have once; `sigctl init --help` lists them",
    )
    .exit(Exit::Usage)
}

fn parse(text: &str) -> Result<Said, String> {
    let (name, uri) = text
        .split_once('=')
        .ok_or("write a name and a URI, as in ca=pkcs11:token=site;object=ca")?;
    let has_name = uri.contains(PLACEHOLDER);
    if name != ALL {
        let name =
            InstanceKey::from_str(name, false).map_err(|_| format!("there is no key {name}"))?;
        return match has_name {
            true => Err(format!(
                "{PLACEHOLDER} is for {ALL}; write the name of this key"
            )),
            false => Ok(Said {
                name: Some(name),
                uri: uri.to_owned(),
            }),
        };
    }
    match has_name || uri == IN_A_FILE {
        true => Ok(Said {
            name: None,
            uri: uri.to_owned(),
        }),
        false => Err(format!(
            "write {PLACEHOLDER} where the name of each key is to be, as in all=pkcs11:token=site;object={PLACEHOLDER}"
        )),
    }
}

const ALL: &str = "all";
const IN_A_FILE: &str = "file:";
const PLACEHOLDER: &str = "{role}";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::instance::Instance;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        keys: KeyPlaces,
    }

    fn places(manifest: &Manifest, words: &[&str]) -> Result<Places, String> {
        let line = Line::try_parse_from([&["init"], words].concat());
        let line = line.map_err(|error| error.to_string())?;
        line.keys.of(manifest).map_err(|failure| failure.whole())
    }

    fn manifest() -> Manifest {
        let yaml = "version: 1\nname: acme\nhost: localhost\ntls: false\nprofile: dev\ncreated: 2026-01-01T00:00:00Z\n\
                    passphrase_file: passphrase\nports: {}\n";
        sigstead_kit::parse_config(Instance::FILE, yaml).unwrap()
    }

    const TOKEN: [&str; 4] = ["--module", "/lib/p11.so", "--pin-file", "/run/pin"];

    #[test]
    fn all_are_somewhere_and_one_may_be_elsewhere() {
        let words = [
            &["--key", "all=pkcs11:token=site;object={role}"][..],
            &[
                "--key",
                "tuf-root=file:",
                "--key",
                "tsa=vault:transit/tsa?version=1",
            ],
            &["--address", "https://vault", "--token-file", "/run/token"],
            &TOKEN,
        ];
        let places = places(&manifest(), &words.concat()).unwrap();
        let shown = |name| places.get(&name).map(ToString::to_string);
        assert_eq!(places.len(), 12);
        assert_eq!(shown(InstanceKey::TufRoot), None);
        assert_eq!(shown(InstanceKey::TlsCa), None, "the instance has no TLS");
        let tsa = shown(InstanceKey::Tsa).unwrap();
        assert_eq!(tsa, "vault:transit/tsa?version=1");
        let v1 = shown(InstanceKey::RekorV1).unwrap();
        assert_eq!(v1, "pkcs11:token=site;object=rekor-v1");
        assert!(places.values().all(|place| place.path().is_none()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let tsa = "tsa=pkcs11:token=site;object=tsa";
        for (words, says) in [
            (&["--key", "tsa"][..], "write a name and a URI"),
            (&["--key", "root=pkcs11:object=a"], "there is no key root"),
            (&["--key", "tsa=pkcs11:object={role}"], "{role} is for all"),
            (&["--key", "all=pkcs11:object=a"], "write {role} where"),
            (&["--key", tsa, "--key", tsa], "tsa is there twice"),
            (&["--key", "tls-ca=pkcs11:object=a"], "has no key tls-ca"),
            (&["--key", "tsa=file:/srv/key"], "write ROLE=file: alone"),
            (
                &["--key", "tsa=file:", "--module", "/lib/a"],
                "no --key is in a token",
            ),
            (&["--module", "/lib/a"], "no --key is in a token"),
            (&["--address", "https://vault"], "no --key is in one"),
            (&["--take-keys"], "--key"),
            (&["--key", tsa], "needs the field `module`"),
            (
                &["--key", tsa, "--token-file", "a"],
                "needs the field `module`",
            ),
        ] {
            let said = places(&manifest(), words).unwrap_err();
            assert!(said.contains(says), "{words:?}: {said}");
        }
    }

    #[test]
    fn files_are_named_from_any_folder() {
        let words = [
            "--key",
            "ca=pkcs11:object=a",
            "--module",
            "p11.so",
            "--pin-file",
            "pin",
        ];
        let places = places(&manifest(), &words).unwrap();
        let Some(KeyConfig::Pkcs11(key)) = places.get(&InstanceKey::Ca) else {
            panic!("no token");
        };
        assert!(key.module.is_absolute() && key.pin_file.is_absolute());
    }
}
