//! Changed values on objects that are there: which of them the server takes, and which fields never change.

use serde_json::Value;

use super::ApiServer;
use super::applied::{apply, take};
use crate::chart::{Chart, EVERYTHING, SECRETS};
use crate::objects::Objects;

/// Another value wherever a site may change its mind.
const OTHER: &str = "
global:
  imageRegistry: registry.example.com
  imagePullSecrets: [pull]
  labels: {team: b}
  podAnnotations: {note: b}
  clusterDomain: other.example
image: {tag: '2', pullPolicy: Always}
podSecurity: {fsGroup: 1234}
persistence: {keep: false}
serviceAccount: {name: another, annotations: {note: b}}
caBundle: {existingConfigMap: other-ca, key: other.crt}
networkPolicy: {clients: [{namespaceSelector: {}}], dnsPorts: [53], apiServerPorts: [16443]}
proxy: {url: 'http://other:3129', exclude: [x.example]}
trial: {resources: {requests: {cpu: 60m, memory: 65Mi}, limits: {memory: 2Gi}}}
tlog: &role
  resources: {requests: {cpu: 60m, memory: 65Mi}, limits: {memory: 2Gi}}
  service: {type: NodePort, annotations: {note: b}}
  podAnnotations: {note: c}
  podLabels: {note: c}
  nodeSelector: {disk: fast}
  tolerations: [{key: a, operator: Exists}]
  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: {matchLabels: {a: b}}}]}}
  priorityClassName: high
  terminationGracePeriodSeconds: 90
  extraEgress: [{ports: [{port: 8443}]}]
  config: {listeners: {public: {address: '0.0.0.0:9001'}, ops: {address: '0.0.0.0:9002'}}}
ctlog: {<<: *role, config: {listeners: {public: {address: '0.0.0.0:9003'}, ops: {address: '0.0.0.0:9004'}}}}
tuf: {<<: *role, config: {listeners: {public: {address: '0.0.0.0:9005'}, ops: {address: '0.0.0.0:9006'}}}}
oidc: {<<: *role, config: {listeners: {public: {address: '0.0.0.0:9007'}, ops: {address: '0.0.0.0:9008'}}}}
ca: {<<: *role, replicas: 3, config: {listeners: {public: {address: '0.0.0.0:9009'}, ops: {address: '0.0.0.0:9010'}}}}
tsa: {<<: *role, replicas: 3, config: {listeners: {public: {address: '0.0.0.0:9011'}, ops: {address: '0.0.0.0:9012'}}}}
";

/// The volumes of a set, of which Kubernetes lets nobody change the templates.
const VOLUMES: [(&str, &str); 8] = [
    ("tlog: {persistence: {size: 60Gi}}", "acme-sigstead-tlog"),
    ("tlog: {anchor: {size: 2Gi}}", "acme-sigstead-tlog"),
    (
        "ctlog: {persistence: {storageClass: fast}}",
        "acme-sigstead-ctlog",
    ),
    ("ca: {persistence: {size: 6Gi}}", "acme-sigstead-ca"),
    ("tuf: {persistence: {size: 6Gi}}", "acme-sigstead-tuf"),
    ("oidc: {persistence: {size: 6Gi}}", "acme-sigstead-oidc"),
    ("global: {storageClass: fast}", "acme-sigstead-tlog"),
    (
        "persistence: {accessModes: [ReadWriteOncePod]}",
        "acme-sigstead-tlog",
    ),
];

#[test]
fn every_value_can_be_changed_but_those_of_volumes() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    let unwatched = "metrics: {serviceMonitor: {enabled: false}, rules: {enabled: false}}";
    server.namespace("team-a");
    for (release, base) in [
        ("try", vec![]),
        ("acme", vec![SECRETS]),
        ("all", vec![SECRETS, EVERYTHING, unwatched]),
    ] {
        let before = objects(&chart, release, &base);
        take(&server, &before);
        let changed = [&base[..], &[OTHER]].concat();
        let changed = objects(&chart, release, &changed);
        assert_ne!(before.text, changed.text);
        take(&server, &changed);
        // And back, as `helm rollback` goes.
        take(&server, &before);
    }
    for (values, set) in VOLUMES {
        let objects = objects(&chart, "acme", &[SECRETS, values]);
        let output = apply(&server, &objects.text);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{values}");
        assert!(
            said.contains(&format!("\"{set}\" is invalid: spec: Forbidden")),
            "{values}: {said}"
        );
        // And back, so that the next one begins where this one did.
        for objects in [objects, chart.render(&[SECRETS])] {
            is_made_again(&server, objects.named("StatefulSet", set));
        }
    }
}

/// As the manual says: the set goes, its pods and volumes stay, and the next one takes them over.
fn is_made_again(server: &ApiServer, set: &Value) {
    let name = set["metadata"]["name"].as_str().unwrap();
    let in_namespace = |arguments: &[&str]| {
        server.ask(&[&["--namespace", "team-a"], arguments].concat());
    };
    in_namespace(&[
        "delete",
        "statefulset",
        name,
        "--cascade=orphan",
        "--wait=false",
    ]);
    // A controller lets go of it when its pods are orphans; none runs here.
    let released = r#"{"metadata": {"finalizers": null}}"#;
    in_namespace(&[
        "patch",
        "statefulset",
        name,
        "--type=merge",
        "--patch",
        released,
    ]);
    take(server, &Objects::parse(&set.to_string()));
}

/// What stays: Helm alone knows when the pod of a test comes and goes, and no field of a pod can be changed.
fn objects(chart: &Chart, release: &str, values: &[&str]) -> Objects {
    let rendered = chart.render_as(release, "team-a", values).text;
    let documents = rendered.split("\n---\n");
    let stays: Vec<_> = documents
        .filter(|document| !document.contains("helm.sh/hook:"))
        .collect();
    Objects::parse(&stays.join("\n---\n"))
}
