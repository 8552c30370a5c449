//! What is different between two trust documents, in sentences.

use std::collections::BTreeSet;

use sigstead_key::PublicKey;
use sigstead_trust_root::tuf::{RoleKeys, Root, Targets, TufKeyId};
use sigstead_trust_root::{
    CertificateAuthority, Service, SigningConfig, TimeRange, TransparencyLogInstance, TrustedRoot,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What the second of two trusted roots says otherwise.
pub(crate) fn of_trusted_roots(earlier: &TrustedRoot, later: &TrustedRoot) -> Vec<String> {
    let (earlier, later) = (trusted(earlier), trusted(later));
    let mut sentences = Vec::new();
    for each in &later {
        match earlier.iter().find(|known| known.is_same(each)) {
            None => sentences.push(each.added()),
            Some(before) if before.range != each.range => sentences.push(each.changed(before)),
            Some(_) => {}
        }
    }
    let gone = earlier
        .iter()
        .filter(|before| !later.iter().any(|each| each.is_same(before)));
    sentences.extend(gone.map(Trusted::removed));
    sentences
}

/// What the second of two signing configs says otherwise.
pub(crate) fn of_signing_configs(
    earlier: Option<&SigningConfig>,
    later: &SigningConfig,
) -> Vec<String> {
    let mut sentences = Vec::new();
    for (kind, services) in KINDS {
        let before = earlier.map(services).map_or(&[][..], Vec::as_slice);
        let after = services(later);
        for service in after {
            let known = before.iter().find(|known| is_same_service(known, service));
            if known.is_none_or(|known| known.valid_for != service.valid_for) {
                let range = range(service.valid_for);
                sentences.push(format!("clients use the {} {range}", name(kind, service)));
            }
        }
        let gone = before
            .iter()
            .filter(|known| !after.iter().any(|service| is_same_service(known, service)));
        sentences
            .extend(gone.map(|known| format!("clients use the {} no more", name(kind, known))));
    }
    sentences
}

/// What the second of two roots says otherwise.
pub(super) fn of_roots(earlier: Option<&Root>, later: &Root) -> Vec<String> {
    let mut sentences = Vec::new();
    for (role, keys) in &later.roles {
        let before = earlier.and_then(|earlier| earlier.roles.get(role));
        sentences.extend(of_role(role, before, keys));
    }
    let ends = moment(later.expires);
    sentences.push(format!("root {} is accepted until {ends}", later.version));
    sentences
}

/// What the second of two versions of the targets says otherwise, but for the documents that are compared by themselves.
pub(super) fn of_targets(earlier: Option<&Targets>, later: &Targets) -> Vec<String> {
    let names = |targets: &Targets| -> BTreeSet<String> {
        let names = targets.targets.keys().cloned();
        names
            .filter(|name| !COMPARED.contains(&name.as_str()))
            .collect()
    };
    let before = earlier.map(names).unwrap_or_default();
    let after = names(later);
    let is_other = |name: &&String| {
        earlier.and_then(|earlier| earlier.targets.get(*name)) != later.targets.get(*name)
    };
    let other: Vec<_> = after.iter().filter(is_other).map(String::as_str).collect();
    let gone: Vec<_> = before.difference(&after).map(String::as_str).collect();
    let mut sentences = Vec::new();
    if !other.is_empty() {
        sentences.push(format!("for older clients there are {}", other.join(", ")));
    }
    if !gone.is_empty() {
        sentences.push(format!(
            "for older clients there is no more {}",
            gone.join(", ")
        ));
    }
    let ends = moment(later.expires);
    sentences.push(format!(
        "targets {} are accepted until {ends}",
        later.version
    ));
    sentences
}

/// A time as the documents write it.
pub(crate) fn moment(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// A key or chain that a trusted root lists.
struct Trusted<'a> {
    kind: &'static str,
    url: &'a str,
    key: String,
    /// What tells it from all others: every certificate of its chain, or the key.
    identity: Vec<&'a [u8]>,
    range: TimeRange,
}

fn trusted(root: &TrustedRoot) -> Vec<Trusted<'_>> {
    let authorities = |kind| move |authority| Trusted::of_authority(kind, authority);
    let logs = |kind| move |log| Trusted::of_log(kind, log);
    let certificate_authorities = root.certificate_authorities.iter();
    let timestamp_authorities = root.timestamp_authorities.iter();
    certificate_authorities
        .map(authorities("certificate authority"))
        .chain(timestamp_authorities.map(authorities("timestamp authority")))
        .chain(root.tlogs.iter().map(logs("log of signatures")))
        .chain(root.ctlogs.iter().map(logs("log of certificates")))
        .collect()
}

impl<'a> Trusted<'a> {
    fn of_authority(kind: &'static str, authority: &'a CertificateAuthority) -> Self {
        let certificates = authority.cert_chain.certificates.iter();
        // A chain that cannot be read is told all the same; its key is not known then.
        let chain = authority.chain().unwrap_or_default();
        let key = chain.first().map(|first| first.public_key().fingerprint());
        Self {
            kind,
            url: &authority.uri,
            key: key.unwrap_or_else(|| unknown(authority.cert_chain.certificates.is_empty())),
            identity: certificates.map(|each| each.raw_bytes.as_slice()).collect(),
            range: authority.valid_for,
        }
    }

    fn of_log(kind: &'static str, log: &'a TransparencyLogInstance) -> Self {
        let key = PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice());
        Self {
            kind,
            url: &log.base_url,
            key: key.map_or_else(
                |_| unknown(log.public_key.raw_bytes.as_slice().is_empty()),
                |key| key.fingerprint(),
            ),
            identity: vec![
                log.log_id.key_id.as_slice(),
                log.public_key.raw_bytes.as_slice(),
            ],
            range: log.public_key.valid_for,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.identity == other.identity
    }

    fn name(&self) -> String {
        format!("the key {} of the {} {}", self.key, self.kind, self.url)
    }

    fn added(&self) -> String {
        format!("what {} signs counts {}", self.name(), range(self.range))
    }

    fn changed(&self, before: &Self) -> String {
        if self.range.start.is_some() && self.range.start == self.range.end {
            return format!(
                "{} is taken back: nothing that it signed counts",
                self.name()
            );
        }
        format!(
            "what {} signed counts {}; it was {}",
            self.name(),
            range(self.range),
            range(before.range)
        )
    }

    fn removed(&self) -> String {
        format!(
            "{} is gone, so that nothing that it signed counts",
            self.name()
        )
    }
}

/// Of a plan whose key is not made yet the place is empty.
fn unknown(is_empty: bool) -> String {
    let key = if is_empty {
        "(not made yet)"
    } else {
        "(unreadable)"
    };
    key.to_owned()
}

/// Logs of both interfaces may have one URL.
fn name(kind: &str, service: &Service) -> String {
    match kind {
        LOG => format!("{kind} v{} {}", service.major_api_version, service.url),
        _ => format!("{kind} {}", service.url),
    }
}

fn is_same_service(one: &Service, other: &Service) -> bool {
    (&one.url, one.major_api_version) == (&other.url, other.major_api_version)
}

fn of_role(role: &str, before: Option<&RoleKeys>, after: &RoleKeys) -> Option<String> {
    if before == Some(after) {
        return None;
    }
    let short = |id: &TufKeyId| id.to_string().chars().take(16).collect::<String>();
    let keys: Vec<_> = after.keyids.iter().map(short).collect();
    let (threshold, keys) = (after.threshold, keys.join(", "));
    let were = before.map(|before| {
        let keys: Vec<_> = before.keyids.iter().map(short).collect();
        format!("; it was {} of {}", before.threshold, keys.join(", "))
    });
    Some(format!(
        "the {role} role is signed by {threshold} of {keys}{}",
        were.unwrap_or_default()
    ))
}

fn range(range: TimeRange) -> String {
    match (range.start.map(moment), range.end.map(moment)) {
        (Some(start), Some(end)) => format!("from {start} until {end}"),
        (Some(start), None) => format!("from {start} on"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "at any time".to_owned(),
    }
}

type Services = fn(&SigningConfig) -> &Vec<Service>;

const KINDS: [(&str, Services); 4] = [
    ("certificate authority", |config| &config.ca_urls),
    (LOG, |config| &config.rekor_tlog_urls),
    ("timestamp authority", |config| &config.tsa_urls),
    ("issuer", |config| &config.oidc_urls),
];
const LOG: &str = "log of Rekor";
/// The targets whose content is compared.
const COMPARED: [&str; 2] = ["trusted_root.json", "signing_config.v0.2.json"];

#[cfg(test)]
mod tests;
