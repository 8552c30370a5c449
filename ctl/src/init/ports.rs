//! The ports of an instance.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener};

use crate::failure::Failure;
use crate::instance::{Ports, SERVICES, Service};

/// Three ports for each service, in a row. A base must be one that [`HIGHEST_BASE`] allows.
pub(crate) fn choose(
    base: Option<u16>,
    listen: IpAddr,
) -> Result<BTreeMap<Service, Ports>, Failure> {
    let is_taken = |port: u16| is_taken(listen, port);
    let all_free = |first: u16| !(first..first + COUNT).any(is_taken);
    let first = match base {
        Some(first) => match (first..=first + (COUNT - 1)).find(|port| is_taken(*port)) {
            Some(taken) => return Err(port_taken(first, taken)),
            None => first,
        },
        None => (FIRST..LAST)
            .step_by(usize::from(COUNT))
            .find(|first| all_free(*first))
            .ok_or_else(|| {
                Failure::new(
                    "E-CTL-006",
                    format!("no {COUNT} free ports in a row from {FIRST}"),
                    "name the first with --base-port",
                )
            })?,
    };
    let ports = SERVICES.into_iter().zip((first..).step_by(3));
    Ok(ports
        .map(|(service, port)| {
            (
                service,
                Ports {
                    public: port,
                    ops: port + 1,
                    admin: port + 2,
                },
            )
        })
        .collect())
}

/// Whether somebody listens on a port, at one of the addresses that services use. A port that this user may not take is not
/// taken: a service may run as another.
fn is_taken(listen: IpAddr, port: u16) -> bool {
    [IpAddr::V4(Ipv4Addr::LOCALHOST), listen]
        .into_iter()
        .any(|address| {
            let bound = TcpListener::bind((address, port));
            bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
        })
}

fn port_taken(first: u16, taken: u16) -> Failure {
    Failure::new(
        "E-CTL-006",
        format!("port {taken} is taken, of the {COUNT} from {first} on"),
        "choose another --base-port, or leave it out for the first free ones",
    )
}

const FIRST: u16 = 8370;
const LAST: u16 = 9270;
const COUNT: u16 = 18;

/// The highest first port that leaves room for the others.
pub(crate) const HIGHEST_BASE: u16 = u16::MAX - COUNT + 1;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn every_listener_has_a_port_of_its_own_up_to_the_highest_base() {
        let mut from_base = (HIGHEST_BASE..=HIGHEST_BASE).chain((20_000..30_000).step_by(18));
        // Some of these may be taken on the machine that runs the test.
        let chosen = from_base.find_map(|base| Some((base, choose(Some(base), LOOPBACK).ok()?)));
        let (base, chosen) = chosen.unwrap();
        let ports: BTreeSet<_> = chosen
            .values()
            .flat_map(|each| [each.public, each.ops, each.admin])
            .collect();
        assert_eq!(ports.len(), usize::from(COUNT));
        assert_eq!(ports.first(), Some(&base));
        assert_eq!(ports.last(), Some(&(base + (COUNT - 1))));
    }

    #[test]
    fn ports_on_which_somebody_listens_are_refused_by_name() {
        for address in [LOOPBACK, IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)] {
            let Ok(theirs) = TcpListener::bind((address, 0)) else {
                // A machine without IPv6.
                continue;
            };
            let taken = theirs.local_addr().unwrap().port();
            let base = taken.min(HIGHEST_BASE);
            let failure = choose(Some(base), address).unwrap_err();
            assert_eq!(failure.code(), "E-CTL-006");
        }
    }
}
