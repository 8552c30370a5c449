//! Starting and its ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::world::{SERVICES, STAND_IN, World, end_of, said};

#[test]
fn nothing_is_started_when_a_program_is_missing() {
    let world = World::new("missing");
    fs::remove_file(world.path("sigstead-tuf")).unwrap();
    for arguments in [&["up"][..], &["up", "--detach"]] {
        let up = world.sigctl(arguments).output().unwrap();
        assert_eq!(up.status.code(), Some(1));
        assert!(said(&up).contains("E-CTL-007"), "{}", said(&up));
        assert!(world.started().is_empty());
    }
}

#[tokio::test]
async fn a_start_that_is_asked_to_end_leaves_nothing_running() {
    let world = World::new("interrupted");
    let mut started = 0;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let up = world.sigctl(&["up"]).spawn().unwrap();
        started += SERVICES.len();
        world.until_started(started).await;
        kill_process(Pid::from_child(&up), signal).unwrap();
        let up = end_of(up).await;
        assert!(up.status.success(), "{signal:?}: {}", said(&up));
        assert_eq!(world.running(), 0, "{signal:?}");
    }
}

#[tokio::test]
async fn two_starts_at_once_start_each_service_once() {
    let world = World::new("twice");
    let up = || {
        let arguments = ["up", "--detach", "--wait", "2"];
        world.sigctl(&arguments).spawn().unwrap()
    };
    let (first, second) = (up(), up());
    for output in [end_of(first).await, end_of(second).await] {
        // No stand-in becomes ready; the one that waited may have waited for the other only.
        let is_either = said(&output).contains("E-CTL-009") || said(&output).contains("E-CTL-013");
        assert!(!output.status.success() && is_either, "{}", said(&output));
    }
    assert_eq!(world.started().len(), SERVICES.len());
    assert_eq!(world.running(), SERVICES.len());
    assert!(world.down().contains("stopped 6 services"));
    assert_eq!(world.running(), 0);
}

#[test]
fn a_service_that_ends_is_told_with_what_it_said_in_this_run() {
    let world = World::new("ended");
    fs::create_dir_all(world.path("instance/run")).unwrap();
    fs::write(world.path("instance/run/tsa.log"), "an earlier run\n").unwrap();
    for (script, how, why) in [
        (
            "echo 'INFO tsa is starting config={}'; echo 'sigstead-tsa: no time left' >&2; exit 3",
            "tsa ended with exit status 3",
            "cause: no time left",
        ),
        (
            "echo 'INFO tsa is starting config={}'; kill -9 $$",
            "tsa was ended by signal 9",
            "it logged no reason",
        ),
    ] {
        world.stand_in("tsa", &format!("#!/bin/sh\n{script}\n"));
        let up = world.sigctl(&["up"]).output().unwrap();
        assert_eq!(up.status.code(), Some(1));
        let said = said(&up);
        assert!(said.contains("E-CTL-008"), "{said}");
        assert!(said.contains(how), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(
            !said.contains("an earlier run") && !said.contains("config="),
            "{said}"
        );
        assert_eq!(world.running(), 0);
    }
}

#[test]
fn keys_are_not_made_under_an_empty_passphrase_nor_listeners_on_no_port() {
    let world = World::new("refused");
    let directory = world.path("another");
    let empty = world.path("empty");
    fs::write(&empty, "\n").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let empty = empty.to_str().unwrap();
    for (option, value, exit) in [
        ("--passphrase-file", empty, 2),
        ("--base-port", "0", 2),
        ("--base-port", "65519", 2),
    ] {
        let init = Command::new(world.path("sigctl"))
            .args(["init", "--name", "another", option, value])
            .arg(&directory)
            .output()
            .unwrap();
        assert_eq!(init.status.code(), Some(exit), "{option}: {}", said(&init));
        assert!(!directory.exists());
    }
    let left: Vec<_> = fs::read_dir(world.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("another"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_service_whose_process_id_cannot_be_kept_does_not_run_on() {
    let world = World::new("orphan");
    // Nothing can be written to the file, whoever runs the test.
    fs::create_dir_all(world.path("instance/run/oidc.pid")).unwrap();
    let up = world.sigctl(&["up", "--detach"]).output().unwrap();
    assert_eq!(up.status.code(), Some(5), "{}", said(&up));
    assert!(said(&up).contains("oidc.pid"), "{}", said(&up));
    assert_eq!(world.running(), 0);
}

#[tokio::test]
async fn a_start_leaves_alone_what_another_start_started() {
    let world = World::new("alone");
    world.answer();
    let first = world.sigctl(&["up", "--detach"]).output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
    let second = end_of(world.sigctl(&["up"]).spawn().unwrap()).await;
    assert!(second.status.success(), "{}", said(&second));
    assert!(said(&second).contains("ran already"), "{}", said(&second));
    assert_eq!(world.running(), SERVICES.len());
    assert!(world.down().contains("stopped 6 services"));
}

#[tokio::test]
async fn a_restart_stops_and_starts_what_is_named_and_the_watching_start_goes_on() {
    let world = World::new("restart");
    world.answer();
    let watching = world.sigctl(&["up"]).spawn().unwrap();
    world.until_started(SERVICES.len()).await;
    // Only then is the turn of the start over.
    let before = world.pid("ca");
    let restart = world.sigctl(&["restart"]).arg("ca").output().unwrap();
    assert!(restart.status.success(), "{}", said(&restart));
    assert_ne!(world.pid("ca"), before);
    // The answer to the probe is the test's own, so the new stand-in may write its number later.
    world.until_started(SERVICES.len() + 1).await;
    assert_eq!(world.running(), SERVICES.len());
    kill_process(Pid::from_child(&watching), Signal::INT).unwrap();
    let watching = end_of(watching).await;
    assert!(watching.status.success(), "{}", said(&watching));
    assert_eq!(world.running(), 0);
}

#[tokio::test]
async fn a_watching_start_ends_well_when_all_is_stopped_and_badly_when_a_service_dies() {
    let world = World::new("watched");
    world.answer();
    let watching = world.sigctl(&["up"]).spawn().unwrap();
    world.until_ready().await;
    assert!(world.down().contains("stopped 6 services"));
    let watching = end_of(watching).await;
    assert!(watching.status.success(), "{}", said(&watching));

    let watching = world.sigctl(&["up"]).spawn().unwrap();
    world.until_ready().await;
    kill_process(world.pid("ca"), Signal::KILL).unwrap();
    let watching = end_of(watching).await;
    assert_eq!(watching.status.code(), Some(1), "{}", said(&watching));
    assert!(
        said(&watching).contains("ca was ended by signal 9"),
        "{}",
        said(&watching)
    );
    assert_eq!(world.running(), 0);
    let (states, exit) = world.states();
    assert_eq!(exit, Some(1));
    let died: Vec<_> = states.iter().filter(|(_, state)| state == "died").collect();
    assert_eq!(died.len(), 1, "{states:?}");
    assert_eq!(died[0].0, "ca");
}

#[test]
fn services_see_nothing_of_the_callers_secrets() {
    let world = World::new("environment");
    world.stand_in(
        "oidc",
        "#!/bin/sh\nenv > \"$(dirname \"$0\")/seen\"\nexit 1\n",
    );
    let up = world
        .sigctl(&["up"])
        .env("CALLERS_TOKEN", "hush")
        .env("SIGSTEAD_KEPT", "kept")
        .output()
        .unwrap();
    assert_eq!(up.status.code(), Some(1), "{}", said(&up));
    let seen = fs::read_to_string(world.path("seen")).unwrap();
    assert!(
        seen.contains("SIGSTEAD_KEPT=kept") && seen.contains("PATH="),
        "{seen}"
    );
    assert!(!seen.contains("hush"), "{seen}");
}

#[tokio::test]
async fn a_reload_asks_the_services_that_are_named_and_no_others() {
    let world = World::new("reload");
    for service in SERVICES {
        let trap = format!("trap 'echo {service} >> \"$(dirname \"$0\")/asked\"' HUP\nwhile");
        world.stand_in(service, &STAND_IN.replace("while", &trap));
    }
    world.answer();
    // A shell cannot trap what was ignored when it began, as it is where the tests run without a terminal.
    let mut up = Command::new("env");
    up.args(["--default-signal=HUP"]).arg(world.path("sigctl"));
    up.args(["up", "--detach"]).arg(world.path("instance"));
    let up = up.output().unwrap();
    assert!(up.status.success(), "{}", said(&up));
    let before = world.pid("tsa");
    let reload = world.sigctl(&["reload"]).arg("tsa").output().unwrap();
    assert!(reload.status.success(), "{}", said(&reload));
    while !world.path("asked").exists() {
        tokio::task::yield_now().await;
    }
    assert!(world.down().contains("stopped 6 services"));
    assert_eq!(fs::read_to_string(world.path("asked")).unwrap(), "tsa\n");
    assert_eq!(world.started().len(), SERVICES.len());
    assert!(world.started().contains(&before));
}
