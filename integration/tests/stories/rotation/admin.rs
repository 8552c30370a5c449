//! The certificates of the admin interfaces are replaced while an operator and a guest ask.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use sigstead_integration::{Instance, Rotated, run, sigctl};
use sigstead_kit::{Clock as _, Role, SystemClock};
use sigstead_signer::PrivateKey;
use sigstead_x509::{Certificate, Name, SerialNumber, TlsProfile, TlsRole, Validity};
use time::{Duration, OffsetDateTime};

use crate::refuses;

const ADMIN: Rotated = Rotated("admin");
const ADMIN_CA: Rotated = Rotated("admin-ca");
/// A shorter drain than people need is refused without the last word.
const SOON: [&str; 3] = ["--drain", "5s", "--accept-short-times"];

#[test]
fn certificates_of_the_admin_interfaces_are_replaced_while_people_ask() {
    let instance = Instance::start("renewed-admin", &[]).unwrap();
    let process = instance.service("tlog").unwrap()["pid"].clone();
    invite(&instance, "Vera", "vera");
    let former = as_context(&instance, "former");
    let before = pairs(&instance);
    let load = Load::start(vec![ask(&instance), ask_as(&instance, "vera")]);
    let started = ADMIN.rotate(&instance, "start", &SOON);
    assert_eq!(started["phase"], "loaded", "{started}");
    run(&mut ask_as(&instance, "former")).unwrap();
    let over = ADMIN.until_over(&instance);
    assert_eq!(over["phase"], "retired", "{over}");
    assert!(load.stop() > 0);
    for ((path, old), (_, new)) in before.iter().zip(pairs(&instance)) {
        assert_ne!(old.0, new.0, "{path} has the certificate of before");
        assert_ne!(old.1, new.1, "{path} has the key of before");
        assert_eq!(new.1.matches("BEGIN").count(), 1, "{path} has one key");
    }
    // The key of before may be in other hands.
    refuses(&mut ask_as(&instance, "former"), &["e-kit-021"]);
    assert!(former.exists());
    assert_eq!(instance.service("tlog").unwrap()["pid"], process);
    let directory = instance.directory();
    let doctor = sigctl()
        .args(["doctor", "--offline"])
        .arg(&directory)
        .output();
    let said = String::from_utf8(doctor.unwrap().stdout).unwrap();
    assert!(!said.contains("E-DOCTOR-03"), "{said}");
    run(sigctl().arg("restart").arg(&directory).arg("tlog")).unwrap();
    run(&mut ask(&instance)).unwrap();
}

#[test]
fn the_authority_of_administrators_is_replaced_and_guests_notice_when_theirs_ends() {
    let instance = Instance::start("renewed-admin-ca", &[]).unwrap();
    let process = instance.service("tlog").unwrap()["pid"].clone();
    invite(&instance, "Vera", "vera");
    let load = Load::start(vec![ask(&instance), ask_as(&instance, "vera")]);
    let started = ADMIN_CA.rotate(&instance, "start", &[]);
    assert_eq!(started["phase"], "loaded", "{started}");
    let trusted = instance.directory().join("tlog/admin-ca.pem");
    let count = |path: &Path| {
        std::fs::read_to_string(path)
            .unwrap()
            .matches("BEGIN")
            .count()
    };
    assert_eq!(count(&trusted), 2);
    // What is issued now is of the next authority, and Vera keeps her key.
    run(&mut here(
        &instance,
        &["admin", "renew", "--name", "Vera", "--out", "renewed"],
    ))
    .unwrap();
    let work = instance.work();
    std::fs::copy(work.join("vera/admin.key"), work.join("renewed/admin.key")).unwrap();
    run(&mut ask_as(&instance, "renewed")).unwrap();
    assert!(load.stop() > 0);
    let waits = ADMIN_CA.command(&instance, "resume", &[]).output().unwrap();
    assert_eq!(
        waits.status.code(),
        Some(6),
        "Vera's former certificate is good"
    );
    let serial = serial(&work.join("vera/admin.pem"));
    run(&mut here(
        &instance,
        &["admin", "revoke", "--serial", &serial],
    ))
    .unwrap();
    let load = Load::start(vec![ask(&instance), ask_as(&instance, "renewed")]);
    let over = ADMIN_CA.rotate(&instance, "resume", &[]);
    assert_eq!(over["phase"], "retired", "{over}");
    run(&mut ask_as(&instance, "renewed")).unwrap();
    assert!(load.stop() > 0);
    assert_eq!(count(&trusted), 1);
    assert_eq!(count(&instance.directory().join("tlog/admin.pem")), 1);
    refuses(&mut ask_as(&instance, "vera"), &["e-ctl-076"]);
    assert_eq!(instance.service("tlog").unwrap()["pid"], process);
    // The second time, the authority is one that was rotated to.
    ADMIN_CA.rotate(&instance, "start", &SOON);
    assert_eq!(ADMIN_CA.until_over(&instance)["phase"], "retired");
    run(&mut ask(&instance)).unwrap();
    refuses(&mut ask_as(&instance, "renewed"), &["e-ctl-076"]);
}

#[test]
fn a_rotation_of_certificates_that_is_killed_anywhere_is_resumed_or_taken_back() {
    let instance = Instance::start("interrupted-admin", &[]).unwrap();
    // As long as Vera's certificate is good, the authority of before stays.
    invite(&instance, "Vera", "vera");
    let load = Load::start(vec![ask(&instance)]);
    for rotated in [ADMIN, ADMIN_CA] {
        for phase in ["planned", "prepared", "tried", "announced", "loaded"] {
            let before = pairs(&instance);
            let role = rotated.0;
            let plan = instance.directory();
            let plan = plan.join(format!("trust/rotations/{role}.json"));
            let mut start = rotated.command(&instance, "start", &SOON);
            let start = start.stdout(Stdio::null()).stderr(Stdio::null());
            let mut start = start.spawn().unwrap();
            let has_come = || {
                let plan = std::fs::read_to_string(&plan).unwrap_or_default();
                plan.contains(&format!("\"phase\": \"{phase}\""))
            };
            // If it is seen too late, the kill comes at a later step, and what follows holds all the same.
            while !has_come() && start.try_wait().unwrap().is_none() {}
            let _ = start.kill();
            start.wait().unwrap();
            run(&mut ask(&instance)).unwrap();
            let undone = rotated.command(&instance, "undo", &[]).output().unwrap();
            if undone.status.success() {
                assert_eq!(pairs(&instance), before, "{role} at {phase}");
                continue;
            }
            let said = String::from_utf8_lossy(&undone.stdout);
            assert!(said.contains("E-CTL-286"), "{said}");
            assert_ne!(pairs(&instance), before);
            // The other rotation is not begun beside this one.
            let other = if role == ADMIN.0 { ADMIN_CA } else { ADMIN };
            refuses(&mut other.command(&instance, "start", &[]), &["e-ctl-283"]);
            assert_eq!(rotated.until_over(&instance)["phase"], "retired");
            break;
        }
    }
    assert!(load.stop() > 0);
}

#[test]
fn what_the_rotation_of_certificates_needs_is_asked_for_first() {
    let instance = Instance::start("refused-admin", &[]).unwrap();
    let directory = instance.directory();
    let before = pairs(&instance);
    let key = directory.join("trust/admin-ca.key");
    let elsewhere = instance.work().join("admin-ca.key");
    sigstead_durable::rename(&key, &elsewhere).unwrap();
    for rotated in [ADMIN, ADMIN_CA] {
        refuses(
            &mut rotated.command(&instance, "start", &[]),
            &["e-ctl-338"],
        );
    }
    std::fs::copy(directory.join("trust/tls-ca.key"), &key)
        .or_else(|_| std::fs::copy(directory.join("trust/ca-root.key"), &key))
        .unwrap();
    refuses(&mut ADMIN.command(&instance, "start", &[]), &["e-ctl-338"]);
    sigstead_durable::rename(&elsewhere, &key).unwrap();
    let config = directory.join("tsa/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("admin.pem", "other.pem")).unwrap();
    refuses(&mut ADMIN.command(&instance, "start", &[]), &["e-ctl-339"]);
    std::fs::write(&config, text).unwrap();
    invite(&instance, "Vera", "vera");
    let short = ["--drain", "1h"];
    refuses(
        &mut ADMIN_CA.command(&instance, "start", &short),
        &["e-ctl-281"],
    );
    refuses(
        &mut Rotated("tls").command(&instance, "start", &[]),
        &["e-ctl-342"],
    );
    // Another certificate than the one that was made is not taken up.
    let waiting = ADMIN.rotate(&instance, "start", &["--in", "30s"]);
    assert_eq!(waiting["phase"], "announced", "{waiting}");
    let next = directory.join("tlog/admin-next.pem");
    let made = std::fs::read(&next).unwrap();
    std::fs::copy(directory.join("tsa/admin-next.pem"), &next).unwrap();
    sigstead_integration::wait_for("the time of the certificates", || {
        let resumed = ADMIN.command(&instance, "resume", &[]).output().unwrap();
        let said = String::from_utf8_lossy(&resumed.stdout);
        assert!(
            resumed.status.code() == Some(6) || said.contains("E-CTL-340"),
            "{said}"
        );
        resumed.status.code() != Some(6)
    })
    .unwrap();
    assert_eq!(pairs(&instance), before);
    std::fs::write(&next, made).unwrap();
    assert_eq!(ADMIN.rotate(&instance, "undo", &[])["phase"], "undone");
    assert_eq!(pairs(&instance), before);
}

#[tokio::test]
async fn the_tools_renew_their_own_certificate_before_it_ends_or_say_that_it_does() {
    let instance = Instance::start("renewed-by-itself", &[]).unwrap();
    let own = instance.directory().join("trust/admin-client.pem");
    let now = SystemClock.now();
    let soon = give(&instance, now).await;
    let ends = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        Certificate::from_pem(&text).unwrap().not_after()
    };
    assert!(ends(&own) <= soon);
    run(&mut ask(&instance)).unwrap();
    assert!(ends(&own) > now + Duration::days(700));
    // One that has ended already is renewed too.
    give(&instance, now - Duration::seconds(40)).await;
    run(&mut ask(&instance)).unwrap();
    assert!(ends(&own) > now + Duration::days(700));
    // Without the key of the authority the person is told, and what was asked is done.
    let soon = give(&instance, SystemClock.now()).await;
    let key = instance.directory().join("trust/admin-ca.key");
    sigstead_durable::rename(&key, &instance.work().join("admin-ca.key")).unwrap();
    let asked = run(&mut ask(&instance)).unwrap();
    let said = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(said.matches("E-CTL-344").count(), 1, "{said}");
    assert!(ends(&own) <= soon);
}

/// Gives the tools a certificate of their key that began with its authority and is in its last third at a time. Says when it
/// ends.
async fn give(instance: &Instance, at: OffsetDateTime) -> OffsetDateTime {
    let directory = instance.directory();
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let authority = PrivateKey::from_encrypted_pem(
        &read("trust/admin-ca.key"),
        read("passphrase").trim_end().as_bytes(),
    );
    let key = PrivateKey::from_pem(&read("trust/admin-client.key")).unwrap();
    let issuer = Certificate::from_pem(&read("trust/admin-ca.pem")).unwrap();
    let not_before = issuer.not_before();
    let not_after = at + (at - not_before) * 0.49;
    let mut serial = [7; 20];
    aws_lc_rs::rand::fill(&mut serial).unwrap();
    let profile = TlsProfile {
        subject: Name {
            organization: "renewed".to_owned(),
            common_name: "renewed operator".to_owned(),
        },
        public_key: key.public_key().clone(),
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
        uris: vec![Role::Owner.uri()],
        role: TlsRole::Client,
        validity: Validity {
            not_before,
            not_after,
        },
        serial: SerialNumber::from_random(serial),
    };
    let unsigned = profile.issued_by(&issuer).unwrap();
    let signer = authority.unwrap().into_signer();
    let signature = signer.sign(unsigned.bytes_to_sign()).await.unwrap();
    let certificate = unsigned.sign_with(signature).unwrap();
    std::fs::write(
        directory.join("trust/admin-client.pem"),
        certificate.to_pem(),
    )
    .unwrap();
    not_after
}

/// Asks without a pause until it is stopped. A refusal ends the test.
struct Load {
    is_over: Arc<AtomicBool>,
    asking: Vec<JoinHandle<usize>>,
}

impl Load {
    fn start(commands: Vec<Command>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let asking = commands.into_iter().map(|mut command| {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                let mut asked = 0;
                while !is_over.load(Ordering::Relaxed) {
                    run(&mut command).unwrap();
                    asked += 1;
                }
                asked
            })
        });
        let asking = asking.collect();
        Self { is_over, asking }
    }

    /// How often the one that asked least did.
    fn stop(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        let asked = self.asking.into_iter().map(|each| each.join().unwrap());
        asked.min().unwrap()
    }
}

/// Certificate and key of each service's admin interface and of the tools, by their names.
fn pairs(instance: &Instance) -> Vec<(String, (String, String))> {
    let services = sigstead_integration::SERVICES.map(|service| format!("{service}/admin"));
    let all = services
        .into_iter()
        .chain(["trust/admin-client".to_owned()]);
    all.map(|place| {
        let read = |ending: &str| {
            let path = instance.directory().join(format!("{place}.{ending}"));
            std::fs::read_to_string(path).unwrap()
        };
        let pair = (read("pem"), read("key"));
        (place, pair)
    })
    .collect()
}

/// A context of the tools' own certificate, as a copy of it would be elsewhere.
fn as_context(instance: &Instance, folder: &str) -> PathBuf {
    let folder = instance.work().join(folder);
    std::fs::create_dir(&folder).unwrap();
    for (from, to) in [
        (
            instance.directory().join("trust/admin-client.pem"),
            "admin.pem",
        ),
        (
            instance.directory().join("trust/admin-client.key"),
            "admin.key",
        ),
        (
            instance.directory().join("trust/admin-ca.pem"),
            "admin-ca.pem",
        ),
        (instance.work().join("vera/context.yaml"), "context.yaml"),
    ] {
        std::fs::copy(from, folder.join(to)).unwrap();
    }
    folder
}

fn invite(instance: &Instance, name: &str, folder: &str) {
    run(&mut here(
        instance,
        &[
            "admin", "invite", "--name", name, "--role", "viewer", "--out", folder,
        ],
    ))
    .unwrap();
}

fn serial(certificate: &Path) -> String {
    let pem = std::fs::read_to_string(certificate).unwrap();
    let certificate = Certificate::from_pem(&pem).unwrap();
    sigstead_kit::Administrator::of(certificate.to_der())
        .unwrap()
        .serial
}

fn here(instance: &Instance, words: &[&str]) -> Command {
    let mut command = sigctl();
    command
        .args(words)
        .env("SIGSTEAD_DIR", instance.directory());
    command.current_dir(instance.work());
    command
}

fn ask(instance: &Instance) -> Command {
    here(instance, &["log", "info"])
}

fn ask_as(instance: &Instance, folder: &str) -> Command {
    let mut command = sigctl();
    let context = instance.work().join(folder).join("context.yaml");
    command.args(["log", "info", "--context"]).arg(context);
    command
}
