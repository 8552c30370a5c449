//! Places of their own in the system, for what must not meet the rest of it.

use std::process::Command;

use sigstead_test_support::Need;

/// The program that gives another one namespaces of its own. Inside of them it has the rights of root.
#[derive(Clone, Copy)]
pub struct Unshare(());

/// The program, where the kernel lets it.
#[must_use]
pub fn unshare() -> Option<Unshare> {
    let unshare = Unshare(());
    let answers = unshare.with_network().arg("true").output();
    let is_allowed = answers.is_ok_and(|output| output.status.success());
    let name = "unshare, which makes namespaces,";
    let remedy = "run as root, or allow users their own namespaces";
    Need { name, remedy }.check(is_allowed).map(|()| unshare)
}

impl Unshare {
    /// The beginning of a command that sees its own mounts.
    #[must_use]
    pub fn with_mounts(self) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command
    }

    /// The beginning of a command that sees its own mounts and a network without any host but itself.
    #[must_use]
    pub fn with_network(self) -> Command {
        let mut command = self.with_mounts();
        command.arg("--net");
        command
    }
}
