//! The process ends in the middle of whatever it does (`kill -9`, or for want of memory).

use sigstead_integration::wait_for;

use crate::tools::{Chance, cycles};
use crate::world::World;

#[test]
fn kill_9_under_load_loses_nothing_that_was_acknowledged() {
    let cycles = cycles(50, 200);
    let mut chance = Chance::new("kill");
    let world = World::new();
    let load = world.load(8);
    let mut injected = 0;
    for cycle in 0..cycles {
        let mut server = world.start();
        let before = world.acknowledged();
        // Every fifth may end before it is ready.
        if cycle % 5 != 4 {
            server.ready(&world);
            wait_for("an acknowledgement", || world.acknowledged() > before).unwrap();
        }
        world.pass(chance.within(0..200));
        assert!(!server.kill().success());
        injected += 1;
        if cycle % 25 == 24 && cycle + 1 < cycles {
            let server = world.start_ready();
            world.judge();
            server.kill();
        }
    }
    let mut server = world.start();
    server.ready(&world);
    world.stop(load);
    world.judge();
    println!(
        "kill: {injected} of {cycles} kills injected, {} entries acknowledged",
        world.acknowledged()
    );
    assert!(injected > 0 && world.acknowledged() > 0);
}
