//! Eighteen faults of the charts that others install Sigstore with, each looked for in ours: those of settings, keys and data.
//! The first, that a value changes nothing, is in `values.rs`; those of pods and of the cluster are in `cluster.rs`.

use serde_json::{Value, json};

use super::chart::EVERYTHING;
use super::objects::{entries, named};
use super::{Chart, SECRETS};

#[test]
fn h02_every_branch_renders_and_lints() {
    let Some(chart) = Chart::find() else { return };
    let more = "
tlog: {extraEgress: [{ports: [{port: 443}]}], podLabels: {a: b}, nodeSelector: {a: b}, tolerations: [{key: a}]}
oidc: {enabled: false}
networkPolicy: {clients: [{podSelector: {}}], metricsFrom: [{namespaceSelector: {}}], issuers: [{ipBlock: {cidr: 192.0.2.0/24}}]}
serviceAccount: {create: false, name: given}
podSecurity: {fsGroup: null}
persistence: {keep: false}
tests: {tokenSecret: a-token}
";
    for values in [
        vec![],
        vec![SECRETS],
        vec![SECRETS, EVERYTHING],
        vec![SECRETS, EVERYTHING, more],
        vec![more],
    ] {
        assert!(chart.render(&values).all.len() > 10);
        let lint = chart.lint(&values);
        assert!(
            lint.status.success(),
            "{}",
            String::from_utf8_lossy(&lint.stdout)
        );
    }
}

#[test]
fn h03_a_setting_reaches_the_file_under_its_own_name_with_its_own_value() {
    let Some(chart) = Chart::find() else { return };
    let config = "{token_lifetime: 3m, sessions: {max_failures: 7, lock_time: 1h}}";
    let objects = chart.render(&[SECRETS, &format!("oidc: {{config: {config}}}")]);
    let file: Value = serde_yaml::from_str(&objects.config("oidc")).unwrap();
    assert_eq!(file["token_lifetime"], "3m");
    assert_eq!(
        file["sessions"],
        json!({"max_failures": 7, "lock_time": "1h"})
    );
}

#[test]
fn h04_no_argument_waits_for_a_shell() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        for container in chart.render(&values).containers() {
            assert!(container["command"].is_null(), "the image says what runs");
            for argument in container["args"].as_array().unwrap() {
                assert!(!argument.as_str().unwrap().contains('$'), "{argument}");
            }
        }
    }
}

#[test]
fn h05_no_secret_stands_in_an_argument_or_the_environment() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS, EVERYTHING]] {
        let objects = chart.render(&values);
        for container in objects.containers() {
            assert!(container["envFrom"].is_null(), "{container}");
            for variable in container["env"].as_array().into_iter().flatten() {
                assert!(variable["valueFrom"].is_null(), "{variable}");
            }
        }
        for word in ["BEGIN", "PRIVATE", "password:"] {
            assert!(!objects.text.contains(word), "{word}");
        }
    }
}

#[test]
fn h06_witnesses_do_not_depend_on_the_kind_of_key() {
    let Some(chart) = Chart::find() else { return };
    let logs = "
tlog:
  config:
    logs:
      - {face: rekor-v2, origin: a.example, key: {uri: 'file:/k'}, data: /d, anchor: /a, witnesses: {policy: /etc/policy}}
";
    let file: Value = serde_yaml::from_str(&chart.render(&[SECRETS, logs]).config("tlog")).unwrap();
    assert_eq!(
        file["logs"][0]["witnesses"],
        json!({"policy": "/etc/policy"})
    );
}

#[test]
fn h08_the_image_is_registry_repository_and_tag_or_digest() {
    let Some(chart) = Chart::find() else { return };
    let digest = format!("sha256:{}", "a".repeat(64));
    let registry = "global: {imageRegistry: 'registry.example.com:5000/'}";
    for (values, image) in [
        (String::new(), "sigstead/sigstead:0.1.0".to_owned()),
        (
            registry.to_owned(),
            "registry.example.com:5000/sigstead/sigstead:0.1.0".to_owned(),
        ),
        (
            format!("image: {{tag: '1', digest: '{digest}'}}"),
            format!("sigstead/sigstead@{digest}"),
        ),
    ] {
        for container in chart.render(&[&values]).containers() {
            assert_eq!(container["image"], image.as_str());
        }
    }
}

#[test]
fn h09_by_default_the_instance_is_complete() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS]] {
        let objects = chart.render(&values);
        let containers = objects.containers();
        for role in ["ca", "tlog", "ctlog", "tsa", "tuf", "oidc"] {
            assert!(containers.iter().any(|each| each["name"] == role), "{role}");
        }
    }
}

#[test]
fn h12_a_restart_of_the_repository_keeps_its_root() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS]);
    let tuf = objects.named("StatefulSet", "acme-sigstead-tuf");
    assert_eq!(tuf["spec"]["replicas"], 1);
    let pod = &tuf["spec"]["template"]["spec"];
    let publish = named(&pod["initContainers"], "publish");
    assert_eq!(publish["args"][2], "publish", "it adds, and makes nothing");
    let mounts = named(&pod["containers"], "tuf")["volumeMounts"].clone();
    assert_eq!(named(&mounts, "data")["mountPath"], "/var/lib/sigstead");
    assert!(
        objects
            .config("tuf")
            .contains("repository: /var/lib/sigstead/repository")
    );
    assert_eq!(
        tuf["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"],
        "Retain"
    );
    assert!(
        !objects.text.contains("\"init\""),
        "nothing of a real instance is made in the cluster"
    );

    let trial = chart.render(&[]);
    let pod = &trial.named("StatefulSet", "acme-sigstead")["spec"]["template"]["spec"];
    let arguments = &named(&pod["initContainers"], "init")["args"];
    assert!(
        arguments
            .as_array()
            .unwrap()
            .contains(&"--if-absent".into())
    );
}

#[test]
fn h14_another_configuration_makes_other_pods() {
    let Some(chart) = Chart::find() else { return };
    let changed = "ca: {config: {certificate_lifetime: 5m}}";
    for base in [vec![], vec![SECRETS]] {
        let before = chart.render(&base);
        let after = chart.render(&[base, vec![changed]].concat());
        for ((name, before), (_, after)) in before.pods().into_iter().zip(after.pods()) {
            let sums = |pod: &Value| entries(&pod["metadata"]["annotations"]);
            let has_ca = sums(before).contains_key("sigstead.dev/config-ca");
            assert_eq!(sums(before) != sums(after), has_ca, "{name}");
        }
    }
}

#[test]
fn h16_no_default_loses_what_must_not_be_lost() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![], vec![SECRETS]] {
        let objects = chart.render(&values);
        assert!(!objects.text.contains("kind: memory"), "no store in memory");
        for (name, pod) in objects.pods() {
            for volume in pod["spec"]["volumes"].as_array().into_iter().flatten() {
                assert!(
                    volume["emptyDir"].is_null() || volume["name"] == "tmp",
                    "{name}"
                );
            }
        }
        for set in objects.of("StatefulSet") {
            let claims = set["spec"]["volumeClaimTemplates"].as_array().unwrap();
            let is_log = set["metadata"]["name"].as_str().unwrap().ends_with("tlog");
            let is_log = is_log || set["metadata"]["name"] == "acme-sigstead-ctlog";
            let is_trial = set["metadata"]["name"] == "acme-sigstead";
            assert_eq!(
                claims.len(),
                if is_log || is_trial { 2 } else { 1 },
                "{set}"
            );
        }
    }
}
