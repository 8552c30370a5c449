//! One key, certificate or signed file that an instance depends on.

use serde::Serialize;
use sigstead_key::PublicKey;
use sigstead_x509::Certificate;
use time::OffsetDateTime;

/// A key, a certificate or a signed file: what it is for, where it is, and when it ends.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Item {
    /// What it is for, as people call it.
    pub(crate) subject: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// The file, from the instance on, or the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// As protobuf-specs names it (`PublicKeyDetails`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) algorithm: Option<&'static str>,
    /// SHA-256 of the public key, or the identifier that the key is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// From when on it counts.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub(crate) first_use: Option<OffsetDateTime>,
    /// Until when; nothing if only a rotation ends it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub(crate) ends: Option<OffsetDateTime>,
    /// The key of what follows it, if that is known already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) successor: Option<String>,
    pub(crate) renewal: Renewal,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A key that signs.
    Key,
    /// An X.509 certificate.
    Certificate,
    /// A signed file of the TUF repository.
    Metadata,
    /// Keys of another party, kept because that party cannot be asked.
    Pinned,
}

/// Whether it is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It is to be used from a later time on.
    Announced,
    /// It is used.
    Active,
    /// It signs nothing more, and what it signed still counts.
    Retired,
}

/// How it gets its successor.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub(crate) enum Renewal {
    /// A service renews it by itself.
    Itself,
    /// A person does, with this command or words.
    Person { how: String },
    /// It is no longer used.
    Nobody,
}

impl Renewal {
    /// A person runs `command`.
    pub(crate) fn person(how: impl Into<String>) -> Self {
        Self::Person { how: how.into() }
    }
}

impl Kind {
    /// As it is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Metadata => "metadata",
            Self::Pinned => "pinned",
        }
    }
}

impl State {
    /// The state at `now` of what counts from `start` to `end`.
    pub(crate) fn at(
        now: OffsetDateTime,
        start: Option<OffsetDateTime>,
        end: Option<OffsetDateTime>,
    ) -> Self {
        if start.is_some_and(|start| start > now) {
            Self::Announced
        } else if end.is_some_and(|end| end < now) {
            Self::Retired
        } else {
            Self::Active
        }
    }

    /// As it is shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl Item {
    /// A key without an end.
    pub(crate) fn of_key(subject: String, key: &PublicKey, renewal: Renewal) -> Self {
        Self {
            subject,
            kind: Kind::Key,
            state: State::Active,
            place: None,
            algorithm: Some(key.algorithm().key_details()),
            key: Some(key.fingerprint()),
            first_use: None,
            ends: None,
            successor: None,
            renewal,
        }
    }

    /// A certificate with its own times.
    pub(crate) fn of_certificate(
        subject: String,
        certificate: &Certificate,
        renewal: Renewal,
    ) -> Self {
        Self {
            kind: Kind::Certificate,
            first_use: Some(certificate.not_before()),
            ends: Some(certificate.not_after()),
            ..Self::of_key(subject, certificate.public_key(), renewal)
        }
    }
}
