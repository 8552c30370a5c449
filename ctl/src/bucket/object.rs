//! What is done with one object of a bucket, and with their names.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_MATCH, RANGE};
use rusty_s3::S3Action as _;

use super::client::{Bucket, Repeat, SMALL, VALID};
use super::listing::{self, Listed};
use super::refusal::Refusal;
use crate::failure::Failure;

/// An object that is there.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) length: u64,
    /// What a later read must meet again.
    pub(super) tag: String,
}

impl Bucket {
    /// Looks for an object. Its first byte is asked for, because an answer without a body could not say why it refuses.
    pub(super) async fn find(&self, key: &str) -> Result<Option<Found>, Failure> {
        let doing = "read an object";
        let answer = self.send(Repeat::Allowed, SMALL, |bucket| {
            let action = bucket.bucket.get_object(Some(&bucket.credentials), key);
            bucket
                .http
                .get(action.sign(VALID))
                .header(RANGE, "bytes=0-0")
        });
        match answer.await {
            Ok(answer) => match found(&answer.headers) {
                Some(found) => Ok(Some(found)),
                None => Err(self.failure(doing, strange("it does not say how long the object is"))),
            },
            Err(refusal) if refusal.is_absent() => Ok(None),
            // Nothing is in it.
            Err(refusal) if refusal.has_status(StatusCode::RANGE_NOT_SATISFIABLE) => {
                Ok(Some(Found {
                    length: 0,
                    tag: String::new(),
                }))
            }
            Err(refusal) => Err(self.failure(doing, refusal)),
        }
    }

    /// Some bytes of an object that was found.
    pub(super) async fn range(
        &self,
        key: &str,
        found: &Found,
        from: u64,
        length: usize,
    ) -> Result<Vec<u8>, Failure> {
        let doing = "read an object";
        let last = from + length as u64 - 1;
        let answer = self.send(Repeat::Allowed, length, |bucket| {
            let action = bucket.bucket.get_object(Some(&bucket.credentials), key);
            let request = bucket.http.get(action.sign(VALID));
            let request = request.header(RANGE, format!("bytes={from}-{last}"));
            request.header(IF_MATCH, &found.tag)
        });
        let answer = answer.await;
        let answer = answer.map_err(|refusal| self.failure(doing, refusal))?;
        match answer.body.len() == length {
            true => Ok(answer.body),
            false => Err(self.failure(doing, strange("other bytes came than were asked for"))),
        }
    }

    /// The content of a small object, if it is there.
    pub(super) async fn small(&self, key: &str) -> Result<Option<String>, Failure> {
        let answer = self.send(Repeat::Allowed, SMALL, |bucket| {
            let action = bucket.bucket.get_object(Some(&bucket.credentials), key);
            bucket.http.get(action.sign(VALID))
        });
        match answer.await {
            Ok(answer) => Ok(Some(String::from_utf8_lossy(&answer.body).into_owned())),
            Err(refusal) if refusal.is_absent() => Ok(None),
            Err(refusal) => Err(self.failure("read an object", refusal)),
        }
    }

    /// Writes a small object, over an older one if there is one.
    pub(super) async fn write(&self, key: &str, content: &str) -> Result<(), Failure> {
        let written = self.send(Repeat::Allowed, SMALL, |bucket| {
            let action = bucket.bucket.put_object(Some(&bucket.credentials), key);
            bucket.http.put(action.sign(VALID)).body(content.to_owned())
        });
        let written = written.await.map(drop);
        written.map_err(|refusal| self.failure("write an object", refusal))
    }

    /// Removes an object; one that is not there is no failure.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), Failure> {
        let removed = self.send(Repeat::Allowed, SMALL, |bucket| {
            let action = bucket.bucket.delete_object(Some(&bucket.credentials), key);
            bucket.http.delete(action.sign(VALID))
        });
        match removed.await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is_absent() => Ok(()),
            Err(refusal) => Err(self.failure("remove an object", refusal)),
        }
    }

    /// The objects whose keys begin so and have no slash after that.
    pub(crate) async fn list(&self, beginning: &str) -> Result<Vec<Listed>, Failure> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let page = self.page(beginning, next.as_deref()).await;
            let page = page.map_err(|refusal| self.failure("list objects", refusal))?;
            all.extend(listing::objects(&page));
            next = listing::next(&page);
            if next.is_none() {
                return Ok(all);
            }
        }
        let why = strange("the list of objects has no end");
        Err(self.failure("list objects", why))
    }

    async fn page(&self, beginning: &str, next: Option<&str>) -> Result<String, Refusal> {
        let answer = self.send(Repeat::Allowed, SMALL, |bucket| {
            let mut action = bucket.bucket.list_objects_v2(Some(&bucket.credentials));
            action.with_prefix(beginning.to_owned());
            action.with_delimiter("/");
            if let Some(next) = next {
                action.with_continuation_token(next.to_owned());
            }
            bucket.http.get(action.sign(VALID))
        });
        let body = answer.await?.body;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// What the headers of an answer to a range say of the whole.
fn found(headers: &HeaderMap) -> Option<Found> {
    let text = |name| headers.get(name)?.to_str().ok();
    let (_, whole) = text(CONTENT_RANGE)?.rsplit_once('/')?;
    Some(Found {
        length: whole.parse().ok()?,
        tag: text(ETAG)?.to_owned(),
    })
}

fn strange(why: &str) -> Refusal {
    Refusal::Strange {
        why: why.to_owned(),
    }
}

/// Of a thousand objects each.
const PAGES: usize = 1000;
