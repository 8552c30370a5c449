//! The schema of the chart's values, made of the types that the services read their files with.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::Chart;

/// With this variable set the file is written; `make helm` sets it.
const WRITE: &str = "SIGSTEAD_WRITE_SCHEMA";

#[test]
fn the_schema_is_what_the_services_read_today() {
    let made = format!("{:#}\n", schema());
    let file = file();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == made, "{} is stale: make helm", file.display());
}

fn file() -> PathBuf {
    Chart::folder().join("values.schema.json")
}

fn schema() -> Value {
    let own = include_str!("../../../helm/values.schema.in.json");
    let mut schema: Value = serde_json::from_str(own).unwrap();
    let schemas = sigstead_config::schemas();
    let definitions = schema["$defs"].as_object_mut().unwrap();
    definitions.extend(schemas.definitions);
    for (role, file) in schemas.files {
        let mut file = file.to_value();
        release(role, &mut file);
        definitions.insert(format!("{role}.config"), file);
    }
    tree_id(&mut schema["$defs"]["LogConfig"]);
    vault_keys(&mut schema["$defs"]["KeyConfig"]);
    schema
}

/// What the chart knows when the values do not say it.
fn release(role: &str, file: &mut Value) {
    let known = match role {
        "ca" => "ct_log",
        "ctlog" => "origin",
        "tlog" => "logs",
        "oidc" => "issuer",
        _ => return,
    };
    let required = file["required"].as_array_mut().unwrap();
    let before = required.len();
    required.retain(|field| field != known);
    assert_eq!(required.len() + 1, before, "{role} does not need {known}");
}

/// What the service would refuse at its start is refused before there is a pod.
fn vault_keys(key: &mut Value) {
    key["if"] = json!({"properties": {"uri": {"pattern": "^vault:"}}});
    key["then"] = json!({"required": ["address", "token_file"]});
}

/// Helm reads numbers as floating point, which has no room for a tree id: the values have it as text.
fn tree_id(log: &mut Value) {
    let properties: &mut Map<_, _> = log["properties"].as_object_mut().unwrap();
    let field = properties.get_mut("tree_id").unwrap();
    let description = field["description"].clone();
    *field = json!({"description": description, "type": "string", "pattern": "^[1-9][0-9]{0,18}$"});
}
