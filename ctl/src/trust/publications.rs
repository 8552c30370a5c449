//! Which publication wrote which version, and who published: in the record of what `sigctl` did.

use std::collections::BTreeMap;

use sigstead_audit::{Event, Who};
use sigstead_trust_root::TrustState;
use time::OffsetDateTime;

use super::client_kit;
use super::repository::{Repository, SignedPublication};
use crate::cluster;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::recorded::{self, Recorded};

/// Who published versions of the signed files, and when.
pub(super) struct Published {
    pub(super) at: OffsetDateTime,
    /// The command that published.
    pub(super) act: String,
    pub(super) who: String,
    versions: BTreeMap<String, String>,
}

/// What the record says of publications.
#[derive(Default)]
pub(super) struct Publications {
    published: Vec<Published>,
    /// The first sign that the record was changed.
    pub(super) defect: Option<String>,
}

/// Lays out a publication. The record has its versions first, because clients have them from then on. Where the services run in a
/// cluster it is brought there, which a command that is run again does again.
pub(super) async fn lay_out(
    instance: &Instance,
    repository: &Repository,
    publication: &SignedPublication,
) -> Result<(), Failure> {
    let root = publication.root.as_ref().map(|root| root.signed.version);
    let targets = publication.targets.as_ref().map(|it| it.signed.version);
    let versions = [("root", root), ("targets", targets)];
    let versions = versions
        .into_iter()
        .filter_map(|(role, version)| Some((role, version?.to_string())));
    let versions: Vec<_> = versions.collect();
    if versions.is_empty() {
        repository.lay_out(publication)?;
    } else {
        let recorded = Recorded::begin(instance, METHOD, &versions).await?;
        recorded.end(repository.lay_out(publication)).await?;
    }
    cluster::bring_publication(instance).await
}

/// Writes the client kit and its page, which is a part of what is published.
pub(super) async fn write_kit(
    instance: &Instance,
    state: &TrustState,
    repository: &Repository,
) -> Result<(), Failure> {
    client_kit::write_all(instance, state, repository)?;
    cluster::bring_publication(instance).await
}

impl Publications {
    /// Reads the record of an instance. One that was made by an earlier version has none of its first publications.
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let place = recorded::place(instance);
        if !place.records.exists() {
            return Ok(Self::default());
        }
        let found = sigstead_audit::read(&place)
            .map_err(|error| Failure::file("read", &place.records, sigstead_kit::causes(&error)))?;
        let events = found.records.into_iter();
        Ok(Self {
            published: published(events.map(|record| (record.sequence, record.time, record.event))),
            defect: found.defect.map(|defect| defect.to_string()),
        })
    }

    /// The publication that wrote a version of a role, as far as the record knows.
    pub(super) fn of_version(&self, role: &str, version: u64) -> Option<&Published> {
        let version = version.to_string();
        let mut newest_first = self.published.iter().rev();
        newest_first.find(|each| each.versions.get(role) == Some(&version))
    }
}

/// A publication is a part of the act that began last and has not ended: the command that was typed.
fn published(events: impl Iterator<Item = (u64, OffsetDateTime, Event)>) -> Vec<Published> {
    let mut typed: Option<(u64, String)> = None;
    let mut published = Vec::new();
    for (sequence, at, event) in events {
        match event {
            Event::Begun {
                who,
                method,
                arguments,
                ..
            } if method == METHOD => {
                let act = typed.as_ref().map(|(_, method)| method.clone());
                published.push(Published {
                    at,
                    act: act.unwrap_or_else(|| "sigctl".to_owned()),
                    who: name(&who),
                    versions: arguments,
                });
            }
            Event::Begun { method, .. } => typed = Some((sequence, method)),
            Event::Ended { act, .. } => {
                typed.take_if(|(begun, _)| *begun == act);
            }
            Event::Refused { .. } => {}
        }
    }
    published
}

fn name(who: &Who) -> String {
    format!("{} ({})", who.name, who.role)
}

const METHOD: &str = "sigctl publishes";

#[cfg(test)]
mod tests {
    use sigstead_audit::Outcome;

    use super::*;

    fn begun(method: &str, versions: &[(&str, &str)]) -> Event {
        let versions = versions.iter();
        let versions = versions.map(|(role, version)| ((*role).to_owned(), (*version).to_owned()));
        Event::Begun {
            who: Who {
                name: "alice".to_owned(),
                serial: String::new(),
                role: "owner".to_owned(),
            },
            method: method.to_owned(),
            arguments: versions.collect(),
            request_id: None,
        }
    }

    fn ended(act: u64) -> Event {
        Event::Ended {
            act,
            outcome: Outcome::Done,
            code: None,
        }
    }

    #[test]
    fn a_publication_belongs_to_the_command_that_was_under_way() {
        let events = [
            begun("sigctl rotate tsa start", &[("rotation", "2")]),
            begun(METHOD, &[("root", "2"), ("targets", "2")]),
            ended(1),
            ended(0),
            begun(METHOD, &[("targets", "3")]),
            ended(4),
            begun("sigctl trust publish", &[]),
            // The same version again, after a crash.
            begun(METHOD, &[("targets", "3")]),
        ];
        let at = OffsetDateTime::UNIX_EPOCH;
        let events = events.into_iter().enumerate();
        let publications = Publications {
            published: published(events.map(|(sequence, event)| (sequence as u64, at, event))),
            defect: None,
        };
        let act = |role, version| {
            let found = publications.of_version(role, version);
            found.map(|found| (found.act.as_str(), found.who.as_str()))
        };
        let start = Some(("sigctl rotate tsa start", "alice (owner)"));
        assert_eq!(act("root", 2), start);
        assert_eq!(act("targets", 2), start);
        assert_eq!(
            act("targets", 3),
            Some(("sigctl trust publish", "alice (owner)"))
        );
        assert_eq!(act("rotation", 2), None);
        assert_eq!(act("root", 1), None);
    }
}
