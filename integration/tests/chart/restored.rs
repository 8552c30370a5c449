//! Volumes of a release that runs, backed up and restored by the jobs of the chart as processes.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::chart::RESTORE;
use super::node::Node;
use super::{Chart, Objects};

/// The release beside which its jobs run.
pub(crate) struct Release<'a> {
    pub(crate) chart: &'a Chart,
    /// The values that it was installed with.
    pub(crate) values: Vec<&'a str>,
}

impl Release<'_> {
    /// Backs up what every pod has, while all run, and gives the names of the backups.
    pub(crate) fn back_up(&self, node: &mut Node) -> Vec<String> {
        let passphrase = node.work().join("backup-passphrase");
        std::fs::create_dir(&passphrase).unwrap();
        std::fs::write(passphrase.join("passphrase"), "of the backups\n").unwrap();
        node.storage.give("a-passphrase", &passphrase);
        let objects = self.render("");
        let refused = drill(node, &objects);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("E-CTL-498"), "{said}");
        run_all(node, &objects, "backup", "backed acme up to");
        self.refuses_a_log_that_nobody_could_verify(node, &objects);
        let names = names(node);
        assert_eq!(names.len(), 6, "{names:?}");
        names
    }

    /// Restores beside every pod, while all run, what was backed up of it, and leaves nothing behind.
    pub(crate) fn drill(&self, node: &Node, backups: &[String]) {
        let objects = self.render("");
        run_all(node, &objects, "drill", "would work");
        assert_eq!(names(node), backups);
        // A newer backup that is damaged is no reason to report an older one.
        let backup = of(backups, "tlog");
        let folder = node.storage.claim("backups");
        let mut bytes = std::fs::read(folder.join(backup)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let (stem, _) = backup.rsplit_once('-').unwrap();
        let newer = folder.join(format!("{stem}-29990101T000000Z.tar.age"));
        std::fs::write(&newer, bytes).unwrap();
        let refused = drill(node, &objects);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && said.contains("29990101T000000Z"),
            "{said}"
        );
        std::fs::remove_file(newer).unwrap();
        assert_eq!(names(node), backups);
    }

    /// A log is no later state of a backup whose head its anchor does not know.
    pub(crate) fn drill_beside_a_spoilt_anchor(&self, node: &Node) {
        let anchor = claim(node, "anchor").join("rekor-v2");
        let head = std::fs::read(&anchor).unwrap();
        std::fs::write(&anchor, "no head\n").unwrap();
        let warned = drill(node, &self.render(""));
        let said = String::from_utf8_lossy(&warned.stdout);
        assert_eq!(warned.status.code(), Some(3), "{said}");
        assert!(said.contains("would leave a log read-only"), "{said}");
        std::fs::write(&anchor, head).unwrap();
    }

    /// Clients know none of its keys any more.
    fn refuses_a_log_that_nobody_could_verify(&self, node: &mut Node, objects: &Objects) {
        let (kit, other) = (
            node.work().join("laid-out/client"),
            node.work().join("other"),
        );
        let text = std::fs::read(kit.join("trusted_root.json")).unwrap();
        let mut trusted: Value = serde_json::from_slice(&text).unwrap();
        trusted["tlogs"] = serde_json::json!([]);
        std::fs::create_dir(&other).unwrap();
        std::fs::copy(kit.join("instance.yaml"), other.join("instance.yaml")).unwrap();
        std::fs::write(other.join("trusted_root.json"), trusted.to_string()).unwrap();
        node.storage.give("acme-sigstead-client", &other);
        let job = objects.named("CronJob", "acme-sigstead-backup-tlog-0");
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        node.storage.forget("unknown");
        let mut refused = node.container(objects, "unknown", pod, &pod["containers"][0]);
        let refused = refused.output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && said.contains("E-CTL-216"),
            "{said}"
        );
        let refused = drill(node, objects);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("E-CTL-216"), "{said}");
        node.storage.give("acme-sigstead-client", &kit);
    }

    /// The volumes of `tlog` are lost, and restored to what was backed up.
    pub(crate) fn restore(&self, node: &Node, backups: &[String]) {
        let backup = of(backups, "tlog");
        // What is there is not written over.
        let said = self.tries(node, backup);
        assert!(said.contains("E-CTL-219"), "{said}");
        lose(node, "data");
        let objects = self.render(&format!("restore: {{from: {backup}}}"));
        let said = run(node, &objects);
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&said.stderr)
        );
        assert!(text.contains("restored"), "{text}");
        assert!(
            !text.contains("anchor"),
            "the log is as its anchor knows it: {text}"
        );
    }

    /// Restores that nobody may take for the newest copy.
    pub(crate) fn refuses_to_roll_back(&self, node: &Node, backups: &[String]) {
        let backup = of(backups, "tlog");
        lose(node, "data");
        let objects = self.render(&format!("restore: {{from: {backup}}}"));
        let said = run(node, &objects);
        let text = String::from_utf8_lossy(&said.stdout);
        assert_eq!(said.status.code(), Some(3), "{text}");
        assert!(text.contains("stays read-only on this volume"), "{text}");

        lose(node, "data");
        lose(node, "anchor");
        for (backup, code) in [(of(backups, "tuf"), "E-CTL-215"), (backup, "E-CTL-218")] {
            let said = self.tries(node, backup);
            assert!(said.contains(code), "{said}");
        }
        // The values are those of another time.
        let moved = "{face: rekor-v2, origin: a.example, key: {uri: 'file:/k'}, data: /var/lib/sigstead/b, anchor: /c}";
        let moved = format!(
            "restore: {{from: {backup}, adopt: true}}\ntlog: {{config: {{logs: [{moved}]}}}}"
        );
        let said = run(node, &self.render(&moved));
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(said.contains("E-CTL-217"), "{said}");
        let adopted = self.render(&format!("restore: {{from: {backup}, adopt: true}}"));
        let said = run(node, &adopted);
        assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
    }

    fn tries(&self, node: &Node, backup: &str) -> String {
        let objects = self.render(&format!("restore: {{from: {backup}}}"));
        let said = run(node, &objects);
        assert!(!said.status.success());
        String::from_utf8(said.stderr).unwrap()
    }

    fn render(&self, restore: &str) -> Objects {
        let mut values = self.values.clone();
        values.extend([RESTORE, restore]);
        self.chart.render(&values)
    }
}

/// The backup of a role.
fn of<'a>(backups: &'a [String], role: &str) -> &'a str {
    let part = format!("-{role}-0-");
    backups.iter().find(|name| name.contains(&part)).unwrap()
}

fn run(node: &Node, objects: &Objects) -> Output {
    let job = objects.named("Job", "acme-sigstead-restore-tlog-0");
    let pod = &job["spec"]["template"]["spec"];
    node.storage.forget("restore");
    node.container(objects, "restore", pod, &pod["containers"][0])
        .output()
        .unwrap()
}

/// The jobs of a kind for the first pod of each role, which is the one that the node runs.
fn run_all(node: &Node, objects: &Objects, kind: &str, says: &str) {
    let part = format!("-{kind}-");
    let mut count = 0;
    for job in objects.of("CronJob") {
        let name = job["metadata"]["name"].as_str().unwrap();
        if name.contains(&part) && name.ends_with("-0") {
            let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
            let said = node.run_to_end(objects, name, pod, &pod["containers"][0]);
            assert!(said.contains(says), "{name}: {said}");
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// The drill of the pod of `tlog`.
fn drill(node: &Node, objects: &Objects) -> Output {
    let job = objects.named("CronJob", "acme-sigstead-drill-tlog-0");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    node.storage.forget("drill");
    node.container(objects, "drill", pod, &pod["containers"][0])
        .output()
        .unwrap()
}

fn claim(node: &Node, kind: &str) -> PathBuf {
    node.storage.claim(&format!("{kind}-acme-sigstead-tlog-0"))
}

fn lose(node: &Node, kind: &str) {
    std::fs::remove_dir_all(claim(node, kind)).unwrap();
}

fn names(node: &Node) -> Vec<String> {
    let files = std::fs::read_dir(node.storage.claim("backups")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
