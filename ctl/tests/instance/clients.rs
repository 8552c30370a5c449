//! Clients of the embedded issuer, added to its file and removed from it.

use std::fs;

use serde_json::{Value, json};

use crate::world::{World, said};

const CONFIG: &str = "instance/oidc/config.yaml";
const FILE: &str = "instance/oidc/clients.yaml";
const SUBJECT: &str = "http://localhost/workloads/release";

fn client(world: &World, verb: &str, words: &[&str]) -> (Value, Option<i32>) {
    let output = world
        .bare(&["--output", "json", "oidc", "client", verb])
        .arg(world.path("instance"))
        .args(words)
        .output()
        .unwrap();
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|_| panic!("{}", said(&output)));
    (json, output.status.code())
}

#[test]
fn a_workload_has_a_secret_of_which_the_file_has_a_hash() {
    let world = World::new("workload");
    let (added, exit) = client(
        &world,
        "add",
        &["release", "--workload", SUBJECT, "--claim", "team=a"],
    );
    assert_eq!(exit, Some(0), "{added}");
    assert_eq!(
        (&added["kind"], &added["is_asked"]),
        (&json!("workload"), &json!(false))
    );
    assert_eq!(added["audience"], "sigstore");
    let secret = added["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    let file = fs::read_to_string(world.path(FILE)).unwrap();
    assert!(
        file.contains("$argon2id$") && !file.contains(secret),
        "{file}"
    );
    assert!(file.contains("team: a"), "{file}");
    let (other, _) = client(&world, "add", &["other", "--workload", SUBJECT]);
    assert_ne!(other["secret"], added["secret"]);
    let (listed, _) = client(&world, "list", &[]);
    assert!(!listed.to_string().contains("argon2id"), "{listed}");
    let (removed, exit) = client(&world, "remove", &["release"]);
    assert_eq!((exit, &removed["id"]), (Some(0), &json!("release")));
    let (listed, _) = client(&world, "list", &[]);
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["id"])
        .collect();
    assert_eq!(ids, ["sigstore", "other"]);

    let [add, remove] = ["sigctl oidc client add", "sigctl oidc client remove"];
    assert_eq!(world.acts(), [add, add, remove]);
    world.break_record();
    let before = fs::read_to_string(world.path(FILE)).unwrap();
    for words in [
        &["add", "third", "--workload", SUBJECT][..],
        &["remove", "other"],
    ] {
        let (refused, _) = client(&world, words[0], &words[1..]);
        assert_eq!(refused["error"]["code"], "E-CTL-371", "{refused}");
        assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);
    }
}

#[test]
fn what_cannot_be_a_client_is_refused_and_nothing_is_written() {
    let world = World::new("unfit");
    client(
        &world,
        "add",
        &["portal", "--redirect-uri", "https://portal.example/cb"],
    );
    let before = fs::read_to_string(world.path(FILE)).unwrap();
    let redirect = ["--redirect-uri", "https://portal.example/cb"];
    for (verb, words, exit, code, says) in [
        (
            "add",
            &["portal", redirect[0], redirect[1]][..],
            1,
            "E-CTL-097",
            "portal already",
        ),
        (
            "add",
            &["sigstore", redirect[0], redirect[1]],
            1,
            "E-CTL-097",
            "sigstore already",
        ),
        (
            "add",
            &[redirect[0], redirect[1]],
            2,
            "E-CTL-012",
            "name one client",
        ),
        (
            "add",
            &["x", "--redirect-uri", "/callback"],
            2,
            "E-CTL-012",
            "no redirect URI",
        ),
        (
            "add",
            &["x", "--redirect-uri", "javascript:a()"],
            2,
            "E-CTL-012",
            "no redirect URI",
        ),
        (
            "add",
            &["x", "--redirect-uri", "https://a.example/#b"],
            2,
            "E-CTL-012",
            "no redirect URI",
        ),
        (
            "add",
            &["x", "--workload", "release"],
            2,
            "E-CTL-012",
            "is no URL",
        ),
        (
            "add",
            &["x", "--workload", SUBJECT, "--claim", "email=a@b"],
            2,
            "E-CTL-012",
            "email",
        ),
        (
            "add",
            &["x", "--workload", SUBJECT, "--claim", "email"],
            2,
            "E-CTL-012",
            "no claim",
        ),
        ("add", &["x"], 2, "E-CTL-012", "--redirect-uri"),
        ("remove", &["x"], 1, "E-CTL-098", "no client x"),
        ("remove", &["sigstore"], 1, "E-CTL-098", "config.yaml"),
    ] {
        let (failure, ended) = client(&world, verb, words);
        assert_eq!(
            (ended, &failure["error"]["code"]),
            (Some(exit), &json!(code)),
            "{failure}"
        );
        assert!(failure.to_string().contains(says), "{failure}");
        assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);
    }
}

#[test]
fn an_instance_whose_configuration_names_no_file_is_told_what_to_write() {
    let world = World::new("older");
    let config = fs::read_to_string(world.path(CONFIG)).unwrap();
    let line = "clients_file: clients.yaml\n";
    fs::write(world.path(CONFIG), config.replace(line, "")).unwrap();
    let (failure, exit) = client(&world, "list", &[]);
    assert_eq!(
        (exit, &failure["error"]["code"]),
        (Some(1), &json!("E-CTL-096"))
    );
    let remedy = failure["error"]["remedy"].as_str().unwrap();
    assert!(remedy.contains(line.trim()), "{remedy}");
}

#[test]
fn who_holds_the_clients_is_named_and_holds_up_no_reader() {
    let world = World::new("held");
    let folder = fs::File::open(world.path("instance/oidc")).unwrap();
    folder.lock().unwrap();
    let (listed, exit) = client(&world, "list", &[]);
    assert_eq!(exit, Some(0), "{listed}");
    let (refused, exit) = client(&world, "remove", &["sigstore"]);
    assert_eq!(
        (exit, &refused["error"]["code"]),
        (Some(1), &json!("E-CTL-294")),
        "{refused}"
    );
    let holder = format!("process {} holds", std::process::id());
    assert!(refused.to_string().contains(&holder), "{refused}");
    drop(folder);
    let (refused, _) = client(&world, "remove", &["sigstore"]);
    assert_eq!(refused["error"]["code"], "E-CTL-098", "{refused}");
}
