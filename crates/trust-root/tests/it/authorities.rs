//! How the chains of an authority follow one another.

use sigstead_trust_root::{AuthorityChains, AuthorityState, Error, TrustState};

use crate::world::{day, range, state, timestamping_chain};

/// A chain that follows those of the world's state, at the URL of the newest of them.
fn successor(start: i64) -> AuthorityState {
    let chain = timestamping_chain("root 20");
    AuthorityState {
        url: "https://tsa-9.example".to_owned(),
        chain: chain.iter().map(|each| each.to_der().into()).collect(),
        valid_for: range(start, None),
        in_service: true,
    }
}

fn with(state: &TrustState, chain: AuthorityState) -> Result<AuthorityChains, Error> {
    state.timestamp_authorities.clone().with(chain)
}

#[test]
fn a_chain_is_added_before_it_is_used_and_those_before_it_count_on() {
    let mut state = state();
    let coming = successor(20);
    state.timestamp_authorities = with(&state, coming.clone()).unwrap();
    let root = state.trusted_root().unwrap();
    let times = root.timestamp_authorities.iter().map(|it| it.valid_for);
    assert_eq!(
        times.collect::<Vec<_>>(),
        [range(20, None), range(9, None), range(0, Some(10))]
    );
    let chains = &state.timestamp_authorities;
    assert_eq!(chains.at(day(19)), Some(&chains[1]));
    assert_eq!(chains.at(day(20)), Some(&coming));
    assert_eq!(chains.at(day(8)), None);
    // Clients that take a service by its start alone must take it before the chain begins, too.
    let services = state.signing_config().tsa_urls;
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].url, "https://tsa-9.example");
    assert_eq!(services[0].valid_for, range(9, None));
}

#[test]
fn a_chain_is_added_once_and_only_after_the_newest_of_its_url() {
    let state = state();
    let coming = successor(20);
    let added = with(&state, coming.clone()).unwrap();
    let again = added.clone().with(coming.clone()).unwrap();
    assert_eq!(again, added, "twice is once");
    let moved = added.with(AuthorityState {
        valid_for: range(21, None),
        ..coming
    });
    assert!(matches!(moved, Err(Error::ChainKnown { .. })), "{moved:?}");
    for start in [9, 3] {
        let refused = with(&state, successor(start));
        assert!(
            matches!(refused, Err(Error::ChainNotNewest { .. })),
            "{refused:?}"
        );
    }
    let mut elsewhere = successor(3);
    elsewhere.url = "https://tsa.other.example".to_owned();
    with(&state, elsewhere).unwrap();
}

#[test]
fn a_chain_without_a_start_or_a_certificate_is_refused() {
    let state = state();
    let mut no_start = successor(20);
    no_start.valid_for.start = None;
    let refused = with(&state, no_start);
    assert!(matches!(refused, Err(Error::NoStart { .. })), "{refused:?}");
    let mut empty = successor(20);
    empty.chain.clear();
    let refused = with(&state, empty);
    assert!(
        matches!(refused, Err(Error::EmptyChain { .. })),
        "{refused:?}"
    );
    let mut unreadable = successor(20);
    unreadable.chain[0] = vec![1].into();
    let refused = with(&state, unreadable);
    assert!(
        matches!(refused, Err(Error::Certificate { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_chain_ends_once_within_its_time_and_is_out_of_service_then() {
    let mut state = state();
    let (before, coming) = (state.timestamp_authorities[1].clone(), successor(20));
    let chains = with(&state, coming.clone()).unwrap();
    let ended = chains.clone().with_ended(&before.chain, day(21)).unwrap();
    assert_eq!(ended[1].valid_for, range(9, Some(21)));
    assert!(!ended[1].in_service);
    let later = ended.with_ended(&before.chain, day(22));
    assert!(
        matches!(later, Err(Error::EndNotInRange { .. })),
        "{later:?}"
    );
    let too_early = chains.clone().with_ended(&before.chain, day(8));
    assert!(
        matches!(too_early, Err(Error::EndNotInRange { .. })),
        "{too_early:?}"
    );
    let unknown = chains.clone().with_ended(&[vec![1].into()], day(21));
    assert!(matches!(unknown, Err(Error::ChainUnknown)), "{unknown:?}");
    // A rotation that was undone: its chain counts for no signature, and the service is that of before.
    let undone = chains.with_ended(&coming.chain, day(20)).unwrap();
    assert_eq!(undone[2].valid_for, range(20, Some(20)));
    state.timestamp_authorities = undone.clone();
    assert_eq!(state.signing_config().tsa_urls[0].valid_for, range(9, None));
    let root = state.trusted_root().unwrap();
    let first = &root.timestamp_authorities[0];
    assert_eq!(
        first.valid_for,
        range(9, None),
        "who takes the first takes one that counts"
    );
    // The next rotation need not wait for the day on which that chain would have begun.
    let mut next = successor(15);
    next.chain.reverse();
    undone.with(next).unwrap();
}
