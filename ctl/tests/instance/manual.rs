//! Every command of the manual is one that this program knows, with each of its options. Stories run those that can be run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::said;

#[test]
fn every_command_of_the_manual_is_known_with_its_options() {
    let mut found = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for line in commands(&text) {
            // The help is printed if all before it makes sense.
            let mut command = Command::new(env!("CARGO_BIN_EXE_sigctl"));
            let output = command.args(words(&line)).arg("--help").output().unwrap();
            let page = page.display();
            assert!(
                output.status.success(),
                "{page}: sigctl {line}\n{}",
                said(&output)
            );
            found += 1;
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn a_command_ends_where_a_shell_ends_it() {
    for (line, expected) in [
        (
            "verify - --identity a@b < app.txt",
            ["verify", "-", "--identity", "a@b"].as_slice(),
        ),
        ("log check DIR   # each log", &["log", "check", "DIR"]),
        (
            "verify f --identity-regexp '(a|b)@c' | cat",
            &["verify", "f", "--identity-regexp", "(a|b)@c"],
        ),
        ("init \"a b\"; x", &["init", "a b"]),
    ] {
        assert_eq!(words(line), expected);
    }
    let text = "A `sigctl x`.\n\n    # sigctl up \\\n      --detach\n\n```sh\nA=$(sigctl token demo)\nmysigctl\n```\n";
    assert_eq!(commands(text), ["up --detach", "token demo)"]);
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let entries = fs::read_dir(root.join("docs")).unwrap();
    let pages = entries.map(|entry| entry.unwrap().path());
    let kit = "ctl/src/trust/client_kit/README.md";
    pages
        .chain([root.join("README.md"), root.join(kit)])
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

/// What follows the name of the program in the blocks of code of a page, line by line.
fn commands(page: &str) -> Vec<String> {
    let mut is_fenced = false;
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        if !is_fenced && !line.starts_with("    ") {
            continue;
        }
        let begun = lines.last_mut().filter(|_| goes_on);
        goes_on = line.ends_with('\\');
        let line = line.trim().trim_end_matches('\\');
        match begun {
            Some(begun) => begun.push_str(line),
            None => lines.push(format!(" {line}")),
        }
    }
    let mut found = Vec::new();
    for line in &lines {
        for (at, name) in line.match_indices("sigctl ") {
            if line[..at].ends_with([' ', '(']) {
                found.push(line[at + name.len()..].to_owned());
            }
        }
    }
    found
}

/// The words of a command as a shell takes them, to the end of the command, with what is put for the placeholders of the manual.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for letter in line.chars() {
        match quote {
            Some(end) if letter == end => quote = None,
            Some(_) => word.get_or_insert_default().push(letter),
            None if letter == '\'' || letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            None if "|;&><)(".contains(letter) || (letter == '#' && word.is_none()) => break,
            None => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    for word in &mut words {
        for (placeholder, value) in PLACEHOLDERS {
            if word == placeholder {
                *word = value.to_owned();
            }
        }
    }
    words
}

/// What stands in the manual for a value that has a form.
const PLACEHOLDERS: [(&str, &str); 3] = [
    ("NAME", "acme"),
    ("$SINCE", "2027-01-03T02:15:00Z"),
    (
        "HEAD",
        "1:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
];
