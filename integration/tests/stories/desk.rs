//! A person at a terminal, with a browser that clients open.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sigstead_integration::{Instance, client, run};
use tempfile::TempDir;

/// The terminal and the browser.
pub(crate) struct Desk {
    /// Has the browser of the system in it, which is a script that does what a person does.
    browser: TempDir,
}

impl Desk {
    /// A desk whose browser is a script of `integration/clients`, which is given the page and then `words`.
    pub(crate) fn with(python: &Path, script: &str, words: &[&str]) -> Self {
        let desk = Self {
            browser: tempfile::tempdir().unwrap(),
        };
        desk.install_browser(python, script, words);
        desk
    }

    /// A program of the name that clients start for a page. It does not wait for the person, as a desktop does not.
    fn install_browser(&self, python: &Path, script: &str, words: &[&str]) {
        let program = self.browser.path().join("xdg-open");
        let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let script = format!(
            "#!/bin/sh\nsetsid '{}' '{}' \"$1\" {} >>'{}/log' 2>&1 </dev/null &\n",
            python.display(),
            client::script(script).display(),
            words.join(" "),
            self.browser.path().display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Types a command at a terminal in the working folder of an instance, with these programs installed: one of its own
    /// name, or Node and the folder of the modules of sigstore-js.
    pub(crate) fn types(&self, instance: &Instance, command: &str, programs: &[&PathBuf]) {
        let command = match programs {
            [node, modules] => command.replace(
                "npx @sigstore/cli",
                &format!(
                    "{} {}/node_modules/.bin/sigstore",
                    node.display(),
                    modules.display()
                ),
            ),
            _ => command.to_owned(),
        };
        let file = self.browser.path().join("typed.sh");
        std::fs::write(&file, command).unwrap();
        let mut path = self.browser.path().as_os_str().to_owned();
        path.push(":");
        path.push(programs[0].parent().unwrap());
        path.push(":/usr/bin:/bin");
        let terminal = format!("timeout 300 sh -ex '{}'", file.display());
        let typed = run(Command::new("script")
            .args(["--quiet", "--return", "--command", &terminal, "/dev/null"])
            .current_dir(instance.work())
            .stdin(Stdio::null())
            .env("PATH", path)
            .env("BROWSER", self.browser.path().join("xdg-open"))
            .env_remove("CI"));
        let log = std::fs::read_to_string(self.browser.path().join("log"));
        let log = log.unwrap_or_default();
        assert!(typed.is_ok(), "{typed:?}\n{log}");
    }
}
