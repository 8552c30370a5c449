//! The units that `sigctl systemd` writes, and what it refuses to write.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::geteuid;

use crate::world::{World, said};

#[test]
fn a_service_writes_its_data_and_nothing_else() {
    let world = owned("units");
    let units = units(&world);
    let path = |name: &str| real(&world).join(name).display().to_string();
    let id = manifest(&world, "id");
    let anchors = path(&format!("anchors/{id}"));
    let anchor = |log: &str| format!("-{anchors}/{log}");
    let head = |service: &str| format!("{anchors}/audit/{service}");
    let others = |service: &'static str| {
        let all = ["oidc", "ctlog", "ca", "tsa", "tlog", "tuf", "sigctl"].into_iter();
        let others = all.filter(move |other| *other != service);
        others.map(|other| format!("-{}", head(other)))
    };
    // What a service with logs of its own does not write in its folder.
    let fixed = |service: &'static str| {
        let names = [
            "config.yaml",
            "keys",
            "admin.pem",
            "admin.key",
            "admin-ca.pem",
            "tls.pem",
            "tls.key",
        ];
        names
            .map(|name| format!("-{}", path(&format!("instance/{service}/{name}"))))
            .into_iter()
    };
    for (service, written, kept) in [
        (
            "ca",
            vec![
                head("ca"),
                path("instance/ca/audit"),
                path("instance/ca/record"),
            ],
            vec![],
        ),
        (
            "ctlog",
            vec![
                anchors.clone(),
                head("ctlog"),
                path("instance/ctlog"),
                path("instance/ctlog/audit"),
            ],
            fixed("ctlog")
                .chain([anchor("rekor-v1"), anchor("rekor-v2")])
                .chain(others("ctlog"))
                .chain([format!("-{}", path("instance/ctlog/roots.pem"))])
                .collect(),
        ),
        (
            "oidc",
            vec![
                head("oidc"),
                path("instance/oidc/audit"),
                path("instance/oidc/sessions"),
                path("instance/oidc/users"),
            ],
            vec![],
        ),
        (
            "tlog",
            vec![
                anchors.clone(),
                head("tlog"),
                path("instance/tlog"),
                path("instance/tlog/audit"),
            ],
            fixed("tlog")
                .chain([anchor("ctlog")])
                .chain(others("tlog"))
                .collect(),
        ),
        ("tsa", vec![head("tsa"), path("instance/tsa/audit")], vec![]),
        (
            "tuf",
            vec![
                head("tuf"),
                path("instance/tuf/audit"),
                path("instance/tuf/repository"),
            ],
            vec![],
        ),
    ] {
        let unit = &units[&format!("sigstead-world-{service}.service")];
        assert_eq!(values(unit, "ReadWritePaths"), written, "{service}");
        assert_eq!(values(unit, "ReadOnlyPaths"), kept, "{service}");
        let start = format!(
            "{} --config {}",
            path(&format!("sigstead-{service}")),
            path(&format!("instance/{service}/config.yaml"))
        );
        assert_eq!(values(unit, "ExecStart"), [start]);
    }
}

#[test]
fn every_service_is_shut_in_in_the_same_way() {
    let world = owned("shut-in");
    let all = units(&world);
    assert_eq!(all.len(), 7, "{all:?}");
    let stop = sigstead_kit::LONGEST_STOP.as_secs();
    for (name, unit) in all.iter().filter(|(name, _)| name.ends_with(".service")) {
        for (key, value) in [
            ("Type", "notify"),
            ("ExecReload", "/bin/kill -HUP $MAINPID"),
            ("Restart", "on-failure"),
            ("UMask", "0077"),
            ("LimitCORE", "0"),
            ("ProtectSystem", "strict"),
            ("PrivateDevices", "yes"),
            ("PrivateUsers", "yes"),
            ("NoNewPrivileges", "yes"),
            ("MemoryDenyWriteExecute", "yes"),
            ("CapabilityBoundingSet", ""),
            ("AmbientCapabilities", ""),
            ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
            ("PartOf", "sigstead-world.target"),
        ] {
            assert_eq!(values(unit, key), [value], "{name} {key}");
        }
        assert_eq!(
            values(unit, "SystemCallFilter"),
            ["@system-service", "~@privileged @resources"]
        );
        let patience: u64 = values(unit, "TimeoutStopSec")[0].parse().unwrap();
        assert!(patience > stop, "{name} is killed while it still answers");
        let user = values(unit, "User")[0].clone();
        assert_ne!(user, "root", "{name}");
    }
    let target = &all["sigstead-world.target"];
    let wanted = &values(target, "Wants")[0];
    assert_eq!(wanted.split(' ').count(), 6, "{wanted}");
    assert!(wanted.split(' ').all(|name| all.contains_key(name)));
}

#[test]
fn what_a_unit_needs_of_the_machine_is_as_its_configuration_says() {
    let world = owned("needs");
    let config = world.path("instance/ca/config.yaml");
    let text = fs::read_to_string(&config).unwrap();
    let passphrase = "passphrase_file: ../passphrase";
    assert!(text.contains(passphrase), "{text}");
    let (_, port) = text.split_once("address: 127.0.0.1:").unwrap();
    let port = port.lines().next().unwrap();
    let changed = text
        .replace(passphrase, "passphrase_file: /home/ca/passphrase")
        .replace(&format!(":{port}\n"), ":443\n")
        .replace("path: record", "path: ../../tmp/record");
    fs::write(&config, changed).unwrap();
    let unit = &units(&world)["sigstead-world-ca.service"];
    assert_eq!(values(unit, "ProtectHome"), ["read-only"]);
    assert_eq!(
        values(unit, "CapabilityBoundingSet"),
        ["CAP_NET_BIND_SERVICE"]
    );
    assert_eq!(
        values(unit, "AmbientCapabilities"),
        ["CAP_NET_BIND_SERVICE"]
    );
    // A capability within a namespace of users is none outside of it.
    assert_eq!(values(unit, "PrivateUsers"), ["no"]);
    // Paths are those that systemd takes, without dots.
    let path = |name: &str| real(&world).join(name).display().to_string();
    let record = path("tmp/record");
    let head = path(&format!("anchors/{}/audit/ca", manifest(&world, "id")));
    let written = [head, path("instance/ca/audit"), record.clone()];
    assert_eq!(values(unit, "ReadWritePaths"), written);
    assert!(values(unit, "RequiresMountsFor")[0].ends_with(&record));
}

#[test]
fn units_are_written_again_and_removed_and_those_of_others_never() {
    let world = owned("others");
    let folder = world.path("units");
    let written = install(&world);
    assert!(written.status.success(), "{}", said(&written));
    let shown = units(&world);
    for (name, unit) in &shown {
        let path = folder.join(name);
        assert_eq!(&fs::read_to_string(&path).unwrap(), unit);
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "{name}");
    }
    assert!(world.path("instance/ca/record").is_dir());
    let again = install(&world);
    assert!(again.status.success(), "{}", said(&again));

    // Another's unit, or a link to one, in the place of the last: no unit is touched.
    let (last, first) = ("sigstead-world.target", "sigstead-world-ca.service");
    for link in [false, true] {
        fs::remove_file(folder.join(last)).unwrap();
        fs::write(folder.join(first), format!("{}\n# old", shown[first])).unwrap();
        let other = world.path("other.target");
        fs::write(&other, "[Unit]\n").unwrap();
        match link {
            true => symlink(&other, folder.join(last)).unwrap(),
            false => fs::copy(&other, folder.join(last)).map(drop).unwrap(),
        }
        for refused in [install(&world), remove(&world)] {
            assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
            assert!(said(&refused).contains("E-CTL-252"), "{}", said(&refused));
        }
        assert_eq!(fs::read_to_string(&other).unwrap(), "[Unit]\n");
        let kept = fs::read_to_string(folder.join(first)).unwrap();
        assert!(kept.ends_with("# old"), "{kept}");
        fs::remove_file(folder.join(last)).unwrap();
        assert!(install(&world).status.success());
    }

    let wants = folder.join("multi-user.target.wants");
    fs::create_dir(&wants).unwrap();
    symlink(folder.join(last), wants.join(last)).unwrap();
    let refused = remove(&world);
    assert!(said(&refused).contains("E-CTL-253"), "{}", said(&refused));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 8);
    fs::remove_dir_all(&wants).unwrap();
    let removed = remove(&world);
    assert!(
        said(&removed).contains("removed 7 units"),
        "{}",
        said(&removed)
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn the_folder_of_the_system_is_roots() {
    let world = owned("not-root");
    let mut command = match geteuid().is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=4711", "--regid=4712", "--clear-groups"]);
            command.arg(world.path("sigctl"));
            command
        }
        false => Command::new(world.path("sigctl")),
    };
    command
        .args(["systemd", "install"])
        .arg(world.path("instance"));
    let refused = command.output().unwrap();
    assert!(said(&refused).contains("E-CTL-250"), "{}", said(&refused));
}

#[test]
fn paths_and_owners_that_no_unit_can_have_are_refused() {
    let world = owned("paths");
    let spaced = world.path("in stance");
    let copied = Command::new("cp")
        .arg("-a")
        .args([world.path("instance"), spaced])
        .status();
    assert!(copied.unwrap().success());
    let mut refused = world.sigctl_on("in stance", &["systemd", "show"]);
    let refused = refused.output().unwrap();
    assert!(said(&refused).contains("E-CTL-254"), "{}", said(&refused));
    if !geteuid().is_root() {
        return;
    }
    give(&world.path("anchors"), 4713);
    let refused = install(&world);
    assert!(said(&refused).contains("E-CTL-255"), "{}", said(&refused));
    assert!(!world.path("units").exists());
    give(&world.path("instance"), 0);
    let refused = install(&world);
    assert_eq!(refused.status.code(), Some(5));
    assert!(said(&refused).contains("E-CTL-251"), "{}", said(&refused));
}

/// An instance that does not belong to root, also where root runs the test.
fn owned(name: &str) -> World {
    let world = World::new(name);
    if geteuid().is_root() {
        // The folder of a test is its user's alone.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(world.path(""), open).unwrap();
        for part in ["instance", "anchors"] {
            give(&world.path(part), 4711);
        }
    }
    world
}

/// Gives a folder and all that is in it to a user.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(4712)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), user);
        }
    }
}

fn real(world: &World) -> std::path::PathBuf {
    fs::canonicalize(world.path("")).unwrap()
}

fn manifest(world: &World, member: &str) -> String {
    let text = fs::read_to_string(world.path("instance/instance.yaml")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(member));
    line.unwrap().trim_start_matches(": ").to_owned()
}

/// What `show` prints, by the names of the units.
fn units(world: &World) -> BTreeMap<String, String> {
    let (shown, exit) = world.json(&["systemd", "show"]);
    assert_eq!(exit, Some(0), "{shown}");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let shown = shown.as_array().unwrap().iter();
    shown
        .map(|unit| (text(&unit["name"]), text(&unit["content"])))
        .collect()
}

/// What a unit sets a key to, each time.
fn values(unit: &str, key: &str) -> Vec<String> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    let found = lines.filter(|(name, _)| *name == key);
    found.map(|(_, value)| value.to_owned()).collect()
}

fn install(world: &World) -> Output {
    act(world, &["systemd", "install", "--to"])
}

fn remove(world: &World) -> Output {
    act(world, &["systemd", "remove", "--from"])
}

fn act(world: &World, words: &[&str]) -> Output {
    let mut command = world.bare(words);
    command.arg(world.path("units")).arg(world.path("instance"));
    command.stdout(Stdio::piped()).output().unwrap()
}
