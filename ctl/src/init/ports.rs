//! The ports of an instance.

use std::collections::BTreeMap;
use std::net::TcpListener;

use crate::failure::Failure;
use crate::instance::{Ports, SERVICES, Service};

/// Three ports for each service, in a row. A base must be one that [`HIGHEST_BASE`] allows.
pub(super) fn choose(base: Option<u16>) -> Result<BTreeMap<Service, Ports>, Failure> {
    let first = match base {
        Some(first) => first,
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

fn all_free(first: u16) -> bool {
    (first..first + COUNT).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}

const FIRST: u16 = 8370;
const LAST: u16 = 9270;
const COUNT: u16 = 18;

/// The highest first port that leaves room for the others.
pub(super) const HIGHEST_BASE: u16 = u16::MAX - COUNT + 1;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_listener_has_a_port_of_its_own_up_to_the_highest_base() {
        for base in [1, 8370, HIGHEST_BASE] {
            let chosen = choose(Some(base)).unwrap();
            let ports: BTreeSet<_> = chosen
                .values()
                .flat_map(|each| [each.public, each.ops, each.admin])
                .collect();
            assert_eq!(ports.len(), usize::from(COUNT));
            assert_eq!(ports.first(), Some(&base));
            assert_eq!(ports.last(), Some(&(base + (COUNT - 1))));
        }
    }
}
