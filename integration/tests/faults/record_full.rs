//! The disk of the issuance record becomes full, and gets room again.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use sigstead_integration::{Instance, wait_for};

use crate::caller::{Caller, Certified};
use crate::disk::Disk;

const PERSON: &str = "person@example.com";
const MEBIBYTES: u64 = 16;

#[test]
fn without_room_for_the_record_no_certificate_is_issued_until_there_is() {
    let Some(disk) = Disk::new(MEBIBYTES) else {
        return;
    };
    let instance = Instance::create("record-full", &[]).unwrap();
    let config = instance.directory().join("ca/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let record = disk.path().join("record");
    let moved = text.replacen("path: record", &format!("path: {}", record.display()), 1);
    assert_ne!(moved, text, "{text}");
    std::fs::write(&config, moved).unwrap();
    instance.up().unwrap();
    let caller = Caller::of(&instance);
    let certificate =
        |caller: &Caller| matches!(caller.certify(&instance, PERSON), Certified::Certificate(_));
    assert!(certificate(&caller));

    let filler = disk.path().join("filler");
    fill(&filler);
    // The last block of the file has room that it took before.
    let refusal = (0..50)
        .map(|_| caller.certify(&instance, PERSON))
        .find(|answer| !matches!(answer, Certified::Certificate(_)));
    refused_for_want_of_room(refusal.as_ref());
    let logged = caller.logged();
    for _ in 0..3 {
        let answer = caller.certify(&instance, PERSON);
        refused_for_want_of_room(Some(&answer));
    }
    assert_eq!(caller.logged(), logged, "nothing was signed for the log");
    says_why(&caller);
    let status = instance.service("ca").unwrap().to_string();
    assert!(status.contains("E-CA-030"), "{status}");

    // A restart while it is full.
    instance.kill("ca").unwrap();
    let started = instance.up();
    println!("record: a restart while its disk is full: {started:?}");
    wait_for("the authority", || caller.ops("/healthz").is_some()).unwrap();
    refused_for_want_of_room(Some(&caller.certify(&instance, PERSON)));
    says_why(&caller);

    std::fs::remove_file(&filler).unwrap();
    // It looks by itself: nothing is asked before it is ready.
    wait_for("room", || {
        caller
            .ops("/readyz")
            .is_some_and(|(status, _)| status == 200)
    })
    .unwrap();
    let (_, metrics) = caller.ops("/metrics").unwrap();
    assert!(
        metrics.contains("sigstead_ca_record_writable 1"),
        "{metrics}"
    );
    assert!(certificate(&caller));
}

/// Takes all room that there is.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 16, 1 << 9] {
        let zeros = vec![0; size];
        while file.write_all(&zeros).is_ok() {}
    }
    // What fits into memory need not fit onto the disk.
    sigstead_durable::sync(&file).unwrap();
}

fn refused_for_want_of_room(answer: Option<&Certified>) {
    let expected = Certified::Refused {
        status: 503,
        code: "E-CA-030".to_owned(),
        says_when_to_return: true,
    };
    assert_eq!(answer, Some(&expected));
}

fn says_why(caller: &Caller) {
    let (status, text) = caller.ops("/readyz").unwrap();
    assert_eq!(status, 503, "{text}");
    for part in ["E-CA-030", "No space left"] {
        assert!(text.contains(part), "{text}");
    }
    let (_, metrics) = caller.ops("/metrics").unwrap();
    assert!(
        metrics.contains("sigstead_ca_record_writable 0"),
        "{metrics}"
    );
}
