use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use sigstead_key::Algorithm;
use sigstead_kit::{Listeners, SystemClock};
use sigstead_merkle::{RootHash, TreeHead};
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};
use sigstead_signer::{KeyConfig, PrivateKey};
use tempfile::TempDir;

use super::*;

const ONE: &str = "one.example.com";
const TWO: &str = "two.example.com";
const NEW: &str = "new.example.com";

fn log(folder: &TempDir, origin: &str) -> LogConfig {
    let path = folder.path().join(format!("{origin}.key"));
    if !path.exists() {
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        FileAnchor::new(anchor(folder, origin)).begin().unwrap();
    }
    let key = KeyConfig::file(path, None);
    let data = folder.path().join(origin);
    let mut log = LogConfig::rekor_v2(origin.parse().unwrap(), key, data, anchor(folder, origin));
    log.begins_empty = true;
    log
}

fn shard(folder: &TempDir) -> LogConfig {
    let mut shard = log(folder, "v1.example.com");
    shard.face = sigstead_config::tlog::Face::RekorV1;
    shard.tree_id = std::num::NonZeroU64::new(1);
    shard
}

fn anchor(folder: &TempDir, origin: &str) -> std::path::PathBuf {
    folder.path().join(format!("{origin}.anchor"))
}

async fn open(folder: &TempDir, logs: Vec<LogConfig>) -> TransparencyLogs {
    let mut config = Config::new(Listeners::for_test(), logs);
    config.opened_logs = Some(folder.path().join("logs.d"));
    let metrics = Metrics::register().unwrap();
    let clock = Arc::new(SystemClock);
    let opened = TransparencyLogs::open(&config, clock, &metrics).await;
    opened.unwrap()
}

/// Makes the logs and lets their anchors know more than they do, as after the restore of an old copy.
async fn set_back(folder: &TempDir, logs: &[LogConfig]) {
    let made = open(folder, logs.to_vec()).await;
    made.shut_down().await;
    for log in logs {
        let head = TreeHead {
            size: 5,
            root: RootHash::try_from([7; 32].as_slice()).unwrap(),
        };
        let ahead = Anchored {
            head,
            time_millis: 1,
        };
        let mut anchor = FileAnchor::new(&log.anchor);
        anchor.load().unwrap();
        anchor.store(&ahead).unwrap();
    }
}

fn frozen(logs: &TransparencyLogs) -> Vec<String> {
    let all = logs.current().all().into_iter();
    let frozen = all.filter(|log| log.is_frozen());
    frozen.map(|log| log.origin().to_string()).collect()
}

#[tokio::test]
async fn a_log_that_stops_alone_leaves_the_process_ready() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (log(&folder, ONE), log(&folder, TWO));
    set_back(&folder, std::slice::from_ref(&one)).await;
    let logs = open(&folder, vec![one, two]).await;
    assert!(logs.current().by_origin(ONE).unwrap().check().is_err());
    assert_eq!(logs.check(), Ok(()));
    // With the other one ended on purpose, nothing takes entries that should.
    end(&logs, TWO).await;
    let reason = logs.check().unwrap_err();
    assert!(
        reason.contains(&format!("{ONE} takes no entries")),
        "{reason}"
    );
    assert!(!reason.contains(TWO), "{reason}");
}

#[tokio::test]
async fn a_face_without_a_log_that_takes_entries_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = [log(&folder, ONE), log(&folder, TWO)];
    set_back(&folder, &stopped).await;
    let mut all = stopped.to_vec();
    all.push(shard(&folder));
    let logs = open(&folder, all).await;
    let reason = logs.check().unwrap_err();
    for origin in [ONE, TWO] {
        assert!(
            reason.contains(&format!("{origin} takes no entries")),
            "{reason}"
        );
    }
    assert!(!reason.contains("v1.example.com"), "{reason}");
}

#[tokio::test]
async fn a_process_whose_logs_were_all_frozen_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let logs = open(&folder, vec![log(&folder, ONE), shard(&folder)]).await;
    for log in logs.current().all() {
        end(&logs, log.origin().as_str()).await;
    }
    assert_eq!(logs.check(), Ok(()));
}

#[tokio::test]
async fn an_opening_whose_predecessor_cannot_end_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let one = log(&folder, ONE);
    set_back(&folder, std::slice::from_ref(&one)).await;
    let logs = open(&folder, vec![one]).await;
    let new = log(&folder, NEW);
    for _ in 0..2 {
        let refused = logs.add(new.clone(), &Predecessor::FreezeOnly).await;
        let error = refused.err().unwrap();
        assert!(
            matches!(
                error,
                Error::Log(sigstead_sequencer::Error::ReadOnly { .. })
            ),
            "{error:?}"
        );
    }
    logs.add(new, &Predecessor::Keep).await.unwrap();
    assert_eq!(logs.check(), Ok(()));
    let origins = |gathered: Vec<prometheus::proto::MetricFamily>| {
        let size = gathered.iter().find(|it| it.name() == "sigstead_tlog_size");
        size.unwrap().get_metric().len()
    };
    assert_eq!(origins(logs.metrics.registry().gather()), 2);
}

#[tokio::test]
async fn no_log_ends_for_one_that_takes_no_entries() {
    let folder = tempfile::tempdir().unwrap();
    let new = log(&folder, NEW);
    set_back(&folder, std::slice::from_ref(&new)).await;
    let logs = open(&folder, vec![log(&folder, ONE)]).await;
    let refused = logs.add(new, &Predecessor::FreezeOnly).await;
    assert!(matches!(
        refused.err().unwrap(),
        Error::Log(sigstead_sequencer::Error::ReadOnly { .. })
    ));
    assert!(frozen(&logs).is_empty());
    assert_eq!(logs.check(), Ok(()));
}

#[tokio::test]
async fn an_opening_that_froze_its_predecessor_and_failed_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let logs = open(&folder, vec![log(&folder, ONE)]).await;
    // What a try leaves that failed between the two.
    end(&logs, ONE).await;
    let new = log(&folder, NEW);
    logs.add(new, &Predecessor::FreezeOnly).await.unwrap();
    assert_eq!(frozen(&logs), [ONE]);
}

/// Freezes a log that may be the last one.
async fn end(logs: &TransparencyLogs, origin: &str) {
    let log = logs.current().by_origin(origin).unwrap();
    log.log.freeze().await.unwrap();
}
