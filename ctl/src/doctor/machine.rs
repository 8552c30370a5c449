//! What the machine gives the instance: disks, limits.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use super::bounded::within;
use crate::configured::{Configs, at};
use crate::instance::{Instance, Service};

/// What was found of the machine.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Each disk that something of the instance is on.
    pub(crate) disks: Vec<Disk>,
    /// How long a small file took to become durable, or why it did not.
    pub(crate) sync: Result<Duration, String>,
    /// How many files a process may open at most.
    pub(crate) open_files: u64,
    /// Up to how many bytes a process that crashes leaves of its memory.
    pub(crate) core_bytes: u64,
}

/// A file system on which something of the instance is.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    /// One place on it.
    pub(crate) place: PathBuf,
    /// Whether the truth of a log is on it.
    pub(crate) has_logs: bool,
    /// What it has left, or why that is unknown.
    pub(crate) left: Result<Left, String>,
}

/// What a file system has left, and of what kind it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    pub(crate) bytes: u64,
    /// `None` if it makes as many files as it likes.
    pub(crate) files: Option<u64>,
    pub(crate) kind: Kind,
}

/// The kinds of file systems that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that keeps what was synced, as far as can be told.
    Disk,
    /// Of another machine, which locks and syncs in ways of its own.
    Network(&'static str),
    /// It ends with the machine.
    Memory,
    /// What a container writes over its image, which ends with the container.
    Layered,
}

impl Machine {
    pub(super) async fn look(instance: &Instance, configs: &Configs) -> Self {
        Self::of(places(instance, configs), scratch(instance)).await
    }

    /// What the machine would give to an instance in a folder, which need not be there.
    pub(crate) async fn under(folder: &Path) -> Self {
        let there = folder.ancestors().find(|above| above.is_dir());
        let there = there.unwrap_or(folder).to_owned();
        Self::of(vec![(folder.to_owned(), true)], there).await
    }

    async fn of(places: Vec<(PathBuf, bool)>, scratch: PathBuf) -> Self {
        let places = places.into_iter();
        let disks = places.map(|(place, has_logs)| async move {
            let path = place.clone();
            let looked = within(PATIENCE, move || look(&path)).await;
            let (device, left) = looked.unwrap_or_else(|| (None, Err(LATE.to_owned())));
            (
                device,
                Disk {
                    place,
                    has_logs,
                    left,
                },
            )
        });
        let disks = futures::future::join_all(disks).await;
        let sync = within(PATIENCE, move || time_sync(&scratch)).await;
        Self {
            disks: each_once(disks),
            sync: sync.unwrap_or_else(|| Err(LATE.to_owned())),
            open_files: getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX),
            core_bytes: getrlimit(Resource::Core).current.unwrap_or(u64::MAX),
        }
    }
}

/// Where the instance keeps things, and whether they are those of a log.
fn places(instance: &Instance, configs: &Configs) -> Vec<(PathBuf, bool)> {
    let mut places = vec![(instance.directory().to_owned(), false)];
    if let Ok(ca) = configs.ca() {
        places.push((at(instance, Service::Ca, &ca.record.path), false));
    }
    for log in configs.logs() {
        places.push((log.data.clone(), true));
        places.push((log.anchor.clone(), true));
    }
    places
}

/// The file system of a place, or of what is nearest above it: a service makes its folders when it starts.
fn look(place: &Path) -> (Option<u64>, Result<Left, String>) {
    let there = place.ancestors().find(|above| above.exists());
    let there = there.unwrap_or(place);
    let device = fs::metadata(there).ok().map(|found| found.dev());
    let found = match rustix::fs::statfs(there) {
        Ok(found) => found,
        Err(error) => return (device, Err(error.to_string())),
    };
    let block = u64::try_from(found.f_bsize).unwrap_or_default();
    let left = Left {
        bytes: found.f_bavail.saturating_mul(block),
        files: (found.f_files > 0).then_some(found.f_ffree),
        kind: kind(found.f_type.cast_unsigned()),
    };
    (device, Ok(left))
}

/// One of the disks that are the same, which has logs if any of them has.
fn each_once(disks: Vec<(Option<u64>, Disk)>) -> Vec<Disk> {
    let mut once: Vec<(Option<u64>, Disk)> = Vec::new();
    for (device, disk) in disks {
        let known = once.iter_mut().find(|(known, _)| *known == device);
        match known.filter(|_| device.is_some()) {
            Some((_, known)) => known.has_logs |= disk.has_logs,
            None => once.push((device, disk)),
        }
    }
    once.into_iter().map(|(_, disk)| disk).collect()
}

/// By the numbers of statfs(2).
fn kind(number: u64) -> Kind {
    match number & 0xffff_ffff {
        0x6969 => Kind::Network("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Kind::Network("SMB"),
        0x0102_1997 => Kind::Network("9P"),
        0x5346_414f | 0x6b41_4653 => Kind::Network("AFS"),
        0x0102_1994 | 0x8584_58f6 => Kind::Memory,
        0x794c_7630 => Kind::Layered,
        _ => Kind::Disk,
    }
}

/// Where a small file does no harm. No folder is made for it: one that the superuser makes would be in the way of the services.
fn scratch(instance: &Instance) -> PathBuf {
    let run = instance.path("run");
    match run.is_dir() {
        true => run,
        false => instance.directory().to_owned(),
    }
}

/// Makes a small file durable, as a log does with each round, and removes it.
fn time_sync(folder: &Path) -> Result<Duration, String> {
    let place = folder.join(format!("doctor-{}", std::process::id()));
    let began = Instant::now();
    let written = sigstead_durable::write(&place, &[0x5a; 4096]);
    let took = began.elapsed();
    // It is the doctor's own, and of no meaning if it stays.
    let _ = fs::remove_file(&place);
    written.map(|()| took).map_err(|error| error.to_string())
}

const LATE: &str = "it does not answer";
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_is_known_by_its_number() {
        for (number, expected) in [
            (0x6969, Kind::Network("NFS")),
            (0xffff_ffff_ff53_4d42, Kind::Network("SMB")),
            (0x0102_1994, Kind::Memory),
            (0x794c_7630, Kind::Layered),
            (0xef53, Kind::Disk),
        ] {
            assert_eq!(kind(number), expected, "{number:x}");
        }
    }

    #[test]
    fn a_disk_with_several_places_is_looked_at_once() {
        let disk = |place: &str, has_logs| Disk {
            place: place.into(),
            has_logs,
            left: Err(String::new()),
        };
        let disks = vec![
            (Some(1), disk("a", false)),
            (Some(1), disk("b", true)),
            (Some(2), disk("c", false)),
            (None, disk("d", false)),
            (None, disk("e", false)),
        ];
        let once: Vec<_> = each_once(disks)
            .into_iter()
            .map(|disk| (disk.place.display().to_string(), disk.has_logs))
            .collect();
        let expected = [("a", true), ("c", false), ("d", false), ("e", false)];
        assert_eq!(once, expected.map(|(place, has)| (place.to_owned(), has)));
    }

    #[test]
    fn a_place_that_is_not_there_yet_is_on_the_disk_of_what_is_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let (device, left) = look(&folder.path().join("a/b"));
        assert_eq!(device, Some(fs::metadata(folder.path()).unwrap().dev()));
        assert!(left.unwrap().bytes > 0);
        assert!(time_sync(folder.path()).is_ok());
        assert!(time_sync(&folder.path().join("run")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
