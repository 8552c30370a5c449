//! An operator looks at the logs of an instance, finds entries in them, has them checked, and ends one.

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

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
    assert_eq!(faces, ["rekor-v1", "rekor-v2"]);
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
    refuses(&mut freeze(&["--yes"]), &["e-tlog-071"]);
    let successor = log(&instance, "open", &[])["origin"].clone();
    assert_eq!(successor, v2.replace("-1.rekor", "-2.rekor"));
    run(&mut freeze(&["--yes"])).unwrap();
    for _ in 0..2 {
        let state = log(&instance, "info", &[])[1]["state"].clone();
        assert_eq!(state, "frozen");
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
