//! The checks of a machine.

use url::Url;

use super::host::Host;
use crate::doctor::finding::{Finding, Seen, Unseen, if_so};
use crate::doctor::machine::Kind;
use crate::doctor::room::Room;
use crate::doctor::table::{Check, Subject};

/// How a check looks.
pub(super) type Look = fn(&Host) -> Seen;

pub(super) static HOST: [Subject<Look>; 3] = [
    Subject {
        name: "disk",
        checks: &[
            Check::fault("E-PREFLIGHT-001", "the disk has room", |host| {
                room(host).full()
            }),
            Check::fault("E-PREFLIGHT-002", "it is none of another machine", |host| {
                room(host).network()
            }),
            Check::fault(
                "E-PREFLIGHT-003",
                "it is not the top layer of a container",
                layered,
            ),
            Check::warning("E-PREFLIGHT-004", "it outlives the machine", |host| {
                room(host).memory()
            }),
            Check::fault("E-PREFLIGHT-005", "it makes files durable", |host| {
                room(host).sync()
            }),
            Check::warning(
                "E-PREFLIGHT-006",
                "it does so in a tenth of a second",
                |host| room(host).slow(),
            ),
            Check::fault("E-PREFLIGHT-007", "it keeps locks", locks),
        ],
    },
    Subject {
        name: "machine",
        checks: &[
            Check::fault("E-PREFLIGHT-010", "the ports are free", ports),
            Check::warning(
                "E-PREFLIGHT-011",
                "services may open enough files",
                |host| room(host).open_files(),
            ),
            Check::warning(
                "E-PREFLIGHT-012",
                "there is memory for six services",
                memory,
            ),
            Check::warning("E-PREFLIGHT-013", "something keeps the clock right", clock),
            Check::warning(
                "E-PREFLIGHT-014",
                "the kernel has what units shut services in with",
                kernel,
            ),
        ],
    },
    Subject {
        name: "surroundings",
        checks: &[
            Check::warning("E-PREFLIGHT-020", "the services will not be root's", user),
            Check::warning(
                "E-PREFLIGHT-021",
                "others cannot write what the caller makes",
                umask,
            ),
            Check::fault("E-PREFLIGHT-022", "every public name has an address", names),
            Check::fault("E-PREFLIGHT-023", "the proxy is a URL", proxy),
            Check::fault(
                "E-PREFLIGHT-024",
                "services of this machine are called without it",
                no_proxy,
            ),
        ],
    },
];

fn room(host: &Host) -> Room<'_> {
    Room::new(&host.machine, |place| place.display().to_string())
}

fn layered(host: &Host) -> Seen {
    let disks = host.machine.disks.iter();
    let layered = disks.filter(|disk| {
        disk.left
            .as_ref()
            .is_ok_and(|left| left.kind == Kind::Layered)
    });
    let findings = layered.map(|disk| {
        Finding::new(
            format!(
                "{} is in the top layer of a container",
                disk.place.display()
            ),
            "mount a volume there: the layer goes with the container, and with it the logs",
        )
    });
    Ok(findings.collect())
}

fn locks(host: &Host) -> Seen {
    let keeps = host.locks.clone().map_err(Unseen)?;
    if_so(!keeps, || {
        Finding::new(
            format!(
                "the file system of {} does not keep locks",
                host.folder.display()
            ),
            "choose another one: two copies of a log could write at once and fork it",
        )
    })
}

fn ports(host: &Host) -> Seen {
    let finding = |why| {
        Finding::new(
            "an instance would find its ports taken",
            "choose another --base-port, for which 18 ports in a row are free, or stop what listens there",
        )
        .because(why)
    };
    Ok(host.ports.as_ref().map(finding).into_iter().collect())
}

fn memory(host: &Host) -> Seen {
    let left = host
        .memory
        .ok_or_else(|| Unseen::new("the kernel does not say how much memory is left"))?;
    if_so(left < LITTLE, || {
        Finding::new(
            format!("{} MiB of memory are left", left >> 20),
            "give the machine more, or take other things off it: under load the services want half a gibibyte",
        )
    })
}

fn clock(host: &Host) -> Seen {
    let is_kept = host.clock.clone().map_err(Unseen)?;
    if_so(!is_kept, || {
        Finding::new(
            "nothing keeps the clock right",
            "let a time server do that (`timedatectl set-ntp true`, or chrony): certificates and timestamps are believed for the \
             time that they state",
        )
    })
}

fn kernel(host: &Host) -> Seen {
    if_so(!host.lacking.is_empty(), || {
        Finding::new(
            format!("the kernel has no {}", host.lacking.join(" and no ")),
            "allow them (`sysctl user.max_user_namespaces`), or run without the units of `sigctl systemd`, less shut in",
        )
    })
}

fn user(host: &Host) -> Seen {
    if_so(host.is_root, || {
        Finding::new(
            "this is the superuser",
            "make a user for the instance (`useradd --system sigstead`) and make the instance as that one: services run as the \
             owner of its folder",
        )
    })
}

fn umask(host: &Host) -> Seen {
    if_so(host.umask & 0o002 == 0, || {
        Finding::new(
            format!(
                "with the umask {:03o} others may write what is made",
                host.umask
            ),
            "set it to 022 or 077; the instance itself is always private, and bundles and backups have the caller's",
        )
    })
}

fn names(host: &Host) -> Seen {
    let names = host.names.iter();
    let findings = names.filter_map(|(name, found)| {
        let why = found.as_ref().err()?;
        let finding = Finding::new(
            format!("{name} has no address here"),
            "have the name entered where this machine and clients ask; its services call each other by it too",
        );
        Some(finding.because(why))
    });
    Ok(findings.collect())
}

fn proxy(host: &Host) -> Seen {
    let wrong = host.proxies.iter().filter(|(_, value)| !is_proxy(value));
    let findings = wrong.map(|(name, value)| {
        Finding::new(
            format!("{name} is {value}, which is no proxy"),
            "write it as http://HOST:PORT, or take it away: services inherit it",
        )
    });
    Ok(findings.collect())
}

fn is_proxy(value: &str) -> bool {
    let url = Url::parse(value);
    url.is_ok_and(|url| {
        url.has_host() && ["http", "https", "socks5", "socks5h"].contains(&url.scheme())
    })
}

/// The certificate authority calls the log of certificates and the issuer.
fn no_proxy(host: &Host) -> Seen {
    let left_out: Vec<_> = host.no_proxy.split(',').map(str::trim).collect();
    let is_left_out = left_out.contains(&"*") || left_out.contains(&"localhost");
    if_so(!host.proxies.is_empty() && !is_left_out, || {
        Finding::new(
            "services would call each other through the proxy",
            "leave this machine out: NO_PROXY=localhost,127.0.0.1, and the instance's own names",
        )
    })
}

/// Six services at rest, and what a log has in memory of its newest entries.
const LITTLE: u64 = 512 << 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::doctor::machine::{Disk, Left, Machine};

    /// The codes that are expected, and what is done to one that has none.
    type Plant = (&'static [&'static str], fn(&mut Host));

    fn healthy() -> Host {
        let left = Left {
            bytes: 1 << 40,
            files: Some(1 << 20),
            kind: Kind::Disk,
        };
        let disk = Disk {
            place: "/srv".into(),
            has_logs: true,
            left: Ok(left),
        };
        Host {
            machine: Machine {
                disks: vec![disk],
                sync: Ok(Duration::from_millis(2)),
                open_files: 1 << 16,
                core_bytes: 0,
            },
            folder: "/srv/acme".into(),
            ports: None,
            names: vec![("ca.sig.example".to_owned(), Ok(()))],
            clock: Ok(true),
            memory: Some(8 << 30),
            locks: Ok(true),
            lacking: Vec::new(),
            is_root: false,
            umask: 0o022,
            proxies: vec![("HTTPS_PROXY", "http://proxy:3128".to_owned())],
            no_proxy: "localhost, 127.0.0.1".to_owned(),
        }
    }

    fn left(host: &mut Host) -> &mut Left {
        host.machine.disks[0].left.as_mut().unwrap()
    }

    #[test]
    fn each_fault_of_a_machine_is_named_by_one_code() {
        let plants: [Plant; 22] = [
            (&[], |_| {}),
            (&["E-PREFLIGHT-001"], |host| left(host).bytes = 1 << 20),
            (&["E-PREFLIGHT-002"], |host| {
                left(host).kind = Kind::Network("NFS")
            }),
            (&["E-PREFLIGHT-003"], |host| left(host).kind = Kind::Layered),
            (&["E-PREFLIGHT-004"], |host| left(host).kind = Kind::Memory),
            (&["E-PREFLIGHT-005"], |host| {
                host.machine.sync = Err("input/output error".to_owned())
            }),
            (&["E-PREFLIGHT-006"], |host| {
                host.machine.sync = Ok(Duration::from_millis(700))
            }),
            (&["E-PREFLIGHT-007"], |host| host.locks = Ok(false)),
            (&["E-PREFLIGHT-010"], |host| {
                host.ports = Some("port 8370 is taken".to_owned())
            }),
            (&["E-PREFLIGHT-011"], |host| host.machine.open_files = 256),
            (&["E-PREFLIGHT-012"], |host| host.memory = Some(100 << 20)),
            (&["E-PREFLIGHT-013"], |host| host.clock = Ok(false)),
            (&["E-PREFLIGHT-014"], |host| {
                host.lacking = vec!["namespaces of users"]
            }),
            (&["E-PREFLIGHT-020"], |host| host.is_root = true),
            (&["E-PREFLIGHT-021"], |host| host.umask = 0),
            (&[], |host| host.umask = 0o077),
            (&["E-PREFLIGHT-022"], |host| {
                host.names[0].1 = Err("not known".to_owned())
            }),
            (&["E-PREFLIGHT-023"], |host| {
                host.proxies[0].1 = "proxy:3128".to_owned()
            }),
            (&["E-PREFLIGHT-024"], |host| {
                host.no_proxy = "10.0.0.0/8".to_owned()
            }),
            (&[], |host| host.no_proxy = "*".to_owned()),
            (&[], |host| {
                host.proxies.clear();
                host.no_proxy.clear();
            }),
            // What cannot be looked at is no fault.
            (&[], |host| {
                host.clock = Err("neither".to_owned());
                host.memory = None;
                host.locks = Err("denied".to_owned());
            }),
        ];
        for (position, (expected, change)) in plants.into_iter().enumerate() {
            let mut host = healthy();
            change(&mut host);
            let checks = HOST.iter().flat_map(|subject| subject.checks);
            let found =
                checks.filter(|check| (check.look)(&host).is_ok_and(|found| !found.is_empty()));
            let found: Vec<_> = found.map(|check| check.code).collect();
            assert_eq!(found, expected, "{position}");
        }
    }
}
