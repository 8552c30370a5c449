//! What `docs/verifying.md` shows is true: its commands are run, and each is refused if it asks for something else.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_integration::{run, shared, sigctl};
use tempfile::TempDir;

#[test]
fn every_command_of_the_page_accepts() {
    let files = Files::new();
    let blocks = blocks("verifying.md");
    assert!(blocks.len() > 5, "the page has {} blocks", blocks.len());
    for block in blocks {
        let output = files.run(&block);
        assert!(output.status.success(), "{block}\n{}", printed(&output));
    }
}

#[test]
fn every_option_has_a_command_on_the_page_and_no_other_is_there() {
    let help = run(sigctl().args(["verify", "--help"])).unwrap();
    let mut known = options(&String::from_utf8(help.stdout).unwrap());
    // The first is the other name of --timestamps.
    for unshown in ["--min-timestamps", "--help"] {
        assert!(known.remove(unshown), "{unshown} is gone");
    }
    assert_eq!(options(&blocks("verifying.md").concat()), known);
}

#[test]
fn the_commands_of_the_page_refuse_if_they_ask_for_something_else() {
    let files = Files::new();
    let blocks = blocks("verifying.md");
    for (option, value, other, code) in OTHERWISE {
        let asked = format!("{option} {value}");
        let block = blocks.iter().find(|block| block.contains(&asked));
        assert!(block.is_some(), "the page has no {asked}");
        let block = block.unwrap();
        let output = files.run(&block.replace(&asked, &format!("{option} {other}")));
        let printed = printed(&output);
        assert!(
            output.status.code() == Some(5) && printed.contains(&format!("error {code}")),
            "{option} {other}\n{printed}"
        );
    }
    let unlogged = blocks.concat().replace(" --no-log", "");
    assert!(printed(&files.run(&unlogged)).contains("error E-VERIFY-036"));
}

/// An option, its value on the page, another value, and the check that refuses it.
const OTHERWISE: [(&str, &str, &str, &str); 21] = [
    (
        "--identity",
        "alice@example.com --issuer",
        "bob@example.com --issuer",
        "E-VERIFY-030",
    ),
    (
        "--issuer-regexp",
        "'http://localhost:[0-9]+'",
        "'http://localhost'",
        "E-VERIFY-031",
    ),
    (
        "--identity-regexp",
        "'(alice|bob)@",
        "'(bob|carol)@",
        "E-VERIFY-030",
    ),
    ("--issuer", "https://token", "https://other", "E-VERIFY-031"),
    (
        "--trusted-root",
        "by-key-root.json",
        "public-good.json",
        "E-VERIFY-014",
    ),
    (
        "--source-repo",
        "https://github.com/sigstore/",
        "https://github.com/other/",
        "E-VERIFY-033",
    ),
    (
        "--source-ref",
        "refs/heads/main",
        "refs/heads/other",
        "E-VERIFY-033",
    ),
    ("--source-digest", "f0b49a04", "00b49a04", "E-VERIFY-033"),
    (
        "--signer-workflow",
        "https://github.com/sigstore/",
        "https://github.com/other/",
        "E-VERIFY-033",
    ),
    (
        "--build-config",
        "https://github.com/sigstore/",
        "https://github.com/other/",
        "E-VERIFY-033",
    ),
    (
        "--runner-environment",
        "github-hosted",
        "self-hosted",
        "E-VERIFY-033",
    ),
    ("--trigger", "push", "schedule", "E-VERIFY-033"),
    (
        "--predicate-type",
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/provenance/v2",
        "E-VERIFY-034",
    ),
    ("--min-promises", "1", "2", "E-VERIFY-037"),
    ("--min-log-entries", "1", "2", "E-VERIFY-036"),
    ("--timestamps", "1", "2", "E-VERIFY-035"),
    ("--min-scts", "1", "2", "E-VERIFY-027"),
    (
        "--blocked",
        "block-list.json",
        "list-of-app.json",
        "E-VERIFY-038",
    ),
    (
        "--copy",
        "copy --cosigner",
        "older --cosigner",
        "E-VERIFY-039",
    ),
    ("--cosigner", "mirror.vkey", "other.vkey", "E-VERIFY-042"),
    ("--trust-copy", "trust", "trust-of-others", "E-VERIFY-014"),
];

/// The files that the page's table names.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        symlink(shared().directory(), files.path("demo")).unwrap();
        let carried = Carried::of(&files);
        carried.bring(&["older", "copy"], "batch-1", 0);
        files.sign("app.txt", "app.txt.sigstore.json");
        carried.bring(&["copy"], "batch-2", carried.size("older"));
        files.sign("notes.txt", "notes.txt.sigstore");
        let text = std::fs::read_to_string(files.path("app.txt.sigstore.json")).unwrap();
        let mut unlogged: serde_json::Value = serde_json::from_str(&text).unwrap();
        unlogged["verificationMaterial"]["tlogEntries"] = serde_json::json!([]);
        std::fs::write(files.path("unlogged.sigstore.json"), unlogged.to_string()).unwrap();
        files.block(&text);
        for (source, name) in [
            (
                "sigstore-go/provenance.sigstore.json",
                "provenance.sigstore.json",
            ),
            ("sigstore-go/public-good.json", "public-good.json"),
            (
                "sigstore-conformance/bundle.sigstore.json",
                "by-key.sigstore.json",
            ),
            ("sigstore-conformance/trusted_root.json", "by-key-root.json"),
            ("sigstore-conformance/key.pub", "key.pub"),
        ] {
            let source = root().join("crates/verify/testdata").join(source);
            std::fs::copy(source, files.path(name)).unwrap();
        }
        files.bring_trust();
        files
    }

    /// A copy of what clients of the instance trust, and one of another instance's that claims to know everything.
    fn bring_trust(&self) {
        let brought = self.run(
            "sigctl export demo --trust --out trust-1
             sigctl import trust-1 --trust --root demo/client/root.json --into trust
             mkdir -p trust-of-others/kit
             cp public-good.json trust-of-others/kit/trusted_root.json
             echo '{\"imported\": \"2999-01-01T00:00:00Z\"}' > trust-of-others/import.json",
        );
        assert!(brought.status.success(), "{}", printed(&brought));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sign(&self, name: &str, bundle: &str) {
        std::fs::write(self.path(name), format!("the contents of {name}\n")).unwrap();
        run(sigctl()
            .current_dir(self.0.path())
            .args(["sign", "demo", name, "--bundle", bundle])
            .args(["--identity", "alice@example.com"]))
        .unwrap();
    }

    /// Two block lists: one has another entry of the log that a bundle is in, the other that entry.
    fn block(&self, bundle: &str) {
        let bundle: serde_json::Value = serde_json::from_str(bundle).unwrap();
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let id = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap());
        let index: u64 = entry["inclusionProof"]["logIndex"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        for (name, index) in [("block-list.json", index + 1), ("list-of-app.json", index)] {
            let list = serde_json::json!({
                "media_type": "application/vnd.sigstead.block-list.v1+json",
                "key": "SHA256:00",
                "since": "2026-11-30T08:00:00Z",
                "certificates": [],
                "entries": [{"log_id": id.as_ref().unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>(), "index": index}],
            });
            std::fs::write(self.path(name), list.to_string()).unwrap();
        }
    }

    /// Runs commands in the folder of the files, until one fails.
    fn run(&self, commands: &str) -> Output {
        shell(self.0.path(), commands)
    }
}

/// The log of the instance, and the copies that are made of it.
struct Carried<'a> {
    files: &'a Files,
    log: String,
}

impl<'a> Carried<'a> {
    /// Makes the keys of two sites; the copies are cosigned by the first.
    fn of(files: &'a Files) -> Self {
        let directory = shared().directory();
        let info = shared().json(&["log", "info", directory.to_str().unwrap()]);
        let info = info.unwrap();
        let log = info[1]["origin"].as_str().unwrap().to_owned();
        std::fs::write(files.path("passphrase"), "correct horse").unwrap();
        let make = "chmod 600 passphrase; for site in mirror other; do sigctl key create file:$site.key --algorithm ed25519 \
                    --passphrase-file passphrase; done";
        let made = files.run(make);
        assert!(made.status.success(), "{}", printed(&made));
        Self { files, log }
    }

    fn bring(&self, copies: &[&str], batch: &str, since: u64) {
        let log = &self.log;
        let mut commands =
            format!("sigctl export demo --log {log} --since {since} --out {batch}\n");
        for site in ["other", "mirror"] {
            for copy in copies {
                let into = match site {
                    "mirror" => (*copy).to_owned(),
                    other => format!("{copy}-of-{other}"),
                };
                commands.push_str(&format!(
                    "sigctl import {batch} --log {log} --trusted-root demo/client/trusted_root.json --into {into} --cosigner \
                     {site}.inside.example --cosigner-key file:{site}.key --passphrase-file passphrase > said\n\
                     sed -n 's/.*cosigned by //p' said > {site}.vkey\n"
                ));
            }
        }
        let brought = self.files.run(&commands);
        assert!(brought.status.success(), "{}", printed(&brought));
    }

    fn size(&self, copy: &str) -> u64 {
        let checkpoint = self.files.path(copy).join("checkpoint");
        let checkpoint = std::fs::read_to_string(checkpoint).unwrap();
        checkpoint.lines().nth(1).unwrap().parse().unwrap()
    }
}

/// Runs commands in a folder, until one fails.
pub(crate) fn shell(folder: &Path, commands: &str) -> Output {
    let sigctl = PathBuf::from(sigctl().get_program());
    let mut path = sigctl.parent().unwrap().as_os_str().to_owned();
    path.push(":/usr/bin:/bin");
    Command::new("sh")
        .args(["-exc", commands])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

/// The commands of a page of `docs`, block by block, as a shell takes them.
pub(crate) fn blocks(page: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs").join(page)).unwrap();
    let blocks = page.split("```console\n").skip(1);
    blocks
        .map(|block| {
            let commands = block.split("```").next().unwrap();
            let lines = commands
                .lines()
                .map(|line| line.strip_prefix("$ ").unwrap_or(line));
            lines.flat_map(|line| [line, "\n"]).collect()
        })
        .collect()
}

/// The long options in a text.
fn options(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-')
        .filter(|word| word.len() > 2 && word.starts_with("--"))
        .map(str::to_owned)
        .collect()
}

pub(crate) fn printed(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
