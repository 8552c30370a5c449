use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CtLogConfig;

/// The certificate transparency logs of an authority. That there is none is written, and never left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CtLogs {
    /// Certificates are not logged.
    None,
    /// The logs in the order in which they are asked; at least one.
    Logs(Vec<CtLogConfig>),
}

/// The file of the logs that took the place of those that the configuration names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CtLogsFile {
    /// As in the configuration.
    pub ct_log: CtLogs,
}

impl CtLogs {
    /// The logs, if there are any.
    #[must_use]
    pub fn logs(&self) -> &[CtLogConfig] {
        match self {
            Self::None => &[],
            Self::Logs(logs) => logs,
        }
    }
}

impl JsonSchema for CtLogs {
    fn schema_name() -> Cow<'static, str> {
        "CtLogs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let log = generator.subschema_for::<CtLogConfig>();
        json_schema!({"anyOf": [
            log,
            {"type": "array", "items": log, "minItems": 1},
            {"const": NONE},
        ]})
    }
}

impl Serialize for CtLogs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str(NONE),
            Self::Logs(logs) => match logs.as_slice() {
                [log] => log.serialize(serializer),
                logs => logs.serialize(serializer),
            },
        }
    }
}

impl<'de> Deserialize<'de> for CtLogs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = CtLogs;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a ct log with `url` and `public_key`, a list of them, or `none`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CtLogs, A::Error> {
        let log = CtLogConfig::deserialize(MapAccessDeserializer::new(map))?;
        Ok(CtLogs::Logs(vec![log]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<CtLogs, A::Error> {
        let logs: Vec<CtLogConfig> = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        if logs.is_empty() {
            return Err(de::Error::custom(
                "an empty list of ct logs; write `none` if certificates are not to be logged",
            ));
        }
        Ok(CtLogs::Logs(logs))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CtLogs, E> {
        if text == NONE {
            return Ok(CtLogs::None);
        }
        Err(E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

const NONE: &str = "none";

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "{url: 'https://ct.example.com', public_key: ct.pub}";

    fn parsed(text: &str) -> Result<CtLogs, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn is_one_log_or_several_or_the_word_none() {
        for (text, count) in [
            (LOG.to_owned(), 1),
            (format!("[{LOG}]"), 1),
            (format!("[{LOG}, {LOG}]"), 2),
            ("none".to_owned(), 0),
        ] {
            let logs = parsed(&text).unwrap();
            assert_eq!(logs.logs().len(), count, "{text}");
            let again = parsed(&serde_yaml::to_string(&logs).unwrap()).unwrap();
            assert_eq!(again.logs().len(), count, "{text}");
        }
    }

    #[test]
    fn that_there_is_none_is_not_said_by_accident() {
        for (text, complaint) in [
            ("[]", "write `none`"),
            ("", "or `none`"),
            ("null", "or `none`"),
            ("None", "or `none`"),
            ("{}", "missing field `url`"),
            (
                "{url: 'https://a.example', public_key: a, sort: 1}",
                "unknown field `sort`",
            ),
        ] {
            let refused = parsed(text).unwrap_err();
            assert!(refused.contains(complaint), "{text}: {refused}");
        }
    }
}
