//! The commands of `docs/operating.md` that are shown in blocks do what the page says, one after another in one instance.

use std::path::PathBuf;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, run, sigctl};

use crate::air_gap::info;
use crate::verifying::{blocks, printed, shell};

const PAGE: &str = include_str!("../../../docs/operating.md");

#[test]
fn the_blocks_of_the_page_run_as_they_are_printed() {
    let site = Site::new();
    let listed = site.run(&block("$ sigctl keys\n"));
    assert!(listed.contains("timestamp authority"), "{listed}");
    let file = |name: &str| std::fs::read_to_string(site.instance.work().join(name)).unwrap();
    assert!(file("sigstead.ics").starts_with("BEGIN:VCALENDAR"));
    assert!(file("sigstead.prom").contains("# TYPE sigstead_"));

    site.run(&block("sigctl trust show DIR"));
    let history = site.run(&block("sigctl trust history DIR"));
    assert!(
        history.contains("targets 1 are accepted until"),
        "{history}"
    );
    let soon = ["--in", "1s", "--drain", "1s", "--accept-short-times"];
    Rotated("tsa").rotate(&site.instance, "start", &soon);
    Rotated("tsa").until_over(&site.instance);
    site.run(&block("sigctl trust evidence DIR tsa-2"));

    // The log was moved here: its anchor stayed where it was.
    let anchor = site.anchor();
    run(sigctl().arg("down").arg(site.instance.directory())).unwrap();
    std::fs::remove_file(&anchor).unwrap();
    // Without --yes it ends with a refusal that says what would be taken.
    let adopt = block("$ sigctl log adopt").replace("  # says", " || test $? = 1  # says");
    let adopted = site.run(&adopt);
    assert!(adopted.contains("E-CTL-050"), "{adopted}");
    assert!(anchor.exists(), "{adopted}");
    run(sigctl().arg("status").arg(site.instance.directory())).unwrap();
}

/// A block that is added to the page gets its test here.
#[test]
fn the_page_has_no_other_blocks() {
    assert_eq!(blocks("operating.md").len(), 2);
    // The first is of `make conformance`, which the story of that name runs.
    assert_eq!(PAGE.matches("\n```sh\n").count(), 4);
}

/// The block of the page that has a text.
fn block(text: &str) -> String {
    let mut all = PAGE.split("\n```").skip(1).step_by(2);
    let block = all.find(|block| block.contains(text)).unwrap();
    let (_, commands) = block.split_once('\n').unwrap();
    let lines = commands.lines();
    let lines = lines.map(|line| line.strip_prefix("$ ").unwrap_or(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// An instance, and what the placeholders of the page stand for.
struct Site {
    instance: Instance,
    log: String,
}

impl Site {
    fn new() -> Self {
        let instance = Instance::start("operating", &[]).unwrap();
        let log = info(&instance)["origin"].as_str().unwrap().to_owned();
        Self { instance, log }
    }

    /// Runs a block, in the instance unless it names one.
    fn run(&self, block: &str) -> String {
        let directory = self.instance.directory();
        let directory = directory.to_str().unwrap();
        let words = block
            .replace("DIR", directory)
            .replace("NAME", &self.log)
            .replace("FOLDER", "evidence");
        let commands = format!("export SIGSTEAD_DIR={directory}\n{words}");
        let output = shell(self.instance.work(), &commands);
        assert!(output.status.success(), "{}", printed(&output));
        printed(&output)
    }

    /// That of the log of Rekor v2, as the configuration names it.
    fn anchor(&self) -> PathBuf {
        let folder = self.instance.directory().join("tlog");
        let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
        let config: Value = serde_yaml::from_str(&config).unwrap();
        folder.join(config["logs"][1]["anchor"].as_str().unwrap())
    }
}
