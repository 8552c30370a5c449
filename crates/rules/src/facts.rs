use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Value};

/// What rules judge: the claims of a token that was verified, and what a certificate for it would say.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// All claims of the token.
    pub claims: &'a serde_json::Map<String, serde_json::Value>,
    /// The subject alternative name of the certificate.
    pub san: &'a str,
    /// The `iss` of the token.
    pub issuer: &'a str,
    /// The type of the issuer, as its entry in the file of issuers has it.
    pub kind: &'a str,
}

impl Facts<'_> {
    /// The variables of an expression, or the claim that is larger than rules may be asked about.
    pub(crate) fn context(&self) -> Result<Context<'static, 'static>, String> {
        for (name, claim) in self.claims {
            check_size(claim).map_err(|what| format!("claim {name} has {what}"))?;
        }
        let mut context = Context::default();
        let claims = value_of_object(self.claims);
        context.add_variable_from_value("claims", claims);
        context.add_variable_from_value("san", self.san);
        context.add_variable_from_value("issuer", self.issuer);
        context.add_variable_from_value("type", self.kind);
        Ok(context)
    }
}

/// The cost of a rule was computed for lists of this length, so a longer one is not looped over.
fn check_size(value: &serde_json::Value) -> Result<(), &'static str> {
    match value {
        serde_json::Value::Array(items) if items.len() > MOST_ITEMS => {
            Err("a list of more than 256 items")
        }
        serde_json::Value::Array(items) => items.iter().try_for_each(check_size),
        serde_json::Value::Object(members) if members.len() > MOST_ITEMS => {
            Err("an object of more than 256 members")
        }
        serde_json::Value::Object(members) => members.values().try_for_each(check_size),
        serde_json::Value::String(text) if text.len() > MOST_BYTES => {
            Err("a text of more than 16 KiB")
        }
        _ => Ok(()),
    }
}

fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => value_of_number(number),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(value_of).collect()))
        }
        serde_json::Value::Object(members) => value_of_object(members),
    }
}

/// The specification makes every JSON number a double; identifiers of CI systems are integers beyond its precision.
fn value_of_number(number: &serde_json::Number) -> Value {
    match (number.as_i64(), number.as_u64()) {
        (Some(int), _) => Value::Int(int),
        (None, Some(uint)) => Value::UInt(uint),
        (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn value_of_object(members: &serde_json::Map<String, serde_json::Value>) -> Value {
    let members = members
        .iter()
        .map(|(name, value)| (Key::from(name.as_str()), value_of(value)));
    let map: HashMap<Key, Value> = members.collect();
    Value::Map(Map { map: Arc::new(map) })
}

/// How often a loop of an expression runs at most.
pub(crate) const MOST_ITEMS: usize = 256;
const MOST_BYTES: usize = 16 << 10;
