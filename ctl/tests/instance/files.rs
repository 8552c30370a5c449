//! Whose the files of an instance are, and what is refused in their place.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use sigstead_identity::IssuersConfig;

use crate::world::{World, end_of, next_ports, said};

fn everything(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(path) = all.get(at).cloned() {
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            all.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        at += 1;
    }
    all
}

#[test]
fn everything_in_an_instance_is_private_whatever_the_umask() {
    let world = World::empty("private");
    world.stand_in(
        "tsa",
        "#!/bin/sh\necho x > \"$(dirname \"$2\")/made\"\nexit 1\n",
    );
    // The shell sets the umask that the command then has.
    let script = "umask 000; \"$0\" init \"$1\" --name world --tls --anchors \"$2\" --base-port \"$3\" \
                  && \"$0\" up \"$1\"";
    let made = Command::new("sh")
        .args(["-c", script])
        .args(["sigctl", "instance", "anchors"].map(|name| world.path(name)))
        .arg(next_ports().to_string())
        .output()
        .unwrap();
    assert!(
        said(&made).contains("tsa ended with exit status 1"),
        "{}",
        said(&made)
    );
    let all = everything(&world.path("instance"));
    assert!(all.len() > 60, "{}", all.len());
    for name in [
        "run/tsa.log",
        "run/lock",
        "tsa/made",
        "client/trusted_root.json",
        "instance.yaml",
    ] {
        assert!(all.contains(&world.path("instance").join(name)), "{name}");
    }
    for path in all {
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

/// Who holds the key of the instance's TLS authority must not speak for another issuer.
#[test]
fn the_authority_of_an_instance_speaks_for_its_own_servers_only() {
    let world = World::empty("tls-authority");
    let port = next_ports().to_string();
    let arguments = ["init", "--name", "world", "--tls", "--base-port", &port];
    let made = world.sigctl(&arguments).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let read = |name: &str| fs::read_to_string(world.path("instance/ca").join(name)).unwrap();
    let issuers = IssuersConfig::parse(&read("issuers.yaml")).unwrap();
    let issuer = issuers.issuers.values().next().unwrap();
    assert_eq!(issuer.ca_cert, read("tls-ca.pem"));
    let config = read("config.yaml");
    assert!(config.contains("  ca: tls-ca.pem"), "{config}");
    assert!(!config.contains("extra_ca"), "{config}");
}

#[test]
fn what_others_put_in_the_place_of_a_file_is_not_written_to() {
    let world = World::new("links");
    let run = world.path("instance/run");
    fs::create_dir_all(&run).unwrap();
    for name in ["oidc.log", "oidc.pid", "lock"] {
        let target = world.path("target");
        fs::write(&target, "kept").unwrap();
        let _ = fs::remove_file(run.join(name));
        symlink(&target, run.join(name)).unwrap();
        let up = world.sigctl(&["up", "--detach"]).output().unwrap();
        assert_eq!(up.status.code(), Some(5), "{name}: {}", said(&up));
        assert!(said(&up).contains("E-CTL-071"), "{name}: {}", said(&up));
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept", "{name}");
        assert_eq!(world.running(), 0, "{name}");
        fs::remove_file(run.join(name)).unwrap();
    }
}

#[test]
fn odd_process_id_files_name_no_process() {
    let world = World::new("odd");
    let file = world.path("instance/run/tsa.pid");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let tsa = |world: &World| {
        let (states, _) = world.states();
        states
            .into_iter()
            .find(|(service, _)| service == "tsa")
            .unwrap()
            .1
    };
    for text in ["-1", "0", "x", "1", &"9".repeat(1 << 20)] {
        fs::write(&file, text).unwrap();
        assert_eq!(tsa(&world), "died", "{}", text.len());
    }
    fs::remove_file(&file).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(tsa(&world), "died");
}

#[tokio::test]
async fn an_init_that_is_interrupted_keeps_nothing() {
    let world = World::empty("interrupted-init");
    for signal in [Signal::INT, Signal::TERM] {
        let init = world.sigctl(&["init", "--name", "world"]).spawn().unwrap();
        // Its folder is there before its first key.
        let begun = || {
            fs::read_dir(world.path("")).unwrap().any(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains(".new-")
            })
        };
        while !begun() {
            tokio::task::yield_now().await;
        }
        kill_process(Pid::from_child(&init), signal).unwrap();
        let init = end_of(init).await;
        assert_eq!(init.status.code(), Some(1), "{}", said(&init));
        assert!(said(&init).contains("E-CTL-074"), "{}", said(&init));
        assert!(!begun());
        assert!(!world.path("instance").exists());
    }
}

#[test]
fn a_failure_of_init_names_the_callers_directory_and_no_other() {
    let world = World::empty("failed-init");
    let file = world.path("file");
    fs::write(&file, "").unwrap();
    let missing = world.path("missing");
    for (directory, arguments) in [
        (file.join("instance"), vec![]),
        (
            world.path("instance"),
            vec!["--passphrase-file", missing.to_str().unwrap()],
        ),
    ] {
        let init = world
            .bare(&["init", "--name", "world"])
            .args(arguments)
            .arg(&directory)
            .output()
            .unwrap();
        assert_eq!(init.status.code(), Some(1), "{}", said(&init));
        assert!(!said(&init).contains(".new-"), "{}", said(&init));
        assert!(!world.path("instance").exists());
    }
}

#[test]
fn a_passphrase_that_others_read_is_refused_with_the_command_that_mends_it() {
    let world = World::empty("passphrase");
    let file = world.path("passphrase");
    fs::write(&file, "secret\n").unwrap();
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let arguments = [
            "init",
            "--name",
            "world",
            "--passphrase-file",
            file.to_str().unwrap(),
        ];
        let init = world.sigctl(&arguments).output().unwrap();
        assert_eq!(init.status.code(), Some(5), "{}", said(&init));
        let remedy = format!("chmod 600 {}", file.display());
        assert!(said(&init).contains(&remedy), "{}", said(&init));
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let arguments = [
        "init",
        "--name",
        "world",
        "--passphrase-file",
        file.to_str().unwrap(),
    ];
    let init = world.sigctl(&arguments).output().unwrap();
    assert!(init.status.success(), "{}", said(&init));
}
