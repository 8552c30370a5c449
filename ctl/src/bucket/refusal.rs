//! What a bucket refuses, and what is told of it.

use std::fmt::Display;

use reqwest::StatusCode;
use sigstead_kit::causes;
use url::Url;

use super::answer::Answer;
use crate::failure::Failure;

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server was not reached.
    Away { why: String },
    /// The connection ended in the middle.
    Broken { why: String },
    /// Nothing came for too long.
    Silent,
    /// More came than was asked for.
    TooLong { limit: usize },
    /// An answer that is none of ours to understand.
    Strange { why: String },
    /// The server said no.
    Answered {
        status: StatusCode,
        /// Its word for why, if it has one.
        code: String,
        message: String,
    },
}

impl Refusal {
    pub(super) fn of(answer: &Answer) -> Self {
        let text = String::from_utf8_lossy(&answer.body);
        Self::Answered {
            status: answer.status,
            code: short(element(&text, "Code")),
            message: short(element(&text, "Message")),
        }
    }

    pub(super) fn broken(error: reqwest::Error) -> Self {
        let (is_away, is_silent) = (error.is_connect(), error.is_timeout());
        // The URL has a signature in it.
        let why = causes(&error.without_url());
        match () {
            () if is_away => Self::Away { why },
            () if is_silent => Self::Silent,
            () => Self::Broken { why },
        }
    }

    /// Whether the same request may go through a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Broken { .. } | Self::Silent => true,
            Self::TooLong { .. } | Self::Strange { .. } => false,
            Self::Answered { status, .. } => {
                let is_full = *status == StatusCode::INSUFFICIENT_STORAGE;
                let is_busy = *status == StatusCode::TOO_MANY_REQUESTS;
                is_busy || (status.is_server_error() && !is_full)
            }
        }
    }

    /// Whether nobody knows what became of the request.
    pub(super) fn leaves_open(&self) -> bool {
        match self {
            Self::Away { .. } => false,
            Self::Broken { .. } | Self::Silent | Self::TooLong { .. } | Self::Strange { .. } => {
                true
            }
            Self::Answered { status, .. } => status.is_server_error(),
        }
    }

    pub(super) fn has_status(&self, wanted: StatusCode) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == wanted)
    }

    /// Whether what was asked for is not there, while the bucket is.
    pub(super) fn is_absent(&self) -> bool {
        let is_bucket = matches!(self, Self::Answered { code, .. } if code == "NoSuchBucket");
        self.has_status(StatusCode::NOT_FOUND) && !is_bucket
    }
}

/// The text of the first element of a name. The answers of servers are no more than lists of such.
pub(super) fn element<'a>(text: &'a str, name: &str) -> &'a str {
    let begin = text.split_once(&format!("<{name}>"));
    let whole = begin.and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    whole.map_or("", |(content, _)| content)
}

fn short(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

pub(super) fn failure(bucket: &str, url: &Url, doing: &str, refusal: Refusal) -> Failure {
    let host = url.host_str().unwrap_or_default();
    let (status, code, message) = match refusal {
        Refusal::Away { why } => return away(bucket, host, &why),
        Refusal::Broken { why } | Refusal::Strange { why } => return broken(bucket, doing, &why),
        Refusal::Silent => return broken(bucket, doing, "nothing came for too long"),
        Refusal::TooLong { limit } => {
            return broken(
                bucket,
                doing,
                &format!("the answer is longer than {limit} bytes"),
            );
        }
        Refusal::Answered {
            status,
            code,
            message,
        } => (status, code, message),
    };
    let said = format!("{host} answered {status} {code} {message}");
    if code == "NoSuchBucket" {
        return Failure::new(
            "E-CTL-383",
            format!("there is no bucket {bucket} at {host}"),
            "make the bucket, or name the right one, its --endpoint and its --region",
        )
        .because(said.trim_end());
    }
    let failure = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(bucket, &code),
        _ if status == StatusCode::INSUFFICIENT_STORAGE || is_full(&code) => full(bucket),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return away(bucket, host, said.trim_end());
        }
        _ => Failure::new(
            "E-CTL-388",
            format!("the bucket {bucket} refused to {doing}"),
            "the cause is the server's own word; a redirection or a malformed header means another --region or --endpoint",
        ),
    };
    failure.because(said.trim_end())
}

fn away(bucket: &str, host: &str, why: &str) -> Failure {
    Failure::new(
        "E-CTL-381",
        format!("{host}, the server of the bucket {bucket}, cannot be reached or does not serve"),
        "see that it runs, that this machine reaches it, and that --endpoint and --ca are its own; then run the command again",
    )
    .because(why)
}

fn broken(bucket: &str, doing: &str, why: &str) -> Failure {
    Failure::new(
        "E-CTL-386",
        format!("the connection to the bucket {bucket} broke off while it was asked to {doing}"),
        "run the command again; nothing that is not whole counts. A slow server needs a larger --timeout",
    )
    .because(why)
}

fn refused(bucket: &str, code: &str) -> Failure {
    let remedy = match code {
        "RequestTimeTooSkewed" => "set the clock of this machine",
        "SignatureDoesNotMatch" => {
            "see that the secret key is the right one, and that --region is the bucket's"
        }
        _ => {
            "see that the credentials are the right ones, and that they may list, read, write and delete there"
        }
    };
    let what = format!("the bucket {bucket} refuses the credentials");
    Failure::new("E-CTL-382", what, remedy)
}

fn full(bucket: &str) -> Failure {
    Failure::new(
        "E-CTL-385",
        format!("the bucket {bucket} is full"),
        "make room or raise its quota, then run the command again; fewer backups are kept with --keep",
    )
}

fn is_full(code: &str) -> bool {
    ["Quota", "StorageFull", "InsufficientCapacity"]
        .iter()
        .any(|word| code.contains(word))
}

/// The command line or the environment names something that cannot be used.
pub(super) fn unusable(what: &str, why: impl Display) -> Failure {
    Failure::new(
        "E-CTL-380",
        format!("{what} of the bucket cannot be used"),
        "sigctl help backup",
    )
    .because(why)
}

const SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answered(status: u16, body: &str) -> Refusal {
        Refusal::of(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        })
    }

    fn code(refusal: Refusal) -> String {
        let url = Url::parse("https://s3.example/backups/").unwrap();
        failure("backups", &url, "write a part", refusal)
            .code()
            .to_owned()
    }

    #[test]
    fn each_refusal_has_its_code() {
        let why = || "odd".to_owned();
        let error =
            |name: &str| format!("<?xml?><Error><Code>{name}</Code><Message>m</Message></Error>");
        for (refusal, expected) in [
            (Refusal::Away { why: why() }, "E-CTL-381"),
            (Refusal::Broken { why: why() }, "E-CTL-386"),
            (Refusal::Silent, "E-CTL-386"),
            (Refusal::TooLong { limit: 1 }, "E-CTL-386"),
            (answered(503, &error("SlowDown")), "E-CTL-381"),
            (answered(429, ""), "E-CTL-381"),
            (answered(403, &error("AccessDenied")), "E-CTL-382"),
            (answered(403, &error("RequestTimeTooSkewed")), "E-CTL-382"),
            (answered(404, &error("NoSuchBucket")), "E-CTL-383"),
            (answered(507, &error("XMinioStorageFull")), "E-CTL-385"),
            (
                answered(400, &error("XMinioAdminBucketQuotaExceeded")),
                "E-CTL-385",
            ),
            (answered(301, &error("PermanentRedirect")), "E-CTL-388"),
            (answered(400, "no XML"), "E-CTL-388"),
        ] {
            let said = format!("{refusal:?}");
            assert_eq!(code(refusal), expected, "{said}");
        }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        for (refusal, passes, open) in [
            (Refusal::Away { why: String::new() }, true, false),
            (Refusal::Silent, true, true),
            (answered(503, ""), true, true),
            (answered(507, ""), false, true),
            (answered(403, ""), false, false),
            (answered(412, ""), false, false),
        ] {
            assert_eq!(
                (refusal.may_pass(), refusal.leaves_open()),
                (passes, open),
                "{refusal:?}"
            );
        }
        assert!(answered(404, "<Code>NoSuchKey</Code>").is_absent());
        assert!(!answered(404, "<Code>NoSuchBucket</Code>").is_absent());
        assert!(answered(412, "").has_status(StatusCode::PRECONDITION_FAILED));
    }
}
