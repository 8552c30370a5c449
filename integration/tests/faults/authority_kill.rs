//! The certificate authority, killed by strace when it comes to a call on a file.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use sigstead_integration::{Instance, wait_for};

use crate::caller::{Caller, Certified};
use crate::tools::built;

/// Where the process ends.
pub(crate) struct Kill {
    pub(crate) file: PathBuf,
    /// `write` or `fdatasync`; it does not happen, or it has not told.
    pub(crate) call: &'static str,
    /// At which of these calls on the file, from 1.
    pub(crate) when: usize,
}

impl Kill {
    /// Has the authority killed in an issuance for `token`, and started again.
    pub(crate) fn within_an_issuance(
        &self,
        instance: &Instance,
        caller: &Caller,
        token: &str,
        email: &str,
    ) {
        instance.kill("ca").unwrap();
        let mut authority = self.authority(instance);
        wait_for("the authority", || {
            let ready = caller.ops("/readyz");
            ready.is_some_and(|(status, _)| status == 200)
        })
        .unwrap();
        let answer = caller.certify_with(token, email);
        assert_eq!(answer, Certified::Lost, "{} {}", self.call, self.when);
        assert!(!authority.wait().unwrap().success());
        instance.up().unwrap();
    }

    fn authority(&self, instance: &Instance) -> Child {
        let inject = format!("inject={}:signal=KILL:when={}", self.call, self.when);
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-qq", "-s", "0", "-e", "trace=write,fdatasync"]);
        command.args(["-e", &inject, "-o"]);
        command.arg(instance.work().join("trace"));
        command.arg("-P").arg(&self.file);
        command.arg(built("sigstead-ca")).arg("--config");
        command
            .arg(instance.directory().join("ca/config.yaml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}
