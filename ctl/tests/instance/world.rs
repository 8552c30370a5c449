use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

pub(crate) const SERVICES: [&str; 6] = ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"];

/// An instance, and a `sigctl` with stand-ins of the services beside it.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// A `sigctl` with stand-ins beside it, and no instance yet.
    pub(crate) fn empty(name: &str) -> Self {
        // Beside the programs, because links to them do not lead to another file system.
        let folder = tempfile::Builder::new()
            .prefix(name)
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let world = Self { folder };
        // A copy could not be run while another test starts a process that inherits the file it is written to.
        fs::hard_link(env!("CARGO_BIN_EXE_sigctl"), world.path("sigctl")).unwrap();
        for service in SERVICES {
            world.stand_in(service, STAND_IN);
        }
        world
    }

    pub(crate) fn new(name: &str) -> Self {
        let world = Self::empty(name);
        // Worlds live side by side, so each has ports of its own.
        loop {
            let port = next_ports().to_string();
            let arguments = ["init", "--name", "world", "--base-port", &port];
            let made = world.sigctl(&arguments).output().unwrap();
            if made.status.success() {
                return world;
            }
            assert!(said(&made).contains("E-CTL-006"), "{}", said(&made));
        }
    }

    /// Puts a script in the place of a service's program.
    pub(crate) fn stand_in(&self, service: &str, script: &str) {
        // A process of its own writes it: a file that this one had open for writing could not be run while another test
        // starts a process that inherits it.
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(self.path(&format!("sigstead-{service}")))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = writer.stdin.take().unwrap();
        input.write_all(script.as_bytes()).unwrap();
        drop(input);
        assert!(writer.wait().unwrap().success());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command on the instance.
    pub(crate) fn sigctl(&self, arguments: &[&str]) -> Command {
        self.sigctl_on("instance", arguments)
    }

    /// A command on an instance of another path.
    pub(crate) fn sigctl_on(&self, instance: &str, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command.arg(self.path(instance));
        command
    }

    /// A command that names no instance.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("sigctl"));
        command.args(arguments).env_remove("SIGSTEAD_DIR");
        if arguments.first() == Some(&"init") {
            // Not among those of the user who runs the tests.
            command.arg("--anchors").arg(self.path("anchors"));
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn down(&self) -> String {
        said(&self.sigctl(&["down"]).output().unwrap())
    }

    /// What a command answers in JSON, and how it ended.
    pub(crate) fn json(&self, arguments: &[&str]) -> (serde_json::Value, Option<i32>) {
        let output = self
            .sigctl(&[&["--output", "json"], arguments].concat())
            .output()
            .unwrap();
        let json = serde_json::from_slice(&output.stdout);
        assert!(json.is_ok(), "{}", said(&output));
        (json.unwrap(), output.status.code())
    }

    /// What `sigctl` has recorded that it did, the oldest first.
    pub(crate) fn acts(&self) -> Vec<String> {
        let (listed, exit) = self.json(&["audit", "list"]);
        assert_eq!(exit, Some(0), "{listed}");
        let acts = listed.as_array().unwrap().iter();
        acts.map(|act| act["method"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Makes its record one that nothing can be added to.
    pub(crate) fn break_record(&self) {
        fs::write(self.path("instance/trust/audit/records"), "another").unwrap();
    }

    /// The state of each service as `status` has it, and how that ended.
    pub(crate) fn states(&self) -> (Vec<(String, String)>, Option<i32>) {
        let (status, exit) = self.json(&["status"]);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let services = status["services"].as_array().unwrap();
        let states = services
            .iter()
            .map(|each| (text(&each["service"]), text(&each["state"])));
        (states.collect(), exit)
    }

    pub(crate) fn pid(&self, service: &str) -> Pid {
        let file = self.path(&format!("instance/run/{service}.pid"));
        let text = fs::read_to_string(file).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    /// The processes that were ever started.
    pub(crate) fn started(&self) -> Vec<Pid> {
        let text = fs::read_to_string(self.path("started")).unwrap_or_default();
        text.lines()
            .filter_map(|line| Pid::from_raw(line.parse().ok()?))
            .collect()
    }

    pub(crate) fn running(&self) -> usize {
        let processes = self.started().into_iter();
        processes.filter(|pid| is_running(*pid)).count()
    }

    pub(crate) async fn until_started(&self, count: usize) {
        let started = async {
            while self.started().len() < count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, started).await.unwrap();
    }

    /// Waits until nobody starts the instance and all of its services are ready.
    pub(crate) async fn until_ready(&self) {
        let ready = async {
            while self.states().1 != Some(0) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ready).await.unwrap();
    }

    /// Answers `/readyz` on the ops ports for the stand-ins, as long as they run: as ready.
    pub(crate) fn answer(&self) {
        let run = self.path("instance/run");
        self.answer_as("instance", move |service| {
            let text = fs::read_to_string(run.join(format!("{service}.pid"))).ok()?;
            let pid = Pid::from_raw(text.trim().parse().ok()?)?;
            is_running(pid).then_some(pid.as_raw_nonzero().get())
        });
    }

    /// Answers there as the services of `instance` that something else than `sigctl` started: this process.
    pub(crate) fn answer_for(&self, instance: &str) {
        self.answer_as(instance, |_| i32::try_from(std::process::id()).ok());
    }

    fn answer_as(
        &self,
        instance: &str,
        pid: impl Fn(&'static str) -> Option<i32> + Clone + Send + 'static,
    ) {
        let manifest = fs::read_to_string(self.path("instance/instance.yaml")).unwrap();
        for service in SERVICES {
            let port = ops_port(&manifest, service);
            let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
            let folder = self.path(instance).join(service);
            let pid = pid.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if let Some(pid) = pid(service) {
                        let _ = answer(stream.unwrap(), service, &folder, pid);
                    }
                }
            });
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Also after a failure: what a test started ends with it.
        for pid in self.started() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// The first of eighteen ports that no other world of this process has, below those of outgoing connections.
pub(crate) fn next_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let slot = (std::process::id() + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % 500;
    20_000 + 18 * u16::try_from(slot).unwrap()
}

fn ops_port(manifest: &str, service: &str) -> u16 {
    let (_, ports) = manifest.split_once(&format!("\n  {service}:")).unwrap();
    let (_, port) = ports.split_once("ops: ").unwrap();
    port.lines().next().unwrap().trim().parse().unwrap()
}

fn answer(mut stream: TcpStream, service: &str, folder: &Path, pid: i32) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    let body = serde_json::json!({"ready": true, "reasons": [], "process": {
        "service": service, "version": "9.9.9", "pid": pid, "folder": folder,
        "folder_id": sigstead_kit::folder_id(folder)?, "uptime_seconds": 7,
    }});
    let body = body.to_string();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A process that ended stays listed until its parent asks for it, which in a container may be never.
pub(crate) fn is_running(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    // A process that has ended is first waited for (Z) and then removed (X).
    state.is_ok_and(|state| !state.contains(") Z ") && !state.contains(") X "))
}

pub(crate) fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

pub(crate) async fn end_of(mut child: Child) -> Output {
    let ended = async {
        while child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    child.wait_with_output().unwrap()
}

/// Runs until it is asked to end, and says that it was started.
pub(crate) const STAND_IN: &str = "#!/bin/sh
trap 'exit 0' TERM
echo $$ >> \"$(dirname \"$0\")/started\"
while :; do sleep 0.05; done
";

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
