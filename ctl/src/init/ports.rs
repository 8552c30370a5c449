//! The ports of an instance.

use std::collections::BTreeMap;
use std::net::TcpListener;

use crate::failure::Failure;
use crate::instance::{Ports, SERVICES, Service};

/// Three ports for each service, in a row.
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
    if first.checked_add(COUNT).is_none() {
        return Err(Failure::new(
            "E-CTL-012",
            format!("no {COUNT} ports follow port {first}"),
            "name a lower --base-port",
        ));
    }
    let ports = (first..).step_by(3).zip(SERVICES);
    Ok(ports
        .map(|(port, service)| {
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
