//! The help is part of the interface: what it says changes on purpose only.
//!
//! After such a change: `SIGCTL_WRITE_HELP=1 cargo test -p sigstead-ctl --test help`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

const COMMANDS: [&str; 227] = [
    "",
    "init",
    "preflight",
    "preflight host",
    "preflight cluster",
    "up",
    "down",
    "restart",
    "reload",
    "status",
    "doctor",
    "probe",
    "logs",
    "key",
    "key attest",
    "key create",
    "key import",
    "key probe",
    "keys",
    "calendar",
    "env",
    "client",
    "client publish",
    "client fingerprint",
    "oidc",
    "oidc user",
    "oidc user add",
    "oidc user set-password",
    "oidc user change",
    "oidc user list",
    "oidc user remove",
    "oidc group",
    "oidc group list",
    "oidc group add",
    "oidc group remove",
    "oidc group rename",
    "oidc second-factor",
    "oidc second-factor require",
    "oidc second-factor permit",
    "oidc second-factor reset",
    "oidc client",
    "oidc client add",
    "oidc client list",
    "oidc client remove",
    "oidc client rotate-secret",
    "oidc connector",
    "oidc connector list",
    "issuer",
    "issuer list",
    "issuer show",
    "issuer add",
    "issuer browser",
    "issuer pin",
    "issuer remove",
    "issuer test",
    "policy",
    "policy test",
    "issued",
    "issued list",
    "issued show",
    "issued export",
    "admin",
    "admin request",
    "admin invite",
    "admin renew",
    "admin list",
    "admin revoke",
    "audit",
    "audit list",
    "audit verify",
    "audit export",
    "log",
    "log info",
    "log get",
    "log search",
    "log proof",
    "log pause",
    "log resume",
    "log freeze",
    "log adopt",
    "log open",
    "log rebuild-index",
    "log check",
    "backup",
    "backup verify",
    "backup list",
    "restore",
    "drill",
    "upgrade",
    "proxy",
    "proxy nginx",
    "systemd",
    "systemd install",
    "systemd show",
    "systemd remove",
    "trust",
    "trust publish",
    "trust show",
    "trust diff",
    "trust history",
    "trust verify-history",
    "trust evidence",
    "trust verify-evidence",
    "emergency",
    "emergency plan",
    "emergency end-key",
    "ceremony",
    "ceremony new",
    "ceremony certificate",
    "ceremony make-root",
    "ceremony invite",
    "ceremony review",
    "ceremony sign",
    "ceremony finish",
    "ceremony verify",
    "authority",
    "authority request",
    "authority accept",
    "rotate",
    "rotate ca-intermediate",
    "rotate ca-intermediate plan",
    "rotate ca-intermediate rehearse",
    "rotate ca-intermediate start",
    "rotate ca-intermediate status",
    "rotate ca-intermediate resume",
    "rotate ca-intermediate undo",
    "rotate ca-root",
    "rotate ca-root plan",
    "rotate ca-root rehearse",
    "rotate ca-root start",
    "rotate ca-root status",
    "rotate ca-root resume",
    "rotate ca-root undo",
    "rotate ct",
    "rotate ct plan",
    "rotate ct rehearse",
    "rotate ct start",
    "rotate ct status",
    "rotate ct resume",
    "rotate ct undo",
    "rotate oidc",
    "rotate oidc plan",
    "rotate oidc rehearse",
    "rotate oidc start",
    "rotate oidc status",
    "rotate oidc resume",
    "rotate oidc undo",
    "rotate tsa",
    "rotate tsa plan",
    "rotate tsa rehearse",
    "rotate tsa start",
    "rotate tsa status",
    "rotate tsa resume",
    "rotate tsa undo",
    "rotate rekor-v2",
    "rotate rekor-v2 plan",
    "rotate rekor-v2 rehearse",
    "rotate rekor-v2 start",
    "rotate rekor-v2 status",
    "rotate rekor-v2 resume",
    "rotate rekor-v2 undo",
    "rotate rekor-v1",
    "rotate rekor-v1 plan",
    "rotate rekor-v1 rehearse",
    "rotate rekor-v1 start",
    "rotate rekor-v1 status",
    "rotate rekor-v1 resume",
    "rotate rekor-v1 undo",
    "rotate tuf-targets",
    "rotate tuf-targets plan",
    "rotate tuf-targets rehearse",
    "rotate tuf-targets start",
    "rotate tuf-targets status",
    "rotate tuf-targets resume",
    "rotate tuf-targets undo",
    "rotate tuf-root",
    "rotate tuf-root plan",
    "rotate tuf-root rehearse",
    "rotate tuf-root start",
    "rotate tuf-root status",
    "rotate tuf-root resume",
    "rotate tuf-root undo",
    "rotate tuf-online",
    "rotate tuf-online plan",
    "rotate tuf-online rehearse",
    "rotate tuf-online start",
    "rotate tuf-online status",
    "rotate tuf-online resume",
    "rotate tuf-online undo",
    "rotate admin",
    "rotate admin plan",
    "rotate admin rehearse",
    "rotate admin start",
    "rotate admin status",
    "rotate admin resume",
    "rotate admin undo",
    "rotate admin-ca",
    "rotate admin-ca plan",
    "rotate admin-ca rehearse",
    "rotate admin-ca start",
    "rotate admin-ca status",
    "rotate admin-ca resume",
    "rotate admin-ca undo",
    "rotate tls",
    "rotate tls plan",
    "rotate tls rehearse",
    "rotate tls start",
    "rotate tls status",
    "rotate tls resume",
    "rotate tls undo",
    "kubernetes",
    "kubernetes attach",
    "kubernetes backup",
    "kubernetes begin",
    "kubernetes detach",
    "kubernetes lay-out",
    "kubernetes publish",
    "kubernetes restore",
    "token",
    "sign",
    "verify",
    "explain",
    "export",
    "import",
    "completions",
    "man",
    "version",
];

#[test]
fn the_help_of_every_command_is_the_golden_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    // The ban on reading the environment is about configuration; this switches a test's mode.
    #[expect(clippy::disallowed_methods, reason = "regenerates golden files")]
    let write = std::env::var("SIGCTL_WRITE_HELP").is_ok();
    for command in COMMANDS {
        let help = help_of(command);
        let file = folder.join(format!(
            "{}.txt",
            format!("sigctl {command}").trim().replace(' ', "-")
        ));
        if write {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &help).unwrap();
        }
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            help,
            golden,
            "sigctl {command} --help differs from {}",
            file.display()
        );
    }
}

#[test]
fn every_command_of_the_help_has_a_golden_one() {
    for parent in [
        "",
        "oidc",
        "oidc user",
        "oidc client",
        "oidc group",
        "oidc second-factor",
        "oidc connector",
        "log",
    ] {
        let help = help_of(parent);
        let (_, listed) = help.split_once("\nCommands:\n").unwrap();
        let lines = listed.lines().take_while(|line| !line.is_empty());
        // A long description goes on in a line that is indented further.
        for line in lines.filter(|line| !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap();
            let command = format!("{parent} {name}");
            assert!(
                name == "help" || COMMANDS.contains(&command.trim()),
                "{command}"
            );
        }
    }
}

fn help_of(command: &str) -> String {
    // The width of the terminal that a test happens to run in must not show.
    let output = Command::new(env!("CARGO_BIN_EXE_sigctl"))
        .args(command.split_whitespace())
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
