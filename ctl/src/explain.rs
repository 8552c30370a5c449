//! `sigctl explain`: what a code means and what to do. The texts are those of `docs/codes.md`.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// Which code.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The code, as in E-CA-007, or how codes begin, as in E-CA. Default: list all.
    code: Option<String>,
}

#[derive(Serialize)]
struct Explanation {
    code: &'static str,
    meaning: String,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let wanted = arguments.code.as_deref().unwrap_or_default();
    let wanted = wanted.to_ascii_uppercase();
    if let Some(found) = all().find(|each| each.code == wanted) {
        output.print(&found, |found| format!("{}\n{}", found.code, found.meaning));
        return Ok(());
    }
    let codes: Vec<_> = all()
        .filter(|each| each.code.starts_with(&wanted))
        .collect();
    if codes.is_empty() {
        return Err(Failure::new(
            "E-CTL-012",
            format!("there is no code {wanted}"),
            "write the code as it was printed; `sigctl explain` lists all",
        ));
    }
    output.print(&codes, |codes| {
        let lines = codes
            .iter()
            .map(|each| format!("{:<14} {}", each.code, first_sentence(&each.meaning)));
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Whether there is such a code.
pub(crate) fn is_known(code: &str) -> bool {
    all().any(|each| each.code == code)
}

/// All codes in the order of the page.
fn all() -> impl Iterator<Item = Explanation> {
    CODES.split("\n### ").filter_map(|section| {
        let (code, meaning) = section.split_once('\n')?;
        // What stands before the first code is the page's own introduction.
        let meaning = code
            .starts_with("E-")
            .then(|| meaning.split("\n## ").next())??;
        Some(Explanation {
            code,
            meaning: unwrapped(meaning),
        })
    })
}

/// A line for each paragraph, however the page wraps them.
fn unwrapped(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n");
    let lines = paragraphs.map(|paragraph| paragraph.replace('\n', " "));
    lines.collect::<Vec<_>>().join("\n")
}

fn first_sentence(meaning: &str) -> &str {
    let line = meaning.lines().next().unwrap_or_default();
    line.split_inclusive(". ").next().unwrap_or(line).trim_end()
}

const CODES: &str = include_str!("../../docs/codes.md");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{all, first_sentence};

    #[test]
    fn the_list_has_a_sentence_for_every_code_and_every_code_once() {
        let mut codes = BTreeSet::new();
        for each in all() {
            assert!(
                first_sentence(&each.meaning).ends_with('.'),
                "{}: {}",
                each.code,
                each.meaning
            );
            assert!(codes.insert(each.code), "{} stands there twice", each.code);
            assert!(
                !each.meaning.contains("\n#"),
                "{}: {}",
                each.code,
                each.meaning
            );
        }
        assert!(codes.len() > 100, "only {} codes found", codes.len());
    }
}
