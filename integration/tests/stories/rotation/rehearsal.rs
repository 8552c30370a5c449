//! An operator tries a rotation before it is begun, and two begin at once.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};

use crate::refuses;

fn rotate(instance: &Instance, role: &str, verb: &str) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json", "rotate", role, verb]);
    command.arg(instance.directory());
    command
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
}

/// What a rotation changes: the trust state, the keys of the service and the kit, by name and content.
fn state(instance: &Instance) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    // The service of the repository signs there by itself what was published before.
    for folder in ["trust", "tsa", "client"] {
        files(&instance.directory().join(folder), &mut found);
    }
    // The lock of a rotation is a folder, and that of the trust state an empty file.
    found.retain(|(name, _)| !name.ends_with("trust/lock"));
    found
}

#[test]
fn a_rehearsed_rotation_comes_to_its_end_and_leaves_everything_as_it_was() {
    let instance = Instance::start("rehearsed", &[]).unwrap();
    // Something of a former trust root, in each interface of Rekor, which must count in the end.
    run(sigctl()
        .args(["trust", "publish", "--valid-for", "30d"])
        .arg(instance.directory()))
    .unwrap();
    let before = state(&instance);
    let scratch = instance.work().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let output = run(rotate(&instance, "tsa", "rehearse").env("TMPDIR", &scratch)).unwrap();
    let rehearsed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let done: Vec<_> = rehearsed["done"].as_array().unwrap().iter().collect();
    let said = rehearsed.to_string();
    for word in [
        "took over 5 chains and logs, and 2 signatures of former trust roots",
        "announced the next key",
        "ended the old key",
        "verified both signatures",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(done.iter().all(|done| done["millis"].is_u64()), "{said}");
    // At least that one, and the one of the copy.
    let (until, _) = said.split_once(" signatures verify").unwrap();
    let count = until.rsplit(' ').next().unwrap();
    assert!(count.parse::<u32>().unwrap() >= 2, "{said}");
    let keys = rehearsed["needs"]["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3, "{said}");
    assert!(keys.iter().all(|key| key["is_here"] == true), "{said}");
    assert!(
        rehearsed["needs"]["soak_seconds"].as_u64().unwrap() > 8 * 86_400 - 1,
        "{said}"
    );
    assert!(
        state(&instance) == before,
        "the instance itself was only read"
    );
    assert_eq!(
        fs::read_dir(&scratch).unwrap().count(),
        0,
        "nothing is left of the copy"
    );

    // What would stop the real one stops the rehearsal, and says so; nothing is left either.
    let clients = scratch.join("bin");
    fs::create_dir(&clients).unwrap();
    fs::copy("/bin/false", clients.join("cosign")).unwrap();
    let mut refused = rotate(&instance, "tsa", "rehearse");
    refused
        .args(["--clients"])
        .arg(&clients)
        .env("TMPDIR", &scratch);
    refuses(&mut refused, &["e-ctl-459"]);
    fs::remove_dir_all(&clients).unwrap();
    assert_eq!(
        fs::read_dir(&scratch).unwrap().count(),
        0,
        "nothing is left of the copy"
    );
}

#[tokio::test]
async fn of_two_operators_who_begin_at_once_one_goes_on_and_the_other_is_told() {
    let instance = Instance::start("two-operators", &[]).unwrap();
    let plan = run(&mut rotate(&instance, "tsa", "plan")).unwrap();
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let changes = plan["changes"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| change.as_str().unwrap())
        .collect();
    assert!(
        told.iter()
            .any(|it| it.contains("the key (not made yet) of the timestamp authority")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|it| it.contains("; it was from")),
        "{told:?}"
    );

    let begin = || {
        let mut start = rotate(&instance, "tsa", "start");
        start
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let both = [begin(), begin()];
    let ended = both.map(|start| start.wait_with_output().unwrap());
    let (went_on, refused): (Vec<_>, Vec<_>) =
        ended.iter().partition(|output| output.status.success());
    let ([_], [refused]) = (went_on.as_slice(), refused.as_slice()) else {
        panic!("one of them: {ended:?}");
    };
    let refusal: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let (code, remedy) = (&refusal["error"]["code"], &refusal["error"]["remedy"]);
    // Which of both depends on how far the other has come.
    assert!(code == "E-CTL-280" || code == "E-CTL-283", "{refusal}");
    assert!(
        remedy
            .as_str()
            .unwrap()
            .contains("sigctl rotate tsa status"),
        "{refusal}"
    );

    // Nobody has fetched what was announced, and then one client has.
    let adoption = || {
        let status = run(&mut rotate(&instance, "tsa", "status")).unwrap();
        let mut status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["adoption"].take()
    };
    assert_eq!(adoption()["fetched"], 0);
    let version = adoption()["version"].as_u64().unwrap();
    let url = format!("{}/{version}.targets.json", instance.url("tuf"));
    while !reqwest::get(&url).await.unwrap().status().is_success() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(adoption()["fetched"], 1);
}
