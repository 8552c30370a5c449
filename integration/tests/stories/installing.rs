//! The commands of the page about installing, as they are printed there.

use std::process::Command;

use sigstead_integration::{run, sigctl};

#[test]
fn the_commands_of_the_page_run_as_they_are_printed() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/installing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let commands: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert!(commands.len() > 5, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    let program = sigctl();
    let programs = std::path::Path::new(program.get_program())
        .parent()
        .unwrap();
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display());
    let shell = |line: &str| {
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", line])
            .current_dir(folder.path())
            .env("PATH", &path);
        shell
    };
    let results: Vec<_> = commands.iter().map(|line| run(&mut shell(line))).collect();
    // Whatever failed, nothing stays behind.
    let _ = shell("sigctl down demo").output();
    for result in results {
        result.unwrap();
    }
    let printed = std::fs::read_to_string(folder.path().join("sigstead.conf")).unwrap();
    for name in ["oidc", "ca", "rekor", "tsa", "tuf"] {
        assert!(
            printed.contains(&format!("server_name {name}.sig.example")),
            "{printed}"
        );
    }
    let printed = std::fs::read_to_string(folder.path().join("single.conf")).unwrap();
    for port in 9443..9449 {
        assert!(
            printed.contains(&format!("listen {port} ssl http2;")),
            "{printed}"
        );
    }
}
