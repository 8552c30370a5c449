//! Authorities with their CT logs: Fulcio with `TesseraCT`, and ours.

use std::path::Path;

use anyhow::Result;
use sigstead_sequencer::FileAnchor;

use crate::processes::Processes;
use crate::variant::Variant;
use crate::world::World;

/// Fulcio, which listens on `port`, with its key in a file, and the CT log that its own deployments use, with settings as
/// they come.
pub(crate) fn start_fulcio(
    world: &World,
    processes: &mut Processes,
    port: u16,
    variant: Variant,
) -> Result<()> {
    let authority = world.authority(variant.authority);
    let [grpc, metrics, log] = [1, 2, 3].map(|offset| port + offset);
    let store = processes.folder().join("store");
    let arguments = [
        format!("--http_endpoint=127.0.0.1:{log}"),
        // It warns of each request whose host and path are others.
        "--origin=127.0.0.1/bench".to_owned(),
        "--path_prefix=bench".to_owned(),
        format!("--private_key={}", world.log_key_sec1.display()),
        format!("--roots_pem_file={}", authority.root.display()),
        format!("--storage_dir={}", store.display()),
    ];
    processes.spawn(&world.peer("tesseract/posix")?, &arguments)?;
    let arguments = [
        "serve".to_owned(),
        "--host=127.0.0.1".to_owned(),
        format!("--port={port}"),
        "--grpc-host=127.0.0.1".to_owned(),
        format!("--grpc-port={grpc}"),
        format!("--metrics-port={metrics}"),
        "--ca=fileca".to_owned(),
        format!("--fileca-key={}", authority.key.display()),
        format!("--fileca-cert={}", authority.chain.display()),
        // It wants one, also for a key that is not encrypted.
        "--fileca-key-passwd=unused".to_owned(),
        "--fileca-watch=false".to_owned(),
        format!("--ct-log-url=http://127.0.0.1:{log}/bench"),
        format!(
            "--ct-log-public-key-path={}",
            world.log_public_key.display()
        ),
        format!("--config-path={}", world.issuers.display()),
        format!(
            "--legacy-unix-domain-socket={}",
            processes.folder().join("legacy").display()
        ),
        "--log_type=prod".to_owned(),
    ];
    processes.spawn(&world.peer("fulcio")?, &arguments)
}

/// Our authority, which listens on `port`, and our CT log.
pub(crate) fn start_ours(
    world: &World,
    processes: &mut Processes,
    port: u16,
    variant: Variant,
) -> Result<()> {
    let authority = world.authority(variant.authority);
    let [ops, log, log_ops] = [1, 2, 3].map(|offset| port + offset);
    let config = format!(
        "{}origin: {ORIGIN}\nkey: {}\nroots: {}\ndata: data\nanchor: anchor\n",
        listeners(log, log_ops),
        key(&world.log_key),
        authority.root.display(),
    );
    FileAnchor::new(processes.folder().join("anchor")).begin()?;
    spawn(world, processes, "sigstead-ctlog", &config)?;
    let config = format!(
        "{}key: {}\nchain: {}\nissuers: {}\nct_log: {{url: \"http://127.0.0.1:{log}\", public_key: {}}}\n",
        listeners(port, ops),
        key(&authority.key),
        authority.chain.display(),
        world.issuers.display(),
        world.log_public_key.display(),
    );
    spawn(world, processes, "sigstead-ca", &config)
}

fn spawn(world: &World, processes: &mut Processes, program: &str, config: &str) -> Result<()> {
    let file = processes.folder().join(format!("{program}.yaml"));
    std::fs::write(&file, config)?;
    let file = file.to_string_lossy().into_owned();
    processes.spawn(&world.ours(program)?, &["--config".to_owned(), file])
}

fn listeners(public: u16, ops: u16) -> String {
    format!(
        "listeners:\n  public: {{address: 127.0.0.1:{public}}}\n  ops: {{address: 127.0.0.1:{ops}}}\n"
    )
}

fn key(file: &Path) -> String {
    format!("{{uri: \"file:{}\"}}", file.display())
}

/// For a CT log it has a path.
const ORIGIN: &str = "localhost/bench";
