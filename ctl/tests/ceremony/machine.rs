//! Machines that share nothing but a folder that is copied from one to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A machine with `sigctl`, a folder of its own, and a medium that is brought to it.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ceremony-").tempdir();
        Self {
            folder: folder.unwrap(),
        }
    }

    /// One that has an instance too.
    pub(crate) fn with_instance(name: &str) -> Self {
        Self::with_instance_of(name, &[])
    }

    fn with_instance_of(name: &str, wishes: &[&str]) -> Self {
        let machine = Self::new();
        let init = ["init", "instance", "--name", name];
        machine.run(&[&init, wishes].concat()).unwrap();
        machine
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Brings the medium as it is on another machine.
    pub(crate) fn take_medium_of(&self, other: &Self) {
        let medium = self.path("medium");
        if medium.exists() {
            fs::remove_dir_all(&medium).unwrap();
        }
        for (file, bytes) in other.medium() {
            let place = medium.join(file);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes).unwrap();
        }
    }

    /// Every file of the medium.
    pub(crate) fn medium(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let medium = self.path("medium");
        let mut files = BTreeMap::new();
        let mut folders = vec![medium.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&medium).unwrap().to_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    /// Runs a command here, and gives its JSON; of a refusal, what is under `error`, with how the command ended.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Value, Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigctl"));
        command.current_dir(self.folder.path());
        command.env("SIGCTL_CEREMONY_PASSPHRASE", "of the holder");
        command.args(["--output", "json"]).args(arguments);
        let output = command.output().unwrap();
        let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = output.status.code().unwrap();
        if matches!(code, 0 | 3) {
            return Ok(answer);
        }
        let mut error = answer["error"].take();
        error["exit"] = code.into();
        Err(error)
    }

    /// A command that is refused with a code, and leaves the medium as it was.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &[&str], code: &str) -> Value {
        let before = self.medium();
        let refusal = self.run(arguments).unwrap_err();
        assert_eq!(refusal["code"], code, "{refusal}");
        assert_eq!(self.medium(), before, "the medium was changed");
        refusal
    }

    pub(crate) fn words(&self) -> String {
        let reviewed = self.run(&["ceremony", "review", "medium"]).unwrap();
        reviewed["words"].as_str().unwrap().to_owned()
    }

    pub(crate) fn invite(&self, name: &str) {
        let key = format!("file:{name}.key");
        self.run(
            &[
                &["ceremony", "invite", "medium"],
                &["--name", name, "--key", &key][..],
            ]
            .concat(),
        )
        .unwrap();
    }

    /// Signs what is on the medium, after a review.
    pub(crate) fn sign(&self, name: &str) -> Value {
        let (key, words) = (format!("file:{name}.key"), self.words());
        self.run(&[
            "ceremony", "sign", "medium", "--key", &key, "--words", &words,
        ])
        .unwrap()
    }

    /// Signs with the one key that the instance of this machine was made with.
    pub(crate) fn sign_as_operator(&self) {
        self.sign_with_instances("trust/tuf-root.key");
    }

    /// Signs with a key that is with the instance of this machine.
    pub(crate) fn sign_with_instances(&self, key: &str) {
        let words = self.words();
        let key = format!("file:instance/{key}");
        self.run(&[
            "ceremony",
            "sign",
            "medium",
            "--key",
            &key,
            "--passphrase-file",
            "instance/passphrase",
            "--words",
            &words,
        ])
        .unwrap();
    }

    pub(crate) fn change_json(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let path = self.path(file);
        let mut value = self.json(&path);
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    pub(crate) fn json(&self, file: &Path) -> Value {
        serde_json::from_slice(&fs::read(self.path("").join(file)).unwrap()).unwrap()
    }
}

/// An office with an instance, and three holders with the medium of a first ceremony, at which all have joined.
pub(crate) struct Ceremony {
    pub(crate) office: Machine,
    pub(crate) alice: Machine,
    pub(crate) bob: Machine,
    pub(crate) carol: Machine,
}

impl Ceremony {
    /// The operator's place is taken by three, of whom two sign.
    pub(crate) fn first(instance: &str) -> Self {
        Self::first_of(instance, &[])
    }

    /// The same in an instance that was made with these wishes.
    pub(crate) fn first_of(instance: &str, wishes: &[&str]) -> Self {
        let office = Machine::with_instance_of(instance, wishes);
        let ceremony = Self {
            office,
            alice: Machine::new(),
            bob: Machine::new(),
            carol: Machine::new(),
        };
        ceremony.new_draft(&[
            "--replace",
            "operator=alice",
            "--add",
            "bob",
            "--add",
            "carol",
            "--threshold",
            "2",
        ]);
        ceremony.each_in_turn(|machine, name| machine.invite(name));
        ceremony
    }

    pub(crate) fn new_draft(&self, wishes: &[&str]) {
        let new = ["ceremony", "new", "instance", "--to", "medium"];
        self.office.run(&[&new, wishes].concat()).unwrap();
    }

    /// Carries the medium from the office to each holder, and back.
    pub(crate) fn each_in_turn(&self, act: impl Fn(&Machine, &str)) {
        for (machine, name) in [
            (&self.alice, "alice"),
            (&self.bob, "bob"),
            (&self.carol, "carol"),
        ] {
            self.carried_to(machine, |machine| act(machine, name));
        }
    }

    /// Carries the medium to one machine, and back.
    pub(crate) fn carried_to(&self, machine: &Machine, act: impl FnOnce(&Machine)) {
        machine.take_medium_of(&self.office);
        act(machine);
        self.office.take_medium_of(machine);
    }
}
