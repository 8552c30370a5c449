//! The objects applied as a `GitOps` tool applies them: by the server, strictly, and again.

use serde_json::{Value, json};

use super::ApiServer;
use crate::chart::{Chart, EVERYTHING, SECRETS};
use crate::objects::{Objects, entries};

/// The kinds of the Prometheus operator are no part of Kubernetes.
const UNWATCHED: &str = "metrics: {serviceMonitor: {enabled: false}, rules: {enabled: false}}";

/// What is turned the other way than in the rest.
const OTHERWISE: &str = "
podSecurity: {fsGroup: null}
persistence: {keep: false, accessModes: [ReadWriteOncePod]}
networkPolicy: {clients: [{namespaceSelector: {}}], issuers: [{ipBlock: {cidr: 10.0.0.0/8}}]}
oidc: {enabled: false}
serviceAccount: {create: false, name: default}
tlog: {service: {type: NodePort}}
tests: {tokenSecret: a-token}
";

/// Names of namespaces, and the values of the releases in them.
fn releases() -> [(&'static str, Vec<&'static str>); 5] {
    [
        ("trial", vec![]),
        (
            "trial-alone",
            vec!["oidc: {enabled: false}\nnetworkPolicy: {enabled: false}"],
        ),
        ("keys", vec![SECRETS]),
        ("everything", vec![SECRETS, EVERYTHING, UNWATCHED]),
        ("otherwise", vec![SECRETS, OTHERWISE]),
    ]
}

#[test]
fn what_is_applied_is_taken_as_it_is_and_again_changes_nothing() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    for (namespace, values) in releases() {
        server.namespace(namespace);
        let objects = chart.render_as("acme", namespace, &values);
        take(&server, &objects);
        let first = stored(&server, &objects);
        for (asked, found) in objects.all.iter().zip(&first) {
            let differs = difference("", asked, found);
            assert_eq!(
                differs, None,
                "{namespace}: a GitOps tool would see a drift"
            );
        }
        take(&server, &objects);
        assert_eq!(
            versions(&first),
            versions(&stored(&server, &objects)),
            "{namespace}"
        );
        let manager = [
            "diff",
            "--server-side",
            "--field-manager",
            MANAGER,
            "--filename",
            "-",
        ];
        let compared = server.tell(&manager, &objects.text);
        assert!(
            compared.status.success(),
            "{}",
            String::from_utf8_lossy(&compared.stdout)
        );
    }
}

#[test]
fn a_field_that_is_unknown_and_a_kind_that_is_not_there_are_refused_by_name() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    server.namespace("team-a");
    let misspelt = chart
        .render(&[SECRETS])
        .text
        .replacen("readinessProbe:", "readynessProbe:", 1);
    let output = apply(&server, &misspelt);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("readynessProbe"),
        "{said}"
    );
    let watched = chart.render(&[SECRETS, EVERYTHING]);
    let output = apply(&server, &watched.text);
    let said = String::from_utf8_lossy(&output.stderr);
    for kind in ["ServiceMonitor", "PrometheusRule"] {
        assert!(
            said.contains(&format!("no matches for kind \"{kind}\"")),
            "{said}"
        );
    }
    assert!(
        !output.status.success() && said.contains("ensure CRDs are installed first"),
        "{said}"
    );
    for (plural, kind) in [
        ("servicemonitors", "ServiceMonitor"),
        ("prometheusrules", "PrometheusRule"),
    ] {
        let output = apply(&server, &definition(plural, kind));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    server.ask(&["wait", "--for", "condition=Established", "crd", "--all"]);
    take(&server, &watched);
}

#[test]
fn every_pod_is_of_the_restricted_profile_and_only_one_that_asks_has_a_token() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    for (namespace, values) in releases() {
        server.namespace(namespace);
        let objects = chart.render_as("acme", namespace, &values);
        for account in objects.of("ServiceAccount") {
            take(&server, &Objects::parse(&account.to_string()));
        }
        for (name, pod) in objects.pods() {
            let pod = of_template(&objects, namespace, &name, pod);
            let admitted = create(&server, &pod);
            assert!(
                admitted.status.success(),
                "{name}: {}",
                String::from_utf8_lossy(&admitted.stderr)
            );
            let admitted: Value = serde_json::from_slice(&admitted.stdout).unwrap();
            let volumes = admitted["spec"]["volumes"].as_array().unwrap();
            let is_token = |volume: &&Value| {
                volume["name"]
                    .as_str()
                    .unwrap()
                    .starts_with("kube-api-access")
            };
            let asks = namespace == "everything" && name == "acme-sigstead-ca";
            assert_eq!(
                volumes.iter().any(|volume| is_token(&volume)),
                asks,
                "{namespace} {name}"
            );
            // The same pod with one right more is not let in, so it is the profile that decides.
            let mut greedy = pod;
            greedy["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] =
                true.into();
            let refused = create(&server, &greedy);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(
                said.contains("violates PodSecurity \"restricted:latest\""),
                "{name}: {said}"
            );
        }
    }
}

/// Applies objects, which must be taken without a warning.
pub(super) fn take(server: &ApiServer, objects: &Objects) {
    let output = apply(server, &objects.text);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

pub(super) fn apply(server: &ApiServer, text: &str) -> std::process::Output {
    let arguments = [
        "apply",
        "--server-side",
        "--validate=strict",
        "--field-manager",
        MANAGER,
    ];
    server.tell(&[&arguments[..], &["--filename", "-"]].concat(), text)
}

/// What is stored of objects, in their order.
fn stored(server: &ApiServer, objects: &Objects) -> Vec<Value> {
    let output = server.tell(
        &["get", "--output", "json", "--filename", "-"],
        &objects.text,
    );
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = list["items"].as_array().unwrap().clone();
    assert_eq!(found.len(), objects.all.len());
    found
}

fn versions(objects: &[Value]) -> Vec<&Value> {
    objects
        .iter()
        .map(|object| &object["metadata"]["resourceVersion"])
        .collect()
}

/// The first place at which the server has something else than what it was asked for.
fn difference(at: &str, asked: &Value, found: &Value) -> Option<String> {
    let within = |(key, asked): (String, &Value), found: &Value| {
        difference(&format!("{at}/{key}"), asked, found)
    };
    match asked {
        Value::Object(map) => map
            .iter()
            .find_map(|(key, asked)| within((key.clone(), asked), &found[key])),
        Value::Array(list) => {
            let found = found.as_array().cloned().unwrap_or_default();
            let mut each = list.iter().enumerate();
            let differs = each.find_map(|(number, asked)| {
                within(
                    (number.to_string(), asked),
                    found.get(number).unwrap_or(&Value::Null),
                )
            });
            differs.or_else(|| (list.len() != found.len()).then(|| format!("{at}: {found:?}")))
        }
        _ => (asked != found).then(|| format!("{at}: {asked} became {found}")),
    }
}

/// The pod that a controller makes of a template; claims are made for it.
fn of_template(objects: &Objects, namespace: &str, name: &str, pod: &Value) -> Value {
    let mut made = json!({"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"], "spec": pod["spec"]});
    made["metadata"]["name"] = format!("{name}-0").into();
    made["metadata"]["namespace"] = namespace.into();
    let sets = objects.of("StatefulSet").into_iter();
    for set in sets.filter(|set| set["metadata"]["name"] == name) {
        for claim in set["spec"]["volumeClaimTemplates"].as_array().unwrap() {
            let claim = claim["metadata"]["name"].as_str().unwrap();
            let volume = json!({"name": claim, "persistentVolumeClaim": {"claimName": format!("{claim}-{name}-0")}});
            made["spec"]["volumes"].as_array_mut().unwrap().push(volume);
        }
    }
    assert!(!entries(&made["spec"]).is_empty(), "{name}");
    made
}

fn create(server: &ApiServer, pod: &Value) -> std::process::Output {
    let arguments = [
        "create",
        "--dry-run=server",
        "--validate=strict",
        "--output",
        "json",
        "--filename",
        "-",
    ];
    server.tell(&arguments, &pod.to_string())
}

/// A kind of the Prometheus operator with any fields.
fn definition(plural: &str, kind: &str) -> String {
    let group = "monitoring.coreos.com";
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    })
    .to_string()
}

const MANAGER: &str = "gitops";
