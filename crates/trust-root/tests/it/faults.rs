//! What strict clients refuse, planted one by one.

use sigstead_trust_root::{Fault, SigningConfig, TrustState, TrustedRoot, faults};

use crate::world::{day, state};

/// A fault that is planted, and what is said of it.
type Planted = (fn(&mut TrustedRoot, &mut SigningConfig), &'static str);

const PLANTED: &[Planted] = &[
    (
        |root, _| {
            let stamping = root.timestamp_authorities[0].cert_chain.clone();
            root.certificate_authorities[0].cert_chain = stamping;
        },
        "the chain of https://ca-9.example: certificate 1 is not an authority's",
    ),
    (
        |root, _| {
            let issuing = root.certificate_authorities[0].cert_chain.clone();
            root.timestamp_authorities[0].cert_chain = issuing;
        },
        "its first certificate is not for time stamping alone, critically",
    ),
    (
        |root, _| {
            let other = root.certificate_authorities[1].cert_chain.certificates[0].clone();
            root.certificate_authorities[0].cert_chain.certificates[0] = other;
        },
        "certificate 1 is not of the one after it",
    ),
    (
        |root, _| {
            root.certificate_authorities[0]
                .cert_chain
                .certificates
                .clear()
        },
        "is empty",
    ),
    (
        |root, _| root.ctlogs[0].log_id.key_id = vec![7; 32].into(),
        "the log https://ctfe-9.example has the ID 0707",
    ),
    (
        |root, _| root.tlogs[1].public_key.valid_for.end = Some(day(8)),
        "nothing of the logs of Rekor v1 counts between 2023-11-22T22:13:20Z and 2023-11-23T22:13:20Z",
    ),
    (
        |root, _| {
            let (older, newer) = (day(3), day(5));
            let [next, first] = root.certificate_authorities.as_mut_slice() else {
                return;
            };
            first.uri.clone_from(&next.uri);
            first.valid_for.end = Some(older);
            next.valid_for.start = Some(newer);
        },
        "nothing of https://ca-9.example counts between",
    ),
    (
        |_, config| config.ca_urls[0].url.push('x'),
        "names https://ca-9.examplex, and no chain of the trusted root is of it",
    ),
    (
        |root, _| root.timestamp_authorities[0].valid_for.end = Some(day(19)),
        "names https://tsa-9.example, and no chain of it counts",
    ),
    (
        |_, config| config.rekor_tlog_urls[0].url.push('x'),
        "and no log of the trusted root is dialled so",
    ),
    (
        |_, config| config.rekor_tlog_urls[0].major_api_version = 1,
        "and no log of the trusted root is dialled so",
    ),
    (
        |root, _| root.tlogs[2].public_key.valid_for.end = Some(day(19)),
        "names https://tiles-9.example, and no log of it counts",
    ),
];

fn found(
    state: &TrustState,
    plant: impl FnOnce(&mut TrustedRoot, &mut SigningConfig),
) -> Vec<Fault> {
    let (mut root, mut config) = (state.trusted_root().unwrap(), state.signing_config());
    plant(&mut root, &mut config);
    faults(&root, &config, &state.signature_logs, day(20))
}

#[test]
fn what_the_generator_writes_has_no_fault() {
    assert_eq!(found(&state(), |_, _| ()), []);
}

#[test]
fn a_fault_that_is_planted_is_the_one_that_is_named() {
    let state = state();
    for (plant, said) in PLANTED {
        let found = found(&state, plant);
        let [fault] = found.as_slice() else {
            panic!("{said}: {found:?}");
        };
        assert!(fault.to_string().contains(said), "{said}: {fault}");
    }
}

#[test]
fn what_was_taken_back_leaves_no_hole() {
    let found = found(&state(), |root, _| {
        let mut withdrawn = root.tlogs[0].clone();
        withdrawn.public_key.valid_for.start = Some(day(30));
        withdrawn.public_key.valid_for.end = Some(day(30));
        root.tlogs[0].public_key.valid_for.end = Some(day(25));
        root.tlogs.push(withdrawn);
    });
    assert_eq!(found, []);
}

#[test]
fn what_follows_an_end_that_is_published_and_past_may_leave_a_hole() {
    let state = state();
    let mut published = state.trusted_root().unwrap();
    let holes = found(&state, |root, _| {
        root.tlogs[1].public_key.valid_for.end = Some(day(8));
    });
    let [hole] = holes.as_slice() else {
        panic!("{holes:?}");
    };
    assert!(!hole.is_left_by(&published, day(20)), "nobody was told yet");
    published.tlogs[1].public_key.valid_for.end = Some(day(8));
    assert!(hole.is_left_by(&published, day(20)));
    assert!(!hole.is_left_by(&published, day(7)), "it can be filled yet");
}
