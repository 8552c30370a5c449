//! An object that appears under its name whole and proven, or not at all.
//!
//! 1. The server begins an upload, which nobody sees, and its identifier is written into an object beside the wanted one,
//!    called [`UNFINISHED`].
//! 2. The file is sent in parts.
//! 3. The server makes the object of them, in one step, and only if there is none under the name.
//! 4. It is read back and compared with the file.
//! 5. The object beside it goes. From then on it counts.
//!
//! A command that ends before the fifth step leaves the object beside the wanted one, so that the next command finds what there
//! is to tidy up: the parts before the third step, and the object after it.
//!
//! A server may be so slow with the third step that the command has given up when the object appears. So the object beside it
//! says before that step when it began, and stays for an hour whatever becomes of the command: what appears late does not
//! count.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use rusty_s3::S3Action as _;
use rusty_s3::actions::CreateMultipartUpload;
use sigstead_kit::{Clock as _, SystemClock};

use super::begun::Begun;
use super::client::{Bucket, Repeat, SMALL, VALID};
use super::refusal::Refusal;
use crate::failure::Failure;

/// What an object's name ends with while another is not finished.
pub(crate) const UNFINISHED: &str = ".new";

/// An upload that was begun.
pub(crate) struct Upload<'a> {
    bucket: &'a Bucket,
    key: &'a str,
    begun: Begun,
}

/// Whether the server has made the object.
enum Completed {
    Yes,
    Perhaps,
}

impl<'a> Upload<'a> {
    /// Begins an upload, unless there is an object under its name.
    pub(crate) async fn begin(bucket: &'a Bucket, key: &'a str) -> Result<Self, Failure> {
        bucket.refuse_existing(key).await?;
        let answer = bucket.send(Repeat::Allowed, SMALL, |bucket| {
            let action = bucket
                .bucket
                .create_multipart_upload(Some(&bucket.credentials), key);
            bucket.http.post(action.sign(VALID))
        });
        let failed = |refusal| bucket.failure("begin an upload", refusal);
        let answer = answer.await.map_err(failed)?;
        let begun =
            CreateMultipartUpload::parse_response(String::from_utf8_lossy(&answer.body).as_ref());
        let begun = begun.map_err(|error| {
            failed(Refusal::Strange {
                why: error.to_string(),
            })
        })?;
        let begun = Begun::new(begun.upload_id());
        bucket.write(&beside(key), &begun.encode()).await?;
        Ok(Self { bucket, key, begun })
    }

    /// Sends a file of this length, and returns once the object counts.
    pub(crate) async fn send(&self, file: &File, length: u64) -> Result<(), Failure> {
        let step = part_bytes(length);
        let mut tags = Vec::new();
        for (number, from) in (1..).zip((0..length).step_by(step)) {
            let part = read(file, from, length, step)?;
            tags.push(self.part(number, part).await?);
        }
        let ending = self.begun.ending(SystemClock.now());
        let beside = beside(self.key);
        self.bucket.write(&beside, &ending.encode()).await?;
        let completed = self.complete(&tags).await;
        let is_open = matches!(completed, Ok(Completed::Perhaps));
        let proven = match completed {
            Ok(_) => self.compare(file, length, step).await,
            Err(failure) => Err(failure),
        };
        if proven.is_err() && !is_open {
            // Nothing appears any more; if that cannot be written now, it stays for longer than it must.
            let _ = self.bucket.write(&beside, &self.begun.encode()).await;
        }
        proven?;
        self.bucket.remove(&beside).await
    }

    async fn part(&self, number: u16, content: Vec<u8>) -> Result<String, Failure> {
        let content = bytes::Bytes::from(content);
        let sent = self.bucket.send(Repeat::Allowed, SMALL, |bucket| {
            let credentials = Some(&bucket.credentials);
            let action =
                bucket
                    .bucket
                    .upload_part(credentials, self.key, number, &self.begun.identifier);
            bucket.http.put(action.sign(VALID)).body(content.clone())
        });
        let failed = |refusal| self.bucket.failure("take a part of the backup", refusal);
        let answer = sent.await.map_err(failed)?;
        let tag = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        let why = || "it does not say under which tag it has a part".to_owned();
        let tag = tag.ok_or_else(|| failed(Refusal::Strange { why: why() }))?;
        Ok(tag.to_owned())
    }

    /// Lets the server make the object; a failure means that it never will. When nobody knows what became of it, the comparison
    /// that follows tells.
    async fn complete(&self, tags: &[String]) -> Result<Completed, Failure> {
        let done = self.bucket.send(Repeat::Never, SMALL, |bucket| {
            let tags = tags.iter().map(String::as_str);
            let credentials = Some(&bucket.credentials);
            let action = bucket.bucket.complete_multipart_upload(
                credentials,
                self.key,
                &self.begun.identifier,
                tags,
            );
            let request = bucket.http.post(action.sign(VALID));
            // A server that does not know the condition ignores it.
            let request = request.header(IF_NONE_MATCH, "*");
            request.body(action.body())
        });
        let refusal = match done.await {
            // The status is sent before it is known whether it comes true.
            Ok(answer) if answer.body.windows(ERROR.len()).any(|part| part == ERROR) => {
                Refusal::of(&answer)
            }
            Ok(_) => return Ok(Completed::Yes),
            Err(refusal) => refusal,
        };
        let is_taken = [StatusCode::PRECONDITION_FAILED, StatusCode::CONFLICT];
        match refusal {
            refusal if refusal.leaves_open() => Ok(Completed::Perhaps),
            refusal if is_taken.iter().any(|status| refusal.has_status(*status)) => {
                Err(exists(self.bucket, self.key))
            }
            refusal => Err(self.bucket.failure("finish the backup", refusal)),
        }
    }

    /// Reads the object back.
    async fn compare(&self, file: &File, length: u64, step: usize) -> Result<(), Failure> {
        let found = self.bucket.find(self.key).await?;
        let found = found.ok_or_else(|| self.is_late())?;
        if found.length != length {
            let why = format!("it has {} bytes, and {length} were sent", found.length);
            return Err(self.differs(&why));
        }
        for from in (0..length).step_by(step) {
            let sent = read(file, from, length, step)?;
            let came = self
                .bucket
                .range(self.key, &found, from, sent.len())
                .await?;
            if came != sent {
                return Err(self.differs(&format!("it is another one from byte {from} on")));
            }
        }
        Ok(())
    }

    fn is_late(&self) -> Failure {
        let address = self.bucket.address(self.key);
        Failure::new(
            "E-CTL-471",
            format!("the server was to make {address} of its parts, and it is not there"),
            "back up again; if it appears later it does not count, and a backup an hour from now tidies it up",
        )
    }

    fn differs(&self, why: &str) -> Failure {
        Failure::new(
            "E-CTL-387",
            format!("what came back of {} is not what was sent", self.bucket.address(self.key)),
            "do not rely on this bucket until it is known why; the object was removed if the server let it be",
        )
        .because(why)
    }
}

impl Bucket {
    /// Refuses a key under which there is an object.
    pub(crate) async fn refuse_existing(&self, key: &str) -> Result<(), Failure> {
        match self.find(key).await? {
            Some(_) => Err(exists(self, key)),
            None => Ok(()),
        }
    }

    /// Tidies up what a command left that did not come to its end, and says whether nothing of it is left. An upload that the
    /// server does not know any more has become the object, which nobody has read back, or may still.
    pub(crate) async fn tidy(&self, key: &str) -> Result<bool, Failure> {
        let Some(begun) = self.small(&beside(key)).await? else {
            return Ok(true);
        };
        let begun = Begun::parse(&begun);
        let aborted = self.send(Repeat::Allowed, SMALL, |bucket| {
            let credentials = Some(&bucket.credentials);
            let action = bucket
                .bucket
                .abort_multipart_upload(credentials, key, &begun.identifier);
            bucket.http.delete(action.sign(VALID))
        });
        let is_made = match aborted.await {
            Ok(_) => false,
            Err(refusal) if refusal.is_absent() => self.find(key).await?.is_some(),
            Err(refusal) => return Err(self.failure("forget an upload", refusal)),
        };
        if is_made {
            self.remove(key).await?;
        }
        let is_over = is_made || begun.is_settled(SystemClock.now());
        if is_over {
            self.remove(&beside(key)).await?;
        }
        Ok(is_over)
    }
}

fn beside(key: &str) -> String {
    format!("{key}{UNFINISHED}")
}

fn read(file: &File, from: u64, length: u64, step: usize) -> Result<Vec<u8>, Failure> {
    let rest = usize::try_from(length - from).unwrap_or(usize::MAX);
    let mut part = vec![0; rest.min(step)];
    let read = file.read_exact_at(&mut part, from);
    read.map_err(|error| Failure::io("the backup that was made cannot be read again", error))?;
    Ok(part)
}

fn part_bytes(length: u64) -> usize {
    let least = usize::try_from(length.div_ceil(PARTS)).unwrap_or(usize::MAX);
    least.max(PART)
}

fn exists(bucket: &Bucket, key: &str) -> Failure {
    Failure::new(
        "E-CTL-212",
        format!("{} exists", bucket.address(key)),
        "name another object, or what the names of several begin with, so that each backup gets a name of its own",
    )
}

/// More than the least that servers take.
const PART: usize = 8 << 20;
/// As many as servers take.
const PARTS: u64 = 10_000;
const ERROR: &[u8] = b"<Error>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_of_any_length_has_no_more_parts_than_servers_take() {
        for length in [1_u64, 5 << 20, 80_000 << 20, 5 << 40, (5 << 40) + 1] {
            let parts = length.div_ceil(part_bytes(length) as u64);
            assert!((1..=PARTS).contains(&parts), "{length}: {parts}");
        }
        assert_eq!(part_bytes(1), PART);
    }
}
