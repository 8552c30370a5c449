use std::time::Duration;

use super::world::Base;
use super::{Plant, find, on, plant};
use crate::doctor::machine::{Kind, Left};
use crate::doctor::patient::Patient;

pub(super) const PLANTS: &[Plant] = &[
    plant(&["E-DOCTOR-090"], "a full disk", |world| {
        world.change = |patient| left(patient).bytes = 1 << 20;
    }),
    plant(&["E-DOCTOR-090"], "a disk that does not answer", |world| {
        world.change = |patient| patient.machine.disks[0].left = Err("gone".to_owned());
    }),
    plant(&["E-DOCTOR-091"], "a disk that fills up", |world| {
        world.change = |patient| left(patient).bytes = 900 << 20;
    }),
    plant(
        &["E-DOCTOR-092"],
        "a disk that takes no more files",
        |world| {
            world.change = |patient| left(patient).files = Some(9);
        },
    ),
    plant(&[], "a disk that makes files as it needs them", |world| {
        world.change = |patient| left(patient).files = None;
    }),
    plant(
        &["E-DOCTOR-093"],
        "a log on a network file system",
        |world| {
            world.change = |patient| left(patient).kind = Kind::Network("NFS");
        },
    ),
    plant(&[], "no log on a network file system", |world| {
        world.change = |patient| {
            left(patient).kind = Kind::Network("NFS");
            patient.machine.disks[0].has_logs = false;
        };
    }),
    on(
        Base::Proxy,
        &["E-DOCTOR-094"],
        "a production instance in memory",
        |world| {
            world.change = |patient| left(patient).kind = Kind::Memory;
        },
    ),
    plant(&["E-DOCTOR-095"], "a disk that keeps nothing", |world| {
        world.change = |patient| patient.machine.sync = Err("input/output error".to_owned());
    }),
    plant(&["E-DOCTOR-096"], "a slow disk", |world| {
        world.change = |patient| patient.machine.sync = Ok(Duration::from_millis(700));
    }),
    plant(&["E-DOCTOR-097"], "few files", |world| {
        world.change = |patient| patient.machine.open_files = 256;
    }),
    on(
        Base::Proxy,
        &["E-DOCTOR-098"],
        "crashes that leave keys",
        |world| {
            world.change = |patient| patient.machine.core_bytes = u64::MAX;
        },
    ),
];

#[test]
fn a_fault_of_the_machine_is_named() {
    find(PLANTS);
}

fn left(patient: &mut Patient) -> &mut Left {
    patient.machine.disks[0].left.as_mut().unwrap()
}
