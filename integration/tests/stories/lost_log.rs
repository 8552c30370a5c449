//! A log loses its data and its anchor, and a log that has neither is new: only its operator knows which of the two it is.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};

use crate::{PERSON, artifact, beside, refuses};

#[test]
fn a_log_that_lost_its_data_and_its_anchor_does_not_begin_again() {
    let instance = Instance::start("lost", &[]).unwrap();
    sign(&instance, "before").unwrap();
    instance.down().unwrap();
    let log = Ct::of(&instance);
    let (data, anchor) = (log.data.clone(), log.anchor.clone());
    let (kept_data, kept_anchor) = (beside_it(&instance, "data"), beside_it(&instance, "anchor"));
    sigstead_durable::rename(&data, &kept_data).unwrap();
    log.takes_nothing(&instance, "E-LOG-006");
    refuses(
        &mut log.adopt(&instance, &["--empty", "--yes"]),
        &["e-ctl-052"],
    );

    sigstead_durable::rename(&anchor, &kept_anchor).unwrap();
    log.takes_nothing(&instance, "E-LOG-008");
    assert!(!anchor.exists(), "a service makes no anchor");
    refuses(&mut log.adopt(&instance, &["--yes"]), &["e-ctl-495"]);
    refuses(
        &mut log.adopt(&instance, &["--empty"]),
        &["e-ctl-050", "never took an entry"],
    );
    let found = run(sigctl()
        .args(["doctor", "--offline"])
        .arg(instance.directory()));
    assert!(found.unwrap_err().to_string().contains("E-DOCTOR-062"));

    // What was lost is found again.
    std::fs::remove_dir_all(&data).unwrap();
    sigstead_durable::rename(&kept_data, &data).unwrap();
    sigstead_durable::rename(&kept_anchor, &anchor).unwrap();
    instance.up().unwrap();
    sign(&instance, "after").unwrap();
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
}

#[test]
fn an_instance_of_before_there_were_beginnings_begins_when_its_operator_says_so() {
    let instance = Instance::create("never-ran", &[]).unwrap();
    let anchors = beside_it(&instance, "anchors");
    std::fs::remove_dir_all(&anchors).unwrap();
    let ct = Ct::of(&instance);
    ct.takes_nothing(&instance, "E-LOG-008");
    let all = names(&instance);
    assert_eq!(all.len(), 3, "{all:?}");
    for log in &all {
        run(&mut adopt(&instance, log, &["--empty", "--yes"])).unwrap();
        refuses(
            &mut adopt(&instance, log, &["--empty", "--yes"]),
            &["e-ctl-052"],
        );
    }
    instance.up().unwrap();
    sign(&instance, "first").unwrap();
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
}

/// The CT log of an instance, where its configuration has it.
struct Ct {
    name: String,
    data: PathBuf,
    anchor: PathBuf,
    url: String,
}

impl Ct {
    fn of(instance: &Instance) -> Self {
        let folder = instance.directory().join("ctlog");
        let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
        let config: Value = serde_yaml::from_str(&config).unwrap();
        let field = |name: &str| config[name].as_str().unwrap().to_owned();
        Self {
            name: field("origin"),
            data: folder.join(field("data")),
            anchor: PathBuf::from(field("anchor")),
            url: instance.url("ctlog"),
        }
    }

    /// The service comes up, reads go on, and nothing is signed or taken.
    fn takes_nothing(&self, instance: &Instance, code: &str) {
        let mut up = sigctl();
        up.arg("up").arg(instance.directory());
        let up = up.args(["--detach", "--wait", "15"]).output().unwrap();
        assert!(!up.status.success());
        let state = logs(instance);
        let state = state.iter().find(|log| log["origin"] == self.name.as_str());
        let state = state.unwrap()["state"].as_str().unwrap().to_owned();
        assert!(
            state.contains("takes no entries") && state.contains(code),
            "{state}"
        );
        for path in ["checkpoint", "ct/v1/get-sth"] {
            let url = format!("{}/{path}", self.url.trim_end_matches('/'));
            let answer =
                run(Command::new("curl").args(["-sS", "-w", "%{http_code}", &url])).unwrap();
            let answer = String::from_utf8(answer.stdout).unwrap();
            assert!(
                answer.ends_with("503") && answer.contains("E-CTLOG-038"),
                "{answer}"
            );
        }
        assert!(sign(instance, code).is_err());
        instance.down().unwrap();
    }

    fn adopt(&self, instance: &Instance, words: &[&str]) -> Command {
        adopt(instance, &self.name, words)
    }
}

fn adopt(instance: &Instance, log: &str, words: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["log", "adopt"]).arg(instance.directory());
    command.args(["--log", log]).args(words);
    command
}

fn sign(instance: &Instance, name: &str) -> anyhow::Result<()> {
    let file = artifact(instance.work(), name);
    let bundle = beside(&file, "sigstore.json");
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory()).arg(&file);
    sign.arg("--bundle")
        .arg(bundle)
        .args(["--identity", PERSON]);
    run(&mut sign).map(drop)
}

fn logs(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let logs = instance.json(&["log", "info", directory.to_str().unwrap()]);
    logs.unwrap().as_array().unwrap().clone()
}

/// The names of all logs, as their descriptions have them.
fn names(instance: &Instance) -> Vec<String> {
    let tlog = instance.directory().join("tlog/config.yaml");
    let config: Value = serde_yaml::from_str(&std::fs::read_to_string(tlog).unwrap()).unwrap();
    let name = |log: &Value| {
        let origin = log["origin"].as_str().unwrap();
        match log["tree_id"].as_u64() {
            Some(tree_id) => format!("{origin} - {tree_id}"),
            None => origin.to_owned(),
        }
    };
    let mut names: Vec<_> = config["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    names.push(Ct::of(instance).name);
    names
}

fn beside_it(instance: &Instance, name: &str) -> PathBuf {
    Path::new(instance.work()).join(name)
}
