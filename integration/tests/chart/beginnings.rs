//! The jobs that let the logs of a real instance begin, by themselves and as processes.

use std::process::Output;

use serde_json::Value;
use sigstead_integration::{run, wait_for};

use super::node::Node;
use super::objects::named;
use super::{Chart, Objects, SECRETS};

#[test]
fn a_log_begins_on_the_volumes_that_its_pod_will_have_and_by_hand_alone() {
    let Some(chart) = Chart::find() else { return };
    assert!(chart.render(&[SECRETS]).of("Job").is_empty());
    let fast = "begin: {day: '2026-11-30'}\nglobal: {storageClass: fast}";
    let objects = chart.render(&[SECRETS, fast]);
    assert_eq!(objects.of("Job").len(), 2);
    for role in ["tlog", "ctlog"] {
        let set = objects.named("StatefulSet", &format!("acme-sigstead-{role}"));
        let pod = &job(&objects, role)["spec"]["template"]["spec"];
        for template in set["spec"]["volumeClaimTemplates"].as_array().unwrap() {
            let kind = template["metadata"]["name"].as_str().unwrap();
            let name = format!("{kind}-acme-sigstead-{role}-0");
            let volume = named(&pod["volumes"], kind);
            assert_eq!(volume["persistentVolumeClaim"]["claimName"], name.as_str());
        }
        // It has no key, and is in nobody's Service.
        let volumes = pod["volumes"].as_array().unwrap();
        assert!(volumes.iter().all(|volume| volume["secret"].is_null()));
        let labels = &job(&objects, role)["spec"]["template"]["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/component"], "backup");
    }
    for (values, says) in [
        (
            vec!["begin: {day: '2026-11-30'}"],
            "the logs of a trial begin by themselves",
        ),
        (vec![SECRETS, "begin: {day: today}"], "/begin/day"),
    ] {
        let said = chart.refusal(&values);
        assert!(said.contains(says), "{values:?}: {said}");
    }
}

/// Lets both logs begin.
pub(crate) fn begin(chart: &Chart, node: &Node, values: &[&str]) {
    for role in ["tlog", "ctlog"] {
        let said = tries(chart, node, values, role, &today(node));
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
        assert!(text.contains("begins when its service runs"), "{text}");
    }
}

/// The volumes of a log that ran are lost, and all that describes the cluster is applied again.
pub(crate) fn does_not_begin_again(chart: &Chart, node: &mut Node, values: &[&str]) {
    let said = tries(chart, node, values, "ctlog", &today(node));
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success() && text.contains("has an anchor already"),
        "{text}"
    );
    let lose = |node: &Node, kind: &str| {
        let claim = node.storage.claim(&format!("{kind}-acme-sigstead-ctlog-0"));
        std::fs::remove_dir_all(claim).unwrap();
    };
    lose(node, "anchor");
    refuses(
        &tries(chart, node, values, "ctlog", &today(node)),
        "E-CTL-497",
    );
    lose(node, "data");
    refuses(
        &tries(chart, node, values, "ctlog", "2026-01-02"),
        "E-CTL-496",
    );

    let objects = chart.render(values);
    let name = "acme-sigstead-ctlog";
    let spec = objects.named("StatefulSet", name)["spec"]["template"]["spec"].clone();
    node.run(&objects, name, &spec);
    let ports = spec["containers"][0]["ports"].as_array().unwrap();
    let ops = ports
        .iter()
        .find(|port| port["name"] == "ctlog-ops")
        .unwrap();
    let url = format!("http://127.0.0.1:{}/readyz", ops["containerPort"]);
    let answer = || {
        let asked = node.command("curl").args(["-sS", &url]).output().unwrap();
        String::from_utf8(asked.stdout).unwrap()
    };
    wait_for("the reason", || answer().contains("E-LOG-008")).unwrap();
    // Only a person could say that it is new. That is done while the pod waits, as after an installation.
    let said = tries(chart, node, values, "ctlog", &today(node));
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{text}");
    node.stop();
    node.run(&objects, name, &spec);
    node.wait_until_ready(&spec);
    node.stop();
}

fn tries(chart: &Chart, node: &Node, values: &[&str], role: &str, on: &str) -> Output {
    let begin = format!("begin: {{day: '{on}'}}");
    let objects = chart.render(&[values, &[&begin]].concat());
    let pod = &job(&objects, role)["spec"]["template"]["spec"];
    node.storage.forget("begin");
    let mut container = node.container(&objects, "begin", pod, &pod["containers"][0]);
    container.output().unwrap()
}

fn refuses(said: &Output, code: &str) {
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains(code), "{text}");
}

fn job<'a>(objects: &'a Objects, role: &str) -> &'a Value {
    objects.named("Job", &format!("acme-sigstead-begin-{role}-0"))
}

fn today(node: &Node) -> String {
    let date = run(node.command("date").args(["-u", "+%F"])).unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}
