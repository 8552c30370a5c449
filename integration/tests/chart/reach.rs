//! Whom pods may call: every port that the values name is open, and no other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Chart, Objects, SECRETS};

/// The ports that a role reaches outside of the release.
fn ports(objects: &Objects, role: &str) -> BTreeSet<u64> {
    let policy = objects.named("NetworkPolicy", &format!("acme-sigstead-{role}"));
    let rules = policy["spec"]["egress"].as_array().into_iter().flatten();
    let open = |rule: &Value| rule["ports"].as_array().unwrap().clone();
    let ports = rules.flat_map(open).map(|port| port["port"].clone());
    // Ports with names are those of the release's own pods.
    ports.filter_map(|port| port.as_u64()).collect()
}

#[test]
fn the_port_of_the_proxy_is_open_to_roles_that_call_out() {
    let Some(chart) = Chart::find() else { return };
    let witnessed = "
tlog:
  config:
    logs:
      - {face: rekor-v2, origin: a.example, key: {uri: 'file:/k'}, data: /d, anchor: /a, witnesses: {policy: /etc/policy}}
";
    for (url, port) in [
        ("http://proxy.example.com:3128", 3128),
        ("http://proxy.example.com", 80),
        ("https://proxy.example.com/", 443),
    ] {
        let proxy = format!("proxy: {{url: '{url}'}}");
        let objects = chart.render(&[SECRETS, &proxy]);
        assert!(ports(&objects, "ca").contains(&port), "{url}");
        for role in ["tlog", "ctlog", "tsa", "tuf", "oidc"] {
            assert!(ports(&objects, role).is_empty(), "{role}");
        }
        let objects = chart.render(&[SECRETS, &proxy, witnessed]);
        assert_eq!(ports(&objects, "tlog"), BTreeSet::from([port]), "{url}");
    }
    // Where issuers are says nothing of where the proxy is.
    let near = "networkPolicy: {issuers: [{ipBlock: {cidr: 192.0.2.0/24}}]}\nproxy: {url: 'http://proxy:3128'}";
    let objects = chart.render(&[SECRETS, near]);
    let policy = objects.named("NetworkPolicy", "acme-sigstead-ca");
    let rules = policy["spec"]["egress"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["ports"][0]["port"] == 3128);
    assert!(rule.unwrap()["to"].is_null());
}

#[test]
fn the_authority_reaches_issuers_on_the_ports_of_their_urls() {
    let Some(chart) = Chart::find() else { return };
    for (values, expected) in [
        ("{}", vec![443]),
        (
            "oidc: {config: {issuer: 'http://sig.example.com:8370'}}",
            vec![443, 8370],
        ),
        (
            "ca: {ownIssuer: false}\noidc: {config: {issuer: 'http://sig.example.com:8370'}}",
            vec![443],
        ),
        (
            "ca: {issuers: {a: {issuer-url: 'https://a.example:8443/realms/b', jwks-uri: 'http://a.example/keys'}}}",
            vec![80, 443, 8443],
        ),
        (
            "ca: {metaIssuers: {'https://*.a.example:9443/id/*': {client-id: sigstore, type: kubernetes}}}",
            vec![443, 9443],
        ),
    ] {
        let objects = chart.render(&[SECRETS, values]);
        let expected: BTreeSet<_> = expected.into_iter().collect();
        assert_eq!(ports(&objects, "ca"), expected, "{values}");
    }
}

#[test]
fn the_clusters_own_issuer_is_the_one_that_the_values_name() {
    let Some(chart) = Chart::find() else { return };
    let here = "https://kubernetes.default.svc.cluster.local";
    let cloud = "https://oidc.eks.eu-central-1.amazonaws.com/id/0123";
    for (values, url, asks, expected) in [
        ("", here, true, vec![443, 6443, 8443]),
        (
            ", clusterIssuerUrl: 'https://kubernetes.default.svc'",
            "https://kubernetes.default.svc",
            true,
            vec![443, 6443, 8443],
        ),
        (
            ", clusterIssuerUrl: 'https://oidc.eks.eu-central-1.amazonaws.com/id/0123'",
            cloud,
            false,
            vec![443],
        ),
    ] {
        let values = format!("ca: {{clusterIssuer: true{values}}}");
        let objects = chart.render(&[SECRETS, &values]);
        let map = objects.named("ConfigMap", "acme-sigstead-issuers");
        let file = map["data"]["issuers.yaml"].as_str().unwrap();
        let file: Value = serde_yaml::from_str(file).unwrap();
        assert_eq!(file["oidc-issuers"][url]["type"], "kubernetes", "{file}");
        assert_eq!(file["oidc-issuers"][url]["issuer-url"], url, "{file}");
        let set = objects.named("StatefulSet", "acme-sigstead-ca");
        let pod = &set["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], asks, "{values}");
        assert_eq!(ports(&objects, "ca"), expected.into_iter().collect());
    }
    let others = "ca: {clusterIssuer: true}\nnetworkPolicy: {apiServerPorts: [16443]}";
    let objects = chart.render(&[SECRETS, others]);
    assert_eq!(ports(&objects, "ca"), BTreeSet::from([443, 16443]));
}

#[test]
fn names_are_resolved_on_the_ports_of_every_kind_of_cluster() {
    let Some(chart) = Chart::find() else { return };
    for (values, expected) in [
        ("{}", vec![53, 5353]),
        ("networkPolicy: {dnsPorts: [1053]}", vec![1053]),
    ] {
        for base in [vec![values], vec![SECRETS, values]] {
            let objects = chart.render(&base);
            let policy = objects.named("NetworkPolicy", "acme-sigstead-default");
            let open = policy["spec"]["egress"][0]["ports"].as_array().unwrap();
            for port in &expected {
                for protocol in ["UDP", "TCP"] {
                    let asked =
                        |each: &&Value| each["port"] == *port && each["protocol"] == protocol;
                    assert!(open.iter().any(|each| asked(&each)), "{port} {protocol}");
                }
            }
            assert_eq!(open.len(), 2 * expected.len());
        }
    }
}
