//! The entry with which a log begins, so that no client's entry is one that its JSON cannot tell in full.

use futures::future::join_all;
use http::StatusCode;
use serde_json::Value;
use sigstead_config::tlog::Config;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_proto::admin::v1::{FreezeLogRequest, ListLogsRequest, OpenLogRequest};
use sigstead_proto::rekor::v2::rekor_client::RekorClient;
use tempfile::TempDir;

use crate::grpc::wire;
use crate::process::{Running, get};
use crate::rekor_v1::{proposed, verified};
use crate::world::{
    Admin, ORIGIN, OTHER_ORIGIN, TestTlog, V1_HOST, as_served, config, decode, make_log, number,
    post, request, v1_shard, write_key,
};

const ENTRIES: &str = "/api/v1/log/entries";

/// A log of each face, as a process has them.
async fn served() -> (TestTlog, Admin) {
    let folder = tempfile::tempdir().unwrap();
    make_log(folder.path(), ORIGIN);
    let mut logs = config(folder.path(), &[ORIGIN]).logs;
    logs.push(v1_shard(folder.path(), 7));
    TestTlog::of(folder, as_served(logs)).await
}

fn text(origin: &str) -> String {
    format!("The first entry of the transparency log {origin}, which the log made itself.\n")
}

#[tokio::test]
async fn the_first_entry_of_a_client_comes_after_one_of_the_log() {
    let (tlog, _admin) = served().await;
    let entry = tlog.append(&request(b"artifact").await).await;
    assert_eq!(entry["logIndex"], "1");
    assert_eq!(entry["inclusionProof"]["treeSize"], "2");
    assert_eq!(
        entry["inclusionProof"]["hashes"].as_array().unwrap().len(),
        1
    );
    tlog.verify_log().await;

    let answer = tlog
        .post_v1(ENTRIES, proposed(b"artifact").await.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let (_, entry) = verified(&tlog, &answer).await;
    assert_eq!(entry["logIndex"], 1);
    let proof = &entry["verification"]["inclusionProof"];
    assert_eq!(
        (&proof["logIndex"], &proof["treeSize"]),
        (&1.into(), &2.into())
    );
}

#[tokio::test]
async fn it_is_an_entry_like_any_other_over_a_text_that_names_the_log() {
    let (tlog, _admin) = served().await;
    tlog.append(&request(b"artifact").await).await;
    let bundle = tlog.get("/tile/entries/000.p/1").await.body;
    let body: Value = serde_json::from_slice(&bundle[2..]).unwrap();
    let text = text(ORIGIN);
    let logged = &body["spec"]["hashedRekordV002"];
    let digest = Algorithm::EcdsaP256Sha256.hash().digest(text.as_bytes());
    assert_eq!(decode(&logged["data"]["digest"]), digest);
    let key = decode(&logged["signature"]["verifier"]["publicKey"]["rawBytes"]);
    let signature = decode(&logged["signature"]["content"]);
    let key = PublicKey::from_spki_der(&key).unwrap();
    key.verify(text.as_bytes(), &signature).unwrap();

    tlog.post_v1(ENTRIES, proposed(b"artifact").await.to_string())
        .await;
    let entry = tlog.get(&format!("{ENTRIES}?logIndex=0")).await;
    let (_, entry) = verified(&tlog, &entry).await;
    let body: Value = serde_json::from_slice(&decode(&entry["body"])).unwrap();
    let digest = HashAlgorithm::Sha256.digest(self::text(&format!("{V1_HOST} - 7")).as_bytes());
    assert_eq!(body["spec"]["data"]["hash"]["value"], hex::encode(digest));
}

#[tokio::test]
async fn clients_that_come_at_once_find_one_first_entry() {
    let (tlog, _admin) = served().await;
    let requests =
        join_all((0..20_u64).map(|number| async move { request(&number.to_be_bytes()).await }));
    let requests = requests.await;
    let answers = join_all(requests.iter().map(|request| tlog.append(request))).await;
    let mut indexes: Vec<_> = answers
        .iter()
        .map(|entry| number(&entry["logIndex"]))
        .collect();
    indexes.sort_unstable();
    assert!(indexes.iter().copied().eq(1..21), "{indexes:?}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_one_first_entry() {
    for polls in 1..12 {
        let (tlog, _admin) = served().await;
        let request = request(b"artifact").await;
        {
            let mut abandoned = Box::pin(tlog.post(request.to_string()));
            for _ in 0..polls {
                if futures::poll!(&mut abandoned).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        let entry = tlog.append(&request).await;
        assert_eq!(entry["logIndex"], "1");
    }
}

fn one_log(folder: &TempDir) -> Config {
    let mut config = config(folder.path(), &[ORIGIN]);
    config.logs = as_served(config.logs);
    config
}

async fn checkpoint_size(running: &Running) -> u64 {
    let (status, note) = get(running.public, "/checkpoint").await;
    assert_eq!(status, StatusCode::OK);
    note.lines().nth(1).unwrap().parse().unwrap()
}

async fn ready(running: &Running) {
    loop {
        let (status, body) = get(running.ops, "/readyz").await;
        if status == StatusCode::OK {
            return;
        }
        assert!(
            body.contains("first entry") || body.contains("checkpoint"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_service_is_ready_when_its_log_has_a_first_entry_and_makes_no_second_one() {
    let folder = tempfile::tempdir().unwrap();
    make_log(folder.path(), ORIGIN);
    for _ in 0..3 {
        let running = Running::of(one_log(&folder)).await;
        ready(&running).await;
        assert_eq!(checkpoint_size(&running).await, 1);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_log_that_has_entries_gets_none() {
    let folder = tempfile::tempdir().unwrap();
    make_log(folder.path(), ORIGIN);
    let running = Running::of(config(folder.path(), &[ORIGIN])).await;
    let append = async |running: &Running, message: &[u8]| {
        let url = format!("http://{}", running.public);
        let mut client = RekorClient::connect(url).await.unwrap();
        let entry = client.create_entry(wire(&request(message).await)).await;
        entry.unwrap().into_inner().log_index
    };
    assert_eq!(append(&running, b"older than this version").await, 0);
    running.stop().await;
    let running = Running::of(one_log(&folder)).await;
    ready(&running).await;
    assert_eq!(append(&running, b"newer").await, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_log_that_was_frozen_empty_stays_so() {
    let (tlog, mut admin) = served().await;
    write_key(tlog.folder.path(), OTHER_ORIGIN);
    let successor = config(tlog.folder.path(), &[OTHER_ORIGIN]).logs.remove(0);
    let open = OpenLogRequest {
        config_yaml: sigstead_config::to_yaml(&successor).unwrap(),
        freeze_predecessor: false,
        predecessor: String::new(),
    };
    admin.open_log(open).await.unwrap();
    let freeze = FreezeLogRequest {
        origin: ORIGIN.to_owned(),
    };
    admin.freeze_log(freeze).await.unwrap();
    let late = post(ORIGIN, request(b"late").await.to_string());
    let refused = tlog.send(late).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    let checkpoint = tlog.get_of(ORIGIN, "/checkpoint").await.text();
    assert_eq!(checkpoint.lines().nth(1), Some("0"));
}

#[tokio::test]
async fn a_log_that_is_opened_later_begins_with_one() {
    let (tlog, mut admin) = served().await;
    write_key(tlog.folder.path(), OTHER_ORIGIN);
    let other = config(tlog.folder.path(), &[OTHER_ORIGIN]).logs.remove(0);
    for (log, freeze_predecessor) in [(other, false), (v1_shard(tlog.folder.path(), 8), true)] {
        let request = OpenLogRequest {
            config_yaml: sigstead_config::to_yaml(&log).unwrap(),
            freeze_predecessor,
            predecessor: String::new(),
        };
        let opened = admin.open_log(request).await.unwrap().into_inner();
        assert_eq!(
            (opened.size, opened.frozen),
            (1, false),
            "{}",
            opened.origin
        );
    }
    let listed = admin.list_logs(ListLogsRequest {}).await.unwrap();
    assert_eq!(listed.into_inner().logs.len(), 4);
}
