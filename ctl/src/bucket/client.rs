//! Requests to a bucket, and how often each is sent.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use rusty_s3::Credentials;

use super::address::Address;
use super::answer::Answer;
use super::refusal::{self, Refusal};
use crate::failure::Failure;

/// A bucket, and with what it is reached.
pub(crate) struct Bucket {
    pub(super) http: Client,
    pub(super) bucket: rusty_s3::Bucket,
    pub(super) credentials: Credentials,
    pub(super) name: String,
}

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Allowed,
    Never,
}

impl Bucket {
    /// The address of an object of it.
    pub(super) fn address(&self, key: &str) -> Address {
        Address {
            bucket: self.name.clone(),
            key: key.to_owned(),
        }
    }

    /// Sends a request until a good answer comes, and gives what was refused otherwise. An answer that says nothing of the
    /// request, as one of an overloaded server, is none.
    pub(super) async fn send(
        &self,
        repeat: Repeat,
        limit: usize,
        request: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<Answer, Refusal> {
        let mut waits = match repeat {
            Repeat::Allowed => WAITS.iter(),
            Repeat::Never => [].iter(),
        };
        loop {
            let refusal = match once(request(self), limit).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => Refusal::of(&answer),
                Err(refusal) => refusal,
            };
            match waits.next() {
                Some(wait) if refusal.may_pass() => tokio::time::sleep(*wait).await,
                _ => return Err(refusal),
            }
        }
    }

    /// What a refusal comes to where nothing better is known of it.
    pub(super) fn failure(&self, doing: &str, refusal: Refusal) -> Failure {
        refusal::failure(&self.name, self.bucket.base_url(), doing, refusal)
    }
}

async fn once(request: RequestBuilder, limit: usize) -> Result<Answer, Refusal> {
    let work = async {
        let mut answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if chunk.len() > limit - body.len() {
                return Ok(Err(Refusal::TooLong { limit }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Ok(Answer {
            status,
            headers,
            body,
        }))
    };
    match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(Refusal::broken(error)),
        Err(_) => Err(Refusal::Silent),
    }
}

/// Between one attempt and the next.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// For one request. A part of a backup needs this at 30 kilobytes a second.
const LONGEST: Duration = Duration::from_secs(300);

/// For answers that are no part of a backup.
pub(super) const SMALL: usize = 8 << 20;

/// How long a signature counts.
pub(super) const VALID: Duration = Duration::from_secs(900);
