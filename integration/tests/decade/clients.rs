//! Which clients the gate before a publication asks.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{Instance, client};

/// The gate verifies by itself, and asks cosign each time. In the first rotation of each role it asks all that it knows.
pub(crate) struct Clients {
    one: PathBuf,
    all: PathBuf,
    asked: BTreeMap<&'static str, usize>,
}

impl Clients {
    pub(crate) fn new(instance: &Instance) -> Self {
        let folder = |name: &str, programs: &[Option<PathBuf>]| {
            let folder = instance.work().join(name);
            std::fs::create_dir(&folder).unwrap();
            for program in programs.iter().flatten() {
                let program = std::path::absolute(program).unwrap();
                symlink(&program, folder.join(program.file_name().unwrap())).unwrap();
            }
            folder
        };
        Self {
            one: folder("one-client", &[client::cosign()]),
            all: folder(
                "all-clients",
                &[client::cosign(), client::sigstore_python()],
            ),
            asked: BTreeMap::new(),
        }
    }

    /// Adds to a command about a role which clients its gate asks.
    pub(crate) fn of<'a>(
        &mut self,
        role: &'static str,
        command: &'a mut Command,
    ) -> &'a mut Command {
        let asked = self.asked.entry(role).or_default();
        *asked += 1;
        let folder: &Path = match *asked {
            1 => &self.all,
            _ => &self.one,
        };
        command.env("SIGSTEAD_CLIENTS", folder)
    }
}
