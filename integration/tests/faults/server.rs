//! The process of the service.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use sigstead_integration::{pause, run, wait_for};

use crate::world::World;

/// How the service came up.
#[derive(Debug)]
pub(crate) enum Start {
    /// It takes entries.
    Ready,
    /// It answers reads and says why it takes no entries.
    ReadOnly(String),
    /// It ended and said why.
    Ended(String),
}

/// A running service; it is killed when it goes.
pub(crate) struct Server {
    process: Child,
    output: PathBuf,
    ready: String,
}

impl Server {
    /// Runs a command that is, or becomes, the service of a world.
    pub(crate) fn spawn(world: &World, command: &mut Command) -> Self {
        let output = world.folder().join("tlog.log");
        let file = std::fs::File::create(&output).unwrap();
        let process = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self {
            process,
            output,
            ready: format!("http://127.0.0.1:{}/readyz", world.ops_port()),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it is clear how the service came up.
    pub(crate) fn started(&mut self, world: &World) -> Start {
        let mut start = None;
        wait_for("the service", || {
            start = self.state(world);
            start.is_some()
        })
        .unwrap_or_else(|error| panic!("{error:#}\n{}", self.printed()));
        start.unwrap()
    }

    /// As [`Server::started`], of a service that must take entries.
    pub(crate) fn ready(&mut self, world: &World) {
        let start = self.started(world);
        assert!(
            matches!(start, Start::Ready),
            "{start:?}\n{}",
            self.printed()
        );
    }

    /// What is known so far.
    pub(crate) fn state(&mut self, world: &World) -> Option<Start> {
        if self.has_ended() {
            return Some(Start::Ended(self.printed()));
        }
        let (status, text) = world.get(&self.ready)?;
        match status {
            200 => Some(Start::Ready),
            _ if text.contains("takes no entries") => Some(Start::ReadOnly(text)),
            _ => None,
        }
    }

    /// Whether it does not run any more.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) -> ExitStatus {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().unwrap()
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let mut status = None;
        wait_for("the end of the service", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        })
        .unwrap();
        assert!(status.unwrap().success(), "{status:?}\n{}", self.printed());
    }

    /// Stops it in the middle of whatever it does. The pause lets calls into the file system come to their end: what
    /// the kernel does half-way is not under test.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
        pause();
        pause();
    }

    /// What it printed.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }

    fn signal(&self, signal: &str) {
        run(Command::new("kill").args([signal, &self.pid().to_string()])).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
