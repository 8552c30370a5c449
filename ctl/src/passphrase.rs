//! A passphrase that a command is given: in a file, on standard input, or in a variable that services do not see.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use crate::failure::Failure;
use crate::init::secret::refuse_open_to_others;
use crate::input;

/// What is in `file`, or else in `variable`; a line end behind it does not count. `None` where that is nothing.
pub(crate) fn read(file: Option<&Path>, variable: &str) -> Result<Option<Vec<u8>>, Failure> {
    let passphrase = match file {
        Some(file) => {
            if !input::is_standard_input(file) {
                refuse_open_to_others(file)?;
            }
            input::read(file)?
        }
        None => std::env::var_os(variable)
            .map(OsString::into_vec)
            .unwrap_or_default(),
    };
    let passphrase = input::without_line_end(passphrase);
    Ok(Some(passphrase).filter(|passphrase| !passphrase.is_empty()))
}
