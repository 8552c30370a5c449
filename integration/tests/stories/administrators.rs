//! People administer an instance with certificates of their own, what they do is written down, and one of them leaves.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl};

use crate::refuses;

struct World {
    instance: Instance,
    log: String,
}

impl World {
    fn start() -> Self {
        let instance = Instance::start("administered", &[]).unwrap();
        let directory = instance.directory();
        let logs = instance.json(&["log", "info", directory.to_str().unwrap()]);
        let log = logs.unwrap()[1]["origin"].as_str().unwrap().to_owned();
        Self { instance, log }
    }

    fn directory(&self) -> String {
        self.instance.directory().to_str().unwrap().to_owned()
    }

    /// A command about the instance, where it is.
    fn here(&self, words: &[&str]) -> Command {
        let mut command = sigctl();
        command.args(words).env("SIGSTEAD_DIR", self.directory());
        command.current_dir(self.instance.work());
        command
    }

    /// A command of somebody who has no more than a context.
    fn as_holder(&self, folder: &str, words: &[&str]) -> Command {
        let mut command = sigctl();
        let context = Path::new(folder).join("context.yaml");
        command.args(words).arg("--context").arg(context);
        command.current_dir(self.instance.work());
        command
    }

    fn pause(&self, folder: &str) -> Command {
        let arguments = ["log", "pause", "--log", &self.log, "--reason", "a move"];
        self.as_holder(folder, &arguments)
    }

    fn acts(&self) -> Vec<Value> {
        let mut command = self.here(&["audit", "list", "--output", "json"]);
        let listed = run(&mut command).unwrap().stdout;
        serde_json::from_slice::<Vec<Value>>(&listed).unwrap()
    }
}

#[test]
fn people_do_what_their_roles_let_them_and_it_is_written_down() {
    let world = World::start();
    // Vera's key never leaves her; Otto has his whole folder from the owner.
    run(&mut world.here(&["admin", "request", "--out", "vera"])).unwrap();
    run(&mut world.here(&[
        "admin",
        "invite",
        "--name",
        "Vera",
        "--role",
        "viewer",
        "--request",
        "vera/request.pem",
        "--out",
        "for-vera",
    ]))
    .unwrap();
    let work = world.instance.work();
    assert!(!work.join("for-vera/admin.key").exists());
    std::fs::copy(work.join("vera/admin.key"), work.join("for-vera/admin.key")).unwrap();
    run(&mut world.here(&[
        "admin", "invite", "--name", "Otto", "--role", "operator", "--days", "30", "--out",
        "for-otto",
    ]))
    .unwrap();

    run(&mut world.as_holder("for-vera", &["log", "info"])).unwrap();
    run(world
        .here(&["issued", "list"])
        .env("SIGSTEAD_CONTEXT", "for-vera/context.yaml")
        .env_remove("SIGSTEAD_DIR"))
    .unwrap();
    refuses(&mut world.pause("for-vera"), &["e-kit-020"]);
    run(&mut world.pause("for-otto")).unwrap();
    refuses(
        &mut world.as_holder(
            "for-otto",
            &["oidc", "user", "remove", "x@example.com", "--yes"],
        ),
        &["e-kit-020"],
    );
    run(&mut world.as_holder("for-otto", &["log", "resume", "--log", &world.log])).unwrap();
    refuses(
        &mut world.here(&["log", "pause", "--log", &world.log, "--reason", " "]),
        &["e-tlog"],
    );

    let acts = world.acts();
    let told: Vec<_> = acts
        .iter()
        .map(|act| {
            let text = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
            let method = text("method").rsplit(['/', ' ']).next().unwrap().to_owned();
            [
                text("service"),
                text("name"),
                text("role"),
                method,
                text("outcome"),
            ]
            .join(" ")
        })
        .collect();
    let expected = [
        "oidc Otto operator RemoveUser refused",
        "tlog Vera viewer PauseLog refused",
        "tlog Otto operator PauseLog done",
        "tlog Otto operator ResumeLog done",
        "tlog administered operator owner PauseLog failed",
    ];
    assert_eq!(told[..5], expected);
    assert!(
        told[5..].iter().all(|act| act.starts_with("sigctl user ")),
        "{told:?}"
    );
    assert!(
        told[5..]
            .iter()
            .all(|act| act.ends_with(" owner invite done")),
        "{told:?}"
    );
    assert_eq!(acts[2]["arguments"]["reason"], "a move");
    assert!(acts[2]["request_id"].is_string() && acts[2]["serial"].is_string());

    leaves(&world);
    changes_show(&world);
}

/// Otto leaves: his certificate counts no more, and nothing is restarted.
fn leaves(world: &World) {
    let listed = || {
        let mut command = world.here(&["admin", "list", "--output", "json"]);
        let listed = run(&mut command).unwrap().stdout;
        let listed: Vec<Value> = serde_json::from_slice(&listed).unwrap();
        let line = |each: &Value| format!("{} {} {}", each["name"], each["role"], each["state"]);
        let mut lines: Vec<_> = listed
            .iter()
            .map(|each| line(each).replace('"', ""))
            .collect();
        lines.sort();
        lines
    };
    let others = ["Vera viewer good", "administered operator owner good"];
    assert_eq!(listed(), ["Otto operator good", others[0], others[1]]);
    refuses(
        &mut world.here(&["admin", "revoke", "--name", "Emil"]),
        &["e-ctl-373"],
    );
    run(&mut world.here(&["admin", "revoke", "--name", "Otto"])).unwrap();
    assert_eq!(listed(), ["Otto operator revoked", others[0], others[1]]);
    refuses(&mut world.pause("for-otto"), &["e-kit-021"]);
    run(&mut world.as_holder("for-vera", &["log", "info"])).unwrap();
}

/// A record that is cut off or edited is found with no service running.
fn changes_show(world: &World) {
    let mut verify = world.here(&["audit", "verify", "--service", "tlog", "--output", "json"]);
    let verified = run(&mut verify).unwrap().stdout;
    let verified: Value = serde_json::from_slice(&verified).unwrap();
    let head = verified[0]["head"].as_str().unwrap().to_owned();
    world.instance.down().unwrap();
    run(&mut world.here(&["audit", "verify", "--service", "tlog", "--head", &head])).unwrap();
    let records = world.instance.directory().join("tlog/audit/records");
    let whole = std::fs::read(&records).unwrap();
    let mut edited = whole.clone();
    let middle = edited.len() / 2;
    edited[middle] ^= 1;
    for changed in [edited, whole[..16].to_vec()] {
        std::fs::write(&records, changed).unwrap();
        refuses(&mut world.here(&["audit", "verify"]), &["e-ctl-370"]);
    }
    world.instance.up().unwrap();
    run(&mut world.here(&["log", "info"])).unwrap();
    refuses(
        &mut world.here(&["log", "pause", "--log", &world.log, "--reason", "a move"]),
        &["e-audit-002"],
    );
    std::fs::remove_dir_all(world.instance.directory().join("tlog/audit")).unwrap();
    // The head outside of the instance still tells.
    refuses(
        &mut world.here(&["log", "pause", "--log", &world.log, "--reason", "a move"]),
        &["e-audit-002"],
    );
    let anchors = std::fs::read_dir(world.instance.work().join("anchors")).unwrap();
    let anchors = anchors.map(|entry| entry.unwrap().path()).next().unwrap();
    std::fs::remove_file(anchors.join("audit/tlog/head")).unwrap();
    run(&mut world.here(&["log", "pause", "--log", &world.log, "--reason", "a move"])).unwrap();
}

#[test]
fn a_request_that_proves_nothing_gets_no_certificate() {
    let instance = Instance::create("unproven", &[]).unwrap();
    let work = instance.work();
    run(sigctl()
        .args(["admin", "request", "--out", "vera"])
        .current_dir(work))
    .unwrap();
    let path = work.join("vera/request.pem");
    let request = std::fs::read_to_string(&path).unwrap();
    let (body, end) = request.trim_end().rsplit_once("\n-----END").unwrap();
    let mut body: Vec<char> = body.chars().collect();
    let at = body.len() - 8;
    body[at] = if body[at] == 'A' { 'B' } else { 'A' };
    let forged = format!("{}\n-----END{end}\n", body.into_iter().collect::<String>());
    std::fs::write(&path, forged).unwrap();
    let directory = instance.directory();
    let mut invite = sigctl();
    invite.args([
        "admin",
        "invite",
        directory.to_str().unwrap(),
        "--name",
        "Vera",
    ]);
    invite.args([
        "--role",
        "owner",
        "--request",
        "vera/request.pem",
        "--out",
        "for-vera",
    ]);
    refuses(invite.current_dir(work), &["e-ctl-372"]);
    assert!(!work.join("for-vera").exists());
}

#[test]
fn the_commands_of_the_chapter_do_what_it_says() {
    let world = World::start();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/admin.md");
    let page = std::fs::read_to_string(page).unwrap();
    let commands: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("    sigctl "))
        .collect();
    assert!(commands.len() >= 9, "{commands:?}");
    let mut head = String::new();
    for command in commands {
        let words = command
            .replace("DIR", &world.directory())
            .replace("HEAD", &head);
        let words: Vec<_> = words.split_whitespace().collect();
        let output: Output = run(sigctl().args(&words).current_dir(world.instance.work())).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        if let Some((_, found)) = text.trim_end().rsplit_once("head ") {
            head = found.to_owned();
        }
    }
}
