//! An instance is made, started, looked at, stopped and started again, in any order.

use sigstead_integration::{Instance, SERVICES, run, shared, sigctl};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn status_names_every_service_and_where_it_is() {
    let instance = shared();
    let status = instance
        .json(&["status", instance.directory().to_str().unwrap()])
        .unwrap();
    let services = status["services"].as_array().unwrap();
    for service in SERVICES {
        let found = services
            .iter()
            .find(|each| each["service"] == service)
            .unwrap();
        assert_eq!(found["state"], "ready", "{service}: {found}");
        assert!(
            found["url"].as_str().unwrap().starts_with("http"),
            "{found}"
        );
    }
}

#[test]
fn init_refuses_a_directory_that_exists_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("taken");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("file"), "kept").unwrap();
    refuses(
        sigctl()
            .arg("init")
            .arg(&directory)
            .args(["--name", "taken"]),
        &["exists and is not an empty directory"],
    );
    assert_eq!(
        std::fs::read_to_string(directory.join("file")).unwrap(),
        "kept"
    );
}

#[test]
fn an_instance_with_tls_signs_and_keeps_its_identity_over_a_restart() {
    let instance = Instance::start("secure", &["--tls"]).unwrap();
    assert!(instance.url("ca").starts_with("https://"));
    let file = artifact(instance.work(), "tls");
    let bundle = beside(&file, "sigstore.json");
    let directory = instance.directory();
    run(sigctl()
        .arg("sign")
        .arg(&directory)
        .arg(&file)
        .arg("--bundle")
        .arg(&bundle)
        .args(["--identity", PERSON]))
    .unwrap();
    let root = std::fs::read(instance.kit("root.json")).unwrap();
    instance.down().unwrap();
    instance.up().unwrap();
    assert_eq!(std::fs::read(instance.kit("root.json")).unwrap(), root);
    run(sigctl()
        .arg("verify")
        .arg(&file)
        .arg("--bundle")
        .arg(&bundle)
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .args(["--identity", PERSON, "--issuer", &instance.url("oidc")]))
    .unwrap();
}

#[test]
fn keys_at_rest_are_encrypted_and_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let instance = Instance::create("keys", &[]).unwrap();
    let mut folders = vec![instance.directory()];
    let mut keys = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "key") {
                keys += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(
                    text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") || is_tls(&path),
                    "{} is not encrypted",
                    path.display()
                );
                let mode = std::fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{} is open to others", path.display());
            }
        }
    }
    assert!(keys >= 8, "only {keys} keys found");
}

/// Keys of TLS listeners are read by the TLS library at each reload and protect no signature of the instance.
fn is_tls(path: &std::path::Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with("tls") || name.starts_with("admin")
    })
}
