//! What an instance is laid out as for the chart.

use std::fs;
use std::path::Path;
use std::process::Output;

use sigstead_config::tlog;
use sigstead_signer::KeyConfig;

use crate::world::{World, said};

#[test]
fn a_log_that_was_opened_later_is_laid_out_with_its_key() {
    let world = World::new("opened");
    open_log(&world, |place, log| {
        log.key = key(&format!("keys/{place}.key"));
        log.data = format!("data/{place}").into();
        log.anchor = format!("anchors/{place}").into();
    });
    fs::write(world.path("instance/tlog/keys/later.key"), "the key").unwrap();
    let done = lay_out(&world, "laid-out");
    assert!(done.status.success(), "{}", said(&done));
    let laid_out = world.path("laid-out");
    for key in ["rekor-v1.key", "rekor-v2.key", "later.key"] {
        assert!(laid_out.join("tlog").join(key).is_file(), "{key}");
    }
    let values = fs::read_to_string(laid_out.join("values.yaml")).unwrap();
    for line in [
        "origin: later.example.org",
        "uri: file:/etc/sigstead/keys/later.key",
        "data: /var/lib/sigstead/later",
        "anchor: /var/lib/sigstead-anchor/later",
    ] {
        assert!(values.contains(line), "{line}: {values}");
    }
}

#[test]
fn the_next_key_of_an_authority_is_laid_out_with_its_time() {
    for (service, key, chain) in [
        ("tsa", "tsa-2.key", "chain-2.pem"),
        ("ca", "ca-intermediate-2.key", "chain-intermediate-2.pem"),
    ] {
        let world = World::new(&format!("successor-{service}"));
        let folder = world.path(&format!("instance/{service}"));
        fs::write(folder.join("keys").join(key), "the key").unwrap();
        fs::write(folder.join(chain), "the chain").unwrap();
        let successors = format!(
            "successors:\n- from: 2127-03-01T00:00:00Z\n  key:\n    uri: file:keys/{key}\n    \
             passphrase_file: ../passphrase\n  chain: {chain}\n"
        );
        fs::write(folder.join("successors.yaml"), successors).unwrap();
        for _again in 0..2 {
            let done = lay_out(&world, "laid-out");
            assert!(done.status.success(), "{}", said(&done));
            let secret = world.path(&format!("laid-out/{service}"));
            assert_eq!(fs::read(secret.join(key)).unwrap(), b"the key");
            assert_eq!(fs::read(secret.join(chain)).unwrap(), b"the chain");
            assert!(secret.join(format!("{service}.key")).is_file());
            let listed = fs::read_to_string(secret.join("successors.yaml")).unwrap();
            for line in [
                "from: 2127-03-01T00:00:00Z".to_owned(),
                format!("uri: file:/etc/sigstead/keys/{key}"),
                "passphrase_file: /etc/sigstead/keys/passphrase".to_owned(),
                format!("chain: /etc/sigstead/keys/{chain}"),
            ] {
                assert!(listed.contains(&line), "{line}: {listed}");
            }
        }
    }
}

#[test]
fn the_next_key_of_the_issuer_is_laid_out_beside_the_one_that_signs() {
    let world = World::new("next-issuer-key");
    let oidc = world.path("instance/oidc");
    fs::write(oidc.join("keys/oidc-2.key"), "the key").unwrap();
    let successors = "successors:\n- from: 2127-03-01T00:00:00Z\n  key:\n    uri: file:keys/oidc-2.key\n    \
                      passphrase_file: ../passphrase\n";
    fs::write(oidc.join("successors.yaml"), successors).unwrap();
    let done = lay_out(&world, "laid-out");
    assert!(done.status.success(), "{}", said(&done));
    let secret = world.path("laid-out/oidc");
    assert_eq!(fs::read(secret.join("oidc-2.key")).unwrap(), b"the key");
    assert!(secret.join("oidc.key").is_file());
    let listed = fs::read_to_string(secret.join("successors.yaml")).unwrap();
    for line in [
        "from: 2127-03-01T00:00:00Z",
        "uri: file:/etc/sigstead/keys/oidc-2.key",
        "passphrase_file: /etc/sigstead/keys/passphrase",
    ] {
        assert!(listed.contains(line), "{line}: {listed}");
    }
}

#[test]
fn clients_that_were_added_are_laid_out_where_the_chart_looks_for_them() {
    let world = World::new("clients-laid-out");
    assert!(lay_out(&world, "laid-out").status.success());
    let mounted = world.path("laid-out/oidc/clients.yaml");
    assert!(!mounted.exists());
    let added = "clients:\n- id: portal\n  redirect_uris: [\"https://portal.example/back\"]\n";
    fs::write(world.path("instance/oidc/clients.yaml"), added).unwrap();
    assert!(lay_out(&world, "laid-out").status.success());
    assert_eq!(fs::read_to_string(mounted).unwrap(), added);
}

#[test]
fn logs_whose_files_have_one_name_in_the_cluster_are_refused() {
    for (name, change) in [
        ("same-data", one_data as fn(&mut tlog::LogConfig)),
        ("same-anchor", one_anchor),
        ("same-key", one_key),
    ] {
        let world = World::new(name);
        open_log(&world, |place, log| {
            log.key = key(&format!("keys/{place}.key"));
            log.data = format!("data/{place}").into();
            log.anchor = format!("anchors/{place}").into();
            change(log);
        });
        let refused = lay_out(&world, "laid-out");
        assert!(said(&refused).contains("E-CTL-112"), "{}", said(&refused));
        assert!(!world.path("laid-out/tlog").exists());
    }
}

#[test]
fn the_logs_of_certificates_are_laid_out_with_those_that_the_authority_uses() {
    let world = World::new("certificate-logs");
    let ctlog = world.path("instance/ctlog");
    fs::create_dir_all(ctlog.join("logs.d")).unwrap();
    let described = "origin: later.example.org\nkey:\n  uri: file:keys/ct-2.key\n  passphrase_file: ../passphrase\n\
                     ends_from: '2027-01-01T00:00:00Z'\ndata: ct-2\nanchor: anchors/ct-2\n";
    fs::write(ctlog.join("logs.d/ct-2.yaml"), described).unwrap();
    fs::write(ctlog.join("keys/ct-2.key"), "the key").unwrap();
    let used = "ct_log:\n  url: http://ct.example\n  public_key: ctlog.pub\n  ends_until: 2027-01-01T00:00:00Z\n";
    fs::write(world.path("instance/ca/ct-logs.yaml"), used).unwrap();
    let done = lay_out(&world, "laid-out");
    assert!(done.status.success(), "{}", said(&done));
    for file in ["ctlog/ctlog.key", "ctlog/ct-2.key", "ca/ctlog.pub"] {
        assert!(world.path("laid-out").join(file).is_file(), "{file}");
    }
    let values = fs::read_to_string(world.path("laid-out/values.yaml")).unwrap();
    for line in [
        "publicKey: ctlog.pub",
        "endsUntil: 2027-01-01T00:00:00Z",
        "origin: later.example.org",
        "uri: file:/etc/sigstead/keys/ct-2.key",
        "ends_from: 2027-01-01T00:00:00Z",
        "data: /var/lib/sigstead/ct-2",
        "anchor: /var/lib/sigstead-anchor/ct-2",
    ] {
        assert!(values.contains(line), "{line}: {values}");
    }
    // Where the chart has the first log.
    let taken = described.replace("data: ct-2", "data: others/log");
    fs::write(ctlog.join("logs.d/ct-2.yaml"), taken).unwrap();
    let refused = lay_out(&world, "laid-out");
    assert!(said(&refused).contains("E-CTL-112"), "{}", said(&refused));
}

#[test]
fn a_log_of_others_is_not_laid_out_because_nobody_knows_its_address_in_the_cluster() {
    let world = World::new("foreign-log");
    let other = "-----BEGIN PUBLIC KEY-----\n\
                 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
                 6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
                 -----END PUBLIC KEY-----\n";
    fs::write(world.path("instance/ca/other.pub"), other).unwrap();
    let used = "ct_log:\n  url: http://ct.example\n  public_key: other.pub\n";
    fs::write(world.path("instance/ca/ct-logs.yaml"), used).unwrap();
    let refused = lay_out(&world, "laid-out");
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("E-CTL-530"), "{}", said(&refused));
}

#[test]
fn only_a_lay_out_is_replaced_and_what_the_instance_has_no_more_goes() {
    let world = World::new("again");
    fs::create_dir(world.path("home")).unwrap();
    fs::write(world.path("home/letter"), "dear").unwrap();
    let refused = lay_out(&world, "home");
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("E-CTL-113"), "{}", said(&refused));
    assert_eq!(names(&world.path("home")), ["letter"]);

    assert!(lay_out(&world, "laid-out").status.success());
    let before: Vec<_> = FOLDERS.map(|name| names(&folder(&world, name))).into();
    for name in FOLDERS {
        fs::write(folder(&world, name).join("left-over"), "of another").unwrap();
    }
    let again = lay_out(&world, "laid-out");
    assert!(again.status.success(), "{}", said(&again));
    let after: Vec<_> = FOLDERS.map(|name| names(&folder(&world, name))).into();
    assert_eq!(after, before);
}

/// Leaves a log of Rekor v2 as the service leaves it that is asked to open one.
fn open_log(world: &World, change: impl FnOnce(&str, &mut tlog::LogConfig)) {
    let folder = world.path("instance/tlog");
    let config: tlog::Config = sigstead_kit::read_config(folder.join("config.yaml")).unwrap();
    let mut log = config.logs.into_iter().last().unwrap();
    log.origin = "later.example.org".parse().unwrap();
    change("later", &mut log);
    let opened = folder.join(config.opened_logs.unwrap());
    fs::create_dir_all(&opened).unwrap();
    let text = sigstead_config::to_yaml(&log).unwrap();
    fs::write(opened.join("later.yaml"), text).unwrap();
}

/// In another folder, under the name that the first log of Rekor v2 has.
fn one_data(log: &mut tlog::LogConfig) {
    log.data = "others/rekor-v2".into();
}

fn one_anchor(log: &mut tlog::LogConfig) {
    log.anchor = "others/rekor-v2".into();
}

fn key(path: &str) -> KeyConfig {
    KeyConfig::file(path, Some("../passphrase".into()))
}

fn one_key(log: &mut tlog::LogConfig) {
    log.key = key("others/rekor-v2.key");
}

fn lay_out(world: &World, to: &str) -> Output {
    let to = world.path(to);
    let arguments = ["kubernetes", "lay-out", "--to", to.to_str().unwrap()];
    world.sigctl(&arguments).output().unwrap()
}

fn folder(world: &World, name: &str) -> std::path::PathBuf {
    world.path("laid-out").join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const FOLDERS: [&str; 8] = [
    "ca",
    "client",
    "ctlog",
    "oidc",
    "publication",
    "tlog",
    "tsa",
    "tuf",
];
