//! Clients of TUF that have nothing but the first root.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use sigstead_integration::{Instance, walk_from};
use sigstead_trust_root::tuf::{Hashes, Root, Signed, Snapshot, Targets, Timestamp};

/// The official clients, each as one that has nothing but the first root.
pub(crate) fn clients_refresh(instance: &Instance, root: &Path) {
    walk_from(instance, root).unwrap();
}

/// A client that walks from the first root without a pause. An answer that it may not accept ends the test.
pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    walking: JoinHandle<usize>,
}

impl Load {
    pub(crate) fn start(instance: &Instance, root: &Path) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let root = Signed::<Root>::parse(&std::fs::read(root).unwrap()).unwrap();
        let url = instance.url("tuf");
        let walking = {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = { runtime }.enable_all().build().unwrap();
                let http = reqwest::Client::new();
                let mut walks = 0;
                while !is_over.load(Ordering::Relaxed) {
                    runtime.block_on(walk(&http, &url, root.signed.clone()));
                    walks += 1;
                }
                walks
            })
        };
        Self { is_over, walking }
    }

    /// How often it walked.
    pub(crate) fn stop(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        self.walking.join().unwrap()
    }
}

/// TUF §5.3 to §5.6.
async fn walk(http: &reqwest::Client, url: &str, mut root: Root) {
    while let Some(next) = get(http, url, &format!("{}.root.json", root.version + 1)).await {
        let next = Signed::<Root>::parse(&next).unwrap();
        next.verify_successor(&root).unwrap();
        root = next.signed;
    }
    let timestamp = get(http, url, "timestamp.json").await.unwrap();
    let timestamp = Signed::<Timestamp>::parse(&timestamp).unwrap();
    timestamp.verify(&root).unwrap();
    let named = timestamp.signed.snapshot().unwrap();
    let file = format!("{}.snapshot.json", named.version);
    let snapshot = get(http, url, &file).await.unwrap();
    assert_eq!(Hashes::of(&snapshot), named.hashes);
    let snapshot = Signed::<Snapshot>::parse(&snapshot).unwrap();
    snapshot.verify(&root).unwrap();
    let version = snapshot.signed.targets_version().unwrap();
    let targets = get(http, url, &format!("{version}.targets.json")).await;
    let targets = Signed::<Targets>::parse(&targets.unwrap()).unwrap();
    targets.verify(&root).unwrap();
}

async fn get(http: &reqwest::Client, url: &str, file: &str) -> Option<Vec<u8>> {
    let answer = http.get(format!("{url}/{file}")).send().await.unwrap();
    if answer.status() == 404 {
        return None;
    }
    assert!(answer.status().is_success(), "{file}: {}", answer.status());
    Some(answer.bytes().await.unwrap().to_vec())
}
