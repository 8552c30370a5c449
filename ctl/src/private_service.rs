//! A service that nobody else knows, for as long as something is tried with it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use reqwest::Client;
use rustix::process::Signal;
use serde::Serialize;
use sigstead_kit::Listeners;
use tokio::time::{Instant, sleep};

use crate::failure::Failure;
use crate::instance::Service;
use crate::private;
use crate::process::{POLL, Process, program};

/// A service on two ports of the loopback interface. It ends with this value.
pub(crate) struct PrivateService {
    child: Child,
    folder: PathBuf,
    pub(crate) url: String,
}

impl PrivateService {
    /// Starts one with files in `folder`, which goes with it, and waits until it is ready. `configure` makes its configuration,
    /// with listeners and that folder; `unready` says of its last line what it means that it does not become ready.
    pub(crate) async fn start<C: Serialize>(
        service: Service,
        folder: PathBuf,
        client: &Client,
        configure: impl FnOnce(Listeners, &Path) -> Result<C, Failure>,
        unready: impl FnOnce(String) -> Failure,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::file("write", &folder, error);
        sigstead_durable::create_private_directory(&folder).map_err(failed)?;
        end_left_over(&folder);
        let (public, ops) = (free_address()?, free_address()?);
        let path = folder.join("config.yaml");
        let config = configure(Listeners::plain(public, ops), &folder)?;
        let config = sigstead_config::to_yaml(&config)
            .map_err(|error| Failure::file("write", &path, error))?;
        sigstead_durable::replace(&path, config.as_bytes()).map_err(failed)?;
        let log = folder.join("log");
        let file = File::create(&log).map_err(failed)?;
        let mut command = program(service.name())?;
        command.arg("--config").arg(&path);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let spawned = command.stderr(file).spawn();
        let mut started = Self {
            child: spawned.map_err(|error| Failure::io("cannot start a service", error))?,
            folder,
            url: format!("http://{public}"),
        };
        let id = format!("{}\n", started.child.id());
        private::write(&started.folder.join("pid"), id.as_bytes())?;
        match started
            .becomes_ready(client, &format!("http://{ops}/readyz"))
            .await
        {
            true => Ok(started),
            false => Err(unready(started.last_line())),
        }
    }

    async fn becomes_ready(&mut self, client: &Client, url: &str) -> bool {
        let began = Instant::now();
        loop {
            let ended = self.child.try_wait().ok().flatten();
            let answer = client.get(url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            if ended.is_some() || began.elapsed() > PATIENCE {
                return false;
            }
            sleep(POLL).await;
        }
    }

    fn last_line(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        text.lines()
            .next_back()
            .unwrap_or("it said nothing")
            .to_owned()
    }
}

impl Drop for PrivateService {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What is left behind is a configuration without a secret.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ends a service that a killed run left behind.
fn end_left_over(folder: &Path) {
    let left = Process::from_file(&folder.join("pid"));
    if let Some(left) = left.filter(|left| left.has_argument(&folder.join("config.yaml"))) {
        // It holds nothing that has to be put away.
        let _ = left.signal(Signal::KILL);
    }
}

/// An address that was free just now. If another program takes it before the service does, the trial fails and is made again.
fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| Failure::io("no free port", error))
}

const PATIENCE: Duration = Duration::from_secs(30);
