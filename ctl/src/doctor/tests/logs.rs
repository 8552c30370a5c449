use std::fs;

use sigstead_key::Algorithm;
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};

use super::signed::store;
use super::world::World;
use super::{Plant, find, plant};
use crate::configured::Configs;

pub(super) const PLANTS: &[Plant] = &[
    plant(
        &["E-DOCTOR-060"],
        "a journal with a bit that flipped",
        |world| {
            let path = world.path(&world.file_ending("tlog/rekor-v2/journal", ".segment"));
            let mut bytes = fs::read(&path).unwrap();
            // Within the record that the first sector is followed by.
            bytes[600] ^= 1;
            fs::write(path, bytes).unwrap();
        },
    ),
    plant(&["E-DOCTOR-061"], "an anchor that is damaged", |world| {
        fs::write(world.anchor("rekor-v2"), [0x5a; 1024]).unwrap();
    }),
    plant(&["E-DOCTOR-062"], "an anchor that is gone", |world| {
        fs::remove_file(world.anchor("rekor-v2")).unwrap();
    }),
    plant(
        &["E-DOCTOR-063"],
        "a log that is older than its anchor",
        |world| {
            anchor(world, |anchored| anchored.head.size += 1);
        },
    ),
    plant(&["E-DOCTOR-063"], "a log that is gone", |world| {
        fs::remove_dir_all(world.path("tlog/rekor-v2")).unwrap();
    }),
    plant(&["E-DOCTOR-064"], "an anchor beside its log", |world| {
        let outside = world.anchor("rekor-v2");
        world.edit("tlog/config.yaml", outside.to_str().unwrap(), "anchor");
        fs::copy(outside, world.path("tlog/anchor")).unwrap();
    }),
    plant(&["E-DOCTOR-065"], "a log of another key", |world| {
        let configs = Configs::read(&world.instance());
        let log = configs
            .logs()
            .iter()
            .find(|log| log.data.ends_with("rekor-v2"));
        fs::remove_dir_all(world.path("tlog/rekor-v2")).unwrap();
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        store(log.unwrap(), &key, 1);
    }),
    plant(&["E-DOCTOR-066"], "two logs with one anchor", |world| {
        let (ours, theirs) = (world.anchor("ctlog"), world.anchor("rekor-v2"));
        let (ours, theirs) = (ours.to_str().unwrap(), theirs.to_str().unwrap());
        world.edit("ctlog/config.yaml", ours, theirs);
    }),
    plant(&["E-DOCTOR-068"], "a last window that ends", |world| {
        world.edit(
            "ca/config.yaml",
            "  public_key: ctlog.pub\n",
            "  public_key: ctlog.pub\n  ends_until: 2020-01-01T00:00:00Z\n",
        );
    }),
    plant(&["E-DOCTOR-067"], "a clock that is behind", |world| {
        anchor(world, |anchored| anchored.time_millis += 3_600_000);
    }),
];

#[test]
fn a_fault_of_a_log_is_named() {
    find(PLANTS);
}

/// Lets the anchor of a log remember something else.
fn anchor(world: &World, change: impl FnOnce(&mut Anchored)) {
    let mut anchor = FileAnchor::new(world.anchor("rekor-v2"));
    let mut anchored = anchor.load().unwrap().unwrap();
    change(&mut anchored);
    anchor.store(&anchored).unwrap();
}
