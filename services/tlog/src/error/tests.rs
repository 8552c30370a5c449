use std::time::Duration;

use http::StatusCode;
use sigstead_kit::{BodyStyle, Kind, Problem};

use super::*;

fn answer(error: sigstead_sequencer::Error) -> (StatusCode, &'static str, Option<String>) {
    let problem = Problem::from(Error::from(error));
    let response = problem.response(BodyStyle::Gateway);
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    (response.status(), problem.code, retry_after)
}

#[test]
fn asks_to_come_back_when_an_entry_may_be_taken_later() {
    let later = [
        (
            sigstead_sequencer::Error::ReadOnly {
                reason: "the journal failed".into(),
            },
            "E-TLOG-012",
            "1",
        ),
        (
            sigstead_sequencer::Error::ClockBehind { behind_millis: 1 },
            "E-TLOG-014",
            "1",
        ),
        (
            sigstead_sequencer::Error::SigningFailed {
                source: Box::<dyn std::error::Error + Send + Sync>::from("no key").into(),
            },
            "E-TLOG-015",
            "1",
        ),
        (
            sigstead_sequencer::Error::Paused {
                reason: "the disk is moved".into(),
            },
            "E-TLOG-024",
            "10",
        ),
    ];
    for (error, code, after) in later {
        let expected = (
            StatusCode::SERVICE_UNAVAILABLE,
            code,
            Some(after.to_owned()),
        );
        assert_eq!(answer(error), expected);
    }
}

#[test]
fn an_overloaded_log_is_not_a_failing_one() {
    let error = sigstead_sequencer::Error::Overloaded {
        retry_after: Duration::from_secs(3),
    };
    let expected = (
        StatusCode::TOO_MANY_REQUESTS,
        "E-TLOG-011",
        Some("3".to_owned()),
    );
    assert_eq!(answer(error), expected);
}

#[test]
fn says_nothing_of_its_own_faults_to_the_caller() {
    let faults = [
        sigstead_sequencer::Error::Inconsistent {
            why: "secret".to_owned(),
        },
        sigstead_sequencer::Error::ObjectDamaged {
            path: "secret".to_owned(),
            what: "missing",
        },
        sigstead_sequencer::Error::EntryUnfit {
            source: "secret".into(),
        },
    ];
    for error in faults {
        let problem = Problem::from(Error::from(error));
        assert_eq!((problem.kind, problem.code), (Kind::Internal, "E-TLOG-021"));
        assert!(!problem.public_message().contains("secret"));
        assert!(problem.detail().unwrap().contains("secret"));
    }
}

#[test]
fn asks_to_come_back_when_the_storage_does_not_answer() {
    let away = || std::io::Error::other("secret");
    let index = sigstead_index::Error::File {
        path: "/data/a".into(),
        source: away(),
    };
    let cold = sigstead_cold::Error::Io {
        path: "/data/a".into(),
        source: away(),
    };
    for error in [
        sigstead_sequencer::Error::Index(index),
        sigstead_sequencer::Error::Cold(cold),
    ] {
        let problem = Problem::from(Error::from(error));
        assert!(problem.detail().unwrap().contains("/data/a"));
        assert!(!problem.public_message().contains("/data/a"));
        let response = problem.response(BodyStyle::Gateway);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}

#[test]
fn does_not_tell_the_world_why_a_log_is_read_only() {
    let problem = Problem::from(Error::from(sigstead_sequencer::Error::ReadOnly {
        reason: "anchor /data/a is ahead".into(),
    }));
    assert!(!problem.public_message().contains("/data/a"));
    assert!(problem.detail().unwrap().contains("/data/a"));
}

#[test]
fn answers_404_beyond_the_end_of_the_log() {
    let beyond = sigstead_sequencer::Error::OutOfRange { asked: 7, size: 3 };
    assert_eq!(answer(beyond), (StatusCode::NOT_FOUND, "E-TLOG-010", None));
}

#[test]
fn tells_the_late_caller_that_sending_again_is_safe() {
    let problem = Problem::from(AppendError::Late);
    assert_eq!(problem.kind, Kind::DeadlineExceeded);
    assert!(problem.public_message().contains("only once"));
}
