use serde::Serialize;

/// Indented JSON with a final newline. The documents hold strings, numbers, lists and times in UTC only; none of these
/// can fail to be written, so an empty result cannot occur.
pub(crate) fn encode<T: Serialize>(document: &T) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(document).unwrap_or_default();
    json.push(b'\n');
    json
}
