//! The dashboards come to where Grafana looks for them, as servers have them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Chart, SECRETS};

#[test]
fn each_dashboard_is_a_config_map_that_grafana_finds() {
    let Some(chart) = Chart::find() else { return };
    let maps = |values: &str| {
        let objects = chart.render(&[SECRETS, values]);
        let maps = objects.of("ConfigMap").into_iter().cloned();
        let is_one = |map: &Value| {
            map["metadata"]["name"]
                .as_str()
                .unwrap()
                .contains("-dashboard-")
        };
        maps.filter(is_one).collect::<Vec<_>>()
    };
    assert!(maps("metrics: {dashboards: {enabled: false}}").is_empty());
    let found = maps(
        "metrics: {dashboards: {enabled: true, labels: {team: a}, annotations: {grafana_folder: Signing}}}",
    );
    let mut texts = BTreeSet::new();
    for map in &found {
        let metadata = &map["metadata"];
        assert_eq!(metadata["labels"]["grafana_dashboard"], "1");
        assert_eq!(metadata["labels"]["team"], "a");
        assert_eq!(metadata["annotations"]["grafana_folder"], "Signing");
        let data = map["data"].as_object().unwrap();
        assert_eq!(data.len(), 1);
        // Files of several releases come into one folder.
        let (name, text) = data.iter().next().unwrap();
        assert!(name.starts_with("acme-"), "{name}");
        let dashboard: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        texts.insert(dashboard.to_string());
    }
    let folder = std::fs::read_dir(Chart::folder().join("files/dashboards")).unwrap();
    let shipped: BTreeSet<_> = folder
        .map(|file| {
            let text = std::fs::read(file.unwrap().path()).unwrap();
            serde_json::from_slice::<Value>(&text).unwrap().to_string()
        })
        .collect();
    assert_eq!((texts, found.len()), (shipped, 4));
}
