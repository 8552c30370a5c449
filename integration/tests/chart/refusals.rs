//! What is refused before anything is installed.

use super::{Chart, SECRETS};

#[test]
fn unknown_keys_are_refused_at_every_level() {
    let Some(chart) = Chart::find() else { return };
    for (values, key) in [
        ("imgae: {}", "imgae"),
        ("image: {reposotory: a}", "reposotory"),
        ("ca: {replica: 1}", "replica"),
        (
            "ca: {config: {certificate_lifetimes: 10m}}",
            "certificate_lifetimes",
        ),
        ("ca: {config: {listeners: {public: {adress: a}}}}", "adress"),
        ("oidc: {config: {sessions: {login_life: 1h}}}", "login_life"),
        ("tlog: {replicas: 2}", "replicas"),
        ("tsa: {autoscaling: {max: 3}}", "max"),
        ("metrics: {serviceMonitor: {active: true}}", "active"),
    ] {
        let said = chart.refusal(&[values]);
        assert!(said.contains(&format!("'{key}'")), "{values}: {said}");
        assert!(said.contains("additional properties"), "{values}: {said}");
    }
}

#[test]
fn values_of_another_type_or_form_are_refused_by_the_schema() {
    let Some(chart) = Chart::find() else { return };
    for (values, place) in [
        (
            "ca: {config: {certificate_lifetime: 10}}",
            "/ca/config/certificate_lifetime",
        ),
        (
            "ca: {config: {certificate_lifetime: ten minutes}}",
            "/ca/config/certificate_lifetime",
        ),
        ("ca: {replicas: 0}", "/ca/replicas"),
        ("image: {digest: latest}", "/image/digest"),
        ("image: {pullPolicy: Sometimes}", "/image/pullPolicy"),
        (
            "tsa: {config: {telemetry: {log_level: loud}}}",
            "/tsa/config/telemetry/log_level",
        ),
        (
            "tlog: {config: {logs: [{face: rekor-v3}]}}",
            "/tlog/config/logs/0",
        ),
        // Helm reads numbers as floating point; this one would lose its last digits.
        (
            "tlog: {config: {logs: [{face: rekor-v1, origin: a, tree_id: 5604237091514666124, key: {uri: 'file:a'}, data: a, anchor: b}]}}",
            "/tlog/config/logs/0/tree_id",
        ),
    ] {
        let said = chart.refusal(&[values]);
        assert!(said.contains(place), "{values}: {said}");
    }
}

#[test]
fn keys_that_no_pod_can_open_are_refused() {
    let Some(chart) = Chart::find() else { return };
    for uri in ["vault:transit/ca", "awskms:1", ""] {
        let values = format!("ca: {{config: {{key: {{uri: '{uri}'}}}}}}");
        let said = chart.refusal(&[&values]);
        assert!(said.contains("/ca/config/key/uri"), "{uri}: {said}");
    }
    for source in ["pkcs11", "vault", "memory", ""] {
        let said = chart.refusal(&[&format!("keys: {{source: '{source}'}}")]);
        assert!(said.contains("/keys/source"), "{source}: {said}");
    }
}

#[test]
fn names_that_do_not_fit_each_other_are_refused() {
    let Some(chart) = Chart::find() else { return };
    for (values, says) in [
        (
            vec!["instance: {domain: sig.example.com}"],
            "a trial is reached by the cluster's own names",
        ),
        (
            vec!["ingress: {enabled: true}"],
            "a trial has no public names",
        ),
        (
            vec![SECRETS, "instance: {domain: ''}"],
            "instance.domain is empty",
        ),
        (
            vec!["keys: {source: secrets}\ninstance: {domain: a.example}"],
            "take it from the values",
        ),
        (
            vec![
                SECRETS,
                "ca: {config: {listeners: {public: {address: '127.0.0.1:1'}}}}",
            ],
            "which the cluster does not reach",
        ),
        (
            vec!["ca: {config: {listeners: {public: {address: '0.0.0.0:8379'}}}}"],
            "port 8379 is that of",
        ),
        (
            vec![SECRETS, "ingress: {enabled: true}"],
            "ca believes no proxy",
        ),
        (
            vec![
                SECRETS,
                "ca: {issuers: {'https://a.example': {single-use: true}}}",
            ],
            "https://a.example has single-use and ca.replicas is 2",
        ),
        (
            vec![
                SECRETS,
                "ca: {metaIssuers: {'https://*.a.example': {single-use: true}}}",
            ],
            "https://*.a.example has single-use and ca.replicas is 2",
        ),
        (
            vec![SECRETS, "metrics: {serviceMonitor: {enabled: true}}"],
            "networkPolicy.metricsFrom is empty",
        ),
    ] {
        let said = chart.refusal(&values);
        assert!(said.contains(says), "{values:?}: {said}");
    }
    // Each of them is all that is wrong.
    let single = "ca: {issuers: {'https://a.example': {single-use: true}}}";
    for values in [
        vec![],
        // A trial has one pod.
        vec![single],
        vec![SECRETS],
        vec![
            SECRETS,
            "ingress: {enabled: true, trustedProxies: [10.0.0.7]}",
        ],
        vec![SECRETS, single, "ca: {replicas: 1}"],
        vec![
            SECRETS,
            "metrics: {serviceMonitor: {enabled: true}}\nnetworkPolicy: {enabled: false}",
        ],
    ] {
        chart.render(&values);
    }
}
