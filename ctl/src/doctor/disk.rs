//! Room, kind and speed of the disks, and the limits of processes.

use std::time::Duration;

use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::machine::{Disk, Kind, Left};
use super::patient::Patient;
use crate::instance::Profile;

pub(super) const MACHINE: Subject = Subject {
    name: "machine",
    checks: &[
        Check::fault(
            "E-DOCTOR-090",
            "every disk of the instance has room",
            Look::Files(full),
        ),
        Check::warning(
            "E-DOCTOR-091",
            "no disk of the instance fills up",
            Look::Files(filling),
        ),
        Check::warning(
            "E-DOCTOR-092",
            "every disk of the instance takes more files",
            Look::Files(files),
        ),
        Check::fault(
            "E-DOCTOR-093",
            "no log is on a network file system",
            Look::Files(network),
        ),
        Check::warning(
            "E-DOCTOR-094",
            "nothing of a production instance is in memory only",
            Look::Files(memory),
        ),
        Check::fault(
            "E-DOCTOR-095",
            "the instance's disk makes files durable",
            Look::Files(sync),
        ),
        Check::warning(
            "E-DOCTOR-096",
            "it does so in a tenth of a second",
            Look::Files(slow),
        ),
        Check::warning(
            "E-DOCTOR-097",
            "services may open enough files",
            Look::Files(open_files),
        ),
        Check::warning(
            "E-DOCTOR-098",
            "a crash in production leaves no keys in a file",
            Look::Files(cores),
        ),
    ],
};

fn full(patient: &Patient) -> Seen {
    let disks = patient.machine.disks.iter();
    let findings = disks.filter_map(|disk| match &disk.left {
        Err(why) => {
            let finding = Finding::new(
                format!("the disk of {} cannot be looked at", place(patient, disk)),
                "see what the kernel says of it (`dmesg`), and whether it is mounted",
            );
            Some(finding.because(why))
        }
        Ok(left) if left.bytes < FULL => Some(Finding::new(
            format!(
                "the disk of {} has {} left",
                place(patient, disk),
                size(left.bytes)
            ),
            "make room: logs take no entries and authorities issue nothing on a full disk",
        )),
        Ok(_) => None,
    });
    Ok(findings.collect())
}

fn filling(patient: &Patient) -> Seen {
    let finding = |disk: &Disk, left: &Left| {
        (FULL..LOW).contains(&left.bytes).then(|| {
            Finding::new(
                format!(
                    "the disk of {} has {} left",
                    place(patient, disk),
                    size(left.bytes)
                ),
                "make room or give it a larger disk before it is full",
            )
        })
    };
    each(patient, finding)
}

fn files(patient: &Patient) -> Seen {
    let finding = |disk: &Disk, left: &Left| {
        let files = left.files.filter(|files| *files < FEW_FILES)?;
        Some(Finding::new(
            format!(
                "the disk of {} takes {files} more files",
                place(patient, disk)
            ),
            "remove small files from it (`df -i`); every bundle and tile of a log is a file",
        ))
    };
    each(patient, finding)
}

fn network(patient: &Patient) -> Seen {
    let finding = |disk: &Disk, left: &Left| match left.kind {
        Kind::Network(kind) if disk.has_logs => Some(Finding::new(
            format!("{} of a log is on {kind}", place(patient, disk)),
            "move the log to a disk of this machine: a network file system may lose what it called durable, and lets two \
             machines write one log",
        )),
        _ => None,
    };
    each(patient, finding)
}

fn memory(patient: &Patient) -> Seen {
    let is_production = patient.instance.manifest.profile == Profile::Production;
    let finding = |disk: &Disk, left: &Left| {
        (is_production && left.kind == Kind::Memory).then(|| {
            Finding::new(
                format!("{} is in memory", place(patient, disk)),
                "move it to a disk: it is gone when the machine is started again",
            )
        })
    };
    each(patient, finding)
}

/// What is found of each disk; one that cannot be looked at is told by the check of its room.
fn each(patient: &Patient, finding: impl Fn(&Disk, &Left) -> Option<Finding>) -> Seen {
    let mut findings = Vec::new();
    for disk in &patient.machine.disks {
        let left = disk
            .left
            .as_ref()
            .map_err(|why| Unseen::new(format!("the disk of {}: {why}", place(patient, disk))))?;
        findings.extend(finding(disk, left));
    }
    Ok(findings)
}

fn sync(patient: &Patient) -> Seen {
    let failed = patient.machine.sync.as_ref().err();
    let finding = |why| {
        Finding::new(
            "a small file of the instance could not be made durable",
            "see to the disk and to whose the folder is, before a log stops for the same reason",
        )
        .because(why)
    };
    Ok(failed.map(finding).into_iter().collect())
}

fn slow(patient: &Patient) -> Seen {
    let took = patient.machine.sync.as_ref();
    let took = took.map_err(|_| Unseen::new("no file could be made durable"))?;
    if_so(*took > SLOW, || {
        Finding::new(
            format!("to make 4 KiB durable took {} ms", took.as_millis()),
            "give the instance a faster disk, or one of its own: every signature waits for several such writes",
        )
    })
}

fn open_files(patient: &Patient) -> Seen {
    let limit = patient.machine.open_files;
    if_so(limit < FEW_DESCRIPTORS, || {
        Finding::new(
            format!("a process may open {limit} files at most"),
            "raise the hard limit (`ulimit -Hn`, LimitNOFILE of systemd): connections are files too",
        )
    })
}

fn cores(patient: &Patient) -> Seen {
    let is_production = patient.instance.manifest.profile == Profile::Production;
    if_so(is_production && patient.machine.core_bytes > 0, || {
        Finding::new(
            "a program that crashes leaves its memory in a file, and the keys in it",
            "set the limit to nothing where the services are started (`ulimit -c 0`, LimitCORE=0 of systemd)",
        )
    })
}

fn place(patient: &Patient, disk: &Disk) -> String {
    match patient.shown(&disk.place) {
        shown if shown.is_empty() => "the instance".to_owned(),
        shown => shown,
    }
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// The spare segment of each log's journal and a round or two.
const FULL: u64 = 256 << 20;
const LOW: u64 = 1 << 30;
const FEW_FILES: u64 = 10_000;
const SLOW: Duration = Duration::from_millis(100);
/// Half of it are connections of clients.
const FEW_DESCRIPTORS: u64 = 1_024;
