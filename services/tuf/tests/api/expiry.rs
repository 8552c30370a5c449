//! What operators are told of metadata that expires, over the ops port of a running service and by a clock of its own.

use std::net::SocketAddr;

use ::http::StatusCode;
use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Role as _, Targets};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::DAY;
use crate::world::{self, World, documents, ephemeral};

/// The service on ports of its own, until it is stopped.
struct Running {
    public: SocketAddr,
    ops: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(world: &World) -> Self {
        let bound = world.service().await.unwrap().bind().await.unwrap();
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

    /// The answer of `/readyz` on a day, after the request that signs what is due.
    async fn on_day(&self, world: &World, day: u32) -> (StatusCode, String) {
        world.clock.set(world::now() + day * DAY);
        let (status, _) = get(self.public, "/timestamp.json").await;
        assert_eq!(status, StatusCode::OK);
        get(self.ops, "/readyz").await
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn the_year_of_root_and_targets_runs_out_and_is_renewed_without_a_restart() {
    let world = World::new().await;
    let running = Running::start(&world).await;
    let warnings = |body: &str| {
        let (_, warnings) = body.split_once(r#""warnings":"#).unwrap();
        ["root", "targets", "snapshot", "timestamp"]
            .map(|role| warnings.contains(&format!(r#"{{"check":"{role}","#)))
    };
    for (day, status, warned) in [
        (0, StatusCode::OK, false),
        (300, StatusCode::OK, false),
        (310, StatusCode::OK, true),
        (364, StatusCode::OK, true),
        (366, StatusCode::SERVICE_UNAVAILABLE, false),
    ] {
        let (found, body) = running.on_day(&world, day).await;
        assert_eq!(found, status, "day {day}: {body}");
        assert_eq!(
            warnings(&body),
            [warned, warned, false, false],
            "day {day}: {body}"
        );
        let expired = ["root", "targets"].map(|role| {
            body.contains(&format!(
                "the {role} metadata expired at 2024-11-13T22:13:20Z"
            ))
        });
        assert_eq!(expired, [status != StatusCode::OK; 2], "day {day}: {body}");
    }

    let renewed = world.clock.now() + 365 * DAY;
    world
        .put(world.root(2).expiring(renewed), &[&world.root_key])
        .await;
    let targets = Targets::new(2, renewed, &documents("first"));
    world.put(targets, &[&world.targets_key]).await;
    // The timestamp is due, so the request looks into the directory.
    let (status, body) = running.on_day(&world, 372).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(warnings(&body), [false; 4], "{body}");
    running.stop().await;
}

#[tokio::test]
async fn the_end_of_every_role_is_measured() {
    let world = World::new().await;
    let running = Running::start(&world).await;
    let (_, metrics) = get(running.ops, "/metrics").await;
    let start = world::now().unix_timestamp();
    for (role, days) in [
        ("root", 365),
        ("targets", 365),
        ("snapshot", 21),
        ("timestamp", 7),
    ] {
        let expires = start + days * 86_400;
        let line = format!("sigstead_tuf_expires_timestamp_seconds{{role=\"{role}\"}} {expires}\n");
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_fetched_is_counted_by_its_version_and_nothing_else_is() {
    let world = World::new().await;
    let running = Running::start(&world).await;
    for path in [
        "/1.root.json",
        "/root.json",
        "/2.root.json",
        "/9.targets.json",
    ] {
        get(running.public, path).await;
    }
    for path in ["/timestamp.json", "/1.targets.json", "/timestamp.json"] {
        get(running.public, path).await;
    }
    let (_, metrics) = get(running.ops, "/metrics").await;
    let is_count = |line: &&str| line.starts_with("sigstead_tuf_fetches_total");
    let counted: Vec<_> = metrics.lines().filter(is_count).collect();
    assert_eq!(
        counted,
        [
            r#"sigstead_tuf_fetches_total{role="root",version="1"} 2"#,
            r#"sigstead_tuf_fetches_total{role="targets",version="1"} 1"#,
            r#"sigstead_tuf_fetches_total{role="timestamp",version="1"} 2"#,
        ]
    );
    running.stop().await;
    // The next process goes on counting what tells of a rotation, and nobody can ask for the file.
    let running = Running::start(&world).await;
    get(running.public, "/1.root.json").await;
    assert_eq!(
        get(running.public, "/.fetches").await.0,
        StatusCode::NOT_FOUND
    );
    let (_, metrics) = get(running.ops, "/metrics").await;
    let counted: Vec<_> = metrics.lines().filter(is_count).collect();
    assert_eq!(
        counted,
        [
            r#"sigstead_tuf_fetches_total{role="root",version="1"} 3"#,
            r#"sigstead_tuf_fetches_total{role="targets",version="1"} 1"#,
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn a_root_that_does_not_verify_is_told_and_not_shown_to_clients() {
    let world = World::new().await;
    let running = Running::start(&world).await;
    let stranger = ephemeral();
    world.put_root(2, &[&stranger]).await;
    let (status, body) = running.on_day(&world, 6).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body.contains(r#"{"check":"repository","#), "{body}");
    assert!(body.contains("2.root.json"), "{body}");
    for (path, expected) in [
        ("/2.root.json", StatusCode::NOT_FOUND),
        ("/1.root.json", StatusCode::OK),
    ] {
        assert_eq!(get(running.public, path).await.0, expected, "{path}");
    }
    let (_, root) = get(running.public, "/root.json").await;
    assert!(root.contains(r#""version": 1,"#), "{root}");

    world.put_root(2, &[&world.root_key]).await;
    let (_, body) = running.on_day(&world, 6).await;
    assert!(!body.contains("repository"), "{body}");
    assert_eq!(get(running.public, "/2.root.json").await.0, StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn a_root_that_went_back_is_refused_while_the_service_runs() {
    let world = World::new().await;
    world.put_root(2, &[&world.root_key]).await;
    let running = Running::start(&world).await;
    world.remove(&world.root(2).file_name());
    let (_, body) = running.on_day(&world, 6).await;
    assert!(
        body.contains("root version 1 is older than the published version 2"),
        "{body}"
    );
    running.stop().await;
}

async fn get(address: SocketAddr, path: &str) -> (StatusCode, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}
