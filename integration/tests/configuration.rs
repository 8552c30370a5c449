//! `docs/configuration.md` has every field of every configuration file, from the types that read the files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};

/// With this variable set the page is written.
const WRITE: &str = "SIGSTEAD_WRITE_CONFIGURATION";

#[test]
fn the_page_is_what_the_services_read_today() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/configuration.md is stale: {WRITE}=1 cargo test --workspace --test configuration"
    );
}

#[test]
fn every_field_says_what_it_is() {
    let schemas = sigstead_config::schemas();
    let files = schemas.files.iter().map(|(_, file)| file.as_value());
    let mut count = 0;
    for schema in files.chain(schemas.definitions.values()) {
        for variant in variants(schema) {
            for (name, field) in properties(variant) {
                let is_told = field["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 10);
                assert!(
                    is_told || field.get("const").is_some(),
                    "{name} of {schema}"
                );
                count += 1;
            }
        }
    }
    assert!(count > 150, "{count} fields");
}

fn page() -> String {
    let schemas = sigstead_config::schemas();
    let mut page = HEAD.to_owned();
    for (service, file) in &schemas.files {
        let file = file.as_value();
        write!(page, "\n## `{service}`\n\n{}\n", told(file)).unwrap();
        fields(&mut page, file);
    }
    page.push_str("\n# Parts\n");
    for (name, part) in &schemas.definitions {
        write!(page, "\n## {name}\n\n{}", told(part)).unwrap();
        let is_told = !told(part).is_empty();
        page.push_str(if is_told { "\n" } else { "" });
        for variant in variants(part) {
            section(&mut page, part, variant);
        }
        page.truncate(page.trim_end().len());
        page.push('\n');
    }
    page
}

/// One of the forms that a part can have.
fn section(page: &mut String, part: &Value, variant: &Value) {
    if let Some(value) = variant.get("const") {
        write!(page, "\n- `{}`: {}", text(value), told(variant)).unwrap();
        return;
    }
    let tag = properties(variant).find_map(|(name, field)| Some((name, field.get("const")?)));
    if let Some((name, value)) = tag {
        let told = told(variant);
        write!(page, "\n### `{name}: {}`\n\n{told}\n", text(value)).unwrap();
    }
    if properties(variant).next().is_some() {
        fields(page, variant);
    } else if part.get("oneOf").is_none() {
        let gap = if page.ends_with("\n\n") { "" } else { "\n" };
        writeln!(page, "{gap}Written as {}.", kind(part)).unwrap();
    }
}

/// A table of the fields of an object.
fn fields(page: &mut String, object: &Value) {
    let required = object["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|each| each == name));
    page.push_str("\n| Field | Written as | Without it | What it is |\n|---|---|---|---|\n");
    for (name, field) in properties(object).filter(|(_, field)| field.get("const").is_none()) {
        let without = match field.get("default") {
            _ if is_required(name) => "refused".to_owned(),
            Some(Value::Null) | None => "the default".to_owned(),
            Some(value) => format!("`{}`", text(value)),
        };
        let (kind, told) = (kind(field), told(field));
        writeln!(page, "| `{name}` | {kind} | {without} | {told} |").unwrap();
    }
}

/// How a value is written.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for several in ["anyOf", "allOf"] {
        if let Some(all) = schema[several].as_array() {
            let forms = all.iter().filter(|form| form["type"] != "null");
            return forms.map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| format!("`{}`", text(value)));
        return values.collect::<Vec<_>>().join(", ");
    }
    if let Some(value) = schema.get("const") {
        return format!("`{}`", text(value));
    }
    let name = match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => names[0].as_str().unwrap(),
        _ => "any value",
    };
    match name {
        "array" => format!("a list of {}", kind(&schema["items"])),
        "object" => match schema
            .get("additionalProperties")
            .filter(|values| values.is_object())
        {
            Some(values) => format!("names, each with {}", kind(values)),
            None => "names and values".to_owned(),
        },
        "boolean" => "`true` or `false`".to_owned(),
        "integer" | "number" => "a number".to_owned(),
        _ => match schema["pattern"].as_str() {
            Some(pattern) => format!("text like `{}`", pattern.replace('|', "\\|")),
            None => "text".to_owned(),
        },
    }
}

/// The description, in one line that a table can hold.
fn told(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let text = text.replace('\n', " ").replace('|', "\\|");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields = schema["properties"].as_object();
    fields
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, field)| (name.as_str(), field))
}

/// The forms of a part; a part with one form is that form.
fn variants(part: &Value) -> Vec<&Value> {
    match part["oneOf"].as_array() {
        Some(forms) => forms.iter().collect(),
        None => vec![part],
    }
}

const HEAD: &str = "# Every field of the configuration

Each service reads one file, `SERVICE/config.yaml` in an instance; in the chart the same fields are below `SERVICE.config` of the values.
This page is made of the types that read them, and a test refuses it when it is not what they read. A field that is not here is refused
at the start, with its name. `SERVICE --check`, and `sigctl doctor` for a whole instance, try a file without starting anything.

What a line of a table says under *Without it* is what the service does when the field is left out. Periods are written as `30s`, `5m`,
`12h` or `7d`. Paths that are not absolute are seen from the folder of the file.
";
