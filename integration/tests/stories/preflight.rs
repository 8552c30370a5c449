//! A machine and a cluster are looked at before there is an instance, and each fault has its code.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::sigctl;

/// The codes of what is found, and the report.
fn found(command: &mut Command) -> (BTreeSet<String>, Value) {
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let codes = findings.map(|each| each["code"].as_str().unwrap().to_owned());
    (codes.collect(), report)
}

/// A look at this machine, through a shell that says `first`.
fn host(folder: &Path, first: &str, arguments: &[&str]) -> Command {
    let program = sigctl();
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{first}; exec \"$0\" \"$@\""));
    command.arg(program.get_program());
    command.args(["--output", "json", "preflight", "host"]);
    command.args(arguments).arg(folder);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

#[test]
fn a_fault_of_this_machine_is_named_beside_what_it_has_anyway() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("not/there/yet");
    let (before, report) = found(&mut host(&place, "umask 022", &[]));
    assert!(
        report["checks"].as_array().unwrap().len() > 15,
        "{report:#}"
    );
    let theirs = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = theirs.local_addr().unwrap().port().min(65_500).to_string();
    for (first, arguments, expected) in [
        (
            "umask 022",
            &["--base-port", &port][..],
            &["E-PREFLIGHT-010"][..],
        ),
        ("umask 022; ulimit -n 300", &[], &["E-PREFLIGHT-011"]),
        ("umask 000", &[], &["E-PREFLIGHT-021"]),
        (
            "umask 022",
            &["--domain", "sigstead.invalid"],
            &["E-PREFLIGHT-022"],
        ),
        (
            "umask 022; export HTTPS_PROXY=proxy.example NO_PROXY=localhost",
            &[],
            &["E-PREFLIGHT-023"],
        ),
        (
            "umask 022; export http_proxy=http://proxy.example:3128",
            &[],
            &["E-PREFLIGHT-024"],
        ),
    ] {
        let (after, report) = found(&mut host(&place, first, arguments));
        let new: Vec<_> = after.difference(&before).collect();
        assert_eq!(new, expected, "{first} {arguments:?} {report:#}");
    }
    assert!(!place.exists(), "nothing is made");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let (in_memory, report) = found(&mut host(Path::new("/dev/shm/acme"), "umask 022", &[]));
    assert!(in_memory.contains("E-PREFLIGHT-004"), "{report:#}");
}

/// Answers as a cluster gave them to kubectl, which the script prints as kubectl does.
const KUBECTL: &str = r#"#!/bin/sh
# The options that stand first are of no meaning here.
while [ "${1#--}" != "$1" ]; do shift 2; done
case "$*" in
  "version --output json") echo '{"clientVersion":{"major":"1","minor":"34"},"serverVersion":{"major":"1","minor":"MINOR"}}' ;;
  "get namespace team-a "*) echo '{"metadata":{"name":"team-a","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}' ;;
  "get namespace "*) ;;
  "auth can-i create FORBIDDEN") echo no; exit 1 ;;
  "auth can-i create "*) echo yes ;;
  "get storageclasses --output json") cat <<END
{"items":[{"metadata":{"name":"standard","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},
"provisioner":"rancher.io/local-path"},{"metadata":{"name":"shared"},"provisioner":"nfs.csi.k8s.io"}]}
END
  ;;
  "get ingressclasses --output json") echo '{"items":[{"metadata":{"name":"nginx"}}]}' ;;
  "api-versions") printf 'apps/v1\nautoscaling/v2\nnetworking.k8s.io/v1\npolicy/v1\nv1\n' ;;
  *) echo "unexpected: $*" >&2; exit 2 ;;
esac
"#;

fn cluster(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = sigctl();
    command
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .args(["--output", "json", "preflight", "cluster"])
        .args(arguments);
    command
}

#[test]
fn a_cluster_is_asked_with_kubectl_for_what_the_chart_needs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |minor: &str, forbidden: &str| {
        let script = KUBECTL
            .replace("MINOR", minor)
            .replace("FORBIDDEN", forbidden);
        let place = folder.path().join("kubectl");
        std::fs::write(&place, script).unwrap();
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
    };
    let team = ["--namespace", "team-a"];
    for (minor, forbidden, arguments, expected) in [
        ("34", "nothing", &[][..], &[][..]),
        (
            "30+",
            "nothing",
            &["--ingress-class", "nginx", "--context", "acme"],
            &[],
        ),
        ("29", "nothing", &[], &["E-PREFLIGHT-031"]),
        ("34", "secrets", &[], &["E-PREFLIGHT-033"]),
        (
            "34",
            "nothing",
            &["--namespace", "team-b"],
            &["E-PREFLIGHT-034"],
        ),
        (
            "34",
            "nothing",
            &["--storage-class", "fast"],
            &["E-PREFLIGHT-036"],
        ),
        (
            "34",
            "nothing",
            &["--storage-class", "shared"],
            &["E-PREFLIGHT-037"],
        ),
        (
            "34",
            "nothing",
            &["--ingress-class", "traefik"],
            &["E-PREFLIGHT-038"],
        ),
        ("34", "nothing", &["--metrics"], &["E-PREFLIGHT-039"]),
    ] {
        write(minor, forbidden);
        let named = if arguments.contains(&"team-b") {
            &[][..]
        } else {
            &team
        };
        let (codes, report) = found(cluster(folder.path(), arguments).args(named));
        let codes: Vec<_> = codes.iter().collect();
        assert_eq!(codes, expected, "{arguments:?} {report:#}");
    }
    write("34", "nothing");
    let mut well = cluster(folder.path(), &team);
    let said = well.args(["--output", "text"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said, "cluster: 10 checks, all well\n");
}

#[test]
fn a_cluster_that_does_not_answer_is_one_fault() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = cluster(folder.path(), &[]);
    // Neither a program nor, where there is one, a server.
    command.env("PATH", folder.path());
    let (codes, report) = found(&mut command);
    assert_eq!(
        codes,
        BTreeSet::from(["E-PREFLIGHT-030".to_owned()]),
        "{report:#}"
    );
    assert_eq!(report["unmade"], 8, "{report:#}");
}
