//! A log is carried to where no network leads, by the commands of `docs/air-gap.md`.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use sigstead_integration::{Instance, programs, run, sigctl};

use crate::{PERSON, artifact, beside};

const PAGE: &str = include_str!("../../../docs/air-gap.md");

#[test]
fn what_is_signed_outside_is_copied_inside_by_what_was_carried() {
    let site = Site::new();
    site.sign(3);
    run(&mut site.command("export", "batch-1")).unwrap();
    let first = site.imported(&mut site.command("import", "batch-1"));
    // Three signatures, and the first entry, which is the log's own.
    assert_eq!((&first["before"], &first["size"]), (&0.into(), &4.into()));
    site.sign(2);
    run(&mut site.command_since("export", "batch-2", 4)).unwrap();
    let import = || site.import_of("batch-2");
    let second = site.imported(&mut import());
    assert_eq!((&second["before"], &second["size"]), (&4.into(), &6.into()));
    let again = site.imported(&mut import());
    assert_eq!((&again["before"], &again["size"]), (&6.into(), &6.into()));
    site.is_as_outside();
}

#[test]
fn what_was_lost_changed_or_is_of_another_log_is_refused_and_changes_nothing() {
    let site = Site::new();
    run(&mut site.command("export", "batch-1")).unwrap();
    run(&mut site.command("import", "batch-1")).unwrap();
    site.sign(2);
    run(&mut site.command_since("export", "batch-2", 1)).unwrap();
    site.sign(1);
    run(&mut site.command_since("export", "batch-3", 3)).unwrap();
    assert_eq!(code(&mut site.import_of("batch-3")), "E-AIR-002");
    assert_eq!(
        code(&mut site.command_since("export", "batch-4", 99)),
        "E-AIR-008"
    );

    let entries = site.file_with_entries("batch-2");
    let good = std::fs::read(&entries).unwrap();
    for (bytes, expected) in [
        (good[..good.len() - 1].to_vec(), "E-AIR-004"),
        (flipped(&good, good.len() / 2), "E-AIR-004"),
        (Vec::new(), "E-AIR-004"),
        (good[..header_length(&good)].to_vec(), "E-AIR-005"),
    ] {
        std::fs::write(&entries, bytes).unwrap();
        assert_eq!(code(&mut site.import_of("batch-2")), expected);
    }
    std::fs::remove_file(&entries).unwrap();
    assert_eq!(code(&mut site.import_of("batch-2")), "E-AIR-005");
    std::fs::write(&entries, good).unwrap();
    let checkpoint = site.folder.join("batch-2/add-checkpoint");
    let text = std::fs::read_to_string(&checkpoint).unwrap();
    std::fs::write(&checkpoint, text.replacen("old 1", "old 0", 1)).unwrap();
    assert_eq!(code(&mut site.import_of("batch-2")), "E-AIR-004");
    std::fs::write(&checkpoint, "something else").unwrap();
    assert_eq!(code(&mut site.import_of("batch-2")), "E-AIR-007");
    std::fs::write(&checkpoint, text).unwrap();

    run(&mut site.import_of("batch-2")).unwrap();
    run(&mut site.import_of("batch-3")).unwrap();
    site.is_as_outside();
}

/// An instance, a folder of media, and a copy.
struct Site {
    instance: Instance,
    folder: PathBuf,
    log: String,
}

impl Site {
    fn new() -> Self {
        let instance = Instance::start("air-gap", &[]).unwrap();
        let log = info(&instance)["origin"].as_str().unwrap().to_owned();
        let folder = instance.work().join("media");
        std::fs::create_dir(&folder).unwrap();
        Self {
            instance,
            folder,
            log,
        }
    }

    fn sign(&self, count: usize) {
        for number in 0..count {
            let file = artifact(self.instance.work(), &format!("air-gap-{number}"));
            run(sigctl()
                .arg("sign")
                .arg(self.instance.directory())
                .arg(&file)
                .args(["--identity", PERSON, "--bundle"])
                .arg(beside(&file, "sigstore.json")))
            .unwrap();
        }
    }

    /// The command of the page with that verb and that medium, in the places of this site.
    fn command(&self, verb: &str, medium: &str) -> Command {
        let start = format!("    sigctl {verb} ");
        let lines = PAGE.lines().filter(|line| line.starts_with(&start));
        let mut lines = lines.filter(|line| line.contains(medium));
        let line = lines.next().unwrap();
        let mut command = sigctl();
        command.args(line.split_whitespace().skip(1).map(|word| self.place(word)));
        command
    }

    fn command_since(&self, verb: &str, medium: &str, since: u64) -> Command {
        let page = self.command(verb, "batch-2");
        let mut command = sigctl();
        for argument in page.get_args() {
            let argument = argument.to_str().unwrap();
            match argument {
                "131208" => command.arg(since.to_string()),
                other => command.arg(other.replace("batch-2", medium)),
            };
        }
        command
    }

    fn import_of(&self, medium: &str) -> Command {
        let page = self.command("import", "batch-1");
        let mut command = sigctl();
        let words = page.get_args().map(|word| word.to_str().unwrap());
        command.args(words.map(|word| word.replace("batch-1", medium)));
        command
    }

    fn place(&self, word: &str) -> String {
        let place = match word {
            "/srv/acme" => return self.instance.directory().display().to_string(),
            "/srv/copies/trust/kit/trusted_root.json" => self.instance.kit("trusted_root.json"),
            "/srv/copies/acme" => self.copy(),
            _ => {
                let media = self.folder.to_str().unwrap();
                let word = word.replace("/media", media);
                return word.replace("log2026-1.sig.example.com", &self.log);
            }
        };
        place.to_str().unwrap().to_owned()
    }

    fn copy(&self) -> PathBuf {
        self.instance.work().join("copy")
    }

    fn imported(&self, command: &mut Command) -> Value {
        let output = run(command.args(["--output", "json"])).unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn file_with_entries(&self, medium: &str) -> PathBuf {
        let files = std::fs::read_dir(self.folder.join(medium)).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        let is_entries = |path: &PathBuf| path.to_str().unwrap().contains("add-entries-");
        files.find(is_entries).unwrap()
    }

    /// The copy has the checkpoint of the log, and a program that shares no code with ours finds nothing wrong with it.
    fn is_as_outside(&self) {
        let log = self.info();
        let checkpoint = std::fs::read_to_string(self.copy().join("checkpoint")).unwrap();
        assert_eq!(log["checkpoint"], checkpoint.as_str());
        let key = self.folder.join("log.pub");
        std::fs::write(&key, self.key()).unwrap();
        run(Command::new(programs().join("sigstead-logcheck"))
            .args(["rekor-v2", "--origin", &self.log, "--directory"])
            .arg(self.copy())
            .arg("--key")
            .arg(&key))
        .unwrap();
    }

    fn info(&self) -> Value {
        info(&self.instance)
    }

    /// The key of the log, as the trusted root has it.
    fn key(&self) -> String {
        let root = std::fs::read(self.instance.kit("trusted_root.json")).unwrap();
        let root: Value = serde_json::from_slice(&root).unwrap();
        let logs = root["tlogs"].as_array().unwrap().iter();
        let mut logs = logs.filter(|log| log["baseUrl"].as_str().unwrap().contains(&self.log));
        let key = logs.next().unwrap()["publicKey"]["rawBytes"]
            .as_str()
            .unwrap();
        let key = key
            .as_bytes()
            .chunks(64)
            .map(|line| str::from_utf8(line).unwrap());
        let key = key.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
    }
}

/// The log of Rekor v2, as `sigctl log info` shows it.
pub(crate) fn info(instance: &Instance) -> Value {
    let shown = run(sigctl()
        .args(["log", "info", "--output", "json"])
        .arg(instance.directory()))
    .unwrap();
    let logs: Value = serde_json::from_slice(&shown.stdout).unwrap();
    logs[1].clone()
}

/// The code that a command fails with, which must end as what is refused does.
fn code(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let code = said.find("E-AIR-").and_then(|at| said.get(at..at + 9));
    code.unwrap_or(&said).to_owned()
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// What stands before the first package.
fn header_length(bytes: &[u8]) -> usize {
    let origin = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    2 + origin + 8 + 8 + 2
}
