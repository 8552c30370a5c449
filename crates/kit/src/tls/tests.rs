use std::fs;

use super::*;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

fn install(folder: &Path, certificate: &str, key: &str) -> TlsConfig {
    let files = TlsConfig {
        certificate: folder.join("tls.pem"),
        key: folder.join("tls.key"),
    };
    fs::copy(format!("{DATA}/{certificate}.pem"), &files.certificate).unwrap();
    fs::copy(format!("{DATA}/{key}.key"), &files.key).unwrap();
    files
}

fn address(tls: &Tls) -> usize {
    Arc::as_ptr(&tls.current.load_full()) as usize
}

#[test]
fn refuses_a_key_of_another_certificate_and_names_both_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "second");
    let error = Tls::load(&files, None).err().unwrap();
    assert!(matches!(error, Error::TlsPair { .. }));
    let text = error.to_string();
    assert!(
        text.contains("tls.pem") && text.contains("tls.key"),
        "{text}"
    );
}

#[test]
fn of_several_keys_the_one_of_the_certificate_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    for (before, behind) in [("first", "second"), ("second", "first")] {
        let files = install(folder.path(), "first", before);
        let mut keys = fs::read(&files.key).unwrap();
        keys.extend(fs::read(format!("{DATA}/{behind}.key")).unwrap());
        fs::write(&files.key, keys).unwrap();
        Tls::load(&files, None).unwrap();
    }
    let files = install(folder.path(), "first", "first");
    fs::write(&files.key, "no key").unwrap();
    let error = Tls::load(&files, None).err().unwrap();
    assert!(error.to_string().contains("tls.key"), "{error}");
}

#[test]
fn refuses_a_certificate_file_without_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "first");
    fs::copy(&files.key, &files.certificate).unwrap();
    assert!(matches!(
        Tls::load(&files, None).err().unwrap(),
        Error::NoCertificate { .. }
    ));
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "first");
    fs::remove_file(&files.key).unwrap();
    let error = Tls::load(&files, None).err().unwrap();
    assert!(error.to_string().contains("tls.key"), "{error}");
}

#[test]
fn a_changed_pair_is_taken_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "first");
    let tls = Tls::load(&files, None).unwrap();
    // As if the files had been read long ago, whatever the resolution of the file system's clock.
    let forget = || *tls.seen.lock().unwrap() = vec![None, None];
    forget();
    let first = address(&tls);

    install(folder.path(), "first", "second");
    tls.reload_if_changed();
    assert_eq!(address(&tls), first, "a pair that does not fit was taken");

    install(folder.path(), "second", "second");
    forget();
    tls.reload_if_changed();
    let second = address(&tls);
    assert_ne!(second, first, "the new pair was not taken");

    tls.reload_if_changed();
    assert_eq!(address(&tls), second, "unchanged files were read again");
}

#[test]
fn what_is_no_file_of_a_sensible_size_is_refused_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "first");
    let tls = Tls::load(&files, None).unwrap();
    let first = address(&tls);
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let device = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let large = |path: &Path| fs::write(path, vec![b'-'; 2 << 20]).unwrap();
    for (make, reason) in [
        (&pipe as &dyn Fn(&Path), "not a regular file"),
        (&device, "not a regular file"),
        (&large, "larger than a megabyte"),
    ] {
        for path in [&files.certificate, &files.key] {
            install(folder.path(), "first", "first");
            fs::remove_file(path).unwrap();
            make(path);
            tls.reload();
            assert_eq!(address(&tls), first);
            let cause = crate::problem::causes(&Tls::load(&files, None).err().unwrap());
            assert!(cause.contains(reason), "{cause}");
            fs::remove_file(path).unwrap();
        }
    }
    install(folder.path(), "second", "second");
    tls.reload();
    assert_ne!(address(&tls), first, "reloading has ended");
}

#[test]
fn a_listener_knows_when_its_certificate_ends() {
    let folder = tempfile::tempdir().unwrap();
    let files = install(folder.path(), "first", "first");
    // As `openssl x509 -enddate` has it.
    let ends = 4_949_002_745;
    assert_eq!(Tls::load(&files, None).unwrap().ends(), ends);
}
