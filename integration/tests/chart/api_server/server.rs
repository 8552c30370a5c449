//! An API server of Kubernetes and its store, on loopback. There is no kubelet and no controller: objects are admitted and
//! stored, and nothing runs.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use sigstead_integration::{client, free_ports, run, wait_for};
use tempfile::TempDir;

/// The server. It ends when it goes.
pub(crate) struct ApiServer {
    folder: TempDir,
    programs: PathBuf,
    url: String,
    running: Vec<Child>,
}

impl ApiServer {
    /// Starts it and waits until it is ready; `None` where it is not asked for.
    pub(crate) fn start() -> Option<Self> {
        let (programs, openssl) = (client::kubernetes()?, client::openssl()?);
        let first = free_ports(3).unwrap();
        let mut server = Self {
            folder: TempDir::new().unwrap(),
            programs,
            url: format!("https://127.0.0.1:{}", first + 2),
            running: Vec::new(),
        };
        server.store(first);
        server.api(first, &openssl);
        Some(server)
    }

    /// etcd, which need not survive anything.
    fn store(&mut self, first: u16) {
        let (clients, peers) = (at(first), at(first + 1));
        let mut etcd = Command::new(self.programs.join("bin/etcd"));
        etcd.arg("--data-dir").arg(self.path("etcd"));
        etcd.args([
            "--unsafe-no-fsync",
            "--logger",
            "zap",
            "--log-level",
            "error",
        ]);
        etcd.args(["--listen-client-urls", &clients])
            .args(["--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers])
            .args(["--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}")]);
        self.begin("etcd", etcd);
        wait_for("etcd", || TcpStream::connect(("127.0.0.1", first)).is_ok()).unwrap();
    }

    fn api(&mut self, first: u16, openssl: &Path) {
        let (key, public) = (self.path("accounts.key"), self.path("accounts.pub"));
        let made = ["genpkey", "-algorithm", "RSA", "-out"];
        run(Command::new(openssl).args(made).arg(&key)).unwrap();
        let made = ["pkey", "-pubout", "-in"];
        run(Command::new(openssl)
            .args(made)
            .arg(&key)
            .arg("-out")
            .arg(&public))
        .unwrap();
        let token = random(openssl);
        fs::write(
            self.path("tokens"),
            format!("{token},admin,1,\"system:masters\"\n"),
        )
        .unwrap();
        let mut api = Command::new(self.programs.join("bin/kube-apiserver"));
        api.args(["--etcd-servers", &at(first), "--bind-address", "127.0.0.1"])
            .args(["--secure-port", &(first + 2).to_string()])
            // Nobody looks for it by the name of its Service.
            .args([
                "--endpoint-reconciler-type",
                "none",
                "--advertise-address",
                "10.0.0.2",
            ])
            .args([
                "--service-cluster-ip-range",
                "10.1.0.0/16",
                "--authorization-mode",
                "RBAC",
            ])
            .args([
                "--service-account-issuer",
                "https://kubernetes.default.svc.cluster.local",
            ]);
        for (option, name) in [
            ("--cert-dir", "certificates"),
            ("--token-auth-file", "tokens"),
            ("--service-account-key-file", "accounts.pub"),
            ("--service-account-signing-key-file", "accounts.key"),
        ] {
            api.arg(option).arg(self.path(name));
        }
        self.begin("kube-apiserver", api);
        self.know("admin", &token);
        let ready = wait_for("the API server", || {
            self.kubectl("admin", &["get", "--raw", "/readyz"])
                .status
                .success()
        });
        ready.unwrap_or_else(|error| panic!("{error}: {}", self.said("kube-apiserver")));
    }

    fn begin(&mut self, name: &str, mut command: Command) {
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let both = log.try_clone().unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(both)
            .stderr(log)
            .spawn()
            .unwrap();
        self.running.push(child);
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    /// Lets `kubectl` and Helm be the user of a token.
    pub(crate) fn know(&self, user: &str, token: &str) {
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "only",
            "clusters": [{"name": "only", "cluster": {
                "server": self.url, "certificate-authority": self.path("certificates/apiserver.crt"),
            }}],
            "users": [{"name": "only", "user": {"token": token}}],
            "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
        });
        fs::write(self.config(user), config.to_string()).unwrap();
    }

    /// Where `kubectl` and Helm read who they are.
    pub(crate) fn config(&self, user: &str) -> PathBuf {
        self.path(&format!("{user}.kubeconfig"))
    }

    /// Runs `kubectl` as a user.
    pub(crate) fn kubectl(&self, user: &str, arguments: &[&str]) -> Output {
        self.command(user).args(arguments).output().unwrap()
    }

    /// The same, which must succeed; what it printed.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let output = run(self.command("admin").args(arguments)).unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `kubectl` with something on its standard input.
    pub(crate) fn tell(&self, arguments: &[&str], text: &str) -> Output {
        self.tell_as("admin", arguments, text)
    }

    /// The same as another user.
    pub(crate) fn tell_as(&self, user: &str, arguments: &[&str], text: &str) -> Output {
        let mut command = self.command(user);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Makes a namespace in which only pods of the restricted profile may be, and tells of others that are asked for. It has the
    /// account that controllers make in each.
    pub(crate) fn namespace(&self, name: &str) {
        self.ask(&["create", "namespace", name]);
        self.ask(&["--namespace", name, "create", "serviceaccount", "default"]);
        let modes = ["enforce", "warn", "audit"];
        let labels = modes.map(|mode| format!("pod-security.kubernetes.io/{mode}=restricted"));
        let mut arguments = vec!["label", "namespace", name];
        arguments.extend(labels.iter().map(String::as_str));
        self.ask(&arguments);
    }

    /// Where its programs are, in `bin`.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    fn command(&self, user: &str) -> Command {
        let mut command = Command::new(self.programs.join("bin/kubectl"));
        command
            .env("KUBECONFIG", self.config(user))
            .env("HOME", self.folder.path());
        command
    }

    /// A file of the test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // The store last, so that the server does not ask for what is gone.
        for child in self.running.iter_mut().rev() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn at(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn random(openssl: &Path) -> String {
    let output = run(Command::new(openssl).args(["rand", "-hex", "16"])).unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
