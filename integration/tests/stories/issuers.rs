//! An operator asks the running authority what would become of a token, and who is refused learns less.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

use crate::{PERSON, artifact};

#[test]
fn an_operator_sees_what_a_token_would_get_and_which_rule_decides() {
    let instance = Instance::create("issuers", &[]).unwrap();
    let issuer = instance.url("oidc");
    allow(&instance, &issuer, "claims.email.endsWith('@example.com')");
    instance.up().unwrap();
    let tested = test_token(&instance, PERSON, 0);
    assert_eq!(tested["is_accepted"], true, "{tested}");
    assert_eq!(tested["certificate"]["identity"], PERSON);
    assert_eq!(tested["certificate"]["proof_of_possession"], PERSON);
    assert_eq!(tested["rules"][0]["holds"], true);

    let stranger = "eve@example.net";
    let tested = test_token(&instance, stranger, 5);
    assert_eq!(tested["is_accepted"], false, "{tested}");
    assert_eq!(tested["rules"][0]["rule"], "the company");
    let checks = tested["checks"].as_array().unwrap();
    assert_eq!(checks.last().unwrap()["refusal"], "no rule allows it");

    let bundle = instance.work().join("bundle.json");
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory());
    sign.arg(artifact(instance.work(), "artifact"));
    sign.args(["--identity", stranger, "--bundle"]).arg(bundle);
    let refused = run(&mut sign).unwrap_err().to_string();
    assert!(refused.contains("E-CA-034"), "{refused}");
    assert!(!refused.contains("the company"), "{refused}");
    is_logged_under_its_number(&instance, &refused);
    // The keys of the embedded issuer were fetched for the tokens above.
    let status = instance.json(&["status", instance.directory().to_str().unwrap()]);
    let shown = status.unwrap()["issuers"][0].take();
    assert_eq!(
        (&shown["issuer"], &shown["state"]),
        (&issuer.into(), &"usable".into())
    );
    assert!(shown["key_age_seconds"].is_u64(), "{shown}");
    a_file_that_cannot_be_used_is_told_and_harms_nobody(&instance);
}

/// What a person reads of a refusal is enough to find it in the log of the service.
fn is_logged_under_its_number(instance: &Instance, refused: &str) {
    let number = refused.split_once("request: ").unwrap().1;
    let number = number.split([',', '\n']).next().unwrap();
    let log = std::fs::read_to_string(instance.directory().join("run/ca.log")).unwrap();
    let mut lines = log.lines().filter(|line| line.contains(number));
    assert!(
        lines.any(|line| line.contains("E-CA-034")),
        "{number}\n{log}"
    );
}

fn a_file_that_cannot_be_used_is_told_and_harms_nobody(instance: &Instance) {
    let file = instance.directory().join("ca/issuers.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "oidc-issuers: 7\n").unwrap();
    let reload = || run(sigctl().arg("reload").arg(instance.directory()).arg("ca")).unwrap();
    let warnings = || {
        let status = instance.service("ca").unwrap();
        assert_eq!(status["state"], "ready", "{status}");
        status["warnings"].to_string()
    };
    reload();
    wait_for("the warning", || {
        let told = warnings();
        told.contains("issuers.yaml") && told.contains("stays in use")
    })
    .unwrap();
    assert_eq!(test_token(instance, PERSON, 0)["is_accepted"], true);
    std::fs::write(&file, good).unwrap();
    reload();
    wait_for("no warning", || !warnings().contains("issuers.yaml")).unwrap();
}

#[test]
fn an_operator_is_told_that_a_token_is_used_up_and_the_question_uses_none_up() {
    let instance = Instance::create("issuers-single-use", &[]).unwrap();
    let file = instance.directory().join("ca/issuers.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text + "    single-use: true\n").unwrap();
    instance.up().unwrap();
    let token = token_file(&instance, PERSON);
    for _ in 0..2 {
        let tested = test_file(&instance, &token, 0);
        assert_eq!(tested["is_accepted"], true, "{tested}");
        assert_eq!(last_check(&tested)["check"], "use");
    }
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory());
    sign.arg(artifact(instance.work(), "artifact"));
    sign.arg("--identity-token-file").arg(&token);
    sign.arg("--bundle")
        .arg(instance.work().join("bundle.json"));
    run(&mut sign).unwrap();
    let tested = test_file(&instance, &token, 5);
    assert_eq!(tested["is_accepted"], false, "{tested}");
    let refusal = last_check(&tested)["refusal"].to_string();
    assert!(refusal.contains("was used before"), "{refusal}");
}

fn last_check(tested: &Value) -> &Value {
    tested["checks"].as_array().unwrap().last().unwrap()
}

/// Writes a rule into the entry of the only issuer, which is the last of the file.
fn allow(instance: &Instance, issuer: &str, rule: &str) {
    let file = instance.directory().join("ca/issuers.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(issuer));
    let rules = format!("    allow:\n    - name: the company\n      rule: \"{rule}\"\n");
    std::fs::write(file, text + &rules).unwrap();
}

fn test_token(instance: &Instance, person: &str, exit: i32) -> Value {
    test_file(instance, &token_file(instance, person), exit)
}

fn token_file(instance: &Instance, person: &str) -> PathBuf {
    let mut token = sigctl();
    token.arg("token").arg(instance.directory());
    let token = run(token.args(["--identity", person])).unwrap().stdout;
    let file = instance.work().join("token");
    std::fs::write(&file, token).unwrap();
    file
}

fn test_file(instance: &Instance, file: &Path, exit: i32) -> Value {
    let mut test = sigctl();
    test.args(["--output", "json", "issuer", "test"]);
    test.arg(instance.directory()).arg(file);
    let output = test.output().unwrap();
    assert_eq!(output.status.code(), Some(exit));
    serde_json::from_slice(&output.stdout).unwrap()
}
