//! Backups that contradict themselves.

use std::fs;
use std::path::Path;

use sigstead_archive::{FORMAT, LogFace, LogRecord, Opening, Part, SourceFile, Writer};
use sigstead_config::{ctlog, tlog};
use time::OffsetDateTime;

use crate::world::{World, said};

const PASSPHRASE: &str = "a passphrase";

/// Everything else of the backup is as it should be, so that nothing else refuses it.
#[test]
fn a_backup_that_contradicts_itself_is_refused_and_nothing_is_made_of_it() {
    let world = World::new("contradicts");
    let (name, logs) = ("world", records(&world));
    let elsewhere = |mut logs: Vec<LogRecord>| {
        logs[0].data = "tlog/elsewhere".to_owned();
        logs
    };
    for (name, logs, why) in [
        ("another", logs.clone(), "the instance in it is world"),
        (name, logs[1..].to_vec(), "describe other logs"),
        (name, elsewhere(logs.clone()), "has its data elsewhere"),
        (name, logs, "has another key"),
    ] {
        let file = world.path("backup");
        write(&world, &file, opening(&world, name), logs);
        let mut restore = world.bare(&["restore"]);
        restore.arg(&file).arg(world.path("restored"));
        restore.env("SIGCTL_BACKUP_PASSPHRASE", PASSPHRASE);
        let output = restore.output().unwrap();
        let told = said(&output);
        assert!(told.contains("E-CTL-214") && told.contains(why), "{told}");
        assert!(!world.path("restored").exists());
    }
}

/// What a pod has is no instance, also where the rest of the archive would be one.
#[test]
fn the_backup_of_a_pods_volume_is_restored_as_no_instance() {
    let world = World::new("part");
    let file = world.path("backup");
    let opening = Opening {
        part: Some(Part {
            service: "tlog".to_owned(),
            replica: 0,
        }),
        ..opening(&world, "world")
    };
    write(&world, &file, opening, records(&world));
    for words in [&["restore"][..], &["drill"]] {
        let mut command = world.bare(words);
        command.arg(&file);
        if words == ["restore"] {
            command.arg(world.path("restored"));
        }
        command.env("SIGCTL_BACKUP_PASSPHRASE", PASSPHRASE);
        let told = said(&command.output().unwrap());
        assert!(told.contains("E-CTL-215"), "{told}");
        assert!(told.contains("the volume of tlog 0 of world"), "{told}");
        assert!(!world.path("restored").exists());
    }
}

/// The logs of the instance, with keys that are not theirs.
fn records(world: &World) -> Vec<LogRecord> {
    let record = |face, origin: String, data: String| LogRecord {
        face,
        origin,
        data,
        public_key: "the key of another".to_owned(),
        size: 0,
        root_hash: String::new(),
        time_millis: 0,
        checkpoint: String::new(),
    };
    let config = |service: &str| world.path("instance").join(service).join("config.yaml");
    let signatures: tlog::Config = sigstead_kit::read_config(config("tlog")).unwrap();
    let certificates: ctlog::Config = sigstead_kit::read_config(config("ctlog")).unwrap();
    let mut records: Vec<_> = signatures
        .logs
        .iter()
        .map(|log| {
            let (face, origin) = match log.tree_id {
                Some(tree) => (
                    LogFace::RekorV1,
                    format!("{} - {tree}", log.origin.as_str()),
                ),
                None => (LogFace::RekorV2, log.origin.as_str().to_owned()),
            };
            record(face, origin, format!("tlog/{}", log.data.display()))
        })
        .collect();
    let data = format!("ctlog/{}", certificates.data.display());
    let origin = certificates.origin.as_str().to_owned();
    records.push(record(LogFace::Ct, origin, data));
    for record in &records {
        fs::create_dir_all(world.path("instance").join(&record.data)).unwrap();
        fs::write(world.path("instance").join(&record.data).join("kept"), "").unwrap();
    }
    records
}

/// What a backup of the instance says of itself, under a name.
fn opening(world: &World, name: &str) -> Opening {
    let text = fs::read_to_string(world.path("instance/instance.yaml")).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("id: "));
    Opening {
        format: FORMAT,
        made_by: "a test".to_owned(),
        instance: name.to_owned(),
        id: id.map(|id| id.trim_matches(['"', '\'']).to_owned()),
        part: None,
        began: OffsetDateTime::UNIX_EPOCH,
    }
}

/// A backup of the instance that says what is to be said.
fn write(world: &World, file: &Path, opening: Opening, logs: Vec<LogRecord>) {
    let output = fs::File::create(file).unwrap();
    let mut writer = Writer::begin(output, PASSPHRASE.as_bytes(), opening).unwrap();
    add(&mut writer, &world.path("instance"), "");
    writer
        .finish(OffsetDateTime::UNIX_EPOCH, logs, Vec::new())
        .unwrap();
}

fn add(writer: &mut Writer<fs::File>, folder: &Path, within: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let place = entry.unwrap().path();
        let path = format!("{within}{}", place.file_name().unwrap().to_str().unwrap());
        if place.is_dir() {
            add(writer, &place, &format!("{path}/"));
        } else {
            let content = fs::File::open(&place).unwrap();
            let file = SourceFile {
                path: &path,
                mode: 0o600,
                length: content.metadata().unwrap().len(),
                content,
            };
            writer.add(file).unwrap();
        }
    }
}
