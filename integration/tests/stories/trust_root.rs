//! TUF clients refresh the repository from its root; it keeps its root over restarts and comes back fresh.

use std::process::Command;

use sigstead_integration::{Instance, client, run, shared};

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
