//! Keys of a release that are rotated from outside, by an operator who has the instance and rights on the named objects.
//!
//! The pods run as processes, and the cluster is played. The real API server judges the rights and the versions (`make full`).

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sigstead_integration::{run, sigctl, wait_for};

use super::beginnings::begin;
use super::node::Node;
use super::outside::Outside;
use super::played::Cluster;
use super::pods::{PERSON, node, start_all, workloads};
use super::submission;
use super::{Chart, SECRETS};

const REAL: &str = "sig.example.com";

#[test]
fn keys_of_a_release_are_rotated_while_it_runs_and_by_one_operator_at_a_time() {
    let (Some(chart), Some(mut node)) = (Chart::find(), node(&[REAL])) else {
        return;
    };
    let outside = Outside::make(&mut node, &["--host", REAL, "--base-port", "8370"]);
    let objects = chart.render(&outside.values());
    let submission = submission::service(&objects).to_owned();
    node.rename(&[REAL.to_owned(), submission]);
    begin(&chart, &node, &outside.values());
    start_all(&mut node, &objects, &workloads(&objects));
    let cluster = Cluster::start(&node, &node.work().join("laid-out"));
    let office = Office {
        instance: outside.instance.clone(),
        programs: cluster.programs.clone(),
    };
    office.attach(&node);
    let old_copy = node.work().join("old-copy");
    run(Command::new("cp")
        .arg("-a")
        .args([&office.instance, &old_copy]))
    .unwrap();

    office.refused(&node, &["up"], "E-CTL-540");
    for role in ["rekor-v1", "rekor-v2", "ct", "admin", "admin-ca"] {
        office.refused(&node, &["rotate", role, "plan"], "E-CTL-541");
    }
    let place = "pkcs11:token=site;object=tsa";
    let places = [
        "rotate",
        "tsa",
        "plan",
        "--key-uri",
        place,
        "--module",
        "m.so",
        "--pin-file",
        "pin",
    ];
    office.refused(&node, &places, "E-KEY-020");

    cluster.hold("somebody@else");
    office.refused(&node, &start("tsa"), "E-CTL-539");
    cluster.release();
    office.json(&node, &start("tsa"));
    // An upgrade of the release in the middle of the plan, with which every pod is another one.
    node.stop();
    let upgrade = [outside.values(), vec!["tsa: {podAnnotations: {a: b}}"]].concat();
    let objects = chart.render(&upgrade);
    cluster.mount(&mut node);
    start_all(&mut node, &objects, &workloads(&objects));
    office.finish(&node, &cluster, "tsa");
    for role in [
        "ca-intermediate",
        "ca-root",
        "tuf-online",
        "tuf-targets",
        "tuf-root",
        "oidc",
    ] {
        office.json(&node, &start(role));
        assert!(cluster.is_released(), "{role}");
        office.finish(&node, &cluster, role);
    }
    // Who has an older copy of the instance takes nothing away that another one published.
    let older = Office {
        instance: old_copy,
        ..office
    };
    older.refused(&node, &start("tsa"), "E-CTL-537");
    node.stop();
    cluster.stop();
}

#[test]
fn an_upgrade_of_the_release_touches_nothing_that_plans_write() {
    let Some(chart) = Chart::find() else { return };
    let subject =
        "plans: {subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ada}]}";
    let objects = chart.render(&[SECRETS, subject]);
    for kind in ["Secret", "Lease", "Job"] {
        assert!(objects.of(kind).is_empty(), "{kind}");
    }
    let maps = objects.of("ConfigMap").into_iter();
    let mut names = maps.map(|map| map["metadata"]["name"].as_str().unwrap());
    assert!(!names.any(|name| name.ends_with("-publication")));
    let role = objects.named("Role", "acme-sigstead-plans");
    let rules = role["rules"].as_array().unwrap();
    let of = |resource: &str| {
        let mut rules = rules.iter();
        rules
            .find(|rule| rule["resources"] == json!([resource]))
            .unwrap()
    };
    for resource in ["secrets", "configmaps"] {
        assert_eq!(of(resource)["verbs"], json!(["get", "update"]));
        assert!(!of(resource)["resourceNames"].as_array().unwrap().is_empty());
    }
    assert_eq!(of("secrets")["resourceNames"].as_array().unwrap().len(), 6);
    let binding = objects.named("RoleBinding", "acme-sigstead-plans");
    assert_eq!(binding["subjects"][0]["name"], "ada");
}

fn start(role: &str) -> [&str; 8] {
    let [verb, soon] = ["start", "1s"];
    [
        "rotate",
        role,
        verb,
        "--in",
        soon,
        "--drain",
        "4s",
        "--accept-short-times",
    ]
}

/// The operator's machine.
struct Office {
    instance: PathBuf,
    /// In front of the PATH.
    programs: PathBuf,
}

impl Office {
    fn sigctl(&self, node: &Node, words: &[&str]) -> Output {
        let mut command = node.command("env");
        command.arg(format!("PATH={}:/usr/bin:/bin", self.programs.display()));
        command
            .arg(sigctl().get_program())
            .args(["--output", "json"]);
        // The instance is behind the words that name what is done.
        let words_of_command = words
            .iter()
            .take_while(|word| !word.starts_with("--"))
            .count();
        let (done, how) = words.split_at(words_of_command);
        command.args(done).arg(&self.instance).args(how);
        command.output().unwrap()
    }

    fn json(&self, node: &Node, words: &[&str]) -> Value {
        let output = self.sigctl(node, words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn refused(&self, node: &Node, words: &[&str], code: &str) {
        let output = self.sigctl(node, words);
        let said = format!("{output:?}");
        assert!(
            !output.status.success() && said.contains(code),
            "{words:?}: {said}"
        );
    }

    fn attach(&self, node: &Node) {
        let attach = [
            "kubernetes",
            "attach",
            "--namespace",
            "team-a",
            "--release",
            "acme",
        ];
        let attached = self.json(node, &attach);
        assert_eq!(attached["release"], "acme");
    }

    /// Goes on with a plan to its end.
    fn finish(&self, node: &Node, cluster: &Cluster, role: &str) {
        let mut resumed = Value::Null;
        wait_for("the end of the rotation", || {
            let output = self.sigctl(node, &["rotate", role, "resume"]);
            resumed = json!(format!("{output:?}"));
            output.status.success()
        })
        .unwrap_or_else(|error| panic!("{role}: {error}: {resumed}"));
        assert!(cluster.is_released(), "{role}");
        self.signs(node, role);
    }

    /// Signs with the services of the release, and verifies.
    fn signs(&self, node: &Node, after: &str) {
        let file = node.work().join("artifact");
        fs::write(&file, "an artifact").unwrap();
        let bundle = node.work().join(format!("{after}.json"));
        let mut sign = node.command(sigctl().get_program());
        sign.arg("sign").arg(&self.instance).arg(&file);
        run(sign.args(["--identity", PERSON, "--bundle"]).arg(&bundle)).unwrap();
        let mut verify = node.command(sigctl().get_program());
        verify.arg("verify").arg(&file).arg("--bundle").arg(&bundle);
        verify.arg("--trusted-root");
        verify.arg(self.instance.join("client/trusted_root.json"));
        let issuer = format!("http://{REAL}:8370");
        run(verify.args(["--identity", PERSON, "--issuer", &issuer])).unwrap();
    }
}
