//! What goes into an archive.

use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_airgap::{FileName, Flaws, ImageRecord, Kind, Source};

use super::image;
use super::refusal::unfit;
use super::source::{file_source, name};
use crate::failure::Failure;
use crate::man;

/// The parts of an archive. Each may be named several times; of a folder, everything in it goes in.
#[derive(Args)]
pub(super) struct Contents {
    /// A program of Sigstead: `sigctl`, and those that services run as.
    #[arg(long, value_name = "FILE", required = true, help_heading = "Contents")]
    program: Vec<PathBuf>,

    /// An image as an OCI layout, a folder or a tar, with everything about it that is in the layout: signatures, attestations.
    #[arg(long, value_name = "NAME=LAYOUT", value_parser = named, help_heading = "Contents")]
    image: Vec<(FileName, PathBuf)>,

    /// The packed chart.
    #[arg(long, value_name = "FILE", help_heading = "Contents")]
    chart: Vec<PathBuf>,

    /// What something is made of, its SBOM.
    #[arg(long, value_name = "PATH", help_heading = "Contents")]
    sbom: Vec<PathBuf>,

    /// What was found of known flaws in what is carried. Without, the archive says that nobody looked.
    #[arg(long, value_name = "FOLDER", help_heading = "Contents")]
    flaws: Vec<PathBuf>,

    /// The manual. The pages of `man` are added by themselves.
    #[arg(long, value_name = "PATH", help_heading = "Contents")]
    docs: Vec<PathBuf>,

    /// The client kit of an instance, its folder `client`.
    #[arg(long, value_name = "FOLDER", help_heading = "Contents")]
    kit: Vec<PathBuf>,

    /// A client that is not ours, such as cosign or gitsign.
    #[arg(long, value_name = "FILE", help_heading = "Contents")]
    client: Vec<PathBuf>,
}

impl Contents {
    /// What is known of flaws.
    pub(super) const fn flaws(&self) -> Flaws {
        match self.flaws.is_empty() {
            true => Flaws::Unchecked,
            false => Flaws::Listed,
        }
    }

    /// All files, and what is said of the images among them.
    pub(super) fn gather(&self) -> Result<(Vec<Source>, Vec<ImageRecord>), Failure> {
        let mut sources = Vec::new();
        for (folder, kind, paths) in [
            ("programs", Kind::Program, &self.program),
            ("charts", Kind::Chart, &self.chart),
            ("sboms", Kind::Sbom, &self.sbom),
            ("flaws", Kind::Flaws, &self.flaws),
            ("docs", Kind::Document, &self.docs),
            ("kit", Kind::ClientKit, &self.kit),
            ("clients", Kind::Client, &self.client),
        ] {
            for path in paths {
                gather(folder, kind, path, &mut sources)?;
            }
        }
        for page in man::pages()? {
            let name = name(&format!("man/man1/{}", page.file))?;
            sources.push(Source::of_bytes(name, Kind::ManualPage, page.text));
        }
        let mut images = Vec::new();
        for (name, layout) in &self.image {
            images.push(image::gather(name, layout, &mut sources)?);
        }
        Ok((sources, images))
    }
}

/// Adds a file, or every file of a folder.
fn gather(folder: &str, kind: Kind, path: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let failed = |error| Failure::file("read", path, error);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        sources.push(file_source(&format!("{folder}/{file}"), kind, path)?);
        return Ok(());
    }
    let mut waiting = vec![(path.to_owned(), folder.to_owned())];
    while let Some((path, name)) = waiting.pop() {
        for (below, kind_of_file) in entries(&path)? {
            let place = path.join(&below);
            let name = format!("{name}/{below}");
            if kind_of_file.is_dir() {
                waiting.push((place, name));
            } else if kind_of_file.is_file() {
                sources.push(file_source(&name, kind, &place)?);
            } else {
                let what = format!("{} cannot be carried", place.display());
                return Err(unfit(what, "it is neither a file nor a folder"));
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<(String, FileType)>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.file_type().map_err(failed)?));
    }
    Ok(found)
}

fn named(text: &str) -> Result<(FileName, PathBuf), String> {
    let (name, layout) = text.split_once('=').ok_or("write NAME=LAYOUT")?;
    let name = FileName::parse(name).map_err(|error| error.to_string())?;
    Ok((name, PathBuf::from(layout)))
}
