//! TUF clients refresh the repository from its root, also after it expired and was published again.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared, sigctl, wait_for};

#[test]
fn python_tuf_refreshes_from_the_root_and_downloads_the_targets() {
    let Some(python) = client::python() else {
        return;
    };
    let instance = shared();
    let output = run(Command::new(python)
        .arg(client::script("tuf_client.py"))
        .arg(instance.url("tuf"))
        .arg(instance.kit("root.json")))
    .unwrap();
    let targets: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(targets, ["trusted_root.json", "signing_config.v0.2.json"]);
}

#[test]
fn python_tuf_refuses_the_repository_of_another_root() {
    let Some(python) = client::python() else {
        return;
    };
    let instance = shared();
    let other = Instance::create("stranger", &[]).unwrap();
    let mut command = Command::new(python);
    command
        .arg(client::script("tuf_client.py"))
        .arg(instance.url("tuf"))
        .arg(other.kit("root.json"));
    crate::refuses(&mut command, &["signed", "signature", "threshold"]);
}

#[test]
fn a_trust_root_that_expired_is_published_again_while_everything_runs() {
    let instance = Instance::start("renewed", &[]).unwrap();
    let directory = instance.directory();
    let directory = directory.to_str().unwrap();
    let publish = |arguments: &[&str]| {
        let arguments = [&["trust", "publish", directory], arguments].concat();
        instance.json(&arguments).unwrap()
    };
    let tuf = || instance.service("tuf").unwrap();
    // What a client keeps that came to the instance in its first year.
    let first_root = instance.work().join("first-root.json");
    std::fs::copy(instance.kit("root.json"), &first_root).unwrap();
    let python = client::python();
    let refreshes = || {
        python
            .as_deref()
            .map(|python| refresh(python, &instance, &first_root))
    };
    assert_ne!(refreshes(), Some(false));
    let before = tuf();
    assert_eq!(before["state"], "ready");
    assert_eq!(before["warnings"], serde_json::json!([]));

    let published = publish(&["--valid-for", "2s"]);
    assert_eq!(
        (&published["root"], &published["targets"]),
        (&2.into(), &2.into())
    );
    wait_for("the end of the trust root", || tuf()["state"] == "unready").unwrap();
    let reasons = tuf()["reasons"].to_string();
    for role in ["root", "targets"] {
        assert!(
            reasons.contains(&format!("the {role} metadata expired at")),
            "{reasons}"
        );
    }
    assert!(reasons.contains("sigctl trust publish"), "{reasons}");
    assert_ne!(refreshes(), Some(true), "an expired root is refused");

    let published = publish(&[]);
    assert_eq!(
        (&published["root"], &published["targets"]),
        (&3.into(), &3.into())
    );
    wait_for("the renewed trust root", || tuf()["state"] == "ready").unwrap();
    assert_eq!(tuf()["pid"], before["pid"], "the service was not restarted");
    assert_ne!(refreshes(), Some(false), "and followed from the first root");
    let shown = instance.json(&["trust", "show", directory]).unwrap();
    let roles = shown["roles"].as_array().unwrap();
    let roles: Vec<_> = roles
        .iter()
        .map(|each| each["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["root", "targets", "snapshot", "timestamp"]);
    let newest = instance.directory().join("tuf/repository/3.root.json");
    assert_eq!(
        std::fs::read(instance.kit("root.json")).unwrap(),
        std::fs::read(newest).unwrap()
    );
    is_recorded_or_not_done(&instance);
}

/// What was published is in the record of `sigctl`, and what cannot be recorded is not published.
fn is_recorded_or_not_done(instance: &Instance) {
    let directory = instance.directory();
    let listed = instance.json(&["audit", "list", directory.to_str().unwrap()]);
    let listed = listed.unwrap().as_array().unwrap().clone();
    let told: Vec<_> = listed
        .iter()
        .map(|act| {
            [&act["service"], &act["method"], &act["outcome"]].map(|text| text.as_str().unwrap())
        })
        .collect();
    let asked = ["sigctl", "sigctl trust publish", "done"];
    let published = ["sigctl", "sigctl publishes", "done"];
    assert_eq!(told, [asked, published, asked, published]);
    assert_eq!(listed[0]["arguments"]["valid_for"], "2s");
    assert_eq!(listed[3]["arguments"]["root"], "3");
    is_told_and_checked(instance);
    std::fs::write(directory.join("trust/audit/records"), "another").unwrap();
    let mut publish = sigctl();
    publish.args(["trust", "publish"]).arg(&directory);
    crate::refuses(&mut publish, &["e-ctl-371"]);
    assert!(!directory.join("tuf/repository/4.root.json").exists());
}

/// The history tells all publications, and what the service signed over the newest is a part of it.
fn is_told_and_checked(instance: &Instance) {
    let directory = instance.directory();
    let history = instance.json(&["trust", "history", directory.to_str().unwrap()]);
    let history = history.unwrap().as_array().unwrap().clone();
    let told: Vec<_> = history
        .iter()
        .map(|each| {
            (
                each["root"].as_u64(),
                each["targets"].as_u64(),
                each["act"].as_str(),
            )
        })
        .collect();
    let act = Some("sigctl trust publish");
    let versions = [1, 2, 3].map(Some);
    let acts = [None, act, act];
    assert_eq!(
        told,
        std::array::from_fn::<_, 3, _>(|at| (versions[at], versions[at], acts[at]))
    );
    let verify = |folder: &Path| {
        let mut command = sigctl();
        command
            .args(["trust", "verify-history", "--repository"])
            .arg(folder);
        command
    };
    run(&mut verify(&directory.join("tuf/repository"))).unwrap();
    let copy = instance.work().join("copy");
    run(Command::new("cp")
        .arg("-r")
        .arg(directory.join("tuf/repository"))
        .arg(&copy))
    .unwrap();
    let timestamp = std::fs::read_to_string(copy.join("timestamp.json")).unwrap();
    let newest: serde_json::Value = serde_json::from_str(&timestamp).unwrap();
    let snapshot = &newest["signed"]["meta"]["snapshot.json"]["version"];
    let snapshot = copy.join(format!("{snapshot}.snapshot.json"));
    let signed = std::fs::read_to_string(&snapshot).unwrap();
    for (file, kept, cause) in [
        (
            &copy.join("timestamp.json"),
            &timestamp,
            "the timestamp is signed as no root asks",
        ),
        (&snapshot, &signed, "the snapshot is signed as no root asks"),
    ] {
        std::fs::write(
            file,
            kept.replacen("\"expires\": \"20", "\"expires\": \"21", 1),
        )
        .unwrap();
        crate::refuses(&mut verify(&copy), &[cause]);
        std::fs::write(file, kept).unwrap();
    }
    run(&mut verify(&copy)).unwrap();
}

/// Whether python-tuf gets the targets from a root that it has. A refusal must be one of expiry.
fn refresh(python: &Path, instance: &Instance, root: &Path) -> bool {
    let output = Command::new(python)
        .arg(client::script("tuf_client.py"))
        .arg(instance.url("tuf"))
        .arg(root)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || printed.contains("expired"),
        "{printed}"
    );
    output.status.success()
}
