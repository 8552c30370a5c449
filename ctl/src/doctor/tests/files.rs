use std::fs;
use std::process::Command;

use super::keys::chmod;
use super::{Plant, find, plant};

pub(super) const PLANTS: &[Plant] = &[
    plant(&["E-DOCTOR-080"], "a folder that all can change", |world| {
        chmod(&world.path("client"), 0o777);
    }),
    plant(
        &["E-DOCTOR-080"],
        "a file that the group can change",
        |world| {
            chmod(&world.path("ca/issuers.yaml"), 0o660);
        },
    ),
    plant(
        &["E-DOCTOR-081"],
        "an instance that all can look into",
        |world| {
            chmod(&world.directory(), 0o755);
        },
    ),
    plant(&["E-DOCTOR-082"], "files of another user", |world| {
        // Only the superuser could give some away.
        world.change = |patient| patient.owner = patient.owner.map(|owner| owner + 1);
    }),
    plant(&["E-DOCTOR-083"], "what an init left", |world| {
        let folder = world.directory();
        fs::create_dir(folder.with_file_name(".acme.new-0011223344556677")).unwrap();
    }),
    plant(
        &["E-DOCTOR-084"],
        "a service that ended by itself",
        |world| {
            let mut ended = Command::new("true").spawn().unwrap();
            ended.wait().unwrap();
            fs::create_dir_all(world.path("run")).unwrap();
            fs::write(world.path("run/tsa.pid"), ended.id().to_string()).unwrap();
        },
    ),
    plant(
        &["E-DOCTOR-084"],
        "the number of a process that is another's",
        |world| {
            fs::create_dir_all(world.path("run")).unwrap();
            let ours = std::process::id().to_string();
            fs::write(world.path("run/tsa.pid"), ours).unwrap();
        },
    ),
    plant(&["E-DOCTOR-085"], "a log file that has grown", |world| {
        fs::create_dir_all(world.path("run")).unwrap();
        let file = fs::File::create(world.path("run/ca.log")).unwrap();
        file.set_len(2 << 30).unwrap();
    }),
];

#[test]
fn a_fault_of_a_file_is_named() {
    find(PLANTS);
}
