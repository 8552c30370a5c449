//! Of the eighteen faults those of pods and of the cluster: what may run where, with which rights, and who reaches it.

use std::collections::BTreeSet;

use serde_json::json;

use super::chart::EVERYTHING;
use super::{Chart, SECRETS};

#[test]
fn h07_no_pod_asks_for_a_special_node() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS]] {
        for (name, pod) in chart.render(&values).pods() {
            assert!(pod["spec"]["nodeSelector"].is_null(), "{name}");
            assert!(pod["spec"]["affinity"]["nodeAffinity"].is_null(), "{name}");
        }
    }
}

#[test]
fn h10_everything_is_in_the_namespace_of_the_release() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        for object in chart.render(&values).all {
            assert_eq!(object["metadata"]["namespace"], "team-a", "{object}");
        }
    }
}

#[test]
fn h11_no_secret_is_made_or_copied_and_nothing_has_rights_in_the_cluster() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        let objects = chart.render(&values);
        for kind in [
            "Secret",
            "Role",
            "ClusterRole",
            "RoleBinding",
            "ClusterRoleBinding",
            "Job",
        ] {
            assert!(objects.of(kind).is_empty(), "{kind}");
        }
        for (name, pod) in objects.pods() {
            // The one exception is said by a value, and the account behind the token has no rights.
            let is_asked = name == "acme-sigstead-ca" && values.len() > 1;
            assert_eq!(
                pod["spec"]["automountServiceAccountToken"], is_asked,
                "{name}"
            );
        }
    }
}

#[test]
fn h13_no_role_lags_behind_the_others() {
    let Some(chart) = Chart::find() else { return };
    let values = "global: {imagePullSecrets: [pull], labels: {team: a}, podAnnotations: {note: b}}";
    for base in [vec![values], vec![SECRETS, values]] {
        let objects = chart.render(&base);
        for (name, pod) in objects.pods() {
            assert_eq!(pod["metadata"]["labels"]["team"], "a", "{name}");
            let spec = &pod["spec"];
            assert_eq!(
                spec["imagePullSecrets"],
                json!([{"name": "pull"}]),
                "{name}"
            );
            assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{name}");
            assert_eq!(
                spec["securityContext"]["seccompProfile"]["type"],
                "RuntimeDefault"
            );
            assert!(
                spec["securityContext"]["runAsUser"].is_null(),
                "{name} works under any user"
            );
        }
        for container in objects.containers() {
            let security = json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            });
            assert_eq!(container["securityContext"], security, "{container}");
            assert!(container["resources"]["requests"]["memory"].is_string());
            assert!(container["resources"]["limits"]["memory"].is_string());
            if container["ports"].is_array() {
                let role = container["name"].as_str().unwrap();
                for (probe, path) in [
                    ("startupProbe", "/healthz"),
                    ("livenessProbe", "/healthz"),
                    ("readinessProbe", "/readyz"),
                ] {
                    let get = json!({"path": path, "port": format!("{role}-ops")});
                    assert_eq!(container[probe]["httpGet"], get, "{role}");
                }
                assert!(container["lifecycle"]["preStop"]["sleep"]["seconds"].is_number());
            }
        }
    }
}

#[test]
fn h15_nothing_needs_one_vendors_cluster() {
    let Some(chart) = Chart::find() else { return };
    let plain = chart.render(&[SECRETS]);
    assert!(plain.of("Ingress").is_empty());
    let standard = BTreeSet::from(["v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"]);
    for values in [vec![], vec![SECRETS]] {
        for object in chart.render(&values).all {
            assert!(
                standard.contains(object["apiVersion"].as_str().unwrap()),
                "{object}"
            );
        }
    }
    let on = chart.render(&[SECRETS, EVERYTHING]);
    let hosts: BTreeSet<_> = on
        .of("Ingress")
        .into_iter()
        .flat_map(|ingress| ingress["spec"]["rules"].as_array().unwrap())
        .map(|rule| rule["host"].as_str().unwrap().to_owned())
        .collect();
    for host in ["ca", "tsa", "tuf", "oidc", "rekor", "log1.rekor", "log1.ct"] {
        assert!(
            hosts.contains(&format!("{host}.sig.example.com")),
            "{host}: {hosts:?}"
        );
    }
    for ingress in on.of("Ingress") {
        let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
        let port = path["backend"]["service"]["port"]["name"].as_str().unwrap();
        assert!(!port.ends_with("-ops"), "{ingress}");
    }
}

#[test]
fn h17_policies_budgets_spread_tests_and_monitoring_are_there() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS, EVERYTHING]);
    let default = objects.named("NetworkPolicy", "acme-sigstead-default");
    assert_eq!(default["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    assert!(default["spec"]["ingress"].is_null());
    let budgets: Vec<_> = objects
        .of("PodDisruptionBudget")
        .into_iter()
        .map(|each| &each["metadata"]["name"])
        .collect();
    assert_eq!(
        budgets,
        ["acme-sigstead-ca", "acme-sigstead-tsa"],
        "none of single writers"
    );
    for name in ["ca", "tsa"] {
        let (_, pod) = objects
            .pods()
            .into_iter()
            .find(|(pod, _)| *pod == format!("acme-sigstead-{name}"))
            .unwrap();
        let spread = pod["spec"]["topologySpreadConstraints"].as_array().unwrap();
        assert!(
            spread
                .iter()
                .all(|each| each["whenUnsatisfiable"] == "ScheduleAnyway")
        );
        assert_eq!(spread.len(), 2);
    }
    assert_eq!(objects.of("HorizontalPodAutoscaler").len(), 1);
    assert_eq!(objects.of("ServiceMonitor").len(), 1);
    let rules = objects.of("PrometheusRule");
    assert!(
        rules[0]["spec"]["groups"][0]["rules"]
            .as_array()
            .unwrap()
            .len()
            > 3
    );
    let test = objects.named("Pod", "acme-sigstead-test");
    assert_eq!(test["metadata"]["annotations"]["helm.sh/hook"], "test");
}

#[test]
fn h18_only_our_image_runs() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        let objects = chart.render(&values);
        let images: BTreeSet<_> = objects
            .containers()
            .into_iter()
            .map(|each| each["image"].to_string())
            .collect();
        assert_eq!(images.len(), 1, "{images:?}");
    }
}

#[test]
fn a_render_is_the_same_each_time_and_two_releases_share_nothing() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        let first = chart.render(&values);
        assert_eq!(first.text, chart.render(&values).text);
        let other = chart.render_as("beta", "team-a", &values);
        let names = |objects: &super::Objects| -> BTreeSet<_> {
            let named = objects.all.iter().map(|each| {
                (
                    each["kind"].to_string(),
                    each["metadata"]["name"].to_string(),
                )
            });
            named.collect()
        };
        assert!(names(&first).is_disjoint(&names(&other)));
    }
}

#[test]
fn a_replica_that_is_stuck_holds_up_no_other() {
    let Some(chart) = Chart::find() else { return };
    for set in chart.render(&[SECRETS]).of("StatefulSet") {
        let policy = &set["spec"]["podManagementPolicy"];
        let name = set["metadata"]["name"].as_str().unwrap();
        let has_others = ["acme-sigstead-ca", "acme-sigstead-tsa"].contains(&name);
        assert_eq!(policy == "Parallel", has_others, "{set}");
    }
}

#[test]
fn a_test_of_the_release_is_there_where_it_can_pass() {
    let Some(chart) = Chart::find() else { return };
    let token = "tests: {tokenSecret: a-token}";
    for (values, is_there) in [
        (vec![], true),
        (vec!["oidc: {enabled: false}"], false),
        (vec!["ca: {ownIssuer: false}"], false),
        // The identity of a trial's test is of its own issuer, whatever else there is.
        (vec!["oidc: {enabled: false}", token], false),
        (vec![SECRETS], false),
        (vec![SECRETS, token, "oidc: {enabled: false}"], true),
        (
            vec![SECRETS, "ca: {clusterIssuer: true, ownIssuer: false}"],
            true,
        ),
    ] {
        let objects = chart.render(&values);
        let tests = objects.of("Pod");
        assert_eq!(tests.len(), usize::from(is_there), "{values:?}");
    }
}
