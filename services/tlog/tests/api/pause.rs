use std::fs;

use http::StatusCode;
use sigstead_proto::admin::v1::{
    FreezeLogRequest, ListLogsRequest, LogInfo, PauseLogRequest, ResumeLogRequest,
};
use sigstead_proto::rekor::v2::rekor_client::RekorClient;
use tonic::Code;

use crate::grpc::wire;
use crate::process::{Running, get};
use crate::rekor_v1::proposed;
use crate::world::{
    Admin, Answer, ORIGIN, OTHER_ORIGIN, TestTlog, V1_HOST, as_served, config, make_log, post,
    request, v1_shard,
};

#[tokio::test]
async fn a_paused_log_refuses_entries_with_the_reason_and_reads_as_before() {
    let (tlog, mut admin) = tlog().await;
    let logged = request(b"logged").await;
    tlog.append(&logged).await;
    let late = request(b"late").await.to_string();
    let paused = pause(&mut admin, ORIGIN).await;
    assert_eq!(
        (
            paused.paused_reason.as_str(),
            paused.read_only_reason.as_str()
        ),
        (REASON, "")
    );
    assert!(!paused.frozen);
    refuses(&tlog.send(post(ORIGIN, late.clone())).await);
    // It was there before the pause.
    tlog.append(&logged).await;
    tlog.verify_log().await;
    // A pause is of one log.
    let other = tlog.send(post(OTHER_ORIGIN, late.clone())).await;
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.text());

    for _ in 0..2 {
        let resumed = resume(&mut admin, ORIGIN).await;
        assert_eq!(resumed.paused_reason, "");
    }
    let taken = tlog.send(post(ORIGIN, late)).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
}

#[tokio::test]
async fn a_paused_shard_of_rekor_v1_refuses_entries_with_the_reason() {
    let (tlog, mut admin) = tlog().await;
    let entry = proposed(b"late").await.to_string();
    let shard = format!("{V1_HOST} - 7");
    pause(&mut admin, &shard).await;
    refuses(&tlog.post_v1("/api/v1/log/entries", entry.clone()).await);
    resume(&mut admin, &shard).await;
    let taken = tlog.post_v1("/api/v1/log/entries", entry).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
}

#[tokio::test]
async fn what_names_no_log_or_gives_no_reason_pauses_nothing() {
    let (_tlog, mut admin) = tlog().await;
    let table = [
        ("log.elsewhere", REASON, Code::NotFound, "E-TLOG-049"),
        (ORIGIN, "", Code::InvalidArgument, "E-TLOG-072"),
        (ORIGIN, "two\nlines", Code::InvalidArgument, "E-TLOG-072"),
    ];
    for (origin, reason, code, named) in table {
        let request = PauseLogRequest {
            origin: origin.to_owned(),
            reason: reason.to_owned(),
        };
        let refused = admin.pause_log(request).await.unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.message().contains(named), "{}", refused.message());
    }
    let listed = admin.list_logs(ListLogsRequest {}).await.unwrap();
    let logs = listed.into_inner().logs;
    assert_eq!(logs.len(), 3);
    assert!(logs.iter().all(|log| log.paused_reason.is_empty()));
}

#[tokio::test]
async fn a_paused_log_is_no_successor_and_a_frozen_one_is_not_paused() {
    let (_tlog, mut admin) = tlog().await;
    pause(&mut admin, OTHER_ORIGIN).await;
    let freeze = || FreezeLogRequest {
        origin: ORIGIN.to_owned(),
    };
    let refused = admin.freeze_log(freeze()).await.unwrap_err();
    assert!(refused.message().contains("E-TLOG-071"), "{refused}");
    resume(&mut admin, OTHER_ORIGIN).await;
    pause(&mut admin, ORIGIN).await;
    let frozen = admin.freeze_log(freeze()).await.unwrap().into_inner();
    assert_eq!((frozen.frozen, frozen.paused_reason.as_str()), (true, ""));
    let request = PauseLogRequest {
        origin: ORIGIN.to_owned(),
        reason: REASON.to_owned(),
    };
    let refused = admin.pause_log(request).await.unwrap_err();
    assert!(refused.message().contains("E-TLOG-017"), "{refused}");
    let origin = ORIGIN.to_owned();
    let refused = admin.resume_log(ResumeLogRequest { origin }).await;
    let refused = refused.unwrap_err();
    assert!(refused.message().contains("E-TLOG-017"), "{refused}");
}

#[tokio::test]
async fn a_pause_that_cannot_be_kept_is_none() {
    let (tlog, mut admin) = tlog().await;
    // A directory cannot be replaced by a file.
    let mark = tlog.folder.path().join(ORIGIN).join("paused");
    fs::create_dir(&mark).unwrap();
    let request = PauseLogRequest {
        origin: ORIGIN.to_owned(),
        reason: REASON.to_owned(),
    };
    let refused = admin.pause_log(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("E-TLOG-073"), "{refused}");
    tlog.append(&crate::world::request(b"taken").await).await;
}

#[tokio::test]
async fn a_pause_outlasts_the_process_and_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    make_log(folder.path(), ORIGIN);
    let mut config = config(folder.path(), &[ORIGIN]);
    config.logs = as_served(config.logs);
    let running = Running::of(config.clone()).await;
    let url = format!("http://{}", running.public);
    let mut client = RekorClient::connect(url).await.unwrap();
    let entry = wire(&request(b"entry").await);
    client.create_entry(entry).await.unwrap();
    drop(client);
    running.stop().await;
    fs::write(folder.path().join(ORIGIN).join("paused"), REASON).unwrap();

    let running = Running::of(config).await;
    let (status, body) = get(running.ops, "/readyz").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(
        body.contains(&format!("{ORIGIN} is paused: {REASON}")),
        "{body}"
    );
    let (_, metrics) = get(running.ops, "/metrics").await;
    for gauge in ["sigstead_tlog_paused", "sigstead_tlog_read_only"] {
        let line = format!("{gauge}{{origin=\"{ORIGIN}\"}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }
    let url = format!("http://{}", running.public);
    let mut client = RekorClient::connect(url).await.unwrap();
    let entry = wire(&request(b"late").await);
    let refused = client.create_entry(entry).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains(REASON), "{refused}");
    drop(client);
    running.stop().await;
}

async fn tlog() -> (TestTlog, Admin) {
    let folder = tempfile::tempdir().unwrap();
    for origin in [ORIGIN, OTHER_ORIGIN] {
        make_log(folder.path(), origin);
    }
    let mut logs = config(folder.path(), &[ORIGIN, OTHER_ORIGIN]).logs;
    logs.push(v1_shard(folder.path(), 7));
    TestTlog::of(folder, logs).await
}

fn refuses(refused: &Answer) {
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("retry-after"), "10");
    assert!(refused.text().contains("E-TLOG-024"), "{}", refused.text());
    assert!(refused.text().contains(REASON), "{}", refused.text());
}

async fn pause(admin: &mut Admin, origin: &str) -> LogInfo {
    let request = PauseLogRequest {
        origin: origin.to_owned(),
        reason: REASON.to_owned(),
    };
    admin.pause_log(request).await.unwrap().into_inner()
}

async fn resume(admin: &mut Admin, origin: &str) -> LogInfo {
    let request = ResumeLogRequest {
        origin: origin.to_owned(),
    };
    admin.resume_log(request).await.unwrap().into_inner()
}

const REASON: &str = "the disk is moved until noon";
