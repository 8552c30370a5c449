//! A key is in other hands: it is ended, and users and verifiers get what they have to know.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl, wait_for};

use crate::verifying::{blocks, printed, shell};
use crate::{PERSON, artifact, cosign, refuses, sigstore_python};

/// A file and its bundle.
type Signed = (PathBuf, PathBuf);

#[test]
fn a_stolen_key_of_the_authority_is_ended_and_what_it_signed_since_counts_no_more() {
    let instance = Instance::start("stolen", &[]).unwrap();
    let old_root = instance.work().join("old-root.json");
    std::fs::copy(instance.kit("trusted_root.json"), &old_root).unwrap();
    let before = sign(&instance, "before");
    let since = later();
    // As a thief does that has the key and not the record: a certificate that only the CT log knows.
    let strange = sign(&instance, "strange");
    instance.down().unwrap();
    std::fs::remove_dir_all(instance.directory().join("ca/record")).unwrap();
    instance.up().unwrap();
    let after = sign(&instance, "after");

    refuses_what_cannot_be(&instance, &since);
    let planned = is_planned_by_the_page(&instance, &since);
    assert_eq!(planned["strangers"], 1, "{planned}");
    let (certificates, entries) = (&planned["certificates"], &planned["entries"]);
    assert_eq!((certificates, entries), (&2.into(), &2.into()), "{planned}");
    verifies(&instance, &after);

    let ended = end(&instance, &["ca-intermediate", "--since", &since, "--yes"]);
    assert_eq!(ended["published"]["targets"], 2, "{ended}");
    assert_eq!(ended["key"], planned["key"]);
    verifies(&instance, &before);
    for signed in [&strange, &after] {
        is_refused(&instance, signed);
        is_blocked_for_those_who_did_not_hear(&instance, &old_root, signed, &before);
    }
    refuses(
        &mut emergency(
            &instance,
            &["end-key", "ca-intermediate", "--since", &since, "--yes"],
        ),
        &["e-ctl-434"],
    );
    is_recorded(&instance);

    let soon = ["--in", "0s", "--drain", "2s", "--accept-short-times"];
    let mut rotate = sigctl();
    run(rotate
        .args(["rotate", "ca-intermediate", "start"])
        .arg(instance.directory())
        .args(soon))
    .unwrap();
    let next = signed_file(&instance, "next");
    // The service has the key, and signs with it seconds later. Before that `sigctl sign` refuses what it gets.
    wait_for("the next key", || {
        sign_command(&instance, &next)
            .output()
            .unwrap()
            .status
            .success()
    })
    .unwrap();
    for signed in [&before, &next] {
        verifies(&instance, signed);
    }
    wait_for("the end of the rotation", || {
        let mut resume = sigctl();
        resume
            .args(["rotate", "ca-intermediate", "resume"])
            .arg(instance.directory());
        resume.output().unwrap().status.success()
    })
    .unwrap();
    let root = instance.kit("trusted_root.json");
    refuses(
        &mut sigctl_verify(&instance, &root, &after),
        &["e-verify-026"],
    );
    let checked = sigctl()
        .args(["trust", "verify-history"])
        .arg(instance.directory())
        .output()
        .unwrap();
    // Between the last safe second and the next key nothing counts.
    assert_eq!(checked.status.code(), Some(3), "{}", printed(&checked));
}

/// What is no key, no time, or not meant.
fn refuses_what_cannot_be(instance: &Instance, since: &str) {
    let state = std::fs::read(instance.directory().join("trust/state.json")).unwrap();
    for (arguments, code) in [
        (["nobody", "--since", since], "e-ctl-432"),
        (["SHA256:00", "--since", since], "e-ctl-432"),
        (
            ["ca-intermediate", "--since", &date("next year")],
            "e-ctl-433",
        ),
        (
            ["ca-intermediate", "--since", &date("last year")],
            "e-ctl-433",
        ),
        (["ca-intermediate", "--since", since], "e-ctl-014"),
    ] {
        let arguments = [&["end-key"], &arguments[..]].concat();
        refuses(&mut emergency(instance, &arguments), &[code]);
    }
    let plan = instance.directory().join("trust/rotations/ca-root.json");
    std::fs::create_dir_all(plan.parent().unwrap()).unwrap();
    std::fs::write(&plan, "{}").unwrap();
    let arguments = ["end-key", "ca-intermediate", "--since", since, "--yes"];
    refuses(&mut emergency(instance, &arguments), &["e-ctl-283"]);
    std::fs::remove_file(plan).unwrap();
    let unchanged = std::fs::read(instance.directory().join("trust/state.json")).unwrap();
    assert_eq!(unchanged, state);
}

/// The first command of the page, as it is written there.
fn is_planned_by_the_page(instance: &Instance, since: &str) -> Value {
    let folder = instance.work().join("page");
    std::fs::create_dir(&folder).unwrap();
    symlink(instance.directory(), folder.join("demo")).unwrap();
    let published = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    let blocks = blocks("emergency.md");
    let first = format!("SINCE={since}\n{}", blocks[0]);
    let output = shell(&folder, &first);
    assert!(output.status.success(), "{first}\n{}", printed(&output));
    let unchanged = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    assert_eq!(unchanged, published, "nothing is published");
    refuses_the_same_folder(&folder, &first);
    let read = |name: &str| std::fs::read_to_string(folder.join("rehearsal").join(name)).unwrap();
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    assert_eq!(
        json("block-list.json")["certificates"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let notice = read("notice.md");
    for fact in ["| Why | host lost |", PERSON, "in no CT log"] {
        assert!(notice.contains(fact), "{fact} is not in\n{notice}");
    }
    assert!(
        !notice.contains('{') && !notice.contains('\u{0}'),
        "{notice}"
    );
    json("plan.json")
}

fn refuses_the_same_folder(folder: &Path, commands: &str) {
    let again = shell(folder, commands);
    assert!(printed(&again).contains("E-CTL-435"), "{}", printed(&again));
}

fn is_recorded(instance: &Instance) {
    let directory = instance.directory();
    let acts = instance
        .json(&["audit", "list", directory.to_str().unwrap()])
        .unwrap();
    let acts = acts.as_array().unwrap().clone();
    let is_it = |act: &&Value| act["method"] == "sigctl emergency end-key";
    let act = acts.iter().find(is_it).unwrap();
    assert_eq!(
        (&act["outcome"], &act["arguments"]["emergency"]),
        (&"done".into(), &"1".into())
    );
    let history = instance
        .json(&["trust", "history", directory.to_str().unwrap()])
        .unwrap();
    let last = history.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["act"], "sigctl emergency end-key", "{history}");
    assert!(
        last["changes"]
            .to_string()
            .contains("of the certificate authority"),
        "{last}"
    );
}

/// With the trusted root of before everything verifies, but for what the list blocks.
fn is_blocked_for_those_who_did_not_hear(
    instance: &Instance,
    old_root: &Path,
    signed: &Signed,
    before: &Signed,
) {
    let list = instance
        .directory()
        .join("trust/emergencies/1/block-list.json");
    let verify = |signed: &Signed| {
        let mut command = sigctl_verify(instance, old_root, signed);
        command.arg("--blocked").arg(&list);
        command
    };
    run(&mut sigctl_verify(instance, old_root, signed)).unwrap();
    refuses(&mut verify(signed), &["e-verify-038"]);
    run(&mut verify(before)).unwrap();
}

fn verifies(instance: &Instance, signed: &Signed) {
    let (file, bundle) = signed;
    run(&mut sigctl_verify(
        instance,
        &instance.kit("trusted_root.json"),
        signed,
    ))
    .unwrap();
    if let Some(cosign) = client::cosign() {
        run(cosign::verify(&cosign, instance, bundle).arg(file)).unwrap();
    }
    if let Some(python) = client::sigstore_python() {
        let mut command = sigstore_python::with_kit(&python, instance);
        run(sigstore_python::verify(&mut command, instance, bundle, PERSON).arg(file)).unwrap();
    }
}

fn is_refused(instance: &Instance, signed: &Signed) {
    let (file, bundle) = signed;
    let root = instance.kit("trusted_root.json");
    refuses(
        &mut sigctl_verify(instance, &root, signed),
        &["e-verify-026"],
    );
    if let Some(cosign) = client::cosign() {
        let mut verify = cosign::verify(&cosign, instance, bundle);
        refuses(verify.arg(file), &["certificate"]);
    }
    // docs/emergency.md and the notice say so: it does not look at the end of an authority. When it does one day, both are
    // to say that instead.
    if let Some(python) = client::sigstore_python() {
        let mut command = sigstore_python::with_kit(&python, instance);
        run(sigstore_python::verify(&mut command, instance, bundle, PERSON).arg(file)).unwrap();
    }
}

fn sigctl_verify(instance: &Instance, root: &Path, (file, bundle): &Signed) -> Command {
    let mut command = sigctl();
    command.arg("verify").arg(file).arg("--bundle").arg(bundle);
    command.arg("--trusted-root").arg(root);
    command.args(["--identity", PERSON, "--issuer", &instance.url("oidc")]);
    command
}

fn sign(instance: &Instance, name: &str) -> Signed {
    let signed = signed_file(instance, name);
    run(&mut sign_command(instance, &signed)).unwrap();
    signed
}

/// A file, and where its bundle is to be.
fn signed_file(instance: &Instance, name: &str) -> Signed {
    let file = artifact(instance.work(), name);
    let bundle = file.with_extension("sigstore.json");
    (file, bundle)
}

fn sign_command(instance: &Instance, (file, bundle): &Signed) -> Command {
    let mut command = sigctl();
    command.args(["sign", "--identity", PERSON]);
    command.env("SIGSTEAD_DIR", instance.directory());
    command.arg("--bundle").args([bundle, file]);
    command
}

fn emergency(instance: &Instance, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command
        .args(["--output", "json", "emergency"])
        .args(arguments);
    command.env("SIGSTEAD_DIR", instance.directory());
    command
}

pub(crate) fn end(instance: &Instance, arguments: &[&str]) -> Value {
    let arguments = [&["end-key"], arguments].concat();
    let output = run(&mut emergency(instance, &arguments)).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A time that is past now, and by more than the second that documents tell later than all before: what is signed from here on
/// is signed since then.
pub(crate) fn later() -> String {
    let begun = Instant::now();
    wait_for("the next seconds", || {
        begun.elapsed() > Duration::from_secs(3)
    })
    .unwrap();
    date("now")
}

fn date(when: &str) -> String {
    let mut date = Command::new("date");
    let output = run(date.args(["-u", "+%Y-%m-%dT%H:%M:%SZ", "-d", when])).unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
