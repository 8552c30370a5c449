use sigstead_key::Algorithm;
use sigstead_trust_root::tuf::{Snapshot, Timestamp};

use super::*;
use crate::trust::signer::TufSigner;

/// The keys of an instance, and what is published of it.
struct World {
    keys: [TufSigner; 4],
    root: Root,
    targets: Signed<Targets>,
    online: Online,
}

impl World {
    async fn new() -> Self {
        let keys = [(); 4].map(|()| key());
        let [root_key, targets_key, snapshot_key, timestamp_key] = &keys;
        let root = Root::new(1, later())
            .with_role("root", &[root_key.key().clone()], 1)
            .with_role("targets", &[targets_key.key().clone()], 1)
            .with_role("snapshot", &[snapshot_key.key().clone()], 1)
            .with_role("timestamp", &[timestamp_key.key().clone()], 1);
        let targets = targets_key.sign(Targets::new(1, later(), &[])).await;
        let snapshot = snapshot_key.sign(Snapshot::new(1, later(), 1)).await;
        let snapshot = snapshot.unwrap();
        let timestamp = Timestamp::new(1, later(), &snapshot.signed, &snapshot.encode());
        let timestamp = timestamp_key.sign(timestamp).await.unwrap();
        Self {
            root,
            targets: targets.unwrap(),
            online: Online {
                snapshot,
                timestamp,
            },
            keys,
        }
    }

    /// What the gate says of the next root, signed with the key of the one before.
    async fn refusal(&self, next: Root) -> Option<String> {
        let root = self.keys[0].sign(next).await.unwrap();
        let next = NextRoot::alone(root);
        let now = SystemClock.now();
        let checked = check_offline(&self.root, &next, &self.targets, now);
        let checked = checked.and_then(|()| check_online(&next.root.signed, &self.online));
        let failure = checked.err()?;
        assert_eq!(failure.code(), "E-CTL-462");
        Some(failure.whole())
    }
}

fn key() -> TufSigner {
    let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    TufSigner::new(key, "a key".as_ref()).unwrap()
}

fn later() -> OffsetDateTime {
    SystemClock.now() + Duration::HOUR
}

#[tokio::test]
async fn a_root_by_which_clients_would_find_nothing_is_refused() {
    let world = World::new().await;
    let next = || world.root.successor(later());
    let stranger = key();
    let names = |role: &str| next().with_role(role, &[stranger.key().clone()], 1);
    let table = [
        (next(), None),
        (next().successor(later()), Some("version")),
        (next().expiring(SystemClock.now()), Some("it expired at")),
        (names("root"), Some("root")),
        (names("targets"), Some("the targets metadata")),
        (names("snapshot"), Some("the snapshot metadata")),
        (names("timestamp"), Some("the timestamp metadata")),
    ];
    for (next, expected) in table {
        let refusal = world.refusal(next.clone()).await;
        match expected {
            None => assert_eq!(refusal, None),
            Some(part) => assert!(
                refusal.as_ref().is_some_and(|it| it.contains(part)),
                "{refusal:?}, not {part}"
            ),
        }
    }
}

#[tokio::test]
async fn what_the_service_signed_says_nothing_of_a_root_once_it_has_ended_or_is_of_other_targets() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::at(folder.path().to_owned());
    let why = |targets, now| online(&repository, targets, now).unwrap().err();
    let now = SystemClock.now();
    assert!(why(1, now).unwrap().contains("published nothing yet"));
    let (snapshot, timestamp) = (&world.online.snapshot, &world.online.timestamp);
    for (name, bytes) in [file(snapshot), file(timestamp)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert_eq!(why(1, now), None);
    assert!(why(2, now).unwrap().contains("has not published targets 2"));
    assert!(why(1, later()).unwrap().contains("has ended"));
}
