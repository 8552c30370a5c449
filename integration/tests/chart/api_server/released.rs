//! The chart installed by Helm, by somebody who owns one namespace and nothing else.

use std::process::{Command, Output, Stdio};

use serde_json::json;
use sigstead_integration::{client, run, wait_for};

use super::ApiServer;
use super::applied::take;
use crate::chart::{Chart, EVERYTHING, SECRETS};
use crate::objects::Objects;

const UNWATCHED: &str = "metrics: {serviceMonitor: {enabled: false}, rules: {enabled: false}}";

#[test]
fn who_owns_a_namespace_installs_changes_tests_and_removes_a_release() {
    let (Some(_), Some(helm), Some(server)) = (Chart::find(), client::helm(), ApiServer::start())
    else {
        return;
    };
    for (namespace, values) in [
        ("trial", vec![]),
        ("team-a", vec![SECRETS, EVERYTHING, UNWATCHED]),
    ] {
        server.namespace(namespace);
        owner(&server, namespace);
        let release = Release {
            server: &server,
            helm: helm.clone(),
            namespace,
        };
        release.succeeds(&["install", "--dry-run=server"], &values);
        assert_eq!(
            release.objects(),
            Vec::<String>::new(),
            "nothing is there yet"
        );
        release.succeeds(&["install"], &values);
        let installed = release.objects();
        assert!(installed.len() > 10, "{installed:?}");
        release.succeeds(&["upgrade", "--dry-run=server"], &values);
        release.succeeds(&["upgrade"], &values);
        assert_eq!(installed, release.objects());
        let changed = [&values[..], &["image: {tag: '2'}\nca: {replicas: 3}"]].concat();
        release.succeeds(&["upgrade"], &changed);
        release.is_tested();
        release.says(&["rollback", "acme", "1"], "Rollback was a success");
        release.says(&["uninstall", "acme"], "uninstalled");
        // Helm leaves what its hooks made.
        assert_eq!(release.objects(), ["pod/acme-sigstead-test"]);
    }
    let release = Release {
        server: &server,
        helm,
        namespace: "team-a",
    };
    let refused = release.run(&["install", "acme"], &[SECRETS, EVERYTHING]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("no matches for kind \"ServiceMonitor\""),
        "{said}"
    );
    assert!(said.contains("ensure CRDs are installed first"), "{said}");
}

/// A user who may do in one namespace what the cluster's role `admin` may.
fn owner(server: &ApiServer, namespace: &str) {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "owner", "namespace": namespace}});
    take(server, &Objects::parse(&account.to_string()));
    let account = format!("{namespace}:owner");
    // The role `admin` is what controllers make of these.
    for part in ["admin", "edit", "view"] {
        let role = format!("system:aggregate-to-{part}");
        server.ask(&[
            "--namespace",
            namespace,
            "create",
            "rolebinding",
            part,
            "--clusterrole",
            &role,
            "--serviceaccount",
            &account,
        ]);
    }
    let token = server.ask(&["--namespace", namespace, "create", "token", "owner"]);
    server.know("owner", token.trim());
}

struct Release<'a> {
    server: &'a ApiServer,
    helm: std::path::PathBuf,
    namespace: &'a str,
}

impl Release<'_> {
    /// Runs Helm with the chart; it must be content, and must have heard no warning.
    fn succeeds(&self, verb: &[&str], values: &[&str]) {
        let output = self.run(&[verb, &["acme"]].concat(), values);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{verb:?}: {said}"
        );
    }

    fn run(&self, arguments: &[&str], values: &[&str]) -> Output {
        let files = crate::chart::files(values);
        let mut helm = self.command(arguments);
        helm.arg(Chart::folder());
        for file in &files {
            helm.arg("--values").arg(file.path());
        }
        helm.output().unwrap()
    }

    fn says(&self, arguments: &[&str], what: &str) {
        let output = run(&mut self.command(arguments)).unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(what), "{said}");
    }

    /// `helm test`: the pod of it is let in, and Helm believes what becomes of it. No kubelet is here, so it is told.
    fn is_tested(&self) {
        let mut test = self.command(&["test", "acme"]);
        let test = test
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pod = [
            "--namespace",
            self.namespace,
            "get",
            "pod",
            "acme-sigstead-test",
        ];
        wait_for("the pod of the test", || {
            self.server.kubectl("admin", &pod).status.success()
        })
        .unwrap();
        let ended = r#"{"status": {"phase": "Succeeded"}}"#;
        self.server.ask(&[
            "--namespace",
            self.namespace,
            "patch",
            "pod",
            "acme-sigstead-test",
            "--subresource",
            "status",
            "--patch",
            ended,
        ]);
        let tested = test.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&tested.stdout);
        assert!(
            tested.status.success() && said.contains("Succeeded"),
            "{said}"
        );
    }

    /// The objects of the release that are in the namespace.
    fn objects(&self) -> Vec<String> {
        let kinds = "serviceaccounts,configmaps,services,deployments,statefulsets,pods,networkpolicies,ingresses,\
                     poddisruptionbudgets,horizontalpodautoscalers";
        let ours = [
            "--selector",
            "app.kubernetes.io/instance=acme",
            "--output",
            "name",
        ];
        let arguments = [&["--namespace", self.namespace, "get", kinds][..], &ours].concat();
        let named = self.server.ask(&arguments);
        named.lines().map(str::to_owned).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.helm);
        command
            .args(arguments)
            .args(["--namespace", self.namespace])
            .env("KUBECONFIG", self.server.config("owner"))
            .env("HOME", self.server.path("helm"));
        command
    }
}
