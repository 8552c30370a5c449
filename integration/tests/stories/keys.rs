//! A token, or a server, has all keys of an instance: clients sign and verify, and it may be taken away and given back.

mod attest;
mod from_init;
mod holders;
mod post_quantum;
mod rotated;
mod vault;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sigstead_integration::{Instance, KeyPlace as _, PIN, Token, client, run, sigctl, wait_for};

use crate::overload::{Caller, TAKEN};
use crate::{PERSON, artifact, cosign, refuses, sigstore_python};

#[test]
fn a_token_has_all_keys_and_may_be_away_for_a_while() {
    let Some(token) = Token::new().unwrap() else {
        return;
    };
    let mut instance = Instance::create("token", &[]).unwrap();
    let (name, file) = token.environment();
    instance.set(name, &file);
    token.take_all_keys(&instance).unwrap();
    // SoftHSM writes its token again with every login, in place. A service that begins at such a moment may see no token for
    // longer than it looks, and is started again as the error says.
    wait_for("the start", || instance.up().is_ok()).unwrap();

    clients_sign_and_verify(&instance);
    let doctor = run(instance.sigctl().arg("doctor").arg(instance.directory())).unwrap();
    let listed = run(instance.sigctl().arg("keys").arg(instance.directory())).unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("pkcs11:token=site;object=oidc"), "{listed}");

    let taken = away_and_back(
        &instance,
        || token.go_away().unwrap(),
        || token.come_back().unwrap(),
    );
    run(instance
        .sigctl()
        .args(["log", "check"])
        .arg(instance.directory()))
    .unwrap();
    holds_at_least(&instance, taken);
    readiness_follows(
        &instance,
        || token.go_away().unwrap(),
        || token.come_back().unwrap(),
    );
    clients_sign_and_verify(&instance);

    assert!(!String::from_utf8_lossy(&doctor.stdout).contains(PIN));
    is_in_no_log(&instance, PIN);
}

#[test]
fn a_key_of_cosign_is_brought_in() {
    let Some(program) = client::cosign() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    run(Command::new(program)
        .current_dir(folder.path())
        .env("COSIGN_PASSWORD", "of cosign")
        .arg("generate-key-pair"))
    .unwrap();
    for (file, passphrase) in [("theirs", "of cosign"), ("ours", "of ours")] {
        std::fs::write(path(file), format!("{passphrase}\n")).unwrap();
        std::fs::set_permissions(path(file), Permissions::from_mode(0o600)).unwrap();
    }
    let uri = format!("file:{}", path("our.key").display());
    let place = |verb: &str| {
        let mut command = sigctl();
        command
            .args(["key", verb, "--passphrase-file"])
            .arg(path("ours"));
        command
    };
    let import = || {
        let mut import = place("import");
        import.arg("--from-passphrase-file").arg(path("theirs"));
        import.arg(path("cosign.key")).arg(&uri);
        import
    };
    run(&mut import()).unwrap();
    run(place("probe")
        .arg(&uri)
        .arg("--serves")
        .arg(path("cosign.pub")))
    .unwrap();
    refuses(&mut import(), &["e-key-022"]);
    refuses(
        place("probe").arg(&uri).args(["--role", "oidc"]),
        &["e-key-024"],
    );
    let other = format!("file:{}", path("other.key").display());
    run(place("create").arg(&other)).unwrap();
    let mut probe = place("probe");
    refuses(
        probe.arg(&other).arg("--serves").arg(path("cosign.pub")),
        &["e-key-025"],
    );
}

/// Nothing was acknowledged that is not in the log.
fn holds_at_least(instance: &Instance, acknowledged: u64) {
    let logs = instance
        .json(&["log", "info", instance.directory().to_str().unwrap()])
        .unwrap();
    let size = logs[1]["size"].as_u64().unwrap();
    assert!(
        size >= acknowledged,
        "{size} entries, and {acknowledged} were acknowledged"
    );
}

/// What is secret is in no file of the services' output.
fn is_in_no_log(instance: &Instance, secret: &str) {
    for file in std::fs::read_dir(instance.directory().join("run")).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(secret), "a log has the secret");
    }
}

fn clients_sign_and_verify(instance: &Instance) {
    if let Some(program) = client::cosign() {
        let file = artifact(instance.work(), "token-cosign");
        let bundle = cosign::sign(&program, instance, &file);
        run(cosign::verify(&program, instance, &bundle).arg(&file)).unwrap();
    }
    if let Some(program) = client::sigstore_python() {
        let with_kit = || sigstore_python::with_kit(&program, instance);
        let file = artifact(instance.work(), "token-python");
        let bundle = sigstore_python::sign(&mut with_kit(), instance, &file);
        let mut verify = with_kit();
        run(sigstore_python::verify(&mut verify, instance, &bundle, PERSON).arg(&file)).unwrap();
    }
}

/// That the keys are away, and that they are back, is told by readiness alone: nobody asks for a signature, and nothing is
/// started again.
fn readiness_follows(instance: &Instance, go_away: impl Fn(), come_back: impl Fn()) {
    let all = |is_away: bool| {
        let services = ["ca", "oidc", "tsa"].map(|service| instance.service(service).unwrap());
        let tells =
            |status: &serde_json::Value| status["reasons"].to_string().contains("E-KIT-037");
        services.iter().all(|status| tells(status) == is_away)
    };
    for _ in 0..2 {
        go_away();
        wait_for("services that miss their keys", || all(true)).unwrap();
        come_back();
        wait_for("services that have their keys", || all(false)).unwrap();
    }
}

/// Takes the keys away while entries come, and gives them back. Tells how many entries were acknowledged.
fn away_and_back(instance: &Instance, go_away: impl Fn(), come_back: impl Fn()) -> u64 {
    let caller = Arc::new(Caller::new(&instance.url("tlog")));
    let (is_over, taken, refused) = <(Arc<AtomicBool>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let unexpected = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for number in 0..8_u64 {
        let (caller, is_over) = (Arc::clone(&caller), Arc::clone(&is_over));
        let (taken, refused) = (Arc::clone(&taken), Arc::clone(&refused));
        let unexpected = Arc::clone(&unexpected);
        runtime.spawn(async move {
            let mut sent = 0;
            while !is_over.load(Ordering::Relaxed) {
                let answer = caller.send(number << 32 | sent).await;
                match answer.as_str() {
                    TAKEN => taken.fetch_add(1, Ordering::Relaxed),
                    _ => refused.fetch_add(1, Ordering::Relaxed),
                };
                if answer != TAKEN && !answer.starts_with("503 E-TLOG-015") {
                    unexpected.lock().unwrap().push(answer);
                }
                sent += 1;
            }
        });
    }
    let more = |count: &AtomicU64| {
        let before = count.load(Ordering::Relaxed);
        wait_for("an answer", || count.load(Ordering::Relaxed) > before + 8).unwrap();
    };
    for _ in 0..2 {
        more(&taken);
        go_away();
        more(&refused);
        come_back();
        more(&taken);
    }
    is_over.store(true, Ordering::Relaxed);
    assert_eq!(*unexpected.lock().unwrap(), Vec::<String>::new());
    taken.load(Ordering::Relaxed)
}
