//! The instance of `docs/compose.yaml`, which Compose reads itself, with its containers as processes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sigstead_integration::{client, run, sigctl, wait_for};

use super::Objects;
use super::node::Node;
use super::pods::{PERSON, cosign_signs, cosign_verifies, node};

const POD: &str = "composed";

#[test]
fn a_composed_instance_is_made_once_signs_and_comes_back_as_it_was() {
    let (Some(composed), Some(mut node)) = (Composed::read(), node(&[])) else {
        return;
    };
    composed.start(&mut node);
    let instance = node.storage.claim("data").join("instance");
    let root = || std::fs::read(instance.join("tuf/repository/1.root.json")).unwrap();
    let first = root();
    let token = run(node
        .command(sigctl().get_program())
        .arg("token")
        .arg(&instance)
        .args(["--identity", PERSON]))
    .unwrap();
    let kit = instance.join("client");
    let token = String::from_utf8(token.stdout).unwrap();
    let bundle = cosign_signs(&node, &kit, token.trim());
    composed.is_reached(&node, &kit);

    node.stop();
    composed.start(&mut node);
    assert_eq!(root(), first);
    if let Some(bundle) = bundle {
        cosign_verifies(&node, &kit, &bundle, "http://localhost:8370");
    }
    node.stop();
}

#[test]
fn a_composed_instance_names_the_image_of_this_release() {
    let Some(composed) = Composed::read() else {
        return;
    };
    for service in ["init", "instance"] {
        let image = format!("sigstead:{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(composed.service(service)["image"], image.as_str());
    }
}

/// The file, as Compose understands it.
struct Composed(Value);

impl Composed {
    /// `None` where Compose is not installed.
    fn read() -> Option<Self> {
        let program = client::docker_compose()?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let read = run(Command::new(program)
            .arg("-f")
            .arg(root.join("docs/compose.yaml"))
            .arg("config")
            .env("SIGSTEAD_USER", "1000690000:0"))
        .unwrap();
        Some(Self(serde_yaml::from_slice(&read.stdout).unwrap()))
    }

    fn service(&self, name: &str) -> &Value {
        &self.0["services"][name]
    }

    /// Runs what comes first to its end, then the instance, until its health check passes.
    fn start(&self, node: &mut Node) {
        let instance = self.service("instance");
        let condition = &instance["depends_on"]["init"]["condition"];
        assert_eq!(condition, "service_completed_successfully");
        let mut pod = json!({ "volumes": volumes(instance) });
        pod["initContainers"] = json!([container("init", self.service("init"))]);
        pod["containers"] = json!([container("instance", instance)]);
        let objects = Objects::parse("");
        node.run(&objects, POD, &pod);
        let test = instance["healthcheck"]["test"].as_array().unwrap();
        assert_eq!(test[..2], ["CMD", "/usr/bin/sigstead"]);
        let mut check = container("check", instance);
        check["args"] = json!(test[2..]);
        let passes = wait_for("the health check", || {
            let checked = node.container(&objects, POD, &pod, &check).output();
            checked.unwrap().status.success()
        });
        passes.unwrap();
    }

    /// Every port that clients dial is published, and there is a service behind each that is.
    fn is_reached(&self, node: &Node, kit: &Path) {
        let published = self.published();
        let dialled = dialled(kit);
        assert!(dialled.len() == 4, "{dialled:?}");
        assert!(dialled.is_subset(&published), "{dialled:?}");
        for port in published {
            let url = format!("http://localhost:{port}/");
            run(node.command("curl").args(["-sS", "-o", "/dev/null", &url])).unwrap();
        }
    }

    /// The ports of the machine that lead to the instance.
    fn published(&self) -> BTreeSet<u16> {
        let ports = self.service("instance")["ports"].as_array().unwrap();
        let published = ports.iter().map(|port| match port.as_str() {
            Some(short) => short.split(':').nth(1).unwrap().parse().unwrap(),
            None => port["published"].as_str().unwrap().parse().unwrap(),
        });
        published.collect()
    }
}

/// The folders of a service, each by its own name.
fn folders(service: &Value) -> Vec<(String, String)> {
    let volumes = service["volumes"].as_array().unwrap();
    let folders = volumes.iter().map(|volume| match volume.as_str() {
        Some(short) => {
            let mut parts = short.split(':');
            (parts.next().unwrap(), parts.next().unwrap())
        }
        None => (
            volume["source"].as_str().unwrap(),
            volume["target"].as_str().unwrap(),
        ),
    });
    let named = folders.map(|(from, at)| {
        let name = Path::new(from).file_name().unwrap();
        (name.to_str().unwrap().to_owned(), at.to_owned())
    });
    named.collect()
}

fn volumes(service: &Value) -> Vec<Value> {
    let folders = folders(service).into_iter();
    let claim = |(name, _)| json!({ "name": name, "persistentVolumeClaim": { "claimName": name } });
    folders.map(claim).collect()
}

/// A service in the words of a pod.
fn container(name: &str, service: &Value) -> Value {
    assert_eq!(service["read_only"], true);
    let folders = folders(service).into_iter();
    let mounts = folders.map(|(name, at)| json!({ "name": name, "mountPath": at }));
    json!({ "name": name, "args": service["command"], "volumeMounts": mounts.collect::<Vec<_>>() })
}

/// The ports in the files that clients are given.
fn dialled(kit: &Path) -> BTreeSet<u16> {
    let config = std::fs::read(kit.join("signing_config.v0.2.json")).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    let mut ports = BTreeSet::new();
    collect(&config, &mut ports);
    ports
}

fn collect(value: &Value, ports: &mut BTreeSet<u16>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, ports)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, ports)),
        Value::String(text) => {
            let rest = text
                .strip_prefix("http://")
                .and_then(|rest| rest.split(':').nth(1));
            let port = rest.and_then(|rest| rest.split('/').next());
            ports.extend(port.and_then(|port| port.parse::<u16>().ok()));
        }
        _ => {}
    }
}
