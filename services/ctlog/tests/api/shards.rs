//! Several logs in one process: opened while it runs, each under its own address, one of them ended.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use sigstead_config::ctlog::{Config, LogConfig};
use sigstead_ct::TreeHeadSignature;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::TestClock;
use sigstead_note::SignedNote;
use sigstead_proto::admin::v1::ct_log_admin_client::CtLogAdminClient;
use sigstead_proto::admin::v1::{FreezeLogRequest, ListLogsRequest, LogInfo, OpenLogRequest};
use sigstead_sequencer::FileAnchor;
use sigstead_signer::{KeyConfig, PrivateKey};
use tonic::{Code, Status};

use crate::authorities::Authorities;
use crate::world::{Answer, ORIGIN, TestCtLog, build, config, now, prepare, sct, submission};

const NEXT: &str = "ct2027.example.com";

type Admin = CtLogAdminClient<Router>;

/// The configuration of a service that may open logs.
fn opening(folder: &Path) -> Config {
    let mut config = config(folder);
    config.opened_logs = Some(folder.join("logs.d"));
    config
}

async fn start(
    config: Config,
    folder: tempfile::TempDir,
    clock: Arc<TestClock>,
) -> (TestCtLog, Admin) {
    let authorities = Authorities::new().await;
    fs::write(folder.path().join("roots.pem"), authorities.root.to_pem()).unwrap();
    let service = build(config, &clock).await.unwrap();
    let (router, admin) = service.into_routers().unwrap();
    let logs = TestCtLog {
        folder,
        router,
        clock,
        authorities,
    };
    (logs, CtLogAdminClient::new(admin))
}

async fn logs() -> (TestCtLog, Admin) {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &Authorities::new().await);
    let config = opening(folder.path());
    start(config, folder, Arc::new(TestClock::at(now()))).await
}

/// A log with a key of its own, which is made unless it is there.
fn described(folder: &Path, origin: &str) -> LogConfig {
    let key = folder.join(format!("{origin}.key"));
    if !key.exists() {
        let made = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        fs::write(&key, made.to_pem().unwrap().as_bytes()).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&key, mode).unwrap();
    }
    let key = KeyConfig::file(key, None);
    let anchor = folder.join(format!("{origin}.anchor"));
    LogConfig::new(origin.parse().unwrap(), key, folder.join(origin), anchor)
}

async fn open(admin: &mut Admin, log: &LogConfig) -> Result<LogInfo, Status> {
    let request = OpenLogRequest {
        config_yaml: sigstead_config::to_yaml(log).unwrap(),
        ..OpenLogRequest::default()
    };
    admin.open_log(request).await.map(|log| log.into_inner())
}

async fn freeze(admin: &mut Admin, origin: &str) -> Result<LogInfo, Status> {
    let origin = origin.to_owned();
    let frozen = admin.freeze_log(FreezeLogRequest { origin }).await;
    frozen.map(|log| log.into_inner())
}

async fn list(admin: &mut Admin) -> Vec<LogInfo> {
    let listed = admin.list_logs(ListLogsRequest {}).await.unwrap();
    listed.into_inner().logs
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, named: &str) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), code, "{refused}");
    assert!(refused.message().contains(named), "{refused}");
}

fn below(log: &LogInfo) -> String {
    format!("/logs/{}", hex::encode(&log.log_id))
}

async fn submit(logs: &TestCtLog, base: &str, seed: u8) -> Answer {
    let precertificate = logs.authorities.precertificate(seed).await;
    let chain = logs.authorities.chain(precertificate.to_der());
    let path = format!("{base}/ct/v1/add-pre-chain");
    logs.post(&path, submission(&chain)).await
}

/// By whose key an answer to a submission is signed.
fn signed_by(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    sct(&answer.json()).log_id.as_bytes().to_vec()
}

fn at_host(path: &str, host: &str) -> Request<Body> {
    let request = Request::get(path).header("host", host);
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_log_joins_while_the_first_goes_on_and_each_has_its_addresses() {
    let (logs, mut admin) = logs().await;
    signed_by(&submit(&logs, "", 1).await);
    let next = open(&mut admin, &described(logs.folder.path(), NEXT))
        .await
        .unwrap();
    let listed = list(&mut admin).await;
    let names: Vec<_> = listed.iter().map(|log| log.origin.as_str()).collect();
    assert_eq!(names, [ORIGIN, NEXT]);
    let first = &listed[0];
    assert_eq!((first.size, next.size), (1, 0));
    // A URL means one log for ever: the newer one is not behind that of the first.
    for (base, log) in [
        ("", first),
        (&*below(first), first),
        (&*below(&next), &next),
    ] {
        assert_eq!(
            signed_by(&submit(&logs, base, 2).await),
            log.log_id,
            "{base}"
        );
    }
    for (host, log) in [
        (ORIGIN, first),
        (NEXT, &next),
        ("CT2027.example.com:443", &next),
        ("localhost", first),
    ] {
        let answer = logs.send(at_host("/checkpoint", host)).await.text();
        assert_eq!(answer.lines().next(), Some(log.origin.as_str()), "{host}");
    }
    for path in [
        "/checkpoint",
        "/tile/0/000.p/1",
        "/tile/data/000.p/1",
        "/ct/v1/get-sth",
    ] {
        let answer = logs.get(&format!("{}{path}", below(&next))).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    }
    let unknown = logs.get("/logs/00/checkpoint").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.header("sigstead-code"), "E-CTLOG-026");
}

#[tokio::test]
async fn a_frozen_log_reads_for_ever_under_a_last_checkpoint_also_after_a_restart() {
    let (logs, mut admin) = logs().await;
    signed_by(&submit(&logs, "", 1).await);
    refused(
        freeze(&mut admin, ORIGIN).await,
        Code::FailedPrecondition,
        "E-CTLOG-035",
    );
    let next = described(logs.folder.path(), NEXT);
    let next = open(&mut admin, &next).await.unwrap();
    let last = freeze(&mut admin, ORIGIN).await.unwrap();
    assert!(last.frozen);
    // Readers find the tree head first, under the key that they know.
    let note = SignedNote::parse(&last.checkpoint).unwrap();
    assert_eq!(note.signatures.len(), 2);
    TreeHeadSignature::parse(&note.signatures[0].signature).unwrap();
    assert_eq!(
        freeze(&mut admin, ORIGIN).await.unwrap().checkpoint,
        last.checkpoint
    );
    refused(
        freeze(&mut admin, NEXT).await,
        Code::FailedPrecondition,
        "E-CTLOG-035",
    );

    let TestCtLog {
        folder,
        router,
        clock,
        authorities,
    } = logs;
    drop((router, admin));
    let service = build(opening(folder.path()), &clock).await.unwrap();
    let (router, admin) = service.into_routers().unwrap();
    let logs = TestCtLog {
        folder,
        router,
        clock,
        authorities,
    };
    let listed = list(&mut CtLogAdminClient::new(admin)).await;
    let states: Vec<_> = listed.iter().map(|log| (log.frozen, log.size)).collect();
    assert_eq!(states, [(true, 1), (false, 0)]);
    assert_eq!(listed[0].checkpoint, last.checkpoint);
    let answer = submit(&logs, "", 2).await;
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-018");
    assert_eq!(
        signed_by(&submit(&logs, &below(&next), 2).await),
        next.log_id
    );
    let entries = logs.get("/ct/v1/get-entries?start=0&end=0").await;
    assert_eq!(entries.status, StatusCode::OK, "{}", entries.text());
    let sth = logs.get("/ct/v1/get-sth").await.json();
    assert_eq!(sth["tree_size"], 1);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let (logs, mut admin) = logs().await;
    let folder = logs.folder.path().to_owned();
    let next = described(&folder, NEXT);
    let same_key = LogConfig {
        key: config(&folder).key,
        ..next.clone()
    };
    let same_data = LogConfig {
        data: folder.join("data"),
        ..next.clone()
    };
    let no_key = LogConfig {
        key: KeyConfig::file(folder.join("absent.key"), None),
        ..next.clone()
    };
    let same_name = LogConfig {
        origin: ORIGIN.parse().unwrap(),
        ..next.clone()
    };
    for (log, code, named) in [
        (same_key, Code::InvalidArgument, "E-CTLOG-034"),
        (same_data, Code::InvalidArgument, "E-CTLOG-034"),
        (no_key, Code::FailedPrecondition, "E-CTLOG-037"),
        (same_name, Code::AlreadyExists, "E-CTLOG-032"),
    ] {
        refused(open(&mut admin, &log).await, code, named);
    }
    for (yaml, freezes) in [("origin: 1", false), (&*"[".repeat(99), false), ("", true)] {
        let request = OpenLogRequest {
            config_yaml: yaml.to_owned(),
            freeze_predecessor: freezes,
            ..OpenLogRequest::default()
        };
        let answer = admin.open_log(request).await;
        refused(answer, Code::InvalidArgument, "E-CTLOG-034");
    }
    refused(
        freeze(&mut admin, "elsewhere").await,
        Code::NotFound,
        "E-CTLOG-026",
    );
    fs::create_dir_all(folder.join("logs.d")).unwrap();
    fs::write(folder.join("logs.d/newest.yaml"), "by hand").unwrap();
    refused(
        open(&mut admin, &next).await,
        Code::FailedPrecondition,
        "E-CTLOG-036",
    );
    fs::remove_file(folder.join("logs.d/newest.yaml")).unwrap();
    assert_eq!(list(&mut admin).await.len(), 1);
    assert!(!folder.join(NEXT).exists());
    open(&mut admin, &next).await.unwrap();
}

#[tokio::test]
async fn without_a_directory_for_them_no_logs_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &Authorities::new().await);
    let config = config(folder.path());
    let (logs, mut admin) = start(config, folder, Arc::new(TestClock::at(now()))).await;
    let next = described(logs.folder.path(), NEXT);
    refused(
        open(&mut admin, &next).await,
        Code::FailedPrecondition,
        "E-CTLOG-033",
    );
}

#[tokio::test]
async fn a_log_takes_certificates_that_end_in_its_interval() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &Authorities::new().await);
    let mut config = config(folder.path());
    let probe = Authorities::new().await.precertificate(1).await;
    let end = sigstead_x509::Certificate::from_der(probe.to_der())
        .unwrap()
        .not_after();
    config.ends_until = Some(end);
    let next = LogConfig {
        ends_from: Some(end),
        ..described(folder.path(), NEXT)
    };
    FileAnchor::new(&next.anchor).begin().unwrap();
    config.logs = vec![next];
    let (logs, mut admin) = start(config, folder, Arc::new(TestClock::at(now()))).await;
    let refused = submit(&logs, "", 1).await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_REQUEST,
        "{}",
        refused.text()
    );
    assert_eq!(refused.header("sigstead-code"), "E-CTLOG-031");
    let next = list(&mut admin).await.remove(1);
    assert_eq!(
        signed_by(&submit(&logs, &below(&next), 1).await),
        next.log_id
    );
    let key = PublicKey::from_spki_der(&next.public_key).unwrap();
    assert_eq!(key.log_id().as_bytes().as_slice(), next.log_id);
}
