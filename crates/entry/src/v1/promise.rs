use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a signed entry timestamp signs: that an entry was logged at a time (in seconds since the epoch), by a log, as
/// the entry of an index among those of all its shards.
#[must_use]
pub fn signed_entry_timestamp_input(
    body: &[u8],
    integrated_time: u64,
    log_id: &[u8; 32],
    log_index: u64,
) -> Vec<u8> {
    // RFC 8785: members sorted, nothing between them; no value needs an escape. A JSON number of JavaScript is exact up
    // to 2^53, which neither a time nor an index reaches.
    let (body, log_id) = (STANDARD.encode(body), hex::encode(log_id));
    format!(
        r#"{{"body":"{body}","integratedTime":{integrated_time},"logID":"{log_id}","logIndex":{log_index}}}"#
    )
    .into_bytes()
}
