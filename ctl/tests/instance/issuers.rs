//! Whose tokens are believed: the file of issuers, changed and tried out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::world::{World, said};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const FILE: &str = "instance/ca/issuers.yaml";

/// What a command on the instance answers in JSON, and how it ended.
fn issuer(world: &World, verb: &str, words: &[&str]) -> (Value, Option<i32>) {
    let instance = world.path("instance");
    let before = ["--output", "json", "issuer", verb];
    let output = world
        .bare(&before)
        .arg(&instance)
        .args(words)
        .output()
        .unwrap();
    let json = serde_json::from_slice(&output.stdout);
    (
        json.unwrap_or_else(|_| panic!("{}", said(&output))),
        output.status.code(),
    )
}

fn names(world: &World) -> Vec<(String, String)> {
    let (listed, exit) = issuer(world, "list", &[]);
    assert_eq!(exit, Some(0), "{listed}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = listed.as_array().unwrap().iter();
    listed
        .map(|each| (text(&each["issuer"]), text(&each["may_sign"])))
        .collect()
}

#[test]
fn an_issuer_comes_and_goes_and_the_rest_of_the_file_stays() {
    let world = World::new("issuers");
    let before = format!("# Ours.\n{}", fs::read_to_string(world.path(FILE)).unwrap());
    fs::write(world.path(FILE), &before).unwrap();
    let own = names(&world);
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].1, "everybody");

    let (added, exit) = issuer(&world, "add", &["github"]);
    assert_eq!(
        (exit, &added["is_closed"]),
        (Some(0), &json!(true)),
        "{added}"
    );
    assert!(names(&world).contains(&(GITHUB.to_owned(), "nobody".to_owned())));
    let (twice, exit) = issuer(&world, "add", &["github"]);
    assert_eq!(
        (exit, &twice["error"]["code"]),
        (Some(1), &json!("E-CTL-091"))
    );

    let (shown, _) = issuer(&world, "show", &[GITHUB]);
    assert_eq!(shown["ci-provider"], "github");
    let (_, exit) = issuer(&world, "remove", &[GITHUB]);
    assert_eq!(exit, Some(0));
    assert_eq!(names(&world), own);
    assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);
    let (absent, exit) = issuer(&world, "remove", &[GITHUB]);
    assert_eq!(
        (exit, &absent["error"]["code"]),
        (Some(1), &json!("E-CTL-090"))
    );

    let rule = "main=claims.ref == 'refs/heads/main'";
    let (added, _) = issuer(&world, "add", &["github", "--allow", rule]);
    assert_eq!(added["is_closed"], false);
    assert!(names(&world).contains(&(GITHUB.to_owned(), "rules".to_owned())));
    let (_, exit) = issuer(&world, "add", &["google", "--everybody"]);
    assert_eq!(exit, Some(0));
    let google = "https://accounts.google.com".to_owned();
    assert!(names(&world).contains(&(google, "everybody".to_owned())));

    let [add, remove] = ["sigctl issuer add", "sigctl issuer remove"];
    assert_eq!(world.acts(), [add, remove, add, add]);
    world.break_record();
    let before = fs::read_to_string(world.path(FILE)).unwrap();
    for (verb, word) in [("add", "gitlab"), ("remove", GITHUB)] {
        let (refused, _) = issuer(&world, verb, &[word]);
        assert_eq!(refused["error"]["code"], "E-CTL-371", "{refused}");
        assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);
    }
}

#[test]
fn an_entry_that_cannot_be_leaves_the_file_as_it_is() {
    let world = World::new("misused");
    let before = fs::read_to_string(world.path(FILE)).unwrap();
    for (words, code, says) in [
        (&["nothing"][..], "E-CTL-012", "no preset nothing"),
        (&[], "E-CTL-012", "what kind of issuer"),
        (&["keycloak"], "E-CTL-012", "keycloak needs host"),
        (&["github", "--realm", "x"], "E-CTL-012", "has no realm"),
        (&["--type", "email"], "E-CTL-012", "needs --issuer"),
        (
            &[
                "--type",
                "email",
                "--issuer",
                "https://i.example",
                "--host",
                "h",
            ],
            "E-CTL-012",
            "--host is for presets",
        ),
        (
            &[
                "--type",
                "email",
                "--issuer",
                "https://i.example",
                "--trust-domain",
                "d",
            ],
            "E-CTL-012",
            "--trust-domain is for --type spiffe",
        ),
        (
            &[
                "--type",
                "email",
                "--issuer",
                "https://i.example",
                "--subject-domain",
                "d",
            ],
            "E-CTL-012",
            "--subject-domain is for",
        ),
        (
            &["github", "--subject-domain", "d"],
            "E-CTL-012",
            "--subject-domain is for",
        ),
        (
            &["--type", "mail", "--issuer", "https://i.example"],
            "E-CTL-012",
            "no type mail",
        ),
        (
            &["github", "--allow", "claims.ref"],
            "E-CTL-012",
            "NAME=EXPRESSION",
        ),
        (
            &["github", "--allow", "it=clams.ref == 'x'"],
            "E-CTL-093",
            "it stays as it is",
        ),
        (
            &["--type", "uri", "--issuer", "https://i.example"],
            "E-CTL-093",
            "subject-domain",
        ),
    ] {
        let (failure, exit) = issuer(&world, "add", words);
        assert_eq!(failure["error"]["code"], code, "{failure}");
        assert_ne!(exit, Some(0));
        assert!(failure.to_string().contains(says), "{failure}");
    }
    let (shown, exit) = issuer(&world, "add", &["gitlab", "--dry-run"]);
    assert_eq!(exit, Some(0));
    assert_eq!(shown["provider"]["name"], "gitlab");
    assert!(shown["provider"]["description"].is_object(), "{shown}");
    let mut dry_run = world.bare(&["issuer", "add"]);
    dry_run
        .arg(world.path("instance"))
        .args(["gitlab", "--dry-run"]);
    let text = said(&dry_run.output().unwrap());
    assert!(
        text.starts_with("ci-issuer-metadata:\n  gitlab:\n"),
        "{text}"
    );
    assert!(text.contains("\nhttps://gitlab.com:\n"), "{text}");
    assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);

    // Flow style has no lines to change.
    let flow = "oidc-issuers: {https://i.example: {client-id: s, type: email}}\n";
    fs::write(world.path(FILE), flow).unwrap();
    let (failure, exit) = issuer(&world, "remove", &["https://i.example"]);
    assert_eq!(
        (exit, &failure["error"]["code"]),
        (Some(1), &json!("E-CTL-092"))
    );
    assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), flow);
}

#[test]
fn a_provider_stays_as_long_as_an_issuer_has_it_and_what_an_operator_described_always() {
    let world = World::new("providers");
    issuer(&world, "add", &["github"]);
    let file = fs::read_to_string(world.path(FILE)).unwrap();
    // Another issuer of that provider, and a provider of the operator's own.
    let other = "\noidc-issuers:\n  https://other.example:\n    client-id: sigstore\n    type: ci-provider\n    ci-provider: github";
    let own = "\nci-issuer-metadata:\n  ours:\n    subject-alternative-name-template: \"https://ours.example/{{ .sub }}\"";
    let file = format!("\n{file}")
        .replacen("\noidc-issuers:", other, 1)
        .replacen("\nci-issuer-metadata:", own, 1);
    fs::write(world.path(FILE), file).unwrap();
    let (removed, exit) = issuer(&world, "remove", &[GITHUB]);
    assert_eq!(
        (exit, &removed["provider"]),
        (Some(0), &Value::Null),
        "{removed}"
    );
    let (removed, exit) = issuer(&world, "remove", &["https://other.example"]);
    assert_eq!(
        (exit, &removed["provider"]),
        (Some(0), &json!("github")),
        "{removed}"
    );
    let file = fs::read_to_string(world.path(FILE)).unwrap();
    assert!(
        file.contains("\n  ours:\n") && !file.contains("github"),
        "{file}"
    );
}

#[test]
fn a_file_in_json_stays_json() {
    let world = World::new("json");
    let file =
        r#"{"oidc-issuers": {"https://i.example": {"client-id": "sigstore", "type": "email"}}}"#;
    fs::write(world.path(FILE), file).unwrap();
    let (added, exit) = issuer(&world, "add", &["github"]);
    assert_eq!(exit, Some(0), "{added}");
    let read =
        || -> Value { serde_json::from_slice(&fs::read(world.path(FILE)).unwrap()).unwrap() };
    assert_eq!(read()["oidc-issuers"][GITHUB]["ci-provider"], "github");
    assert!(read()["ci-issuer-metadata"]["github"].is_object());
    let (removed, exit) = issuer(&world, "remove", &[GITHUB]);
    assert_eq!(exit, Some(0), "{removed}");
    assert_eq!(read(), serde_json::from_str::<Value>(file).unwrap());
}

#[test]
fn keys_that_were_brought_are_pinned_and_pinned_again() {
    let world = World::new("pinned");
    let url = "https://ci.example.com";
    let (_, exit) = issuer(&world, "add", &["--type", "email", "--issuer", url]);
    assert_eq!(exit, Some(0));
    let key = |kid: &str| {
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "kid": kid,
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }]})
    };
    for kid in ["first", "second"] {
        let file = world.path("keys.json");
        fs::write(&file, key(kid).to_string()).unwrap();
        let (pinned, exit) = issuer(&world, "pin", &[url, "--keys", file.to_str().unwrap()]);
        assert_eq!(
            (exit, &pinned["keys"]),
            (Some(0), &json!([kid])),
            "{pinned}"
        );
        let text = fs::read_to_string(world.path(FILE)).unwrap();
        assert_eq!(text.matches("jwks").count(), 1, "{text}");
        assert!(text.contains(kid), "{text}");
    }
    let before = fs::read_to_string(world.path(FILE)).unwrap();
    for useless in ["{\"keys\": []}", "no keys"] {
        let file = world.path("keys.json");
        fs::write(&file, useless).unwrap();
        let (failure, exit) = issuer(&world, "pin", &[url, "--keys", file.to_str().unwrap()]);
        assert_eq!(
            (exit, &failure["error"]["code"]),
            (Some(1), &json!("E-CTL-093"))
        );
    }
    assert_eq!(fs::read_to_string(world.path(FILE)).unwrap(), before);
    let unreached = issuer(&world, "pin", &["https://nowhere.invalid"]);
    assert_eq!(unreached.0["error"]["code"], "E-CTL-090");
}

#[test]
fn the_file_stays_whose_it_is_and_a_link_to_it_a_link() {
    let world = World::new("modes");
    let (place, kept) = (world.path(FILE), world.path("kept.yaml"));
    fs::copy(&place, &kept).unwrap();
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink(&kept, &place).unwrap();
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o640)).unwrap();
    let (_, exit) = issuer(&world, "add", &["github"]);
    assert_eq!(exit, Some(0));
    assert!(fs::symlink_metadata(&place).unwrap().is_symlink());
    let mode = fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(fs::read_to_string(&kept).unwrap().contains(GITHUB));
}

#[test]
fn of_two_changes_at_once_none_is_lost() {
    let world = World::new("at-once");
    let instance = world.path("instance");
    let adding = ["github", "gitlab", "buildkite", "google"].map(|preset| {
        let mut add = world.bare(&["issuer", "add"]);
        add.arg(&instance).arg(preset).spawn().unwrap()
    });
    for mut each in adding {
        assert!(each.wait().unwrap().success());
    }
    assert_eq!(names(&world).len(), 5);
}

#[test]
fn a_token_is_followed_to_what_stops_it() {
    let world = World::new("tested");
    let token = world.sigctl(&["token", "--identity", "bob@example.com"]);
    let mut token = token;
    let token = token.output().unwrap();
    assert!(token.status.success(), "{}", said(&token));
    let file = world.path("token");
    fs::write(&file, &token.stdout).unwrap();
    // Its issuer does not run.
    let (tested, exit) = issuer(&world, "test", &[file.to_str().unwrap(), "--offline"]);
    assert_eq!(exit, Some(5), "{tested}");
    let checks = tested["checks"].as_array().unwrap();
    let last = checks.last().unwrap();
    assert_eq!(
        (&last["check"], &last["is_passed"]),
        (&json!("signature"), &json!(false))
    );
    assert!(
        last["refusal"].as_str().unwrap().contains("cannot be"),
        "{last}"
    );
    let (unreached, exit) = issuer(&world, "test", &[file.to_str().unwrap()]);
    assert_eq!(
        (exit, &unreached["error"]["code"]),
        (Some(4), &json!("E-CTL-076"))
    );
    let passed = checks.iter().filter(|check| check["is_passed"] == true);
    assert_eq!(passed.count(), 4);
}

#[test]
fn rules_are_tried_out_without_an_instance() {
    let world = World::empty("policy");
    let rules = world.path("issuers.yaml");
    fs::write(
        &rules,
        "oidc-issuers:\n  https://i.example:\n    client-id: sigstore\n    type: email\n    allow:\n    \
         - {name: ours, rule: \"claims.email.endsWith('@example.com')\"}\n",
    )
    .unwrap();
    let claims = |email: &str| {
        json!({"iss": "https://i.example", "sub": "1", "email": email, "email_verified": true})
            .to_string()
    };
    let ours = world.path("ours.json");
    fs::write(&ours, claims("bob@example.com")).unwrap();
    let theirs = world.path("theirs.jwt");
    let payload = URL_SAFE_NO_PAD.encode(claims("eve@example.net"));
    fs::write(&theirs, format!("e30.{payload}.AA\n")).unwrap();
    let other = world.path("other.json");
    fs::write(&other, "{\"iss\": \"https://other.example\"}").unwrap();
    let garbage = world.path("garbage");
    fs::write(&garbage, "what is this").unwrap();
    let test = |files: &[&std::path::Path], expect: &str| {
        let before = ["--output", "json", "policy", "test", "--expect", expect];
        let output = world
            .bare(&before)
            .arg(&rules)
            .args(files)
            .output()
            .unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        (json, output.status.code())
    };
    let (tried, exit) = test(&[&ours], "allowed");
    assert_eq!(exit, Some(0), "{tried}");
    assert_eq!(
        tried["tokens"][0]["certificate"]["identity"],
        "bob@example.com"
    );
    assert_eq!(tried["tokens"][0]["rules"][0]["holds"], true);
    let (tried, exit) = test(&[&theirs], "refused");
    assert_eq!(exit, Some(0), "{tried}");
    // A token that no rule was asked about proves nothing of the rules.
    let (tried, exit) = test(&[&theirs, &other], "refused");
    assert_eq!(exit, Some(1), "{tried}");
    assert_eq!(tried["tokens"][1]["verdict"], "unusable");
    assert_eq!(tried["tokens"][0]["refusal"], "no rule allows it");
    assert!(
        tried["tokens"][1]["refusal"]
            .as_str()
            .unwrap()
            .contains("not trusted")
    );
    for (files, expect) in [
        ([ours.as_path(), &theirs], "allowed"),
        ([&ours, &theirs], "refused"),
    ] {
        assert_eq!(test(&files, expect).1, Some(1));
    }
    let (failure, exit) = test(&[&garbage], "allowed");
    assert_eq!(
        (exit, &failure["error"]["code"]),
        (Some(1), &json!("E-CTL-094"))
    );
}
