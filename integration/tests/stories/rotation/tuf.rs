//! The keys of the roles of TUF are replaced while clients walk from the first root.

use std::process::Stdio;

use sigstead_integration::{Instance, Rotated, run, sigctl, wait_for};
use sigstead_trust_root::tuf::{Root, Signed};

use super::tuf_clients::{Load, clients_refresh};
use crate::refuses;

const ROLES: [&str; 3] = ["tuf-online", "tuf-root", "tuf-targets"];
/// A shorter drain than clients need is refused without the last word.
const SOON: [&str; 3] = ["--drain", "1s", "--accept-short-times"];

#[test]
fn all_keys_of_the_roles_are_rotated_while_clients_walk_from_the_first_root() {
    let instance = Instance::start("rotated-roles", &[]).unwrap();
    let process = instance.service("tuf").unwrap()["pid"].clone();
    let first = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("root.json"), &first).unwrap();
    let load = Load::start(&instance, &first);
    // The second time, each role has a key that was rotated to.
    for role in ROLES.iter().chain(&ROLES) {
        let rotated = Rotated(role);
        let before = newest_root(&instance);
        let started = rotated.rotate(&instance, "start", &SOON);
        assert_ne!(started["phase"], "announced", "{started}");
        let over = rotated.until_over(&instance);
        assert_eq!(over["phase"], "retired", "{over}");
        let after = newest_root(&instance);
        assert_eq!(after.version, before.version + 1, "{role}");
        assert_eq!(changed(&before, &after), changed_by(role));
        assert_eq!(after.keys.len(), 4, "keys that nobody has are not named");
        clients_refresh(&instance, &first);
    }
    // What is signed by the new keys goes on as before.
    run(sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    clients_refresh(&instance, &first);
    assert!(load.stop() > 0);
    assert_eq!(instance.service("tuf").unwrap()["pid"], process);
    let published = instance.directory().join("tuf/repository/1.root.json");
    let slept_since = std::fs::read(first).unwrap();
    assert_eq!(std::fs::read(published).unwrap(), slept_since);
    let doctor = sigctl().arg("doctor").arg(instance.directory()).output();
    let said = String::from_utf8(doctor.unwrap().stdout).unwrap();
    assert!(!said.contains("does not name the key"), "{said}");
}

/// What the page says to do at the end.
#[test]
fn the_files_of_the_keys_before_are_of_no_use() {
    let instance = Instance::start("destroyed-keys", &[]).unwrap();
    let first = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("root.json"), &first).unwrap();
    for role in ROLES {
        let rotated = Rotated(role);
        rotated.rotate(&instance, "start", &SOON);
        rotated.until_over(&instance);
    }
    let directory = instance.directory();
    for name in [
        "tuf/keys/snapshot.key",
        "tuf/keys/timestamp.key",
        "trust/tuf-root-before-2.key",
        "trust/tuf-targets-before-2.key",
    ] {
        std::fs::remove_file(directory.join(name)).unwrap();
    }
    run(sigctl().arg("restart").arg(&directory).arg("tuf")).unwrap();
    run(sigctl().args(["trust", "publish"]).arg(&directory)).unwrap();
    clients_refresh(&instance, &first);
}

#[test]
fn a_rotation_of_a_role_that_is_killed_anywhere_is_resumed_or_taken_back() {
    let instance = Instance::start("interrupted-roles", &[]).unwrap();
    let first = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("root.json"), &first).unwrap();
    let load = Load::start(&instance, &first);
    for role in ROLES {
        for phase in ["planned", "prepared", "tried", "announced", "loaded"] {
            if is_published_though_killed(&instance, role, phase) {
                break;
            }
        }
    }
    run(sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    assert!(load.stop() > 0);
}

/// Kills a rotation when it has come to a phase, and takes it back. If it is too late for that, it goes on.
fn is_published_though_killed(instance: &Instance, role: &'static str, phase: &str) -> bool {
    let plan = instance.directory();
    let plan = plan.join(format!("trust/rotations/{role}.json"));
    let rotated = Rotated(role);
    let root = newest_root(instance);
    let mut start = rotated.command(instance, "start", &["--drain", "5s", SOON[2]]);
    let start = start.stdout(Stdio::null()).stderr(Stdio::null());
    let mut start = start.spawn().unwrap();
    let has_come = || {
        let plan = std::fs::read_to_string(&plan).unwrap_or_default();
        plan.contains(&format!("\"phase\": \"{phase}\""))
    };
    // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
    while !has_come() && start.try_wait().unwrap().is_none() {}
    let _ = start.kill();
    start.wait().unwrap();
    let undone = rotated.command(instance, "undo", &[]).output().unwrap();
    if undone.status.success() {
        assert_eq!(newest_root(instance), root, "nothing was published");
        return false;
    }
    let said = String::from_utf8_lossy(&undone.stdout);
    assert!(said.contains("E-CTL-286"), "{said}");
    assert_eq!(rotated.until_over(instance)["phase"], "retired");
    assert_eq!(newest_root(instance).version, root.version + 1);
    true
}

#[test]
fn a_rotation_of_a_role_that_cannot_go_well_is_refused_before_anything_is_made() {
    let instance = Instance::start("refused-roles", &[]).unwrap();
    let folder = instance.directory();
    let root_key = folder.join("trust/tuf-root.key");
    let elsewhere = instance.work().join("tuf-root.key");
    sigstead_durable::rename(&root_key, &elsewhere).unwrap();
    for role in ROLES {
        refused(&instance, role, "resume", &[], "E-CTL-285");
        refused(&instance, role, "start", &[], "E-CTL-011");
    }
    sigstead_durable::rename(&elsewhere, &root_key).unwrap();
    let config = folder.join("tuf/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let without = text.replace("successors_file: successors.yaml\n", "");
    std::fs::write(&config, without).unwrap();
    refused(&instance, "tuf-online", "start", &[], "E-CTL-334");
    std::fs::write(&config, text).unwrap();
    let short = ["--drain", "1m"];
    refused(&instance, "tuf-online", "start", &short, "E-CTL-281");
    instance.kill("tuf").unwrap();
    for role in ROLES {
        refused(&instance, role, "start", &[], "E-CTL-076");
    }
    instance.up().unwrap();
    for role in ROLES {
        let plan = folder.join(format!("trust/rotations/{role}.json"));
        assert!(!plan.exists(), "{role}");
    }
}

/// A root that names the next keys waits, if it is asked to. Until then one plan is open, and it is as it was written.
#[test]
fn a_rotation_of_a_role_that_waits_is_alone_and_is_taken_back() {
    let instance = Instance::start("waiting-roles", &[]).unwrap();
    let folder = instance.directory();
    let online = Rotated("tuf-online");
    let waiting = online.rotate(&instance, "start", &["--in", "1d"]);
    assert_eq!(waiting["phase"], "announced", "{waiting}");
    let next = waiting["next"].as_str().unwrap();
    assert!(next.contains("lets the next key take over"), "{next}");
    for role in ROLES {
        refused(&instance, role, "start", &[], "E-CTL-283");
    }
    let plan = folder.join("trust/rotations/tuf-online.json");
    let written = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, written.replace("\"number\": 2", "\"number\": 3")).unwrap();
    refused(&instance, "tuf-online", "resume", &[], "E-CTL-284");
    std::fs::write(&plan, &written).unwrap();
    let undone = online.rotate(&instance, "undo", &[]);
    assert_eq!(undone["phase"], "undone", "{undone}");
    assert!(!folder.join("tuf/keys/snapshot-2.key").exists());
    // Two at once: one of them goes on.
    let at_once = ["tuf-root", "tuf-targets"].map(|role| {
        let mut start = Rotated(role).command(&instance, "start", &["--in", "1d"]);
        start.stdout(Stdio::piped()).spawn().unwrap()
    });
    let ended = at_once.map(|start| start.wait_with_output().unwrap());
    let [is_first, is_second] = ended.each_ref().map(|each| each.status.success());
    assert!(is_first != is_second, "{ended:?}");
    let refusal = if is_first { &ended[1] } else { &ended[0] };
    let said = String::from_utf8_lossy(&refusal.stdout);
    assert!(
        said.contains("E-CTL-280") || said.contains("E-CTL-283"),
        "{said}"
    );
}

/// Each key is sealed with the passphrase of the instance, so that any of them opens.
#[test]
fn another_key_than_the_one_that_was_tried_is_refused_before_clients_see_it() {
    let instance = Instance::start("wrong-keys-of-roles", &[]).unwrap();
    let folder = instance.directory();
    let published = newest_root(&instance);
    for (role, next, wrong) in [
        (
            "tuf-online",
            "tuf/keys/timestamp-2.key",
            "trust/tuf-targets.key",
        ),
        (
            "tuf-root",
            "trust/tuf-root-next-2.key",
            "trust/tuf-targets.key",
        ),
        (
            "tuf-targets",
            "trust/tuf-targets-next-2.key",
            "trust/tuf-root.key",
        ),
    ] {
        let rotated = Rotated(role);
        let waiting = rotated.rotate(&instance, "start", &["--in", "20s"]);
        assert_eq!(waiting["phase"], "announced", "{waiting}");
        let next = folder.join(next);
        let tried = std::fs::read(&next).unwrap();
        std::fs::copy(folder.join(wrong), &next).unwrap();
        let mut said = String::new();
        wait_for("the time of the root", || {
            let resumed = rotated.command(&instance, "resume", &[]).output().unwrap();
            said = String::from_utf8_lossy(&resumed.stdout).into_owned();
            resumed.status.code() != Some(6)
        })
        .unwrap();
        assert!(said.contains("E-CTL-336"), "{said}");
        assert_eq!(newest_root(&instance), published, "{role}");
        std::fs::write(&next, tried).unwrap();
        let undone = rotated.rotate(&instance, "undo", &[]);
        assert_eq!(undone["phase"], "undone", "{undone}");
    }
}

fn refused(instance: &Instance, role: &'static str, verb: &str, arguments: &[&str], code: &str) {
    let mut command = Rotated(role).command(instance, verb, arguments);
    refuses(&mut command, &[&code.to_lowercase()]);
}

/// The roles to which the next root gives other keys.
fn changed<'a>(before: &Root, after: &'a Root) -> Vec<&'a str> {
    let roles = after.roles.iter();
    let changed = roles.filter(|(name, keys)| before.roles[*name] != **keys);
    changed.map(|(name, _)| name.as_str()).collect()
}

fn changed_by(role: &str) -> Vec<&str> {
    match role.strip_prefix("tuf-").unwrap() {
        "online" => vec!["snapshot", "timestamp"],
        name => vec![name],
    }
}

pub(super) fn newest_root(instance: &Instance) -> Root {
    let bytes = std::fs::read(instance.kit("root.json")).unwrap();
    Signed::<Root>::parse(&bytes).unwrap().signed
}
