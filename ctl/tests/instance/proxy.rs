//! What a reverse proxy is told of an instance.

use std::fs;

use sigstead_config::tlog;

use crate::world::{World, said};

#[test]
fn an_instance_that_clients_reach_directly_has_no_configuration_of_a_proxy() {
    let world = World::new("direct");
    let asked = world.sigctl(&NGINX).output().unwrap();
    assert_eq!(asked.status.code(), Some(2));
    assert!(said(&asked).contains("without a proxy"), "{}", said(&asked));
}

#[test]
fn the_proxy_serves_logs_by_the_names_that_their_operator_chose() {
    let world = World::empty("own-names");
    let mut init = vec!["init", "--name", "world", "--domain", "sig.example"];
    init.extend(["--rekor-name", "entries.example.org"]);
    init.extend(["--ct-name", "certificates.example.org/2026"]);
    let made = world.sigctl(&init).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    open_log(&world, "later.example.org");
    let asked = world.sigctl(&NGINX).output().unwrap();
    assert!(asked.status.success(), "{}", said(&asked));
    let printed = String::from_utf8(asked.stdout).unwrap();
    for names in [
        r"rekor.sig.example entries.example.org later.example.org ~^log[0-9]+-[0-9]+\.sig\.example$",
        r"certificates.example.org ~^ct[0-9]+-[0-9]+\.sig\.example$",
        "ca.sig.example",
    ] {
        let line = format!("    server_name {names};");
        assert!(
            printed.lines().any(|each| each == line),
            "{names}: {printed}"
        );
    }
}

/// Leaves a log of Rekor v2 as the service leaves it that is asked to open one.
fn open_log(world: &World, origin: &str) {
    let folder = world.path("instance").join("tlog");
    let config: tlog::Config = sigstead_kit::read_config(folder.join("config.yaml")).unwrap();
    let mut log = config.logs.into_iter().last().unwrap();
    log.origin = origin.parse().unwrap();
    let opened = folder.join(config.opened_logs.unwrap());
    fs::create_dir_all(&opened).unwrap();
    let text = sigstead_config::to_yaml(&log).unwrap();
    fs::write(opened.join("later.yaml"), text).unwrap();
}

const NGINX: [&str; 6] = ["proxy", "nginx", "--certificate", "a.pem", "--key", "a.key"];
