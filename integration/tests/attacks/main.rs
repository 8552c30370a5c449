//! What strangers can do to a running instance, beside a client that signs all the time: none of its requests fails, no
//! service ends, and none takes more memory than it should.
//!
//! One file per attack, one world for all; `certificate.rs` and `filling.rs` make what some of them send and ask for. An
//! attack is bounded in count and ends when the services have ended what it began, so that what is never ended is seen as a
//! test that does not end in time. All of them run at once: that is how an instance meets them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod amplification;
mod bundles;
mod certificate;
mod connections;
mod entries;
mod extensions;
mod filling;
mod health;
mod logins;
mod messages;
mod slow;
mod unread;
mod world;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use world::World;

#[test]
fn strangers_do_not_disturb_a_client_that_signs() {
    let world = World::start("attacked");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let target = world.target();
    runtime.block_on(filling::fill_the_bundles(target));
    let quiet = world.sign_for(Duration::from_secs(5));
    let attacked = world.sign_while(|| runtime.block_on(attack(target)));
    runtime.shutdown_background();
    println!("signing in quiet: {quiet}");
    println!("under attack:     {attacked}");
    println!("most memory under attack: {:?} kB", world.most_memory());
    world.check_memory();
    world.check_alive();
}

async fn attack(target: &'static world::Target) {
    let mut attacks = JoinSet::new();
    let mut open = BTreeSet::new();
    let mut begin = |name, attack: Pin<Box<dyn Future<Output = ()> + Send>>| {
        open.insert(name);
        attacks.spawn(async move {
            attack.await;
            name
        });
    };
    begin("messages", Box::pin(messages::attack(target)));
    begin("unread", Box::pin(unread::attack(target)));
    begin("bundles", Box::pin(bundles::attack(target)));
    begin("entries", Box::pin(entries::attack(target)));
    begin("extensions", Box::pin(extensions::attack(target)));
    begin("amplification", Box::pin(amplification::attack(target)));
    begin("slow", Box::pin(slow::attack(target)));
    begin("health", Box::pin(health::attack(target)));
    begin("logins", Box::pin(logins::attack(target)));
    begin("connections", Box::pin(connections::attack(target)));
    let started = Instant::now();
    let all = async {
        while let Some(ended) = attacks.join_next().await {
            let name = ended.unwrap();
            open.remove(name);
            println!("{name} ended after {} s", started.elapsed().as_secs());
        }
    };
    let ended = tokio::time::timeout(LONGEST, all).await;
    assert!(
        ended.is_ok(),
        "the services do not end what was begun by {open:?}"
    );
}

/// Far longer than any budget of time.
const LONGEST: Duration = Duration::from_secs(600);
