//! An instance is itself whatever its path is spelled, and nothing else is it.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::process::{Signal, kill_process};

use crate::world::{SERVICES, World, end_of, said};

#[test]
fn two_spellings_of_a_path_are_one_instance() {
    let world = World::new("spellings");
    world.answer();
    symlink(world.path("instance"), world.path("link")).unwrap();
    let first = world.sigctl(&["up", "--detach"]).output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
    for spelling in ["link", "instance/../link/.", "instance/ca/.."] {
        let again = world
            .sigctl_on(spelling, &["up", "--detach"])
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", said(&again));
        assert_eq!(world.started().len(), SERVICES.len(), "{spelling}");
        let status = world.sigctl_on(spelling, &["status"]).output().unwrap();
        assert!(status.status.success(), "{}", said(&status));
    }
    let down = world.sigctl_on("link", &["down"]).output().unwrap();
    assert!(
        said(&down).contains("stopped 6 services"),
        "{}",
        said(&down)
    );
    assert_eq!(world.running(), 0);
}

#[test]
fn an_instance_is_found_again_after_it_was_moved_while_it_ran() {
    let world = World::new("moved");
    for service in SERVICES {
        // As a service does, it works in the folder of its configuration.
        world.stand_in(
            service,
            &crate::world::STAND_IN.replace("while", "cd \"$(dirname \"$2\")\"\nwhile"),
        );
    }
    let up = world
        .sigctl(&["up", "--detach", "--wait", "1"])
        .output()
        .unwrap();
    assert_eq!(up.status.code(), Some(1), "{}", said(&up));
    assert_eq!(world.running(), SERVICES.len());
    sigstead_durable::rename(&world.path("instance"), &world.path("elsewhere")).unwrap();
    let down = world.sigctl_on("elsewhere", &["down"]).output().unwrap();
    assert!(
        said(&down).contains("stopped 6 services"),
        "{}",
        said(&down)
    );
    assert_eq!(world.running(), 0);
}

#[test]
fn a_copy_does_not_take_the_services_of_the_original_for_its_own() {
    let world = World::new("copy");
    let copied = std::process::Command::new("cp")
        .args(["-r"])
        .arg(world.path("instance"))
        .arg(world.path("original"))
        .status();
    assert!(copied.unwrap().success());
    world.answer_for("original");
    let up = world.sigctl(&["up", "--detach"]).output().unwrap();
    assert_eq!(up.status.code(), Some(1), "{}", said(&up));
    let said = said(&up);
    assert!(said.contains("E-CTL-070"), "{said}");
    let original = world.path("original/tsa");
    assert!(
        said.contains(&format!("tsa of {}", original.display())),
        "{said}"
    );
    assert!(world.started().is_empty());
    let (states, exit) = world.states();
    assert!(
        states.iter().all(|(_, state)| state == "stopped"),
        "{states:?}"
    );
    assert_eq!(exit, Some(4));
}

#[tokio::test]
async fn a_stranger_that_answers_while_ours_still_starts_does_not_make_it_ready() {
    let world = World::new("stranger");
    fs::create_dir(world.path("original")).unwrap();
    for service in SERVICES {
        fs::create_dir(world.path("original").join(service)).unwrap();
    }
    let up = world
        .sigctl(&["up", "--detach", "--wait", "3"])
        .spawn()
        .unwrap();
    world.until_started(SERVICES.len()).await;
    world.answer_for("original");
    let up = end_of(up).await;
    assert_eq!(up.status.code(), Some(1), "{}", said(&up));
    assert!(said(&up).contains("E-CTL-009"), "{}", said(&up));
    assert!(said(&up).contains("original"), "{}", said(&up));
}

#[test]
fn services_that_a_supervisor_runs_are_seen_and_left_to_it() {
    let world = World::new("supervised");
    // They run, and no file of the instance names their processes.
    world.answer_for("instance");
    let (status, exit) = world.json(&["status"]);
    assert_eq!(exit, Some(0), "{status}");
    for each in status["services"].as_array().unwrap() {
        assert_eq!(each["state"], "ready", "{each}");
        assert_eq!(each["started_by_sigctl"], false, "{each}");
        assert_eq!(each["pid"], std::process::id(), "{each}");
        assert_eq!(each["version"], "9.9.9", "{each}");
        assert_eq!(each["uptime_seconds"], 7, "{each}");
    }
    let up = world.sigctl(&["up", "--detach"]).output().unwrap();
    assert!(up.status.success(), "{}", said(&up));
    assert!(world.started().is_empty());
    for command in ["down", "restart"] {
        let refused = world.sigctl(&[command]).output().unwrap();
        assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
        assert!(said(&refused).contains("E-CTL-077"), "{}", said(&refused));
    }
}

#[test]
fn a_service_that_died_is_not_one_that_was_stopped() {
    let world = World::new("died");
    let up = world
        .sigctl(&["up", "--detach", "--wait", "1"])
        .output()
        .unwrap();
    assert_eq!(up.status.code(), Some(1), "{}", said(&up));
    let (states, exit) = world.states();
    assert!(
        states.iter().all(|(_, state)| state == "starting"),
        "{states:?}"
    );
    assert_eq!(exit, Some(6));
    let victim = world.pid("tsa");
    kill_process(victim, Signal::KILL).unwrap();
    while crate::world::is_running(victim) {
        std::thread::yield_now();
    }
    let (states, exit) = world.states();
    for (service, state) in states {
        let expected = if service == "tsa" { "died" } else { "starting" };
        assert_eq!(state, expected, "{service}");
    }
    assert_eq!(exit, Some(1));
    assert!(world.down().contains("stopped 5 services"));
    let (states, exit) = world.states();
    assert!(
        states.iter().all(|(_, state)| state == "stopped"),
        "{states:?}"
    );
    assert_eq!(exit, Some(4));
}
