//! A process at the limit of its descriptors. The only test of its process, because the limit is the process's.

use std::fs::File;

#[test]
fn a_process_without_a_free_descriptor_can_still_write() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path().join("state");
    sigstead_durable::replace(&place, b"before").unwrap();

    let mut limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limits.current = Some(256);
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limits).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }

    for content in [b"one".as_slice(), b"two", b"three"] {
        sigstead_durable::replace(&place, content).unwrap();
        let refused = File::open(&place).unwrap_err();
        assert!(sigstead_durable::is_passing(&refused), "{refused}");
    }
    drop(taken);
    assert_eq!(std::fs::read(&place).unwrap(), b"three");
}
