//! Somebody who knows an instance by its trust root alone asks whether every client gets on with it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use sigstead_integration::{Instance, client, sigctl};

use crate::PERSON;

/// The clients of this story: those of Go, Python and JavaScript. The other stories have the rest.
const ASKED: &str = "cosign cosign2 python js";

#[test]
fn every_client_verifies_what_each_signed_and_what_is_wrong_is_named() {
    if client::cosign().is_none()
        || client::cosign_2().is_none()
        || client::sigstore_python().is_none()
        || client::sigstore_js().is_none()
    {
        return;
    }
    let instance = Instance::start("conforming", &[]).unwrap();
    let stranger = Stranger::of(&instance);
    let said = stranger.asks(ASKED, 0);
    for name in ASKED.split(' ').filter(|name| *name != "cosign2") {
        assert_eq!(row(&said, name), ["ok"; 4], "{said}");
    }
    assert!(
        said.contains("cosign2 is not asked: it follows a repository"),
        "{said}"
    );

    // By its repository, a root and a file with a token.
    let token = instance.work().join("token");
    fs::write(&token, instance.token(PERSON).unwrap()).unwrap();
    let followed = stranger
        .conformance()
        .env("TRUST", instance.url("tuf"))
        .env("ROOT", instance.kit("root.json"))
        .env_remove("TOKEN_COMMAND")
        .env("TOKEN_FILE", token)
        .env("ONLY", "cosign cosign2")
        .output()
        .unwrap();
    let said = printed(&followed, 0);
    for name in ["cosign", "cosign2"] {
        assert_eq!(row(&said, name), ["ok"; 3], "{said}");
    }

    knows_another_instance(&instance, &stranger);
    instance.kill("tsa").unwrap();
    let said = stranger.asks("cosign", 1);
    let tsa = instance.url("tsa");
    assert!(
        said.contains(&format!(
            "{tsa}/api/v1/timestamp  WRONG: it does not answer"
        )),
        "{said}"
    );
    assert_eq!(row(&said, "cosign"), ["FAILED"], "{said}");
    assert!(said.contains("cosign signs: failed:"), "{said}");
}

/// The trusted root of another instance under the addresses of this one.
fn knows_another_instance(instance: &Instance, stranger: &Stranger<'_>) {
    let other = Instance::create("another", &[]).unwrap();
    let ours = stranger.trust.join("trusted_root.json");
    fs::copy(other.kit("trusted_root.json"), &ours).unwrap();
    let said = stranger.asks("python", 1);
    for service in ["ca", "tlog", "tsa"] {
        let wrong = said
            .lines()
            .filter(|line| line.contains(&instance.url(service)));
        let mut wrong =
            wrong.filter(|line| line.contains("WRONG: it is another than in the trusted root"));
        assert!(wrong.next().is_some(), "{service}: {said}");
    }
    assert_eq!(row(&said, "python"), ["FAILED"], "{said}");
    fs::copy(instance.kit("trusted_root.json"), &ours).unwrap();
}

/// Who has two files and a way to tokens, and nothing else of the instance.
struct Stranger<'a> {
    instance: &'a Instance,
    trust: PathBuf,
}

impl<'a> Stranger<'a> {
    fn of(instance: &'a Instance) -> Self {
        let trust = instance.work().join("trust");
        fs::create_dir(&trust).unwrap();
        for name in ["trusted_root.json", "signing_config.v0.2.json"] {
            fs::copy(instance.kit(name), trust.join(name)).unwrap();
        }
        Self { instance, trust }
    }

    fn conformance(&self) -> Command {
        let mut command = Command::new(client::script("conformance.sh"));
        let program = sigctl().get_program().to_owned();
        let directory = self.instance.directory();
        let token = format!(
            "{} token {} --identity {PERSON}",
            program.display(),
            directory.display()
        );
        command.arg(client::script("../../.clients"));
        command
            .env("TRUST", &self.trust)
            .env("TOKEN_COMMAND", token);
        command
    }

    fn asks(&self, clients: &str, status: i32) -> String {
        printed(
            &self.conformance().env("ONLY", clients).output().unwrap(),
            status,
        )
    }
}

fn printed(output: &Output, status: i32) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let more = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}{more}");
    said
}

/// The row of a client that signed: whether it did, and who verified it.
fn row<'a>(said: &'a str, client: &str) -> Vec<&'a str> {
    let table = said
        .lines()
        .skip_while(|line| !line.starts_with("signed by "));
    let mut rows = table.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.first() == Some(&client));
    row.unwrap_or_default().into_iter().skip(1).collect()
}
