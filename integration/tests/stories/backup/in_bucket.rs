//! Backups in a bucket: as good as those in a folder, and nothing that is half there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use http::StatusCode;
use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};

use super::bucket::{Bucket, Fault};
use super::load::Load;
use super::{
    Restored, backup, drill, goes_on_once_adopted, holds, parsed, restore, sign, sizes, verify,
};

#[test]
fn an_instance_comes_back_from_a_bucket_with_all_that_was_acknowledged() {
    let bucket = Bucket::start();
    let instance = heavy("in-a-bucket");
    let place = Bucket::address("acme/nightly");
    let first = json(&bucket, backup(&instance, &place));
    let load = Load::start(&instance, 8);
    wait_for("entries", || load.acknowledged().v2.len() > 40).unwrap();
    let before = load.acknowledged();
    let mut keeping = backup(&instance, &place);
    keeping.args(["--keep", "1"]);
    let taken = json(&bucket, keeping);
    load.stop();
    let file = PathBuf::from(taken["file"].as_str().unwrap());
    assert_eq!(taken["removed"], serde_json::json!([first["file"]]));
    assert_eq!(bucket.objects("acme/nightly"), [name(&file)]);
    assert_eq!(bucket.parts(), 0);
    let listed = json(&bucket, list(&place));
    assert_eq!(listed["backups"][0]["file"], taken["file"]);
    assert_eq!(listed["backups"][0]["file_bytes"], taken["file_bytes"]);
    assert!(taken["file_bytes"].as_u64().unwrap() > 2 * PART);

    let verified = json(&bucket, verify(&instance, &file));
    assert_eq!(sizes(&verified), sizes(&taken));
    assert_eq!(verified["file_bytes"], taken["file_bytes"]);
    let drilled = json(&bucket, drill(&instance, &file));
    assert_eq!(drilled["logs"][1]["anchor"], "ahead");

    instance.down().unwrap();
    fs::remove_dir_all(instance.directory()).unwrap();
    fs::remove_dir_all(instance.work().join("anchors")).unwrap();
    let elsewhere = Restored(instance.work().join("elsewhere"));
    let restored = json(&bucket, restore(&instance, &file, &elsewhere.0));
    assert_eq!(sizes(&restored), sizes(&taken));
    goes_on_once_adopted(&elsewhere.0, &restored);
    holds(&elsewhere.0, instance.work(), &restored, &before);

    // What was signed since then is not in it, so it must not go on here a second time.
    let stale = bucket.reach(restore(&instance, &file, &instance.work().join("stale")));
    let output = { stale }.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(parsed(&output)["logs"][1]["anchor"], "ahead");
}

#[test]
fn what_a_bucket_refuses_ends_with_its_code_and_leaves_nothing() {
    let bucket = Bucket::start();
    let instance = heavy("bucket-refuses");
    let place = Bucket::address("refused");
    let to = |place: &Path| bucket.reach(backup(&instance, place));
    for (fault, exit, code) in [
        (Fault::CutsParts, 4, "E-CTL-386"),
        (Fault::HoldsParts, 4, "E-CTL-386"),
        (
            Fault::RefusesParts(StatusCode::INSUFFICIENT_STORAGE),
            1,
            "E-CTL-385",
        ),
        (Fault::RefusesParts(StatusCode::FORBIDDEN), 1, "E-CTL-382"),
        (
            Fault::RefusesParts(StatusCode::SERVICE_UNAVAILABLE),
            4,
            "E-CTL-381",
        ),
        (Fault::ChangesWhole, 1, "E-CTL-387"),
    ] {
        bucket.fail(fault);
        let mut command = to(&place);
        if fault == Fault::HoldsParts {
            command.args(["--timeout", "1"]);
        }
        refuses(&mut command, exit, code);
        assert_eq!(
            (bucket.objects("refused"), bucket.parts()),
            (vec![], 0),
            "{fault:?}"
        );
    }
    bucket.fail(Fault::Nothing);
    refuses(
        to(&place).env("AWS_SECRET_ACCESS_KEY", "another"),
        1,
        "E-CTL-382",
    );
    refuses(to(&place).env_remove("AWS_ACCESS_KEY_ID"), 1, "E-CTL-380");
    refuses(
        to(&place).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        4,
        "E-CTL-381",
    );
    refuses(&mut to("s3://no-such-bucket/a".as_ref()), 1, "E-CTL-383");
    let absent = Bucket::address("refused/absent.age");
    refuses(
        &mut bucket.reach(verify(&instance, &absent)),
        1,
        "E-CTL-384",
    );
    let named = Bucket::address("refused/named.age");
    json(&bucket, backup(&instance, &named));
    refuses(&mut to(&named), 5, "E-CTL-212");
    assert_eq!(bucket.objects("refused"), ["named.age"]);
}

#[test]
fn what_a_killed_backup_left_in_a_bucket_is_shown_and_goes_with_the_next() {
    let bucket = Bucket::start();
    let instance = heavy("bucket-killed");
    let place = Bucket::address("killed");
    for (fault, objects) in [(Fault::HoldsParts, 1), (Fault::HoldsWhole, 2)] {
        bucket.fail(fault);
        let mut killed = bucket.reach(backup(&instance, &place)).spawn().unwrap();
        wait_for("an upload", || bucket.objects("killed").len() == objects).unwrap();
        killed.kill().unwrap();
        killed.wait().unwrap();
        bucket.fail(Fault::Nothing);
        let output = bucket.reach(list(&place)).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let listed = parsed(&output);
        assert_eq!(listed["backups"].as_array().unwrap().len(), 0, "{listed}");
        assert_eq!(
            listed["unfinished"].as_array().unwrap().len(),
            1,
            "{listed}"
        );
        let taken = json(&bucket, backup(&instance, &place));
        assert_eq!(taken["tidied"], listed["unfinished"]);
        let file = PathBuf::from(taken["file"].as_str().unwrap());
        assert_eq!(
            (bucket.objects("killed"), bucket.parts()),
            (vec![name(&file)], 0)
        );
        bucket.clear("killed");
    }
}

#[test]
fn what_a_slow_bucket_makes_after_the_command_gave_up_does_not_count() {
    let bucket = Bucket::start();
    let instance = heavy("bucket-late");
    let place = Bucket::address("late");
    bucket.fail(Fault::CompletesLate);
    let mut given_up = bucket.reach(backup(&instance, &place));
    refuses(&mut given_up, 4, "E-CTL-471");
    // Nothing is there to be tidied up yet, and something may come.
    let early = bucket.reach(list(&place)).output().unwrap();
    let early = parsed(&early);
    bucket.fail(Fault::Nothing);
    bucket.complete();
    let output = bucket.reach(list(&place)).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let listed = parsed(&output);
    assert_eq!(listed["backups"], serde_json::json!([]));
    assert_eq!(listed["unfinished"], early["unfinished"]);
    assert_eq!(bucket.objects("late").len(), 2);

    let taken = json(&bucket, backup(&instance, &place));
    assert_eq!(taken["tidied"], listed["unfinished"]);
    let file = PathBuf::from(taken["file"].as_str().unwrap());
    assert_eq!(bucket.objects("late"), [name(&file)]);
}

/// `make full` starts one and names it.
#[test]
fn another_server_of_buckets_does_as_well() {
    let named = ["SIGSTEAD_TEST_BUCKET", "SIGSTEAD_TEST_BUCKET_CA"].map(std::env::var_os);
    let [Some(endpoint), Some(authority)] = named else {
        return;
    };
    let reach = |mut command: Command| {
        command.arg("--endpoint").arg(&endpoint);
        command
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    };
    let trusting = |command: Command| {
        let mut command = reach(command);
        command.arg("--ca").arg(&authority);
        command
    };
    let instance = heavy("other-bucket");
    let place = Bucket::address("other");
    refuses(&mut reach(backup(&instance, &place)), 4, "E-CTL-381");
    let done = |command: Command| parsed(&run(&mut trusting(command)).unwrap());
    let first = done(backup(&instance, &place));
    let mut keeping = backup(&instance, &place);
    keeping.args(["--keep", "1"]);
    let taken = done(keeping);
    assert_eq!(taken["removed"], serde_json::json!([first["file"]]));
    let listed = done(list(&place));
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
    assert_eq!(listed["unfinished"], serde_json::json!([]));
    let file = PathBuf::from(taken["file"].as_str().unwrap());
    refuses(&mut trusting(backup(&instance, &file)), 5, "E-CTL-212");
    assert_eq!(sizes(&done(verify(&instance, &file))), sizes(&taken));
    done(drill(&instance, &file));
    instance.down().unwrap();
    let restored = restore(&instance, &file, &instance.work().join("restored"));
    assert_eq!(sizes(&done(restored)), sizes(&taken));
}

/// An instance whose backup has several parts.
fn heavy(name: &str) -> Instance {
    let instance = Instance::start(name, &[]).unwrap();
    sign(&instance.directory(), instance.work(), "before").unwrap();
    let mut ballast = vec![0; usize::try_from(2 * PART).unwrap()];
    aws_lc_rs::rand::fill(&mut ballast).unwrap();
    fs::write(instance.directory().join("ballast"), ballast).unwrap();
    instance
}

fn list(place: &Path) -> Command {
    let mut command = sigctl();
    command
        .args(["--output", "json", "backup", "list"])
        .arg(place);
    command
}

fn json(bucket: &Bucket, command: Command) -> Value {
    parsed(&run(&mut bucket.reach(command)).unwrap())
}

fn refuses(command: &mut Command, exit: i32, code: &str) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(exit), "{command:?} {output:?}");
    assert_eq!(parsed(&output)["error"]["code"], code, "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("X-Amz-Signature"), "{said}");
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_str().unwrap().to_owned()
}

/// What one part has.
const PART: u64 = 8 << 20;
