//! What ending a key does, and what came of it.

use serde::Serialize;
use sigstead_kit::Period;
use sigstead_trust_root::tuf::Timestamp;
use time::OffsetDateTime;

use super::affected::Affected;
use super::key::Key;
use super::remedy;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::one_line;
use crate::rotate::{CACHE, SKEW};
use crate::trust::{Repository, Versions, moment};

/// What is done, in figures and sentences.
#[derive(Serialize)]
pub(super) struct Plan {
    /// The emergencies of an instance are counted; none while nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u32>,
    pub(super) instance: String,
    pub(super) subject: String,
    pub(super) place: String,
    pub(super) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    /// The last second that counts of what it signed.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) end: OffsetDateTime,
    /// What changes for clients, a sentence each.
    pub(super) changes: Vec<String>,
    pub(super) certificates: usize,
    /// Of those, what the authority did not issue itself.
    pub(super) strangers: usize,
    pub(super) identities: usize,
    pub(super) entries: usize,
    pub(super) unknowable: Vec<String>,
    pub(super) unanswered: Vec<String>,
    /// Until when a client trusts the key that looks for no news.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) silent_until: OffsetDateTime,
    /// What to do then.
    pub(super) next: Vec<String>,
    /// The versions that clients find since; none while nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<Versions>,
    /// Where the lists and the notice are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) files: Option<String>,
}

impl Plan {
    pub(super) fn new(
        instance: &Instance,
        key: &Key,
        (since, end): (OffsetDateTime, OffsetDateTime),
        affected: &Affected,
    ) -> Result<Self, Failure> {
        Ok(Self {
            number: None,
            instance: instance.manifest.name.clone(),
            subject: key.subject.clone(),
            place: key.place.clone(),
            key: key.fingerprint.clone(),
            reason: None,
            since,
            end,
            changes: Vec::new(),
            certificates: affected.certificates.len(),
            strangers: affected.strangers(),
            identities: affected.identities(),
            entries: affected.entries.len(),
            unknowable: affected.unknowable.clone(),
            unanswered: affected.unanswered.clone(),
            silent_until: silent_until(instance)?,
            next: remedy::of(key.role),
            published: None,
            files: None,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![match self.published {
            None => "nothing is changed".to_owned(),
            Some(_) => format!("emergency {}", self.number.unwrap_or_default()),
        }];
        let mut add = |name: &str, what: &str| lines.push(one_line(&format!("{name:9} {what}")));
        add(
            "key",
            &format!("{} {}, {}", self.subject, self.key, self.place),
        );
        add(
            "end",
            &format!("nothing counts that it signed after {}", moment(self.end)),
        );
        for change in &self.changes {
            add("", change);
        }
        add("affected", &self.figures());
        let until = moment(self.silent_until);
        add(
            "cannot",
            &format!(
                "reach clients that do not look: the last of them trusts the key until {until}; what is verified by a file trusts \
             it until the file is replaced"
            ),
        );
        for each in &self.unknowable {
            add("unknown", each);
        }
        for each in &self.unanswered {
            add("unasked", each);
        }
        if let Some(published) = &self.published {
            add(
                "published",
                &format!(
                    "with root {} and targets {}",
                    published.root, published.targets
                ),
            );
        }
        if let Some(files) = &self.files {
            add("files", files);
        }
        for each in &self.next {
            add("next", each);
        }
        lines.join("\n")
    }

    pub(super) fn figures(&self) -> String {
        format!(
            "{} certificates of {} identities, {} of them not issued by the authority itself; {} entries of logs",
            self.certificates, self.identities, self.strangers, self.entries
        )
    }
}

/// Until when clients that keep the rules go on with what they have: until their timestamp ends, and some for a day more.
fn silent_until(instance: &Instance) -> Result<OffsetDateTime, Failure> {
    let repository = Repository::of(instance)?;
    let timestamp = repository.metadata::<Timestamp>("timestamp.json")?;
    // The service has not run, so that nobody has anything.
    let expires = timestamp.map_or_else(crate::init::now, |timestamp| timestamp.signed.expires);
    let [cache, skew] = [CACHE, SKEW].map(Period::time);
    Ok(expires + cache + skew)
}
