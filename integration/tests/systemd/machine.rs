//! A machine of its own for an instance: a network without any way out, processes that end with it, and mounts of its own,
//! in which the programs are in `/opt`, `/srv` is empty, and changes of `/etc` are lost.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sigstead_integration::{programs, run};
use sigstead_test_support::Need;
use tempfile::TempDir;

/// The user of the instance, whom the system need not know.
pub(crate) const USER: u32 = 4711;
/// The user's group.
pub(crate) const GROUP: u32 = 4712;

pub(crate) struct Machine {
    folder: TempDir,
    /// When it ends, every process of the machine does.
    holder: Child,
    /// The first process of the machine, by its number outside.
    first: String,
}

impl Machine {
    /// Makes the machine, and on it an instance that belongs to a user of its own, with its units. Some of its ports are
    /// below 1024. `None` where the tests are not run by root, whose right it is.
    pub(crate) fn with_instance() -> Option<Self> {
        let machine = Self::start()?;
        run(machine.sigctl().args([
            "init",
            "/srv/acme",
            "--name",
            "acme",
            "--base-port",
            "1010",
            "--anchors",
            "/srv/anchors",
        ]))
        .unwrap();
        let user = format!("{USER}:{GROUP}");
        run(machine
            .command("chown")
            .args(["-R", &user, "/srv/acme", "/srv/anchors"]))
        .unwrap();
        run(machine
            .sigctl()
            .args(["systemd", "install", "/srv/acme", "--to", "/srv/units"]))
        .unwrap();
        Some(machine)
    }

    /// Makes the machine, with nothing on it.
    pub(crate) fn start() -> Option<Self> {
        let user = Command::new("id").arg("-u").output().unwrap().stdout;
        let need = Need {
            name: "root",
            remedy: "run the tests of the units as root",
        };
        need.check(user == b"0\n")?;
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let script = "set -e; ip link set lo up; mount --bind \"$0\" /srv; mount --bind \"$1\" /opt; \
                      mkdir /srv/etc; mount -t tmpfs tmpfs /srv/etc; mkdir /srv/etc/upper /srv/etc/work; \
                      mount -t overlay overlay -o lowerdir=/etc,upperdir=/srv/etc/upper,workdir=/srv/etc/work /etc; \
                      echo ready; exec sleep infinity";
        let mut holder = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
            ])
            .args(["sh", "-c", script])
            .arg(folder.path())
            .arg(programs())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        let said = holder.stdout.as_mut().unwrap().read_exact(&mut ready);
        said.unwrap();
        let id = holder.id();
        let first = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let first = first.trim().to_owned();
        Some(Self {
            folder,
            holder,
            first,
        })
    }

    /// Where a path below `/srv` is outside of the machine.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of the units of services.
    pub(crate) fn service_units(&self) -> Vec<String> {
        let all = self.units().into_iter();
        all.filter(|name| name.ends_with(".service")).collect()
    }

    /// The names of all units.
    pub(crate) fn units(&self) -> Vec<String> {
        let files = fs::read_dir(self.path("units")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// A command on the machine, by root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--mount", "--pid", "--target", &self.first]);
        command.arg(program).env_remove("SIGSTEAD_DIR");
        command
    }

    /// `sigctl` by root.
    pub(crate) fn sigctl(&self) -> Command {
        self.command("/opt/sigctl")
    }

    /// `sigctl` by the user of the instance, as the page about installing says.
    pub(crate) fn sigctl_of_user(&self) -> Command {
        let (user, group) = (format!("--reuid={USER}"), format!("--regid={GROUP}"));
        let mut command = self.command("setpriv");
        command.args([&user, &group, "--clear-groups", "/opt/sigctl"]);
        command
    }

    /// A folder below `/srv` that the user writes to.
    pub(crate) fn folder_of_user(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        std::os::unix::fs::chown(&path, Some(USER), Some(GROUP)).unwrap();
        Path::new("/srv").join(name)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
