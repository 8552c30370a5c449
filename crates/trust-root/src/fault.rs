//! What the strictest clients refuse in the documents of a publication, though these are well formed.

use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_x509::{Certificate, ExtendedKeyUsage, KeyUsage, oid};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::gap::between;
use crate::logs::{LogFace, LogState};
use crate::signing_config::{Service, SigningConfig};
use crate::trusted_root::{CertificateAuthority, TimeRange, TransparencyLogInstance, TrustedRoot};

/// A fault. It can be compared: one that is published already cannot be mended, because trust is only added to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A chain cannot sign what its authority signs.
    #[error("the chain of {owner}: {why}")]
    Chain {
        /// The authority.
        owner: String,
        /// Which certificate lacks what.
        why: String,
    },
    /// A log is named by another identifier than its key has.
    #[error("the log {owner} has the ID {found}, and its key has {expected}")]
    LogId {
        /// The log.
        owner: String,
        /// Hex.
        expected: String,
        /// Hex.
        found: String,
    },
    /// For a time between two others nothing counts.
    #[error("nothing of {owner} counts between {} and {}", shown(*from), shown(*until))]
    Hole {
        /// The authority, or the logs of a kind.
        owner: String,
        /// The end of what counted before.
        from: OffsetDateTime,
        /// The start of what counts after.
        until: OffsetDateTime,
    },
    /// Clients would sign with what no client trusts.
    #[error("the signing config names {url}, and {why}")]
    Unknown {
        /// The service.
        url: String,
        /// What the trusted root lacks.
        why: &'static str,
    },
}

impl Fault {
    /// Whether it begins with an end that is published and past, as after a key was stolen: whatever follows leaves that time
    /// empty.
    #[must_use]
    pub fn is_left_by(&self, published: &TrustedRoot, now: OffsetDateTime) -> bool {
        let Self::Hole { from, .. } = self else {
            return false;
        };
        let logs = published.tlogs.iter().chain(&published.ctlogs);
        let authorities = &published.certificate_authorities;
        let authorities = authorities.iter().chain(&published.timestamp_authorities);
        let mut ends = logs
            .map(|log| log.public_key.valid_for.end)
            .chain(authorities.map(|authority| authority.valid_for.end));
        *from < now && ends.any(|end| end == Some(*from))
    }
}

/// The faults of both documents of a publication at `now`. `logs` are those of signatures of the trust state, which says what
/// each speaks and by which URL it is dialled; the trusted root has their names only.
#[must_use]
pub fn faults(
    root: &TrustedRoot,
    config: &SigningConfig,
    logs: &[LogState],
    now: OffsetDateTime,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(chain_faults(&root.certificate_authorities, issues));
    faults.extend(chain_faults(&root.timestamp_authorities, stamps));
    faults.extend(root.tlogs.iter().chain(&root.ctlogs).filter_map(log_fault));
    for (face, owner) in FACES {
        let is_it = |log: &&TransparencyLogInstance| is_of_face(log, logs, face);
        faults.extend(hole(
            owner,
            log_ranges(root.tlogs.iter().filter(is_it)),
            now,
        ));
    }
    let ranges = log_ranges(&root.ctlogs);
    faults.extend(hole("the logs of certificates", ranges, now));
    faults.extend(authority_holes(&root.certificate_authorities, now));
    faults.extend(authority_holes(&root.timestamp_authorities, now));
    faults.extend(unknown_authorities(
        &config.ca_urls,
        &root.certificate_authorities,
        now,
    ));
    faults.extend(unknown_authorities(
        &config.tsa_urls,
        &root.timestamp_authorities,
        now,
    ));
    faults.extend(unknown_logs(&config.rekor_tlog_urls, root, logs, now));
    faults
}

fn chain_faults(
    authorities: &[CertificateAuthority],
    check: fn(&[Certificate]) -> Result<(), String>,
) -> impl Iterator<Item = Fault> {
    authorities.iter().filter_map(move |authority| {
        let chain = authority.chain().map_err(|error| error.to_string());
        let checked = chain.and_then(|chain| {
            check(&chain)?;
            linked(&chain)
        });
        checked.err().map(|why| Fault::Chain {
            owner: authority.uri.clone(),
            why,
        })
    })
}

/// A chain that issues certificates for signing code.
fn issues(chain: &[Certificate]) -> Result<(), String> {
    authorities(chain, ExtendedKeyUsage::CodeSigning, 1)
}

/// A chain whose first certificate stamps (RFC 3161 §2.3).
fn stamps(chain: &[Certificate]) -> Result<(), String> {
    let Some((leaf, above)) = chain.split_first() else {
        return Err("it is empty".to_owned());
    };
    let is_critical = leaf
        .extensions()
        .iter()
        .any(|each| each.oid == oid::EXTENDED_KEY_USAGE && each.critical);
    if leaf.is_ca() || !is_critical || leaf.extended_key_usages() != Some(&[oid::TIME_STAMPING]) {
        return Err("its first certificate is not for time stamping alone, critically".to_owned());
    }
    let usage = leaf.key_usage();
    if usage.is_some_and(|usage| !usage.contains(KeyUsage::DIGITAL_SIGNATURE)) {
        return Err("its first certificate may not make signatures".to_owned());
    }
    authorities(above, ExtendedKeyUsage::TimeStamping, 2)
}

fn authorities(chain: &[Certificate], usage: ExtendedKeyUsage, first: usize) -> Result<(), String> {
    for (number, certificate) in (first..).zip(chain) {
        let may_sign = certificate
            .key_usage()
            .is_none_or(|each| each.contains(KeyUsage::KEY_CERT_SIGN));
        if !certificate.is_ca() || !may_sign {
            return Err(format!("certificate {number} is not an authority's"));
        }
        if !certificate.may_issue_for(usage) {
            return Err(format!("certificate {number} may not issue for its usage"));
        }
    }
    Ok(())
}

fn linked(chain: &[Certificate]) -> Result<(), String> {
    let numbered = (1..).zip(chain.iter().zip(chain.iter().skip(1)));
    for (number, (issued, issuer)) in numbered {
        issued
            .verify_signed_by(issuer)
            .map_err(|error| format!("certificate {number} is not of the one after it: {error}"))?;
    }
    Ok(())
}

fn log_fault(log: &TransparencyLogInstance) -> Option<Fault> {
    let found = log.log_id.key_id.as_slice();
    let expected = match PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice()) {
        Ok(key) => log_ids(log, &key),
        Err(_) => Vec::new(),
    };
    if expected.iter().any(|expected| expected == found) {
        return None;
    }
    let expected = expected.first().map(hex::encode);
    Some(Fault::LogId {
        owner: log.base_url.clone(),
        expected: expected.unwrap_or_else(|| "none: it cannot be read".to_owned()),
        found: hex::encode(found),
    })
}

/// The identifiers under which clients look for a log with that key: the digest of the key, and for an Ed25519 key of Rekor v2
/// its name in checkpoints (C2SP signed-note), which contains the name of the log.
fn log_ids(log: &TransparencyLogInstance, key: &PublicKey) -> Vec<Vec<u8>> {
    let mut ids = vec![key.log_id().as_bytes().to_vec()];
    if let Some(raw) = key.raw_ed25519() {
        let name = log.base_url.split_once("://").map_or("", |(_, name)| name);
        let named = [name.as_bytes(), b"\n\x01", &raw].concat();
        ids.push(HashAlgorithm::Sha256.digest(&named));
    }
    ids
}

fn is_of_face(log: &TransparencyLogInstance, logs: &[LogState], face: LogFace) -> bool {
    let mut logs = logs.iter();
    logs.any(|known| known.log_id == log.log_id.key_id && known.face == face)
}

fn log_ranges<'a>(logs: impl IntoIterator<Item = &'a TransparencyLogInstance>) -> Vec<TimeRange> {
    let ranges = logs.into_iter().map(|log| log.public_key.valid_for);
    ranges.collect()
}

fn authority_holes(authorities: &[CertificateAuthority], now: OffsetDateTime) -> Vec<Fault> {
    let mut urls: Vec<_> = authorities.iter().map(|it| it.uri.as_str()).collect();
    urls.sort_unstable();
    urls.dedup();
    let of = |url: &str| {
        let chains = authorities.iter().filter(|it| it.uri == url);
        chains.map(|it| it.valid_for).collect()
    };
    urls.into_iter()
        .filter_map(|url| hole(url, of(url), now))
        .collect()
}

/// The first time in which nothing counts, between two in which something does.
fn hole(owner: &str, ranges: Vec<TimeRange>, now: OffsetDateTime) -> Option<Fault> {
    let gaps = between("", ranges, now).into_iter();
    let mut holes = gaps.filter_map(|gap| Some((gap.after, gap.until?)));
    holes.next().map(|(from, until)| Fault::Hole {
        owner: owner.to_owned(),
        from,
        until,
    })
}

fn unknown_authorities(
    services: &[Service],
    authorities: &[CertificateAuthority],
    now: OffsetDateTime,
) -> Vec<Fault> {
    let unknown = services.iter().filter_map(|service| {
        let mut known = authorities.iter().filter(|it| it.uri == service.url);
        let at = first_use(service, now);
        match known.clone().next() {
            None => Some(unknown(service, "no chain of the trusted root is of it")),
            Some(_) if known.any(|it| it.is_trusted_at(at)) => None,
            Some(_) => Some(unknown(
                service,
                "no chain of it counts when clients use it",
            )),
        }
    });
    unknown.collect()
}

fn unknown_logs(
    services: &[Service],
    root: &TrustedRoot,
    logs: &[LogState],
    now: OffsetDateTime,
) -> Vec<Fault> {
    let unknown = services.iter().filter_map(|service| {
        let at = first_use(service, now);
        let dialled = logs.iter().filter(|log| is_at(log, service));
        let trusted = dialled.filter_map(|log| {
            let mut trusted = root.tlogs.iter();
            trusted.find(|each| each.log_id.key_id == log.log_id)
        });
        let ranges = log_ranges(trusted);
        if ranges.is_empty() {
            return Some(unknown(service, "no log of the trusted root is dialled so"));
        }
        let counts = ranges.iter().any(|range| range.covers(at));
        (!counts).then(|| unknown(service, "no log of it counts when clients use it"))
    });
    unknown.collect()
}

fn is_at(log: &LogState, service: &Service) -> bool {
    let version = match log.face {
        LogFace::RekorV1 => 1,
        LogFace::RekorV2 => 2,
        LogFace::CertificateTransparency => return false,
    };
    log.url == service.url && version == service.major_api_version
}

fn first_use(service: &Service, now: OffsetDateTime) -> OffsetDateTime {
    service.valid_for.start.map_or(now, |start| start.max(now))
}

fn unknown(service: &Service, why: &'static str) -> Fault {
    Fault::Unknown {
        url: service.url.clone(),
        why,
    }
}

fn shown(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

const FACES: [(LogFace, &str); 2] = [
    (LogFace::RekorV1, "the logs of Rekor v1"),
    (LogFace::RekorV2, "the logs of Rekor v2"),
];
