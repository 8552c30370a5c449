//! The objects, decoded strictly with the types that the API server has.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::client;

use super::chart::{EVERYTHING, RESTORE};
use super::{Chart, SECRETS};

#[test]
fn the_api_servers_types_know_every_field() {
    let (Some(chart), Some(decode)) = (Chart::find(), client::kubernetes_decode()) else {
        return;
    };
    let decode = |text: &str| {
        let mut child = Command::new(&decode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    for values in [
        vec![],
        vec![SECRETS],
        vec![SECRETS, EVERYTHING],
        vec![SECRETS, RESTORE],
        vec![SECRETS, "begin: {day: '2026-11-30'}"],
    ] {
        let objects = chart.render(&values);
        let output = decode(&objects.text);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
        let counts = counts.as_object().unwrap().values();
        let decoded: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(usize::try_from(decoded).unwrap(), objects.all.len());
    }
    // A misspelt field is what this is here for.
    let misspelt = chart
        .render(&[SECRETS])
        .text
        .replacen("readinessProbe:", "readynessProbe:", 1);
    let output = decode(&misspelt);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("readynessProbe"));
}
