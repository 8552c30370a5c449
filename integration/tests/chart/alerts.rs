//! What the operator is told, and how long before it is too late.

use serde_json::Value;

use super::{Chart, SECRETS};

/// Renewing the root takes people with keys; the service renews the others by itself.
#[test]
fn the_end_of_the_trust_root_is_told_as_early_as_its_role_needs() {
    let Some(rules) = rules() else { return };
    for (role, told) in [
        ("root", &[60 * 24 * 3600, 14 * 24 * 3600][..]),
        ("targets", &[60 * 24 * 3600, 14 * 24 * 3600]),
        ("snapshot", &[24 * 3600]),
        ("timestamp", &[24 * 3600]),
    ] {
        let of_role = |rule: &&Value| {
            let expression = rule["expr"].as_str().unwrap();
            let roles = expression.split('"').nth(1).unwrap_or_default();
            expression.starts_with("sigstead_tuf_expires_timestamp_seconds")
                && roles.split('|').any(|each| each == role)
        };
        let found: Vec<_> = rules.iter().filter(of_role).collect();
        assert_eq!(found.len(), told.len(), "{role}: {found:?}");
        for (rule, seconds) in found.iter().zip(told) {
            let expression = rule["expr"].as_str().unwrap();
            assert!(
                expression.ends_with(&format!("- time() < {seconds}")),
                "{role}: {expression}"
            );
        }
    }
}

#[test]
fn what_stops_the_instance_is_told() {
    let Some(rules) = rules() else { return };
    for condition in [
        "sigstead_ca_record_writable == 0",
        "sigstead_ca_issuers_file_accepted == 0",
        "sigstead_tlog_read_only == 1",
        "sigstead_ctlog_read_only == 1",
    ] {
        let tells = |rule: &Value| rule["expr"].as_str().unwrap().contains(condition);
        assert!(rules.iter().any(tells), "{condition}");
    }
}

fn rules() -> Option<Vec<Value>> {
    let chart = Chart::find()?;
    let objects = chart.render(&[SECRETS, "metrics: {rules: {enabled: true}}"]);
    let groups = objects.of("PrometheusRule")[0]["spec"]["groups"].clone();
    // Servers have the same file.
    let file = std::fs::read_to_string(Chart::folder().join("files/alerts.yaml")).unwrap();
    let file: Value = serde_yaml::from_str(&file).unwrap();
    assert_eq!(groups, file["groups"]);
    let groups = groups.as_array().unwrap().iter();
    let rules = groups.flat_map(|group| group["rules"].as_array().unwrap().clone());
    Some(rules.collect())
}
