//! TLS: what services show to clients, to one another and to the operator, and what administrators show to them.

use std::path::Path;

use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::Gathered;
use super::item::{Item, Renewal, State};
use crate::administrators;
use crate::configured::Configs;
use crate::configured::pairs::{self, Purpose};
use crate::instance::Instance;

/// Every certificate of TLS that the configurations name, their authorities, and those of administrators.
pub(super) fn add(
    gathered: &mut Gathered,
    instance: &Instance,
    configs: &Configs,
    now: OffsetDateTime,
) {
    for pair in pairs::all(instance, configs) {
        let renewal = match pair.purpose {
            Purpose::Public | Purpose::Submitter if instance.manifest.tls => {
                "sigctl rotate tls plan"
            }
            Purpose::Public | Purpose::Submitter => {
                "replace its files, which are read again by themselves"
            }
            Purpose::Admin | Purpose::Operator => "sigctl rotate admin plan",
        };
        let subject = format!("TLS certificate: {}", pair.name);
        add_file(
            gathered,
            instance,
            &pair.certificate,
            &subject,
            renewal,
            now,
        );
    }
    for (file, subject, renewal) in OTHERS {
        let path = instance.path(file);
        if path.exists() {
            add_file(gathered, instance, &path, subject, renewal, now);
        }
    }
    match administrators::issued(instance) {
        Err(failure) => gathered.unread.push(failure.whole()),
        Ok(issued) => {
            let valid = issued.into_values().filter(|issued| !issued.is_revoked);
            let items = valid.map(|issued| administrator(&issued.administrator, now));
            gathered.items.extend(items);
        }
    }
}

fn add_file(
    gathered: &mut Gathered,
    instance: &Instance,
    path: &Path,
    subject: &str,
    renewal: &str,
    now: OffsetDateTime,
) {
    let place = path.strip_prefix(instance.directory()).unwrap_or(path);
    let place = place.display().to_string();
    let read = crate::private::read(path, LARGEST).map_err(|error| error.to_string());
    let chain = read.and_then(|pem| {
        let pem = String::from_utf8_lossy(&pem);
        Certificate::chain_from_pem(&pem).map_err(|error| sigstead_kit::causes(&error))
    });
    match chain.as_deref() {
        Err(why) => gathered.unread.push(format!("{place}: {why}")),
        Ok([]) => gathered
            .unread
            .push(format!("{place}: it has no certificate")),
        Ok([first, ..]) => {
            let item = Item::of_certificate(subject.to_owned(), first, Renewal::person(renewal));
            gathered.items.push(Item {
                // What a configuration names is in use, also when it has ended.
                state: State::at(now, item.first_use, None),
                place: Some(place),
                ..item
            });
        }
    }
}

fn administrator(issued: &sigstead_kit::Administrator, now: OffsetDateTime) -> Item {
    let (start, end) = (issued.not_before, issued.not_after);
    Item {
        subject: format!("administrator {}, {}", issued.name, issued.role),
        kind: super::Kind::Certificate,
        state: State::at(now, Some(start), Some(end)),
        place: None,
        algorithm: None,
        key: Some(format!("serial {}", issued.serial)),
        first_use: Some(start),
        ends: Some(end),
        successor: None,
        renewal: Renewal::person("sigctl admin renew, or another invitation"),
    }
}

/// Where authorities are, and what no configuration of the instance names; what for, and how each is replaced.
const OTHERS: [(&str, &str, &str); 5] = [
    (
        "trust/admin-ca.pem",
        "authority of administration",
        "sigctl rotate admin-ca plan",
    ),
    (
        "trust/tls-ca.pem",
        "authority of TLS",
        "give clients another one beside it, then certificates of that",
    ),
    (
        "trust/submission-ca.pem",
        "authority of submission in a cluster",
        LAY_OUT,
    ),
    (
        "ctlog/submission.pem",
        "TLS certificate: ctlog to ca in a cluster",
        LAY_OUT,
    ),
    (
        "ca/submission-client.pem",
        "TLS certificate: ca to ctlog in a cluster",
        LAY_OUT,
    ),
];
const LAY_OUT: &str =
    "sigctl kubernetes lay-out, in the last half year, and replace the Secrets of ca and ctlog";
/// More than any chain has.
const LARGEST: u64 = 1 << 20;
