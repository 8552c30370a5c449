//! TUF metadata: its form, its keys and its signatures.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{
    Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp, TufKey, target_path,
};
use sigstead_trust_root::{Error, Target};
use time::Duration;

use crate::world::{day, ephemeral};

fn public(signer: &Arc<dyn Signer>) -> TufKey {
    TufKey::new(signer.public_key()).unwrap()
}

fn sign<T: Role>(metadata: &mut Signed<T>, signer: &Arc<dyn Signer>) {
    let message = metadata.bytes_to_sign().unwrap();
    let signature = block_on(signer.sign(&message)).unwrap();
    metadata.add_signature(&public(signer), &signature);
}

fn snapshot() -> Signed<Snapshot> {
    Signed::unsigned(Snapshot::new(1, day(1), 1))
}

/// A root whose snapshot role has these keys.
fn root(signers: &[&Arc<dyn Signer>], threshold: u32) -> Root {
    let keys: Vec<_> = signers.iter().map(|signer| public(signer)).collect();
    Root::new(1, day(1)).with_role("snapshot", &keys, threshold)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn below_threshold<T: Role>(metadata: &Signed<T>, root: &Root, expected: usize) {
    let refused = metadata.verify(root);
    assert!(
        matches!(refused, Err(Error::Threshold { found, .. }) if found == expected),
        "{refused:?}"
    );
}

#[test]
fn a_key_is_named_by_the_hash_of_its_canonical_object() {
    let ecdsa = ephemeral();
    let pem = ecdsa.public_key().to_pem();
    // OLPC canonical JSON: members sorted, no blanks, and newlines in strings as they are.
    let canonical = format!(
        r#"{{"keytype":"ecdsa","keyval":{{"public":"{pem}"}},"scheme":"ecdsa-sha2-nistp256"}}"#
    );
    let id = hex(&HashAlgorithm::Sha256.digest(canonical.as_bytes()));
    assert_eq!(public(&ecdsa).id().to_string(), id);

    let ed25519 = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
    let raw = hex(&ed25519.public_key().raw_ed25519().unwrap());
    let canonical =
        format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{raw}"}},"scheme":"ed25519"}}"#);
    let id = hex(&HashAlgorithm::Sha256.digest(canonical.as_bytes()));
    assert_eq!(public(&ed25519).id().to_string(), id);
}

#[test]
fn a_key_object_gives_its_key_back() {
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519] {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let key = public(&signer);
        assert_eq!(key.public_key().as_ref(), Some(signer.public_key()));
        let json = serde_json::to_value(&key).unwrap();
        assert_eq!(serde_json::from_value::<TufKey>(json.clone()).unwrap(), key);
        let mut more = json;
        more["keyid_hash_algorithms"] = json!(["sha256"]);
        assert!(serde_json::from_value::<TufKey>(more).is_err());
    }
    for algorithm in [
        Algorithm::EcdsaP384Sha384,
        Algorithm::RsaPkcs1v15_2048Sha256,
        Algorithm::MlDsa44,
        Algorithm::MlDsa65,
    ] {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        assert_eq!(TufKey::new(signer.public_key()), None, "{algorithm:?}");
    }
}

#[test]
fn metadata_verifies_with_as_many_keys_as_its_role_asks_for() {
    let (one, two, three) = (ephemeral(), ephemeral(), ephemeral());
    let root = root(&[&one, &two, &three], 2);
    let mut metadata = snapshot();
    below_threshold(&metadata, &root, 0);
    sign(&mut metadata, &one);
    below_threshold(&metadata, &root, 1);
    sign(&mut metadata, &three);
    metadata.verify(&root).unwrap();
    sign(&mut metadata, &two);
    metadata.verify(&root).unwrap();
}

#[test]
fn one_key_counts_once_however_often_it_signs() {
    let (one, two) = (ephemeral(), ephemeral());
    let root = root(&[&one, &two], 2);
    let mut metadata = snapshot();
    sign(&mut metadata, &one);
    sign(&mut metadata, &one);
    below_threshold(&metadata, &root, 1);
    let mut json: Value = serde_json::from_slice(&metadata.encode()).unwrap();
    assert_eq!(json["signatures"].as_array().unwrap().len(), 1);
    let signature = json["signatures"][0].clone();
    json["signatures"].as_array_mut().unwrap().push(signature);
    // Whether such a file is read or refused, it does not verify.
    if let Ok(twice) = Signed::<Snapshot>::parse(json.to_string().as_bytes()) {
        below_threshold(&twice, &root, 1);
    }
}

#[test]
fn a_key_that_the_role_lists_twice_counts_once() {
    let one = ephemeral();
    let root = root(&[&one, &one], 2);
    let mut metadata = snapshot();
    sign(&mut metadata, &one);
    below_threshold(&metadata, &root, 1);
}

#[test]
fn foreign_keys_and_keys_of_other_roles_do_not_count() {
    let (own, foreign, of_targets) = (ephemeral(), ephemeral(), ephemeral());
    let root = root(&[&own], 1).with_role("targets", &[public(&of_targets)], 1);
    for signer in [&foreign, &of_targets] {
        let mut metadata = snapshot();
        sign(&mut metadata, signer);
        below_threshold(&metadata, &root, 0);
    }
}

#[test]
fn a_foreign_signature_beside_a_good_one_does_no_harm() {
    let (own, foreign) = (ephemeral(), ephemeral());
    let mut metadata = snapshot();
    sign(&mut metadata, &foreign);
    sign(&mut metadata, &own);
    metadata.verify(&root(&[&own], 1)).unwrap();
}

#[test]
fn a_signature_over_anything_else_does_not_count() {
    let own = ephemeral();
    let root = root(&[&own], 1);
    let mut metadata = snapshot();
    sign(&mut metadata, &own);
    let mut newer = metadata.clone();
    newer.signed.version = 2;
    below_threshold(&newer, &root, 0);
    let mut longer = metadata.clone();
    longer.signed.expires += Duration::DAY;
    below_threshold(&longer, &root, 0);
    let json = String::from_utf8(metadata.encode()).unwrap();
    for wrong in ["", "zz", "00", "3006020101020101"] {
        let mut json: Value = serde_json::from_str(&json).unwrap();
        json["signatures"][0]["sig"] = json!(wrong);
        let metadata = Signed::<Snapshot>::parse(json.to_string().as_bytes()).unwrap();
        below_threshold(&metadata, &root, 0);
    }
}

#[test]
fn a_key_under_the_name_of_another_does_not_count() {
    let (own, foreign) = (ephemeral(), ephemeral());
    let mut json = serde_json::to_value(root(&[&own], 1)).unwrap();
    let id = public(&own).id().to_string();
    json["keys"][&id] = serde_json::to_value(public(&foreign)).unwrap();
    let root: Root = serde_json::from_value(json).unwrap();
    let mut metadata = snapshot();
    sign(&mut metadata, &foreign);
    below_threshold(&metadata, &root, 0);
}

#[test]
fn a_role_that_the_root_does_not_name_or_that_asks_for_no_key_never_verifies() {
    let own = ephemeral();
    let mut metadata = snapshot();
    sign(&mut metadata, &own);
    let unnamed = metadata.verify(&Root::new(1, day(1)));
    assert!(matches!(
        unnamed,
        Err(Error::RoleMissing { role: "snapshot" })
    ));
    below_threshold(&metadata, &root(&[&own], 0), 1);
    below_threshold(&snapshot(), &root(&[&own], 0), 0);
}

#[test]
fn metadata_reads_back_and_its_signature_with_it() {
    let own = ephemeral();
    let root = root(&[&own], 1);
    let mut metadata = snapshot();
    sign(&mut metadata, &own);
    let read = Signed::<Snapshot>::parse(&metadata.encode()).unwrap();
    assert_eq!(read, metadata);
    read.verify(&root).unwrap();
    // The form of the file does not count, only that of what is signed.
    let value: Value = serde_json::from_slice(&metadata.encode()).unwrap();
    let in_one_line = Signed::<Snapshot>::parse(value.to_string().as_bytes()).unwrap();
    in_one_line.verify(&root).unwrap();
}

#[test]
fn metadata_of_another_role_and_unknown_members_are_refused() {
    let metadata = snapshot();
    let mut other: Value = serde_json::from_slice(&metadata.encode()).unwrap();
    other["signed"]["_type"] = json!("timestamp");
    let refused = Signed::<Snapshot>::parse(other.to_string().as_bytes());
    assert!(matches!(
        refused,
        Err(Error::RoleMismatch { found, expected: "snapshot" }) if found == "timestamp"
    ));
    assert!(Signed::<Targets>::parse(&metadata.encode()).is_err());
    for at in ["", "/signed", "/signed/meta/targets.json"] {
        let mut json: Value = serde_json::from_slice(&metadata.encode()).unwrap();
        json.pointer_mut(at).unwrap()["unknown"] = json!(1);
        let refused = Signed::<Snapshot>::parse(json.to_string().as_bytes());
        assert!(matches!(refused, Err(Error::Malformed { .. })), "{at}");
    }
}

#[test]
fn times_are_written_without_fractions() {
    let late = day(1) + Duration::nanoseconds(999_999_999);
    let snapshot = Snapshot::new(1, late, 1);
    let timestamp = Timestamp::new(1, late, &snapshot, b"");
    let written = [
        serde_json::to_value(Root::new(1, late)).unwrap(),
        serde_json::to_value(Targets::new(1, late, &[])).unwrap(),
        serde_json::to_value(&snapshot).unwrap(),
        serde_json::to_value(&timestamp).unwrap(),
    ];
    for json in written {
        assert_eq!(json["expires"], json!("2023-11-15T22:13:20Z"), "{json}");
    }
}

#[test]
fn files_are_named_by_version_and_role_but_for_the_timestamp() {
    let snapshot = Snapshot::new(3, day(1), 2);
    assert_eq!(snapshot.file_name(), "3.snapshot.json");
    assert_eq!(Root::new(7, day(1)).file_name(), "7.root.json");
    assert_eq!(Targets::new(2, day(1), &[]).file_name(), "2.targets.json");
    assert_eq!(
        Timestamp::new(9, day(1), &snapshot, b"").file_name(),
        "timestamp.json"
    );
}

#[test]
fn each_role_names_the_next_by_what_it_is() {
    let file = Target {
        name: "a.json".to_owned(),
        bytes: b"{}".to_vec(),
        custom: Some(json!({ "a": 1 })),
    };
    let targets = Targets::new(2, day(1), std::slice::from_ref(&file));
    let meta = &targets.targets["a.json"];
    assert_eq!((meta.length, &meta.hashes), (2, &Hashes::of(b"{}")));
    assert_eq!(meta.custom, file.custom);
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(meta.hashes.sha256, hash);
    assert_eq!(
        target_path("a.json", b"{}"),
        format!("targets/{hash}.a.json")
    );

    let snapshot = Snapshot::new(3, day(1), targets.version);
    assert_eq!(snapshot.targets_version(), Some(2));
    let timestamp = Timestamp::new(4, day(1), &snapshot, b"file");
    let named = timestamp.snapshot().unwrap();
    assert_eq!((named.version, named.length), (3, 4));
    assert_eq!(named.hashes, Hashes::of(b"file"));
}

#[test]
fn a_root_says_what_clients_look_for() {
    let json = serde_json::to_value(Root::new(1, day(1))).unwrap();
    assert_eq!(json["_type"], json!("root"));
    assert_eq!(json["consistent_snapshot"], json!(true));
    let spec = json["spec_version"].as_str().unwrap();
    assert!(spec.starts_with("1.0."), "{spec}");
}
