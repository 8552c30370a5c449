//! An operator looks at the logs of an instance, finds entries in them, has them checked, and ends one.

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl, wait_for};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn entries_of_both_faces_are_found_shown_and_proven() {
    let instance = Instance::start("logs", &[]).unwrap();
    let signed = sign(&instance, "log");
    let logs = log(&instance, "info", &[]);
    let faces: Vec<_> = logs
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["face"].clone())
        .collect();
    assert_eq!(faces, ["rekor-v1", "rekor-v2", "ct"]);
    let v2 = logs[1]["origin"].as_str().unwrap().to_owned();
    assert_eq!(
        (&logs[1]["size"], &logs[1]["state"]),
        // That of the signature, and the first one, which is the log's own.
        (&2.into(), &"takes entries".into())
    );

    let file = signed.to_str().unwrap();
    let of_file = found(&instance, &["--file", file]);
    let issuer = format!("issuer:{}", instance.url("oidc"));
    let of_person = found(&instance, &[PERSON, &issuer, "--all"]);
    assert_eq!(of_file, of_person);
    assert_eq!(
        (&of_file[0]["origin"], &of_file[0]["leaf_index"]),
        (&v2.as_str().into(), &1.into())
    );
    for (log, name) in logs
        .as_array()
        .unwrap()
        .iter()
        .zip(["rekor-v1", "rekor-v2"])
    {
        let origin = log["origin"].as_str().unwrap();
        let own = instance.work().join(format!("first-entry-{name}"));
        let text = format!(
            "The first entry of the transparency log {origin}, which the log made itself.\n"
        );
        std::fs::write(&own, text).unwrap();
        let of_log = found(&instance, &["--file", own.to_str().unwrap()]);
        assert_eq!(
            (&of_log[0]["origin"], &of_log[0]["leaf_index"]),
            (&origin.into(), &0.into())
        );
    }
    let hash = of_file[0]["leaf_hash"].as_str().unwrap();
    let entry = log(&instance, "get", &[hash]);
    assert_eq!(entry["body"]["kind"], "hashedrekord");
    assert_eq!(entry["checkpoint"], logs[1]["checkpoint"]);

    sign(&instance, "log-more");
    let proof = log(&instance, "proof", &["2", "3", "--log", &v2]);
    assert_eq!(proof["hashes"].as_array().unwrap().len(), 1);
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
    refuses(
        sigctl()
            .args(["log", "get"])
            .arg(instance.directory())
            .arg("7"),
        &["name one with --log"],
    );
    refuses(
        sigctl()
            .args(["log", "get"])
            .arg(instance.directory())
            .args(["7", "--log", &v2]),
        &["e-tlog-044"],
    );
}

#[test]
fn the_search_index_is_made_anew_from_the_entries_alone() {
    let instance = Instance::start("index", &[]).unwrap();
    let signed = sign(&instance, "index");
    let file = signed.to_str().unwrap().to_owned();
    let before = found(&instance, &["--file", &file]);
    assert_eq!(log(&instance, "rebuild-index", &[])["logs"], 2);
    assert_eq!(found(&instance, &["--file", &file]), before);
    instance.down().unwrap();
    for face in ["rekor-v1", "rekor-v2"] {
        std::fs::remove_dir_all(instance.directory().join("tlog").join(face).join("search"))
            .unwrap();
    }
    instance.up().unwrap();
    assert_eq!(found(&instance, &["--file", &file]), before);
}

#[test]
fn a_log_is_ended_only_when_that_is_confirmed_and_stays_readable() {
    let instance = Instance::start("ended", &[]).unwrap();
    let file = sign(&instance, "ended");
    let logs = log(&instance, "info", &[]);
    let v2 = logs[1]["origin"].as_str().unwrap().to_owned();
    let freeze = |more: &[&str]| {
        let mut command = sigctl();
        command.args(["log", "freeze"]).arg(instance.directory());
        command.args(["--log", &v2]).args(more);
        command
    };
    let mut unread = sigctl();
    unread.args(["log", "check"]).arg(instance.directory());
    unread.args(["--log", &v2, "--ledger", "/nowhere/ledger"]);
    refuses(&mut unread, &["e-ctl-053"]);
    refuses(&mut freeze(&[]), &["--yes"]);
    refuses(&mut freeze(&["--yes"]), &["e-ctl-055"]);
    let successor = log(&instance, "open", &[])["origin"].clone();
    assert_eq!(successor, v2.replace("-1.rekor", "-2.rekor"));
    run(&mut freeze(&["--yes"])).unwrap();
    has_ended_for_clients(&instance, &v2, successor.as_str().unwrap());
    verifies_elsewhere(&instance, &file);
    let kit = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    // Another run has nothing to add.
    run(&mut freeze(&["--yes"])).unwrap();
    assert_eq!(
        std::fs::read(instance.kit("trusted_root.json")).unwrap(),
        kit
    );
    for _ in 0..2 {
        let state = log(&instance, "info", &[])[1]["state"].clone();
        assert_eq!(state, "frozen");
        refuses(
            sigctl()
                .args(["log", "resume"])
                .arg(instance.directory())
                .args(["--log", &v2]),
            &["e-tlog-017"],
        );
        // The successor takes entries, and clients know its key.
        sign(&instance, "ended-later");
        run(sigctl()
            .args(["log", "check"])
            .arg(instance.directory())
            .args(["--log", &v2]))
        .unwrap();
        run(sigctl()
            .arg("verify")
            .arg(&file)
            .arg("--instance")
            .arg(instance.directory())
            .arg("--bundle")
            .arg(beside(&file, "sigstore.json"))
            .args(["--identity", PERSON]))
        .unwrap();
        // The same after a restart.
        instance.down().unwrap();
        instance.up().unwrap();
    }
}

#[test]
fn a_log_that_was_opened_and_not_published_is_taken_up() {
    let instance = Instance::start("taken-up", &[]).unwrap();
    let state = instance.directory().join("trust/state.json");
    let before = std::fs::read(&state).unwrap();
    let root_key = instance.directory().join("trust/tuf-root.key");
    let aside = instance.work().join("tuf-root.key");
    std::fs::copy(&root_key, &aside).unwrap();
    std::fs::remove_file(&root_key).unwrap();
    let open = || {
        let mut command = sigctl();
        command.args(["log", "open"]).arg(instance.directory());
        command
    };
    // Without what a publication needs no log is opened.
    refuses(&mut open(), &["e-ctl-011"]);
    std::fs::copy(&aside, &root_key).unwrap();
    refuses(open().args(["--origin", "!!"]), &["write a host name"]);
    assert_eq!(log(&instance, "info", &[]).as_array().unwrap().len(), 3);

    // Nobody sees what is published now.
    instance.kill("tuf").unwrap();
    let repository = instance.directory().join("tuf/repository");
    let copy = instance.work().join("repository");
    let place = |from: &std::path::Path, to: &std::path::Path| {
        let _ = std::fs::remove_dir_all(to);
        run(std::process::Command::new("cp").arg("-a").args([from, to])).unwrap();
    };
    place(&repository, &copy);
    let opened = log(&instance, "open", &[]);
    // As if the run had ended before the trust state was written.
    std::fs::write(&state, before).unwrap();
    place(&copy, &repository);
    instance.up().unwrap();
    let again = log(&instance, "open", &[]);
    assert_eq!(again["origin"], opened["origin"]);
    assert_eq!(again["log_id"], opened["log_id"]);
    assert!(again["key"].is_null());
    assert_eq!(log(&instance, "info", &[]).as_array().unwrap().len(), 4);
    let known = std::fs::read_to_string(instance.kit("trusted_root.json")).unwrap();
    assert!(known.contains(opened["origin"].as_str().unwrap()));
    // All that is open is known, so the next one is new.
    let next = log(&instance, "open", &[]);
    assert_ne!(next["origin"], opened["origin"]);
}

/// The log has an end in what clients trust, and they are told to write to its successor.
fn has_ended_for_clients(instance: &Instance, ended: &str, successor: &str) {
    let read = |file: &str| -> Value {
        let json = std::fs::read(instance.kit(file)).unwrap();
        serde_json::from_slice(&json).unwrap()
    };
    let trusted = read("trusted_root.json");
    let valid_for = |name: &str| {
        let logs = trusted["tlogs"].as_array().unwrap();
        let url = format!("https://{name}");
        let log = logs.iter().find(|log| log["baseUrl"] == url).unwrap();
        log["publicKey"]["validFor"].clone()
    };
    assert!(valid_for(ended)["end"].is_string());
    assert!(valid_for(successor)["end"].is_null());
    let config = read("signing_config.v0.2.json");
    let of_v2 = config["rekorTlogUrls"].as_array().unwrap();
    let of_v2: Vec<_> = of_v2
        .iter()
        .filter(|log| log["majorApiVersion"] == 2)
        .collect();
    assert_eq!(of_v2.len(), 1);
    assert_eq!(of_v2[0]["validFor"]["start"], valid_for(successor)["start"]);
}

/// The clients that are installed accept an entry of the log that has ended.
fn verifies_elsewhere(instance: &Instance, file: &std::path::Path) {
    let bundle = beside(file, "sigstore.json");
    if let Some(sigstore) = client::sigstore_python() {
        let mut command = crate::sigstore_python::with_kit(&sigstore, instance);
        run(crate::sigstore_python::verify(&mut command, instance, &bundle, PERSON).arg(file))
            .unwrap();
    }
    if let Some(cosign) = client::cosign() {
        let mut command = std::process::Command::new(cosign);
        command.args(["verify-blob", "--bundle"]).arg(&bundle);
        command
            .arg("--trusted-root")
            .arg(instance.kit("trusted_root.json"));
        command.args(["--certificate-identity", PERSON]);
        command.args(["--certificate-oidc-issuer", &instance.url("oidc")]);
        run(command.arg("--use-signed-timestamps").arg(file)).unwrap();
    }
}

fn sign(instance: &Instance, name: &str) -> std::path::PathBuf {
    let file = artifact(instance.work(), name);
    run(&mut signing(instance, &file)).unwrap();
    file
}

fn signing(instance: &Instance, file: &std::path::Path) -> std::process::Command {
    let mut command = sigctl();
    command
        .arg("sign")
        .arg(instance.directory())
        .arg(file)
        .args(["--identity", PERSON, "--bundle"])
        .arg(beside(file, "sigstore.json"));
    command
}

fn log(instance: &Instance, verb: &str, arguments: &[&str]) -> Value {
    let directory = instance.directory();
    let mut all = vec!["log", verb, directory.to_str().unwrap()];
    all.extend(arguments);
    instance.json(&all).unwrap()
}

/// What a search finds; the index follows the log.
fn found(instance: &Instance, arguments: &[&str]) -> Value {
    let mut places = Value::Null;
    wait_for("the entry in the index", || {
        places = log(instance, "search", arguments);
        places.as_array().is_some_and(|places| !places.is_empty())
    })
    .unwrap();
    places
}
