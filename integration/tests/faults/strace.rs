//! System calls of the service that fail, by strace.
//!
//! Only calls on the files of a log are counted and tampered with. strace counts in each thread by itself, so that the
//! n-th call may fail in several. It runs as a grandchild: the child is the service.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::server::Server;
use crate::world::World;

/// What a file is done to, with the names that the call has on one system or another.
pub(crate) const CALLS: [(&str, &str); 10] = [
    ("open", "?open,?openat"),
    ("write", "write"),
    ("pwrite", "pwrite64"),
    ("fsync", "fsync"),
    ("fdatasync", "fdatasync"),
    ("rename", "?rename,?renameat,?renameat2"),
    ("mkdir", "?mkdir,?mkdirat"),
    ("unlink", "?unlink,?unlinkat"),
    ("close", "close"),
    ("allocate", "fallocate,ftruncate"),
];

/// What becomes of the call.
pub(crate) const FAULTS: [&str; 3] = ["error=EIO", "error=ENOSPC", "signal=KILL"];

/// One fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Injection {
    pub(crate) call: (&'static str, &'static str),
    pub(crate) fault: &'static str,
    pub(crate) when: usize,
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.call.0, self.fault, self.when)
    }
}

/// Starts the service of a world under watch.
pub(crate) fn watched(world: &World) -> Server {
    let all: Vec<_> = CALLS.iter().map(|(_, names)| *names).collect();
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-y", "-s", "0", "-e", "signal=none"]);
    command.args(["-e", &format!("trace={}", all.join(",")), "-o"]);
    command.arg(trace(world));
    under(world, command)
}

/// Starts the service of a world with a fault in one of its calls on these files.
pub(crate) fn faulted(world: &World, injection: Injection, files: &BTreeSet<String>) -> Server {
    let Injection { call, fault, when } = injection;
    let mut command = Command::new("sh");
    command.args(["-c", WITH_TEMPORARY_FILES, "sh"]);
    command.args(["strace", "-D", "-f", "-qq", "-y", "-s", "0"]);
    command.args(["-e", &format!("trace={}", call.1)]);
    command.args([
        "-e",
        &format!("inject={}:{fault}:when={when}", call.1),
        "-o",
    ]);
    command.arg(trace(world));
    let folder = world.folder().to_str().unwrap();
    let mut temporary = Vec::new();
    for file in files {
        match file.split_once(TEMPORARY) {
            Some((directory, number)) => {
                command.env("FOLDER", format!("{folder}{directory}/"));
                temporary.push(number.to_owned());
            }
            None => drop(command.args(["-P", &format!("{folder}{file}")])),
        }
    }
    command.env("TEMPORARY", temporary.join(" "));
    under(world, command)
}

/// Whether a call was answered with an error of ours. A process that was killed says nothing.
pub(crate) fn was_tampered_with(world: &World) -> bool {
    let text = std::fs::read(trace(world)).unwrap();
    String::from_utf8_lossy(&text).contains("(INJECTED)")
}

/// What a service did to the files of its log.
pub(crate) struct Calls {
    /// The most of each call in one thread.
    pub(crate) most: BTreeMap<&'static str, usize>,
    /// The files, relative to the world's folder.
    pub(crate) files: BTreeSet<String>,
}

impl Calls {
    /// Reads what [`watched`] saw of the process.
    pub(crate) fn read(world: &World, pid: u32) -> Self {
        let text = std::fs::read(trace(world)).unwrap();
        let text = String::from_utf8_lossy(&text);
        let own = format!("/{pid}-");
        let (mut counts, mut files) = (HashMap::new(), BTreeSet::new());
        for line in text.lines() {
            let Some((thread, call)) = line.split_once(' ') else {
                continue;
            };
            let Some(name) = named(call.trim_start()) else {
                continue;
            };
            let touched = log_files(world.folder(), call);
            if !touched.is_empty() {
                *counts.entry((thread.to_owned(), name)).or_insert(0_usize) += 1;
            }
            files.extend(touched.iter().map(|file| file.replace(&own, TEMPORARY)));
        }
        let mut most = BTreeMap::new();
        for ((_, name), count) in counts {
            let best = most.entry(name).or_insert(0);
            *best = count.max(*best);
        }
        Self { most, files }
    }
}

fn under(world: &World, mut command: Command) -> Server {
    let service = world.command();
    command.arg(service.get_program()).args(service.get_args());
    Server::spawn(world, &mut command)
}

fn trace(world: &World) -> std::path::PathBuf {
    world.folder().join("trace")
}

/// The call of a line like `openat(AT_FDCWD</>, "/…", …) = 9</…>`.
fn named(line: &str) -> Option<&'static str> {
    let (name, _) = line.split_once('(')?;
    CALLS
        .iter()
        .find(|(_, names)| {
            names
                .split(',')
                .any(|each| each.trim_start_matches('?') == name)
        })
        .map(|(call, _)| *call)
}

/// The files of the log that a line names, in quotation marks or after a descriptor.
fn log_files(folder: &Path, line: &str) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    line.split(['"', '<', '>'])
        .filter_map(|part| part.strip_prefix(folder))
        .filter(|file| LOG_FOLDERS.iter().any(|place| file.starts_with(place)))
        .map(|file| file.trim_end_matches(" (deleted)").to_owned())
        .collect()
}

/// The folders of a log in that of its world.
const LOG_FOLDERS: [&str; 2] = ["/store", "/anchor"];

/// Stands for the number of the process in the names of temporary files.
const TEMPORARY: &str = "/{pid}-";

/// Runs its arguments with those files as further ones. Their names begin with the number of the process, which stays when
/// a program is replaced.
const WITH_TEMPORARY_FILES: &str = "first=$1; shift\n\
    for name in $TEMPORARY; do set -- -P \"$FOLDER$$-$name\" \"$@\"; done\n\
    exec \"$first\" \"$@\"";
