use std::fs;
use std::net::SocketAddr;

use http::StatusCode;
use sigstead_config::tlog::Config;
use sigstead_proto::rekor::v2::rekor_client::RekorClient;
use sigstead_tlog::{AdminError, Error};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::grpc::wire;
use crate::world::{self, ORIGIN, OTHER_ORIGIN, request};

/// The service on ports of its own, until it is stopped.
pub(crate) struct Running {
    pub(crate) public: SocketAddr,
    pub(crate) ops: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(folder: &TempDir) -> Self {
        Self::of(world::config(folder.path(), &[ORIGIN])).await
    }

    pub(crate) async fn of(config: Config) -> Self {
        let service = sigstead_tlog::build(config).await.unwrap();
        let bound = service.bind().await.unwrap();
        let (public, ops) = (bound.public_address(), bound.ops_address());
        let stop = CancellationToken::new();
        let task = tokio::spawn(bound.run(stop.clone()));
        Self {
            public,
            ops,
            stop,
            task,
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> (StatusCode, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn keeps_its_log_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    world::make_log(folder.path(), ORIGIN);
    let request = request(b"artifact").await;
    let running = Running::start(&folder).await;
    let url = format!("http://{}", running.public);
    let mut client = RekorClient::connect(url).await.unwrap();
    let entry = client
        .create_entry(wire(&request))
        .await
        .unwrap()
        .into_inner();
    drop(client);
    let (status, before) = get(running.public, "/checkpoint").await;
    assert_eq!(status, StatusCode::OK);
    running.stop().await;

    let running = Running::start(&folder).await;
    assert_eq!(get(running.public, "/checkpoint").await.1, before);
    let url = format!("http://{}", running.public);
    let mut client = RekorClient::connect(url).await.unwrap();
    let again = client
        .create_entry(wire(&request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, entry);
    drop(client);
    running.stop().await;
}

#[tokio::test]
async fn is_ready_with_a_signed_checkpoint_and_counts_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    world::make_log(folder.path(), ORIGIN);
    let running = Running::start(&folder).await;
    let (status, body) = get(running.ops, "/readyz").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let url = format!("http://{}", running.public);
    let mut client = RekorClient::connect(url).await.unwrap();
    let request = wire(&request(b"artifact").await);
    for _ in 0..2 {
        client.create_entry(request.clone()).await.unwrap();
    }
    drop(client);
    let (_, metrics) = get(running.ops, "/metrics").await;
    assert!(
        metrics.contains("rekor_v2_new_hashedrekord_entries 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("sigstead_tlog_duplicate_entries_total 1"),
        "{metrics}"
    );
    for gauge in ["size", "anchored_size", "waiting_entries", "read_only"] {
        let line = format!("sigstead_tlog_{gauge}{{origin=\"{ORIGIN}\"}}");
        assert!(metrics.contains(&line), "no {line} in {metrics}");
    }
    running.stop().await;
}

#[tokio::test]
async fn does_not_start_with_another_key_than_the_log_was_begun_with() {
    let folder = tempfile::tempdir().unwrap();
    world::make_log(folder.path(), ORIGIN);
    Running::start(&folder).await.stop().await;
    world::make_log(folder.path(), ORIGIN);
    let config = world::config(folder.path(), &[ORIGIN]);
    let error = sigstead_tlog::build(config).await.err().unwrap();
    let Some(AdminError::Open { origin, source }) = admin_error(error) else {
        panic!("the log is opened");
    };
    assert_eq!(origin.as_str(), ORIGIN);
    assert!(
        matches!(source, sigstead_sequencer::Error::WrongKey { .. }),
        "{source:?}"
    );
}

#[tokio::test]
async fn does_not_start_with_one_key_for_two_logs() {
    let folder = tempfile::tempdir().unwrap();
    world::make_log(folder.path(), ORIGIN);
    world::make_log(folder.path(), OTHER_ORIGIN);
    let key = |origin: &str| folder.path().join(format!("{origin}.key"));
    fs::copy(key(ORIGIN), key(OTHER_ORIGIN)).unwrap();
    let config = world::config(folder.path(), &[ORIGIN, OTHER_ORIGIN]);
    let error = sigstead_tlog::build(config.clone()).await.err().unwrap();
    assert!(matches!(
        admin_error(error),
        Some(AdminError::KeyShared { .. })
    ));
    assert!(!config.logs[0].data.exists());
}

#[tokio::test]
async fn does_not_start_without_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = world::config(folder.path(), &[ORIGIN]);
    let error = sigstead_tlog::build(config).await.err().unwrap();
    assert!(matches!(admin_error(error), Some(AdminError::Key { .. })));
    let mut config = world::config(folder.path(), &[ORIGIN]);
    config.logs.clear();
    let error = sigstead_tlog::build(config).await.err().unwrap();
    assert!(matches!(admin_error(error), Some(AdminError::NoLogs)));
}

fn admin_error(error: Error) -> Option<AdminError> {
    match error {
        Error::Admin(error) => Some(*error),
        _ => None,
    }
}
