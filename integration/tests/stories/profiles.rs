//! What an instance of a profile is otherwise than others.

use std::fs;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, sigctl};
use sigstead_kit::{Clock as _, SystemClock};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

#[test]
fn what_a_courier_brings_counts_for_years_and_what_is_signed_inside_for_a_quarter() {
    let instance = Instance::start("airgap", &["--profile", "airgap"]).unwrap();
    for (file, least, most) in [
        ("1.root.json", 1094, 1096),
        ("1.targets.json", 1094, 1096),
        ("1.snapshot.json", 89, 91),
        ("timestamp.json", 89, 91),
    ] {
        let path = instance.directory().join("tuf/repository").join(file);
        let signed: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let left = time_of(&signed["signed"]["expires"]) - SystemClock.now();
        let days = left.whole_days();
        assert!((least..=most).contains(&days), "{file}: {days} days");
    }
    // As of `standard`: no tokens for the asking, and not in production before people sign the root.
    let mut token = sigctl();
    token.arg("token").arg(instance.directory());
    let refused = token.args(["--identity", "ada@example.com"]).output();
    assert!(!refused.unwrap().status.success());
    let mut doctor = sigctl();
    let doctor = doctor.args(["doctor", "--offline"]);
    let said = doctor.arg(instance.directory()).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("E-CEREMONY-030"), "{said}");
    // Whoever has the repository in a folder may go on with it as long, so a rotation waits for that.
    let plan = Rotated("tsa").rotate(&instance, "plan", &[]);
    let wait = time_of(&plan["counts_from"]) - time_of(&plan["begun"]);
    assert_eq!(wait, Duration::days(91) + Duration::minutes(5));
    let page = include_str!("../../../docs/installing.md");
    let said = "| a rotation gives clients to see what is announced | 8 days | 8 days | 8 days | 91 days |";
    assert!(page.contains(said));
}

#[test]
fn a_publication_counts_for_as_long_as_somebody_says_in_every_profile() {
    let arguments = ["--profile", "airgap", "--publication-lifetime", "365d"];
    let instance = Instance::create("airgap-year", &arguments).unwrap();
    let path = instance.directory().join("tuf/repository/1.targets.json");
    let signed: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let left = time_of(&signed["signed"]["expires"]) - SystemClock.now();
    assert!((364..=366).contains(&left.whole_days()), "{left}");
}

fn time_of(text: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap()
}
