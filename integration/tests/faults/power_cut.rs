//! The machine loses its power: what was not synced is gone.

use sigstead_integration::wait_for;

use crate::disk::Disk;
use crate::tools::{Chance, cycles};
use crate::world::World;

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let Some(disk) = Disk::new(256) else { return };
    let cycles = cycles(10, 30);
    let mut chance = Chance::new("power cut");
    let world = World::with_data(&disk.path().join("old"));
    let load = world.load(8);
    for _ in 0..cycles {
        let server = world.start_ready();
        let before = world.acknowledged();
        wait_for("an acknowledgement", || world.acknowledged() > before).unwrap();
        world.pass(chance.within(0..400));
        server.freeze();
        disk.cut_power();
        server.kill();
        disk.come_up();
    }
    let server = world.start_ready();
    world.stop(load);
    world.judge();
    server.stop();
    println!(
        "power cut: {cycles} cuts injected, {} entries acknowledged",
        world.acknowledged()
    );
}

#[test]
fn a_power_cut_in_the_first_second_of_a_log_loses_nothing_that_was_acknowledged() {
    let Some(disk) = Disk::new(1024) else { return };
    let cycles = cycles(10, 30);
    let mut chance = Chance::new("first power cut");
    let mut acknowledged = 0;
    for cycle in 0..cycles {
        // The removal of an old one would itself be undone by the cut.
        let data = disk.path().join(format!("new-{cycle}"));
        let world = World::with_data(&data);
        let load = world.load(4);
        let mut server = world.start();
        if chance.next().is_multiple_of(2) {
            server.ready(&world);
        }
        world.pass(chance.within(0..1_000));
        server.freeze();
        disk.cut_power();
        server.kill();
        disk.come_up();
        acknowledged += world.acknowledged();
        let server = world.start_ready();
        world.stop(load);
        world.judge();
        server.stop();
    }
    println!(
        "first power cut: {cycles} cuts injected, {acknowledged} entries acknowledged before them"
    );
    assert!(acknowledged > 0);
}
