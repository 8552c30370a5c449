//! A shard of Rekor v1 is followed by another one while everybody logs on.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_integration::{Instance, Rotated, client, run, sigctl, wait_for};
use sigstead_key::{Algorithm, HashAlgorithm};

use crate::cosign_2::Cosign2;
use crate::rekor_cli::RekorCli;
use crate::{PERSON, artifact, refuses};

const ROLE: Rotated = Rotated("rekor-v1");
const SOON: [&str; 5] = ["--in", "20s", "--drain", "2s", "--accept-short-times"];

#[test]
fn a_shard_is_followed_under_load_and_clients_read_both() {
    let instance = Instance::start("shard-rotated", &[]).unwrap();
    let load = Load::start(&instance);
    let cli = client::rekor_cli().map(|program| RekorCli::new(program, &instance));
    let look = || {
        // It remembers the head that it saw, and asks for the proof to the next one.
        let looked = cli
            .as_ref()
            .map(|cli| run(&mut cli.command("loginfo", &[])));
        assert!(looked.is_none_or(|looked| looked.is_ok()));
    };
    look();
    let mut signed = Vec::from_iter(sign(&instance, "shard-before"));
    let started = ROLE.rotate(&instance, "start", &SOON);
    assert_eq!(started["phase"], "loaded", "{started}");
    assert_eq!(shards(&instance).len(), 1, "no two take entries at once");
    let mut open = sigctl();
    open.args(["log", "open", "--face", "rekor-v1"]);
    refuses(open.arg(instance.directory()), &["e-ctl-350"]);
    signed.extend(sign(&instance, "shard-announced"));
    let retired = ROLE.until_over(&instance);
    assert_eq!(retired["phase"], "retired", "{retired}");
    let before = load.logged();
    wait_for("entries in the next shard", || load.logged() > before + 3).unwrap();
    signed.extend(sign(&instance, "shard-retired"));
    look();

    let states: Vec<_> = shards(&instance)
        .iter()
        .map(|shard| shard["state"].clone())
        .collect();
    assert_eq!(states, ["frozen", "takes entries"]);
    let root = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let shards = root["tlogs"].as_array().unwrap().iter().take(2);
    let ends = shards.map(|log| log["publicKey"]["validFor"]["end"].is_string());
    assert_eq!(ends.collect::<Vec<_>>(), [false, true], "the newest first");
    load.stop(&instance);
    if let Some(cosign) = Cosign2::of(&instance) {
        for (file, bundle) in &signed {
            run(&mut cosign.verify_blob(bundle, PERSON, file)).unwrap();
        }
    }
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
}

#[test]
fn a_shard_that_was_announced_is_taken_back_at_once() {
    let instance = Instance::start("shard-undone", &[]).unwrap();
    let later = ["--in", "1h", "--accept-short-times"];
    ROLE.rotate(&instance, "start", &later);
    assert_eq!(ROLE.rotate(&instance, "undo", &[])["phase"], "undone");
    assert_eq!(shards(&instance).len(), 1);
    let root = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let times = &root["tlogs"][0]["publicKey"]["validFor"];
    assert_eq!(times["start"], times["end"], "its key counts for nothing");
    let key = instance.directory().join("tlog/keys/rekor-v1-2.key");
    assert!(!key.exists());
    let again = ROLE.rotate(&instance, "start", &later);
    assert_eq!(again["number"], 3);
}

/// A file and its bundle, if cosign 2 is here. It looks for the trust root again.
fn sign(instance: &Instance, when: &str) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let cosign = Cosign2::of(instance)?;
    let file = artifact(instance.work(), when);
    let bundle = cosign.sign_blob(&file);
    Some((file, bundle))
}

fn shards(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let logs = instance
        .json(&["log", "info", directory.to_str().unwrap()])
        .unwrap();
    let logs = logs.as_array().unwrap().iter();
    logs.filter(|log| log["face"] == "rekor-v1")
        .cloned()
        .collect()
}

/// Somebody who logs without a pause. An entry that is refused ends the test.
struct Load {
    is_over: Arc<AtomicBool>,
    logged: Arc<std::sync::atomic::AtomicUsize>,
    logging: JoinHandle<Vec<Value>>,
}

impl Load {
    fn start(instance: &Instance) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let logged = Arc::default();
        let logging = {
            let (is_over, logged) = (Arc::clone(&is_over), Arc::clone(&logged));
            let url = format!("{}/api/v1/log/entries", instance.url("tlog"));
            std::thread::spawn(move || log(&url, &is_over, &logged))
        };
        Self {
            is_over,
            logged,
            logging,
        }
    }

    fn logged(&self) -> usize {
        self.logged.load(Ordering::Relaxed)
    }

    /// What was answered has one index after the other, and is found under it.
    fn stop(self, instance: &Instance) {
        self.is_over.store(true, Ordering::Relaxed);
        let entries = self.logging.join().unwrap();
        let indexes: Vec<_> = entries
            .iter()
            .map(|entry| entry["logIndex"].as_u64().unwrap())
            .collect();
        assert!(indexes.is_sorted(), "{indexes:?}");
        for place in [0, indexes.len() / 2, indexes.len() - 1] {
            let url = format!(
                "{}/api/v1/log/entries?logIndex={}",
                instance.url("tlog"),
                indexes[place]
            );
            let found = run(Command::new("curl").args(["--fail", "--silent", &url])).unwrap();
            let found: Value = serde_json::from_slice(&found.stdout).unwrap();
            let found = found.as_object().unwrap().values().next().unwrap();
            assert_eq!(found["body"], entries[place]["body"]);
        }
    }
}

fn log(url: &str, is_over: &AtomicBool, logged: &std::sync::atomic::AtomicUsize) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let client = reqwest::Client::new();
    let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let pem = STANDARD.encode(key.public_key().to_pem());
    let mut entries = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let message = format!("message {}", entries.len()).into_bytes();
        let digest = HashAlgorithm::Sha256.digest(&message);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let entry = runtime.block_on(async {
            let signature = STANDARD.encode(key.sign(&message).await.unwrap());
            let request = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": digest}},
                "signature": {"content": signature, "publicKey": {"content": pem}},
            }});
            let answer = client.post(url).json(&request).send().await.unwrap();
            assert_eq!(answer.status(), 201);
            answer.json::<Value>().await.unwrap()
        });
        let entry = entry.as_object().unwrap().values().next().unwrap();
        entries.push(entry.clone());
        logged.store(entries.len(), Ordering::Relaxed);
    }
    entries
}
