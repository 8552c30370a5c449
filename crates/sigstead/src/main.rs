//! All programs of Sigstead in one file: the six services, `sigctl` and the verifier of logs.
//!
//! Which of them runs is said by the name that the file is called by, for which it needs links, or else by the first word
//! of the command line. This is a table of names and nothing else.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use mimalloc::MiMalloc;

// It gives back what large requests took; ADR 9 has the figures.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

struct Program {
    /// The word that runs it.
    word: &'static str,
    /// The name of a link that runs it.
    link: &'static str,
    about: &'static str,
    main: fn(Vec<OsString>) -> ExitCode,
}

const PROGRAMS: [Program; 8] = [
    Program {
        word: "ctl",
        link: "sigctl",
        about: "makes, starts, inspects and uses an instance",
        main: sigstead_ctl::main,
    },
    Program {
        word: "ca",
        link: "sigstead-ca",
        about: "the certificate authority",
        main: sigstead_ca::main,
    },
    Program {
        word: "ctlog",
        link: "sigstead-ctlog",
        about: "the certificate transparency log",
        main: sigstead_ctlog::main,
    },
    Program {
        word: "oidc",
        link: "sigstead-oidc",
        about: "the identity issuer",
        main: sigstead_oidc::main,
    },
    Program {
        word: "tlog",
        link: "sigstead-tlog",
        about: "the transparency log",
        main: sigstead_tlog::main,
    },
    Program {
        word: "tsa",
        link: "sigstead-tsa",
        about: "the timestamp authority",
        main: sigstead_tsa::main,
    },
    Program {
        word: "tuf",
        link: "sigstead-tuf",
        about: "the trust root repository",
        main: sigstead_tuf::main,
    },
    Program {
        word: "logcheck",
        link: "sigstead-logcheck",
        about: "an independent verifier of logs",
        main: sigstead_logcheck::main,
    },
];

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name);
    if let Some(program) = PROGRAMS
        .iter()
        .find(|each| called == Some(each.link.as_ref()))
    {
        return (program.main)(arguments);
    }
    let Some(word) = arguments.get(1).cloned() else {
        return misused(&usage());
    };
    if let Some(program) = PROGRAMS.iter().find(|each| word == each.word) {
        // What the help of the program calls it by.
        arguments.splice(..2, [OsString::from(format!("sigstead {}", program.word))]);
        return (program.main)(arguments);
    }
    match word.to_str() {
        Some("--help" | "-h" | "help") => asked(&usage()),
        Some("--version" | "-V") => asked(&format!("sigstead {}\n", sigstead_ctl::VERSION)),
        _ => misused(&format!(
            "there is no program {}\n\n{}",
            shown(&word),
            usage()
        )),
    }
}

fn usage() -> String {
    let lines = PROGRAMS.map(
        |Program {
             word, link, about, ..
         }| { format!("  {word:<9} {about}; also as {link}\n") },
    );
    format!(
        "All programs of Sigstead in one file.\n\nUsage: sigstead PROGRAM [ARGUMENTS]\n\nPrograms:\n{}",
        lines.concat()
    )
}

/// A word in a message, without what would steer a terminal.
fn shown(word: &OsStr) -> String {
    format!("{word:?}")
}

fn asked(text: &str) -> ExitCode {
    // A reader that went away wants no help either.
    let _written = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn misused(text: &str) -> ExitCode {
    let _written = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(USAGE)
}

/// As every program here ends when its command line is wrong.
const USAGE: u8 = 2;
