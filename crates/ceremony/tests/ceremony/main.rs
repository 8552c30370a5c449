//! Ceremonies from a draft to a transcript: what is taken, and what each refusal refuses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificates;
mod targets;
mod world;

use sigstead_ceremony::{Error, OnlineKeys, Partial, Proposal, Transcript, lint, sentences, tally};
use sigstead_trust_root::tuf::{Signed, Snapshot, Timestamp, TufKey};
use time::Duration;
use world::{World, name, now, proven, wish};

#[test]
fn signatures_make_the_same_root_in_any_order() {
    let mut world = World::new();
    let proposal = world.first_ceremony();
    let signed = ["operator", "alice", "carol"].map(|name| world.sign(&proposal, name, now()));
    let whole = Transcript::finish(&proposal, signed.to_vec(), now()).unwrap();
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let signatures = order.map(|at| signed[at].clone()).to_vec();
        let other = Transcript::finish(&proposal, signatures, now()).unwrap();
        assert_eq!(other, whole, "{order:?}");
    }
    whole.root.verify_successor(&world.before.signed).unwrap();
    let read = Transcript::parse(&whole.encode()).unwrap();
    assert_eq!(read.verify().unwrap().digest(), proposal.digest());
}

#[test]
fn all_holders_are_replaced_at_once_by_both_thresholds() {
    let mut world = World::new().after_first_ceremony();
    let draft = world.draft(
        &wish()
            .replace("alice", "dave")
            .replace("bob", "erin")
            .replace("carol", "frank"),
    );
    let proposal = world.proposal(draft);
    let new = ["dave", "frank"].map(|name| world.sign(&proposal, name, now()));
    let few = Transcript::finish(&proposal, new.to_vec(), now()).unwrap_err();
    assert_eq!(
        few.to_string(),
        "old keys 0/2: alice or bob or carol still needed; new keys 2/2 ok"
    );
    let old = ["alice", "bob"].map(|name| world.sign(&proposal, name, now()));
    let few = Transcript::finish(&proposal, old.to_vec(), now()).unwrap_err();
    assert!(few.to_string().starts_with("old keys 2/2 ok; new keys 0/2"));
    let enough = [new.to_vec(), old.to_vec()].concat();
    let finished = Transcript::finish(&proposal, enough, now()).unwrap();
    finished
        .root
        .verify_successor(&world.before.signed)
        .unwrap();
    finished.verify().unwrap();
}

#[test]
fn sentences_say_who_comes_and_goes_and_how_many_sign() {
    let mut world = World::new().after_first_ceremony();
    let draft = world.draft(&wish().replace("carol", "dave").threshold(3));
    let told = sentences(&world.proposal(draft)).join("\n");
    for part in [
        "instance test: root 2 becomes root 3; draft 1 of",
        "signed by 3 of 3 from now on (was 2 of 3)",
        "leaves: carol with key ",
        "joins: dave with key ",
        "stays: alice with key ",
        "stays: bob with key ",
        "unchanged: the keys of snapshot, targets, timestamp",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn the_service_gets_other_keys_by_a_root_that_people_sign() {
    let mut world = World::new().after_first_ceremony();
    let online = world.online(&world.ceremony());
    let (snapshot, timestamp) = (online.snapshot.key.id(), online.timestamp.key.id());
    let draft = world.draft(&wish().online(online));
    let proposal = world.proposal(draft);
    let told = sentences(&proposal).join("\n");
    let short = &snapshot.to_string()[..8];
    assert!(
        told.contains(&format!("snapshot: key {short} from now on (was ")),
        "{told}"
    );
    assert!(told.ends_with("unchanged: the keys of targets"), "{told}");
    let signed = ["alice", "carol"].map(|name| world.sign(&proposal, name, now()));
    let finished = Transcript::finish(&proposal, signed.to_vec(), now()).unwrap();
    finished
        .root
        .verify_successor(&world.before.signed)
        .unwrap();
    let roles = &finished.root.signed.roles;
    assert_eq!(roles["snapshot"].keyids, [snapshot]);
    assert_eq!(roles["timestamp"].keyids, [timestamp]);
    assert_eq!(finished.root.signed.keys.len(), 6, "the old ones are gone");
    let read = Transcript::parse(&finished.encode()).unwrap();
    read.verify().unwrap();
}

#[test]
fn a_key_of_the_service_is_proven_for_its_role_and_new() {
    let mut world = World::new().after_first_ceremony();
    let ceremony = world.ceremony();
    let elsewhere = world.online("elsewhere");
    let good = world.online(&ceremony);
    let swapped = OnlineKeys {
        snapshot: good.timestamp.clone(),
        timestamp: good.snapshot.clone(),
    };
    for keys in [elsewhere, swapped] {
        let refused = world.try_draft(&wish().online(keys)).unwrap_err();
        assert!(refused.to_string().contains("is not proven"), "{refused}");
    }
    let of_targets = OnlineKeys {
        timestamp: proven::<Timestamp>(&ceremony, &world.key("targets")),
        ..good.clone()
    };
    let one_for_both = OnlineKeys {
        timestamp: proven::<Timestamp>(&ceremony, &world.key("next snapshot")),
        snapshot: proven::<Snapshot>(&ceremony, &world.key("next snapshot")),
    };
    for keys in [of_targets, one_for_both] {
        let draft = world.draft(&wish().online(keys));
        let refused = Proposal::new(draft, Vec::new()).unwrap_err();
        assert!(
            refused.to_string().contains("has a role already"),
            "{refused}"
        );
    }
    let draft = world.draft(&wish().online(good).replace("carol", "dave"));
    let of_service = world.join_with(&draft, "dave", &world.key("next snapshot"));
    let refused = Proposal::new(draft, vec![of_service]).unwrap_err();
    assert!(matches!(refused, Error::Join { .. }), "{refused:?}");
}

#[test]
fn a_holder_gets_a_new_key_under_her_name_and_signs_with_both() {
    let mut world = World::new().after_first_ceremony();
    let old = world.key("alice");
    let draft = world.draft(&wish().replace("alice", "alice"));
    let proposal = world.proposal(draft);
    let with_old = world.sign_with(&proposal, &old, now());
    let with_new = world.sign(&proposal, "alice", now());
    assert_ne!(with_old.file_stem(), with_new.file_stem());
    let signed = tally(&proposal, &[with_old.clone(), with_new.clone()]).unwrap();
    assert_eq!(
        (signed.before.signed.len(), signed.next.signed.len()),
        (1, 1)
    );
    let bob = world.sign(&proposal, "bob", now());
    Transcript::finish(&proposal, vec![with_old, with_new, bob], now()).unwrap();
}

#[test]
fn a_draft_that_asks_for_what_cannot_be_is_refused() {
    let world = World::new();
    for (wish, why) in [
        (wish().remove("nobody"), "nobody holds no key of root 1"),
        (wish().add("operator"), "have one name"),
        (wish().add("alice").add("alice"), "have one name"),
    ] {
        let refused = world.try_draft(&wish).unwrap_err();
        assert!(matches!(refused, Error::Draft(_)), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
    }
}

#[test]
fn a_draft_that_breaks_a_rule_is_not_rehearsed() {
    for (wish, why) in [
        (wish().add("alice"), "one person alone"),
        (wish().add("alice").threshold(3), "3 must sign"),
        (wish().add("alice").threshold(2).days(20), "ends before"),
        (wish().add("alice").threshold(2).days(1200), "three years"),
    ] {
        let mut world = World::new();
        let draft = world.draft(&wish);
        let proposal = world.proposal(draft);
        let refused = lint(&proposal, now()).unwrap_err();
        assert!(matches!(refused, Error::Rule(_)), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
        let signed = ["operator", "alice"].map(|name| world.sign(&proposal, name, now()));
        assert!(Transcript::finish(&proposal, signed.to_vec(), now()).is_err());
    }
    let mut world = World::new();
    let all = world.draft(&wish().replace("operator", "alice").add("bob").threshold(2));
    let warnings = lint(&world.proposal(all), now()).unwrap();
    assert!(
        warnings[0].contains("every holder must sign"),
        "{warnings:?}"
    );
}

/// TAP 21, in the form in which a root would name it.
#[test]
fn a_root_that_names_a_key_of_ml_dsa_is_not_signed() {
    let mut world = World::new();
    let key: TufKey = serde_json::from_value(serde_json::json!({
        "keytype": "ml-dsa", "scheme": "ml-dsa-44/1", "keyval": {"public": "of no client"},
    }))
    .unwrap();
    world.before_names("snapshot", &key);
    let all = world.draft(&wish().replace("operator", "alice").add("bob").threshold(2));
    let refused = lint(&world.proposal(all), now()).unwrap_err();
    assert!(matches!(refused, Error::Rule(_)), "{refused:?}");
    let named = format!("clients do not check the key {}", key.id());
    assert!(refused.to_string().contains(&named), "{refused}");
}

#[test]
fn who_joins_is_invited_to_this_ceremony_and_has_the_key() {
    let mut world = World::new();
    let draft = world.draft(&wish().add("alice").add("bob").threshold(2));
    let (alice, bob) = (world.join(&draft, "alice"), world.join(&draft, "bob"));
    let refused = Proposal::new(draft.clone(), vec![alice.clone()]).unwrap_err();
    assert!(matches!(refused, Error::NotJoined(names) if names == [name("bob")]));
    Proposal::new(draft.clone(), vec![bob.clone(), alice.clone()]).unwrap();
    let mut other = World::new();
    let elsewhere = other.draft(&wish().add("alice").add("bob").threshold(2));
    let stranger = other.join(&elsewhere, "bob");
    let key = other.key("bob").public_key().clone();
    let mut not_hers = bob.clone();
    not_hers.statement.holder.key = TufKey::new(&key).unwrap();
    let mut uninvited = bob;
    uninvited.statement.holder.name = name("mallory");
    let targets = world.join_with(&draft, "bob", &world.key("targets"));
    let twice = world.join_with(&draft, "bob", &world.key("alice"));
    for (join, why) in [
        (stranger, "another ceremony"),
        (not_hers, "does not prove"),
        (uninvited, "does not invite"),
        (targets, "another role or holder has"),
        (twice, "another role or holder has"),
    ] {
        let refused = Proposal::new(draft.clone(), vec![alice.clone(), join]).unwrap_err();
        assert!(matches!(refused, Error::Join { .. }), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
    }
}

#[test]
fn nobody_signs_with_a_wrong_key_or_clock() {
    let mut world = World::new().after_first_ceremony();
    let draft = world.draft(&wish().replace("carol", "dave"));
    let proposal = world.proposal(draft);
    let day = Duration::days(1);
    let stranger = sigstead_signer::ephemeral(sigstead_key::Algorithm::EcdsaP256Sha256).unwrap();
    let refused = world.try_sign(&proposal, &stranger, now()).unwrap_err();
    assert!(matches!(refused, Error::NotAHolder { .. }), "{refused:?}");
    let alice = world.key("alice");
    for at in [now() - day, now() - Duration::hours(2)] {
        let refused = world.try_sign(&proposal, &alice, at).unwrap_err();
        assert!(matches!(refused, Error::Clock { .. }), "{refused:?}");
    }
    world
        .try_sign(&proposal, &alice, now() - Duration::minutes(50))
        .unwrap();
    let refused = world
        .try_sign(&proposal, &alice, now() + 31 * day)
        .unwrap_err();
    assert!(matches!(refused, Error::TooLate { .. }), "{refused:?}");
    // A clock that is ahead shows once the signature comes to one that is not.
    let ahead = world.sign(&proposal, "alice", now() + day);
    let refused = Transcript::finish(&proposal, vec![ahead], now()).unwrap_err();
    assert!(matches!(refused, Error::Clock { .. }), "{refused:?}");
    let until = Some(now() + 2 * day);
    let dave = world.join_until(proposal.draft(), "dave", until);
    let proposal = Proposal::new(proposal.draft().clone(), vec![dave]).unwrap();
    let key = world.key("dave");
    world.try_sign(&proposal, &key, now() + day).unwrap();
    let refused = world
        .try_sign(&proposal, &key, now() + 2 * day)
        .unwrap_err();
    assert!(matches!(refused, Error::KeyEnded { .. }), "{refused:?}");
}

#[test]
fn a_signature_over_another_draft_does_not_count_and_does_no_harm() {
    let mut world = World::new().after_first_ceremony();
    let draft = world.draft(&wish());
    let mut next = draft.clone();
    next.number += 1;
    let (first, second) = (world.proposal(draft), world.proposal(next));
    let old = world.sign(&first, "carol", now());
    let alice = world.sign(&second, "alice", now());
    let refused = Transcript::finish(&second, vec![old.clone(), alice.clone()], now());
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the signature by carol is over draft 1 in other words, and the medium has draft 2"
    );
    let bob = world.sign(&second, "bob", now());
    let finished = Transcript::finish(&second, vec![old, alice, bob], now()).unwrap();
    assert_eq!(finished.signatures().len(), 2);
}

#[test]
fn no_byte_of_a_signature_or_a_transcript_can_be_changed() {
    let mut world = World::new();
    let proposal = world.first_ceremony();
    let signed = ["operator", "alice", "carol"].map(|name| world.sign(&proposal, name, now()));
    let file = signed[1].encode();
    for changed in changes(&file, 5) {
        // A byte may change that says nothing, such as the one between a date and its time.
        let Some(partial) = Partial::parse(&changed).ok().filter(|it| *it != signed[1]) else {
            continue;
        };
        let signatures = vec![signed[0].clone(), partial, signed[2].clone()];
        let refused = Transcript::finish(&proposal, signatures, now());
        assert!(refused.is_err(), "{}", String::from_utf8_lossy(&changed));
    }
    let whole = Transcript::finish(&proposal, signed.to_vec(), now()).unwrap();
    for changed in changes(&whole.encode(), 61) {
        let parsed = Transcript::parse(&changed).ok();
        let Some(transcript) = parsed.filter(|it| *it != whole) else {
            continue;
        };
        assert!(
            transcript.verify().is_err(),
            "{}",
            String::from_utf8_lossy(&changed)
        );
    }
    let mut other = whole;
    other.root = Signed::unsigned(proposal.next().clone());
    assert!(matches!(other.verify(), Err(Error::Transcript(_))));
}

/// A file with one letter or digit changed, for each `step`th of them.
fn changes(file: &[u8], step: usize) -> impl Iterator<Item = Vec<u8>> + '_ {
    let letters = file.iter().enumerate();
    let letters = letters.filter(|(_, byte)| byte.is_ascii_alphanumeric());
    letters.step_by(step).map(|(at, byte)| {
        let mut changed = file.to_vec();
        changed[at] = match byte {
            b'9' | b'f' | b'z' | b'Z' => byte - 1,
            _ => byte + 1,
        };
        changed
    })
}
