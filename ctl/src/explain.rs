//! `sigctl explain`: what a code means and what to do. The texts are those of `docs/codes.md`.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// Which code.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The code, as in E-CA-007.
    code: String,
}

#[derive(Serialize)]
struct Explanation {
    code: String,
    meaning: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let code = arguments.code.to_ascii_uppercase();
    let meaning = meaning_of(&code).ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            format!("there is no code {code}"),
            "write the code as it was printed, for instance E-CA-007",
        )
    })?;
    output.print(&Explanation { code, meaning }, |found| {
        format!("{}\n{}", found.code, found.meaning)
    });
    Ok(())
}

fn meaning_of(code: &str) -> Option<String> {
    let section = CODES
        .split("\n### ")
        .find(|section| section.lines().next() == Some(code))?;
    let (_, meaning) = section.split_once('\n')?;
    Some(meaning.trim().replace("\n\n", "\n"))
}

const CODES: &str = include_str!("../../docs/codes.md");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::meaning_of;

    #[test]
    fn every_code_of_the_sources_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut codes = BTreeSet::new();
        for folder in ["crates", "services", "ctl"] {
            collect(&root.join(folder), &mut codes);
        }
        assert!(codes.len() > 100, "only {} codes found", codes.len());
        let missing: Vec<_> = codes
            .iter()
            .filter(|code| meaning_of(code).is_none())
            .collect();
        assert!(
            missing.is_empty(),
            "docs/codes.md does not explain {missing:?}"
        );
    }

    fn collect(folder: &PathBuf, codes: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && name != "tests" {
                collect(&path, codes);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                codes.extend(
                    text.split('"')
                        .filter(|word| is_code(word))
                        .map(str::to_owned),
                );
            }
        }
    }

    /// `E-`, a part of the product, and three digits.
    fn is_code(word: &str) -> bool {
        let mut parts = word.split('-');
        parts.next() == Some("E")
            && parts
                .next()
                .is_some_and(|part| part.len() > 1 && part.bytes().all(|b| b.is_ascii_uppercase()))
            && parts.next().is_some_and(|number| {
                number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit())
            })
            && parts.next().is_none()
    }
}
