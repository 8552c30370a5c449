//! The commands of `docs/kubernetes.md`, as they are printed there and in that order, against the API server.

use std::fs;
use std::path::Path;
use std::process::Command;

use sigstead_integration::{client, run, sigctl};

use super::ApiServer;
use crate::chart::Chart;

/// What the site decides on that page.
const SITE: &str = "
global: {imageRegistry: registry.example.com}
backup:
  enabled: true
  passphraseSecret: acme-backup-passphrase
  bucket: {address: 's3://backups/acme', endpoint: 'https://s3.example.com', credentialsSecret: acme-backup-bucket}
";

/// How commands begin that need more than an API server, each with what has them instead.
const NOT_HERE: [(&str, &str); 9] = [
    ("sigctl preflight cluster", "the story of preflight"),
    ("helm test", "`released`, which tells what the pod came to"),
    (
        "kubectl --namespace team-a wait",
        "no controller runs the jobs; `beginnings` runs their pods",
    ),
    (
        "kubectl --namespace team-a port-forward",
        "no kubelet has a port",
    ),
    ("sigctl oidc user add", "it goes through that port"),
    (
        "kubectl --namespace team-a patch pvc",
        "no controller makes claims; `changed` has sizes",
    ),
    (
        "kubectl --namespace team-a logs --follow job/drill-now",
        "no kubelet has a log",
    ),
    (
        "kubectl --namespace team-a logs --follow job/acme-sigstead-restore",
        "the same",
    ),
    (
        "kubectl --namespace team-a delete pvc",
        "no controller lets go of claims",
    ),
];

#[test]
fn the_commands_of_the_page_are_taken_as_they_are_printed() {
    let (Some(_), Some(helm), Some(server)) = (Chart::find(), client::helm(), ApiServer::start())
    else {
        return;
    };
    let folder = server.path("page");
    fs::create_dir_all(folder.join("target/helm")).unwrap();
    run(Command::new(&helm)
        .arg("package")
        .arg(Chart::folder())
        .arg("--destination")
        .arg(folder.join("target/helm")))
    .unwrap();
    fs::write(folder.join("site.yaml"), SITE).unwrap();
    for file in ["backup-passphrase", "credentials"] {
        fs::write(folder.join(file), "for this story\n").unwrap();
    }
    let commands = commands();
    for (prefix, _) in &NOT_HERE {
        assert!(
            commands.iter().any(|each| each.starts_with(prefix)),
            "{prefix} is on the page no more"
        );
    }
    let mut ran = 0;
    for command in &commands {
        if NOT_HERE
            .iter()
            .any(|(prefix, _)| command.starts_with(prefix))
        {
            continue;
        }
        if command.ends_with("--cascade=orphan") {
            // What waits for a controller to let go is let go of here.
            done(&server, &helm, &folder, &format!("{command} --wait=false"));
            let set = "--namespace team-a patch statefulset acme-sigstead-tlog --type merge";
            let let_go =
                format!("kubectl {set} --patch '{{\"metadata\": {{\"finalizers\": null}}}}'");
            done(&server, &helm, &folder, &let_go);
        } else {
            done(&server, &helm, &folder, command);
        }
        ran += 1;
        // A trial is not made real by degrees.
        if command.contains("--create-namespace") {
            done(
                &server,
                &helm,
                &folder,
                "helm uninstall acme --namespace team-a",
            );
        }
    }
    assert_eq!(ran, 22, "{commands:#?}");
}

fn done(server: &ApiServer, helm: &Path, folder: &Path, command: &str) {
    let program = sigctl();
    let ours = Path::new(program.get_program()).parent().unwrap();
    let programs = [&server.programs().join("bin"), helm.parent().unwrap(), ours];
    let programs = programs.map(|folder| folder.display().to_string());
    // Helm as it is compiled here takes the cluster that it does not ask for an old one.
    let command = &command.replace(
        "helm template acme",
        "helm template --kube-version 1.34.0 acme",
    );
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", command])
        .current_dir(folder)
        .env("PATH", format!("{}:/usr/bin:/bin", programs.join(":")))
        .env("KUBECONFIG", server.config("admin"))
        .env("HOME", folder)
        .env_remove("XDG_STATE_HOME")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{command}\n{said}");
    println!("{command}\n{said}");
}

/// The commands in the indented blocks of the page, each with the lines that go on from its first.
fn commands() -> Vec<String> {
    let page = fs::read_to_string(Chart::folder().join("../../docs/kubernetes.md")).unwrap();
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in page.lines().filter(|line| line.starts_with("    ")) {
        let text = line.trim();
        let begins = ["helm ", "kubectl ", "sigctl ", "for "];
        if goes_on {
            let last = found.last_mut().unwrap();
            last.push('\n');
            last.push_str(text);
        } else if begins.iter().any(|word| text.starts_with(word)) {
            found.push(text.to_owned());
        } else {
            continue;
        }
        let command = found.last().unwrap();
        goes_on = text.ends_with('\\') || (command.starts_with("for ") && text != "done");
    }
    found
}
