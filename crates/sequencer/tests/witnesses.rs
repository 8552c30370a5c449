//! A log whose heads are cosigned: nothing is published that its policy does not let through, and a witness that has seen
//! more stops an old copy.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod witness_world;
mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use sigstead_sequencer::{Error, Log, LogParts, WithoutQuorum};
use witness_world::Network;
use world::{Text, World, add, eventually, reason};

async fn open(world: &World, network: &Network, without_quorum: WithoutQuorum) -> Log {
    let cosigning = Some(network.cosigning(without_quorum));
    let parts = LogParts {
        cosigning,
        ..world.parts()
    };
    Log::open(world.config.clone(), parts).await.unwrap()
}

fn note(log: &Log) -> String {
    String::from_utf8(log.published().note.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_carry_the_cosignatures_of_a_quorum() {
    let (world, network) = (World::new(), Network::new(3));
    let log = open(&world, &network, WithoutQuorum::Wait).await;
    for number in 0..20 {
        let included = add(&log, &format!("entry {number}")).await.unwrap();
        let note = &included.checkpoint.note;
        assert!(network.count_valid(note) >= 2, "{number}");
        assert_eq!(log.health().cosigned_size, number + 1);
    }
    assert!(note(&log).starts_with("log.example.org\n20\n"));
    assert_eq!(world.audit(&log).await.unwrap().head.size, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_that_waits_answers_nothing_until_enough_witnesses_are_back() {
    let (world, network) = (World::new(), Network::new(3));
    let log = open(&world, &network, WithoutQuorum::Wait).await;
    add(&log, "before").await.unwrap();
    network.cut(["w0", "w1"]);
    let waiting = log.clone();
    let waiting = tokio::spawn(async move { add(&waiting, "waits").await });
    eventually("asking", || network.refused() >= 4).await;
    assert_eq!(log.published().head.size, 1);
    assert!(!waiting.is_finished());
    let hindered = log.health().hindered.unwrap();
    for part in ["too few witnesses cosign", "w0: ", "w1: "] {
        assert!(hindered.contains(part), "{part}: {hindered}");
    }
    network.cut([]);
    let included = waiting.await.unwrap().unwrap();
    assert!(network.count_valid(&included.checkpoint.note) >= 2);
    assert_eq!(log.health().hindered, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_unpublished_entry_is_published_after_a_restart_once_it_is_cosigned() {
    let (world, network) = (World::new(), Network::new(2));
    let log = open(&world, &network, WithoutQuorum::Wait).await;
    network.cut(["w0"]);
    let waiting = log.clone();
    let waiting = tokio::spawn(async move { waiting.add(Text::boxed("a")).await });
    eventually("asking", || network.refused() > 0).await;
    log.shutdown().await;
    assert!(matches!(
        waiting.await.unwrap(),
        Err(Error::ReadOnly { .. })
    ));

    let log = open(&world, &network, WithoutQuorum::Wait).await;
    let again = log.clone();
    let again = tokio::spawn(async move { add(&again, "a").await });
    let before = network.refused();
    eventually("asking", || network.refused() > before + 1).await;
    assert!(!again.is_finished(), "answered without a quorum");
    network.cut([]);
    let included = again.await.unwrap().unwrap();
    assert!(included.is_duplicate);
    assert_eq!(network.count_valid(&included.checkpoint.note), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_that_does_not_wait_publishes_without_its_witnesses_and_leaves_them_alone() {
    let (world, network) = (World::new(), Network::new(2));
    let log = open(&world, &network, WithoutQuorum::Publish).await;
    network.cut(["w0", "w1"]);
    for number in 0..10 {
        let included = add(&log, &format!("entry {number}")).await.unwrap();
        assert_eq!(network.count_valid(&included.checkpoint.note), 0);
    }
    assert!(network.refused() < 2 * 10, "asked for each head");
    assert_eq!(log.health().cosigned_size, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_old_copy_is_given_away_by_a_witness_even_without_an_anchor() {
    let (world, network) = (World::new(), Network::new(3));
    let log = open(&world, &network, WithoutQuorum::Publish).await;
    add(&log, "a").await.unwrap();
    let mut old = world.copy();
    old.anchor = sigstead_sequencer::MemoryAnchor::new();
    old.config.adopts_missing_anchor = true;
    add(&log, "b").await.unwrap();
    log.shutdown().await;
    let log = open(&old, &network, WithoutQuorum::Publish).await;
    eventually("the alarm", || log.health().read_only.is_some()).await;
    assert!(reason(&log).contains("old copy"), "{}", reason(&log));
    assert!(add(&log, "fork").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fork_is_given_away_by_a_witness() {
    let (world, network) = (World::new(), Network::new(2));
    let log = open(&world, &network, WithoutQuorum::Publish).await;
    add(&log, "a").await.unwrap();
    let mut fork = world.copy();
    fork.anchor = sigstead_sequencer::MemoryAnchor::new();
    fork.config.adopts_missing_anchor = true;
    let fork = open(&fork, &network, WithoutQuorum::Publish).await;
    eventually("a head", || fork.health().cosigned_size == 1).await;
    add(&log, "b").await.unwrap();
    let refused = add(&fork, "another b").await;
    assert!(
        matches!(refused, Err(Error::ReadOnly { .. })),
        "{refused:?}"
    );
    assert!(reason(&fork).contains("witness w"), "{}", reason(&fork));
    add(&log, "c").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_head_of_a_log_is_cosigned_and_served_after_a_restart_without_witnesses() {
    let (world, network) = (World::new(), Network::new(2));
    let log = open(&world, &network, WithoutQuorum::Wait).await;
    add(&log, "a").await.unwrap();
    let last = log.freeze().await.unwrap();
    assert_eq!(network.count_valid(&last.note), 2);
    log.shutdown().await;
    network.cut(["w0", "w1"]);
    let log = open(&world, &network, WithoutQuorum::Wait).await;
    assert!(log.is_frozen());
    assert_eq!(log.published().head, last.head);
    tokio::time::timeout(Duration::from_secs(60), log.shutdown())
        .await
        .unwrap();
    assert!(world.clock.load(Ordering::Relaxed) > 0);
}
