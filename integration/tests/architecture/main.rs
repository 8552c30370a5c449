//! Guards the house: floors, direction of imports, who may use which outside library, file sizes, crate headers.
//!
//! The plan is the table of `ARCHITECTURE.md`; there is no second copy of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A file above this many lines of production code needs to be split by noun.
const LINES_AT_MOST: usize = 400;

/// Files that are larger and wait to be split, and what they may have until then. No other joins them.
const LARGER: [(&str, usize); 0] = [];

/// Crates without runtime, files, network, database, protobuf, configuration, clock or ambient randomness.
const PURE: [&str; 13] = [
    "merkle",
    "key",
    "protojson",
    "rules",
    "tiles",
    "note",
    "x509",
    "checkpoint",
    "entry",
    "ct",
    "tsp",
    "trust-root",
    "ceremony",
];

/// What a pure crate never uses.
const IMPURE: [&str; 12] = [
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "tonic",
    "prost",
    "sled",
    "serde_yaml",
    "getrandom",
    "rustls",
    "tracing",
    "kit",
];

/// Outside libraries that only some packages may use, and which.
const WRAPPERS: [(&str, &[&str]); 10] = [
    ("prost", &["proto"]),
    (
        "tonic",
        &[
            "proto",
            "kit",
            "ca",
            "tlog",
            "ctlog",
            "tsa",
            "tuf",
            "oidc",
            "ctl",
            "integration",
        ],
    ),
    ("sled", &["store"]),
    ("cms", &["tsp"]),
    ("cryptoki", &["signer"]),
    ("cel", &["rules"]),
    ("tokio-rustls", &["kit", "test-support"]),
    (
        "reqwest",
        &[
            "kit",
            "identity",
            "witness",
            "logcheck",
            "signer",
            "ca",
            "ctl",
            "integration",
        ],
    ),
    (
        "yaml_serde",
        &["kit", "config", "identity", "ctl", "integration"],
    ),
    ("opentelemetry-otlp", &["kit"]),
];

#[test]
fn every_package_has_a_row_in_the_plan() {
    let packages: BTreeSet<_> = workspace().into_keys().collect();
    let planned: BTreeSet<_> = plan().into_keys().collect();
    assert_eq!(
        packages, planned,
        "the table in ARCHITECTURE.md and the workspace differ"
    );
}

#[test]
fn imports_run_down_only() {
    let plan = plan();
    for (package, dependencies) in workspace() {
        for dependency in dependencies.iter().filter(|name| plan.contains_key(*name)) {
            assert!(
                plan[dependency] < plan[&package],
                "{package} (floor {}) uses {dependency} (floor {})",
                plan[&package],
                plan[dependency]
            );
        }
    }
}

#[test]
fn pure_crates_use_nothing_that_waits_or_writes() {
    let workspace = workspace();
    for package in PURE {
        let found: Vec<_> = IMPURE
            .iter()
            .filter(|name| workspace[package].contains(**name))
            .collect();
        assert!(found.is_empty(), "{package} is pure but uses {found:?}");
    }
}

#[test]
fn outside_libraries_stay_behind_their_seam() {
    for (package, dependencies) in workspace() {
        for (library, users) in WRAPPERS {
            assert!(
                !dependencies.contains(library) || users.contains(&package.as_str()),
                "{package} uses {library}, which belongs to {users:?}"
            );
        }
    }
}

#[test]
fn files_stay_readable_and_crates_say_what_they_are() {
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        let production = text
            .lines()
            .take_while(|line| *line != "#[cfg(test)]")
            .count();
        let is_test = file.to_str().is_some_and(|path| path.ends_with("tests.rs"));
        assert!(
            is_test || production <= lines_at_most(&file),
            "{} has {production} lines before its tests",
            file.display()
        );
        if file.file_name().is_some_and(|name| name == "lib.rs") {
            assert!(text.starts_with("//! "), "{} has no header", file.display());
        }
    }
}

#[test]
fn no_file_imports_from_one_that_imports_from_it() {
    let packages = metadata();
    let mut found = Vec::new();
    for package in packages["packages"].as_array().unwrap() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let src = manifest.with_file_name("src");
        let circles = circles::circles(&src).into_iter();
        found.extend(circles.map(|files| format!("{}: {}", src.display(), files.join(", "))));
    }
    assert!(found.is_empty(), "circles of files:\n{}", found.join("\n"));
}

#[test]
fn a_planted_circle_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(scratch.path().join(file), text).unwrap();
    write(
        "lib.rs",
        "mod above; mod below; mod word; pub use above::Above;",
    );
    write(
        "above.rs",
        "use crate::below::Below; pub struct Above(Below);",
    );
    write("below.rs", "use crate::word::Word; pub struct Below(Word);");
    write(
        "word.rs",
        "pub struct Word; #[cfg(test)] mod tests { use crate::Above; }",
    );
    assert_eq!(circles::circles(scratch.path()), Vec::<Vec<String>>::new());
    let names_above = "#[error(\"{}\", crate::above::MOST)] pub struct Word;";
    write("word.rs", names_above);
    assert_eq!(circles::circles(scratch.path()).len(), 1, "in an attribute");
    write("word.rs", "use crate::Above; pub struct Word(Above);");
    let mut found = circles::circles(scratch.path());
    found.iter_mut().for_each(|circle| circle.sort());
    assert_eq!(found, [["above", "below", "word"]]);
}

#[test]
fn a_crate_has_one_name() {
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        for target in package["targets"].as_array().unwrap() {
            if target["kind"].as_array().unwrap().contains(&"lib".into()) {
                assert_eq!(target["name"], name.replace('-', "_"), "library of {name}");
            }
        }
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let is_renamed = other.starts_with("sigstead-") && !dependency["rename"].is_null();
            assert!(!is_renamed, "{name} calls {other} by another name");
        }
    }
}

fn lines_at_most(file: &Path) -> usize {
    let named = LARGER.iter().find(|(name, _)| file.ends_with(name));
    named.map_or(LINES_AT_MOST, |(_, lines)| *lines)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Package (without prefix) to its floor, from the first table of `ARCHITECTURE.md`.
fn plan() -> BTreeMap<String, u8> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let floor = cells.next()?.trim().parse().ok()?;
            let path = cells.next()?.trim().trim_matches('`');
            Some((path.rsplit('/').next()?.to_owned(), floor))
        })
        .collect()
}

/// Package (without prefix) to the names of what it uses outside of its tests.
fn workspace() -> BTreeMap<String, BTreeSet<String>> {
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn package(package: &Value) -> (String, BTreeSet<String>) {
    let short = |name: &Value| {
        let name = name.as_str().unwrap();
        name.strip_prefix("sigstead-").unwrap_or(name).to_owned()
    };
    let dependencies = package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| short(&dependency["name"]))
        .collect();
    (short(&package["name"]), dependencies)
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = ["crates", "proto", "services", "ctl"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}
