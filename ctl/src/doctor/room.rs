//! Room, kind and speed of disks, and the limits of processes, judged wherever they were looked at.

use std::path::Path;
use std::time::Duration;

use super::finding::{Finding, Seen, Unseen, if_so};
use super::machine::{Disk, Kind, Left, Machine};

/// A machine, and how its places are called to people.
pub(crate) struct Room<'a> {
    machine: &'a Machine,
    shown: Box<dyn Fn(&Path) -> String + 'a>,
}

impl<'a> Room<'a> {
    pub(crate) fn new(machine: &'a Machine, shown: impl Fn(&Path) -> String + 'a) -> Self {
        Self {
            machine,
            shown: Box::new(shown),
        }
    }

    pub(crate) fn full(&self) -> Seen {
        let disks = self.machine.disks.iter();
        let findings = disks.filter_map(|disk| match &disk.left {
            Err(why) => {
                let finding = Finding::new(
                    format!("the disk of {} cannot be looked at", self.place(disk)),
                    "see what the kernel says of it (`dmesg`), and whether it is mounted",
                );
                Some(finding.because(why))
            }
            Ok(left) if left.bytes < FULL => Some(Finding::new(
                format!(
                    "the disk of {} has {} left",
                    self.place(disk),
                    size(left.bytes)
                ),
                "make room: logs take no entries and authorities issue nothing on a full disk",
            )),
            Ok(_) => None,
        });
        Ok(findings.collect())
    }

    pub(crate) fn filling(&self) -> Seen {
        self.each(|disk, left| {
            (FULL..LOW).contains(&left.bytes).then(|| {
                Finding::new(
                    format!(
                        "the disk of {} has {} left",
                        self.place(disk),
                        size(left.bytes)
                    ),
                    "make room or give it a larger disk before it is full",
                )
            })
        })
    }

    pub(crate) fn files(&self) -> Seen {
        self.each(|disk, left| {
            let files = left.files.filter(|files| *files < FEW_FILES)?;
            Some(Finding::new(
                format!("the disk of {} takes {files} more files", self.place(disk)),
                "remove small files from it (`df -i`); every bundle and tile of a log is a file",
            ))
        })
    }

    pub(crate) fn network(&self) -> Seen {
        self.each(|disk, left| match left.kind {
            Kind::Network(kind) if disk.has_logs => Some(Finding::new(
                format!("{} of a log is on {kind}", self.place(disk)),
                "move the log to a disk of this machine: a network file system may lose what it called durable, and lets two \
                 machines write one log",
            )),
            _ => None,
        })
    }

    pub(crate) fn memory(&self) -> Seen {
        self.each(|disk, left| {
            (left.kind == Kind::Memory).then(|| {
                Finding::new(
                    format!("{} is in memory", self.place(disk)),
                    "move it to a disk: it is gone when the machine is started again",
                )
            })
        })
    }

    pub(crate) fn sync(&self) -> Seen {
        let failed = self.machine.sync.as_ref().err();
        let finding = |why| {
            Finding::new(
                "a small file of the instance could not be made durable",
                "see to the disk and to whose the folder is, before a log stops for the same reason",
            )
            .because(why)
        };
        Ok(failed.map(finding).into_iter().collect())
    }

    pub(crate) fn slow(&self) -> Seen {
        let took = self.machine.sync.as_ref();
        let took = took.map_err(|_| Unseen::new("no file could be made durable"))?;
        if_so(*took > SLOW, || {
            Finding::new(
                format!("to make 4 KiB durable took {} ms", took.as_millis()),
                "give the instance a faster disk, or one of its own: every signature waits for several such writes",
            )
        })
    }

    pub(crate) fn open_files(&self) -> Seen {
        let limit = self.machine.open_files;
        if_so(limit < FEW_DESCRIPTORS, || {
            Finding::new(
                format!("a process may open {limit} files at most"),
                "raise the hard limit (`ulimit -Hn`, LimitNOFILE of systemd): connections are files too",
            )
        })
    }

    /// What is found of each disk; one that cannot be looked at is told by the check of its room.
    fn each(&self, finding: impl Fn(&Disk, &Left) -> Option<Finding>) -> Seen {
        let mut findings = Vec::new();
        for disk in &self.machine.disks {
            let left = disk.left.as_ref();
            let left = left
                .map_err(|why| Unseen::new(format!("the disk of {}: {why}", self.place(disk))))?;
            findings.extend(finding(disk, left));
        }
        Ok(findings)
    }

    fn place(&self, disk: &Disk) -> String {
        (self.shown)(&disk.place)
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
