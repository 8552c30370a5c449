//! The verification cases of the official conformance suite (sigstore/sigstore-conformance), each through `sigctl verify`,
//! with the artifact by its path and by its digest.
//!
//! They are not part of the project: `SIGSTEAD_TEST_CONFORMANCE` names the folder in which they are. Where it is not set,
//! the test is skipped, and that skip is allowed everywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod cases;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sigstead_integration::{client, sigctl};
use sigstead_test_support::Need;

use crate::cases::{ACCEPTED, REFUSED};

#[test]
fn every_case_ends_as_the_suite_demands_and_for_the_right_reason() {
    let Some(suite) = Suite::find() else {
        return;
    };
    let expected = expected();
    assert_eq!(
        suite.names(),
        expected
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        "the cases of the suite and those of this test differ"
    );
    let mut wrong = Vec::new();
    for (name, code) in expected {
        let artifact = suite
            .file(name, "artifact")
            .unwrap_or_else(|| suite.shared_artifact());
        let digest = format!("sha256:{}", hex(&std::fs::read(&artifact).unwrap()));
        for asked in [artifact.to_str().unwrap(), &digest] {
            let output = suite.verify(name, asked);
            if !ended_with(&output, code) {
                wrong.push(format!(
                    "{name} of {asked}: wanted {code:?}\n{}",
                    printed(&output)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_name_of_a_case_tells_whether_it_is_refused() {
    for (name, code) in expected() {
        assert_eq!(name.ends_with("_fail"), code.is_some(), "{name}");
    }
}

/// Each case, with the code of the check that refuses it.
fn expected() -> Vec<(&'static str, Option<&'static str>)> {
    let accepted = ACCEPTED.iter().map(|name| (*name, None));
    let refused = REFUSED.iter().map(|(name, code)| (*name, Some(*code)));
    accepted.chain(refused).collect()
}

/// The folder of the cases, and the trusted root of the public instance, which is that of the cases without their own.
struct Suite {
    folder: PathBuf,
    public_root: PathBuf,
}

impl Suite {
    fn find() -> Option<Self> {
        let folder = std::env::var_os(VARIABLE);
        let need = Need {
            name: "the official conformance suite",
            remedy: "SIGSTEAD_TEST_CONFORMANCE=FOLDER, the test/assets of sigstore/sigstore-conformance",
        };
        need.check_optional(folder.is_some())?;
        Some(Self {
            folder: PathBuf::from(folder?),
            public_root: client::public_trusted_root()?,
        })
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.cases()).unwrap().map(Result::unwrap);
        entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    fn verify(&self, name: &str, artifact: &str) -> Output {
        let mut command = sigctl();
        command.args(["--output", "json", "verify", artifact]);
        let case = self.cases().join(name);
        command
            .arg("--bundle")
            .arg(case.join("bundle.sigstore.json"));
        let own_root = self.file(name, "trusted_root.json");
        let root = own_root.as_ref().unwrap_or(&self.public_root);
        command.arg("--trusted-root").arg(root);
        match self.file(name, "key.pub") {
            Some(key) => command.arg("--key").arg(key),
            None => {
                let identity = self.text(name, "identity", IDENTITY);
                let issuer = self.text(name, "issuer", ISSUER);
                command.args(["--identity", &identity, "--issuer", &issuer])
            }
        };
        command.output().unwrap()
    }

    /// A file of a case, if the case has it.
    fn file(&self, name: &str, file: &str) -> Option<PathBuf> {
        let path = self.cases().join(name).join(file);
        path.exists().then_some(path)
    }

    fn text(&self, name: &str, file: &str, default: &str) -> String {
        self.file(name, file)
            .map_or_else(|| default.to_owned(), |path| read(&path).trim().to_owned())
    }

    fn shared_artifact(&self) -> PathBuf {
        self.cases().join("a.txt")
    }

    fn cases(&self) -> PathBuf {
        self.folder.join("bundle-verify")
    }
}

/// Whether `sigctl verify` accepted, or refused with that code, and told both by its exit code.
fn ended_with(output: &Output, code: Option<&str>) -> bool {
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let (exit, is_told) = match code {
        None => (0, result["verified"][0].is_object()),
        Some(code) if code.starts_with("E-VERIFY-") => (5, result["error"]["code"] == code),
        Some(code) => (2, result["error"]["code"] == code),
    };
    is_told && output.status.code() == Some(exit)
}

fn printed(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn hex(artifact: &[u8]) -> String {
    let digest = Sha256::digest(artifact);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

const VARIABLE: &str = "SIGSTEAD_TEST_CONFORMANCE";

/// Who signed the cases that do not say it, and who vouched for it.
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
