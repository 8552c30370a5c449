//! Reads the file: JSON or YAML, as Fulcio does, whatever its first byte.

use std::sync::Arc;

use serde_yaml::Value;

use super::IssuersConfig;
use crate::Error;

pub(super) fn read(text: &str) -> Result<IssuersConfig, Error> {
    // First without types: only so are keys refused that stand twice.
    match serde_json::from_str::<Value>(text) {
        Ok(_) => typed(&mut serde_json::Deserializer::from_str(text)).map_err(syntax),
        Err(error) if error.is_data() => Err(syntax(error)),
        Err(_) => read_yaml(text),
    }
}

fn read_yaml(text: &str) -> Result<IssuersConfig, Error> {
    let document: Value = serde_yaml::from_str(text).map_err(syntax)?;
    let merged = merge(document.clone()).map_err(syntax)?;
    if merged == document {
        // From the text, because errors then tell line and column.
        return typed(serde_yaml::Deserializer::from_str(text)).map_err(syntax);
    }
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(merged, &mut track);
    typed(tracked).map_err(|error| syntax(serde_path_to_error::Error::new(track.path(), error)))
}

fn typed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<IssuersConfig, D::Error> {
    let mut ignored = Vec::new();
    let mut config: IssuersConfig = serde_ignored::deserialize(deserializer, |path| {
        let path = path.to_string();
        // The place for anchors in the file that Fulcio ships.
        if path != ANCHORS {
            ignored.push(path);
        }
    })?;
    config.ignored = ignored;
    Ok(config)
}

/// Puts the content of `<<` where it stands. What is merged may have a merge in it.
fn merge(mut document: Value) -> Result<Value, serde_yaml::Error> {
    for _ in 0..MAX_MERGES {
        let before = document.clone();
        document.apply_merge()?;
        if document == before {
            break;
        }
    }
    Ok(document)
}

fn syntax(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::ConfigSyntax(Arc::new(error))
}

const ANCHORS: &str = "define";

/// How deep merges may stand in merges; deeper ones are keys that nothing reads.
const MAX_MERGES: usize = 8;
