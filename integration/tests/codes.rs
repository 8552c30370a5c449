//! Every code is explained in `docs/codes.md`, wherever it is made, and the page explains no code that nothing makes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[test]
fn every_code_that_is_made_is_explained() {
    let explained = explained();
    let unexplained: BTreeMap<_, _> = made()
        .into_iter()
        .filter(|(code, _)| !explained.contains_key(code))
        .collect();
    assert!(
        unexplained.is_empty(),
        "docs/codes.md does not explain {unexplained:?}"
    );
}

#[test]
fn every_explained_code_is_made() {
    let made = made();
    assert!(made.len() > 100, "only {} codes were found", made.len());
    let unmade: Vec<_> = explained()
        .into_keys()
        .filter(|code| !made.contains_key(code))
        .collect();
    assert!(unmade.is_empty(), "nothing makes {unmade:?}");
}

#[test]
fn every_explanation_is_there_once() {
    for (code, texts) in explained() {
        assert_eq!(texts.len(), 1, "{code} is explained {} times", texts.len());
        assert!(!texts[0].trim().is_empty(), "{code} has no explanation");
    }
}

#[test]
fn a_code_is_found_in_whatever_stands_around_it() {
    let text =
        r#""E-CA-002: the chain"; concat!("E-KIT-", "1"); code("E-TLOG-013") E-CA-0040 XE-CA-005"#;
    let found: Vec<_> = codes(text).collect();
    assert_eq!(found, ["E-CA-002", "E-TLOG-013"]);
}

/// Each code of the sources, with one of the files that make it. Tests may speak of codes that do not exist.
fn made() -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<_> = ["crates", "services", "ctl", "proto"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let is_test = matches!(name, "tests" | "benches" | "examples");
                folders.extend((!is_test).then_some(path));
            } else if name != "tests.rs" && name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let production = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
                found.extend(codes(production).map(|code| (code, path.clone())));
            }
        }
    }
    found
}

/// Each code of the page, with its explanations.
fn explained() -> BTreeMap<String, Vec<String>> {
    let page = std::fs::read_to_string(root().join("docs/codes.md")).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for section in page.split("\n### ").skip(1) {
        let (code, text) = section.split_once('\n').unwrap();
        let parsed: BTreeSet<_> = codes(code).collect();
        assert!(
            parsed.len() == 1 && parsed.contains(code),
            "{code:?} heads a section and is no code"
        );
        found
            .entry(code.to_owned())
            .or_default()
            .push(text.to_owned());
    }
    found
}

/// The codes in a text: `E-`, a part of the product in capitals, and exactly three digits.
fn codes(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .filter(|word| is_code(word))
        .map(str::to_owned)
}

fn is_code(word: &str) -> bool {
    let Some((part, number)) = word
        .strip_prefix("E-")
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    part.len() > 1
        && part.bytes().all(|letter| letter.is_ascii_uppercase())
        && number.len() == 3
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
