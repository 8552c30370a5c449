//! How the authority enters certificates into the log: over mutual TLS, unless a release was laid out before that or a mesh does it.

use std::path::Path;

use serde_json::{Value, json};
use sigstead_config::{ca, ctlog};

use super::configurations::read;
use super::node::Node;
use super::{Chart, Objects, SECRETS};

/// What a lay-out says besides.
pub(crate) const LAID_OUT: &str = "submission: {service: submission-acme}";
const TRIAL: &str = "acme-sigstead.team-a.svc.cluster.local";

#[test]
fn by_default_the_log_takes_certificates_of_its_authority_alone() {
    let Some(chart) = Chart::find() else { return };
    for (values, host) in [
        (vec![], TRIAL),
        (vec![SECRETS, LAID_OUT], "submission-acme"),
    ] {
        let objects = chart.render(&values);
        let submission = read::<ctlog::Config>(&objects, "ctlog").submission;
        let submission = submission.unwrap();
        let ca: ca::Config = read(&objects, "ca");
        let log = ca.ct_log.logs().first().unwrap();
        assert_eq!(log.url.as_str(), format!("https://{host}:8388/"));
        assert_eq!(log.ca.as_ref(), Some(&submission.client_ca));
        assert_ne!(log.identity.as_ref(), Some(&submission.tls));
        assert_eq!(submission.address.port(), 8388);
        let services = objects.of("Service").into_iter();
        let reached: Vec<_> = services
            .filter(|service| host.starts_with(service["metadata"]["name"].as_str().unwrap()))
            .flat_map(|service| service["spec"]["ports"].as_array().unwrap())
            .filter(|port| port["targetPort"] == "submission")
            .collect();
        assert_eq!(reached.len(), 1, "{host}");
        assert_eq!(reached[0]["port"], 8388);
        let containers = objects.containers();
        let listens = containers.iter().filter(|each| {
            let ports = each["ports"].as_array().into_iter().flatten();
            let ports: Vec<_> = ports.collect();
            ports.contains(&&json!({"name": "submission", "containerPort": 8388}))
        });
        let names: Vec<_> = listens.map(|container| &container["name"]).collect();
        assert_eq!(names, ["ctlog"]);
    }
}

#[test]
fn nobody_but_the_authority_has_a_way_to_the_port() {
    let Some(chart) = Chart::find() else { return };
    let narrowed =
        "networkPolicy: {clients: [{podSelector: {}}], metricsFrom: [{podSelector: {}}]}";
    for (values, component) in [
        (vec![narrowed], "trial"),
        (vec![SECRETS, LAID_OUT, narrowed], "ca"),
    ] {
        let objects = chart.render(&values);
        let mut open = Vec::new();
        for policy in objects.of("NetworkPolicy") {
            for rule in policy["spec"]["ingress"].as_array().into_iter().flatten() {
                if names_port(rule) {
                    open.push(rule["from"].clone());
                }
            }
        }
        let labels = json!({"app.kubernetes.io/name": "sigstead", "app.kubernetes.io/instance": "acme", "app.kubernetes.io/component": component});
        assert_eq!(open, [json!([{"podSelector": {"matchLabels": labels}}])]);
        let calls: Vec<_> = objects
            .of("NetworkPolicy")
            .into_iter()
            .filter(|policy| {
                let rules = policy["spec"]["egress"].as_array();
                rules.into_iter().flatten().any(names_port)
            })
            .map(|policy| &policy["metadata"]["name"])
            .collect();
        assert_eq!(calls, ["acme-sigstead-ca"]);
        // Health and metrics are asked for without a certificate, on the port that they were on.
        let containers = objects.containers();
        let log = containers.iter().find(|each| each["name"] == "ctlog");
        let probe = &log.unwrap()["readinessProbe"]["httpGet"];
        assert_eq!(*probe, json!({"path": "/readyz", "port": "ctlog-ops"}));
    }
}

fn names_port(rule: &Value) -> bool {
    let ports = rule["ports"].as_array().into_iter().flatten();
    ports.into_iter().any(|port| port["port"] == "submission")
}

#[test]
fn a_release_of_before_one_in_a_mesh_and_one_with_its_own_files_go_on_as_they_say() {
    let Some(chart) = Chart::find() else { return };
    let mesh = "submission: {tls: false}";
    let own = "
ctlog:
  config:
    submitters: /etc/sigstead/keys/tls-ca.pem
    listeners: {public: {tls: {certificate: /etc/sigstead/keys/tls.pem, key: /etc/sigstead/keys/tls.key}}}
ca:
  config:
    ct_log:
      url: https://acme-sigstead-ctlog.team-a.svc.cluster.local:8373/
      public_key: /etc/sigstead/keys/ctlog.pub
      ca: /etc/sigstead/keys/tls-ca.pem
      identity: {certificate: /etc/sigstead/keys/tls-client.pem, key: /etc/sigstead/keys/tls-client.key}
";
    let plain = "http://acme-sigstead-ctlog.team-a.svc.cluster.local:8373/";
    let trial = format!("http://{TRIAL}:8373/");
    for (values, url) in [
        (vec![SECRETS], plain),
        (vec![SECRETS, LAID_OUT, mesh], plain),
        (vec![mesh], trial.as_str()),
        (
            vec![SECRETS, LAID_OUT, own],
            "https://acme-sigstead-ctlog.team-a.svc.cluster.local:8373/",
        ),
    ] {
        let objects = chart.render(&values);
        let ca: ca::Config = read(&objects, "ca");
        assert_eq!(ca.ct_log.logs().first().unwrap().url.as_str(), url);
        let ctlog: ctlog::Config = read(&objects, "ctlog");
        assert!(ctlog.submission.is_none());
        let policies = objects.of("NetworkPolicy").into_iter();
        let rules = policies.flat_map(|policy| {
            let parts = ["ingress", "egress"].map(|part| policy["spec"][part].as_array());
            parts.into_iter().flatten().flatten()
        });
        assert_eq!(rules.filter(|rule| names_port(rule)).count(), 0, "{url}");
    }
}

#[test]
fn its_port_is_no_other_role_s_and_its_name_is_called_without_the_proxy() {
    let Some(chart) = Chart::find() else { return };
    let said = chart.refusal(&["submission: {port: 8376}"]);
    assert!(said.contains("which is a port of ca"), "{said}");
    let proxy = "proxy: {url: 'http://proxy:3128'}";
    let objects = chart.render(&[SECRETS, LAID_OUT, proxy]);
    let containers = objects.containers();
    let ca = containers.iter().find(|each| each["name"] == "ca").unwrap();
    let variables = ca["env"].as_array().unwrap();
    let none = variables.iter().find(|each| each["name"] == "NO_PROXY");
    let hosts = none.unwrap()["value"].as_str().unwrap();
    assert!(hosts.split(',').any(|host| host == "submission-acme"));
}

/// The log of a release that runs takes certificates from who shows that of the authority. `authority` and `log` are the folders
/// with what the pods of both have for it.
pub(crate) fn is_for_the_authority_alone(
    node: &Node,
    host: &str,
    (authority, log): (&Path, &Path),
) {
    let ask = |url: String, shown: Option<(&Path, &str)>| {
        let mut curl = node.command("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--include",
            "--data",
            "{\"chain\":[]}",
        ]);
        curl.arg("--cacert").arg(log.join("submission-ca.pem"));
        if let Some((folder, name)) = shown {
            let file = |end: &str| folder.join(format!("{name}.{end}"));
            curl.arg("--cert").arg(file("pem"));
            curl.arg("--key").arg(file("key"));
        }
        let output = curl.arg(url).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    };
    let at = || format!("https://{host}:8388/ct/v1/add-chain");
    let plain = ask("http://127.0.0.1:8373/ct/v1/add-chain".to_owned(), None);
    assert!(plain.contains("E-CTLOG-029"), "{plain}");
    // What counts is asked for more than this.
    let let_in = ask(at(), Some((authority, "submission-client")));
    assert!(let_in.contains("E-CTLOG-003"), "{let_in}");
    for shown in [None, Some((log, "submission")), Some((authority, "admin"))] {
        let refused = ask(at(), shown);
        assert!(refused.starts_with("curl: ("), "{shown:?}: {refused}");
    }
}

/// The name of the Service, as the values of a lay-out have it.
pub(crate) fn service(objects: &Objects) -> &str {
    let mut services = objects.of("Service").into_iter();
    let found = services.find(|each| each["spec"]["ports"][0]["targetPort"] == "submission");
    found.unwrap()["metadata"]["name"].as_str().unwrap()
}
