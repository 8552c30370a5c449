//! The program: its exit codes and what it prints.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

use sigstead_logcheck::Face;
use tempfile::TempDir;

use crate::world::{FIRST_INDEX, Files, World, lines};

/// A log with its inputs on disk.
fn laid_out(world: &World) -> TempDir {
    let directory = TempDir::new().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    for (path, bytes) in &world.source.files {
        write(&format!("log/{path}"), bytes);
    }
    write("key.pem", world.key.pem().as_bytes());
    write("ledger.jsonl", lines(&world.ledger).as_bytes());
    write("observed.jsonl", lines(&world.observed).as_bytes());
    write("previous", world.previous.as_ref().unwrap().as_bytes());
    directory
}

fn run(world: &World, at: &Path, more: &[&str]) -> Output {
    let file = |name: &str| at.join(name).into_os_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigstead-logcheck"));
    command
        .args([&world.face.to_string(), "--origin", &world.origin, "--key"])
        .arg(file("key.pem"))
        .arg("--ledger")
        .arg(file("ledger.jsonl"))
        .arg("--observed")
        .arg(file("observed.jsonl"))
        .arg("--previous")
        .arg(file("previous"))
        .args(more);
    if world.face == Face::RekorV1 {
        command.args(["--first-index", &FIRST_INDEX.to_string()]);
    }
    command.output().unwrap()
}

fn in_directory(world: &World, more: &[&str]) -> Output {
    let directory = laid_out(world);
    let log = directory.path().join("log");
    let more = [&["--directory", log.to_str().unwrap()], more].concat();
    run(world, directory.path(), &more)
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn a_sound_directory_ends_with_zero_and_a_summary() {
    for face in [Face::RekorV1, Face::RekorV2, Face::StaticCt] {
        let world = World::new(face, 300);
        let output = in_directory(&world, &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let summary = text(&output.stdout);
        assert!(summary.starts_with("sound: "), "{summary}");
        for part in [
            world.origin.as_str(),
            "size 300",
            "300 entries, 6 acknowledgements, 11 checkpoints",
        ] {
            assert!(summary.contains(part), "{summary}");
        }
    }
}

#[test]
fn a_sound_server_ends_with_zero() {
    for face in [Face::RekorV1, Face::RekorV2, Face::StaticCt] {
        let world = World::new(face, 300);
        let directory = laid_out(&world);
        let address = serve(world.source.files.clone());
        let output = run(&world, directory.path(), &["--url", &address]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

#[test]
fn a_defect_ends_with_one_and_its_name() {
    let mut world = World::new(Face::RekorV2, 300);
    world.remove("tile/0/001.p/44");
    let output = in_directory(&world, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = text(&output.stdout);
    assert!(
        printed.starts_with("missing-tile: tile/0/001.p/44 is absent\n"),
        "{printed}"
    );
    assert!(printed.contains("\ndefective: "), "{printed}");
}

#[test]
fn the_report_is_json_when_asked() {
    let mut world = World::new(Face::StaticCt, 300);
    world.remove("tile/1/000.p/1");
    let output = in_directory(&world, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["missing-tile"], 1);
    assert_eq!(report["findings"][0]["defect"], "missing-tile");
    assert_eq!(report["size"], 300);
}

#[test]
fn of_many_defects_of_a_sort_the_first_are_told_and_the_rest_counted() {
    let mut world = World::new(Face::StaticCt, 6_000);
    world
        .source
        .files
        .retain(|path, _| !path.starts_with("tile/0/"));
    let output = in_directory(&world, &[]);
    let printed = text(&output.stdout);
    assert_eq!(
        printed.matches("missing-tile: tile/").count(),
        20,
        "{printed}"
    );
    assert!(printed.contains("missing-tile: and 4 more\n"), "{printed}");
}

#[test]
fn what_cannot_be_checked_ends_with_two() {
    let mut world = World::new(Face::RekorV2, 3);
    let directory = laid_out(&world);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("http://{closed}");
    let absent = directory.path().join("absent");
    let cases: [&[&str]; 5] = [
        &["--url", &nobody],
        &["--url", "no address"],
        &["--directory", absent.to_str().unwrap()],
        &[],
        &["--url", &nobody, "--directory", "."],
    ];
    for case in cases {
        let output = run(&world, directory.path(), case);
        assert_eq!(output.status.code(), Some(2), "{case:?}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
    world.face = Face::RekorV1;
    let output = in_directory(&world, &[]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "the origin names no tree: {output:?}"
    );
}

#[test]
fn inputs_out_of_their_format_end_with_two_and_the_line() {
    let world = World::new(Face::RekorV2, 3);
    let cases = [
        (
            "ledger.jsonl",
            "{\"index\":0,\"leaf_hash\":\"00\"}\n",
            "line 1 of the ledger",
        ),
        ("ledger.jsonl", "{\"index\":0}\n", "line 1 of the ledger"),
        (
            "ledger.jsonl",
            "\n{\"index\":0,\"other\":1}\n",
            "line 2 of the ledger",
        ),
        (
            "ledger.jsonl",
            "{\"index\":0,\"body\":\"AA==\",\"proof\":[]}\n",
            "line 1 of the ledger",
        ),
        ("observed.jsonl", "{}\n", "line 1 of the observations"),
        ("key.pem", "none\n", "the key of the log"),
    ];
    for (name, bytes, expected) in cases {
        let directory = laid_out(&world);
        std::fs::write(directory.path().join(name), bytes).unwrap();
        let log = directory.path().join("log");
        let output = run(
            &world,
            directory.path(),
            &["--directory", log.to_str().unwrap()],
        );
        assert_eq!(output.status.code(), Some(2), "{bytes}: {output:?}");
        assert!(text(&output.stderr).contains(expected), "{output:?}");
    }
}

/// Serves files until the test ends.
fn serve(files: Files) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/log/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let files = files.clone();
            std::thread::spawn(move || answer(&connection.unwrap(), &files));
        }
    });
    address
}

fn answer(mut connection: &TcpStream, files: &Files) {
    let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
    while let Some(request) = lines.next() {
        while lines.next().is_some_and(|header| !header.is_empty()) {}
        let path = request.split(' ').nth(1).unwrap_or_default();
        let file = path.strip_prefix("/log/").and_then(|path| files.get(path));
        let (status, body) = match file {
            Some(bytes) => ("200 OK", bytes.as_slice()),
            None => ("404 Not Found", [].as_slice()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if connection
            .write_all(&[head.as_bytes(), body].concat())
            .is_err()
        {
            return;
        }
    }
}
