//! Ceremonies in which the holders sign targets too: those of now, and those that are published later.

use sigstead_ceremony::{
    Draft, Error, Partial, Proposal, TargetsBefore, Transcript, lint, sentences, tally,
};
use sigstead_trust_root::tuf::Signed;

use crate::world::{Wished, World, name, now, planned, wish};

/// The first ceremony: three people come in the place of the operator and of the key of the targets.
fn first(world: &mut World) -> Proposal {
    let versions = [planned("now", 0, &["a"]), planned("later", 90, &["a", "b"])];
    let draft = world.draft(&three().targets(world.targets_before(), &versions));
    world.proposal(draft)
}

fn three() -> Wished {
    let wish = wish().replace("operator", "alice").add("bob").add("carol");
    wish.threshold(2)
}

fn signed(world: &World, proposal: &Proposal, names: &[&str]) -> Vec<Partial> {
    let names = names.iter();
    names
        .map(|name| world.sign(proposal, name, now()))
        .collect()
}

const ALL: [&str; 4] = ["operator", "targets", "alice", "bob"];

#[test]
fn holders_take_the_targets_over_and_sign_versions_ahead() {
    let mut world = World::new();
    let proposal = first(&mut world);
    lint(&proposal, now()).unwrap();
    let people = ["operator", "alice", "bob"];
    let few = Transcript::finish(&proposal, signed(&world, &proposal, &people), now());
    assert_eq!(
        few.unwrap_err().to_string(),
        "old keys 1/1 ok; new keys 2/2 ok; old keys of the targets 0/1: targets-key still needed"
    );
    let partials = signed(&world, &proposal, &ALL);
    assert!(tally(&proposal, &partials).unwrap().is_met());
    let whole = Transcript::finish(&proposal, partials, now()).unwrap();
    let (before, next) = (&world.before.signed, &whole.root.signed);
    assert_eq!(next.roles["targets"], next.roles["root"]);
    let [of_now, ahead] = [0, 1].map(|at| &whole.targets[at]);
    of_now.verify(before).unwrap();
    of_now.verify(next).unwrap();
    ahead.verify(next).unwrap();
    ahead.verify(before).unwrap_err();
    assert_eq!([of_now.signed.version, ahead.signed.version], [2, 3]);
    let read = Transcript::parse(&whole.encode()).unwrap();
    assert_eq!(read.verify().unwrap().digest(), proposal.digest());
    let told = sentences(&proposal).join("\n");
    assert!(
        told.contains("targets 3, planned for 2027-04-15: later"),
        "{told}"
    );
}

#[test]
fn who_leaves_signs_the_targets_of_now_and_none_that_come_later() {
    let mut world = World::new();
    let proposal = first(&mut world);
    let partials = signed(&world, &proposal, &ALL);
    let finished = Transcript::finish(&proposal, partials, now()).unwrap();
    let mut world = world.after(&proposal, &finished);
    let before = TargetsBefore {
        targets: finished.targets[0].clone(),
        holders: proposal.holders().cloned().collect(),
        files: planned("now", 0, &["a"]).files,
        highest_version: 3,
    };
    let without = world.try_draft(&wish()).unwrap_err();
    assert!(
        without.to_string().contains("has none of them"),
        "{without}"
    );
    let versions = [
        planned("now", 0, &["a"]),
        planned("later", 9, &["a", "b", "c"]),
    ];
    let wish = wish().replace("alice", "dave").replace("bob", "erin");
    let draft = world.draft(&wish.targets(before, &versions));
    let proposal = world.proposal(draft);
    let all = ["alice", "bob", "dave", "erin"];
    let whole = Transcript::finish(&proposal, signed(&world, &proposal, &all), now()).unwrap();
    let versions: Vec<_> = whole.targets.iter().map(|it| it.signed.version).collect();
    assert_eq!(
        versions,
        [4, 5],
        "3 was signed before, and nobody signs another"
    );
    whole.targets[0].verify(&world.before.signed).unwrap();
    whole.targets[1].verify(&world.before.signed).unwrap_err();
    whole.targets[1].verify(&whole.root.signed).unwrap();
    whole.verify().unwrap();
}

#[test]
fn a_draft_whose_targets_do_not_add_up_is_refused() {
    let world = World::new();
    let one = [planned("now", 0, &["a"])];
    let good = world.draft(&three().targets(world.targets_before(), &one));
    let json = String::from_utf8(good.encode()).unwrap();
    let targets = &good.targets.as_ref().unwrap().versions[0].targets;
    let hash = &targets.targets["trusted_root.json"].hashes.sha256;
    for (from, to, why) in [
        (
            "\"version\": 2,",
            "\"version\": 1,",
            "do not follow one another",
        ),
        (&format!("\"{hash}\": \""), "\"00\": \"", "lacks a file"),
        (
            "\"files\": {",
            "\"files\": { \"00\": \"AA==\",",
            "that no version",
        ),
        (
            "\"what\": \"now\"",
            "\"what\": \"now\", \"a\": 1",
            "not well formed",
        ),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        let refused = Draft::parse(changed.as_bytes()).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let mut unsigned = world.targets_before();
    unsigned.targets = Signed::unsigned(unsigned.targets.signed);
    let mut nobodys = world.targets_before();
    nobodys.holders.clear();
    let good = world.targets_before();
    for (before, planned, why) in [
        (
            unsigned,
            &one[..],
            "version 1 of the targets is not one that clients take",
        ),
        (nobodys, &one[..], "who holds it"),
        (good, &[][..], "has no version"),
    ] {
        let refused = world.try_draft(&three().targets(before, planned));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn no_version_takes_back_what_one_before_it_says() {
    let mut world = World::new();
    let versions = [planned("now", 0, &["a", "b"]), planned("later", 9, &["b"])];
    let draft = world.draft(&three().targets(world.targets_before(), &versions));
    let refused = lint(&world.proposal(draft), now()).unwrap_err();
    assert!(
        matches!(refused, Error::Targets { version: 3, .. }),
        "{refused:?}"
    );
}

#[test]
fn no_part_of_what_was_signed_ahead_can_be_changed() {
    let mut world = World::new();
    let proposal = first(&mut world);
    let partials = signed(&world, &proposal, &ALL);
    let whole = Transcript::finish(&proposal, partials, now()).unwrap();
    let (mut swapped, mut fewer) = (whole.clone(), whole);
    swapped.targets.swap(0, 1);
    swapped.verify().unwrap_err();
    fewer.targets.pop();
    fewer.verify().unwrap_err();
    let part = world.sign(&proposal, "alice", now());
    for changed in crate::changes(&part.encode(), 23) {
        let parsed = Partial::parse(&changed).ok();
        let Some(partial) = parsed.filter(|it| *it != part) else {
            continue;
        };
        let mut others = signed(&world, &proposal, &["operator", "targets", "bob"]);
        others.push(partial);
        let finished = Transcript::finish(&proposal, others, now());
        assert!(finished.is_err(), "{}", String::from_utf8_lossy(&changed));
    }
}

#[test]
fn nobody_joins_with_the_key_of_the_targets() {
    let mut world = World::new();
    let versions = [planned("now", 0, &["a"])];
    let draft = world.draft(&three().targets(world.targets_before(), &versions));
    let (bob, carol) = (world.join(&draft, "bob"), world.join(&draft, "carol"));
    let theirs = world.join_with(&draft, "alice", &world.key("targets"));
    let refused = Proposal::new(draft, vec![theirs, bob, carol]).unwrap_err();
    assert!(matches!(refused, Error::Join { name: who, .. } if who == name("alice")));
}
