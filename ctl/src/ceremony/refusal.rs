//! What is said when a ceremony cannot go on.

use sigstead_ceremony::{Digest, Error};

use crate::failure::{Exit, Failure};

/// The failure of an error, with its code.
pub(super) fn refused(error: Error) -> Failure {
    let (code, remedy) = told(&error);
    let exit = match &error {
        Error::NotJoined(_) | Error::Threshold(_) | Error::Uncertified(_) => Exit::Waiting,
        _ => Exit::Refused,
    };
    let failure = Failure::new(code, error.to_string(), remedy).exit(exit);
    match std::error::Error::source(&error) {
        Some(cause) => failure.because(sigstead_kit::causes(cause)),
        None => failure,
    }
}

/// Refuses words that are not those of what is on the medium.
pub(super) fn refuse_other_words(digest: &Digest, words: &str) -> Result<(), Failure> {
    match digest.is_read_as(words).map_err(refused)? {
        true => Ok(()),
        false => Err(Failure::new(
            "E-CEREMONY-006",
            format!(
                "the draft on the medium is not the one with these words; it reads {}",
                digest.words()
            ),
            "do not sign before you know why: review it again, and ask the others for their words",
        )
        .exit(Exit::Refused)),
    }
}

/// Two things that should be one.
pub(super) fn differs(what: &str) -> Failure {
    Failure::new(
        "E-CEREMONY-021",
        what,
        "find out which of both was changed since the ceremony; trust no root that its transcript does not make",
    )
    .exit(Exit::Refused)
}

/// The code, and what to do.
const fn told(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::Malformed { .. } | Error::Format { .. } | Error::Canonical(_) => (
            "E-CEREMONY-002",
            "copy the medium again from where it was right; files on it are written by sigctl of one release, and not by hand",
        ),
        Error::Draft(_) | Error::Root { .. } | Error::Targets { .. } => (
            "E-CEREMONY-022",
            "look who holds keys now (`sigctl keys`), and make the draft again with `sigctl ceremony new`",
        ),
        Error::Join { .. } => (
            "E-CEREMONY-014",
            "remove her file from joins/ on the medium, and have her run `sigctl ceremony invite` again with a new key",
        ),
        Error::NotJoined(_) => (
            "E-CEREMONY-010",
            "bring the medium to them, for `sigctl ceremony invite`",
        ),
        Error::Rule(_) => (
            "E-CEREMONY-016",
            "make another draft with `sigctl ceremony new --again`",
        ),
        Error::NotAHolder { .. } => (
            "E-CEREMONY-007",
            "bring the key of a holder, or the medium on which this one counts",
        ),
        Error::KeyEnded { .. } => (
            "E-CEREMONY-011",
            "give her a new key: `sigctl ceremony new --again --replace NAME=NAME`; the others sign meanwhile",
        ),
        Error::Clock { .. } => (
            "E-CEREMONY-012",
            "compare the clock of this machine and of the one that wrote the other time with a watch, and set the one that is off",
        ),
        Error::TooLate { .. } => (
            "E-CEREMONY-013",
            "make another draft with `sigctl ceremony new --again`, or set this clock if it is ahead",
        ),
        Error::OtherDraft { .. } => (
            "E-CEREMONY-008",
            "bring her the medium as it is now, for `review` and `sign`",
        ),
        Error::Signature { .. } => (
            "E-CEREMONY-015",
            "copy her file again from where she signed; if it is the same there, have her sign again",
        ),
        Error::Certificate { .. } | Error::Chain(_) => (
            "E-CEREMONY-044",
            "compare the medium with where it was right; if it is the same there, make the draft again: sigctl ceremony certificate --again",
        ),
        Error::Threshold(_) | Error::Uncertified(_) => (
            "E-CEREMONY-009",
            "bring the medium to those who have not signed, for `review` and `sign`",
        ),
        Error::Words => (
            "E-CEREMONY-006",
            "run `review` on this machine, and compare the words that it prints with those that you were told",
        ),
        Error::Transcript(_) => (
            "E-CEREMONY-021",
            "take the transcript from where it was written, and trust no root that has none",
        ),
    }
}
