//! Rekor v1 as it is run in earnest: rekor-server, Trillian's log server and signer, and `MariaDB` under both.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::processes::{Processes, succeed};
use crate::world::World;

/// Starts the four; rekor-server listens on `port`.
pub(crate) fn start(
    world: &World,
    processes: &mut Processes,
    port: u16,
    rhythm: &[&str],
) -> Result<()> {
    let [mysql, log_rpc, log_http, signer_rpc, signer_http] =
        [1, 2, 3, 4, 5].map(|offset| port + offset);
    let data = processes.folder().join("mariadb");
    succeed(
        Command::new("cp")
            .arg("-a")
            .arg(template(world)?)
            .arg(&data),
    )?;
    let mut arguments = database_arguments(&data);
    arguments.push(format!("--port={mysql}"));
    processes.spawn(Path::new(MARIADBD), &arguments)?;
    await_database(&data, || processes.check())?;

    let uri = format!("{USER}:{USER}@tcp(127.0.0.1:{mysql})/trillian?interpolateParams=true");
    let trillian = |rpc: u16, http: u16| {
        vec![
            "--storage_system=mysql".to_owned(),
            "--quota_system=noop".to_owned(),
            format!("--mysql_uri={uri}"),
            format!("--rpc_endpoint=127.0.0.1:{rpc}"),
            format!("--http_endpoint=127.0.0.1:{http}"),
        ]
    };
    processes.spawn(
        &world.peer("trillian_log_server")?,
        &trillian(log_rpc, log_http),
    )?;
    let mut signer = trillian(signer_rpc, signer_http);
    signer.push("--force_master".to_owned());
    signer.extend(rhythm.iter().map(|setting| (*setting).to_owned()));
    processes.spawn(&world.peer("trillian_log_signer")?, &signer)?;
    let tree = create_tree(world, processes, log_rpc)?;
    let arguments = [
        "serve".to_owned(),
        "--rekor_server.address=127.0.0.1".to_owned(),
        "--rekor_server.hostname=localhost".to_owned(),
        format!("--port={port}"),
        format!("--rekor_server.signer={}", world.log_key.display()),
        "--trillian_log_server.address=127.0.0.1".to_owned(),
        format!("--trillian_log_server.port={log_rpc}"),
        format!("--trillian_log_server.tlog_id={tree}"),
        "--search_index.storage_provider=mysql".to_owned(),
        format!("--search_index.mysql.dsn={uri}&parseTime=true"),
        "--enable_retrieve_api=true".to_owned(),
        "--log_type=prod".to_owned(),
    ];
    processes.spawn(&world.peer("rekor-server")?, &arguments)
}

/// Trillian's servers must be there before a tree can be.
fn create_tree(world: &World, processes: &mut Processes, rpc: u16) -> Result<String> {
    let (program, start) = (world.peer("createtree")?, Instant::now());
    loop {
        processes.check()?;
        let created = succeed(
            Command::new(&program)
                .arg(format!("--admin_server=127.0.0.1:{rpc}"))
                .stdin(Stdio::null()),
        );
        match created {
            Ok(tree) => return Ok(tree.trim().to_owned()),
            Err(error) if start.elapsed() > PATIENCE => {
                bail!("no tree is made: {error:#}\n{}", processes.logged())
            }
            Err(_) => sigstead_integration::pause(),
        }
    }
}

/// A database with Trillian's tables, made once and copied for each run.
fn template(world: &World) -> Result<PathBuf> {
    let template = world.path().join("mariadb");
    if template.exists() {
        return Ok(template);
    }
    let making = world.path().join("mariadb.making");
    succeed(
        Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--user=root"])
            .arg(format!("--datadir={}", making.display())),
    )?;
    let mut database = Command::new(MARIADBD)
        .args(database_arguments(&making))
        .arg("--skip-networking")
        .stderr(Stdio::null())
        .spawn()
        .context("mariadbd does not start; run `make packages-peers`")?;
    let filled = await_database(&making, || Ok(())).and_then(|()| fill(world, &making));
    let ended = succeed(client(&making, "mariadb-admin").arg("shutdown"));
    if ended.is_err() {
        database.kill()?;
    }
    database.wait()?;
    filled?;
    sigstead_durable::rename(&making, &template)?;
    Ok(template)
}

fn fill(world: &World, data: &Path) -> Result<()> {
    let schema = std::fs::read_to_string(world.peers.join("storage.sql"))
        .context("Trillian's schema is not there; run `make peers`")?;
    let statements = format!(
        "CREATE DATABASE trillian; CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{USER}'; \
         GRANT ALL ON trillian.* TO '{USER}'@'127.0.0.1'; USE trillian;\n{schema}"
    );
    let file = world.path().join("schema.sql");
    std::fs::write(&file, statements)?;
    let input = std::fs::File::open(&file)?;
    succeed(client(data, "mariadb").stdin(input)).map(drop)
}

fn await_database(data: &Path, mut check: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    while succeed(client(data, "mariadb-admin").arg("ping")).is_err() {
        check()?;
        ensure!(start.elapsed() < PATIENCE, "MariaDB does not answer");
        sigstead_integration::pause();
    }
    Ok(())
}

fn client(data: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let socket = data.with_extension("sock");
    command
        .args(["--no-defaults", "--user=root"])
        .arg(format!("--socket={}", socket.display()));
    command
}

fn database_arguments(data: &Path) -> Vec<String> {
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/mariadb.cnf");
    let socket = data.with_extension("sock");
    vec![
        format!("--defaults-file={}", settings.display()),
        "--user=root".to_owned(),
        format!("--datadir={}", data.display()),
        format!("--socket={}", socket.display()),
        format!("--pid-file={}", data.with_extension("pid").display()),
    ]
}

/// Where Debian puts it, which is on the path of root only.
const MARIADBD: &str = "/usr/sbin/mariadbd";
const USER: &str = "trillian";
const PATIENCE: Duration = Duration::from_secs(60);
/// How often Trillian's signer looks for new entries, and how many it takes.
pub(crate) const USUAL: [&str; 2] = ["--sequencer_interval=100ms", "--batch_size=1000"];
pub(crate) const TUNED: [&str; 2] = ["--sequencer_interval=10ms", "--batch_size=4000"];
