//! The files of Grafana's dashboards: what each panel asks for, and that people can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{client, run};

use super::Rules;

/// The dashboards, by the names of their files.
pub(crate) fn all() -> BTreeMap<String, Value> {
    let folder = Rules::path().with_file_name("dashboards");
    let files = std::fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read(&path).unwrap();
        (name, serde_json::from_slice(&text).unwrap())
    });
    files.collect()
}

/// The expressions of a dashboard, with values in the place of Grafana's variables.
pub(crate) fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.map(|target| {
        let text = target["expr"].as_str().unwrap();
        let text = text.replace("$job", ".*").replace("$__rate_interval", "5m");
        assert!(!text.contains('$'), "{text}");
        text
    });
    expressions.collect()
}

#[test]
fn promtool_understands_every_expression_of_a_dashboard() {
    let Some(promtool) = client::promtool() else {
        return;
    };
    let mut rules = "groups:\n  - name: dashboards\n    rules:\n".to_owned();
    let all = all();
    let expressions = all.values().flat_map(expressions);
    for (number, expression) in expressions.enumerate() {
        let quoted = Value::from(expression);
        writeln!(rules, "      - {{record: panel:{number}, expr: {quoted}}}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    std::fs::write(&file, rules).unwrap();
    run(Command::new(promtool).args(["check", "rules"]).arg(&file)).unwrap();
}

#[test]
fn every_panel_says_what_it_shows_and_none_lies_over_another() {
    let mut identifiers = BTreeSet::new();
    for (name, dashboard) in all() {
        assert_eq!(dashboard["uid"], format!("sigstead-{name}"));
        let mut taken = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let (title, id) = (&panel["title"], &panel["id"]);
            let description = panel["description"].as_str().unwrap();
            assert!(description.ends_with('.'), "{name}: {title}");
            assert!(identifiers.insert((name.clone(), id.as_u64())), "{title}");
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(x + w <= 24, "{name}: {title}");
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(place), "{name}: {title} lies over another");
            }
        }
    }
}
