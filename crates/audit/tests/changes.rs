//! Every change of a record shows, but those that the ADR says do not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use sigstead_audit::{Acts, Defect, Error, Event, Head, Outcome, Place, Who, read};
use sigstead_store::RecordFile;
use time::OffsetDateTime;

struct World {
    folder: tempfile::TempDir,
    place: Place,
}

impl World {
    /// A record of six acts that were begun and ended.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(&folder.path().join("audit"), None);
        let world = Self { folder, place };
        let mut acts = Acts::new(world.place.clone());
        for number in 0..3 {
            let act = acts.append(begun(number), time(number)).unwrap();
            acts.append(ended(act), time(number)).unwrap();
        }
        world
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        RecordFile::read(&self.place.records).unwrap()
    }

    /// Writes other records, as somebody does who knows the format: with checksums that fit.
    fn rewrite(&self, records: &[Vec<u8>]) {
        std::fs::remove_file(&self.place.records).unwrap();
        let (mut file, _) = RecordFile::open(&self.place.records).unwrap();
        let records: Vec<_> = records.iter().map(Vec::as_slice).collect();
        file.append_all(&records).unwrap();
    }

    fn defect(&self) -> Option<Defect> {
        read(&self.place).unwrap().defect
    }

    /// What a service says that opens it.
    fn refusal(&self) -> Option<Error> {
        let mut acts = Acts::new(self.place.clone());
        acts.append(begun(9), time(9)).err()
    }
}

fn begun(number: i64) -> Event {
    Event::Begun {
        who: Who {
            name: "Otto".to_owned(),
            serial: "0a".to_owned(),
            role: "operator".to_owned(),
        },
        method: "/sigstead.admin.v1.TlogAdmin/PauseLog".to_owned(),
        arguments: [("reason".to_owned(), format!("number {number}"))].into(),
        request_id: None,
    }
}

fn ended(act: u64) -> Event {
    Event::Ended {
        act,
        outcome: Outcome::Done,
        code: None,
    }
}

fn time(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
}

fn edited(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let changed = text
        .replace("Otto", "Olga")
        .replace("\"done\"", "\"failed\"");
    assert_ne!(changed, text);
    changed.into_bytes()
}

#[test]
fn what_was_written_is_read_and_gone_on_with() {
    let world = World::new();
    let found = read(&world.place).unwrap();
    assert_eq!(
        (found.records.len(), found.head.count, found.defect),
        (6, 6, None)
    );
    let [first, second, ..] = &found.records[..] else {
        panic!("six records")
    };
    assert_eq!((&first.event, first.time), (&begun(0), time(0)));
    assert_eq!(second.event, ended(0));
    assert!(world.refusal().is_none());
    assert_eq!(read(&world.place).unwrap().head.count, 7);
}

#[test]
fn each_change_shows_by_itself_and_stops_the_service() {
    type Change = fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>;
    let changes: [(&str, Change, Defect); 7] = [
        (
            "one is edited",
            |mut all| {
                all[2] = edited(&all[2]);
                all
            },
            Defect::Broken(3),
        ),
        (
            "the last is edited",
            |mut all| {
                all[5] = edited(&all[5]);
                all
            },
            Defect::OtherHead(5),
        ),
        (
            "one is taken out",
            |mut all| {
                all.remove(2);
                all
            },
            Defect::Order {
                sequence: 3,
                expected: 2,
            },
        ),
        (
            "two change places",
            |mut all| {
                all.swap(2, 4);
                all
            },
            Defect::Order {
                sequence: 4,
                expected: 2,
            },
        ),
        (
            "the end is cut off",
            |mut all| {
                all.truncate(4);
                all
            },
            Defect::Short {
                expected: 6,
                found: 4,
            },
        ),
        (
            "all are taken out",
            |_| Vec::new(),
            Defect::Short {
                expected: 6,
                found: 0,
            },
        ),
        (
            "one is no record",
            |mut all| {
                all[1] = b"{}".to_vec();
                all
            },
            Defect::Malformed(1),
        ),
    ];
    for (what, change, defect) in changes {
        let world = World::new();
        world.rewrite(&change(world.bytes()));
        assert_eq!(world.defect(), Some(defect.clone()), "{what}");
        match world.refusal() {
            Some(Error::Changed { defect: seen, .. }) => assert_eq!(seen, defect, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_head_that_is_gone_or_is_none_shows() {
    let world = World::new();
    std::fs::remove_file(&world.place.head).unwrap();
    assert_eq!(world.defect(), Some(Defect::NoHead(6)));
    assert!(matches!(world.refusal(), Some(Error::Changed { .. })));
    std::fs::write(&world.place.head, "6:abcd\n").unwrap();
    assert!(matches!(read(&world.place), Err(Error::Head { .. })));
    assert!(matches!(world.refusal(), Some(Error::Head { .. })));
}

#[test]
fn a_flipped_bit_is_damage() {
    let world = World::new();
    let mut bytes = std::fs::read(&world.place.records).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&world.place.records, bytes).unwrap();
    assert!(matches!(read(&world.place), Err(Error::Records { .. })));
    assert!(matches!(world.refusal(), Some(Error::Records { .. })));
}

#[test]
fn records_and_head_made_new_show_beside_a_head_that_was_kept() {
    let world = World::new();
    let kept = read(&world.place).unwrap().head;
    let other = World::new();
    let mut acts = Acts::new(other.place.clone());
    acts.append(begun(7), time(7)).unwrap();
    // Somebody who may write both puts a record of other acts in their place.
    std::fs::remove_dir_all(other.folder.path().join("audit")).unwrap();
    let mut acts = Acts::new(other.place.clone());
    for number in 10..20 {
        acts.append(begun(number), time(number)).unwrap();
    }
    let found = read(&other.place).unwrap();
    assert_eq!(found.defect, None);
    assert_eq!(found.check(&kept), Err(Defect::OtherHead(5)));
    let text = kept.to_string();
    assert_eq!(text.parse::<Head>().unwrap(), kept);
    assert!(read(&world.place).unwrap().check(&kept).is_ok());
    for wrong in ["", "6", "6:", "6:abcd", "x:00", &text.replace(':', "")] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}

#[test]
fn a_write_that_was_interrupted_before_its_head_is_gone_on_with() {
    let world = World::new();
    let head = std::fs::read(&world.place.head).unwrap();
    assert!(world.refusal().is_none());
    std::fs::write(&world.place.head, head).unwrap();
    assert_eq!(world.defect(), None);
    assert!(world.refusal().is_none());
    assert_eq!(read(&world.place).unwrap().records.len(), 8);
}

#[test]
fn what_cannot_be_written_is_refused_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("audit"), None);
    let mut acts = Acts::new(place.clone());
    acts.append(begun(0), time(0)).unwrap();
    // Nobody can write a file in the place of a folder.
    let head = std::fs::read(&place.head).unwrap();
    std::fs::remove_file(&place.head).unwrap();
    std::fs::create_dir(&place.head).unwrap();
    assert!(acts.append(begun(1), time(1)).is_err());
    assert!(acts.append(begun(1), time(1)).is_err());
    std::fs::remove_dir(&place.head).unwrap();
    std::fs::write(&place.head, head).unwrap();
    acts.append(begun(2), time(2)).unwrap();
    let found = read(&place).unwrap();
    assert_eq!(found.defect, None);
    // The second is of the act that was refused: its record was there, and its head was not.
    assert_eq!(found.records.len(), 3);
}

/// A record whose head is apart from it.
struct Apart(World);

impl Apart {
    fn new() -> Self {
        let mut world = World::new();
        let folder = world.place.records.parent().unwrap().to_owned();
        // As one that was begun when its head was beside it.
        world.place = Place::new(
            &folder,
            Some(&world.folder.path().join("disk/of/its/own/head")),
        );
        Self(world)
    }

    fn beside(&self) -> &std::path::Path {
        self.0.place.beside.as_deref().unwrap()
    }
}

#[test]
fn a_record_that_began_with_its_head_beside_it_goes_on_with_one_apart() {
    let Apart(world) = Apart::new();
    assert_eq!(world.defect(), None);
    assert!(world.refusal().is_none());
    let head = read(&world.place).unwrap().head.to_string();
    for place in [&world.place.head, world.place.beside.as_ref().unwrap()] {
        assert_eq!(std::fs::read_to_string(place).unwrap().trim_end(), head);
    }
}

#[test]
fn who_can_write_the_folder_alone_cannot_make_it_new() {
    let apart = Apart::new();
    let world = &apart.0;
    assert!(world.refusal().is_none());
    let mut all = world.bytes();
    all.truncate(4);
    world.rewrite(&all);
    std::fs::remove_file(apart.beside()).unwrap();
    let short = Defect::Short {
        expected: 7,
        found: 4,
    };
    assert_eq!(world.defect(), Some(short.clone()));
    // The same with a head beside it that fits.
    let forged = Place::new(world.place.records.parent().unwrap(), None);
    let head = Place {
        head: world.folder.path().join("nowhere"),
        ..forged.clone()
    };
    let head = read(&head).unwrap().head;
    std::fs::write(&forged.head, head.to_string()).unwrap();
    assert_eq!(read(&forged).unwrap().defect, None);
    assert_eq!(world.defect(), Some(short));
    assert!(matches!(world.refusal(), Some(Error::Changed { .. })));
}

#[test]
fn a_copy_of_the_folder_goes_on_where_the_head_apart_is_not() {
    let apart = Apart::new();
    let world = &apart.0;
    assert!(world.refusal().is_none());
    std::fs::remove_file(&world.place.head).unwrap();
    assert_eq!(world.defect(), None);
    // What the folder itself knows still counts.
    let mut all = world.bytes();
    all.pop();
    world.rewrite(&all);
    assert_eq!(
        world.defect(),
        Some(Defect::Short {
            expected: 7,
            found: 6
        })
    );
    std::fs::remove_file(apart.beside()).unwrap();
    assert_eq!(world.defect(), Some(Defect::NoHead(6)));
}
