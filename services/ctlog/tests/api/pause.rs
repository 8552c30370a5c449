//! An operator keeps certificates out of the log for a while.

use std::fs;

use axum::Router;
use http::StatusCode;
use sigstead_proto::admin::v1::ct_log_admin_client::CtLogAdminClient;
use sigstead_proto::admin::v1::{
    ListLogsRequest, LogFace, LogInfo, PauseLogRequest, ResumeLogRequest,
};
use tonic::{Code, Status};

use crate::authorities::Authorities;
use crate::world::{Answer, ORIGIN, TestCtLog, build, config, now, prepare, submission};

const REASON: &str = "the disk is moved until noon";

type Admin = CtLogAdminClient<Router>;

async fn log() -> (TestCtLog, Admin) {
    let folder = tempfile::tempdir().unwrap();
    let authorities = Authorities::new().await;
    prepare(folder.path(), &authorities);
    let clock = std::sync::Arc::new(sigstead_kit::TestClock::at(now()));
    let service = build(config(folder.path()), &clock).await.unwrap();
    let (router, admin) = service.into_routers().unwrap();
    let log = TestCtLog {
        folder,
        router,
        clock,
        authorities,
    };
    (log, CtLogAdminClient::new(admin))
}

async fn pause(admin: &mut Admin, origin: &str, reason: &str) -> Result<LogInfo, Status> {
    let request = PauseLogRequest {
        origin: origin.to_owned(),
        reason: reason.to_owned(),
    };
    admin.pause_log(request).await.map(|log| log.into_inner())
}

async fn resume(admin: &mut Admin, origin: &str) -> Result<LogInfo, Status> {
    let origin = origin.to_owned();
    let resumed = admin.resume_log(ResumeLogRequest { origin }).await;
    resumed.map(|log| log.into_inner())
}

async fn submit(log: &TestCtLog, seed: u8) -> Answer {
    let precertificate = log.authorities.precertificate(seed).await;
    let chain = log.authorities.chain(precertificate.to_der());
    log.post("/ct/v1/add-pre-chain", submission(&chain)).await
}

fn refuses(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-025");
    assert_eq!(answer.header("retry-after"), "10");
    assert!(answer.text().contains(REASON), "{}", answer.text());
}

#[tokio::test]
async fn a_paused_log_refuses_certificates_with_the_reason_and_reads_as_before() {
    let (log, mut admin) = log().await;
    let logged = log.authorities.precertificate(1).await;
    let sct = log.log(&logged).await;
    let paused = pause(&mut admin, ORIGIN, REASON).await.unwrap();
    assert_eq!(paused.paused_reason, REASON);
    assert_eq!(paused.read_only_reason, "");
    assert_eq!((paused.face(), paused.size), (LogFace::Ct, 1));
    assert_eq!(paused.log_id, sct.log_id.as_bytes());
    refuses(&submit(&log, 2).await);
    // It was there before the pause.
    assert_eq!(log.log(&logged).await.extensions, sct.extensions);
    assert_eq!(log.verify_log().await.len(), 1);
    for _ in 0..2 {
        let resumed = resume(&mut admin, ORIGIN).await.unwrap();
        assert_eq!(resumed.paused_reason, "");
    }
    let taken = submit(&log, 2).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
}

#[tokio::test]
async fn a_pause_outlasts_the_process() {
    let (mut log, mut admin) = log().await;
    pause(&mut admin, ORIGIN, REASON).await.unwrap();
    drop(admin);
    log.router = Router::new();
    let service = build(config(log.folder.path()), &log.clock).await.unwrap();
    let (router, admin) = service.into_routers().unwrap();
    log.router = router;
    refuses(&submit(&log, 1).await);
    let mut admin = CtLogAdminClient::new(admin);
    resume(&mut admin, ORIGIN).await.unwrap();
    assert_eq!(submit(&log, 1).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_names_another_log_or_gives_no_reason_changes_nothing() {
    let (log, mut admin) = log().await;
    for (origin, reason, code, named) in [
        ("elsewhere", REASON, Code::NotFound, "E-CTLOG-026"),
        (ORIGIN, " ", Code::InvalidArgument, "E-CTLOG-027"),
        (ORIGIN, "two\nlines", Code::InvalidArgument, "E-CTLOG-027"),
    ] {
        let refused = pause(&mut admin, origin, reason).await.unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.message().contains(named), "{refused}");
    }
    let refused = resume(&mut admin, "elsewhere").await.unwrap_err();
    assert!(refused.message().contains("E-CTLOG-026"), "{refused}");
    let listed = admin.list_logs(ListLogsRequest {}).await.unwrap();
    let [listed] = &listed.into_inner().logs[..] else {
        panic!("one log")
    };
    assert_eq!(
        (listed.origin.as_str(), listed.paused_reason.as_str()),
        (ORIGIN, "")
    );
    assert_eq!(submit(&log, 1).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_pause_that_cannot_be_kept_is_none() {
    let (log, mut admin) = log().await;
    // A directory cannot be replaced by a file.
    fs::create_dir(log.folder.path().join("data/paused")).unwrap();
    let refused = pause(&mut admin, ORIGIN, REASON).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("E-CTLOG-028"), "{refused}");
    assert_eq!(submit(&log, 1).await.status, StatusCode::OK);
}
