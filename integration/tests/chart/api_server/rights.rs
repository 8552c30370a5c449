//! What the release's account may do in the cluster, asked with its own token.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ApiServer;
use super::applied::take;
use crate::chart::{Chart, EVERYTHING, SECRETS};
use crate::objects::Objects;

#[test]
fn the_account_of_a_release_may_nothing_but_ask_who_it_is() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    let unwatched = "metrics: {serviceMonitor: {enabled: false}, rules: {enabled: false}}";
    for (namespace, values) in [
        ("trial", vec![]),
        ("team-a", vec![SECRETS, EVERYTHING, unwatched]),
    ] {
        server.namespace(namespace);
        let objects = chart.render_as("acme", namespace, &values);
        take(&server, &objects);
        secret(&server, namespace);
        let token = server.ask(&["--namespace", namespace, "create", "token", "acme-sigstead"]);
        server.know("pod", token.trim());
        may_ask_who_it_is(&server, namespace);
        for (verb, what) in [
            ("get", "secret/acme-sigstead-ca"),
            ("delete", "secret/acme-sigstead-ca"),
            ("get", "secrets"),
            ("get", "configmaps"),
            ("get", "pods"),
            ("delete", "statefulsets"),
            ("get", "serviceaccounts"),
            ("get", "nodes"),
            ("get", "namespaces"),
            ("get", "clusterroles"),
        ] {
            refused(&server, namespace, verb, what);
        }
        // What the ca asks for where it believes the cluster's own tokens.
        for path in ["/.well-known/openid-configuration", "/openid/v1/jwks"] {
            let asked = server.kubectl("pod", &["get", "--raw", path]);
            assert!(
                asked.status.success(),
                "{}",
                String::from_utf8_lossy(&asked.stderr)
            );
        }
    }
}

/// The rules that the server itself has for the account.
fn may_ask_who_it_is(server: &ApiServer, namespace: &str) {
    // It may not even read what kinds there are, by which a client checks fields.
    let kind = "SelfSubjectRulesReview";
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": {"namespace": namespace}});
    let output = server.tell_as(
        "pod",
        &[
            "create",
            "--validate=false",
            "--output",
            "json",
            "--filename",
            "-",
        ],
        &review.to_string(),
    );
    let review: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = review["status"]["resourceRules"].as_array().unwrap();
    let may: BTreeSet<_> = rules
        .iter()
        .map(|rule| (rule["apiGroups"].to_string(), rule["verbs"].to_string()))
        .collect();
    let of = |group: &str| (format!("[\"{group}\"]"), "[\"create\"]".to_owned());
    assert_eq!(
        may,
        BTreeSet::from([of("authentication.k8s.io"), of("authorization.k8s.io")])
    );
}

fn refused(server: &ApiServer, namespace: &str, verb: &str, what: &str) {
    let all: &[&str] = match verb {
        "delete" if !what.contains('/') => &["--all"],
        _ => &[],
    };
    let arguments = [&["--namespace", namespace, verb, what], all].concat();
    let asked = server.kubectl("pod", &arguments);
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(
        said.contains("(Forbidden)") && asked.stdout.is_empty(),
        "{verb} {what}: {said}"
    );
    // It is there to be had: who may, can.
    let admin = server.kubectl("admin", &["--namespace", namespace, "get", what]);
    assert!(admin.status.success(), "{what}");
}

fn secret(server: &ApiServer, namespace: &str) {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "acme-sigstead-ca", "namespace": namespace},
        "stringData": {"ca.key": "a key"},
    });
    take(server, &Objects::parse(&secret.to_string()));
}
