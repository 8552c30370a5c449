use std::fs;

use serde_json::Value;
use sigstead_key::Algorithm;
use sigstead_sequencer::FileAnchor;
use sigstead_trust_root::tuf::Targets;
use sigstead_x509::{CaKind, CaProfile, SerialNumber, TimestampingProfile, Validity};
use time::Duration;

use super::keys::{certificate, name, sign};
use super::signed::{change, new_key, open_file};
use super::world::{Base, World};
use super::{Plant, find, on, plant};

pub(super) const PLANTS: &[Plant] = &[
    plant(&["E-DOCTOR-040"], "a target that is damaged", |world| {
        let file = world.file_ending("tuf/repository/targets", ".trusted_root.json");
        world.edit(&file, "baseUrl", "baseURL");
    }),
    plant(&["E-DOCTOR-040"], "a target that is gone", |world| {
        let file = world.file_ending("tuf/repository/targets", ".trusted_root.json");
        fs::remove_file(world.path(&file)).unwrap();
    }),
    plant(&["E-DOCTOR-040"], "metadata that cannot be read", |world| {
        fs::write(world.path("tuf/repository/1.targets.json"), "{}").unwrap();
    }),
    plant(
        &["E-DOCTOR-041"],
        "a root that is missing in the row",
        |world| {
            world.sigctl(&["trust", "publish", "--valid-for", "400d"]);
            fs::remove_file(world.path("tuf/repository/1.root.json")).unwrap();
        },
    ),
    plant(&["E-DOCTOR-042"], "a signature that is wrong", |world| {
        let path = world.path("tuf/repository/1.targets.json");
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let other = json["signatures"][0]["keyid"].clone();
        json["signatures"][0]["sig"] = other;
        fs::write(path, serde_json::to_vec(&json).unwrap()).unwrap();
    }),
    on(
        Base::Proxy,
        &["E-CEREMONY-030", "E-CEREMONY-047"],
        "real use before the first ceremony, with a root beside it",
        |world| {
            world.edit("instance.yaml", "profile: production", "profile: standard");
        },
    ),
    plant(&["E-DOCTOR-043"], "a role that has expired", |world| {
        let now = world.now;
        change(
            world,
            "1.targets.json",
            "trust/tuf-targets.key",
            |targets: &mut Targets| {
                targets.expires = (now - Duration::days(1)).truncate_to_second();
            },
        );
    }),
    plant(&["E-DOCTOR-044"], "roles that expire soon", |world| {
        world.sigctl(&["trust", "publish", "--valid-for", "30d"]);
    }),
    plant(
        &["E-DOCTOR-044"],
        "a timestamp that should have been signed again",
        |world| {
            world.now += Duration::hours(6 * 24 + 12);
        },
    ),
    plant(&["E-DOCTOR-045"], "a snapshot that is gone", |world| {
        fs::remove_file(world.path("tuf/repository/1.snapshot.json")).unwrap();
    }),
    plant(
        &["E-DOCTOR-046"],
        "another key of the timestamp role",
        |world| {
            new_key(world, "tuf/keys/timestamp.key", Algorithm::EcdsaP256Sha256);
        },
    ),
    plant(
        &["E-DOCTOR-047"],
        "another key of the targets role",
        |world| {
            new_key(world, "trust/tuf-targets.key", Algorithm::EcdsaP256Sha256);
        },
    ),
    plant(&["E-DOCTOR-048"], "a trust state that is none", |world| {
        fs::write(world.path("trust/state.json"), "{}").unwrap();
    }),
    plant(
        &["E-DOCTOR-049"],
        "a change that is not published",
        |world| {
            world.edit(
                "trust/state.json",
                "\"operator\": \"acme\"",
                "\"operator\": \"other\"",
            );
        },
    ),
    plant(&["E-DOCTOR-050"], "a kit that was changed", |world| {
        world.edit("client/trusted_root.json", "acme", "other");
    }),
    plant(&["E-DOCTOR-050"], "a kit that is not whole", |world| {
        fs::remove_file(world.path("client/ctfe.pub")).unwrap();
    }),
    plant(&["E-DOCTOR-050"], "a page that was changed", |world| {
        world.edit("tuf/repository/client/index.html", "acme", "other");
    }),
    plant(&["E-DOCTOR-050"], "a page of another root", |world| {
        let record = "tuf/repository/client/page.json";
        world.edit(
            record,
            "\"root\": {\n    \"sha256\": \"",
            "\"root\": {\n    \"sha256\": \"0",
        );
    }),
    plant(
        &["E-DOCTOR-051"],
        "a chain that clients do not have",
        other_ca,
    ),
    plant(
        &["E-DOCTOR-052"],
        "another timestamp certificate",
        other_tsa,
    ),
    plant(
        &["E-DOCTOR-053"],
        "a CT log that clients do not have",
        |world| {
            let key = new_key(world, "ctlog/keys/ctlog.key", Algorithm::EcdsaP256Sha256);
            fs::write(world.path("ca/ctlog.pub"), key.to_pem()).unwrap();
        },
    ),
    plant(
        &["E-DOCTOR-054"],
        "a log that clients do not have",
        |world| {
            fs::remove_dir_all(world.path("tlog/rekor-v2")).unwrap();
            fs::remove_file(world.anchor("rekor-v2")).unwrap();
            let mut anchor = FileAnchor::new(world.anchor("rekor-v2"));
            anchor.begin().unwrap();
            new_key(world, "tlog/keys/rekor-v2.key", Algorithm::EcdsaP256Sha256);
        },
    ),
    plant(
        &["E-DOCTOR-055"],
        "an authority that clients are not sent to",
        |world| {
            let path = world.path("trust/state.json");
            let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            state["certificate_authorities"][0]["url"] = "https://ca.example.com".into();
            fs::write(path, serde_json::to_vec_pretty(&state).unwrap()).unwrap();
            world.sigctl(&["trust", "publish"]);
        },
    ),
];

#[test]
fn a_fault_of_what_clients_trust_is_named() {
    find(PLANTS);
}

fn validity(world: &World) -> Validity {
    Validity {
        not_before: world.now,
        not_after: world.now + Duration::days(900),
    }
}

/// The authority's key under another certificate of its root.
fn other_ca(world: &mut World) {
    let key = open_file(&world.instance(), "ca/keys/ca.key");
    let root = certificate(world, "trust/ca-root.pem");
    let profile = CaProfile {
        subject: name(),
        public_key: key.public_key().clone(),
        validity: validity(world),
        kind: CaKind::CodeSigning,
        serial: SerialNumber::from_random([7; 20]),
    };
    let unsigned = profile.issued_by(&root).unwrap();
    let chain = [
        sign(world, unsigned, "trust/ca-root.key").to_pem(),
        root.to_pem(),
    ];
    fs::write(world.path("ca/chain.pem"), chain.concat()).unwrap();
}

fn other_tsa(world: &mut World) {
    let key = open_file(&world.instance(), "tsa/keys/tsa.key");
    let root = certificate(world, "trust/tsa-root.pem");
    let profile = TimestampingProfile {
        subject: name(),
        public_key: key.public_key().clone(),
        validity: validity(world),
        serial: SerialNumber::from_random([7; 20]),
    };
    let unsigned = profile.issued_by(&root).unwrap();
    let chain = [
        sign(world, unsigned, "trust/tsa-root.key").to_pem(),
        root.to_pem(),
    ];
    fs::write(world.path("tsa/chain.pem"), chain.concat()).unwrap();
}
