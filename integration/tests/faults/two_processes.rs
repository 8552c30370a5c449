//! Somebody starts the same log twice.

use crate::clients::Answer;
use crate::world::{World, copy};

#[test]
fn a_second_process_on_a_store_refuses_and_the_first_goes_on() {
    let world = World::new();
    let first = world.start_ready();
    let load = world.load(4);
    // The same log on other ports, as if somebody had copied its configuration.
    let config = world.folder().join("second.yaml");
    copy(&world.config(), &config);
    let text = std::fs::read_to_string(&config).unwrap();
    let (public, ops) = (world.ops_port() - 1, world.ops_port());
    let port = sigstead_integration::free_ports(2).unwrap();
    let text = text
        .replace(&format!(":{public}}}"), &format!(":{port}}}"))
        .replace(&format!(":{ops}}}"), &format!(":{}}}", port + 1));
    std::fs::write(&config, text).unwrap();
    let refusals = (0..3).filter(|_| refuses(&world, &config)).count();
    assert_eq!(refusals, 3);
    assert_eq!(world.send(), Answer::Acknowledged);
    world.stop(load);
    world.judge();
    first.stop();
    println!("two processes: {refusals} second processes refused");
}

fn refuses(world: &World, config: &std::path::Path) -> bool {
    let mut command = std::process::Command::new(world.command().get_program());
    let output = command.arg("--config").arg(config).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && printed.contains("another process")
}
