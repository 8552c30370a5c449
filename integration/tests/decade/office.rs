//! Ceremonies: people, each with keys of her own, and the medium that goes from one to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};

use crate::calendar::Wish;
use crate::pace::Pace;

/// The people, and where each has her key.
pub(crate) struct Office {
    folder: PathBuf,
    keys: BTreeMap<String, PathBuf>,
    held: u32,
    pace: Pace,
}

impl Office {
    pub(crate) fn new(instance: &Instance, pace: Pace) -> Self {
        let folder = instance.work().join("people");
        fs::create_dir(&folder).unwrap();
        let passphrase = folder.join("passphrase");
        fs::write(&passphrase, "the passphrase of a person\n").unwrap();
        run(Command::new("chmod").arg("600").arg(passphrase)).unwrap();
        Self {
            folder,
            keys: BTreeMap::new(),
            held: 0,
            pace,
        }
    }

    /// Where the media of all ceremonies are.
    pub(crate) fn media(&self) -> impl Iterator<Item = PathBuf> {
        (1..=self.held).map(|number| self.folder.join(format!("medium-{number}")))
    }

    /// Holds one: who is wanted joins, one reviews, those who are named sign, and the root is published.
    pub(crate) fn hold(&mut self, instance: &Instance, wish: Wish) -> Result<()> {
        self.held += 1;
        let medium = self.folder.join(format!("medium-{}", self.held));
        let mut new = ceremony("new");
        new.arg(instance.directory()).arg("--to").arg(&medium);
        let [lives, signed] = [ROOT, SIGNED_WITHIN].map(|months| self.pace.lifetime(months));
        new.args(["--valid-for", &lives, "--sign-within", &signed]);
        run(new.args(wish.changes))?;
        let before = self.keys.clone();
        for (name, algorithm) in wish.join {
            let key = self.folder.join(format!("{name}-{}.key", self.held));
            let mut invite = ceremony("invite");
            invite.arg(&medium).args(["--name", name]);
            invite.args(["--algorithm", algorithm]);
            run(self.with_key(&mut invite, &key, &self.passphrase()))?;
            self.keys.insert((*name).to_owned(), key);
        }
        let words = words(&medium)?;
        for (names, keys) in [(wish.sign_before, &before), (wish.sign, &self.keys)] {
            for name in names {
                let mut sign = ceremony("sign");
                sign.arg(&medium).args(["--words", &words]);
                run(self.sign_with(&mut sign, instance, name, keys))?;
            }
        }
        let mut finish = ceremony("finish");
        finish.arg(instance.directory()).arg("--from").arg(&medium);
        run(&mut finish).map(drop)
    }

    fn sign_with<'a>(
        &self,
        sign: &'a mut Command,
        instance: &Instance,
        name: &str,
        keys: &BTreeMap<String, PathBuf>,
    ) -> &'a mut Command {
        match keys.get(name) {
            Some(key) => self.with_key(sign, key, &self.passphrase()),
            // The one key of the instance.
            None => {
                let folder = instance.directory();
                let key = folder.join("trust/tuf-root.key");
                self.with_key(sign, &key, &folder.join("passphrase"))
            }
        }
    }

    fn with_key<'a>(
        &self,
        command: &'a mut Command,
        key: &Path,
        passphrase: &Path,
    ) -> &'a mut Command {
        command.arg("--key").arg(format!("file:{}", key.display()));
        command.arg("--passphrase-file").arg(passphrase)
    }

    fn passphrase(&self) -> PathBuf {
        self.folder.join("passphrase")
    }
}

fn ceremony(verb: &str) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "ceremony", verb]);
    command
}

fn words(medium: &Path) -> Result<String> {
    // It says with its exit code that nobody has signed yet.
    let reviewed = ceremony("review").arg(medium).output()?;
    let reviewed: Value = serde_json::from_slice(&reviewed.stdout)?;
    let words = reviewed["words"].as_str();
    words.map(str::to_owned).context("no words")
}

/// Two years and a half. The next one is due after a year; a sleep of two years it does not outlive.
const ROOT: u32 = 30;
/// More than enough for people who are in one room.
const SIGNED_WITHIN: u32 = 12;
