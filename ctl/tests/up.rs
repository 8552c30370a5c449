//! Starting and its ends, with programs in the services' place that never become ready.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

const SERVICES: [&str; 6] = ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"];

/// An instance, and a `sigctl` with stand-ins of the services beside it.
struct World {
    folder: PathBuf,
}

impl World {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let world = Self { folder };
        // A copy could not be run while another test starts a process that inherits the file it is written to.
        fs::hard_link(env!("CARGO_BIN_EXE_sigctl"), world.path("sigctl")).unwrap();
        for service in SERVICES {
            let program = world.path(&format!("sigstead-{service}"));
            fs::write(&program, STAND_IN).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let anchors = world.path("anchors");
        let anchors = anchors.to_str().unwrap();
        let made = world
            .sigctl(&["init", "--name", "world", "--anchors", anchors])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A command on the instance.
    fn sigctl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("sigctl"));
        command.args(arguments).arg(self.path("instance"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn down(&self) -> String {
        said(&self.sigctl(&["down"]).output().unwrap())
    }

    /// The processes that were ever started.
    fn started(&self) -> Vec<Pid> {
        let text = fs::read_to_string(self.path("started")).unwrap_or_default();
        text.lines()
            .filter_map(|line| Pid::from_raw(line.parse().ok()?))
            .collect()
    }

    fn running(&self) -> usize {
        let processes = self.started().into_iter();
        processes.filter(|pid| is_running(*pid)).count()
    }

    async fn until_started(&self, count: usize) {
        while self.started().len() < count {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Also after a failure: what a test started ends with it.
        for pid in self.started() {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A process that ended stays listed until its parent asks for it, which in a container may be never.
fn is_running(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    state.is_ok_and(|state| !state.contains(") Z "))
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

async fn end_of(mut child: Child) -> Output {
    let ended = async {
        while child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn nothing_is_started_when_a_program_is_missing() {
    let world = World::new("missing");
    fs::remove_file(world.path("sigstead-tuf")).unwrap();
    for arguments in [&["up"][..], &["up", "--detach"]] {
        let up = world.sigctl(arguments).output().unwrap();
        assert_eq!(up.status.code(), Some(1));
        assert!(said(&up).contains("E-CTL-007"), "{}", said(&up));
        assert!(world.started().is_empty());
    }
}

#[tokio::test]
async fn a_start_that_is_asked_to_end_leaves_nothing_running() {
    let world = World::new("interrupted");
    let mut started = 0;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let up = world.sigctl(&["up"]).spawn().unwrap();
        started += SERVICES.len();
        timeout(PATIENCE, world.until_started(started))
            .await
            .unwrap();
        kill_process(Pid::from_child(&up), signal).unwrap();
        let up = end_of(up).await;
        assert!(up.status.success(), "{signal:?}: {}", said(&up));
        assert_eq!(world.running(), 0, "{signal:?}");
    }
}

#[tokio::test]
async fn two_starts_at_once_start_each_service_once() {
    let world = World::new("twice");
    let up = || {
        let arguments = ["up", "--detach", "--wait", "2"];
        world.sigctl(&arguments).spawn().unwrap()
    };
    let (first, second) = (up(), up());
    for output in [end_of(first).await, end_of(second).await] {
        assert_eq!(output.status.code(), Some(1));
    }
    assert_eq!(world.started().len(), SERVICES.len());
    assert_eq!(world.running(), SERVICES.len());
    assert!(world.down().contains("stopped 6 services"));
    assert_eq!(world.running(), 0);
}

#[test]
fn a_service_that_ends_is_told_with_what_it_said_in_this_run() {
    let world = World::new("ended");
    fs::create_dir_all(world.path("instance/run")).unwrap();
    fs::write(world.path("instance/run/tsa.log"), "an earlier run\n").unwrap();
    let program = "#!/bin/sh\necho 'no time left' >&2\nexit 1\n";
    fs::write(world.path("sigstead-tsa"), program).unwrap();
    let up = world.sigctl(&["up"]).output().unwrap();
    assert_eq!(up.status.code(), Some(1));
    let said = said(&up);
    assert!(said.contains("E-CTL-008: tsa ended"), "{said}");
    assert!(said.contains("no time left"), "{said}");
    assert!(!said.contains("an earlier run"), "{said}");
    assert_eq!(world.running(), 0);
}

#[test]
fn keys_are_not_made_under_an_empty_passphrase_nor_listeners_on_no_port() {
    let world = World::new("refused");
    let directory = world.path("another");
    let empty = world.path("empty");
    fs::write(&empty, "\n").unwrap();
    let empty = empty.to_str().unwrap();
    for (option, value, exit) in [
        ("--passphrase-file", empty, 1),
        ("--base-port", "0", 2),
        ("--base-port", "65519", 2),
    ] {
        let init = Command::new(world.path("sigctl"))
            .args(["init", "--name", "another", option, value])
            .arg("--anchors")
            .arg(world.path("anchors"))
            .arg(&directory)
            .output()
            .unwrap();
        assert_eq!(init.status.code(), Some(exit), "{option}: {}", said(&init));
        assert!(!directory.exists());
    }
    let left: Vec<_> = fs::read_dir(&world.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("another"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Runs until it is asked to end, and says that it was started.
const STAND_IN: &str = "#!/bin/sh
trap 'exit 0' TERM
echo $$ >> \"$(dirname \"$0\")/started\"
while :; do sleep 0.05; done
";

const PATIENCE: Duration = Duration::from_secs(30);
