use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// What started this process, if it asked to be told how the process does, as systemd does of a unit with `Type=notify`
/// (`sd_notify(3)`). Without such a one nothing is told.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    socket: Option<SocketAddr>,
}

impl Supervisor {
    /// The one that the environment names.
    pub(crate) fn of_this_process() -> Self {
        Self::named(std::env::var_os("NOTIFY_SOCKET"))
    }

    fn named(socket: Option<OsString>) -> Self {
        let address = socket.map(|name| address(&name));
        let socket = address.and_then(|address| {
            address
                .inspect_err(|error| tracing::warn!("NOTIFY_SOCKET cannot be used: {error}"))
                .ok()
        });
        Self { socket }
    }

    /// The service answers, also while it is not ready for its work: what it waits for may be another service, and a
    /// process that is started again does not bring that back.
    pub(crate) fn answers(&self) {
        self.tell("READY=1");
    }

    /// The service reads again what it can. [`Self::answers`] ends it.
    pub(crate) fn reads_again(&self) {
        self.tell("RELOADING=1");
    }

    /// The service answers what it owes and ends.
    pub(crate) fn stops(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, state: &str) {
        let Some(socket) = &self.socket else { return };
        let told = UnixDatagram::unbound()
            .and_then(|ours| ours.send_to_addr(state.as_bytes(), socket))
            .map(drop);
        if let Err(error) = told {
            tracing::warn!(state, "the supervisor cannot be told: {error}");
        }
    }
}

/// A path, or a name without a file behind an `@`.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_supervisor_hears_each_state_by_either_kind_of_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("sigstead-{}", std::process::id());
        let unnamed = SocketAddr::from_abstract_name(&name).unwrap();
        for (socket, said) in [
            (UnixDatagram::bind(&path).unwrap(), path.into_os_string()),
            (
                UnixDatagram::bind_addr(&unnamed).unwrap(),
                format!("@{name}").into(),
            ),
        ] {
            let supervisor = Supervisor::named(Some(said));
            supervisor.answers();
            supervisor.reads_again();
            supervisor.stops();
            for state in ["READY=1", "RELOADING=1", "STOPPING=1"] {
                assert_eq!(heard(&socket), state);
            }
        }
    }

    #[test]
    fn one_that_is_not_there_or_has_gone_harms_nothing() {
        Supervisor::named(None).answers();
        Supervisor::named(Some("/nowhere/notify".into())).answers();
        assert!(
            Supervisor::named(Some("x".repeat(200).into()))
                .socket
                .is_none()
        );
    }
}
