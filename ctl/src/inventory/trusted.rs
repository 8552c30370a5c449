//! What clients trust: the chains of the authorities and the keys of the logs, of all times.

use std::collections::BTreeMap;

use sigstead_key::PublicKey;
use sigstead_trust_root::{AuthorityChains, AuthorityState, LogFace, LogState, TrustState};
use time::OffsetDateTime;

use super::item::{Item, Renewal, State};
use crate::failure::Failure;

/// Until when the certificates end that a log takes, by its name.
pub(super) type Windows = BTreeMap<String, OffsetDateTime>;

/// Every chain and log of the trust state, in the order of their times.
pub(super) fn items(
    state: &TrustState,
    windows: &Windows,
    now: OffsetDateTime,
) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    let authorities = [
        (&state.certificate_authorities, &CA),
        (&state.timestamp_authorities, &TSA),
    ];
    for (chains, words) in authorities {
        items.extend(authority(chains, words, now)?);
    }
    for face in [
        LogFace::RekorV2,
        LogFace::RekorV1,
        LogFace::CertificateTransparency,
    ] {
        items.extend(logs(state, windows, face, now)?);
    }
    Ok(items)
}

/// What the chains of an authority are called, and how each part is replaced.
struct Words {
    signer: &'static str,
    root: &'static str,
    rotate_signer: &'static str,
    rotate_root: &'static str,
}

const CA: Words = Words {
    signer: "certificate authority",
    root: "root of the certificate authority",
    rotate_signer: "sigctl rotate ca-intermediate plan",
    rotate_root: "sigctl rotate ca-root plan",
};

const TSA: Words = Words {
    signer: "timestamp authority",
    root: "root of the timestamp authority",
    rotate_signer: "sigctl rotate tsa plan",
    rotate_root: "sigctl rotate tsa plan",
};

fn authority(
    chains: &AuthorityChains,
    words: &Words,
    now: OffsetDateTime,
) -> Result<Vec<Item>, Failure> {
    let mut oldest_first: Vec<&AuthorityState> = chains.iter().collect();
    oldest_first.sort_by_key(|chain| chain.valid_for.start);
    let mut items: Vec<Item> = Vec::new();
    let mut roots: Vec<Item> = Vec::new();
    for chain in oldest_first {
        let certificates = chain.certificates().map_err(unreadable)?;
        let ([first, ..], Some(root)) = (certificates.as_slice(), certificates.last()) else {
            continue;
        };
        let window = chain.valid_for;
        let mut signer =
            Item::of_certificate(words.signer.to_owned(), first, renewal(words.rotate_signer));
        signer.place = Some(chain.url.clone());
        signer.first_use = window.start;
        signer.ends = earlier(signer.ends, window.end);
        signer.state = State::at(now, window.start, window.end);
        follow(&mut items, signer);
        let root = Item::of_certificate(words.root.to_owned(), root, renewal(words.rotate_root));
        match roots.iter_mut().find(|known| known.key == root.key) {
            Some(known) => {
                known.state = newest(known.state, State::at(now, window.start, window.end))
            }
            None => follow(
                &mut roots,
                Item {
                    state: State::at(now, window.start, window.end),
                    ..root
                },
            ),
        }
    }
    items.extend(roots);
    Ok(items.into_iter().map(settled).collect())
}

fn logs(
    state: &TrustState,
    windows: &Windows,
    face: LogFace,
    now: OffsetDateTime,
) -> Result<Vec<Item>, Failure> {
    let (logs, name, how) = match face {
        LogFace::RekorV2 => (
            &state.signature_logs,
            "log of Rekor v2",
            "sigctl rotate rekor-v2 plan",
        ),
        LogFace::RekorV1 => (
            &state.signature_logs,
            "log of Rekor v1",
            "sigctl rotate rekor-v1 plan",
        ),
        LogFace::CertificateTransparency => {
            (&state.certificate_logs, "CT log", "sigctl rotate ct plan")
        }
    };
    let mut oldest_first: Vec<&LogState> = logs.iter().filter(|log| log.face == face).collect();
    oldest_first.sort_by_key(|log| log.valid_for.start);
    let mut items = Vec::new();
    for log in oldest_first {
        let key = PublicKey::from_spki_der(log.public_key.as_slice()).map_err(unreadable)?;
        let window = log.offered.unwrap_or(log.valid_for);
        let mut item = Item::of_key(name.to_owned(), &key, renewal(how));
        item.place = Some(log.base_url.clone());
        item.first_use = log.valid_for.start;
        item.ends = log.valid_for.end.or_else(|| window_of(log, windows));
        item.state = match log.in_service || face == LogFace::CertificateTransparency {
            true => State::at(now, window.start, window.end.or(log.valid_for.end)),
            false => State::Retired,
        };
        follow(&mut items, item);
    }
    Ok(items.into_iter().map(settled).collect())
}

/// A log of certificates that takes those of a time is of no use after it.
fn window_of(log: &LogState, windows: &Windows) -> Option<OffsetDateTime> {
    let name = log.base_url.strip_prefix("https://")?;
    windows.get(name).copied()
}

/// Adds what comes after the last one that is not another's successor.
fn follow(items: &mut Vec<Item>, next: Item) {
    if let Some(before) = items.last_mut() {
        before.successor.clone_from(&next.key);
    }
    items.push(next);
}

/// What is no longer used, or has its successor, is nobody's work any more.
fn settled(mut item: Item) -> Item {
    if item.state == State::Retired || item.successor.is_some() {
        item.renewal = Renewal::Nobody;
    }
    item
}

fn renewal(how: &str) -> Renewal {
    Renewal::person(how)
}

fn newest(known: State, other: State) -> State {
    match known == State::Active || other == State::Active {
        true => State::Active,
        false => other,
    }
}

fn earlier(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    [one, other].into_iter().flatten().min()
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(
        "E-CTL-030",
        "a part of the trust state cannot be read",
        "restore trust/state.json from a copy",
    )
    .because(error)
}
