//! `sigctl man`: the manual pages, made of the same text as the help.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::private;

/// Where they go.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder, usually share/man/man1 of an installation; it is made if it is not there.
    folder: PathBuf,
}

#[derive(Serialize)]
struct Written {
    pages: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    private::with_callers_umask(|| write_all(&arguments.folder))
        .map(|pages| output.print(&Written { pages }, text))
}

fn text(written: &Written) -> String {
    format!("wrote {} pages", written.pages.len())
}

fn write_all(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
    let write = |page: &Page| {
        let path = folder.join(&page.file);
        let written = fs::write(&path, &page.text);
        written.map_err(|error| Failure::file("write", &path, error))?;
        Ok(path)
    };
    pages()?.iter().map(write).collect()
}

/// A manual page.
pub(crate) struct Page {
    pub(crate) file: String,
    pub(crate) text: Vec<u8>,
}

/// The pages of all commands.
pub(crate) fn pages() -> Result<Vec<Page>, Failure> {
    let mut root = crate::Arguments::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    add(&root, "sigctl", &mut pages)?;
    Ok(pages)
}

/// Adds the page of a command, and those of the commands below it.
fn add(command: &Command, name: &str, pages: &mut Vec<Page>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let titled = command.clone().name(name.to_owned());
    let rendered = Man::new(titled).render(&mut text);
    rendered.map_err(|error| Failure::io("cannot write a manual page", error))?;
    let file = format!("{name}.1");
    pages.push(Page { file, text });
    for below in command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
    {
        add(below, &format!("{name}-{}", below.get_name()), pages)?;
    }
    Ok(())
}
