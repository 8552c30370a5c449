//! Keys that are not in files: what the pods of the chart have for them, and what they have not.

use serde_json::{Value, json};
use sigstead_config::{ca, oidc, tlog, tsa};
use sigstead_signer::KeyConfig;

use super::configurations::read;
use super::objects::named;
use super::{Chart, SECRETS};

/// One key in a token, the others of these roles in Vault.
const ELSEWHERE: &str = "
keys:
  module: {image: {reference: 'registry.example.com/softhsm:1', pullPolicy: Always}}
  modulePath: /opt/softhsm
  moduleEnv: {SOFTHSM2_CONF: /opt/softhsm/softhsm2.conf}
ca: {config: {key: {uri: 'pkcs11:token=site;object=ca', module: /opt/softhsm/libsofthsm2.so, pin_file: /etc/sigstead/keys/pin}}}
tsa: {config: {key: {uri: 'vault:transit/tsa?version=1', address: 'https://vault.example:8200', token_file: /etc/sigstead/keys/vault-token, ca_file: /etc/sigstead/keys/vault-ca.pem}}}
oidc: {config: {key: {uri: 'vault:transit/oidc?version=3', address: 'https://vault.example:8200', token_file: /vault/secrets/token, namespace: teams/one}}}
";

#[test]
fn services_take_keys_that_are_in_tokens_and_in_vault() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS, ELSEWHERE]);
    let place = |config: Value| serde_json::from_value::<KeyConfig>(config).unwrap();
    assert_eq!(
        read::<ca::Config>(&objects, "ca").key,
        place(json!({
            "uri": "pkcs11:token=site;object=ca",
            "module": "/opt/softhsm/libsofthsm2.so",
            "pin_file": "/etc/sigstead/keys/pin",
        }))
    );
    assert_eq!(
        read::<tsa::Config>(&objects, "tsa").key,
        place(json!({
            "uri": "vault:transit/tsa?version=1",
            "address": "https://vault.example:8200",
            "token_file": "/etc/sigstead/keys/vault-token",
            "ca_file": "/etc/sigstead/keys/vault-ca.pem",
        }))
    );
    let issuer = read::<oidc::Config>(&objects, "oidc").key;
    assert_eq!(issuer.to_string(), "vault:transit/oidc?version=3");
    // A role that says nothing has its file, and its passphrase.
    let log = read::<tlog::Config>(&objects, "tlog").logs.remove(0).key;
    assert!(matches!(log, KeyConfig::File(file) if file.passphrase_file.is_some()));
}

#[test]
fn a_pod_has_the_library_of_a_token_and_its_pin_from_its_secret_alone() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS, ELSEWHERE]);
    let pod = &objects.named("StatefulSet", "acme-sigstead-ca")["spec"]["template"]["spec"];
    let module = named(&pod["volumes"], "module");
    let reference = "registry.example.com/softhsm:1";
    assert_eq!(
        *module,
        json!({"name": "module", "image": {"reference": reference, "pullPolicy": "Always"}})
    );
    let container = named(&pod["containers"], "ca");
    let mount = named(&container["volumeMounts"], "module");
    assert_eq!(
        *mount,
        json!({"name": "module", "mountPath": "/opt/softhsm", "readOnly": true})
    );
    let variable = named(&container["env"], "SOFTHSM2_CONF");
    assert_eq!(variable["value"], "/opt/softhsm/softhsm2.conf");
    let keys = named(&container["volumeMounts"], "keys");
    assert_eq!(keys["mountPath"], "/etc/sigstead/keys");

    let plain = chart.render(&[SECRETS]);
    assert!(!plain.text.contains("name: module"), "nobody asked for one");
}

#[test]
fn a_pod_reaches_the_server_that_has_its_keys() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS, ELSEWHERE]);
    for (role, is_open) in [("tsa", true), ("oidc", true), ("tuf", false)] {
        let policy = objects.named("NetworkPolicy", &format!("acme-sigstead-{role}"));
        let rules = policy["spec"]["egress"].as_array().into_iter().flatten();
        let ports = rules.filter_map(|rule| rule["ports"].as_array()).flatten();
        let found = ports.filter(|port| port["port"] == 8200).count();
        assert_eq!(found > 0, is_open, "{role}");
    }
}

#[test]
fn keys_that_a_release_could_not_open_are_refused() {
    let Some(chart) = Chart::find() else { return };
    let vault = "tsa: {config: {key: {uri: 'vault:transit/tsa?version=1', address: 'https://vault', token_file: /t}}}";
    let token = "ca: {config: {key: {uri: 'pkcs11:object=ca', module: /m, pin_file: /p}}}";
    for (values, says) in [
        (vec![vault], "makes its keys in files"),
        (vec![SECRETS, token], "keys.module is empty"),
        (
            vec![
                SECRETS,
                "tsa: {config: {key: {uri: 'vault:transit/tsa?version=1'}}}",
            ],
            "/tsa/config/key",
        ),
        (
            vec![
                SECRETS,
                "ca: {config: {key: {uri: 'pkcs11:object=ca', pin: '1234'}}}",
            ],
            "/ca/config/key",
        ),
        (vec!["keys: {modulePath: 1}"], "/keys/modulePath"),
        (vec!["keys: {moduleEnv: {A: 1}}"], "/keys/moduleEnv"),
    ] {
        let said = chart.refusal(&values);
        assert!(said.contains(says), "{values:?}: {said}");
    }
    chart.render(&[SECRETS, vault]);
}
