//! What the next publication writes, and what it refuses to take back.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Role, Root, Signed, Targets, TufKey};
use sigstead_trust_root::{Error, LogFace, LogState, Publication, Published, Term, TrustState};
use time::Duration;

use crate::world::{day, edit, ephemeral, log, range, state};

const YEAR: Duration = Duration::days(365);

fn term(signed_on: i64) -> Term {
    Term {
        signed_at: day(signed_on),
        length: YEAR,
    }
}

fn public(signer: &Arc<dyn Signer>) -> TufKey {
    TufKey::new(signer.public_key()).unwrap()
}

fn signed<T: Role>(role: T, signers: &[&Arc<dyn Signer>]) -> Signed<T> {
    let mut metadata = Signed::unsigned(role);
    let message = metadata.bytes_to_sign().unwrap();
    for signer in signers {
        let signature = block_on(signer.sign(&message)).unwrap();
        metadata.add_signature(&public(signer), &signature);
    }
    metadata
}

/// What clients have after the first publication, on day 0.
fn published(state: &TrustState) -> Published {
    let first = Publication::first(state, Root::new(1, day(0)), term(0)).unwrap();
    Published {
        root: first.root.unwrap(),
        targets: first.targets.unwrap(),
        trusted_root: state.trusted_root().unwrap(),
    }
}

#[test]
fn the_first_publication_has_both_roles_for_the_whole_term() {
    let state = state();
    let first = Publication::first(&state, Root::new(1, day(0)), term(0)).unwrap();
    let (root, targets) = (first.root.unwrap(), first.targets.unwrap());
    assert_eq!((root.version, targets.version), (1, 1));
    assert_eq!((root.expires, targets.expires), (day(365), day(365)));
    assert_eq!(targets, Targets::new(1, day(365), &first.files));
    assert_eq!(first.files, state.targets().unwrap());
}

#[test]
fn a_publication_without_a_change_renews_both_roles_one_version_on() {
    let state = state();
    let published = published(&state);
    let next = Publication::next(&state, &published, term(300)).unwrap();
    let (root, targets) = (next.root.unwrap(), next.targets.unwrap());
    assert_eq!((root.version, targets.version), (2, 2));
    assert_eq!((root.expires, targets.expires), (day(665), day(665)));
    assert_eq!(
        (&root.keys, &root.roles),
        (&published.root.keys, &published.root.roles)
    );
    assert_eq!(targets.targets, published.targets.targets);
}

#[test]
fn what_was_just_published_is_not_published_again_unless_it_changed() {
    let state = state();
    let published = published(&state);
    let again = Publication::next(&state, &published, term(1)).unwrap();
    assert_eq!((again.root, again.targets), (None, None));

    let changed = TrustState {
        operator: "another".to_owned(),
        ..state.clone()
    };
    let next = Publication::next(&changed, &published, term(1)).unwrap();
    assert_eq!(next.root, None);
    assert_eq!(next.targets.unwrap().version, 2);

    // A crash between the two: the root is there, the targets are not.
    let half = Published {
        root: published.root.successor(day(665)),
        ..published
    };
    let rest = Publication::next(&state, &half, term(300)).unwrap();
    assert_eq!(rest.root, None);
    assert_eq!(rest.targets.unwrap().version, 2);
}

#[test]
fn a_shorter_term_is_signed_as_well_as_a_longer_one() {
    let state = state();
    let published = published(&state);
    for days in [1, 30, 800] {
        let term = Term {
            signed_at: day(0),
            length: Duration::days(days),
        };
        let next = Publication::next(&state, &published, term).unwrap();
        assert_eq!(next.root.unwrap().expires, day(days));
        assert_eq!(next.targets.unwrap().expires, day(days));
    }
}

#[test]
fn a_root_follows_when_enough_keys_of_both_have_signed() {
    let (old, new, stranger) = (ephemeral(), ephemeral(), ephemeral());
    let before = Root::new(1, day(1)).with_role("root", &[public(&old)], 1);
    let after = Root::new(2, day(2)).with_role("root", &[public(&new)], 1);
    for (signers, accepted) in [
        (vec![&old, &new], true),
        (vec![&new, &stranger, &old], true),
        (vec![&old], false),
        (vec![&new], false),
        (vec![&stranger], false),
        (vec![], false),
    ] {
        let root = signed(after.clone(), &signers);
        let verified = root.verify_successor(&before);
        assert_eq!(
            verified.is_ok(),
            accepted,
            "{} signers: {verified:?}",
            signers.len()
        );
    }
    for version in [0, 1, 3, u64::MAX] {
        let root = Root::new(version, day(2)).with_role("root", &[public(&old)], 1);
        let refused = signed(root, &[&old]).verify_successor(&before);
        assert!(
            matches!(refused, Err(Error::RootVersion { before: 1, .. })),
            "{version}"
        );
    }
}

#[test]
fn a_log_is_added_and_the_one_before_is_kept_for_what_it_signed() {
    let state = state();
    let new = log(
        LogFace::RekorV2,
        "https://tiles-20.example",
        range(20, None),
        true,
    );
    let grown = state.clone().with_log(new.clone()).unwrap();
    assert_eq!(grown.signature_logs.len(), state.signature_logs.len() + 1);
    assert_eq!(grown.signature_logs.last(), Some(&new));
    let urls = |state: &TrustState| {
        let urls = state.signing_config().rekor_tlog_urls;
        urls.into_iter().map(|it| it.url).collect::<Vec<_>>()
    };
    assert_eq!(
        urls(&grown),
        ["https://tiles-20.example", "https://rekor-9.example"]
    );
    let before = grown
        .signature_logs
        .iter()
        .find(|it| it.url == "https://tiles-9.example");
    assert_eq!(before.unwrap().valid_for, range(9, None));
    assert!(
        Publication::next(&grown, &published(&state), term(20))
            .unwrap()
            .targets
            .is_some()
    );
    assert_eq!(grown.clone().with_log(new).unwrap(), grown, "twice is once");

    let ended = before.unwrap().log_id.clone();
    let closed = grown.with_log_ended(ended.as_slice(), day(21)).unwrap();
    let before = closed.signature_logs.iter().find(|it| it.log_id == ended);
    assert_eq!(before.unwrap().valid_for, range(9, Some(21)));
    assert_eq!(
        closed
            .clone()
            .with_log_ended(ended.as_slice(), day(21))
            .unwrap(),
        closed
    );
}

#[test]
fn a_log_is_announced_before_clients_write_to_it() {
    let state = state();
    let mut new = log(
        LogFace::RekorV1,
        "https://rekor-20.example",
        range(20, None),
        false,
    );
    let announced = state.clone().with_log(new.clone()).unwrap();
    assert_eq!(announced.signing_config(), state.signing_config());
    let root = announced.trusted_root().unwrap();
    assert_eq!(root.tlogs[0].base_url, new.base_url);
    new.in_service = true;
    let opened = announced.with_log(new).unwrap();
    let urls = opened
        .signing_config_of_face(LogFace::RekorV1)
        .rekor_tlog_urls;
    assert_eq!(urls.len(), 1);
    assert_eq!(urls[0].url, "https://rekor-20.example");
}

#[test]
fn clients_change_over_to_a_successor_by_its_date_and_may_be_called_back() {
    let state = state();
    let next = LogState {
        offered: Some(range(28, None)),
        ..log(
            LogFace::RekorV2,
            "https://tiles-20.example",
            range(20, None),
            true,
        )
    };
    let id = next.log_id.clone();
    let announced = state.clone().with_successor(next.clone(), day(29)).unwrap();
    let offers = |state: &TrustState| {
        let services = state
            .signing_config_of_face(LogFace::RekorV2)
            .rekor_tlog_urls;
        let offers = services.into_iter().map(|it| (it.url, it.valid_for));
        offers.collect::<Vec<_>>()
    };
    let old = "https://tiles-9.example".to_owned();
    let both = [
        (next.url.clone(), range(28, None)),
        (old.clone(), range(9, Some(29))),
    ];
    assert_eq!(offers(&announced), both);
    let counts = |state: &TrustState, url: &str| {
        let root = state.trusted_root().unwrap();
        let log = root.tlogs.into_iter().find(|log| log.base_url == url);
        log.unwrap().public_key.valid_for
    };
    assert_eq!(counts(&announced, &next.url), range(20, None));
    assert_eq!(counts(&announced, &old), range(9, None));
    let before = published(&state);
    assert!(Publication::next(&announced, &before, term(20)).is_ok());
    // Announced again because a crash came before the publication.
    let later = LogState {
        offered: Some(range(30, None)),
        ..next.clone()
    };
    let again = announced.clone().with_successor(later, day(31)).unwrap();
    let moved = [
        (next.url.clone(), range(30, None)),
        (old.clone(), range(9, Some(31))),
    ];
    assert_eq!(offers(&again), moved);
    assert_eq!(counts(&again, &next.url), range(20, None));
    assert_eq!(counts(&again, &old), range(9, None));

    let old_id = |state: &TrustState| {
        let mut logs = state.signature_logs.iter();
        logs.find(|log| log.url == old).unwrap().log_id.clone()
    };
    let over = { announced.clone() }.with_log_ended(old_id(&announced).as_slice(), day(29));
    let over = over.unwrap();
    assert_eq!(offers(&over), [(next.url.clone(), range(28, None))]);
    assert_eq!(counts(&over, &old), range(9, Some(29)));

    let back = announced.clone().with_log_withdrawn(id.as_slice()).unwrap();
    assert_eq!(offers(&back), offers(&state));
    assert_eq!(counts(&back, &next.url), range(20, None));
    assert!(Publication::next(&back, &published(&announced), term(21)).is_ok());
    let twice = back.clone().with_log_withdrawn(id.as_slice()).unwrap();
    assert_eq!(twice, back);
    let ended = back.with_log_ended(id.as_slice(), day(22)).unwrap();
    assert_eq!(counts(&ended, &next.url), range(20, Some(22)));
    let refused = ended.with_successor(next, day(29));
    assert!(
        matches!(refused, Err(Error::LogIdTaken { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_successor_that_does_not_fit_is_refused() {
    let state = state();
    let next = log(
        LogFace::RekorV2,
        "https://tiles-20.example",
        range(20, None),
        true,
    );
    for (offer, until) in [(range(19, None), 29), (range(28, None), 27)] {
        let next = LogState {
            offered: Some(offer),
            ..next.clone()
        };
        let refused = state.clone().with_successor(next, day(until));
        assert!(
            matches!(refused, Err(Error::EndNotInRange { .. })),
            "{refused:?}"
        );
    }
    let only = state.signature_logs.iter();
    let only = { only }.find(|log| log.face == LogFace::RekorV2 && log.in_service);
    let only = only.unwrap().log_id.clone();
    for id in [only.as_slice(), b"no log"] {
        let refused = state.clone().with_log_withdrawn(id);
        assert!(
            matches!(refused, Err(Error::LogUnknown { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_log_that_does_not_fit_is_refused() {
    let state = state();
    let known = state.signature_logs[0].clone();
    let mut no_start = log(
        LogFace::RekorV1,
        "https://new.example",
        range(20, None),
        true,
    );
    no_start.valid_for.start = None;
    let refused = state.clone().with_log(no_start);
    assert!(matches!(refused, Err(Error::NoStart { .. })), "{refused:?}");

    let mut no_key = log(
        LogFace::RekorV1,
        "https://new.example",
        range(20, None),
        true,
    );
    no_key.public_key = vec![1].into();
    let refused = state.clone().with_log(no_key);
    assert!(
        matches!(refused, Err(Error::PublicKey { .. })),
        "{refused:?}"
    );

    let mut same_id = log(
        LogFace::RekorV1,
        "https://new.example",
        range(20, None),
        true,
    );
    same_id.log_id = known.log_id.clone();
    let refused = state.clone().with_log(same_id);
    assert!(
        matches!(refused, Err(Error::LogIdTaken { .. })),
        "{refused:?}"
    );

    let refused = state.clone().with_log_ended(&[7; 32], day(30));
    assert!(
        matches!(refused, Err(Error::LogUnknown { .. })),
        "{refused:?}"
    );
    // The first generation counts from day 0 to day 10.
    for end in [-1, 11] {
        let refused = state
            .clone()
            .with_log_ended(known.log_id.as_slice(), day(end));
        assert!(
            matches!(refused, Err(Error::EndNotInRange { .. })),
            "{end}: {refused:?}"
        );
    }
}

#[test]
fn nothing_that_was_published_is_taken_back() {
    type Change = fn(&mut TrustState);
    let changes: [(&str, Change); 9] = [
        ("a log gone", |state| drop(state.signature_logs.remove(0))),
        ("a CT log gone", |state| {
            drop(state.certificate_logs.remove(0))
        }),
        ("an authority gone", |state| {
            edit(&mut state.certificate_authorities, |chains| {
                chains.remove(1)
            })
        }),
        ("a timestamp authority gone", |state| {
            edit(&mut state.timestamp_authorities, |chains| chains.remove(0))
        }),
        ("another key", |state| {
            let other = ephemeral();
            state.signature_logs[1].public_key = other.public_key().spki_der().into();
        }),
        ("another start", |state| {
            state.certificate_logs[1].valid_for = range(8, None)
        }),
        ("an earlier start", |state| {
            edit(&mut state.timestamp_authorities, |chains| {
                chains[1].valid_for = range(1, None)
            })
        }),
        ("an end taken away", |state| {
            state.signature_logs[0].valid_for = range(0, None)
        }),
        ("an end moved on", |state| {
            edit(&mut state.certificate_authorities, |chains| {
                chains[0].valid_for = range(0, Some(12))
            })
        }),
    ];
    let before = state();
    for (name, change) in changes {
        let mut after = before.clone();
        change(&mut after);
        let refused = Publication::next(&after, &published(&before), term(30));
        assert!(
            matches!(refused, Err(Error::TakenBack { .. })),
            "{name}: {refused:?}"
        );
    }
    let mut ended = before.clone();
    edit(&mut ended.certificate_authorities, |chains| {
        chains[0].valid_for = range(0, Some(5));
        chains[1].valid_for = range(9, Some(40));
    });
    Publication::next(&ended, &published(&before), term(30)).unwrap();
}
