//! Services are killed under load; what was acknowledged is still there, and the instance converges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use sigstead_integration::{Instance, SERVICES, sigctl};

use crate::{PERSON, artifact, beside};

/// Kill and restart cycles; each kills every service once.
const CYCLES: usize = 3;

#[test]
fn nothing_acknowledged_is_missing_after_kill_9_of_every_service() {
    let instance = Arc::new(Instance::start("crash", &[]).unwrap());
    let mut acknowledged = Vec::new();
    for cycle in 0..CYCLES {
        let stop = Arc::new(AtomicBool::new(false));
        let signer = std::thread::spawn({
            let (instance, stop) = (Arc::clone(&instance), Arc::clone(&stop));
            move || sign_until(&instance, &stop)
        });
        for service in rotated(cycle) {
            instance.kill(service).unwrap();
            instance.up().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        acknowledged.extend(signer.join().unwrap());
        acknowledged.push(sign(&instance).expect("the instance signs again after the restarts"));
    }
    assert!(acknowledged.len() > CYCLES, "the load never got through");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let size = runtime.block_on(tree_size(&instance));
    let bundles = runtime.block_on(entries(&instance, size));
    for entry in &acknowledged {
        let index: usize = entry["logIndex"].as_str().unwrap().parse().unwrap();
        let body = entry["canonicalizedBody"].as_str().unwrap();
        assert_eq!(
            bundles.get(index).map(String::as_str),
            Some(body),
            "entry {index} is not in the log"
        );
    }
}

#[test]
fn services_start_in_any_order_and_alone() {
    let instance = Instance::start("order", &[]).unwrap();
    for service in ["ctlog", "oidc", "tuf"] {
        instance.kill(service).unwrap();
    }
    instance.up().unwrap();
    assert!(
        sign(&instance).is_some(),
        "the instance signs after a partial restart"
    );
}

/// Another service first each time.
fn rotated(by: usize) -> Vec<&'static str> {
    let mut services = SERVICES.to_vec();
    services.rotate_left(by % SERVICES.len());
    services
}

fn sign_until(instance: &Instance, stop: &AtomicBool) -> Vec<Value> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        acknowledged.extend(sign(instance));
    }
    acknowledged
}

/// Signs once; `None` while a service is down.
fn sign(instance: &Instance) -> Option<Value> {
    let file = artifact(instance.work(), "crash");
    let bundle = beside(&file, "sigstore.json");
    let output = sigctl()
        .arg("sign")
        .arg(instance.directory())
        .arg(&file)
        .arg("--bundle")
        .arg(&bundle)
        .args(["--identity", PERSON])
        .output()
        .unwrap();
    output.status.success().then(|| {
        let json: Value = serde_json::from_slice(&std::fs::read(bundle).unwrap()).unwrap();
        json["verificationMaterial"]["tlogEntries"][0].clone()
    })
}

async fn tree_size(instance: &Instance) -> usize {
    let url = format!("{}/api/v2/checkpoint", instance.url("tlog"));
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}

/// Every entry of the log, base64, read as a monitor reads it.
async fn entries(instance: &Instance, size: usize) -> Vec<String> {
    use base64::Engine as _;
    let mut found = Vec::new();
    for bundle in 0..size.div_ceil(256) {
        let width = (size - bundle * 256).min(256);
        let partial = if width == 256 {
            String::new()
        } else {
            format!(".p/{width}")
        };
        let url = format!("{}/tile/entries/{bundle:03}{partial}", instance.url("tlog"));
        let bytes = reqwest::get(url)
            .await
            .unwrap()
            .error_for_status()
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let mut rest = &bytes[..];
        while let [high, low, tail @ ..] = rest {
            let (entry, tail) = tail.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            found.push(base64::engine::general_purpose::STANDARD.encode(entry));
            rest = tail;
        }
    }
    assert_eq!(
        found.len(),
        size,
        "the bundles hold what the checkpoint promises"
    );
    found
}
