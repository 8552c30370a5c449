//! What a server of buckets says.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// An answer, good or bad.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}
