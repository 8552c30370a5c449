//! Each call to the file system fails once, or ends the process, in turn.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sigstead_integration::wait_for;

use crate::clients::Answer;
use crate::server::{Server, Start};
use crate::strace::{CALLS, Calls, FAULTS, Injection, faulted, was_tampered_with, watched};
use crate::tools::{Chance, is_soak, program};
use crate::world::World;

/// Entries of one run; in a log that has [`BEFORE`] and its own first entry, they fill the first tile.
const ENTRIES: usize = 4;
const BEFORE: usize = 253;

/// Of the calls of one kind, so many fail in CI. The soak takes all.
const SAMPLE: usize = 3;

#[test]
fn no_failing_call_in_a_new_log_loses_what_was_acknowledged() {
    sweep("calls of a new log", &[], World::new);
}

#[test]
fn no_failing_call_while_a_tile_becomes_full_loses_what_was_acknowledged() {
    let before = World::new();
    let server = before.start_ready();
    let answers = before.send_many(BEFORE);
    assert!(answers.iter().all(|answer| *answer == Answer::Acknowledged));
    server.stop();
    sweep("calls of a full tile", &TILES, || World::copy_of(&before));
}

/// Finds out which calls there are, then has them fail one after the other, each in a log of its own.
fn sweep(name: &str, files: &[&str], world: impl Fn() -> World + Sync) {
    if program("strace").is_none() {
        return;
    }
    let mut chance = Chance::new(name);
    let calls = trial(&world(), files);
    println!("{name}: {:?}", calls.most);
    let mut plan = Vec::new();
    for call in CALLS {
        let most = calls.most.get(call.0).copied().unwrap_or(0);
        for fault in FAULTS {
            for when in sample(&mut chance, most) {
                plan.push(Injection { call, fault, when });
            }
        }
    }
    let planned = plan.len();
    let (plan, tally) = (Mutex::new(plan), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(injection) = next(&plan) {
            let world = world();
            let count = run(&world, injection, &calls, files);
            *tally
                .lock()
                .unwrap()
                .entry((injection.call.0, injection.fault))
                .or_insert(0) += count;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let tally = tally.into_inner().unwrap();
    let injected: usize = tally.values().sum();
    println!("{name}: {injected} of {planned} faults injected, {tally:?}");
    let idle: Vec<_> = tally.iter().filter(|(_, count)| **count == 0).collect();
    assert!(idle.is_empty(), "never injected: {idle:?}");
}

fn next(plan: &Mutex<Vec<Injection>>) -> Option<Injection> {
    plan.lock().unwrap().pop()
}

/// The calls of a run without fault.
fn trial(world: &World, files: &[&str]) -> Calls {
    let mut server = watched(world);
    server.ready(world);
    append(world, &mut server, files);
    let pid = server.pid();
    server.kill();
    Calls::read(world, pid)
}

/// The first call, and a share of the others.
fn sample(chance: &mut Chance, most: usize) -> Vec<usize> {
    if most <= SAMPLE || is_soak() {
        return (1..=most).collect();
    }
    let rest = most as u64 + 1;
    let mut sample = vec![1];
    sample.extend((1..SAMPLE).map(|_| chance.within(2..rest) as usize));
    sample
}

/// A run with a fault, then one without.
fn run(world: &World, injection: Injection, calls: &Calls, files: &[&str]) -> usize {
    let mut server = faulted(world, injection, &calls.files);
    let _ = server.started(world);
    append(world, &mut server, files);
    let printed = server.printed();
    let was_killed = injection.fault.starts_with("signal") && is_gone(world, &mut server);
    server.kill();
    let count = usize::from(was_killed || was_tampered_with(world));
    let mut server = world.start();
    let start = server.started(world);
    assert!(
        matches!(start, Start::Ready),
        "after {injection}: {start:?}\nbefore that: {printed}"
    );
    let answer = world.send();
    assert_eq!(answer, Answer::Acknowledged, "after {injection}");
    if let Err(error) = world.verdict() {
        panic!("after {injection}: {error:#}");
    }
    server.kill();
    count
}

/// Whether somebody has killed the service; its end is told a moment after it answers no more.
fn is_gone(world: &World, server: &mut Server) -> bool {
    let is_silent = matches!(server.state(world), None | Some(Start::Ended(_)));
    is_silent && wait_for("the end of a killed service", || server.has_ended()).is_ok()
}

/// One entry after the other, so that each is a round; what is refused is not sent again. Then the service has time for
/// the files that it writes after its answers, if it comes to that.
fn append(world: &World, server: &mut Server, files: &[&str]) {
    for _ in 0..ENTRIES {
        world.send();
    }
    let _ = wait_for("the files", || {
        files.iter().all(|file| world.data().join(file).exists())
            || server.printed().contains("wait for cold storage")
            || !matches!(server.state(world), Some(Start::Ready))
    });
}

/// What is written when the first tile is full.
const TILES: [&str; 2] = ["tiles/tile/0/000", "tiles/tile/entries/000"];
