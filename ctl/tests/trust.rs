//! Publishing trust: what is written, what a crash leaves, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// An instance that nobody serves.
struct World {
    folder: PathBuf,
}

impl World {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trust-{name}"));
        let _ = fs::remove_dir_all(&folder);
        let world = Self { folder };
        world.run(&["init", "--name", "world"]).unwrap();
        world
    }

    /// Runs a command on the instance, and gives its JSON; of a refusal, what stands under `error`.
    fn run(&self, arguments: &[&str]) -> Result<Value, Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigctl"));
        command.args(["--output", "json"]).args(arguments);
        let output = command.arg(&self.folder).output().unwrap();
        let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        if output.status.success() {
            return Ok(answer);
        }
        Err(answer["error"].take())
    }

    fn publish(&self) -> (u64, u64) {
        versions(&self.run(&["trust", "publish"]).unwrap())
    }

    #[track_caller]
    fn refuses(&self, code: &str, cause: &str) {
        let before = self.files();
        let refusal = self
            .run(&["trust", "publish", "--valid-for", "30d"])
            .unwrap_err();
        assert_eq!(refusal["code"], code, "{refusal}");
        assert!(refusal.to_string().contains(cause), "{refusal}");
        assert_eq!(self.files(), before, "nothing is written");
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap()
    }

    fn json(&self, relative: &str) -> Value {
        serde_json::from_slice(&self.read(relative)).unwrap()
    }

    fn change_state(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.json("trust/state.json");
        change(&mut state);
        fs::write(self.path("trust/state.json"), state.to_string()).unwrap();
    }

    /// Names of what is in the repository, sorted.
    fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        for folder in ["tuf/repository", "tuf/repository/targets"] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                names.push(format!("{folder}/{name}"));
            }
        }
        names.sort();
        names
    }
}

fn versions(answer: &Value) -> (u64, u64) {
    let version = |role: &str| answer[role].as_u64().unwrap();
    (version("root"), version("targets"))
}

#[test]
fn the_first_publication_is_version_one_and_the_kit_begins_with_its_root() {
    let world = World::new("first");
    let shown = world.run(&["trust", "show"]).unwrap();
    let roles = shown["roles"].as_array().unwrap();
    let roles: Vec<_> = roles
        .iter()
        .map(|role| {
            (
                role["role"].as_str().unwrap(),
                role["version"].as_u64().unwrap(),
            )
        })
        .collect();
    // Snapshot and timestamp are the service's, which has not run.
    assert_eq!(roles, [("root", 1), ("targets", 1)]);
    for role in shown["roles"].as_array().unwrap() {
        assert_eq!(role["days_left"], 364, "{role}");
        assert_eq!(role["is_expired"], false, "{role}");
    }
    assert_eq!(shown["unpublished"], serde_json::json!([]));
    let names: Vec<_> = shown["targets"].as_array().unwrap().iter().collect();
    let trusted_root = names
        .iter()
        .find(|it| it["name"] == "trusted_root.json")
        .unwrap();
    let sha256 = trusted_root["sha256"].as_str().unwrap();
    assert_eq!(
        world.read(&format!(
            "tuf/repository/targets/{sha256}.trusted_root.json"
        )),
        world.read("client/trusted_root.json")
    );
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/1.root.json")
    );
}

#[test]
fn a_publication_renews_both_roles_and_one_right_after_it_changes_nothing() {
    let world = World::new("renewed");
    // Right after init nothing has aged.
    assert_eq!(world.publish(), (1, 1));
    let shorter = world
        .run(&["trust", "publish", "--valid-for", "30d"])
        .unwrap();
    assert_eq!(versions(&shorter), (2, 2));
    assert_eq!(world.publish(), (3, 3));
    let files = world.files();
    assert_eq!(world.publish(), (3, 3));
    assert_eq!(world.files(), files);
    for version in 1..=3 {
        for role in ["root", "targets"] {
            let file = format!("tuf/repository/{version}.{role}.json");
            assert_eq!(world.json(&file)["signed"]["version"], version, "{file}");
        }
    }
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/3.root.json")
    );
}

#[test]
fn what_changed_in_the_state_is_published_and_shown_until_then() {
    let world = World::new("changed");
    world.change_state(|state| state["operator"] = "another".into());
    let unpublished = |world: &World| world.run(&["trust", "show"]).unwrap()["unpublished"].take();
    assert_eq!(
        unpublished(&world),
        serde_json::json!(["trusted_root.json", "signing_config.v0.2.json"])
    );
    assert_eq!(world.publish(), (1, 2));
    assert_eq!(unpublished(&world), serde_json::json!([]));
    for file in [
        "trusted_root.json",
        "signing_config.v0.2.json",
        "client_trust_config.json",
    ] {
        let kit = world.read(&format!("client/{file}"));
        assert!(
            String::from_utf8(kit).unwrap().contains("another"),
            "{file}"
        );
    }
}

#[test]
fn a_publication_that_was_interrupted_is_finished_by_the_next() {
    let world = World::new("interrupted");
    let shorter = ["trust", "publish", "--valid-for", "30d"];
    world.run(&shorter).unwrap();
    let whole = world.files();
    // Each file that the last publication wrote, the newest first: what a crash before it would have left out.
    for lost in [
        "client/root.json",
        "tuf/repository/2.targets.json",
        "tuf/repository/2.root.json",
    ] {
        fs::remove_file(world.path(lost)).unwrap();
        fs::write(world.path(&format!("{lost}.new")), "half of it").unwrap();
        assert_eq!(
            versions(&world.run(&shorter).unwrap()),
            (2, 2),
            "without {lost}"
        );
        assert_eq!(world.files(), whole, "without {lost}");
        if lost.ends_with("2.targets.json") {
            // The next round is a crash before the root, so neither is there.
            fs::remove_file(world.path(lost)).unwrap();
        }
    }
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/2.root.json")
    );
}

#[test]
fn one_process_at_a_time_publishes() {
    let world = World::new("lock");
    let lock = File::create(world.path("trust/lock")).unwrap();
    lock.lock().unwrap();
    world.refuses("E-CTL-033", "another sigctl");
    lock.unlock().unwrap();
    world.publish();
}

#[test]
fn a_state_that_takes_something_back_is_not_published() {
    let world = World::new("taken-back");
    world.change_state(|state| drop(state["signature_logs"].as_array_mut().unwrap().pop()));
    world.refuses("E-CTL-032", "is missing");
}

#[test]
fn a_state_that_is_none_is_named() {
    let world = World::new("no-state");
    world.change_state(|state| state["unknown"] = Value::Null);
    world.refuses("E-CTL-030", "unknown");
}

#[test]
fn a_key_that_the_published_root_does_not_name_signs_nothing() {
    for (key, name) in [
        ("trust/tuf-root.key", "root"),
        ("trust/tuf-targets.key", "targets"),
    ] {
        let world = World::new(&format!("key-{name}"));
        // A key of another role, opened by the same passphrase.
        fs::copy(world.path("ca/keys/ca.key"), world.path(key)).unwrap();
        world.refuses("E-CTL-031", key);
    }
}

#[test]
fn a_repository_that_is_not_whole_is_named() {
    let world = World::new("repository");
    let trusted_root = world.files();
    let trusted_root = trusted_root
        .iter()
        .find(|it| it.ends_with(".trusted_root.json"));
    fs::write(world.path(trusted_root.unwrap()), "{}").unwrap();
    world.refuses("E-CTL-034", "trusted_root.json");
    fs::remove_file(world.path("tuf/repository/1.targets.json")).unwrap();
    world.refuses("E-CTL-034", "targets.json");
}
