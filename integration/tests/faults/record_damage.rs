//! The file of the issuance record is damaged: at its end, as a crash leaves it, and in its middle.

use std::path::Path;

use sigstead_integration::{Instance, wait_for};

use crate::caller::{Caller, Certified, newest};

const PERSON: &str = "person@example.com";

#[test]
fn a_torn_end_is_cut_off_and_damage_in_the_middle_stops_issuance_and_says_where() {
    let instance = Instance::start("record-damage", &[]).unwrap();
    let caller = Caller::of(&instance);
    for _ in 0..2 {
        certified(&caller, &instance);
    }
    let file = newest(&instance);
    instance.kill("ca").unwrap();
    let mut torn = std::fs::read(&file).unwrap();
    torn.truncate(torn.len() - 7);
    std::fs::write(&file, torn).unwrap();
    instance.up().unwrap();
    certified(&caller, &instance);

    instance.kill("ca").unwrap();
    flip(&file, 100);
    let started = instance.up();
    println!("record: a start with a damaged file: {started:?}");
    wait_for("the authority", || caller.ops("/healthz").is_some()).unwrap();
    let refused = Certified::Refused {
        status: 503,
        code: "E-CA-040".to_owned(),
        says_when_to_return: true,
    };
    assert_eq!(caller.certify(&instance, PERSON), refused);
    let (status, text) = caller.ops("/readyz").unwrap();
    assert_eq!(status, 503, "{text}");
    let name = file.file_name().unwrap().to_str().unwrap();
    for part in [
        "E-CA-040",
        name,
        "at offset 16",
        "move it out of the directory",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        instance
            .service("ca")
            .unwrap()
            .to_string()
            .contains("E-CA-040")
    );

    sigstead_durable::rename(&file, &instance.work().join("evidence")).unwrap();
    // It looks by itself: nothing is asked before it is ready.
    wait_for("another file", || {
        caller
            .ops("/readyz")
            .is_some_and(|(status, _)| status == 200)
    })
    .unwrap();
    certified(&caller, &instance);
}

fn certified(caller: &Caller, instance: &Instance) {
    let answer = caller.certify(instance, PERSON);
    assert!(matches!(answer, Certified::Certificate(_)), "{answer:?}");
}

fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}
