use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use clap::Parser as _;
use sigstead_key::PublicKey;
use sigstead_kit::Clock as _;
use sigstead_signer::{FileKey, KeyConfig};
use tempfile::TempDir;
use time::OffsetDateTime;

use super::signed;
use crate::doctor::answers::Answers;
use crate::doctor::machine::{Disk, Kind, Left, Machine};
use crate::doctor::patient::Patient;
use crate::doctor::{Look, examine, key_ring};
use crate::instance::Instance;
use crate::output::Output;

/// The healthy instances that faults are planted into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base {
    Plain,
    Tls,
    /// In production, behind a proxy.
    Proxy,
    NoCtLog,
}

/// A copy of a healthy instance, on a healthy machine.
pub(super) struct World {
    folder: TempDir,
    pub(super) now: OffsetDateTime,
    /// What is otherwise on the machine or of the instance than its files say.
    pub(super) change: fn(&mut Patient),
}

impl World {
    pub(super) fn new(base: Base) -> Self {
        static MADE: Mutex<BTreeMap<Base, &'static TempDir>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().unwrap();
        let healthy = made.entry(base).or_insert_with(|| {
            let folder = make(base);
            signed::start(&folder.path().join("acme"));
            Box::leak(Box::new(folder))
        });
        let healthy = healthy.path().to_owned();
        drop(made);
        Self::copy(&healthy)
    }

    pub(super) fn unstarted() -> Self {
        static MADE: OnceLock<TempDir> = OnceLock::new();
        Self::copy(MADE.get_or_init(|| make(Base::Plain)).path())
    }

    /// The anchors are outside of the instance, so each copy of it needs its own.
    fn copy(healthy: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copied = std::process::Command::new("cp")
            .args(["-a", "--"])
            .arg(healthy.join("acme"))
            .arg(healthy.join("anchors"))
            .arg(folder.path())
            .status();
        assert!(copied.unwrap().success());
        let world = Self {
            now: sigstead_kit::SystemClock.now(),
            change: |_| {},
            folder,
        };
        let (from, to) = (
            healthy.to_str().unwrap(),
            world.folder.path().to_str().unwrap(),
        );
        for file in ["instance.yaml", "tlog/config.yaml", "ctlog/config.yaml"] {
            if world.path(file).exists() {
                world.edit(file, from, to);
            }
        }
        world
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.folder.path().join("acme")
    }

    /// A path in the instance.
    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.directory().join(relative)
    }

    pub(super) fn instance(&self) -> Instance {
        Instance::open(&self.directory()).unwrap()
    }

    /// The file of an anchor.
    pub(super) fn anchor(&self, log: &str) -> PathBuf {
        self.instance().manifest.anchors.unwrap().join(log)
    }

    /// Writes other words into a file, which must have those that they replace.
    pub(super) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}:\n{text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// The name of the only file in a folder that ends so.
    pub(super) fn file_ending(&self, folder: &str, ending: &str) -> String {
        let listing = fs::read_dir(self.path(folder)).unwrap();
        let mut names = listing.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let name = names.find(|name| name.ends_with(ending)).unwrap();
        format!("{folder}/{name}")
    }

    pub(super) fn sigctl(&self, words: &[&str]) {
        let directory = self.directory();
        sigctl(&[words, &[directory.to_str().unwrap()]].concat());
    }

    /// What the doctor names, and the checks that it could not make.
    pub(super) fn examine(&self) -> Named {
        named(&self.patient(), None)
    }

    /// The instance as the doctor reads it.
    pub(super) fn patient(&self) -> Arc<Patient> {
        let mut patient = wait(Patient::read(self.instance(), self.now, open)).unwrap();
        patient.machine = good_machine();
        (self.change)(&mut patient);
        Arc::new(patient)
    }
}

/// Codes of what was found, and of the checks that could not be made.
pub(super) type Named = (BTreeSet<&'static str>, BTreeSet<&'static str>);

/// What the doctor says of an instance whose services answer so, if they are asked.
pub(super) fn named(patient: &Arc<Patient>, answers: Option<Answers>) -> Named {
    let answers = answers.map(Arc::new);
    let examined = wait(examine(patient, answers.as_ref()));
    let (mut found, mut unmade) = Named::default();
    for each in examined {
        match each.seen {
            Ok(findings) if findings.is_empty() => {}
            Ok(_) => drop(found.insert(each.check.code)),
            Err(_) => drop(unmade.insert(each.check.code)),
        }
    }
    (found, unmade)
}

/// An instance as `sigctl init` makes it.
fn make(base: Base) -> TempDir {
    crate::private::restrict();
    let folder = tempfile::tempdir().unwrap();
    let (directory, anchors) = (folder.path().join("acme"), folder.path().join("anchors"));
    let mut words = vec!["init", "--name", "acme", "--anchors"];
    words.push(anchors.to_str().unwrap());
    words.extend(match base {
        Base::Plain => &[][..],
        Base::Tls => &["--tls"],
        Base::Proxy => &["--domain", "sig.example.com", "--profile", "production"],
        Base::NoCtLog => &["--ct-log", "none"],
    });
    words.push(directory.to_str().unwrap());
    sigctl(&words);
    if base == Base::Proxy {
        // One that was made before ceremonies were.
        let manifest = directory.join("instance.yaml");
        let text = fs::read_to_string(&manifest).unwrap();
        let text = text.replace("profile: standard", "profile: production");
        fs::write(manifest, text).unwrap();
    }
    folder
}

fn sigctl(words: &[&str]) {
    let words = std::iter::once("sigctl").chain(words.iter().copied());
    let arguments = crate::Arguments::try_parse_from(words).unwrap();
    wait(crate::run(arguments.command, Output::Json)).unwrap();
}

pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// Opens a key as the doctor does, each file once: copies of an instance have the same keys, and to open one takes long on
/// purpose.
fn open(config: &KeyConfig) -> Result<PublicKey, String> {
    type Files = Vec<Option<(Vec<u8>, u32)>>;
    static OPENED: Mutex<BTreeMap<Files, PublicKey>> = Mutex::new(BTreeMap::new());
    let KeyConfig::File(FileKey {
        path: key,
        passphrase_file,
    }) = config
    else {
        return key_ring::open(config);
    };
    let read = |path: &PathBuf| {
        let mode = fs::metadata(path).ok()?.permissions().mode();
        Some((fs::read(path).ok()?, mode))
    };
    let files: Files = [Some(key), passphrase_file.as_ref()]
        .into_iter()
        .map(|path| path.and_then(read))
        .collect();
    if let Some(key) = OPENED.lock().unwrap().get(&files) {
        return Ok(key.clone());
    }
    let opened = key_ring::open(config)?;
    OPENED.lock().unwrap().insert(files, opened.clone());
    Ok(opened)
}

/// The machine that runs the tests decides nothing.
fn good_machine() -> Machine {
    Machine {
        disks: vec![Disk {
            place: "/srv".into(),
            has_logs: true,
            left: Ok(Left {
                bytes: 1 << 40,
                files: Some(1 << 20),
                kind: Kind::Disk,
            }),
        }],
        sync: Ok(Duration::from_millis(1)),
        open_files: 1 << 20,
        core_bytes: 0,
    }
}

/// Whether the checks of files alone are made without services.
#[test]
fn offline_no_check_of_services_is_made() {
    let offline: Vec<_> = crate::doctor::all(false).collect();
    assert!(offline.len() > 60);
    let of_files = |look: Look| matches!(look, Look::Files(_));
    assert!(offline.iter().all(|(_, check)| of_files(check.look)));
}
