//! What a command reads: a file, or standard input under the name `-`.

use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;

/// Whether the name stands for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file, or standard input to its end.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if !is_standard_input(path) {
        return std::fs::read(path).map_err(|error| Failure::file("read", path, error));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("cannot read standard input", error))?;
    Ok(bytes)
}
