//! Changes to files and directories that survive a power cut.
//!
//! The rules are those of POSIX `fsync` as Linux file systems keep them: the content of a file is durable after a sync of
//! the file, and a name is durable after a sync of the directory that holds it. This crate is the only place of the
//! workspace that renames or syncs; `clippy.toml` refuses both everywhere else.
//!
//! Provided: making directories, writing and replacing whole files, renaming, removing, and the syncs themselves for
//! files that are appended to; and a reserve of descriptors, with which all of it works in a process that has none left.
//! Absent on purpose: retries. A sync that failed says nothing about what the medium holds,
//! and a second sync does not mend that: the caller decides.

mod descriptor;
mod directory;
mod file;

pub use descriptor::{create, is_passing, open, with_reserve};
pub use directory::{
    create_directory, create_private_directory, parent, sync_directory, sync_file_system,
};
pub use file::{remove, rename, replace, replace_prepared, sync, sync_content, write};
