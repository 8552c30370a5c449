//! The pods of a release as processes, with exactly the files that the chart mounts: each container's own arguments, in the
//! image's files, read-only, under a user that the image does not know, in a network without any way out.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{client, run, sigctl, wait_for};
use sigstead_test_support::Need;

use super::beginnings::{begin, does_not_begin_again};
use super::bucket::drills_through_a_bucket;
use super::image::Image;
use super::node::Node;
use super::objects::named;
use super::outside::Outside;
use super::restored::Release;
use super::submission::{self, is_for_the_authority_alone};
use super::{Chart, Objects};

pub(crate) const PERSON: &str = "ada@example.com";
const TRIAL: &str = "acme-sigstead.team-a.svc.cluster.local";
const REAL: &str = "sig.example.com";

#[test]
fn a_trial_makes_its_keys_once_signs_and_comes_back_as_it_was() {
    let (Some(chart), Some(mut node)) = (Chart::find(), node(&[TRIAL])) else {
        return;
    };
    let objects = chart.render(&["probe: {enabled: true, every: 1s}"]);
    let spec = &objects.named("StatefulSet", "acme-sigstead")["spec"]["template"]["spec"];
    start(&mut node, &objects, "acme-sigstead", spec);
    test_release(&node, &objects);
    let instance = node.storage.claim("data-acme-sigstead-0").join("instance");
    let root = || std::fs::read(instance.join("tuf/repository/1.root.json")).unwrap();
    let first = root();
    let token = node
        .command(sigctl().get_program())
        .arg("token")
        .arg(&instance)
        .args(["--identity", PERSON])
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let kit = instance.join("client");
    let bundle = cosign_signs(&node, &kit, token.trim());
    let mounts = ["ca", "ctlog"].map(|role| instance.with_file_name("mounts").join(role));
    is_for_the_authority_alone(&node, TRIAL, (&mounts[0], &mounts[1]));
    let of_log = || std::fs::read(mounts[1].join("submission.pem")).unwrap();
    let shown = of_log();

    // As an eviction, a drain or an upgrade of the chart does.
    node.stop();
    start(&mut node, &objects, "acme-sigstead", spec);
    assert_eq!(root(), first);
    assert_eq!(of_log(), shown);
    if let Some(bundle) = bundle {
        cosign_verifies(&node, &kit, &bundle, &format!("http://{TRIAL}:8370"));
    }
    test_release(&node, &objects);
    probe(&mut node, &objects);
    measures(&node, &objects);
    node.stop();
    loses_its_volume(&node, &objects, spec);
}

/// Another root under the same names is what an attacker would make.
fn loses_its_volume(node: &Node, objects: &Objects, spec: &Value) {
    std::fs::remove_dir_all(node.storage.claim("data-acme-sigstead-0")).unwrap();
    let init = || {
        let init = named(&spec["initContainers"], "init");
        node.container(objects, "acme-sigstead", spec, init)
    };
    let refused = init().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("E-CTL-111"), "{said}");
    // Where the anchors are gone as well, nobody can tell, and it is a new trial.
    std::fs::remove_dir_all(node.storage.claim("anchor-acme-sigstead-0")).unwrap();
    run(&mut init()).unwrap();
}

#[test]
fn a_real_instance_runs_on_secrets_that_were_made_outside() {
    let (Some(chart), Some(mut node)) = (Chart::find(), node(&[REAL])) else {
        return;
    };
    let outside = Outside::make(&mut node, &["--host", REAL, "--base-port", "8370"]);
    let objects = chart.render(&outside.values());
    let submission = submission::service(&objects);
    node.rename(&[REAL, submission].map(ToOwned::to_owned));
    let pods = workloads(&objects);
    assert_eq!(pods.len(), 6);
    begin(&chart, &node, &outside.values());
    start_all(&mut node, &objects, &pods);
    test_release(&node, &objects);
    let laid_out = ["ca", "ctlog"].map(|role| node.work().join("laid-out").join(role));
    is_for_the_authority_alone(&node, submission, (&laid_out[0], &laid_out[1]));
    let kit = outside.instance.join("client");
    let bundle = cosign_signs(&node, &kit, &outside.token);
    let release = Release {
        chart: &chart,
        values: outside.values(),
    };
    let backup = release.back_up(&mut node);
    release.drill(&node, &backup);
    drills_through_a_bucket(&chart, &outside.values(), &mut node);
    node.stop();
    release.drill_beside_a_spoilt_anchor(&node);
    release.restore(&node, &backup);
    start_all(&mut node, &objects, &pods);
    test_release(&node, &objects);
    if let Some(bundle) = bundle {
        cosign_verifies(&node, &kit, &bundle, &format!("http://{REAL}:8370"));
    }
    node.stop();
    release.refuses_to_roll_back(&node, &backup);
    does_not_begin_again(&chart, &mut node, &outside.values());
}

/// The pods that run as long as the release does.
pub(crate) fn workloads(objects: &Objects) -> Vec<(String, Value)> {
    let pods = objects.pods().into_iter();
    let pods = pods.filter(|(name, _)| !name.ends_with("-test"));
    pods.map(|(name, pod)| (name, pod["spec"].clone()))
        .collect()
}

pub(crate) fn start_all(node: &mut Node, objects: &Objects, pods: &[(String, Value)]) {
    for (name, spec) in pods {
        node.run(objects, name, spec);
    }
    for (_, spec) in pods {
        node.wait_until_ready(spec);
    }
}

/// Namespaces and foreign users are the superuser's to make.
pub(crate) fn node(hosts: &[&str]) -> Option<Node> {
    let name = Command::new("id").arg("-u").output().unwrap().stdout;
    let need = Need {
        name: "root",
        remedy: "run the tests of the chart as root",
    };
    need.check(name == b"0\n")?;
    Node::start(hosts)
}

fn start(node: &mut Node, objects: &Objects, owner: &str, spec: &Value) {
    node.run(objects, owner, spec);
    node.wait_until_ready(spec);
}

/// What `helm test` runs.
pub(crate) fn test_release(node: &Node, objects: &Objects) {
    let spec = &objects.named("Pod", "acme-sigstead-test")["spec"];
    node.storage.forget("test");
    let lists = ["initContainers", "containers"].map(|list| spec[list].as_array().unwrap());
    for container in lists.into_iter().flatten() {
        let said = node.run_to_end(objects, "test", spec, container);
        if container["name"] == "sign" {
            assert!(said.contains("signed as"), "{said}");
        }
    }
}

/// The prober finds nothing wrong.
fn probe(node: &mut Node, objects: &Objects) {
    let name = "acme-sigstead-probe";
    let spec = &objects.named("Deployment", name)["spec"]["template"]["spec"];
    start(node, objects, name, spec);
    let port = &spec["containers"][0]["ports"][0]["containerPort"];
    let url = format!("http://127.0.0.1:{port}/metrics");
    let metrics = || {
        let answer = run(node.command("curl").args(["-fsS", &url])).unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };
    let is_read = "sigstead_probe_successes_total{step=\"reading\"}";
    wait_for("a round", || metrics().contains(is_read)).unwrap();
    assert!(
        !metrics().contains("sigstead_probe_failing{"),
        "{}",
        metrics()
    );
}

/// Every measure that an alert asks for is one that the services have, but for those of `sigctl probe`, `backup` and `drill`.
fn measures(node: &Node, objects: &Objects) {
    let alerts = std::fs::read_to_string(Chart::folder().join("files/alerts.yaml")).unwrap();
    let mut exposed = String::new();
    for container in objects.containers() {
        for port in container["ports"].as_array().into_iter().flatten() {
            if port["name"].as_str().unwrap().ends_with("-ops") {
                let url = format!("http://127.0.0.1:{}/metrics", port["containerPort"]);
                let answer = run(node.command("curl").args(["-fsS", &url])).unwrap();
                exposed.push_str(&String::from_utf8(answer.stdout).unwrap());
            }
        }
    }
    let words = alerts.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let measures = words.filter(|word| word.starts_with("sigstead_"));
    let measures: Vec<_> = measures
        .filter(|word| {
            !["sigstead_probe_", "sigstead_backup_", "sigstead_drill_"]
                .iter()
                .any(|other| word.starts_with(other))
        })
        .map(|word| word.trim_end_matches("_bucket"))
        .collect();
    assert!(measures.len() > 5);
    for measure in measures {
        assert!(exposed.contains(&format!("# HELP {measure} ")), "{measure}");
    }
}

/// A bundle that cosign made, if it is installed.
pub(crate) fn cosign_signs(node: &Node, kit: &Path, token: &str) -> Option<PathBuf> {
    let cosign = client::cosign()?;
    let file = node.work().join("artifact");
    std::fs::write(&file, "made of rendered files\n").unwrap();
    let bundle = node.work().join("artifact.sigstore.json");
    run(node
        .command(&cosign)
        .env("HOME", node.work())
        .args([
            "sign-blob",
            "--yes",
            "--identity-token",
            token,
            "--signing-config",
        ])
        .arg(kit.join("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(kit.join("trusted_root.json"))
        .arg("--bundle")
        .args([&bundle, &file]))
    .unwrap();
    Some(bundle)
}

pub(crate) fn cosign_verifies(node: &Node, kit: &Path, bundle: &Path, issuer: &str) {
    let Some(cosign) = client::cosign() else {
        return;
    };
    let verify = |person: &str| {
        node.command(&cosign)
            .env("HOME", node.work())
            .args([
                "verify-blob",
                "--use-signed-timestamps",
                "--certificate-identity",
                person,
            ])
            .args(["--certificate-oidc-issuer", issuer, "--trusted-root"])
            .arg(kit.join("trusted_root.json"))
            .arg("--bundle")
            .arg(bundle)
            .arg(node.work().join("artifact"))
            .output()
            .unwrap()
    };
    let verified = verify(PERSON);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
    assert!(!verify("someone.else@example.com").status.success());
}

#[test]
fn the_image_says_which_version_it_is_where_there_is_nothing_else() {
    let (Some(image), Some(node)) = (Image::shared(), node(&[])) else {
        return;
    };
    let container =
        serde_json::json!({"name": "version", "args": ["ctl", "version"], "volumeMounts": []});
    let objects = Objects::parse("");
    let said = node.run_to_end(&objects, "version", &serde_json::json!({}), &container);
    assert!(said.contains("0.1.0"), "{said} {}", image.digest);
}
