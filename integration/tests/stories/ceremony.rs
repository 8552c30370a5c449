//! What `docs/ceremony.md` shows is done, each command on the machine that it names, while clients walk from the first root.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};
use sigstead_trust_root::tuf::{Root, Signed};

use crate::refuses;
use crate::rotation::gate::client_that;
use crate::rotation::tuf_clients::{Load, clients_refresh};

#[test]
fn the_page_is_followed_and_so_is_every_root_by_all_clients() {
    let instance = Instance::start("ceremony", &[]).unwrap();
    let process = instance.service("tuf").unwrap()["pid"].clone();
    let first = instance.work().join("first-root.json");
    fs::copy(instance.kit("root.json"), &first).unwrap();
    let load = Load::start(&instance, &first);
    let mut carried = Carried::new(&instance);
    let commands = commands(include_str!("../../../docs/ceremony.md"));
    assert_eq!(commands.len(), 55, "{commands:?}");
    let stubborn = client_that(&instance.work().join("clients"), "[ \"$1\" = initialize ]");
    for (machine, command) in &commands {
        if command.contains(" finish ") {
            let mut finish = carried.command(machine, command);
            refuses(finish.env("SIGSTEAD_CLIENTS", &stubborn), &["e-ctl-459"]);
        }
        let mut sigctl = carried.command(machine, command);
        if command.starts_with("rotate ") {
            waits(&mut sigctl);
        } else {
            run(&mut sigctl).unwrap();
        }
        if command.contains(" finish ") && !command.contains("--check") {
            clients_refresh(&instance, &first);
        }
        if command.contains(" finish DIR --from root-3") {
            rotations_of_the_one_key_are_refused(&instance);
        }
    }
    for (version, (threshold, keys)) in
        (2..=7).zip([(2, 3), (2, 3), (3, 4), (3, 4), (3, 4), (3, 4)])
    {
        let role = root(&instance, version).roles["root"].clone();
        assert_eq!((role.threshold, role.keyids.len()), (threshold, keys));
    }
    the_service_has_other_keys(&instance);
    goes_on_without_the_one_key(&instance);
    clients_refresh(&instance, &first);
    assert!(load.stop() > 0);
    assert_eq!(instance.service("tuf").unwrap()["pid"], process);
}

/// Root 5 names others than root 4 does, and they are those of the rotation.
fn the_service_has_other_keys(instance: &Instance) {
    let status = sigctl()
        .args(["--output", "json", "rotate", "tuf-online", "status"])
        .arg(instance.directory())
        .output();
    let status: Value = serde_json::from_slice(&status.unwrap().stdout).unwrap();
    assert_eq!(status["phase"], "loaded", "{status}");
    let (before, now) = (root(instance, 4), root(instance, 5));
    for role in ["snapshot", "timestamp"] {
        assert_ne!(before.roles[role], now.roles[role]);
    }
    assert_eq!(now.keys.len(), 4 + 3);
}

fn rotations_of_the_one_key_are_refused(instance: &Instance) {
    for role in ["tuf-root", "tuf-targets"] {
        let mut rotate = sigctl();
        rotate
            .args(["rotate", role, "start"])
            .arg(instance.directory());
        refuses(&mut rotate, &["e-ceremony-020"]);
    }
}

/// The key that signed the first root is of no use, there or not.
fn goes_on_without_the_one_key(instance: &Instance) {
    let directory = instance.directory();
    let publish = || run(sigctl().args(["trust", "publish"]).arg(&directory)).unwrap();
    let said = String::from_utf8(publish().stdout).unwrap();
    let (newest, targets) = ("root 7 and targets 3", "which several people signed");
    assert!(said.contains(newest) && said.contains(targets), "{said}");
    assert!(doctor(instance).contains("destroy it"));
    for key in ["trust/tuf-root.key", "trust/tuf-targets.key"] {
        fs::remove_file(directory.join(key)).unwrap();
    }
    publish();
    assert!(!doctor(instance).contains("E-DOCTOR-047"));
}

fn doctor(instance: &Instance) -> String {
    let doctor = sigctl().arg("doctor").arg(instance.directory()).output();
    String::from_utf8(doctor.unwrap().stdout).unwrap()
}

fn root(instance: &Instance, version: u64) -> Root {
    let file = format!("tuf/repository/{version}.root.json");
    let bytes = fs::read(instance.directory().join(file)).unwrap();
    Signed::<Root>::parse(&bytes).unwrap().signed
}

/// The commands of the page, each with the machine that it is for.
pub(crate) fn commands(page: &str) -> Vec<(String, String)> {
    let lines = page.lines().map(str::trim);
    let lines = lines.filter_map(|line| line.split_once("$ sigctl "));
    lines
        .map(|(machine, command)| (machine.to_owned(), command.to_owned()))
        .collect()
}

/// Machines that share nothing but media, which are brought from where they were last to where they are needed.
pub(crate) struct Carried {
    work: PathBuf,
    instance: PathBuf,
    /// Where each medium was last.
    media: BTreeMap<String, PathBuf>,
}

impl Carried {
    pub(crate) fn new(instance: &Instance) -> Self {
        Self {
            work: instance.work().join("machines"),
            instance: instance.directory(),
            media: BTreeMap::new(),
        }
    }

    pub(crate) fn command(&mut self, machine: &str, command: &str) -> Command {
        let folder = self.machine(machine);
        let medium = command
            .split(' ')
            .find(|word| word.starts_with("root-") || word.starts_with("medium-"))
            .map(str::to_owned);
        if let Some(medium) = &medium {
            self.bring(medium, &folder);
        }
        let words = match command.contains("\"WORDS\"") {
            true => words(&folder, medium.as_deref().unwrap()),
            false => String::new(),
        };
        let instance = self.instance.to_str().unwrap();
        let words = command.split(' ').map(|word| match word {
            "\"WORDS\"" => words.clone(),
            word => word.replace("DIR", instance),
        });
        let mut sigctl = sigctl();
        sigctl.current_dir(&folder).args(words);
        sigctl
    }

    /// The folder of a machine, in which its holder has her passphrase.
    pub(crate) fn machine(&self, name: &str) -> PathBuf {
        let folder = self.work.join(name);
        if !folder.exists() {
            fs::create_dir_all(&folder).unwrap();
            let passphrase = folder.join(format!("{name}.pass"));
            fs::write(&passphrase, format!("the passphrase of {name}\n")).unwrap();
            run(Command::new("chmod").arg("600").arg(passphrase)).unwrap();
        }
        folder
    }

    fn bring(&mut self, medium: &str, to: &Path) {
        let place = to.join(medium);
        let was = self.media.insert(medium.to_owned(), place.clone());
        if let Some(was) = was.filter(|was| *was != place) {
            if place.exists() {
                fs::remove_dir_all(&place).unwrap();
            }
            run(Command::new("cp").arg("-r").arg(was).arg(place)).unwrap();
        }
    }
}

/// A rotation that goes on later: once people have signed, or the time has come.
pub(crate) fn waits(sigctl: &mut Command) {
    let output = sigctl.output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
}

fn words(folder: &Path, medium: &str) -> String {
    let mut review = sigctl();
    review.current_dir(folder).args(["--output", "json"]);
    let reviewed = review
        .args(["ceremony", "review", medium])
        .output()
        .unwrap();
    let reviewed: Value = serde_json::from_slice(&reviewed.stdout).unwrap();
    reviewed["words"].as_str().unwrap().to_owned()
}
