//! One file, copied into an empty folder, is everything that an instance needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{free_ports, run, sigctl};
use tempfile::TempDir;

use crate::{PERSON, artifact, beside};

#[test]
fn the_one_program_makes_starts_uses_and_stops_an_instance_alone() {
    let world = World::new();
    world.ctl(&["init"], &["--name", "one", "--base-port", &world.port]);
    world.ctl(&["up"], &["--detach"]);
    let running = world.commands();
    assert_eq!(running.len(), 6, "{running:?}");
    for command in running {
        assert_eq!(Path::new(&command).file_name().unwrap(), "sigstead");
    }
    let file = artifact(world.folder.path(), "one-program");
    let bundle = beside(&file, "sigstore.json");
    let (file, bundle) = (file.to_str().unwrap(), bundle.to_str().unwrap());
    world.ctl(&["sign"], &[file, "--identity", PERSON, "--bundle", bundle]);
    let directory = world.directory();
    let instance = ["--instance", directory.to_str().unwrap()];
    let by = ["--identity", PERSON, "--bundle", bundle];
    let verify = ["ctl", "verify", file];
    run(Command::new(world.program())
        .args(verify)
        .args(instance)
        .args(by))
    .unwrap();
    // The verifier of logs is in the file too.
    world.ctl(&["log", "check"], &[]);
    world.ctl(&["down"], &[]);
    assert!(world.commands().is_empty());
}

/// A folder with the one program in it, and nothing else.
struct World {
    folder: TempDir,
    port: String,
}

impl World {
    fn new() -> Self {
        let built = PathBuf::from(sigctl().get_program()).with_file_name("sigstead");
        // Beside the program, because links to it do not lead to another file system.
        let folder = TempDir::new_in(built.parent().unwrap()).unwrap();
        let port = free_ports(18).unwrap().to_string();
        let world = Self { folder, port };
        std::fs::hard_link(built, world.program()).unwrap();
        world
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("sigstead")
    }

    fn directory(&self) -> PathBuf {
        self.folder.path().join("instance")
    }

    /// Runs `sigstead ctl` on the instance.
    fn ctl(&self, verb: &[&str], arguments: &[&str]) {
        run(Command::new(self.program())
            .arg("ctl")
            .args(verb)
            .arg(self.directory())
            .args(arguments)
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("HOME", self.folder.path()))
        .unwrap();
    }

    /// The programs of the processes that run.
    fn commands(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.directory().join("run")) else {
            return Vec::new();
        };
        let files = files.filter_map(Result::ok).map(|entry| entry.path());
        let ids = files.filter(|path| path.extension().is_some_and(|end| end == "pid"));
        ids.filter_map(|path| {
            let id = std::fs::read_to_string(path).unwrap();
            let line = std::fs::read(format!("/proc/{}/cmdline", id.trim())).ok()?;
            let first = line.split(|byte| *byte == 0).next()?;
            Some(String::from_utf8(first.to_owned()).unwrap())
        })
        .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A story that failed half way must leave nothing running.
        let mut down = Command::new(self.program());
        let _ = down.args(["ctl", "down"]).arg(self.directory()).output();
    }
}
