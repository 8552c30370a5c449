//! The jobs that back the volumes of pods up, and the one that restores onto a volume.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::chart::{EVERYTHING, RESTORE};
use super::objects::named;
use super::{Chart, Objects, SECRETS};

#[test]
fn every_volume_of_a_pod_has_a_job_on_the_node_of_that_pod() {
    let Some(chart) = Chart::find() else { return };
    let objects = chart.render(&[SECRETS, RESTORE]);
    let mut pods = BTreeSet::new();
    for set in objects.of("StatefulSet") {
        let name = set["metadata"]["name"].as_str().unwrap();
        let replicas = set["spec"]["replicas"].as_u64().unwrap();
        pods.extend((0..replicas).map(|replica| format!("{name}-{replica}")));
    }
    for kind in ["backup", "drill"] {
        assert_eq!(beside(&jobs(&objects, kind)), pods, "{kind}");
    }
    // Of pods that come and go, those that are always there.
    let scaled = "tsa: {autoscaling: {enabled: true, minReplicas: 3}}";
    let objects = chart.render(&[SECRETS, RESTORE, scaled]);
    for kind in ["backup-tsa", "drill-tsa"] {
        assert_eq!(jobs(&objects, kind).len(), 3, "{kind}");
    }
    assert!(chart.render(&[SECRETS]).of("CronJob").is_empty());
}

#[test]
fn a_drill_is_made_of_what_is_backed_up_and_where_somebody_wants_it() {
    let Some(chart) = Chart::find() else { return };
    let drills = |values: &str| jobs(&chart.render(&[SECRETS, RESTORE, values]), "drill").len();
    assert_eq!(drills(""), 8);
    assert_eq!(drills("backup: {drillSchedule: ''}"), 0);
    assert_eq!(drills("backup: {schedules: {ca: '', oidc: ''}}"), 5);
    let said = chart.refusal(&[SECRETS, RESTORE, "backup: {drillSchedule: weekly}"]);
    assert!(said.contains("/backup/drillSchedule"), "{said}");
    // What is laid out has room where a backup has: on a volume for as long as that lasts.
    let objects = chart.render(&[SECRETS, EVERYTHING]);
    let drill = objects.named("CronJob", "acme-sigstead-drill-tlog-0");
    let pod = &drill["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert!(named(&pod["volumes"], "scratch")["ephemeral"].is_object());
    let arguments = pod["containers"][0]["args"].as_array().unwrap();
    let scratch = arguments
        .iter()
        .position(|word| word == "--scratch")
        .unwrap();
    let mounts = &pod["containers"][0]["volumeMounts"];
    assert_eq!(
        named(mounts, "scratch")["mountPath"],
        arguments[scratch + 1]
    );
}

/// The jobs of a kind.
fn jobs(objects: &Objects, kind: &str) -> Vec<Value> {
    let part = format!("-{kind}-");
    let jobs = objects.of("CronJob").into_iter();
    jobs.filter(|job| job["metadata"]["name"].as_str().unwrap().contains(&part))
        .cloned()
        .collect()
}

/// The pods on whose nodes jobs run, each with the volume of that pod.
fn beside(jobs: &[Value]) -> BTreeSet<String> {
    let mut pods = BTreeSet::new();
    for job in jobs {
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        let near =
            &pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let labels = &near[0]["labelSelector"]["matchLabels"];
        let owner = labels["statefulset.kubernetes.io/pod-name"]
            .as_str()
            .unwrap();
        assert_eq!(near[0]["topologyKey"], "kubernetes.io/hostname");
        let claim = &named(&pod["volumes"], "data")["persistentVolumeClaim"]["claimName"];
        assert_eq!(claim, format!("data-{owner}").as_str());
        pods.insert(owner.to_owned());
    }
    pods
}

#[test]
fn a_job_has_no_key_and_writes_to_nothing_that_it_reads() {
    let Some(chart) = Chart::find() else { return };
    for values in [vec![SECRETS, EVERYTHING], vec![SECRETS, RESTORE]] {
        let objects = chart.render(&values);
        let secrets: BTreeSet<_> = ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"]
            .map(|role| format!("acme-sigstead-{role}"))
            .into();
        for job in [objects.of("CronJob"), objects.of("Job")].concat() {
            let template = match job["kind"].as_str().unwrap() {
                "Job" => &job["spec"]["template"],
                _ => &job["spec"]["jobTemplate"]["spec"]["template"],
            };
            let pod = &template["spec"];
            for volume in pod["volumes"].as_array().unwrap() {
                let secret = volume["secret"]["secretName"].as_str();
                assert!(
                    secret.is_none_or(|name| !secrets.contains(name)),
                    "{volume}"
                );
            }
            let reads = if job["kind"] == "Job" {
                "anchor"
            } else {
                "data"
            };
            let mounts = &pod["containers"][0]["volumeMounts"];
            for mount in mounts.as_array().unwrap() {
                let name = mount["name"].as_str().unwrap();
                let is_read = name == reads || name == "anchor" || name.starts_with("config");
                assert!(!is_read || mount["readOnly"] == true, "{mount}");
            }
            assert_eq!(pod["automountServiceAccountToken"], false);
            // No Service and no policy of a role is for it.
            let component = &template["metadata"]["labels"]["app.kubernetes.io/component"];
            assert_eq!(component, "backup");
        }
    }
}

#[test]
fn only_the_bucket_and_the_proxy_are_reached() {
    let Some(chart) = Chart::find() else { return };
    let ports = |objects: &Objects| -> Vec<u64> {
        let policy = objects.named("NetworkPolicy", "acme-sigstead-backup");
        assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
        assert!(policy["spec"]["ingress"].is_null());
        let rules = policy["spec"]["egress"].as_array().unwrap().iter();
        rules
            .map(|rule| rule["ports"][0]["port"].as_u64().unwrap())
            .collect()
    };
    let everything = [SECRETS, EVERYTHING];
    assert_eq!(ports(&chart.render(&everything)), [443, 3128]);
    let own = "backup: {bucket: {endpoint: 'http://minio.example:9000'}}\nproxy: {url: ''}";
    assert_eq!(ports(&chart.render(&[SECRETS, EVERYTHING, own])), [9000]);
    // A volume is reached by no network.
    let objects = chart.render(&[SECRETS, RESTORE]);
    let mut policies = objects.of("NetworkPolicy").into_iter();
    assert!(!policies.any(|policy| policy["metadata"]["name"] == "acme-sigstead-backup"));
}

#[test]
fn a_restore_has_the_claims_that_the_pod_would_have() {
    let Some(chart) = Chart::find() else { return };
    for (role, replica, claims) in [("tlog", 0, 2), ("ca", 1, 1)] {
        let asked = format!(
            "restore: {{role: {role}, replica: {replica}}}\nglobal: {{storageClass: fast}}"
        );
        let objects = chart.render(&[SECRETS, RESTORE, &asked]);
        let set = objects.named("StatefulSet", &format!("acme-sigstead-{role}"));
        let templates = set["spec"]["volumeClaimTemplates"].as_array().unwrap();
        assert_eq!(templates.len(), claims);
        for template in templates {
            let kind = template["metadata"]["name"].as_str().unwrap();
            let name = format!("{kind}-acme-sigstead-{role}-{replica}");
            let claim = objects.named("PersistentVolumeClaim", &name);
            assert_eq!(claim["spec"], template["spec"], "{name}");
            assert_eq!(claim["metadata"]["labels"], template["metadata"]["labels"]);
        }
        assert_eq!(objects.of("PersistentVolumeClaim").len(), claims);
    }
}

#[test]
fn names_of_jobs_are_short_enough_and_of_one_release() {
    let Some(chart) = Chart::find() else { return };
    let names = |release: &str| -> BTreeSet<String> {
        let objects = chart.render_as(release, "team-a", &[SECRETS, RESTORE]);
        let jobs = [objects.of("CronJob"), objects.of("Job")]
            .concat()
            .into_iter();
        jobs.map(|job| job["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let long = "a-release-whose-name-is-as-long-as-it-may-be-";
    let (one, other) = (
        names(&format!("{long}one")),
        names("a-release-whose-name-is-as-long-as"),
    );
    // The API server takes no longer name of a CronJob.
    assert!(one.iter().all(|name| name.len() <= 52), "{one:?}");
    assert!(one.is_disjoint(&other));
    assert_eq!(one.len(), 17);
}

#[test]
fn what_backups_need_to_be_told_is_asked_for() {
    let Some(chart) = Chart::find() else { return };
    for (values, says) in [
        (vec![RESTORE], "a trial has all on one volume"),
        (
            vec![SECRETS, RESTORE, "backup: {existingClaim: ''}"],
            "backups need one place",
        ),
        (
            vec![SECRETS, EVERYTHING, "backup: {existingClaim: backups}"],
            "backups need one place",
        ),
        (
            vec![
                SECRETS,
                EVERYTHING,
                "backup: {bucket: {credentialsSecret: ''}}",
            ],
            "backup.bucket.credentialsSecret is empty",
        ),
        (
            vec![SECRETS, RESTORE, "backup: {passphraseSecret: ''}"],
            "backup.passphraseSecret is empty",
        ),
        (
            vec![
                SECRETS,
                RESTORE,
                "persistence: {accessModes: [ReadWriteOncePod]}",
            ],
            "persistence.accessModes has ReadWriteOncePod",
        ),
        (
            vec![SECRETS, RESTORE, "restore: {from: ''}"],
            "restore.from is empty",
        ),
        (
            vec!["backup: {schedules: {tlog: nightly}}"],
            "/backup/schedules/tlog",
        ),
        (vec!["restore: {from: ../a.age}"], "/restore/from"),
    ] {
        let said = chart.refusal(&values);
        assert!(said.contains(says), "{values:?}: {said}");
    }
}
