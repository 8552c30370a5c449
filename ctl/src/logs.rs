//! `sigctl logs`: what services logged.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::output::Output;
use crate::process::last_lines;

/// Which logs.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// The services; all if none is named.
    services: Vec<Service>,

    /// Lines to show of each.
    #[arg(long, short = 'n', default_value_t = 40)]
    lines: usize,

    /// Go on showing what is logged.
    #[arg(long, short)]
    follow: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let services = if arguments.services.is_empty() {
        SERVICES.to_vec()
    } else {
        arguments.services
    };
    let shown: Vec<_> = services
        .iter()
        .map(|service| {
            (
                service.name(),
                last_lines(&instance, *service, arguments.lines),
            )
        })
        .collect();
    output.print(&shown, |shown| {
        let headed = shown
            .iter()
            .map(|(name, text)| format!("== {name}\n{text}"));
        headed.collect::<Vec<_>>().join("\n")
    });
    if arguments.follow {
        follow(&instance, &services).await
    } else {
        Ok(())
    }
}

async fn follow(instance: &Instance, services: &[Service]) -> Result<(), Failure> {
    let mut files = Vec::new();
    for service in services {
        let path = instance.log_file(*service);
        let failed = |error| Failure::file("read", &path, error);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        files.push((service.name(), file, Vec::new()));
    }
    loop {
        for (name, file, fresh) in &mut files {
            let read = file.read_to_end(fresh);
            read.map_err(|error| Failure::io("cannot read a log", error))?;
            for line in String::from_utf8_lossy(&whole_lines(fresh)).lines() {
                // A reader that went away ends the following, as everywhere in a shell.
                if writeln!(std::io::stdout(), "{name}: {line}").is_err() {
                    return Ok(());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
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
    use super::whole_lines;

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
}
