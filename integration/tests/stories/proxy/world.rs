//! A network of its own: an instance, nginx in front of it, and callers at addresses of their own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl, wait_for};

/// An instance that runs behind nginx.
pub(crate) struct World {
    pub(crate) instance: Instance,
    nginx: Child,
    /// Holds the network and the file of host names; both go when it ends, and it ends when its input does.
    space: Child,
}

/// Where nginx is. Callers have the addresses behind it.
pub(crate) const PROXY: &str = "192.0.2.1";
/// Two callers.
pub(crate) const STRANGER: &str = "192.0.2.66";
pub(crate) const PERSON_AT: &str = "192.0.2.7";
/// Names below it are longer than nginx has room for by itself.
pub(crate) const LONG_DOMAIN: &str =
    "sig.the-department-that-builds-and-signs-what-we-ship.a-company-with-a-long-name.example";

impl World {
    /// Makes and starts an instance and the proxy that its own command configures, or skips visibly.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Option<Self> {
        let nginx = client::nginx()?;
        client::namespaces()?;
        let instance = Instance::create(name, arguments).unwrap();
        make_certificates(instance.work());
        let hosts = instance.work().join("hosts");
        let mut names = host_names(&instance).join(" ");
        names.push_str(" sig.example");
        std::fs::write(&hosts, format!("127.0.0.1 localhost\n{PROXY} {names}\n")).unwrap();
        let space = space(&hosts);
        let configuration = configure(&instance);
        let nginx = enter(&space, Command::new(nginx).arg("-c").arg(configuration))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let world = Self {
            instance,
            nginx,
            space,
        };
        run(&mut world.inside(
            sigctl()
                .args(["up", "--detach"])
                .arg(world.instance.directory()),
        ))
        .unwrap();
        let health = format!("{}/healthz", world.instance.url("ca"));
        wait_for("the proxy", || {
            world.curl(PERSON_AT, &["-f", &health]).is_ok()
        })
        .unwrap();
        Some(world)
    }

    /// A command as it runs in this network.
    pub(crate) fn inside(&self, command: &Command) -> Command {
        enter(&self.space, command)
    }

    /// A program that trusts the authority of the proxy's certificate.
    pub(crate) fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            command.env(name, self.authority());
        }
        command
    }

    /// The authority of the proxy's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.instance.work().join("ca.pem")
    }

    /// What curl prints for a caller at an address.
    pub(crate) fn curl(&self, from: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "--max-time", "30", "--interface", from, "--cacert"]);
        curl.arg(self.authority()).args(arguments);
        let output = run(&mut self.inside(&curl))?;
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Whatever is gone already needs no end.
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
        let _ = self.instance.down();
        let _ = self.space.kill();
        let _ = self.space.wait();
    }
}

/// A network and a file of host names that only those who enter see.
fn space(hosts: &Path) -> Child {
    let script = format!(
        "ip link set lo up && for each in {PROXY} {STRANGER} {PERSON_AT}; do ip addr add $each/32 dev lo || exit; done \
         && mount --bind \"$1\" /etc/hosts && echo ready && exec cat >/dev/null"
    );
    let mut space = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--net"])
        .args(["sh", "-c", &script, "space"])
        .arg(hosts)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let output = space.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    space
}

fn enter(space: &Child, command: &Command) -> Command {
    let mut inside = Command::new("nsenter");
    inside
        .args(["--target", &space.id().to_string()])
        .args(["--user", "--mount", "--net", "--preserve-credentials", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside
}

/// The hosts of all URLs that clients are given, and of the log that is opened next.
fn host_names(instance: &Instance) -> Vec<String> {
    let host = |url: &str| {
        let rest = url.split_once("://").unwrap().1;
        rest.split([':', '/']).next().unwrap().to_owned()
    };
    let mut names: Vec<_> = sigstead_integration::SERVICES
        .iter()
        .map(|service| host(&instance.url(service)))
        .collect();
    let root = std::fs::read(instance.kit("trusted_root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    for log in ["tlogs", "ctlogs"] {
        for log in root[log].as_array().unwrap() {
            let name = host(log["baseUrl"].as_str().unwrap());
            names.push(name.replace("-1.", "-2."));
            names.push(name);
        }
    }
    names
}

/// A main configuration of nginx around that which `sigctl` prints.
fn configure(instance: &Instance) -> PathBuf {
    let folder = instance.work();
    let printed = run(sigctl()
        .args(["proxy", "nginx"])
        .arg(instance.directory())
        .arg("--certificate")
        .arg(folder.join("proxy.pem"))
        .arg("--key")
        .arg(folder.join("proxy.key")))
    .unwrap();
    std::fs::write(folder.join("sigstead.conf"), printed.stdout).unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()));
    let main = format!(
        "user root root;\ndaemon off;\nmaster_process off;\npid {0}/nginx.pid;\nerror_log {0}/nginx-error.log;\nevents {{}}\nhttp {{\n  \
         access_log {0}/nginx-access.log;\n{1}  include {0}/sigstead.conf;\n}}\n",
        folder.display(),
        temporary.concat()
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, main).unwrap();
    path
}

/// An authority that lives as long as the story, and the proxy's certificate for every name.
fn make_certificates(folder: &Path) {
    let openssl = |line: &str| {
        run(Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(folder))
        .unwrap();
    };
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj";
    openssl(&format!(
        "req -x509 {new} /CN=throw-away -days 1 -keyout ca.key -out ca.pem"
    ));
    openssl(&format!(
        "req {new} /CN=proxy -keyout proxy.key -out proxy.csr"
    ));
    std::fs::write(
        folder.join("proxy.ext"),
        format!("subjectAltName=DNS:sig.example,DNS:*.sig.example,DNS:*.{LONG_DOMAIN}\n"),
    )
    .unwrap();
    openssl(
        "x509 -req -in proxy.csr -CA ca.pem -CAkey ca.key -days 1 -extfile proxy.ext -out proxy.pem",
    );
}
