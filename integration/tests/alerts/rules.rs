//! The file of alerts, and what each of them says to people.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{client, run};

/// The file that the chart and servers share.
pub(crate) struct Rules(Vec<Value>);

impl Rules {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(Self::path()).unwrap();
        let file: Value = serde_yaml::from_str(&text).unwrap();
        let groups = file["groups"].as_array().unwrap().iter();
        let rules = groups.flat_map(|group| group["rules"].as_array().unwrap().clone());
        Self(rules.collect())
    }

    pub(crate) fn path() -> PathBuf {
        root().join("helm/sigstead/files/alerts.yaml")
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let names: BTreeSet<_> = self.0.iter().map(|rule| text(&rule["alert"])).collect();
        assert_eq!(names.len(), self.0.len(), "a name is there twice");
        names
    }

    /// The expression of each alert, by its name.
    pub(crate) fn expressions(&self) -> BTreeMap<&str, &str> {
        let rules = self.0.iter();
        rules
            .map(|rule| (text(&rule["alert"]), text(&rule["expr"])))
            .collect()
    }
}

#[test]
fn promtool_accepts_the_rules() {
    let Some(promtool) = client::promtool() else {
        return;
    };
    run(Command::new(promtool)
        .args(["check", "rules"])
        .arg(Rules::path()))
    .unwrap();
}

#[test]
fn each_alert_says_what_is_wrong_and_where_it_is_told_what_to_do() {
    let rules = Rules::read();
    for rule in &rules.0 {
        let name = text(&rule["alert"]);
        let severity = text(&rule["labels"]["severity"]);
        assert!(
            ["critical", "warning", "info"].contains(&severity),
            "{name}"
        );
        for annotation in ["summary", "description"] {
            let said = text(&rule["annotations"][annotation]);
            assert!(said.ends_with('.') && said.len() > 20, "{name}: {said}");
        }
        let runbook = format!("docs/alerts.md#{}", name.to_lowercase());
        assert_eq!(text(&rule["annotations"]["runbook"]), runbook);
    }
    let page = fs::read_to_string(root().join("docs/alerts.md")).unwrap();
    let explained = page.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(explained.collect::<BTreeSet<_>>(), rules.names());
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
