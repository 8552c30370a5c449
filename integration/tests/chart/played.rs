//! The API server and the kubelets of a cluster, played: `kubectl` is a script over files that keeps objects with versions as the API
//! server does, and a thread brings changed objects to the volumes of pods as kubelets do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_integration::pause;

use super::mounted::replace;
use super::node::Node;

/// What the API server has, and the kubelets.
pub(crate) struct Cluster {
    /// Where its `kubectl` is.
    pub(crate) programs: PathBuf,
    objects: PathBuf,
    is_over: Arc<AtomicBool>,
    kubelets: JoinHandle<()>,
}

impl Cluster {
    /// Has the objects of a lay-out, and brings what changes of them to the pods of a node. `kubectl` is in `programs`.
    pub(crate) fn start(node: &Node, laid_out: &Path) -> Self {
        let programs = node.work().join("programs");
        let objects = programs.join("kubectl.d");
        fs::create_dir_all(&objects).unwrap();
        let kubectl = programs.join("kubectl");
        fs::write(&kubectl, include_str!("played_kubectl.sh")).unwrap();
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
        let mut mounted = Vec::new();
        for name in NAMES {
            let content = files(&laid_out.join(name));
            let full = format!("acme-sigstead-{name}");
            let (object, file, volume, mode) = match name {
                "publication" => (map(&full, &content), "configmap", "publication", 0o644),
                _ => (secret(&full, &content), "secret", "keys", 0o440),
            };
            let file = objects.join(format!("{file}-{full}.json"));
            fs::write(&file, object.to_string()).unwrap();
            let owner = match name {
                "publication" => "acme-sigstead-tuf",
                _ => &full,
            };
            mounted.push((file, node.storage.volume_of(owner, volume), mode));
        }
        for role in ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"] {
            let mut pod = json!({"items": [{
                "metadata": {"name": format!("acme-sigstead-{role}-0")},
                "status": {"phase": "Running"},
            }]});
            if role == "ctlog" {
                let port = json!({"name": "submission", "containerPort": 8388});
                pod["items"][0]["spec"] = json!({"containers": [{"ports": [port]}]});
            }
            fs::write(objects.join(format!("pods-{role}.json")), pod.to_string()).unwrap();
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        Self {
            programs,
            objects,
            is_over,
            kubelets: std::thread::spawn(move || bring(mounted, &until)),
        }
    }

    fn object(&self, file: &str) -> Value {
        let text = fs::read(self.objects.join(file)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Has somebody else hold the lease.
    pub(crate) fn hold(&self, holder: &str) {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "acme-sigstead-plans", "resourceVersion": "7"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": "2999-01-01T00:00:00.000000Z"},
        });
        fs::write(self.objects.join(LEASE), lease.to_string()).unwrap();
    }

    pub(crate) fn release(&self) {
        fs::remove_file(self.objects.join(LEASE)).unwrap();
    }

    pub(crate) fn is_released(&self) -> bool {
        self.object(LEASE)["spec"]["holderIdentity"] == ""
    }

    /// Gives pods that start what the objects have now.
    pub(crate) fn mount(&self, node: &mut Node) {
        for name in NAMES {
            let full = format!("acme-sigstead-{name}");
            let kind = if name == "publication" {
                "configmap"
            } else {
                "secret"
            };
            let content = content(&self.object(&format!("{kind}-{full}.json")));
            let folder = node.work().join(format!("mounted-{name}"));
            fs::create_dir_all(&folder).unwrap();
            for (file, bytes) in content {
                fs::write(folder.join(file), bytes).unwrap();
            }
            node.storage.give(&full, &folder);
        }
    }

    pub(crate) fn stop(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.kubelets.join().unwrap();
    }
}

/// Brings each object to its volume when it has changed.
fn bring(mounted: Vec<(PathBuf, PathBuf, u32)>, until: &AtomicBool) {
    let mut known: Vec<_> = mounted.iter().map(|(file, ..)| read(file)).collect();
    while !until.load(Ordering::Relaxed) {
        pause();
        for ((file, volume, mode), known) in mounted.iter().zip(&mut known) {
            let now = read(file);
            if let Some(object) = now.as_ref().filter(|_| now != *known) {
                replace(volume, &content(object), *mode);
                *known = now;
            }
        }
    }
}

/// None where the story has ended.
fn read(file: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    });
    files.collect()
}

fn secret(name: &str, content: &BTreeMap<String, Vec<u8>>) -> Value {
    let data: BTreeMap<_, _> = content
        .iter()
        .map(|(file, bytes)| (file, STANDARD.encode(bytes)))
        .collect();
    object("v1", "Secret", name, json!(data))
}

fn map(name: &str, content: &BTreeMap<String, Vec<u8>>) -> Value {
    let (mut texts, mut others) = (BTreeMap::new(), BTreeMap::new());
    for (file, bytes) in content {
        match std::str::from_utf8(bytes) {
            Ok(text) => texts.insert(file, text.to_owned()),
            Err(_) => others.insert(file, STANDARD.encode(bytes)),
        };
    }
    let mut object = object("v1", "ConfigMap", name, json!(texts));
    object["binaryData"] = json!(others);
    object
}

fn object(version: &str, kind: &str, name: &str, data: Value) -> Value {
    let metadata = json!({"name": name, "resourceVersion": "1"});
    json!({"apiVersion": version, "kind": kind, "metadata": metadata, "data": data})
}

fn content(object: &Value) -> BTreeMap<String, Vec<u8>> {
    let is_text = object["kind"] == "ConfigMap";
    let of = |part: &str| object[part].as_object().into_iter().flatten();
    let texts = of("data").map(|(name, value)| (name, value, is_text));
    let others = of("binaryData").map(|(name, value)| (name, value, false));
    let files = texts.chain(others).map(|(name, value, is_text)| {
        let text = value.as_str().unwrap();
        let bytes = match is_text {
            true => text.as_bytes().to_vec(),
            false => STANDARD.decode(text).unwrap(),
        };
        (name.clone(), bytes)
    });
    files.collect()
}

const LEASE: &str = "lease-acme-sigstead-plans.json";
const NAMES: [&str; 7] = ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf", "publication"];
