//! A timestamp over bytes, asked of a timestamp authority.

use reqwest::Client;
use sigstead_key::HashAlgorithm;
use sigstead_tsp::TimeStampReq;

use crate::failure::Failure;
use crate::http;

/// The response (RFC 3161 §2.4.2) for `message` of the authority that is reached at `base`.
pub(crate) async fn ask(client: &Client, base: &str, message: &[u8]) -> Result<Vec<u8>, Failure> {
    ask_at(client, &format!("{base}/api/v1/timestamp"), message).await
}

/// The same of the authority that answers at `url`, as a signing config names it.
pub(crate) async fn ask_at(client: &Client, url: &str, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let digest = HashAlgorithm::Sha256.digest(message);
    let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest)
        .and_then(|request| request.to_der())
        .map_err(|error| Failure::service("tsa", url, error))?;
    let post = client
        .post(url)
        .header("content-type", "application/timestamp-query");
    http::bytes("tsa", url, post.body(request).send().await).await
}
