//! An instance under its units: each service with the rights, mounts and limits that its unit says, doing its work.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sigstead_integration::{run, wait_for};

use crate::machine::Machine;
use crate::sandbox::Sandbox;
use crate::{calls, program};

#[test]
fn an_instance_works_with_what_its_units_let_it_write_and_call() {
    let present = [
        program("systemd-analyze", "--version"),
        program("strace", "-V"),
        program("setpriv", "--version"),
    ];
    if present.contains(&None) {
        return;
    }
    let Some(machine) = Machine::with_instance() else {
        return;
    };
    fs::create_dir(machine.path("calls")).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(machine.path("calls"), closed).unwrap();
    let names = machine.service_units();
    let mut services: Vec<_> = names
        .iter()
        .map(|name| Sandbox::start(&machine, name))
        .collect();
    for service in &services {
        assert_eq!(service.hears(&machine), "READY=1", "{}", service.name);
    }
    wait_for("the instance", || status(&machine).is_some()).unwrap();
    works(&machine);
    reloads(&machine, &services);
    writes_everything_that_it_may(&machine, &services);
    stops(&machine, &mut services);
    services.iter().for_each(calls::check);
}

/// Each service does what it is for, and a log is opened for which nothing was prepared.
fn works(machine: &Machine) {
    let work = machine.folder_of_user("work");
    let (file, bundle) = (work.join("file"), work.join("file.sigstore.json"));
    fs::write(machine.path("work/file"), "signed under units\n").unwrap();
    let sign = || {
        let mut sign = machine.sigctl_of_user();
        sign.args(["sign", "/srv/acme"]).arg(&file);
        sign.args(["--identity", PERSON, "--overwrite", "--bundle"]);
        run(sign.arg(&bundle)).unwrap();
        let mut verify = machine.sigctl_of_user();
        verify
            .arg("verify")
            .arg(&file)
            .args(["--instance", "/srv/acme"]);
        verify.args(["--identity", PERSON, "--bundle"]);
        run(verify.arg(&bundle)).unwrap();
    };
    sign();
    for words in [
        &["log", "open", "/srv/acme"][..],
        &["trust", "publish", "/srv/acme"],
        &["log", "check", "/srv/acme"],
    ] {
        run(machine.sigctl_of_user().args(words)).unwrap();
    }
    sign();
}

/// A reload is over when the service says that it answers.
fn reloads(machine: &Machine, services: &[Sandbox]) {
    for service in services {
        assert_eq!(service.unit.one("ExecReload"), "/bin/kill -HUP $MAINPID");
    }
    signal(machine, "HUP");
    for service in services {
        assert_eq!(service.hears(machine), "RELOADING=1", "{}", service.name);
        assert_eq!(service.hears(machine), "READY=1", "{}", service.name);
    }
}

/// A path that nothing is written to would be one too many.
fn writes_everything_that_it_may(machine: &Machine, services: &[Sandbox]) {
    let mut written = 0;
    for service in services {
        for path in service.unit.all("ReadWritePaths") {
            let outside = machine.path(path.strip_prefix("/srv/").unwrap());
            let has_something = match outside.is_dir() {
                true => fs::read_dir(&outside).unwrap().count() > 0,
                false => fs::metadata(&outside).unwrap().len() > 0,
            };
            // Of what administrators do there is a record only where one did something.
            let may_be_empty = path.contains("/audit");
            assert!(has_something || may_be_empty, "{}: {path}", service.name);
            written += 1;
        }
    }
    assert!(written >= 8, "{written}");
    // A log was opened.
    let acts = fs::read_dir(machine.path("acme/tlog/audit")).unwrap();
    assert!(acts.count() > 0);
    let later = machine.path("acme/tlog/rekor-v2-2");
    assert!(later.is_dir(), "{}", later.display());
}

fn stops(machine: &Machine, services: &mut [Sandbox]) {
    signal(machine, "TERM");
    for service in services {
        assert_eq!(service.hears(machine), "STOPPING=1", "{}", service.name);
        let status = service.ended();
        assert!(status.success(), "{}: {status}", service.name);
    }
    let log = fs::read_to_string(machine.path("sigstead-acme-tlog.service.log")).unwrap();
    assert!(log.contains("has stopped"), "{log}");
}

/// Sends a signal to every service, by the number of its process, as systemd knows it.
fn signal(machine: &Machine, signal: &str) {
    for service in status(machine).unwrap() {
        let pid = service["pid"].to_string();
        run(machine.command("kill").args(["-s", signal, &pid])).unwrap();
    }
}

/// The services of the instance, if they are ready, none of which `sigctl` started.
fn status(machine: &Machine) -> Option<Vec<Value>> {
    let mut status = machine.sigctl_of_user();
    status.args(["--output", "json", "status", "/srv/acme"]);
    let output = status.output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let services = found["services"].as_array().unwrap().clone();
    assert!(
        services
            .iter()
            .all(|each| each["started_by_sigctl"] == false)
    );
    output.status.success().then_some(services)
}

#[test]
fn a_service_under_its_unit_cannot_write_what_is_not_named_there() {
    let Some(machine) = Machine::with_instance() else {
        return;
    };
    if program("strace", "-V").is_none() {
        return;
    }
    fs::create_dir(machine.path("calls")).unwrap();
    // As one that was forgotten would be.
    let unit = machine.path("units/sigstead-acme-ca.service");
    let text = fs::read_to_string(&unit).unwrap();
    let line = "ReadWritePaths=/srv/acme/ca/record\n";
    assert!(text.contains(line), "{text}");
    fs::write(&unit, text.replace(line, "")).unwrap();
    let mut service = Sandbox::start(&machine, "sigstead-acme-ca.service");
    assert!(!service.ended().success());
    let log = machine.path("sigstead-acme-ca.service.log");
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("Read-only file system"), "{said}");
    let record = Path::new("acme/ca/record");
    assert_eq!(
        fs::read_dir(machine.path(record.to_str().unwrap()))
            .unwrap()
            .count(),
        0
    );
}

const PERSON: &str = "person@example.com";
