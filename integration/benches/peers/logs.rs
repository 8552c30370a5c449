//! Logs: ours, and rekor-tiles.

use anyhow::Result;
use sigstead_sequencer::FileAnchor;

use crate::processes::Processes;
use crate::world::World;

/// Our log with one face, which listens on `port`.
pub(crate) fn start_ours(
    world: &World,
    processes: &mut Processes,
    face: &str,
    port: u16,
) -> Result<()> {
    let (ops, key) = (port + 1, world.log_key.display());
    let tree = match face {
        V1 => "    tree_id: 2891745330117236\n",
        _ => "",
    };
    let config = format!(
        "listeners:\n  public: {{address: 127.0.0.1:{port}}}\n  ops: {{address: 127.0.0.1:{ops}}}\n\
         logs:\n  - face: {face}\n    origin: {ORIGIN}\n{tree}    key: {{uri: \"file:{key}\"}}\n    data: data\n    anchor: anchor\n"
    );
    let file = processes.folder().join("config.yaml");
    std::fs::write(&file, config)?;
    FileAnchor::new(processes.folder().join("anchor")).begin()?;
    let file = file.to_string_lossy().into_owned();
    processes.spawn(
        &world.ours("sigstead-tlog")?,
        &["--config".to_owned(), file],
    )
}

/// rekor-tiles, which listens on `port`.
pub(crate) fn start_tiles(
    world: &World,
    processes: &mut Processes,
    port: u16,
    settings: &[&str],
) -> Result<()> {
    let store = processes.folder().join("store");
    let mut arguments = vec![
        "serve".to_owned(),
        "--hostname=localhost".to_owned(),
        format!("--http-port={port}"),
        format!("--grpc-port={}", port + 1),
        format!("--http-metrics-port={}", port + 2),
        format!("--storage-dir={}", store.display()),
        format!("--signer-filepath={}", world.log_key.display()),
        "--log-level=error".to_owned(),
    ];
    arguments.extend(settings.iter().map(|setting| (*setting).to_owned()));
    processes.spawn(&world.peer("posix")?, &arguments)
}

/// The faces by their names in the configuration.
pub(crate) const V1: &str = "rekor-v1";
pub(crate) const V2: &str = "rekor-v2";
pub(crate) const ORIGIN: &str = "localhost";
/// Shorter and larger batches were no faster.
pub(crate) const TUNED: [&str; 3] = [
    "--checkpoint-interval=100ms",
    "--batch-max-age=50ms",
    "--batch-max-size=1024",
];
