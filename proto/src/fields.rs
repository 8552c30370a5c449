//! Reads fields of a message by their names, for records of what was asked.

use prost_reflect::{DynamicMessage, Value};

use crate::elements::REQUESTS;

/// The fields called `names` of the request of a method, as text, without those that are not set. Long ones are cut.
///
/// `method` is a path such as `/package.Service/Method`; of others, and of malformed messages, nothing is given.
#[must_use]
pub fn fields(method: &str, message: &[u8], names: &[&str]) -> Vec<(String, String)> {
    let Some(descriptor) = REQUESTS.get(method) else {
        return Vec::new();
    };
    let Ok(message) = DynamicMessage::decode(descriptor.clone(), message) else {
        return Vec::new();
    };
    let field = |name: &&str| {
        let field = descriptor.get_field_by_name(name)?;
        let is_set = message.has_field(&field);
        is_set.then(|| ((*name).to_owned(), cut(text(&message.get_field(&field)))))
    };
    names.iter().filter_map(field).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::I32(number) | Value::EnumNumber(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::List(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        _ => "set".to_owned(),
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The configuration of a log fits.
const MOST_CHARACTERS: usize = 2000;
