//! `sigctl kubernetes publish`: brings what was published outside into the repository of the `tuf` service.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use sigstead_trust_root::ClientPage;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::private;
use crate::published_files::PAGE;
use crate::up::Ends;

/// From where and to where.
#[derive(Args)]
pub(super) struct Arguments {
    /// The folder with the publication, as `sigctl kubernetes lay-out` makes it.
    publication: PathBuf,

    /// The repository that the service serves.
    repository: PathBuf,

    /// Go on, and bring what is published later, until asked to end.
    #[arg(long)]
    follow: bool,
}

#[derive(Serialize)]
struct Published {
    added: usize,
}

/// What fails is told and tried again: the publication may be on its way.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    if !arguments.follow {
        return bring(arguments, output);
    }
    let mut ends = Ends::listen()?;
    let mut told = None;
    loop {
        let failure = bring(arguments, output)
            .err()
            .map(|failure| failure.whole());
        if failure != told {
            output.progress(
                failure
                    .as_deref()
                    .unwrap_or("all that is published is there"),
            );
            told = failure;
        }
        tokio::select! {
            () = ends.any() => return Ok(()),
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

fn bring(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let mut files = read(&arguments.publication)?;
    // Whatever a file names is there before it: first the targets' files, then the roots, then the targets, then the page for
    // clients, which is of all of them, and its record.
    files.sort_by_key(|file| (file.rank, file.name.clone()));
    let mut new = Vec::new();
    for file in &files {
        if is_new(file, &arguments.repository)? {
            new.push(file);
        }
    }
    new.iter()
        .try_for_each(|file| add(file, &arguments.repository))?;
    if !arguments.follow || !new.is_empty() {
        output.print(&Published { added: new.len() }, |published| {
            format!("{} files are new in the repository", published.added)
        });
    }
    Ok(())
}

/// A file of a publication.
struct File {
    rank: Rank,
    name: String,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Target,
    Root,
    Targets,
    Page,
    PageRecord,
}

impl Rank {
    fn of(name: &str) -> Self {
        let is_version = |ending| {
            let version = name.strip_suffix(ending);
            version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if is_version(".root.json") {
            Self::Root
        } else if is_version(".targets.json") {
            Self::Targets
        } else if let Some(name) = name.strip_prefix(PAGE) {
            match name {
                ClientPage::FILE => Self::PageRecord,
                _ => Self::Page,
            }
        } else {
            Self::Target
        }
    }
}

impl File {
    fn place(&self, repository: &Path) -> PathBuf {
        match self.rank {
            Rank::Target => repository.join("targets").join(&self.name),
            Rank::Root | Rank::Targets => repository.join(&self.name),
            Rank::Page | Rank::PageRecord => {
                let name = self.name.strip_prefix(PAGE).unwrap_or(&self.name);
                repository.join(ClientPage::FOLDER).join(name)
            }
        }
    }
}

/// The files of a folder. What a cluster puts beside them, to change them all at once, begins with two dots.
fn read(folder: &Path) -> Result<Vec<File>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| !name.starts_with('.') && path.is_file()) else {
            continue;
        };
        let bytes =
            private::read(&path, LARGEST).map_err(|error| Failure::file("read", &path, error))?;
        let (rank, name) = (Rank::of(name), name.to_owned());
        files.push(File { rank, name, bytes });
    }
    Ok(files)
}

/// A version that is published never changes: two of one number are two trust roots. The page for clients does, with each.
fn is_new(file: &File, repository: &Path) -> Result<bool, Failure> {
    let place = file.place(repository);
    match private::read(&place, LARGEST) {
        Ok(found) if found == file.bytes => Ok(false),
        Ok(_) if matches!(file.rank, Rank::Page | Rank::PageRecord) => Ok(true),
        Ok(_) => Err(other(&file.name, repository)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Failure::file("read", &place, error)),
    }
}

fn add(file: &File, repository: &Path) -> Result<(), Failure> {
    let place = file.place(repository);
    let failed = |error| Failure::file("write", &place, error);
    sigstead_durable::create_directory(sigstead_durable::parent(&place)).map_err(failed)?;
    sigstead_durable::replace(&place, &file.bytes).map_err(failed)
}

fn other(name: &str, repository: &Path) -> Failure {
    Failure::new(
        "E-CTL-110",
        format!(
            "{name} is published in {} with another content",
            repository.display()
        ),
        "the publication is of another instance, or was made from an old copy of it; bring the newest, nothing was changed",
    )
    .exit(Exit::Refused)
}

/// A ConfigMap holds no more.
const LARGEST: u64 = 1 << 20;
/// A cluster takes longer to bring a publication to its pod.
const POLL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(publication: &Path, repository: &Path) -> Result<(), Failure> {
        let arguments = Arguments {
            publication: publication.to_owned(),
            repository: repository.to_owned(),
            follow: false,
        };
        bring(&arguments, Output::Json)
    }

    #[test]
    fn each_file_goes_to_its_place_and_never_changes_there() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&from).unwrap();
        for name in [
            "1.root.json",
            "1.targets.json",
            "ab.rekor.pub",
            "x.root.json",
            "client_index.html",
            "client_page.json",
        ] {
            fs::write(from.join(name), name).unwrap();
        }
        // As a ConfigMap is mounted.
        fs::create_dir(from.join("..2026")).unwrap();
        publish(&from, &to).unwrap();
        for (name, place) in [
            ("1.root.json", "1.root.json"),
            ("1.targets.json", "1.targets.json"),
            ("ab.rekor.pub", "targets/ab.rekor.pub"),
            ("x.root.json", "targets/x.root.json"),
            ("client_index.html", "client/index.html"),
            ("client_page.json", "client/page.json"),
        ] {
            assert_eq!(fs::read_to_string(to.join(place)).unwrap(), name);
        }
        fs::write(to.join("timestamp.json"), "of the service").unwrap();
        fs::write(from.join("2.root.json"), "2").unwrap();
        fs::write(from.join("client_index.html"), "of root 2").unwrap();
        publish(&from, &to).unwrap();
        let page = fs::read_to_string(to.join("client/index.html"));
        assert_eq!(page.unwrap(), "of root 2");
        assert!(to.join("2.root.json").exists() && to.join("timestamp.json").exists());

        fs::write(from.join("0.root.json"), "0").unwrap();
        fs::write(from.join("1.root.json"), "another").unwrap();
        let refused = publish(&from, &to).unwrap_err();
        assert_eq!(refused.code(), "E-CTL-110");
        assert!(!to.join("0.root.json").exists(), "nothing was changed");
        assert_eq!(
            fs::read_to_string(to.join("1.root.json")).unwrap(),
            "1.root.json"
        );
    }
}
