//! The first of the eighteen faults: a value that is written down and changes nothing.

use serde_json::{Map, Value, json};

use super::{Chart, SECRETS};

/// Every value that the chart documents is set to another one, each one of its own, and each is found in what is made.
#[test]
fn h01_every_value_changes_what_is_made() {
    let Some(chart) = Chart::find() else { return };
    let text = std::fs::read_to_string(Chart::folder().join("values.yaml")).unwrap();
    let mut values: Value = serde_yaml::from_str(&text).unwrap();
    let mut marks = Marks::default();
    marks.set("", &mut values);
    for trial in [false, true] {
        let mut values = values.clone();
        if trial {
            values["keys"]["source"] = "trial".into();
            values["instance"]["domain"] = "".into();
            values["ingress"]["enabled"] = false.into();
            values["backup"]["enabled"] = false.into();
            values["restore"]["role"] = "".into();
            values["begin"]["day"] = "".into();
        }
        let values = serde_yaml::to_string(&values).unwrap();
        let base = if trial {
            vec![values.as_str()]
        } else {
            vec![SECRETS, values.as_str()]
        };
        let text = chart.render(&base).text;
        for (path, mark) in &marks.made {
            let is_for_trial = path.starts_with("/trial/") || path == "/instance/name";
            if is_for_trial == trial {
                assert!(text.contains(mark), "{path} changes nothing: {mark}");
            }
        }
    }
    assert!(marks.made.len() > 150, "{}", marks.made.len());
    switches(&chart);
}

/// Switches have no mark of their own: each is turned, and something else is made.
fn switches(chart: &Chart) {
    let on = "metrics: {serviceMonitor: {enabled: true}, rules: {enabled: true}, dashboards: {enabled: true}}\ningress: {enabled: true, trustedProxies: [10.0.0.7]}\nnetworkPolicy: {metricsFrom: [{podSelector: {}}]}";
    for turned in [
        "metrics: {serviceMonitor: {enabled: false}}",
        "metrics: {rules: {enabled: false}}",
        "metrics: {dashboards: {enabled: false}}",
        "ingress: {enabled: false}",
        "ingress: {tls: false}",
        "networkPolicy: {enabled: false}",
        "networkPolicy: {dnsPorts: [53]}",
        "ca: {clusterIssuer: true}\nnetworkPolicy: {apiServerPorts: [16443]}",
        "serviceAccount: {create: false}",
        "persistence: {keep: false}",
        "oidc: {enabled: false}",
        "ca: {ownIssuer: false}",
        "global: {storageClass: fast}",
        "tlog: {service: {type: NodePort}}",
        "tuf: {config: {telemetry: {log_format: text}}}",
        "oidc: {config: {clients: []}}",
        "persistence: {accessModes: [ReadWriteOncePod]}",
        "ca: {clusterIssuer: true}",
        "probe: {enabled: true, tokenSecret: a-token}",
        "tsa: {autoscaling: {enabled: true}}",
        "image: {pullPolicy: Always}",
        "podSecurity: {fsGroup: null}",
        "backup: {enabled: true, passphraseSecret: a, existingClaim: b}",
    ] {
        let (before, after) = (
            chart.render(&[SECRETS, on]),
            chart.render(&[SECRETS, on, turned]),
        );
        assert_ne!(before.text, after.text, "{turned}");
    }
}

/// Values of which each is found again.
#[derive(Default)]
struct Marks {
    made: Vec<(String, String)>,
}

impl Marks {
    fn set(&mut self, path: &str, value: &mut Value) {
        if let Some((_, fixed)) = FIXED.iter().find(|(fixed, _)| *fixed == path) {
            *value = serde_yaml::from_str(fixed).unwrap();
            return;
        }
        if ["/log_format", "/kind", "/type"]
            .iter()
            .any(|word| path.ends_with(word))
        {
            return;
        }
        let number = 31_000 + self.made.len();
        match value {
            Value::Object(map) if map.is_empty() => self.fill(path, map, number),
            Value::Object(map) => {
                for (key, value) in map {
                    self.set(&format!("{path}/{key}"), value);
                }
                return;
            }
            Value::Array(list) if list.is_empty() => {
                *list = vec![entry(path, number)];
            }
            // What is in a list is part of one value.
            Value::Array(_) | Value::Bool(_) | Value::Null => return,
            Value::Number(_) => *value = number.into(),
            Value::String(text) => *text = mark(path, text, number),
        }
        self.made.push((path.to_owned(), number.to_string()));
    }

    fn fill(&self, path: &str, map: &mut Map<String, Value>, number: usize) {
        let key = format!("mark-{number}");
        let value = if path.ends_with("ssuers") {
            json!({"type": key})
        } else {
            "x".into()
        };
        map.insert(key, value);
    }
}

/// A text of the same form with the number in it.
fn mark(path: &str, text: &str, number: usize) -> String {
    let is = |ending: &str| path.ends_with(ending);
    if is("/address") {
        format!("0.0.0.0:{number}")
    } else if is("/cpu") {
        format!("{number}m")
    } else if is("/memory") {
        format!("{number}Mi")
    } else if is("/size") {
        format!("{number}Gi")
    } else if path.contains("/schedules/") || is("Schedule") {
        format!("{number} 2 * * *")
    } else if is("/interval") || is("/every") {
        format!("{number}s")
    } else if is("/extensionArc") {
        format!("1.3.6.1.4.1.{number}")
    } else if is("Url") || is("/endpoint") {
        format!("https://mark{number}")
    } else if text.starts_with("file:") {
        format!("file:/mark/{number}")
    } else {
        format!("mark{number}")
    }
}

/// An entry of a list that is empty by default.
fn entry(path: &str, number: usize) -> Value {
    let mark = format!("mark{number}");
    if path.ends_with("/trustedProxies") {
        format!("10.0.0.0/{number}").into()
    } else if path.ends_with("/tolerations") {
        json!({"key": mark})
    } else if path.ends_with("/topologySpread") {
        json!({"topologyKey": mark})
    } else if path.ends_with("Egress")
        || path.ends_with("/issuers")
        || path.ends_with("/peers")
        || path.starts_with("/networkPolicy")
    {
        json!({"podSelector": {"matchLabels": {"a": mark}}})
    } else if path.ends_with("/subjects") {
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": mark})
    } else if path.ends_with("/ctLogs") {
        json!({"id": format!("{number:0>64}"), "publicKey": "a.pub"})
    } else {
        mark.into()
    }
}

/// What has no room for a mark: switches and enumerations, which `switches` turns, and values that hide others.
const FIXED: [(&str, &str); 26] = [
    ("/keys/source", "secrets"),
    ("/instance/domain", "sig.example.com"),
    ("/ingress/enabled", "true"),
    ("/ca/clusterIssuer", "true"),
    ("/metrics/serviceMonitor/enabled", "true"),
    ("/metrics/rules/enabled", "true"),
    ("/metrics/dashboards/enabled", "true"),
    ("/probe/enabled", "true"),
    ("/tsa/autoscaling/enabled", "true"),
    ("/image/pullPolicy", "Always"),
    ("/image/tag", "''"),
    (
        "/image/digest",
        "sha256:0123456789012345678901234567890123456789012345678901234567890123",
    ),
    ("/persistence/accessModes", "[ReadWriteOnce]"),
    ("/tsa/replicas", "2"),
    ("/global/storageClass", "''"),
    ("/ingress/tlsSecret", "mark-of-the-certificate"),
    ("/caBundle/key", "a.crt"),
    ("/backup/enabled", "true"),
    ("/backup/bucket/address", "s3://mark/acme"),
    ("/backup/bucket/urlStyle", "path"),
    ("/backup/existingClaim", "''"),
    // These roles have as many pods as their own marks say.
    ("/backup/schedules/ca", "''"),
    ("/backup/schedules/tsa", "''"),
    ("/begin/day", "2026-11-30"),
    ("/restore/role", "tlog"),
    ("/restore/from", "mark.tar.age"),
];
