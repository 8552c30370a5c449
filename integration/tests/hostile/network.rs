//! A network that is this machine alone, and has every address that the issuers need.

use std::process::Command;

use sigstead_integration::unshare;

/// The beginning of a command that starts this program in such a network, if the machine lets it. The
/// arguments of the program follow.
pub(crate) fn this_program() -> Option<Command> {
    let mut command = unshare()?.with_network();
    command.args(["sh", "-ec", NETWORK]);
    command.arg(std::env::current_exe().unwrap());
    Some(command)
}

/// Makes the addresses, and has names resolved by this machine. The file of that is in memory that goes with the mounts.
const NETWORK: &str = r#"
ip link set lo up
for address in 1.2.3.4 10.0.0.1 169.254.169.254; do ip address add $address/32 dev lo; done
mount -t tmpfs names /mnt
printf 'nameserver 127.0.0.1\n' > /mnt/resolv.conf
mount --bind /mnt/resolv.conf /etc/resolv.conf
exec "$0" "$@"
"#;
