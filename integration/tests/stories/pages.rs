//! Every page of the identity service and the page for clients in a real browser, narrow and wide, light and dark: nothing is cut
//! off, and axe finds nothing that keeps people out.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, client, run, shared};

#[test]
fn no_page_is_cut_off_or_keeps_people_out() {
    let (Some(python), Some(_), Some(axe), Some(jsqr)) = (
        client::python(),
        client::chromium(),
        client::axe(),
        client::jsqr(),
    ) else {
        return;
    };
    let instance = Instance::create("pages", &[]).unwrap();
    let config = instance.directory().join("oidc/config.yaml");
    let mut text = std::fs::read_to_string(&config).unwrap();
    let contact = "https://help.example.com/a/long/path/to/the/people/who/can/help/with/it";
    text = text.replace("pages:\n", &format!("pages:\n  contact: {contact}\n"));
    text = text.replace(
        "clients:\n",
        &format!(
            "clients:\n- id: {LONG_CLIENT}\n  redirect_uris: [\"{LONG_REDIRECT}\"]\n  grants: [authorization_code]\n"
        ),
    );
    assert!(
        text.contains(contact) && text.contains(LONG_CLIENT),
        "{text}"
    );
    std::fs::write(&config, text).unwrap();
    instance.up().unwrap();
    let (email, password) = ("browser@example.com", "correct horse battery staple");
    let mut add = sigstead_integration::sigctl()
        .args(["oidc", "user", "add"])
        .arg(instance.directory())
        .args([email, "--password-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = add.stdin.take().unwrap();
    input.write_all(password.as_bytes()).unwrap();
    drop(input);
    assert!(add.wait().unwrap().success());
    let mut pages = Command::new(python);
    let pages = pages.arg(client::script("pages.py")).args([axe, jsqr]);
    let output = run(pages.args([
        &instance.url("oidc"),
        email,
        password,
        LONG_CLIENT,
        LONG_REDIRECT,
    ]))
    .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["pages"].as_array().unwrap().len(), 37, "{found}");
    // That axe ran is seen by what it found in order.
    assert!(found["passes"].as_u64().unwrap() > 37 * 2 * 10, "{found}");
    assert_eq!(found["faults"], serde_json::json!([]));
    check_second_factor(&instance, email);
}

/// What an operator sees and does of the second factor that a person set up.
fn check_second_factor(instance: &Instance, email: &str) {
    let directory = instance.directory();
    let directory = directory.to_str().unwrap();
    let change = |verb| instance.json(&["oidc", "second-factor", verb, directory, email]);
    let required = change("require").unwrap();
    assert!(required["second_factor"].is_string(), "{required}");
    let listed = instance.json(&["oidc", "user", "list", directory]).unwrap();
    assert_eq!(listed[0], required);
    assert_eq!(required["requires_second_factor"], true);
    let reset = change("reset").unwrap();
    assert_eq!(reset["second_factor"], Value::Null);
    assert_eq!(reset["requires_second_factor"], true);
    let permitted = change("permit").unwrap();
    assert_eq!(permitted["requires_second_factor"], false);
}

#[test]
fn the_page_for_clients_is_not_cut_off_and_keeps_nobody_out() {
    let (Some(python), Some(_), Some(axe)) = (client::python(), client::chromium(), client::axe())
    else {
        return;
    };
    let mut page = Command::new(python);
    page.arg(client::script("client_page.py")).arg(axe);
    let output = run(page.arg(format!("{}/", shared().url("tuf")))).unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let looked_at = serde_json::json!(["clients", "client-kit.tar.gz"]);
    assert_eq!(found["pages"], looked_at, "{found}");
    assert!(found["passes"].as_u64().unwrap() > 2 * 10, "{found}");
    assert_eq!(found["faults"], serde_json::json!([]));
}

/// Longer than a line at any width, with nowhere to break it.
const LONG_CLIENT: &str =
    "a-program-whose-name-is-much-longer-than-a-name-should-be_and_has_nowhere_to_break_it";
const LONG_REDIRECT: &str =
    "https://a-host-name-that-is-very-long.and-has-many-labels.below-another.example.com/callback";
