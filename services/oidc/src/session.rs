//! What leads to a token, while it does: sign-ins, codes, devices, refresh tokens.
//!
//! Key layout, in the store that the configuration names (`ID` = SHA-256 of the secret that somebody
//! holds, 32 raw bytes; the secrets themselves are nowhere):
//!
//! | Key | Value |
//! |---|---|
//! | `login/ID` | [`Login`], who is signed in with a browser |
//! | `code/ID` | [`AuthorizationCode`], open or redeemed |
//! | `device/ID` | [`DeviceAuthorization`], pending, approved, refused or redeemed |
//! | `user-code/LETTERS` | the `ID` of the device that shows the letters |
//! | `grant/ID` | [`OfflineGrant`], as long as refreshing is permitted; `ID` of the code it came from |
//! | `refresh/ID` | [`RefreshToken`], open, used or void |
//! | `departure/ID` | [`Departure`], somebody who was sent to sign in elsewhere and may come back |
//! | `half/ID` | [`HalfSignIn`], somebody whose password was right and of whom more is asked |
//! | `used-code/ID` | [`UsedCode`], under the digest of account and step |
//! | `used/ID` | [`UsedToken`], a token of another issuer that is good for one use |
//! | `revoked/ID` | [`RevokedToken`], under the digest of its `jti` |
//! | `expiry/SECONDS/KEY` | nothing; says when `KEY` can be forgotten (8 bytes big-endian, then the key) |
//! | `form-key` | 32 random bytes under which forms are tagged |
//!
//! Visible when committed: each record is written together with its expiry entry, and each step from
//! one state to the next is one batch that requires the state before, so that of two redemptions at
//! once one wins. A crash leaves either the state before or the state after. Expiry is checked when a
//! record is read; the sweep only frees space. Losing all of it signs everybody out and breaks nothing.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sigstead_store::{Batch, Expect, Store};
use time::OffsetDateTime;

use crate::challenge::CodeChallenge;
use crate::error::Error;
use crate::person::Person;
use crate::second_factor::Missing;
use crate::secret::random_bytes;

/// Somebody is signed in with a browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) person: Person,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// What a person permitted a client: the content of the tokens to come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) client: String,
    pub(crate) person: Person,
    pub(crate) nonce: Option<String>,
    pub(crate) offline: bool,
    /// Whether the tokens name the person's groups.
    #[serde(default)]
    pub(crate) groups: bool,
}

/// A code of RFC 6749 §4.1.2, bound to all that the redemption has to repeat.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    pub(crate) authorization: Authorization,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: CodeChallenge,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
    pub(crate) redeemed: bool,
}

/// A device that waits for its person (RFC 8628 §3.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceAuthorization {
    pub(crate) client: String,
    pub(crate) user_code: String,
    pub(crate) challenge: Option<CodeChallenge>,
    pub(crate) offline: bool,
    #[serde(default)]
    pub(crate) groups: bool,
    pub(crate) decision: Decision,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
    /// Seconds that the device has to wait between two questions.
    pub(crate) interval: u32,
    #[serde(with = "time::serde::timestamp::option")]
    pub(crate) asked: Option<OffsetDateTime>,
}

/// What the person said to a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    Pending,
    Approved(Authorization),
    Denied,
    Redeemed,
}

/// The device that shows a user code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UserCode {
    pub(crate) device: [u8; 32],
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// Refresh tokens work as long as this record exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OfflineGrant {
    pub(crate) authorization: Authorization,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// A refresh token, good for one use (RFC 9700 §4.14.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) grant: [u8; 32],
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
    pub(crate) used: bool,
    /// Absent in one that is open or void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<Replaced>,
}

/// What came in place of a refresh token that was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// The digest of the token that came.
    pub(crate) by: [u8; 32],
    /// When the old one was used first, to the millisecond.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub(crate) at: OffsetDateTime,
}

/// Somebody who was sent to a provider to sign in, and is awaited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Departure {
    /// The provider's connector.
    pub(crate) connector: String,
    /// The digest of the browser's cookie: nobody else comes back.
    pub(crate) browser: [u8; 32],
    pub(crate) back: Back,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// When they left, if they have to sign in there anew.
    #[serde(with = "time::serde::timestamp::option")]
    pub(crate) anew_since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// Where somebody goes on who was signed in elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Back {
    /// To the application of an authorization request, by its query.
    Application(String),
    /// To the page of a device, by its user code.
    Device(String),
}

/// An identity token that was given back before its end (RFC 7009).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RevokedToken {
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// Somebody whose password was right, and of whom more is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HalfSignIn {
    pub(crate) person: Person,
    /// Whose guesses count.
    pub(crate) account: String,
    /// The digest of the browser's cookie: nobody else goes on.
    pub(crate) browser: [u8; 32],
    pub(crate) missing: Missing,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// A code of a second factor that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UsedCode {
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// A token of another issuer that was exchanged, if it is good for one use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UsedToken {
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

/// A kind of record: where it is stored and for how long.
pub(crate) trait Record: Serialize + DeserializeOwned {
    const PREFIX: &'static str;
    fn expires(&self) -> OffsetDateTime;
}

macro_rules! records {
    ($($kind:ty => $prefix:literal),* $(,)?) => {$(
        impl Record for $kind {
            const PREFIX: &'static str = $prefix;
            fn expires(&self) -> OffsetDateTime {
                self.expires
            }
        }
    )*};
}

records! {
    Login => "login/",
    AuthorizationCode => "code/",
    DeviceAuthorization => "device/",
    UserCode => "user-code/",
    OfflineGrant => "grant/",
    RefreshToken => "refresh/",
    RevokedToken => "revoked/",
    Departure => "departure/",
    HalfSignIn => "half/",
    UsedCode => "used-code/",
    UsedToken => "used/",
}

/// A record as it was read, for a step that requires it to be still so.
pub(crate) struct Stored<R> {
    key: Vec<u8>,
    bytes: Vec<u8>,
    pub(crate) record: R,
}

/// One step: records that come, change and go together.
#[derive(Default)]
pub(crate) struct Step(Batch);

impl Step {
    pub(crate) fn create<R: Record>(self, id: &[u8], record: &R) -> Result<Self, Error> {
        let key = key::<R>(id);
        let bytes = serde_json::to_vec(record).map_err(Error::Encoding)?;
        let expiry = expiry_key(record.expires() + REMEMBERED, &key);
        let batch = self.0.require(key.clone(), Expect::Absent);
        Ok(Self(batch.put(key, bytes).put(expiry, Vec::new())))
    }

    pub(crate) fn replace<R: Record>(self, old: &Stored<R>, new: &R) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(new).map_err(Error::Encoding)?;
        let batch = self
            .0
            .require(old.key.clone(), Expect::Value(old.bytes.clone()));
        Ok(Self(batch.put(old.key.clone(), bytes)))
    }

    /// The step holds only while the record is as it was read.
    pub(crate) fn unchanged<R: Record>(self, old: &Stored<R>) -> Self {
        Self(
            self.0
                .require(old.key.clone(), Expect::Value(old.bytes.clone())),
        )
    }

    pub(crate) fn remove<R: Record>(self, id: &[u8]) -> Self {
        Self(self.0.delete(key::<R>(id)))
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Somebody else was faster; nothing was changed.
    Overtaken,
}

/// The records above over a store.
pub(crate) struct SessionStorage {
    store: Arc<dyn Store>,
}

impl SessionStorage {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    pub(crate) async fn load<R: Record>(&self, id: &[u8]) -> Result<Option<Stored<R>>, Error> {
        let key = key::<R>(id);
        let Some(bytes) = self.store.get(&key).await.map_err(Error::Store)? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(&bytes).map_err(Error::StoredRecord)?;
        Ok(Some(Stored { key, bytes, record }))
    }

    pub(crate) async fn apply(&self, step: Step) -> Result<Outcome, Error> {
        match self.store.commit(step.0).await {
            Ok(()) => Ok(Outcome::Done),
            Err(sigstead_store::Error::Conflict { .. }) => Ok(Outcome::Overtaken),
            Err(error) => Err(Error::Store(error)),
        }
    }

    /// Frees what has expired; answers how much. Called now and then, in small steps.
    pub(crate) async fn sweep(&self, now: OffsetDateTime) -> Result<usize, Error> {
        let due = self
            .store
            .list(EXPIRY.as_bytes(), None, SWEEP)
            .await
            .map_err(Error::Store)?;
        let due = due.into_iter().map(|(entry, _)| entry);
        let mut batch = Batch::new();
        let mut freed = 0;
        for entry in due.take_while(|entry| entry.as_slice() < expiry_key(now, &[]).as_slice()) {
            if let Some(key) = entry.get(EXPIRY.len() + 9..) {
                batch = batch.delete(key);
            }
            batch = batch.delete(entry);
            freed += 1;
        }
        if freed > 0 {
            self.store.commit(batch).await.map_err(Error::Store)?;
        }
        Ok(freed)
    }

    /// The key under which forms are tagged: the same after a restart, and for every replica.
    pub(crate) async fn form_key(&self) -> Result<[u8; 32], Error> {
        let fresh = random_bytes::<32>()?;
        let batch = Batch::new()
            .require(FORM_KEY, Expect::Absent)
            .put(FORM_KEY, fresh);
        match self.store.commit(batch).await {
            Ok(()) => return Ok(fresh),
            Err(sigstead_store::Error::Conflict { .. }) => {}
            Err(error) => return Err(Error::Store(error)),
        }
        let kept = self.store.get(FORM_KEY).await.map_err(Error::Store)?;
        kept.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            Error::Store(sigstead_store::Error::Damaged {
                what: "the form key".to_owned(),
            })
        })
    }

    /// Whether the store takes what it is given, and has it.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        let batch = Batch::new().put(PROBE_KEY, random_bytes::<8>()?);
        self.store.commit(batch).await.map_err(Error::Store)?;
        match self.store.get(PROBE_KEY).await.map_err(Error::Store)? {
            Some(_) => Ok(()),
            None => Err(Error::Store(sigstead_store::Error::Damaged {
                what: "what was just written".to_owned(),
            })),
        }
    }
}

fn key<R: Record>(id: &[u8]) -> Vec<u8> {
    [R::PREFIX.as_bytes(), id].concat()
}

fn expiry_key(at: OffsetDateTime, key: &[u8]) -> Vec<u8> {
    let seconds = u64::try_from(at.unix_timestamp())
        .unwrap_or(0)
        .to_be_bytes();
    [EXPIRY.as_bytes(), &seconds, b"/", key].concat()
}

const EXPIRY: &str = "expiry/";
const FORM_KEY: &[u8] = b"form-key";
const PROBE_KEY: &[u8] = b"probe";
pub(crate) const SWEEP: usize = 256;

/// Expired records stay for a while, so that a late replay of a code is recognised as one.
const REMEMBERED: time::Duration = time::Duration::hours(1);

#[cfg(test)]
mod tests;
