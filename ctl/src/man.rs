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
    let mut root = crate::Arguments::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    write(&root, "sigctl", folder, &mut pages)?;
    Ok(pages)
}

/// The page of a command, and those of the commands below it.
fn write(
    command: &Command,
    name: &str,
    folder: &Path,
    pages: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    let titled = command.clone().name(name.to_owned());
    Man::new(titled)
        .render(&mut page)
        .and_then(|()| fs::write(&path, &page))
        .map_err(|error| Failure::file("write", &path, error))?;
    pages.push(path);
    for below in command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
    {
        write(
            below,
            &format!("{name}-{}", below.get_name()),
            folder,
            pages,
        )?;
    }
    Ok(())
}
