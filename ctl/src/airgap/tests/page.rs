//! The commands of `docs/air-gap.md` do what the page says.

use std::fs::{self, File};

use super::world::{World, contents, sigctl};

const PAGE: &str = include_str!("../../../../docs/air-gap.md");

#[test]
fn the_commands_of_the_page_carry_an_archive_inside() {
    let world = World::new();
    let mut tar = tar::Builder::new(File::create(world.path("images.tar")).unwrap());
    tar.append_dir_all(".", world.path("image")).unwrap();
    tar.finish().unwrap();
    let (_, section) = PAGE.split_once("\n## Sigstead itself\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut ran = Vec::new();
    for line in section.lines() {
        let Some(line) = line.strip_prefix("    sigctl ") else {
            continue;
        };
        // A story has the registry that this one pushes into.
        if line.starts_with("airgap push ") {
            continue;
        }
        let words: Vec<_> = line
            .split_whitespace()
            .map(|word| place(&world, word))
            .collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        sigctl(&words).unwrap_or_else(|failure| panic!("{line}: {failure:?}"));
        if line.starts_with("key create") {
            world.write_public("courier.key");
        }
        ran.push(words[1].to_owned());
    }
    assert_eq!(ran, ["create", "create", "verify", "load", "repair-list"]);
    let carried = contents(&world.path("archive-1/0001/images/sigstead"));
    assert_eq!(carried, contents(&world.path("image")));
    let program = fs::read(world.path("inside/1/programs/sigctl")).unwrap();
    assert_eq!(program, fs::read(world.path("sigctl")).unwrap());
}

/// A word of the page, in the places of a world.
fn place(world: &World, word: &str) -> String {
    match word {
        "archive-1" | "passphrase" | "sigctl" | "sigstead-0.1.0.tgz" | "docs" => world.text(word),
        "courier.pem" => world.text("courier.key.pub"),
        "file:courier.key" => format!("file:{}", world.text("courier.key")),
        "sigstead=images.tar" => format!("sigstead={}", world.text("images.tar")),
        "/srv/sigstead" => world.text("inside"),
        _ => word.to_owned(),
    }
}
