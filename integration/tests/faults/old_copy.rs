//! The operator restores an old copy of the store, with clients who know better.

use crate::clients::Answer;
use crate::server::Start;
use crate::world::{World, copy};

#[test]
fn an_old_copy_of_the_store_takes_no_entries_and_the_newest_goes_on() {
    let world = World::new();
    let server = world.start_ready();
    assert!(world.send_many(300).contains(&Answer::Acknowledged));
    server.stop();
    let (old, new) = (world.folder().join("old"), world.folder().join("new"));
    copy(world.data(), &old);
    let server = world.start_ready();
    assert!(world.send_many(300).contains(&Answer::Acknowledged));
    server.kill();
    sigstead_durable::rename(world.data(), &new).unwrap();
    copy(&old, world.data());

    let before = world.acknowledged();
    let mut server = world.start();
    let load = world.load(4);
    let start = server.started(&world);
    let Start::ReadOnly(reasons) = start else {
        panic!("an old copy was not noticed: {start:?}");
    };
    for word in ["behind its anchor", "restore the latest"] {
        assert!(reasons.contains(word), "{reasons}");
    }
    let refused = Answer::Refused {
        status: 503,
        code: "E-TLOG-012".to_owned(),
        says_when_to_return: true,
    };
    assert_eq!(world.send(), refused);
    let (status, _) = world.get(&format!("{}/tile/0/000", world.url())).unwrap();
    assert_eq!(status, 200, "reads go on");
    world.stop(load);
    assert_eq!(world.acknowledged(), before);
    let noticed = world.verdict().is_err();
    server.stop();

    std::fs::remove_dir_all(world.data()).unwrap();
    sigstead_durable::rename(&new, world.data()).unwrap();
    // What was observed while the old copy was served is a rollback, which the verifier must have seen.
    assert!(noticed, "the verifier takes the old copy for the log");
    let server = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);
    world.judge_without_observer();
    server.stop();
    println!(
        "old copy: 1 old copy refused, {} entries acknowledged",
        world.acknowledged()
    );
}
