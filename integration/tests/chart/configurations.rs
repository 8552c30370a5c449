//! The configuration files that the chart renders are those that the services read.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
use sigstead_kit::ServiceConfig;

use super::chart::EVERYTHING;
use super::{Chart, Objects, SECRETS};

pub(crate) fn read<C: DeserializeOwned + ServiceConfig>(objects: &Objects, role: &str) -> C {
    let text = objects.config(role);
    let config: C = sigstead_kit::parse_config(role, &text)
        .unwrap_or_else(|error| panic!("{role}: {error}: {text}"));
    config
        .check()
        .unwrap_or_else(|error| panic!("{role}: {error}"));
    config
}

#[test]
fn every_service_takes_its_file_for_every_kind_of_instance() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS], vec![SECRETS, EVERYTHING]] {
        let objects = chart.render(&values);
        read::<ca::Config>(&objects, "ca");
        read::<ctlog::Config>(&objects, "ctlog");
        read::<oidc::Config>(&objects, "oidc");
        read::<tlog::Config>(&objects, "tlog");
        read::<tsa::Config>(&objects, "tsa");
        read::<tuf::Config>(&objects, "tuf");
    }
}

#[test]
fn names_and_numbers_of_an_instance_arrive_as_they_were_written() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS]);
    let tlog: tlog::Config = read(&objects, "tlog");
    let v1 = tlog.logs.first().unwrap();
    assert_eq!(v1.tree_id.unwrap().get(), 5_604_237_091_514_666_124);
    assert_eq!(v1.origin.as_str(), "rekor.sig.example.com");
    let oidc: oidc::Config = read(&objects, "oidc");
    assert_eq!(oidc.issuer.as_str(), "https://oidc.sig.example.com");
    let ca: ca::Config = read(&objects, "ca");
    let log = ca.ct_log.logs().first().unwrap();
    assert_eq!(
        log.url.as_str(),
        "http://acme-sigstead-ctlog.team-a.svc.cluster.local:8373/"
    );
}

#[test]
fn the_logs_of_certificates_are_reached_by_their_identifiers_and_by_their_names() {
    let Some(chart) = Chart::find() else { return };
    let ids = ["ab", "0c"].map(|digits| digits.repeat(32));
    let values = format!(
        "ca: {{ctLogs: [{{id: '{}', publicKey: ct-2.pub, endsFrom: '2027-01-01T00:00:00Z'}}, {{id: '{}', publicKey: ctlog.pub}}]}}
ctlog: {{config: {{logs: [{{origin: log2.ct.sig.example.com, key: {{uri: 'file:/etc/sigstead/keys/ct-2.key'}}, \
         data: /var/lib/sigstead/ct-2, anchor: /var/lib/sigstead-anchor/ct-2}}]}}}}
ingress: {{enabled: true, trustedProxies: [10.0.0.7]}}",
        ids[0], ids[1]
    );
    let objects = chart.render(&[SECRETS, &values]);
    let ca: ca::Config = read(&objects, "ca");
    let logs = ca.ct_log.logs();
    let urls: Vec<_> = logs.iter().map(|log| log.url.as_str()).collect();
    let at = "http://acme-sigstead-ctlog.team-a.svc.cluster.local:8373/logs/";
    assert_eq!(urls, ids.map(|id| format!("{at}{id}")));
    assert!(logs[0].ends_from.is_some() && logs[1].ends_from.is_none());
    let key = &logs[0].public_key;
    assert_eq!(key.as_os_str(), "/etc/sigstead/keys/ct-2.pub");
    let ctlog: ctlog::Config = read(&objects, "ctlog");
    assert_eq!(ctlog.described_logs().len(), 2);
    let ingress = objects.named("Ingress", "acme-sigstead-ctlog");
    let rules = ingress["spec"]["rules"].as_array().unwrap().iter();
    let hosts: Vec<_> = rules.map(|rule| rule["host"].as_str().unwrap()).collect();
    for host in ["log1.ct.sig.example.com", "log2.ct.sig.example.com"] {
        assert!(hosts.contains(&host), "{hosts:?}");
    }
}

#[test]
fn the_issuers_of_the_values_join_the_instances_own() {
    let Some(chart) = Chart::find() else { return };
    let github = "https://token.actions.githubusercontent.com";
    let values = format!(
        "ca: {{clusterIssuer: true, issuers: {{'{github}': {{issuer-url: '{github}', client-id: sigstore, type: github-workflow}}}}}}"
    );
    let objects = chart.render(&[SECRETS, &values]);
    let map = objects.named("ConfigMap", "acme-sigstead-issuers");
    let file = map["data"]["issuers.yaml"].as_str().unwrap();
    let file: Value = serde_yaml::from_str(file).unwrap();
    let issuers = file["oidc-issuers"].as_object().unwrap();
    assert_eq!(
        issuers.keys().collect::<Vec<_>>(),
        [
            "https://kubernetes.default.svc.cluster.local",
            "https://oidc.sig.example.com",
            github
        ]
    );
    assert_eq!(issuers["https://oidc.sig.example.com"]["type"], "email");
}

#[test]
fn the_anchor_of_a_log_is_on_another_volume_than_its_data() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS]] {
        let objects = chart.render(&values);
        for role in ["tlog", "ctlog"] {
            let containers = objects.containers();
            let container = containers.iter().find(|each| each["name"] == role).unwrap();
            let mounts = container["volumeMounts"].as_array().unwrap();
            let at = |path: &str| {
                mounts
                    .iter()
                    .find(|mount| mount["mountPath"] == path)
                    .unwrap()
            };
            assert_eq!(at("/var/lib/sigstead")["name"], "data");
            assert_eq!(at("/var/lib/sigstead-anchor")["name"], "anchor");
            let text = objects.config(role);
            assert!(text.contains("anchor: /var/lib/sigstead-anchor/"), "{text}");
        }
    }
}

#[test]
fn what_administrators_did_is_on_a_volume_and_its_head_on_another_where_there_is_one() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS]] {
        let objects = chart.render(&values);
        for role in ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"] {
            let file: Value = serde_yaml::from_str(&objects.config(role)).unwrap();
            let admin = &file["listeners"]["admin"];
            assert_eq!(admin["audit"], "/var/lib/sigstead/audit", "{role}");
            let containers = objects.containers();
            let container = containers.iter().find(|each| each["name"] == role).unwrap();
            let mounts = container["volumeMounts"].as_array().unwrap();
            let volume_at = |path: &str| {
                let mut mounts = mounts.iter();
                mounts
                    .find(|mount| mount["mountPath"] == path)
                    .map(|mount| &mount["name"])
            };
            assert_eq!(volume_at("/var/lib/sigstead").unwrap(), "data", "{role}");
            let head = match volume_at("/var/lib/sigstead-anchor") {
                Some(_) => Value::from("/var/lib/sigstead-anchor/audit-head"),
                None => Value::Null,
            };
            assert_eq!(admin["audit_head"], head, "{role}");
        }
    }
}

#[test]
fn one_value_names_the_proxies_that_all_services_believe() {
    let Some(chart) = Chart::find() else { return };
    let values = "ingress: {enabled: true, trustedProxies: [10.0.0.7, '2001:db8::/32']}";
    let own = "tsa: {config: {listeners: {trusted_proxies: [192.0.2.1]}}}";
    let objects = chart.render(&[SECRETS, values, own]);
    let believed = |listeners: sigstead_kit::Listeners| -> Vec<_> {
        let proxies = listeners.trusted_proxies.iter();
        proxies.map(ToString::to_string).collect()
    };
    for listeners in [
        read::<ca::Config>(&objects, "ca").listeners,
        read::<ctlog::Config>(&objects, "ctlog").listeners,
        read::<oidc::Config>(&objects, "oidc").listeners,
        read::<tlog::Config>(&objects, "tlog").listeners,
        read::<tuf::Config>(&objects, "tuf").listeners,
    ] {
        assert_eq!(believed(listeners), ["10.0.0.7/32", "2001:db8::/32"]);
    }
    let tsa = read::<tsa::Config>(&objects, "tsa").listeners;
    assert_eq!(
        believed(tsa),
        ["192.0.2.1/32"],
        "what a role says counts more"
    );
}

#[test]
fn extensions_of_the_operators_own_have_their_arc() {
    let Some(chart) = Chart::find() else { return };
    let values = "
ca:
  extensionArc: 1.3.6.1.4.1.99999.1
  issuers: {'https://a.example': {client-id: sigstore, type: email, extensions: {1.3.6.1.4.1.99999.1.1: department}}}
";
    let file = |values: &[&str]| {
        let objects = chart.render(values);
        let map = objects.named("ConfigMap", "acme-sigstead-issuers");
        map["data"]["issuers.yaml"].as_str().unwrap().to_owned()
    };
    let text = file(&[SECRETS, values]);
    let issuers = sigstead_identity::IssuersConfig::parse(&text).unwrap();
    assert_eq!(issuers.extension_arc, "1.3.6.1.4.1.99999.1");
    assert!(!file(&[SECRETS]).contains("extension-arc"));
}
