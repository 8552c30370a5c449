//! Room, kind and speed of the disks, and the limits of processes.

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, if_so};
use super::patient::Patient;
use super::room::Room;
use crate::profile::Profile;

pub(super) const MACHINE: Subject = Subject {
    name: "machine",
    checks: &[
        Check::fault(
            "E-DOCTOR-090",
            "every disk of the instance has room",
            Look::Files(|patient| room(patient).full()),
        ),
        Check::warning(
            "E-DOCTOR-091",
            "no disk of the instance fills up",
            Look::Files(|patient| room(patient).filling()),
        ),
        Check::warning(
            "E-DOCTOR-092",
            "every disk of the instance takes more files",
            Look::Files(|patient| room(patient).files()),
        ),
        Check::fault(
            "E-DOCTOR-093",
            "no log is on a network file system",
            Look::Files(|patient| room(patient).network()),
        ),
        Check::warning(
            "E-DOCTOR-094",
            "nothing of a production instance is in memory only",
            Look::Files(memory),
        ),
        Check::fault(
            "E-DOCTOR-095",
            "the instance's disk makes files durable",
            Look::Files(|patient| room(patient).sync()),
        ),
        Check::warning(
            "E-DOCTOR-096",
            "it does so in a tenth of a second",
            Look::Files(|patient| room(patient).slow()),
        ),
        Check::warning(
            "E-DOCTOR-097",
            "services may open enough files",
            Look::Files(|patient| room(patient).open_files()),
        ),
        Check::warning(
            "E-DOCTOR-098",
            "a crash in production leaves no keys in a file",
            Look::Files(cores),
        ),
    ],
};

fn room(patient: &Patient) -> Room<'_> {
    Room::new(&patient.machine, |place| match patient.shown(place) {
        shown if shown.is_empty() => "the instance".to_owned(),
        shown => shown,
    })
}

fn memory(patient: &Patient) -> Seen {
    match patient.instance.manifest.profile {
        Profile::Dev => Ok(Vec::new()),
        Profile::Standard | Profile::Strict | Profile::Airgap | Profile::Production => {
            room(patient).memory()
        }
    }
}

fn cores(patient: &Patient) -> Seen {
    let is_production = patient.instance.manifest.profile != Profile::Dev;
    if_so(is_production && patient.machine.core_bytes > 0, || {
        Finding::new(
            "a program that crashes leaves its memory in a file, and the keys in it",
            "set the limit to nothing where the services are started (`ulimit -c 0`, LimitCORE=0 of systemd)",
        )
    })
}
