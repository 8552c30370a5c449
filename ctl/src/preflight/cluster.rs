//! A cluster before the chart is installed in it: what it has, and what the caller may.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;

use crate::kubectl::Kubectl;

/// What will be installed.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Empty for the default of the cluster.
    pub(super) storage_class: Option<String>,
    pub(super) ingress_class: Option<String>,
    /// With `metrics.serviceMonitor` and `metrics.rules`.
    pub(super) metrics: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub(super) namespace: String,
    pub(super) wanted: Wanted,
    /// Major and minor version, or why the cluster is not reached.
    pub(super) version: Result<(u32, u32), String>,
    /// The labels of the namespace, `None` if it is not there.
    pub(super) labels: Result<Option<Value>, String>,
    /// What the caller may create.
    pub(super) may: Vec<(&'static str, Result<bool, String>)>,
    pub(super) storage_classes: Result<Vec<StorageClass>, String>,
    pub(super) ingress_classes: Result<BTreeSet<String>, String>,
    pub(super) api_versions: Result<BTreeSet<String>, String>,
}

/// A storage class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StorageClass {
    pub(super) name: String,
    pub(super) provisioner: String,
    pub(super) is_default: bool,
}

impl Cluster {
    /// Asks everything at once.
    pub(super) async fn ask(kubectl: &Kubectl, wanted: Wanted) -> Self {
        let kinds: Vec<_> = kinds(&wanted).collect();
        let rights = join_all(
            kinds
                .iter()
                .map(|kind| async move { (*kind, kubectl.may("create", kind).await) }),
        );
        let (version, labels, may, storage, ingress, versions) = tokio::join!(
            kubectl.json(&["version", "--output", "json"]),
            labels(kubectl),
            rights,
            kubectl.json(&["get", "storageclasses", "--output", "json"]),
            kubectl.json(&["get", "ingressclasses", "--output", "json"]),
            kubectl.text(&["api-versions"]),
        );
        Self {
            namespace: kubectl.namespace.clone(),
            wanted,
            version: version.and_then(|json| server_version(&json)),
            labels,
            may,
            storage_classes: storage.map(|json| items(&json).map(StorageClass::of).collect()),
            ingress_classes: ingress.map(|json| items(&json).map(name).collect()),
            api_versions: versions.map(|text| text.lines().map(str::to_owned).collect()),
        }
    }
}

async fn labels(kubectl: &Kubectl) -> Result<Option<Value>, String> {
    let name = kubectl.namespace.as_str();
    let asked = [
        "get",
        "namespace",
        name,
        "--ignore-not-found",
        "--output",
        "json",
    ];
    match kubectl.json(&asked).await {
        Ok(namespace) => Ok(Some(namespace["metadata"]["labels"].clone())),
        // Nothing is printed of one that is not there.
        Err(why) if why.contains("no JSON: EOF") => Ok(None),
        Err(why) => Err(why),
    }
}

impl StorageClass {
    fn of(json: &Value) -> Self {
        let annotations = &json["metadata"]["annotations"];
        Self {
            name: name(json),
            provisioner: text(&json["provisioner"]),
            is_default: annotations[DEFAULT_CLASS] == "true",
        }
    }
}

fn server_version(json: &Value) -> Result<(u32, u32), String> {
    let part = |name: &str| {
        let text = json["serverVersion"][name].as_str()?;
        // Clouds write a sign behind it.
        text.trim_end_matches('+').parse().ok()
    };
    let version = part("major").zip(part("minor"));
    version.ok_or_else(|| "the server does not say its version".to_owned())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn name(json: &Value) -> String {
    text(&json["metadata"]["name"])
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

/// What the chart makes of each kind.
fn kinds(wanted: &Wanted) -> impl Iterator<Item = &'static str> {
    let ingress = wanted
        .ingress_class
        .as_ref()
        .map(|_| "ingresses.networking.k8s.io");
    let monitoring = match wanted.metrics {
        true => &[
            "servicemonitors.monitoring.coreos.com",
            "prometheusrules.monitoring.coreos.com",
        ][..],
        false => &[],
    };
    KINDS
        .into_iter()
        .chain(ingress)
        .chain(monitoring.iter().copied())
}

const KINDS: [&str; 10] = [
    "configmaps",
    "secrets",
    "services",
    "serviceaccounts",
    "pods",
    "deployments.apps",
    "statefulsets.apps",
    "poddisruptionbudgets.policy",
    "networkpolicies.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
];
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_are_read_as_clusters_write_them() {
        for (server, expected) in [
            (json!({"major": "1", "minor": "34"}), Some((1, 34))),
            (json!({"major": "1", "minor": "30+"}), Some((1, 30))),
            (json!({"major": "", "minor": ""}), None),
            (json!(null), None),
        ] {
            let read = server_version(&json!({"clientVersion": {}, "serverVersion": server}));
            assert_eq!(read.ok(), expected);
        }
    }

    #[test]
    fn what_is_wanted_is_asked_for() {
        let all = Wanted {
            ingress_class: Some("nginx".to_owned()),
            metrics: true,
            ..Wanted::default()
        };
        assert_eq!(kinds(&all).count(), kinds(&Wanted::default()).count() + 3);
    }
}
