//! The schema of the configuration files, made of the types that read them.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use crate::{ca, ctlog, oidc, tlog, tsa, tuf};

/// The JSON schemas (draft 2020-12) of all configuration files.
#[derive(Debug)]
pub struct Schemas {
    /// The schema of each file, by the name of its service.
    pub files: Vec<(&'static str, Schema)>,
    /// What they refer to below `#/$defs/`.
    pub definitions: Map<String, Value>,
}

/// The schemas of the files as they are read here and now.
#[must_use]
pub fn schemas() -> Schemas {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let files = vec![
        ("ca", file::<ca::Config>(&mut generator)),
        ("ctlog", file::<ctlog::Config>(&mut generator)),
        ("oidc", file::<oidc::Config>(&mut generator)),
        ("tlog", file::<tlog::Config>(&mut generator)),
        ("tsa", file::<tsa::Config>(&mut generator)),
        ("tuf", file::<tuf::Config>(&mut generator)),
    ];
    Schemas {
        files,
        definitions: generator.take_definitions(true),
    }
}

fn file<C: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    C::json_schema(generator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_struct_of_every_file_refuses_unknown_keys() {
        let schemas = schemas();
        let mut objects = 0;
        let files = schemas.files.iter().map(|(_, file)| file.as_value());
        for schema in files.chain(schemas.definitions.values()) {
            objects += closed(schema);
        }
        assert!(objects > 15, "{objects}");
    }

    /// How many objects a schema describes, each of which has to be closed.
    fn closed(schema: &Value) -> usize {
        let own = usize::from(schema.get("properties").is_some());
        if own == 1 {
            assert_eq!(
                schema.get("additionalProperties"),
                Some(&false.into()),
                "{schema}"
            );
        }
        let below: usize = match schema {
            Value::Object(map) => map.values().map(closed).sum(),
            Value::Array(list) => list.iter().map(closed).sum(),
            _ => 0,
        };
        own + below
    }
}
