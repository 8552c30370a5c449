//! Somebody starts the same log twice.

use std::path::{Path, PathBuf};

use crate::clients::Answer;
use crate::world::{World, copy};

#[test]
fn a_second_process_on_a_store_refuses_and_the_first_goes_on() {
    let world = World::new();
    let first = world.start_ready();
    let load = world.load(4);
    let config = on_other_ports(&world);
    let refused = |_: &i32| refuses(&world, &config, "another process");
    let refusals = (0..3).filter(refused).count();
    assert_eq!(refusals, 3);
    assert_eq!(world.send(), Answer::Acknowledged);
    world.stop(load);
    world.judge();
    first.stop();
    println!("two processes: {refusals} second processes refused");
}

/// The data was copied, and the copy is as good as the log: both would sign.
#[test]
fn a_copy_with_the_anchor_of_a_log_that_runs_does_not_start() {
    let world = World::new();
    let first = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);
    let second = world.folder().join("second");
    copy(world.data(), &second);
    let config = on_other_ports(&world);
    let text = std::fs::read_to_string(&config).unwrap();
    let data = world.data().to_str().unwrap();
    assert!(text.contains(data), "{text}");
    let text = text.replace(data, second.to_str().unwrap());
    std::fs::write(&config, text).unwrap();
    assert!(refuses(
        &world,
        &config,
        "in use by another copy of the log"
    ));
    assert_eq!(world.send(), Answer::Acknowledged);
    world.judge_without_observer();
    first.stop();
}

/// The configuration of the log, as if somebody had copied it.
fn on_other_ports(world: &World) -> PathBuf {
    let config = world.folder().join("second.yaml");
    copy(&world.config(), &config);
    let text = std::fs::read_to_string(&config).unwrap();
    let (public, ops) = (world.ops_port() - 1, world.ops_port());
    let port = sigstead_integration::free_ports(2).unwrap();
    let text = text
        .replace(&format!(":{public}}}"), &format!(":{port}}}"))
        .replace(&format!(":{ops}}}"), &format!(":{}}}", port + 1));
    std::fs::write(&config, text).unwrap();
    config
}

fn refuses(world: &World, config: &Path, why: &str) -> bool {
    let mut command = std::process::Command::new(world.command().get_program());
    let output = command.arg("--config").arg(config).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && printed.contains(why)
}
