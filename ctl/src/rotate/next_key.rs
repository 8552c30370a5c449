//! Where the next key of a rotation is.

use clap::Args;
use sigstead_key::PublicKey;
use sigstead_signer::KeyConfig;
use sigstead_x509::Certificate;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::key::{KeyFields, misplaced};
use crate::trust;

/// Where the next key is to be. None of this is a secret.
#[derive(Args)]
pub(super) struct NextKey {
    /// Where the next key is, or is to be made: `pkcs11:…` or `vault:…`, as `sigctl key create` takes them; of a role with two
    /// keys with `{role}` where the name of each is to be. `file:` for a file of the instance, which is the default where the key of
    /// now is in one.
    #[arg(long, value_name = "URI")]
    key_uri: Option<String>,

    #[command(flatten)]
    fields: KeyFields,
}

impl NextKey {
    /// The place of each next key, which `names` tell apart if there are two; none for files of the instance. `signing` is the key
    /// of now, of a role whose next key may be elsewhere.
    pub(super) fn places(
        &self,
        role: &str,
        names: &[&str],
        signing: Option<&KeyConfig>,
    ) -> Result<Vec<KeyConfig>, Failure> {
        let Some(uri) = &self.key_uri else {
            return match signing {
                _ if !self.fields.is_empty() => Err(misplaced("--key-uri is not said")),
                Some(KeyConfig::Pkcs11(_) | KeyConfig::Vault(_)) => Err(unsaid(role, signing)),
                Some(KeyConfig::File(_)) | None => Ok(Vec::new()),
            };
        };
        if uri == IN_A_FILE && self.fields.is_empty() {
            return Ok(Vec::new());
        }
        if signing.is_none() {
            return Err(Failure::new(
                "E-KEY-020",
                format!("the next key of {role} is made in a file"),
                "leave --key-uri out; docs/keys.md says which keys may be elsewhere",
            )
            .exit(Exit::Usage));
        }
        let uris = uri_of_each(uri, names)?.into_iter();
        uris.map(|uri| self.fields.elsewhere(&uri, ALONE)).collect()
    }
}

fn uri_of_each(uri: &str, names: &[&str]) -> Result<Vec<String>, Failure> {
    match (names, uri.contains(PLACEHOLDER)) {
        ([], false) => Ok(vec![uri.to_owned()]),
        ([], true) => Err(misplaced(
            "{role} is for roles with two keys; write the name of the one key",
        )),
        (names, true) => {
            let uris = names.iter().map(|name| uri.replace(PLACEHOLDER, name));
            Ok(uris.collect())
        }
        (names, false) => Err(misplaced(&format!(
            "there are two next keys; write {PLACEHOLDER} where the name of each is to be: {}",
            names.join(" and ")
        ))),
    }
}

/// Refuses a key that a role of the instance has or had: a key that two roles share ends for both.
pub(super) fn refuse_used(
    instance: &Instance,
    place: &KeyConfig,
    key: &PublicKey,
) -> Result<(), Failure> {
    let state = trust::read_state(instance)?;
    let authorities = [&state.certificate_authorities, &state.timestamp_authorities];
    let chains = authorities.into_iter().flat_map(|each| each.newest_first());
    let is_of_authority = chains
        .flat_map(|chain| &chain.chain)
        .filter_map(|der| Certificate::from_der(der.as_slice()).ok())
        .any(|certificate| certificate.public_key() == key);
    let mut logs = state.certificate_logs.iter().chain(&state.signature_logs);
    let is_of_log = logs.any(|log| log.public_key.as_slice() == key.spki_der());
    if !is_of_authority && !is_of_log {
        return Ok(());
    }
    Err(already_known(place, &key.fingerprint()))
}

pub(super) fn already_known(place: &KeyConfig, key: &str) -> Failure {
    Failure::new(
        "E-KEY-027",
        format!("the key {place} is one that clients know already, {key}"),
        "name another; each role has keys of its own, and none comes back",
    )
    .exit(Exit::Refused)
}

fn unsaid(role: &str, signing: Option<&KeyConfig>) -> Failure {
    let place = signing.map(ToString::to_string).unwrap_or_default();
    Failure::new(
        "E-KEY-026",
        format!("the key of {role} is at {place}, and it is not said where the next one is to be"),
        "name the place with --key-uri and what it needs; --key-uri file: makes a file of the instance",
    )
    .exit(Exit::Usage)
}

const IN_A_FILE: &str = "file:";
const PLACEHOLDER: &str = "{role}";
const ALONE: &str = "a next key in a file is a file of the instance; write --key-uri file: alone";
