//! An instance behind a real nginx with TLS, as `sigctl proxy nginx` configures it: official clients sign and verify, and a
//! caller is who the proxy says, and nobody else.

mod clients;
mod world;

use std::process::Command;

use serde_json::Value;
use sigstead_integration::{client, run, sigctl};

use crate::doctor::{doctor, found};
use crate::{PERSON, artifact, beside};
use clients::{cosign_2, cosign_3, java, js, python, rekor_cli};
use world::{LONG_DOMAIN, PERSON_AT, STRANGER, World};

#[test]
fn official_clients_sign_and_verify_where_each_service_has_a_name() {
    let Some(world) = World::start("names", &["--domain", "sig.example"]) else {
        return;
    };
    assert_eq!(world.instance.url("ca"), "https://ca.sig.example");
    cosign_3(&world);
    cosign_2(&world);
    python(&world);
    js(&world);
    java(&world);
    rekor_cli(&world);
    logs_have_names_of_their_own(&world);
    other_names_get_no_certificate(&world);
}

#[test]
fn names_that_are_long_are_served_too() {
    let Some(world) = World::start("long-names", &["--domain", LONG_DOMAIN]) else {
        return;
    };
    let root = format!("https://tuf.{LONG_DOMAIN}/1.root.json");
    world.curl(PERSON_AT, &["-f", &root]).unwrap();
}

#[test]
fn one_name_with_a_port_for_each_service_works_with_tls_to_the_services_too() {
    let arguments = [
        "--host",
        "sig.example",
        "--proxy-base-port",
        "9443",
        "--tls",
    ];
    let Some(world) = World::start("ports", &arguments) else {
        return;
    };
    assert_eq!(world.instance.url("oidc"), "https://sig.example:9443");
    cosign_3(&world);
    java(&world);
    // `sigctl` on the machine of the instance needs no proxy.
    let file = artifact(world.instance.work(), "proxy-sigctl");
    let mut sign = sigctl();
    sign.arg("sign").arg(world.instance.directory()).arg(&file);
    sign.args(["--identity", PERSON, "--bundle"])
        .arg(beside(&file, "sigstore.json"));
    run(&mut world.inside(&sign)).unwrap();
}

#[test]
fn the_doctor_looks_through_the_proxy_as_clients_do() {
    let Some(world) = World::start("doctor", &["--domain", "sig.example"]) else {
        return;
    };
    let look = |program: Command| {
        let doctor = doctor(&world.instance, &[]);
        let mut command = program;
        command.args(doctor.get_args());
        let (codes, report) = found(&mut world.inside(&command));
        assert_eq!(report["unmade"], 0, "{report:#}");
        codes.into_iter().collect::<Vec<_>>()
    };
    // It is a dev instance that others reach, and says so.
    let program = sigctl();
    assert_eq!(look(world.client(program.get_program())), ["E-DOCTOR-010"]);
    // Without the authority of the proxy's certificate it is refused.
    assert_eq!(look(program), ["E-DOCTOR-010", "E-DOCTOR-151"]);
}

#[test]
fn wrong_passwords_of_a_stranger_lock_nobody_else_out() {
    let Some(world) = World::start("throttle", &["--domain", "sig.example"]) else {
        return;
    };
    // One address may try fifty times at once, and gets one attempt back each minute, so a slow machine needs some more.
    assert!(attempts_until_throttled(&world, &[]) >= 50);
    // Who names another caller is still himself: another one would have fifty attempts.
    let forged = [
        "-H",
        "X-Forwarded-For: 192.0.2.99",
        "-H",
        "Forwarded: for=192.0.2.99",
    ];
    assert!(attempts_until_throttled(&world, &forged) < 20);
    assert_ne!(sign_in(&world, PERSON_AT, "nobody@example.com", &[]), "429");
    // What the log says of a caller is the address behind the proxy.
    let log = std::fs::read_to_string(world.instance.directory().join("run/oidc.log")).unwrap();
    assert!(log.contains(&format!("client={STRANGER}")), "{log}");
    assert!(!log.contains("client=192.0.2.99"), "{log}");
}

/// How many wrong passwords of the stranger are judged until he has to wait. Each is for another name, so that no name is
/// locked.
fn attempts_until_throttled(world: &World, headers: &[&str]) -> usize {
    let is_judged = |number: &usize| {
        let email = format!("nobody-{number}-{}@example.com", headers.len());
        sign_in(world, STRANGER, &email, headers) != "429"
    };
    (0..150).take_while(is_judged).count()
}

/// Tries a wrong password from an address, and gives the status of the answer.
fn sign_in(world: &World, from: &str, email: &str, headers: &[&str]) -> String {
    let page = format!("{}/authorize?{REQUEST}", world.instance.url("oidc"));
    let jar = world.instance.work().join(format!("{from}.cookies"));
    let jar = jar.to_str().unwrap();
    let html = world.curl(from, &["-b", jar, "-c", jar, &page]).unwrap();
    let (_, token) = html.split_once("name=\"form_token\" value=\"").unwrap();
    let token = format!("form_token={}", token.split_once('"').unwrap().0);
    let email = format!("email={email}");
    let fields = [&token, "action=sign-in", &email, "password=wrong password"];
    let mut arguments = vec![
        "-b",
        jar,
        "-c",
        jar,
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
    ];
    arguments.extend(fields.iter().flat_map(|field| ["--data-urlencode", *field]));
    arguments.extend(headers);
    arguments.push(&page);
    world.curl(from, &arguments).unwrap()
}

/// Two logs of Rekor v2 on one listener: each answers at its own name, over both versions of HTTP.
fn logs_have_names_of_their_own(world: &World) {
    let mut open = sigctl();
    open.args(["--output", "json", "log", "open"])
        .arg(world.instance.directory());
    let opened = run(&mut world.inside(&open)).unwrap();
    let opened: Value = serde_json::from_slice(&opened.stdout).unwrap();
    let second = opened["origin"].as_str().unwrap();
    let first = second.replace("-2.", "-1.");
    for version in ["--http1.1", "--http2"] {
        for host in [first.as_str(), second] {
            let url = format!("https://{host}/checkpoint");
            let checkpoint = world.curl(PERSON_AT, &["-f", version, &url]).unwrap();
            assert_eq!(checkpoint.lines().next(), Some(host));
        }
    }
    let Some(cosign) = client::cosign() else {
        return;
    };
    let config = std::fs::read_to_string(world.instance.kit("signing_config.v0.2.json")).unwrap();
    assert!(config.contains(&format!("https://{second}\"")), "{config}");
    clients::sign_with(world, &cosign, "proxy-second-log");
}

/// The certificate is for this name too, so only the proxy refuses it.
fn other_names_get_no_certificate(world: &World) {
    let resolve = format!("other.sig.example:443:{}", world::PROXY);
    let url = "https://other.sig.example/healthz";
    let refused = world.curl(PERSON_AT, &["-S", "--resolve", &resolve, url]);
    let refused = format!("{:?}", refused.unwrap_err());
    assert!(refused.contains("unrecognized name"), "{refused}");
}

const REQUEST: &str = "response_type=code&client_id=sigstore&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fauth%2Fcallback\
    &scope=openid+email&state=st&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
