//! Who has the mirror, or stands in front of the repository, and none of its keys: what clients refuse then.

mod attacked;
mod post_quantum;
pub(crate) mod server;

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_integration::{Instance, run, sigctl, wait_for};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role as _, Signed, Snapshot, Timestamp};

use attacked::{Attacked, said};
use server::Mirror;

#[test]
fn clients_refuse_what_a_mirror_can_do_to_the_repository() {
    let instance = Instance::start("tuf-attacks", &[]).unwrap();
    let work = World {
        root: copied(&instance, &instance.kit("root.json"), "first-root.json"),
        old: state(&instance, "old", 1),
        new: published(&instance),
        clients: Attacked::here(),
        mirror: Mirror::start(),
        instance,
    };
    work.follow();
    work.roll_back();
    work.mix();
    work.never_end();
    work.freeze();
}

/// A repository at two times, and the clients.
struct World {
    instance: Instance,
    /// Of which clients begin.
    root: PathBuf,
    old: PathBuf,
    new: PathBuf,
    clients: Vec<Attacked>,
    mirror: Mirror,
}

impl World {
    /// Nothing is refused that is as it was published.
    fn follow(&self) {
        for state in [&self.old, &self.new] {
            self.mirror.show(state.clone());
            for client in &self.clients {
                let walked = self.walk(*client, "as published");
                assert!(walked.is_none(), "{client:?}: {walked:?}");
            }
        }
    }

    /// What was published once is shown again to those who know better.
    fn roll_back(&self) {
        for client in &self.clients {
            if *client == Attacked::Tough {
                continue;
            }
            let home = self.home(*client, "rolled back");
            self.mirror.show(self.new.clone());
            let walked = client.walk(&self.mirror.url, &self.root, &home).unwrap();
            assert!(walked.status.success(), "{client:?}: {}", said(&walked));
            let look = || client.look_again(&self.mirror.url, &self.root, &home);
            assert_eq!(look(), None, "{client:?}");
            self.mirror.show(self.old.clone());
            assert!(look().is_some(), "{client:?} goes back");
        }
    }

    /// Files of two times are shown together.
    fn mix(&self) {
        for (shown, as_file) in [
            ("1.snapshot.json", "2.snapshot.json"),
            ("1.targets.json", "2.targets.json"),
        ] {
            let mixed = self.instance.work().join(format!("mixed-{shown}"));
            copy(&self.new, &mixed);
            fs::copy(self.old.join(shown), mixed.join(as_file)).unwrap();
            self.mirror.show(mixed);
            self.all_refuse(shown, &[]);
        }
    }

    /// An answer that has no end fills no memory and no disk.
    fn never_end(&self) {
        self.mirror.show(self.new.clone());
        for file in ["timestamp.json", "3.root.json", "2.targets.json"] {
            self.mirror.show_endless(file);
            // The older client of TUF in cosign, which it asks after the one that refuses, reads targets without an end.
            let spared: &[_] = match file {
                "2.targets.json" => &[Attacked::Cosign],
                _ => &[],
            };
            self.all_refuse(file, spared);
            let most = BOUND * self.clients.len();
            assert!(self.mirror.sent() < most, "{file}: {}", self.mirror.sent());
        }
    }

    /// What was right is shown for ever: clients notice when its timestamp has ended.
    fn freeze(&self) {
        let config = self.instance.directory().join("tuf/config.yaml");
        let text = fs::read_to_string(&config).unwrap();
        let short = text.replace("timestamp_validity: 7d", "timestamp_validity: 8s");
        let short = short.replace("resign_before: 2d", "resign_before: 1s");
        fs::write(&config, short).unwrap();
        let mut restart = sigctl();
        restart.arg("restart").arg(self.instance.directory());
        run(restart.arg("tuf")).unwrap();
        let file = self
            .instance
            .directory()
            .join("tuf/repository/timestamp.json");
        wait_for("a short timestamp", || seconds_left(&file) < 10).unwrap();
        let frozen = self.instance.work().join("frozen");
        copy(&self.instance.directory().join("tuf/repository"), &frozen);
        wait_for("its end", || {
            seconds_left(&frozen.join("timestamp.json")) < 0
        })
        .unwrap();
        self.mirror.show(frozen);
        self.all_refuse("frozen", &[]);
    }

    fn all_refuse(&self, attack: &str, spared: &[Attacked]) {
        for client in &self.clients {
            if !spared.contains(client) {
                let refused = self.walk(*client, attack);
                assert!(refused.is_some(), "{client:?} takes it: {attack}");
            }
        }
    }

    /// The walk of a client that remembers nothing, and what it said if it was refused.
    fn walk(&self, client: Attacked, what: &str) -> Option<String> {
        let home = self.home(client, what);
        let walked = client.walk(&self.mirror.url, &self.root, &home).unwrap();
        (!walked.status.success()).then(|| said(&walked))
    }

    /// A place that is empty.
    fn home(&self, client: Attacked, what: &str) -> PathBuf {
        let home = self.instance.work().join(format!("{client:?} {what}"));
        let _ = fs::remove_dir_all(&home);
        home
    }
}

/// The repository once clients are told of a version of the targets.
fn state(instance: &Instance, name: &str, targets: u64) -> PathBuf {
    let repository = instance.directory().join("tuf/repository");
    wait_for("the snapshot", || told(&repository) == Some(targets)).unwrap();
    copied(instance, &repository, name)
}

/// The targets to which the timestamp of a repository leads.
fn told(repository: &Path) -> Option<u64> {
    let timestamp = fs::read(repository.join("timestamp.json")).ok()?;
    let timestamp = Signed::<Timestamp>::parse(&timestamp).ok()?;
    let version = timestamp.signed.snapshot()?.version;
    let snapshot = fs::read(repository.join(format!("{version}.snapshot.json"))).ok()?;
    let snapshot = Signed::<Snapshot>::parse(&snapshot).ok()?;
    snapshot.signed.targets_version()
}

fn published(instance: &Instance) -> PathBuf {
    let mut publish = sigctl();
    publish.args(["trust", "publish", "--valid-for", "300d"]);
    run(publish.arg(instance.directory())).unwrap();
    state(instance, "new", 2)
}

fn copied(instance: &Instance, from: &Path, name: &str) -> PathBuf {
    let to = instance.work().join(name);
    copy(from, &to);
    to
}

fn copy(from: &Path, to: &Path) {
    run(std::process::Command::new("cp").arg("-r").args([from, to])).unwrap();
}

fn seconds_left(timestamp: &Path) -> i64 {
    let timestamp = fs::read(timestamp).unwrap();
    let timestamp = Signed::<Timestamp>::parse(&timestamp).unwrap().signed;
    (timestamp.expires() - SystemClock.now()).whole_seconds()
}

/// More than any of the clients reads, with what is under way to it.
const BOUND: usize = 256 << 20;
