//! Lists that somebody believes, and that could not be laid out: whoever has the key may have been careless, or robbed.

use std::fs;

use serde_json::{Value, json};

use super::code;
use super::world::{World, sigctl};
use crate::trust::Fingerprint;

type Change = fn(&mut Value);

const CHANGES: [(&str, Change); 26] = [
    ("not an object", |list| *list = json!([])),
    ("another format", |list| list["format"] = json!(2)),
    ("no format", |list| list["format"] = json!(null)),
    ("a negative number", |list| list["number"] = json!(-1)),
    ("what nobody knows", |list| list["more"] = json!(1)),
    ("no files", |list| list["files"] = json!(null)),
    ("no time", |list| list["created"] = json!("yesterday")),
    ("a name of two lines", |list| list["name"] = json!("a\nb")),
    ("a name without end", |list| {
        list["name"] = json!("a".repeat(1_000))
    }),
    ("too many volumes", |list| list["volumes"] = json!(100_000)),
    ("no volume", |list| list["volumes"] = json!(0)),
    ("too many files", |list| {
        list["files"] = json!(vec![list["files"][0].clone(); 100_001])
    }),
    ("a file twice", |list| {
        let file = list["files"][0].clone();
        list["files"].as_array_mut().unwrap().insert(0, file);
    }),
    ("out of order", |list| {
        list["files"].as_array_mut().unwrap().reverse()
    }),
    ("upwards", |list| {
        list["files"][0]["name"] = json!("../evil")
    }),
    ("absolute", |list| {
        list["files"][0]["name"] = json!("/etc/passwd")
    }),
    ("deep", |list| {
        list["files"][0]["name"] = json!("a/".repeat(60) + "a")
    }),
    ("long", |list| {
        list["files"][0]["name"] = json!("a".repeat(300))
    }),
    ("a nul", |list| list["files"][0]["name"] = json!("a\0b")),
    ("a file below a file", |list| {
        let mut file = list["files"][0].clone();
        file["name"] = json!(format!("{}/x", file["name"].as_str().unwrap()));
        list["files"].as_array_mut().unwrap().insert(1, file);
    }),
    ("no pieces", |list| list["files"][0]["pieces"] = json!([])),
    ("a piece too large", |list| {
        list["files"][0]["pieces"][0]["size"] = json!(u64::MAX)
    }),
    ("a bomb", |list| {
        list["files"][0]["size"] = json!(1_u64 << 60);
        list["files"][0]["pieces"][0]["size"] = json!(1_u64 << 60);
    }),
    ("a volume that is none", |list| {
        list["files"][0]["pieces"][0]["volume"] = json!(0)
    }),
    ("a hash that is none", |list| {
        list["files"][0]["sha256"] = json!("00")
    }),
    ("an image without files", |list| {
        list["images"][0]["name"] = json!("other")
    }),
];

#[test]
fn what_could_not_be_laid_out_is_no_list_whoever_signed_it() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let path = world.path("archive/manifest.json");
    let good: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (what, change) in CHANGES {
        let mut list = good.clone();
        change(&mut list);
        let bytes = serde_json::to_vec(&list).unwrap();
        fs::write(&path, &bytes).unwrap();
        let (archive, words) = (world.text("archive"), Fingerprint::of(&bytes).words);
        let refused = code(sigctl(&["airgap", "verify", &archive, "--is", &words])).0;
        assert_eq!(refused, "E-AIR-020", "{what}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    fs::write(&path, &nested).unwrap();
    let (archive, words) = (
        world.text("archive"),
        Fingerprint::of(nested.as_bytes()).words,
    );
    assert_eq!(
        code(sigctl(&["airgap", "verify", &archive, "--is", &words])).0,
        "E-AIR-020"
    );
}
