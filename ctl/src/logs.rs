//! `sigctl logs`: what services logged.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::{Output, printable};
use crate::service_log::last_lines;
use crate::services;

/// Which logs.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The services; all if none is named.
    services: Vec<Service>,

    /// Lines to show of each.
    #[arg(long, short = 'n', default_value_t = 40)]
    lines: usize,

    /// Go on showing what is logged, also after a log was rotated.
    #[arg(long, short)]
    follow: bool,
}

#[derive(Serialize)]
struct Log {
    service: Service,
    lines: Vec<String>,
}

pub(crate) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let mut services = arguments.instance.services(arguments.services);
    let instance = arguments.instance.open()?;
    services.retain(|service| services::of(&instance.manifest).contains(service));
    // Before the last lines are read, so that none is lost between them and what follows.
    let mut followed = Vec::new();
    if arguments.follow {
        followed.extend(
            services
                .iter()
                .map(|service| Followed::end_of(&instance, *service)),
        );
    }
    let logs = services.iter().map(|service| {
        let text = last_lines(&instance, *service, arguments.lines);
        Log {
            service: *service,
            lines: text.lines().map(str::to_owned).collect(),
        }
    });
    let logs: Vec<_> = logs.collect();
    output.print(&logs, |logs| text(logs));
    if arguments.follow {
        follow(followed).await
    } else {
        Ok(())
    }
}

fn text(logs: &[Log]) -> String {
    let headed = logs
        .iter()
        .map(|log| format!("== {}\n{}", log.service.name(), log.lines.join("\n")));
    headed.collect::<Vec<_>>().join("\n")
}

async fn follow(mut files: Vec<Followed>) -> Result<(), Failure> {
    loop {
        for file in &mut files {
            let fresh = file.fresh();
            let fresh = fresh.map_err(|error| Failure::file("read", &file.path, error))?;
            for line in String::from_utf8_lossy(&fresh).lines() {
                // A reader that went away ends the following, as everywhere in a shell.
                let name = file.service.name();
                if writeln!(io::stdout(), "{name}: {}", printable(line)).is_err() {
                    return Ok(());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// A log that is read as it grows. It may be moved away, and another may take its place; it may be emptied; it may not be
/// there yet.
struct Followed {
    service: Service,
    path: PathBuf,
    file: Option<File>,
    read_to: u64,
    /// The beginning of a line that is still being written.
    begun: Vec<u8>,
}

impl Followed {
    fn end_of(instance: &Instance, service: Service) -> Self {
        let path = instance.log_file(service);
        let file = File::open(&path).ok();
        let length = |file: &File| file.metadata().map(|found| found.len()).ok();
        Self {
            service,
            read_to: file.as_ref().and_then(length).unwrap_or_default(),
            path,
            file,
            begun: Vec::new(),
        }
    }

    /// The whole lines that were written since the last call.
    fn fresh(&mut self) -> io::Result<Vec<u8>> {
        let mut fresh = self.rest()?;
        if self.has_been_replaced() {
            // What the service wrote to the old file since then is not lost either.
            fresh.extend(self.rest()?);
            self.file = File::open(&self.path).ok();
            self.read_to = 0;
            fresh.extend(self.rest()?);
        }
        self.begun.extend(fresh);
        Ok(whole_lines(&mut self.begun))
    }

    fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(file) = &mut self.file {
            // A file that is shorter than what was read of it has been emptied.
            if file.metadata()?.len() < self.read_to {
                self.read_to = 0;
            }
            file.seek(SeekFrom::Start(self.read_to))?;
            file.read_to_end(&mut bytes)?;
            self.read_to = file.stream_position()?;
        }
        Ok(bytes)
    }

    fn has_been_replaced(&self) -> bool {
        let Ok(there) = std::fs::metadata(&self.path) else {
            return false;
        };
        let ours = self.file.as_ref().and_then(|file| file.metadata().ok());
        ours.is_none_or(|ours| (ours.dev(), ours.ino()) != (there.dev(), there.ino()))
    }
}

/// Takes the lines that are complete; the beginning of one that is still being written stays.
fn whole_lines(read: &mut Vec<u8>) -> Vec<u8> {
    let end = read.iter().rposition(|byte| *byte == b'\n');
    let rest = read.split_off(end.map_or(0, |end| end + 1));
    std::mem::replace(read, rest)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_is_shown_when_it_is_whole() {
        let mut read = b"one\ntw".to_vec();
        assert_eq!(whole_lines(&mut read), b"one\n");
        assert_eq!(read, b"tw");
        assert_eq!(whole_lines(&mut read), b"");
        read.extend(b"o\n");
        assert_eq!(whole_lines(&mut read), b"two\n");
        assert!(read.is_empty());
    }

    #[test]
    fn a_log_is_followed_through_rotation_and_emptying() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tsa.log");
        let append = |path: &PathBuf, text: &str| {
            let mut file = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let mut followed = Followed {
            service: Service::Tsa,
            path: path.clone(),
            file: None,
            read_to: 0,
            begun: Vec::new(),
        };
        let mut fresh = move || String::from_utf8(followed.fresh().unwrap()).unwrap();
        assert_eq!(fresh(), "");
        append(&path, "one\n");
        assert_eq!(fresh(), "one\n");
        // Moved away while the service still writes to it.
        let moved = folder.path().join("tsa.log.1");
        sigstead_durable::rename(&path, &moved).unwrap();
        append(&moved, "two\n");
        assert_eq!(fresh(), "two\n");
        append(&moved, "three\n");
        append(&path, "four\n");
        assert_eq!(fresh(), "three\nfour\n");
        // Copied and emptied, as `copytruncate` does.
        File::create(&path).unwrap();
        append(&path, "5\n");
        assert_eq!(fresh(), "5\n");
    }
}
