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
