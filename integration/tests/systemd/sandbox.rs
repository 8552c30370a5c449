//! A service as systemd starts it: the command of its unit, as its user, with the mounts and rights that the unit gives it. What the unit does through filters of the kernel's calls is not done, but looked for in what was called.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use crate::machine::Machine;
use crate::unit::Unit;

pub(crate) struct Sandbox {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// Where the service says how it does.
    notify: UnixDatagram,
    /// What it called, as strace writes it.
    pub(crate) calls: PathBuf,
    child: Child,
}

impl Sandbox {
    /// Starts the service of a unit.
    pub(crate) fn start(machine: &Machine, name: &str) -> Self {
        let unit = Unit::read(&machine.path("units").join(name));
        let notify = UnixDatagram::bind(machine.path(&format!("{name}.notify"))).unwrap();
        let everybody = Permissions::from_mode(0o777);
        fs::set_permissions(machine.path(&format!("{name}.notify")), everybody).unwrap();
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        let calls = machine.path("calls").join(name);
        let log = fs::File::create(machine.path(&format!("{name}.log"))).unwrap();
        let mut command = machine.command("unshare");
        command
            .args(["--mount", "sh", "-c", &script(&unit, name)])
            .arg("sh")
            .args(unit.one("ExecStart").split(' '))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        Self {
            name: name.to_owned(),
            unit,
            notify,
            calls,
            child: command.spawn().unwrap(),
        }
    }

    /// The next thing that the service tells systemd.
    pub(crate) fn hears(&self, machine: &Machine) -> String {
        let mut bytes = [0; 256];
        let heard = self.notify.recv(&mut bytes);
        let length = heard.unwrap_or_else(|error| {
            let log = machine.path(&format!("{}.log", self.name));
            panic!(
                "{}: {error}: {}",
                self.name,
                fs::read_to_string(log).unwrap()
            )
        });
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// How it ended, when it has.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself; if not, its processes end with their machine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The mounts first, then the rights; the command is in the script's arguments.
fn script(unit: &Unit, name: &str) -> String {
    let mut script = b"set -e\n".to_vec();
    let mut line = |text: String| writeln!(script, "{text}").unwrap();
    assert_eq!(unit.one("ProtectSystem"), "strict");
    line(
        "for t in $(findmnt -rno TARGET); do case $t in /proc*|/sys*|/dev*) ;; \
          *) if test -e \"$t\"; then mount -o remount,bind,ro \"$t\"; fi ;; esac; done"
            .to_owned(),
    );
    // What strace writes is root's, and no folder of the unit.
    for path in unit.all("ReadWritePaths").into_iter().chain([CALLS]) {
        line(format!(
            "mount --bind {path} {path}; mount -o remount,bind,rw {path}"
        ));
    }
    for path in unit.all("ReadOnlyPaths") {
        let path = path.strip_prefix('-').unwrap();
        line(format!(
            "if test -e {path}; then mount --bind {path} {path}; mount -o remount,bind,ro {path}; fi"
        ));
    }
    assert_eq!(unit.one("PrivateTmp"), "yes");
    line("for t in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $t; done".to_owned());
    assert_eq!(unit.one("ProtectHome"), "yes");
    line("for t in /home /root; do mount -t tmpfs -o mode=000,ro tmpfs $t; done".to_owned());
    assert_eq!(
        (unit.one("ProtectProc"), unit.one("ProcSubset")),
        ("invisible", "pid")
    );
    line("mount -t proc -o hidepid=invisible,subset=pid proc /proc".to_owned());
    line("ulimit -c 0".to_owned());
    line(format!("umask {}", unit.one("UMask")));
    line(format!(
        "exec strace -f -qq -o {CALLS}/{name} setpriv --reuid={user} --regid={group} --clear-groups {rights} \
         --no-new-privs env -i PATH=/usr/bin:/bin NOTIFY_SOCKET=/srv/{name}.notify \"$@\"",
        user = unit.one("User"),
        group = unit.one("Group"),
        rights = rights(unit),
    ));
    String::from_utf8(script).unwrap()
}

/// The capabilities of the unit: none, or one that the service keeps as itself.
fn rights(unit: &Unit) -> String {
    let bounding = unit.one("CapabilityBoundingSet");
    assert_eq!(bounding, unit.one("AmbientCapabilities"));
    match bounding.strip_prefix("CAP_") {
        None => "--inh-caps=-all --ambient-caps=-all --bounding-set=-all".to_owned(),
        Some(name) => {
            let name = name.to_lowercase();
            format!(
                "--inh-caps=-all,+{name} --ambient-caps=-all,+{name} --bounding-set=-all,+{name}"
            )
        }
    }
}

const CALLS: &str = "/srv/calls";
/// More than a service needs to start while every call of it is written down.
const PATIENCE: Duration = Duration::from_secs(120);
