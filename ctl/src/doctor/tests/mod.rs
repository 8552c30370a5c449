//! Every check finds the fault that it is for, names no other, and finds nothing in a healthy instance.

mod answers;
mod config;
mod disk;
mod files;
mod keys;
mod logs;
mod running;
mod served;
mod signed;
mod trust;
mod world;

use std::collections::BTreeSet;

use self::world::{Base, World};
use super::check::Look;

/// A fault that is planted into a healthy instance.
struct Plant {
    what: &'static str,
    base: Base,
    /// What the doctor says of it, exactly.
    codes: &'static [&'static str],
    plant: fn(&mut World),
}

/// As most plants are.
const fn plant(codes: &'static [&'static str], what: &'static str, plant: fn(&mut World)) -> Plant {
    on(Base::Plain, codes, what, plant)
}

const fn on(
    base: Base,
    codes: &'static [&'static str],
    what: &'static str,
    plant: fn(&mut World),
) -> Plant {
    Plant {
        what,
        base,
        codes,
        plant,
    }
}

/// Plants each fault by itself and compares what the doctor says.
fn find(plants: &[Plant]) {
    for each in plants {
        let mut world = World::new(each.base);
        (each.plant)(&mut world);
        let (found, _) = world.examine();
        let expected: BTreeSet<_> = each.codes.iter().copied().collect();
        assert_eq!(found, expected, "{}", each.what);
    }
}

#[test]
fn a_healthy_instance_has_no_finding_and_every_check_is_made() {
    for base in [Base::Plain, Base::Tls, Base::Proxy, Base::NoCtLog] {
        let world = World::new(base);
        assert_eq!(world.examine(), Default::default(), "{base:?}");
    }
}

#[test]
fn an_instance_that_was_never_started_has_no_finding() {
    let world = World::unstarted();
    assert_eq!(world.examine(), Default::default());
}

#[test]
fn every_check_has_a_code_of_its_own_and_a_planted_fault() {
    let of_files = [
        config::PLANTS,
        keys::PLANTS,
        trust::PLANTS,
        logs::PLANTS,
        files::PLANTS,
        disk::PLANTS,
    ];
    let of_files = of_files.into_iter().flatten();
    let of_services = running::PLANTS.iter().chain(served::PLANTS);
    let planted: BTreeSet<_> = of_files.flat_map(|plant| plant.codes).collect();
    let planted_services: BTreeSet<_> = of_services.flat_map(|(codes, ..)| *codes).collect();
    let mut codes = BTreeSet::new();
    for (_, check) in super::all(true) {
        assert!(codes.insert(check.code), "{} is there twice", check.code);
        let planted = match check.look {
            Look::Files(_) => &planted,
            Look::Services(_) => &planted_services,
        };
        assert!(
            planted.contains(&check.code),
            "nothing plants {}",
            check.code
        );
    }
    assert!(codes.len() > 90, "only {} checks", codes.len());
}
