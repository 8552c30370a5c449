use std::io::Write;

use time::OffsetDateTime;

use super::*;
use crate::stream::Encryptor;
use crate::writer::{SourceFile, Writer};

const PASSPHRASE: &[u8] = b"correct horse";

fn opened() -> Opening {
    Opening {
        format: FORMAT,
        made_by: "a test".to_owned(),
        instance: "demo".to_owned(),
        id: None,
        part: None,
        began: OffsetDateTime::UNIX_EPOCH,
    }
}

fn source<'a>(path: &'a str, content: &'a [u8]) -> SourceFile<'a, &'a [u8]> {
    SourceFile {
        path,
        mode: 0o600,
        length: content.len() as u64,
        content,
    }
}

/// The name of a member and its content.
type Packed<'a> = (&'a str, &'a [u8]);

/// An archive of these members, in the form in which the writer makes one, but under little work.
fn packed(members: &[Packed<'_>]) -> Vec<u8> {
    let (mut output, key) = age::begin(PASSPHRASE, 2).unwrap();
    let mut archive = tar::Builder::new(Encryptor::new(key, &mut output));
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(content.len() as u64);
        // A writer of the library refuses what a hostile one writes.
        let place = &mut header.as_old_mut().name;
        place[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
    output
}

fn manifest(files: &[(&str, &[u8])]) -> Vec<u8> {
    let files = files.iter().map(|(path, content)| FileRecord {
        path: (*path).to_owned(),
        length: content.len() as u64,
        sha256: hex::encode(Sha256::digest(content)),
    });
    let manifest = Manifest {
        opening: opened(),
        ended: OffsetDateTime::UNIX_EPOCH,
        logs: Vec::new(),
        outside: Vec::new(),
        files: files.collect(),
    };
    serde_json::to_vec(&manifest).unwrap()
}

fn taken(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut taken = Vec::new();
    read(archive, PASSPHRASE, &mut |member| {
        let mut content = Vec::new();
        member.content.read_to_end(&mut content)?;
        taken.push((member.path.to_owned(), content));
        Ok(())
    })?;
    Ok(taken)
}

fn refusal(archive: &[u8]) -> String {
    let mut error: &dyn std::error::Error = &taken(archive).unwrap_err();
    let mut said = error.to_string();
    while let Some(source) = error.source() {
        said = format!("{said}: {source}");
        error = source;
    }
    said
}

#[test]
fn what_is_written_is_read_back_with_its_manifest() {
    let long = format!("tlog/{}/{}", "a".repeat(120), "b".repeat(150));
    let large = vec![7; 200_000];
    let mut writer = Writer::begin(Vec::new(), PASSPHRASE, opened()).unwrap();
    writer
        .add(source("instance.yaml", b"name: demo\n"))
        .unwrap();
    writer.add(source("empty", b"")).unwrap();
    writer.add(source(&long, &large)).unwrap();
    assert_eq!(writer.written(), (3, 200_011));
    let (archive, manifest) = writer
        .finish(
            OffsetDateTime::UNIX_EPOCH,
            Vec::new(),
            vec!["/etc/x".to_owned()],
        )
        .unwrap();
    assert_eq!(manifest.files[2].length, 200_000);

    let mut found = Vec::new();
    let again = read(archive.as_slice(), PASSPHRASE, &mut |member| {
        found.push((member.path.to_owned(), member.mode, member.length));
        Ok(())
    });
    assert_eq!(again.unwrap(), manifest);
    let paths: Vec<_> = found.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["instance.yaml", "empty", long.as_str()]);
    let visible = archive.windows(5).any(|part| part == b"demo\n");
    assert!(!visible, "the content can be seen from outside");
}

#[test]
fn a_file_is_taken_up_to_its_length_and_must_have_it() {
    let mut writer = Writer::begin(Vec::new(), PASSPHRASE, opened()).unwrap();
    let mut growing = source("record", b"one two");
    growing.length = 3;
    writer.add(growing).unwrap();
    let mut shrinking = source("record-2", b"one");
    shrinking.length = 7;
    let error = writer.add(shrinking).unwrap_err();
    assert!(matches!(error, Error::Shrunk { .. }), "{error}");
    let error = writer.add(source("../record", b"")).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
}

#[test]
fn a_full_disk_is_told_as_what_it_is() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::begin(Full(100_000), PASSPHRASE, opened()).unwrap();
    let error = writer.add(source("a", &[0; 300_000])).unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::StorageFull),
        "{error}"
    );
}

#[test]
fn an_archive_of_another_format_is_refused_before_its_content_is_read() {
    for format in [0, FORMAT + 1] {
        let opening = format!("{{\"format\": {format}, \"shape\": \"round\"}}");
        let archive = packed(&[(OPENING, opening.as_bytes()), ("../x", b"")]);
        let error = taken(&archive).unwrap_err();
        assert!(
            matches!(error, Error::Format { found, known: FORMAT } if found == format),
            "{error}"
        );
    }
}

#[test]
fn what_differs_from_the_manifest_is_told_by_name() {
    let opening = serde_json::to_vec(&opened()).unwrap();
    let other = Opening {
        instance: "other".to_owned(),
        ..opened()
    };
    let other = serde_json::to_vec(&other).unwrap();
    let begins = (OPENING, opening.as_slice());
    let (one, two) = (("instance/a", &b"one"[..]), ("instance/b", &b"two"[..]));
    let whole = manifest(&[("a", b"one"), ("b", b"two")]);
    let whole = (MANIFEST, whole.as_slice());
    assert_eq!(taken(&packed(&[begins, one, two, whole])).unwrap().len(), 2);
    let escaping = ("instance/../x", &b""[..]);
    let table: [(&[Packed<'_>], &str); 12] = [
        (&[begins, one, whole], "b: it is missing"),
        (&[begins, one, one, two, whole], "a: it is there twice"),
        (
            &[begins, one, two, ("instance/c", b""), whole],
            "c: the manifest does not name it",
        ),
        (
            &[begins, ("instance/a", b"onE"), two, whole],
            "a: its SHA-256 is",
        ),
        (
            &[begins, ("instance/a", b"ones"), two, whole],
            "a: it has 4 bytes, not 3",
        ),
        (&[begins, one, two], "it has no manifest"),
        (&[one, two, whole], "it begins with instance/a"),
        (&[begins, one, two, whole, one], "comes after the manifest"),
        (&[begins, escaping, whole], "no path below the instance"),
        (
            &[begins, ("/etc/passwd", b""), whole],
            "no path below the instance",
        ),
        (
            &[(OPENING, &other), one, two, whole],
            "that of another archive",
        ),
        (&[(OPENING, b"{}")], "its opening"),
    ];
    for (members, says) in table {
        let said = refusal(&packed(members));
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[test]
fn damage_is_told_with_the_file_in_which_it_is() {
    let opening = serde_json::to_vec(&opened()).unwrap();
    let large = vec![9; 300_000];
    let whole = manifest(&[("small", b"one"), ("tlog/large", &large)]);
    let good = packed(&[
        (OPENING, &opening),
        ("instance/small", b"one"),
        ("instance/tlog/large", &large),
        (MANIFEST, &whole),
    ]);
    assert!(taken(&good).is_ok());
    let mut flipped = good.clone();
    flipped[200_000] ^= 4;
    let said = refusal(&flipped);
    assert!(
        said.starts_with("in tlog/large: it is damaged between byte"),
        "{said}"
    );
    let said = refusal(&good[..200_000]);
    assert!(said.starts_with("in tlog/large: it is damaged"), "{said}");
    let header = good.len() % (64 * 1024 + 16);
    for cut in [good.len() - 1, good.len() - 17, header] {
        assert!(taken(&good[..cut]).is_err(), "{cut}");
    }
    let error = read(good.as_slice(), b"wrong", &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Passphrase), "{error}");
}
