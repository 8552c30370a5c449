use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::link::{Link, failed};
use crate::failure::{Exit, Failure};
use crate::http;
use crate::instance::{Instance, Service};
use crate::published_files::{self, PublishedFile};

/// Brings what is published here into the ConfigMap of the release, where the services run in a cluster, and waits until clients
/// find it.
///
/// What the release has and this copy of the instance has not was published by another copy, and is never taken away.
pub(crate) async fn bring(instance: &Instance) -> Result<(), Failure> {
    let Some(link) = &instance.manifest.cluster else {
        return Ok(());
    };
    let name = link.publication();
    let files = published_files::of(instance)?;
    let mut object = found(link, &name, &files).await?;
    let ours = files.iter();
    let ours = ours.map(|file| (file.name.clone(), file.bytes.clone()));
    if content(&object) != ours.collect() {
        fill(&mut object, &files);
        let replaced = link.kubectl().replace(&object).await;
        replaced.map_err(|refused| failed(KIND, &name, refused))?;
    }
    match published_files::newest_targets(&files) {
        Some(newest) => until_served(instance, newest).await,
        None => Ok(()),
    }
}

/// Refuses a copy of the instance that is older than what the release has.
pub(crate) async fn check(instance: &Instance, link: &Link) -> Result<(), Failure> {
    let files = published_files::of(instance)?;
    found(link, &link.publication(), &files).await.map(drop)
}

/// The ConfigMap, which has no signed file that `ours` has not.
async fn found(link: &Link, name: &str, ours: &[PublishedFile]) -> Result<Value, Failure> {
    let found = link.kubectl().get(KIND, name).await;
    let object = found.map_err(|refused| failed(KIND, name, refused))?;
    let content = content(&object);
    let is_ours = |name: &str, bytes: &[u8]| {
        let mut ours = ours.iter();
        ours.any(|file| file.name == *name && file.bytes == *bytes)
    };
    let mut signed = content
        .iter()
        .filter(|(file, _)| !PublishedFile::changes(file));
    match signed.find(|(file, bytes)| !is_ours(file, bytes)) {
        Some((file, _)) => Err(older(name, file)),
        None => Ok(object),
    }
}

fn content(object: &Value) -> BTreeMap<String, Vec<u8>> {
    let of = |part: &str| object[part].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = of(TEXTS).map(|(name, value)| (name.clone(), text(value).into_bytes()));
    let others = of(OTHERS).map(|(name, value)| {
        let bytes = STANDARD.decode(text(value)).unwrap_or_default();
        (name.clone(), bytes)
    });
    texts.chain(others).collect()
}

/// A ConfigMap keeps text apart from what is none.
fn fill(object: &mut Value, files: &[PublishedFile]) {
    let (mut texts, mut others) = (Map::new(), Map::new());
    for file in files {
        let name = file.name.clone();
        match str::from_utf8(&file.bytes) {
            Ok(text) => texts.insert(name, json!(text)),
            Err(_) => others.insert(name, json!(STANDARD.encode(&file.bytes))),
        };
    }
    object[TEXTS] = Value::Object(texts);
    object[OTHERS] = Value::Object(others);
}

/// Clients look at the snapshot, which the service signs once its pod has the files.
pub(crate) async fn until_served(instance: &Instance, newest: u64) -> Result<(), Failure> {
    let client = http::client(instance)?;
    let url = instance.manifest.url(Service::Tuf);
    let began = Instant::now();
    loop {
        let served = served_targets(&client, &url).await;
        if matches!(served, Ok(served) if served >= newest) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let failure = not_served(newest);
            return Err(match served {
                Ok(served) => failure.because(format!("it shows version {served}")),
                Err(why) => failure.because(why.whole()),
            });
        }
        sleep(POLL).await;
    }
}

async fn served_targets(client: &reqwest::Client, url: &str) -> Result<u64, Failure> {
    let read = async |file: String| -> Result<Value, Failure> {
        let url = format!("{url}/{file}");
        let answer = client.get(&url).send().await;
        http::json("tuf", &url, answer).await
    };
    let version = |file: &Value, name: &str| file["signed"]["meta"][name]["version"].as_u64();
    let timestamp = read("timestamp.json".to_owned()).await?;
    let snapshot = version(&timestamp, "snapshot.json").unwrap_or(0);
    let snapshot = read(format!("{snapshot}.snapshot.json")).await?;
    Ok(version(&snapshot, "targets.json").unwrap_or(0))
}

fn older(name: &str, file: &str) -> Failure {
    Failure::new(
        "E-CTL-537",
        format!("the ConfigMap {name} has {file}, which this copy of the instance has not, or has otherwise; nothing was published"),
        "another copy of the instance published it: go on with that one, and throw this one away",
    )
    .exit(Exit::Refused)
}

fn not_served(targets: u64) -> Failure {
    Failure::new(
        "E-CTL-538",
        format!("the tuf service of the release does not show targets {targets} yet"),
        "see with `kubectl logs` what its container `follow` says; it takes a cluster up to two minutes to bring a changed \
         ConfigMap to a pod. Run the command again, it goes on where it was",
    )
}

const KIND: &str = "configmap";
const TEXTS: &str = "data";
const OTHERS: &str = "binaryData";
/// Clusters bring a change to their pods within a minute or two.
const PATIENCE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_secs(1);
