//! The key of the issuer is replaced while a workload gets tokens and signs with them.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

use crate::{artifact, beside, refuses};

#[test]
fn the_key_of_the_issuer_is_rotated_while_a_workload_signs() {
    let instance = Instance::start("rotated-issuer", &[]).unwrap();
    let process = instance.service("oidc").unwrap()["pid"].clone();
    let elsewhere = without_keys_of_the_root(&instance);
    let load = Load::start(&instance);
    let first = key_ids(&instance);
    assert_eq!(first.len(), 1);
    let soon = ["--in", "20s", "--drain", "2s", "--accept-short-times"];
    let started = rotate(&instance, "start", &soon);
    assert_eq!(started["phase"], "loaded", "{started}");
    let announced = key_ids(&instance);
    assert_eq!((announced.len(), &announced[0]), (2, &first[0]));
    wait_for("the next key", || load.keys().len() == 2).unwrap();
    let mut retired = Value::Null;
    wait_for("the end of the rotation", || {
        let output = command(&instance, "resume", &[]).output().unwrap();
        retired = serde_json::from_slice(&output.stdout).unwrap();
        output.status.success()
    })
    .unwrap();
    assert_eq!(retired["phase"], "retired", "{retired}");
    let next = retired["next"].as_str().unwrap();
    assert!(
        next.contains("destroy the file of the old key after"),
        "{next}"
    );
    // Tokens of the old key may not have ended yet.
    assert_eq!(key_ids(&instance), [&*announced[1], &*first[0]]);
    let email = ["token", "--identity", crate::PERSON];
    let token = run(sigctl().args(email).arg(instance.directory())).unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    assert_eq!(key_of(token.trim()), announced[1]);
    let by_key = load.stop();
    assert_eq!(by_key, BTreeSet::from_iter(announced));
    assert_eq!(instance.service("oidc").unwrap()["pid"], process);
    let doctor = sigctl()
        .args(["doctor"])
        .arg(instance.directory())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(!said.contains("E-DOCTOR-140"), "{said}");
    drop(elsewhere);
}

#[test]
fn a_rotation_of_the_issuer_that_is_killed_anywhere_is_resumed_or_taken_back() {
    let instance = Instance::start("interrupted-issuer", &[]).unwrap();
    let load = Load::start(&instance);
    let first = key_ids(&instance);
    let later = ["--in", "1h"];
    let plan = instance.directory().join("trust/rotations/oidc.json");
    let phases = ["planned", "prepared", "tried", "announced", "loaded"];
    for (number, phase) in phases.iter().enumerate() {
        let mut start = command(&instance, "start", &later);
        let start = start.stdout(Stdio::null()).stderr(Stdio::null());
        let mut start = start.spawn().unwrap();
        let has_come = || {
            let plan = std::fs::read_to_string(&plan).unwrap_or_default();
            plan.contains(&format!("\"phase\": \"{phase}\""))
        };
        // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
        while !has_come() && start.try_wait().unwrap().is_none() {}
        let _ = start.kill();
        start.wait().unwrap();
        if number.is_multiple_of(2) {
            let resumed = command(&instance, "resume", &[]).output().unwrap();
            assert_eq!(resumed.status.code(), Some(6), "{resumed:?}");
            assert_eq!(key_ids(&instance).len(), 2);
        }
        assert_eq!(rotate(&instance, "undo", &[])["phase"], "undone");
        assert_eq!(key_ids(&instance), first);
    }
    assert_eq!(load.stop(), BTreeSet::from_iter(first));
    let keys = instance.directory().join("oidc/keys");
    assert_eq!(std::fs::read_dir(keys).unwrap().count(), 1);
}

#[test]
fn a_rotation_of_the_issuer_that_would_leave_tokens_behind_is_refused() {
    let instance = Instance::start("refused-issuer-rotation", &[]).unwrap();
    let folder = instance.directory();
    let refused = |verb: &str, arguments: &[&str], code: &str| {
        let code = code.to_lowercase();
        refuses(&mut command(&instance, verb, arguments), &[&code]);
    };
    refused("resume", &[], "E-CTL-285");
    refused("start", &["--in", "10m"], "E-CTL-281");
    refused("start", &["--drain", "5m"], "E-CTL-281");
    let plan = folder.join("trust/rotations/oidc.json");
    for service in ["ca", "oidc"] {
        instance.kill(service).unwrap();
        refused("start", &[], "E-CTL-076");
        assert!(!plan.exists(), "refused before anything was made");
        instance.up().unwrap();
    }
    let config = folder.join("oidc/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let without = text.replace("successors_file: successors.yaml\n", "");
    std::fs::write(&config, without).unwrap();
    refused("start", &[], "E-CTL-330");
    std::fs::write(&config, text).unwrap();
    rotate(&instance, "start", &[]);
    refused("start", &[], "E-CTL-283");
    let written = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, written.replace("\"number\": 2", "\"number\": 3")).unwrap();
    refused("undo", &[], "E-CTL-284");
    std::fs::write(&plan, &written).unwrap();
    assert_eq!(rotate(&instance, "undo", &[])["phase"], "undone");
    let soon = ["--in", "3s", "--drain", "1h", "--accept-short-times"];
    rotate(&instance, "start", &soon);
    refused("undo", &[], "E-CTL-286");
}

/// Gets tokens and signs with them until it is stopped. A refusal ends the test.
struct Load {
    is_over: Arc<AtomicBool>,
    keys: Arc<Mutex<BTreeSet<String>>>,
    signing: JoinHandle<()>,
}

impl Load {
    fn start(instance: &Instance) -> Self {
        let subject = format!("{}/workloads/release", instance.url("oidc"));
        let directory = instance.directory();
        let command = ["oidc", "client", "add", directory.to_str().unwrap()];
        let words = ["release", "--workload", &subject];
        let added = instance.json(&[&command[..], &words].concat()).unwrap();
        let secret = added["secret"].as_str().unwrap();
        let form =
            format!("grant_type=client_credentials&client_id=release&client_secret={secret}");
        let url = format!("{}/token", instance.url("oidc"));
        wait_for("a token", || token(&url, &form).is_some()).unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let keys: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let file = artifact(instance.work(), "under-load");
        let signing = {
            let (is_over, keys) = (Arc::clone(&is_over), Arc::clone(&keys));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let token = token(&url, &form).unwrap();
                    keys.lock().unwrap().insert(key_of(&token));
                    std::fs::write(beside(&file, "token"), token).unwrap();
                    // What is signed is verified before the bundle is written.
                    run(sigctl()
                        .arg("sign")
                        .arg(&directory)
                        .arg(&file)
                        .arg("--bundle")
                        .arg(beside(&file, "sigstore.json"))
                        .arg("--overwrite")
                        .arg("--identity-token-file")
                        .arg(beside(&file, "token")))
                    .unwrap();
                }
            })
        };
        Self {
            is_over,
            keys,
            signing,
        }
    }

    /// The keys that tokens were of so far.
    fn keys(&self) -> BTreeSet<String> {
        self.keys.lock().unwrap().clone()
    }

    fn stop(self) -> BTreeSet<String> {
        self.is_over.store(true, Ordering::Relaxed);
        self.signing.join().unwrap();
        Arc::into_inner(self.keys).unwrap().into_inner().unwrap()
    }
}

/// Moves the keys of the root and targets roles away: the rotation takes neither.
fn without_keys_of_the_root(instance: &Instance) -> tempfile::TempDir {
    let elsewhere = tempfile::tempdir_in(instance.work()).unwrap();
    for name in ["tuf-root.key", "tuf-targets.key"] {
        let place = instance.directory().join("trust").join(name);
        sigstead_durable::rename(&place, &elsewhere.path().join(name)).unwrap();
    }
    elsewhere
}

fn token(url: &str, form: &str) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        let answer = answer.send().await.unwrap();
        let is_ok = answer.status().is_success();
        let body = answer.bytes().await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        is_ok.then(|| body["id_token"].as_str().unwrap().to_owned())
    })
}

/// The name of the key that a token is of.
fn key_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// The keys that the issuer shows, the one that signs first.
fn key_ids(instance: &Instance) -> Vec<String> {
    let url = format!("{}/keys", instance.url("oidc"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let body = runtime.block_on(async { reqwest::get(url).await.unwrap().bytes().await.unwrap() });
    let set: Value = serde_json::from_slice(&body).unwrap();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn command(instance: &Instance, verb: &str, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "rotate", "oidc", verb]);
    command.arg(instance.directory()).args(arguments);
    command
}

fn rotate(instance: &Instance, verb: &str, arguments: &[&str]) -> Value {
    let output = run(&mut command(instance, verb, arguments)).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
