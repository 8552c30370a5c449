//! The files of units: whose they are, and how they are written.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::unit::{self, Unit};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::private;

/// Where units of the machine's own administrator belong.
pub(super) const FOLDER: &str = "/etc/systemd/system";

/// Refuses the folder of the system to those who cannot write there.
pub(super) fn check_rights(folder: &Path, command: &str) -> Result<(), Failure> {
    if folder != Path::new(FOLDER) || rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-250",
        format!("only root changes the units in {FOLDER}"),
        format!(
            "run it as root: sudo sigctl systemd {command} DIR; or name another folder, see --help"
        ),
    ))
}

/// Whether a unit of this instance is there. What somebody else wrote under its name is refused.
pub(super) fn is_ours(instance: &Instance, path: &Path) -> Result<bool, Failure> {
    let is_strange = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::file("look at", path, error)),
        Ok(found) => !found.is_file(),
    };
    let text = || private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error));
    if !is_strange && text()?.starts_with(unit::marker(instance).as_bytes()) {
        return Ok(true);
    }
    Err(Failure::new(
        "E-CTL-252",
        format!(
            "{} was not written by sigctl for this instance",
            path.display()
        ),
        "move it away; to change what a unit does, leave it as it is and use systemctl edit",
    )
    .exit(Exit::Refused))
}

/// Writes a unit in one step. Everybody may read it, as all units.
pub(super) fn write(path: &Path, unit: &Unit) -> Result<(), Failure> {
    let open = |file: &fs::File| file.set_permissions(Permissions::from_mode(MODE));
    sigstead_durable::replace_prepared(path, MODE, open, unit.content.as_bytes())
        .map_err(|error| Failure::file("write", path, error))
}

const MODE: u32 = 0o644;
/// More than any unit needs.
const LARGEST: u64 = 64 << 10;
