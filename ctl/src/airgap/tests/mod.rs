mod hostile_list;
mod loaded;
mod page;
mod spoilt;
mod world;

use std::fs;
use std::path::Path;

use crate::failure::{Exit, Failure};
use world::{World, contents, sigctl};

fn code<T>(result: Result<T, Failure>) -> (String, Exit) {
    let failure = result.err().unwrap();
    (failure.code().to_owned(), failure.ends())
}

fn is(code: &str, exit: Exit) -> (String, Exit) {
    (code.to_owned(), exit)
}

#[test]
fn an_archive_is_verified_whole_from_one_folder_and_from_several() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let files = contents(&world.path("archive"));
    let pieces = files
        .keys()
        .filter(|path| path.to_str().unwrap().contains("sigctl.piece-"));
    assert!(pieces.count() >= 2, "{:?}", files.keys());
    world.verify("archive").unwrap();
    assert_eq!(contents(&world.path("archive")), files);

    // Each volume on a medium of its own.
    let volumes = fs::read_dir(world.path("archive"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let volumes: Vec<_> = volumes
        .filter(|name| name.to_str().unwrap().starts_with("00"))
        .collect();
    let mut media = Vec::new();
    for volume in &volumes {
        let medium = world.path(&format!("medium-{}", volume.to_str().unwrap()));
        fs::create_dir(&medium).unwrap();
        for name in ["manifest.json", "manifest.json.sig"] {
            fs::copy(world.path("archive").join(name), medium.join(name)).unwrap();
        }
        sigstead_durable::rename(&world.path("archive").join(volume), &medium.join(volume))
            .unwrap();
        media.push(medium.to_str().unwrap().to_owned());
    }
    let key = world.text("key.pub");
    let verify = |media: &[String]| {
        let mut words = vec!["airgap", "verify", "--key", &key];
        words.extend(media.iter().map(String::as_str));
        sigctl(&words)
    };
    verify(&media).unwrap();
    // A signature counts from whichever medium has it.
    fs::remove_file(Path::new(&media[0]).join("manifest.json.sig")).unwrap();
    verify(&media).unwrap();
    let lone = verify(&media[1..]);
    assert_eq!(code(lone), is("E-AIR-025", Exit::Absent));
    let copy = world.text("copy");
    std::os::unix::fs::symlink(&media[0], &copy).unwrap();
    let twice = [media.as_slice(), &[copy]].concat();
    assert_eq!(code(verify(&twice)), is("E-AIR-026", Exit::Foreign));
}

#[test]
fn it_is_believed_by_its_key_or_its_words_and_by_nothing_else() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let archive = world.text("archive");
    let verify = |more: &[&str]| sigctl(&[&["airgap", "verify", &archive], more].concat());
    let list = fs::read(world.path("archive/manifest.json")).unwrap();
    let fingerprint = crate::trust::Fingerprint::of(&list);
    verify(&["--is", &fingerprint.words]).unwrap();
    verify(&["--is", &fingerprint.sha256]).unwrap();
    let unsigned = is("E-AIR-021", Exit::Unsigned);
    let other = crate::trust::Fingerprint::of(b"another").words;
    assert_eq!(code(verify(&["--is", &other])), unsigned);
    assert_eq!(code(verify(&["--is", "abc"])), is("E-CTL-012", Exit::Usage));
    assert_eq!(code(verify(&[])), is("E-CTL-012", Exit::Usage));
    world.key("other");
    let (other, key) = (world.text("other.pub"), world.text("key.pub"));
    assert_eq!(code(verify(&["--key", &other])), unsigned);
    // Each that is named has to hold.
    assert_eq!(
        code(verify(&["--key", &other, "--is", &fingerprint.words])),
        unsigned
    );
    fs::remove_file(world.path("archive/manifest.json.sig")).unwrap();
    assert_eq!(code(verify(&["--key", &key])), unsigned);
    verify(&["--is", &fingerprint.words]).unwrap();
}

#[test]
fn one_that_stopped_is_gone_on_with_and_one_that_is_whole_is_not_touched() {
    let world = World::new();
    world.create("whole", 1, &[]).unwrap();
    assert_eq!(
        code(world.create("whole", 1, &[])),
        is("E-AIR-029", Exit::Failed)
    );
    // As a crash leaves it: no list, the last files missing, one of them cut.
    fs::remove_file(world.path("whole/manifest.json")).unwrap();
    fs::remove_file(world.path("whole/0001/charts/sigstead-0.1.0.tgz")).unwrap();
    fs::write(world.path("whole/0001/docs/a.md"), "").unwrap();
    let before = fs::metadata(world.path("whole/0001/docs/adr/0001.md"))
        .unwrap()
        .modified()
        .unwrap();
    world.create("whole", 1, &[]).unwrap();
    world.verify("whole").unwrap();
    let after = fs::metadata(world.path("whole/0001/docs/adr/0001.md"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    fs::create_dir(world.path("used")).unwrap();
    fs::write(world.path("used/letter.txt"), "mine").unwrap();
    assert_eq!(
        code(world.create("used", 1, &[])),
        is("E-AIR-029", Exit::Failed)
    );
    assert_eq!(contents(&world.path("used")).len(), 1);
}

#[test]
fn what_cannot_be_carried_is_said_before_anything_is_written() {
    let world = World::new();
    let blobs = world.path("image/blobs/sha256");
    let blob = fs::read_dir(&blobs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bytes = fs::read(&blob).unwrap();
    for spoilt in [None, Some(bytes.repeat(2))] {
        fs::remove_file(&blob).unwrap();
        if let Some(spoilt) = &spoilt {
            fs::write(&blob, spoilt).unwrap();
        }
        assert_eq!(code(world.create("archive", 1, &[])).0, "E-AIR-028");
        fs::write(&blob, &bytes).unwrap();
    }
    fs::write(world.path("docs/a b.md"), "a space").unwrap();
    assert_eq!(code(world.create("archive", 1, &[])).0, "E-AIR-028");
    assert!(!world.path("archive").exists());
}
