//! The units as systemd's own tools judge them.

use std::fs;
use std::process::Command;

use sigstead_integration::run;

use crate::machine::Machine;
use crate::program;
use crate::unit::Unit;

#[test]
fn systemd_understands_every_unit() {
    let (Some(()), Some(machine)) = (analyze(), Machine::with_instance()) else {
        return;
    };
    let verify = |units: &[String]| {
        let mut verify = machine.command("systemd-analyze");
        verify.args(["verify", "--man=no"]);
        verify.args(units.iter().map(|name| format!("/srv/units/{name}")));
        verify.output().unwrap()
    };
    let units = machine.units();
    assert_eq!(units.len(), 7, "{units:?}");
    let verified = verify(&units);
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours: Vec<_> = said
        .lines()
        .filter(|line| line.contains("sigstead"))
        .collect();
    assert!(verified.status.success() && ours.is_empty(), "{said}");

    // It would say so.
    let unit = machine.path("units").join(&units[0]);
    let text = fs::read_to_string(&unit).unwrap();
    fs::write(&unit, text.replace("PrivateTmp=yes", "PrivateTemp=yes")).unwrap();
    let said = String::from_utf8_lossy(&verify(&units).stderr).into_owned();
    assert!(said.contains("PrivateTemp"), "{said}");
}

#[test]
fn systemd_finds_every_service_well_shut_in() {
    let (Some(()), Some(machine)) = (analyze(), Machine::with_instance()) else {
        return;
    };
    let mut has_low_port = 0;
    for name in machine.service_units() {
        let path = machine.path("units").join(&name);
        let text = fs::read_to_string(&path).unwrap();
        let exposure = match Unit::read(&path).one("CapabilityBoundingSet") {
            "" => EXPOSURE,
            _ => EXPOSURE + LOW_PORT,
        };
        has_low_port += usize::from(exposure > EXPOSURE);
        let security = || {
            let mut security = machine.command("systemd-analyze");
            security.args(["security", "--offline=true", "--no-pager"]);
            security.arg(format!("--threshold={exposure}"));
            security.arg(format!("/srv/units/{name}"));
            security
        };
        run(&mut security()).unwrap();
        // It would say so.
        fs::write(&path, text.replace("SystemCallFilter=", "#")).unwrap();
        let open = security().output().unwrap();
        assert!(!open.status.success(), "{name}");
    }
    assert_eq!(has_low_port, 5);
}

#[test]
fn systemd_understands_the_unit_of_the_prober_and_finds_it_well_shut_in() {
    if analyze().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("sigstead-probe.service");
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/sigstead-probe.service"
    );
    let text = fs::read_to_string(shipped).unwrap();
    // The program is not installed where the tests run.
    let text = text.replace("/usr/local/bin/sigctl", "/bin/true");
    let judge = |text: &str, verb: &[&str]| {
        fs::write(&unit, text).unwrap();
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(verb).arg(&unit).output().unwrap()
    };
    let verify = ["verify", "--man=no"];
    let threshold = format!("--threshold={EXPOSURE}");
    let security = ["security", "--offline=true", "--no-pager", &threshold];
    for (verb, wrong) in [
        (&verify[..], "PrivateTemp=yes"),
        (&security, "Environment=A=b"),
    ] {
        let judged = judge(&text, verb);
        let said = String::from_utf8_lossy(&judged.stderr);
        assert!(
            judged.status.success() && !said.contains("probe.service"),
            "{said}"
        );
        let judged = judge(
            &text.replace("SystemCallFilter=@system-service", wrong),
            verb,
        );
        let said = String::from_utf8_lossy(&judged.stderr);
        assert!(
            !judged.status.success() || said.contains(wrong.split('=').next().unwrap()),
            "{said}"
        );
    }
}

fn analyze() -> Option<()> {
    program("systemd-analyze", "--version")
}

/// In tenths, of ten for a service that may do everything. What is left is that it sees the files of the machine and talks
/// to the network, which it is for.
const EXPOSURE: u32 = 12;
/// What the right to listen on a port below 1024 adds.
const LOW_PORT: u32 = 4;
