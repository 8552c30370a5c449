//! How commands behave towards people, scripts and shells.

use std::fs;
use std::process::Stdio;

use crate::world::{World, said};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let world = World::new("pipe");
    for arguments in [
        &["explain"][..],
        &["completions", "bash"],
        &["--help"],
        &["version"],
    ] {
        let mut command = world.bare(arguments).spawn().unwrap();
        drop(command.stdout.take());
        let output = command.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            said(&output)
        );
        assert_eq!(said(&output), "", "{arguments:?}");
    }
    // `status` still ends as the services are.
    let mut status = world.sigctl(&["status"]).spawn().unwrap();
    drop(status.stdout.take());
    let status = status.wait_with_output().unwrap();
    assert_eq!(status.status.code(), Some(4), "{}", said(&status));
    assert_eq!(said(&status), "");
}

#[test]
fn a_result_that_is_not_whole_is_a_failure() {
    let world = World::empty("full");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = world.bare(&["version"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("E-CTL-001"), "{}", said(&output));
}

#[test]
fn every_failure_ends_with_the_code_of_its_kind() {
    let world = World::new("exits");
    let absent = world.path("absent");
    let absent = absent.to_str().unwrap();
    let instance = world.path("instance");
    let instance = instance.to_str().unwrap();
    for (arguments, exit, code) in [
        (vec!["nothing"], 2, ""),
        (vec!["explain", "E-NONE"], 2, "E-CTL-012"),
        (vec!["status", absent], 1, "E-CTL-004"),
        (vec!["init", instance, "--name", "world"], 5, "E-CTL-005"),
        (vec!["log", "info", instance], 4, "E-CTL-076"),
        (vec!["oidc", "user", "list", instance], 4, "E-CTL-076"),
        (vec!["reload", instance], 4, "E-CTL-076"),
        (vec!["status", instance], 4, ""),
        (vec!["version"], 0, ""),
    ] {
        let output = world.bare(&arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{arguments:?}: {}",
            said(&output)
        );
        assert!(
            said(&output).contains(code),
            "{arguments:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn the_instance_may_be_left_out_where_it_is_known() {
    let world = World::new("default");
    let nowhere = world
        .bare(&["logs"])
        .current_dir(world.path(""))
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));
    assert!(
        said(&nowhere).contains("SIGSTEAD_DIR"),
        "{}",
        said(&nowhere)
    );
    for arguments in [
        &["logs"][..],
        &["logs", "ca", "tsa"],
        &["logs", "--lines", "1", "ca"],
    ] {
        let mut here = world.bare(arguments);
        let mut there = world.bare(arguments);
        here.current_dir(world.path("instance"));
        there
            .current_dir(world.path(""))
            .env("SIGSTEAD_DIR", world.path("instance"));
        for command in [&mut here, &mut there] {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", said(&output));
            let shows_tuf = said(&output).contains("== tuf");
            assert_eq!(shows_tuf, !arguments.contains(&"ca"), "{}", said(&output));
        }
    }
    let sign = world
        .bare(&[
            "sign",
            "missing.txt",
            "--bundle",
            "b.json",
            "--identity",
            "a@example.com",
        ])
        .current_dir(world.path("instance"))
        .output()
        .unwrap();
    assert!(
        said(&sign).contains("cannot read missing.txt"),
        "{}",
        said(&sign)
    );
}

#[test]
fn json_is_one_document_also_when_the_command_line_is_wrong() {
    let world = World::new("json");
    for (arguments, is_list) in [
        (&["logs"][..], true),
        (&["issuer", "list"], true),
        (&["oidc", "client", "list"], true),
        (&["status"], false),
        (&["down"], false),
        (&["status", "--wrong"], false),
        // A list that cannot be had is a failure.
        (&["oidc", "user", "list"], false),
        (&["log", "info"], false),
    ] {
        let (json, _) = world.json(arguments);
        let is_right = if is_list {
            json.is_array()
        } else {
            json.is_object()
        };
        assert!(is_right, "{arguments:?}: {json}");
    }
    let codes = world
        .bare(&["--output", "json", "explain"])
        .output()
        .unwrap();
    let codes: serde_json::Value = serde_json::from_slice(&codes.stdout).unwrap();
    assert!(codes.as_array().unwrap().len() > 200);
    let (usage, exit) = world.json(&["status", "--wrong"]);
    assert_eq!(exit, Some(2));
    assert_eq!(usage["error"]["code"], "E-CTL-012");
}

#[test]
fn a_bundle_that_cannot_be_written_is_refused_before_anything_is_asked() {
    let world = World::new("unwritable");
    let file = world.path("file");
    fs::write(&file, "kept").unwrap();
    let file = file.to_str().unwrap();
    let absent = world.path("absent/bundle.json");
    // No service runs: whoever asked one would be told that it cannot be reached.
    for (bundle, code) in [(file, "E-CTL-073"), (absent.to_str().unwrap(), "E-CTL-002")] {
        let sign = world
            .sigctl(&["sign", "--bundle", bundle, "--identity", "a@example.com"])
            .arg(file)
            .output()
            .unwrap();
        assert!(said(&sign).contains(code), "{}", said(&sign));
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}

#[test]
fn an_identity_token_comes_from_a_file_the_environment_or_standard_input() {
    let world = World::new("tokens");
    let file = world.path("file");
    fs::write(&file, "text").unwrap();
    // {"sub":"somebody"}
    let token = "e30.eyJzdWIiOiJzb21lYm9keSJ9.c2ln";
    let token_file = world.path("token");
    fs::write(&token_file, format!("{token}\n")).unwrap();
    let bundle = world.path("bundle.json");
    let sign = |options: &[&str]| {
        let mut command = world.sigctl(&["sign"]);
        command
            .arg(&file)
            .arg("--bundle")
            .arg(&bundle)
            .args(options);
        command.env_remove("SIGSTORE_ID_TOKEN").stdin(Stdio::null());
        command
    };
    let mut by_file = sign(&["--identity-token-file", token_file.to_str().unwrap()]);
    let mut by_variable = sign(&[]);
    by_variable.env("SIGSTORE_ID_TOKEN", token);
    let mut by_input = sign(&["--identity-token-file", "-"]);
    by_input.stdin(fs::File::open(&token_file).unwrap());
    for command in [&mut by_file, &mut by_variable, &mut by_input] {
        // The token was understood: the next step is the authority, which does not run.
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert!(said(&output).contains("signingCert"), "{}", said(&output));
    }
    let nobody = sign(&[]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(2), "{}", said(&nobody));
    // In an argument everybody on the machine could read it.
    let argument = sign(&["--identity-token", token]).output().unwrap();
    assert_eq!(argument.status.code(), Some(2), "{}", said(&argument));
    assert!(!bundle.exists());
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let world = World::empty("manual");
    let folder = world.path("man1");
    let man = world.bare(&["man"]).arg(&folder).output().unwrap();
    assert!(man.status.success(), "{}", said(&man));
    for page in [
        "sigctl",
        "sigctl-init",
        "sigctl-oidc-user-add",
        "sigctl-log-check",
    ] {
        let text = fs::read_to_string(folder.join(format!("{page}.1"))).unwrap();
        assert!(
            text.contains(".TH") && text.contains(page),
            "{page}: {text}"
        );
    }
    assert!(!folder.join("sigctl-help.1").exists());
}

#[test]
fn codes_are_listed_and_found_by_how_they_begin() {
    let world = World::empty("codes");
    let explain = |arguments: &[&str]| {
        let output = world
            .bare(&[&["explain"], arguments].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let all = explain(&[]);
    assert!(all.lines().count() > 150, "{all}");
    let some = explain(&["e-ca-"]);
    assert!(
        some.lines().count() > 5 && some.lines().all(|line| line.starts_with("E-CA-")),
        "{some}"
    );
    let one = explain(&["e-ca-007"]);
    assert!(one.starts_with("E-CA-007\n"), "{one}");
}

#[test]
fn a_loopback_host_is_not_on_the_network_unless_it_is_asked_for() {
    let world = World::empty("listen");
    for (name, options, address) in [
        ("a", &["--host", "127.0.0.1"][..], "127.0.0.1"),
        ("b", &["--host", "sig.example.com"], "[::]"),
        (
            "c",
            &["--host", "sig.example.com", "--listen", "127.0.0.1"],
            "127.0.0.1",
        ),
    ] {
        let init = world
            .sigctl_on(name, &[&["init", "--name", "world"], options].concat())
            .output()
            .unwrap();
        assert!(init.status.success(), "{}", said(&init));
        let config = fs::read_to_string(world.path(name).join("ca/config.yaml")).unwrap();
        let (_, public) = config.split_once("public:").unwrap();
        let line = public
            .lines()
            .find(|line| line.contains("address"))
            .unwrap();
        assert!(line.contains(&format!("{address}:")), "{name}: {line}");
    }
    let wrong = world
        .sigctl_on("d", &["init", "--name", "world", "--host", "*"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
}
