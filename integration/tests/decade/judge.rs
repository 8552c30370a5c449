//! What must be so when the years are over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sigstead_integration::{run, sigctl, walk_from};
use sigstead_trust_root::tuf::{Root, Signed};

use crate::calendar::{Act, CALENDAR};
use crate::corpus::Corpus;
use crate::load::{Load, Signer};
use crate::operator::Operator;
use crate::world::World;

pub(crate) fn judge(world: &World, load: &Load, operator: &Operator<'_>, lived: Duration) {
    let instance = &world.instance;
    let void = operator.void.as_ref();
    tell(operator, lived);
    no_request_failed(load, operator);
    all_was_done(world, operator);
    let signed = load.signed.lock().unwrap().clone();
    let corpus = Corpus::of(signed, void);
    each_month_has_a_signature(world, load, &corpus, operator);
    clients_walk(world);
    let verifying = Instant::now();
    let clients = corpus.verify(instance);
    corpus.refuse(instance);
    eprintln!(
        "{} bundles verify with {clients:?}, {} of an emergency are refused, {} are at its edges; {} s",
        corpus.counts.len(),
        corpus.void.len(),
        corpus.unclear.len(),
        verifying.elapsed().as_secs()
    );
    for medium in operator.office.media() {
        let mut verify = sigctl();
        run(verify.args(["ceremony", "verify"]).arg(medium)).unwrap();
    }
    run(sigctl().args(["log", "check"]).arg(instance.directory())).unwrap();
    let mut history = sigctl();
    history.args(["trust", "verify-history"]);
    let history = history.arg(instance.directory()).output().unwrap();
    // Where a key was in other hands, nothing counts for a time: that is a warning.
    let expected = if void.is_some() { 3 } else { 0 };
    assert_eq!(history.status.code(), Some(expected), "{history:?}");
}

/// Clients that slept since the first root come to the newest.
fn clients_walk(world: &World) {
    let instance = &world.instance;
    // The years are over, and what was published in them ends.
    let mut publish = sigctl();
    publish.args(["trust", "publish", "--valid-for", "10m"]);
    run(publish.arg(instance.directory())).unwrap();
    walk_from(instance, &world.first_root).unwrap();
    let newest = std::fs::read(instance.kit("root.json")).unwrap();
    let newest = Signed::<Root>::parse(&newest).unwrap().signed.version;
    eprintln!("clients of root 1 walk to root {newest}");
    assert!(newest <= FEWEST_STEPS, "some client walks no further");
}

/// Prints what the decade cost.
fn tell(operator: &Operator<'_>, lived: Duration) {
    let mut costs: BTreeMap<&str, (u32, Duration, u32)> = BTreeMap::new();
    for done in &operator.done {
        let (count, took, late) = costs.entry(&done.act).or_default();
        *count += 1;
        *took += done.took;
        *late = (*late).max(done.begun - done.due);
    }
    for (act, (count, took, late)) in costs {
        let seconds = took.as_secs_f32();
        eprintln!("{count:>3} x {act}: {seconds:.1} s of commands, begun up to {late} months late");
    }
    eprintln!("the years took {} s", lived.as_secs());
}

/// But for those that meet an emergency: what is signed then counts for nobody, and `sigctl sign` says so.
fn no_request_failed(load: &Load, operator: &Operator<'_>) {
    let failed = load.failed.lock().unwrap();
    let is_meant = |times| {
        operator
            .void
            .as_ref()
            .is_some_and(|void| void.touches(times))
    };
    let (meant, others): (Vec<_>, Vec<_>) = failed
        .iter()
        .partition(|failed| is_meant((failed.begun, failed.ended)));
    let answers = load.answers.load(Ordering::Relaxed);
    let signed = load.signed.lock().unwrap().len();
    eprintln!(
        "{answers} answers, {signed} signatures, {} failed, {} refused in an emergency",
        others.len(),
        meant.len()
    );
    let others = others
        .iter()
        .map(|failed| format!("month {}: {}", failed.month, failed.why));
    let others: Vec<String> = others.collect();
    assert!(others.is_empty(), "{}", others.join("\n"));
    assert!(answers > 0);
}

fn all_was_done(world: &World, operator: &Operator<'_>) {
    let due = CALENDAR
        .iter()
        .filter(|(month, _)| *month < world.last_month());
    // An emergency ends with a rotation of its own.
    let expected: usize = due
        .map(|(_, act)| 1 + usize::from(matches!(act, Act::Emergency(_))))
        .sum();
    assert_eq!(operator.done.len(), expected);
}

/// In each month in which the instance was awake and a key was not in other hands.
fn each_month_has_a_signature(
    world: &World,
    load: &Load,
    corpus: &Corpus,
    operator: &Operator<'_>,
) {
    for by in Signer::ALL.into_iter().filter(|by| by.program().is_some()) {
        let of_it = corpus.counts.iter().filter(|signed| signed.by == by);
        let months: BTreeSet<u32> = of_it.map(|signed| signed.month).collect();
        eprintln!("{by:?} signed in {} months", months.len());
    }
    let months: BTreeSet<u32> = corpus.counts.iter().map(|signed| signed.month).collect();
    let is_asleep = |month: &u32| {
        let mut sleeps = operator.slept.iter();
        sleeps.any(|slept| slept.contains(month))
    };
    let failed = load.failed.lock().unwrap();
    // Those that were not meant have ended the test before.
    let refused = failed.iter().map(|failed| failed.month);
    let void = corpus.void.iter().chain(&corpus.unclear);
    let void = void.map(|signed| signed.month);
    let void: BTreeSet<u32> = refused.chain(void).collect();
    let missing: Vec<u32> = (0..world.last_month())
        .filter(|month| !months.contains(month) && !is_asleep(month) && !void.contains(month))
        .collect();
    assert!(missing.is_empty(), "no signature of the months {missing:?}");
}

/// How far python-tuf and tuf-js walk in one go.
const FEWEST_STEPS: u64 = 32;
