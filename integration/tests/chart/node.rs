//! A machine that runs the containers of a release as processes: the image's files, read-only, a network of its own, and a
//! user that the image does not know.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sigstead_integration::{run, wait_for};
use tempfile::TempDir;

use super::Objects;
use super::image::Image;
use super::mounted::{GROUP, Mount, Storage};

/// As clusters that choose users themselves choose one.
const USER: &str = "1000690000";

/// A network without any way out, and what runs in it.
pub(crate) struct Node {
    folder: TempDir,
    image: PathBuf,
    /// Holds the network and the names of it.
    holder: Child,
    running: Vec<(String, Child)>,
    /// The authorities that clients outside the pods trust.
    authorities: Option<PathBuf>,
    pub(crate) storage: Storage,
}

impl Node {
    /// `None` where something that it needs is not there. All of `hosts` are this machine.
    pub(crate) fn start(hosts: &[&str]) -> Option<Self> {
        let image = Image::shared()?.unpacked();
        let folder = TempDir::new().unwrap();
        run(Command::new("chmod").arg("755").arg(folder.path())).unwrap();
        write_hosts(folder.path(), hosts.iter().copied());
        let script = "ip link set lo up && mount --bind \"$0\" /etc/hosts && echo ready && exec sleep infinity";
        let mut holder = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", script])
            .arg(folder.path().join("hosts"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let storage = Storage::new(folder.path().join("storage"));
        Some(Self {
            folder,
            image,
            holder,
            running: Vec::new(),
            authorities: None,
            storage,
        })
    }

    /// All of `hosts` are this machine from now on, and no other name is.
    pub(crate) fn rename(&self, hosts: &[String]) {
        write_hosts(self.folder.path(), hosts.iter().map(String::as_str));
    }

    /// A folder for a story's own files.
    pub(crate) fn work(&self) -> &Path {
        self.folder.path()
    }

    /// A command in the network.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--net",
            "--mount",
            "--target",
            &self.holder.id().to_string(),
        ]);
        command.arg(program);
        if let Some(file) = &self.authorities {
            command.env("SSL_CERT_FILE", file);
        }
        command
    }

    /// Has what runs outside the pods trust the authority in a file.
    pub(crate) fn trust(&mut self, authority: &Path) {
        self.authorities = Some(authority.to_owned());
    }

    /// Runs a pod: first what comes before its containers, each to its end, then the containers, until they are ready.
    pub(crate) fn run(&mut self, objects: &Objects, owner: &str, spec: &Value) {
        self.storage.forget(owner);
        for container in spec["initContainers"].as_array().into_iter().flatten() {
            self.run_to_end(objects, owner, spec, container);
        }
        for container in spec["containers"].as_array().unwrap() {
            self.start_container(objects, owner, spec, container);
        }
    }

    /// Runs one container to its end, which must be good, and gives what it printed.
    pub(crate) fn run_to_end(
        &self,
        objects: &Objects,
        owner: &str,
        spec: &Value,
        container: &Value,
    ) -> String {
        let output = run(&mut self.container(objects, owner, spec, container)).unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until every container that runs says that it is ready, by its own probe.
    pub(crate) fn wait_until_ready(&mut self, spec: &Value) {
        for container in spec["containers"].as_array().unwrap() {
            let probe = &container["readinessProbe"]["httpGet"];
            if probe.is_null() {
                continue;
            }
            let ports = container["ports"].as_array().unwrap();
            let port = ports
                .iter()
                .find(|port| port["name"] == probe["port"])
                .unwrap();
            let url = format!(
                "http://127.0.0.1:{}{}",
                port["containerPort"],
                probe["path"].as_str().unwrap()
            );
            let name = container["name"].as_str().unwrap();
            let ready = wait_for(name, || {
                let asked = self.command("curl").args(["-fsS", &url]).output().unwrap();
                asked.status.success()
            });
            ready.unwrap_or_else(|error| panic!("{error}: {}", self.said(name)));
        }
    }

    /// Ends everything that runs, as a kubelet does, and waits for it.
    pub(crate) fn stop(&mut self) {
        for (name, mut child) in std::mem::take(&mut self.running) {
            run(Command::new("kill").arg(child.id().to_string())).unwrap();
            let status = child.wait().unwrap();
            assert!(
                status.success(),
                "{name} ended with {status}: {}",
                self.said(&name)
            );
        }
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    fn start_container(&mut self, objects: &Objects, owner: &str, spec: &Value, container: &Value) {
        let name = container["name"].as_str().unwrap().to_owned();
        let log = fs::File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let mut command = self.container(objects, owner, spec, container);
        let child = command
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running.push((name, child));
    }

    /// The process of a container: its arguments and its environment, nothing of ours.
    pub(crate) fn container(
        &self,
        objects: &Objects,
        owner: &str,
        spec: &Value,
        container: &Value,
    ) -> Command {
        let mounts = self.storage.mounts(objects, owner, spec, container);
        let script = self.script(&mounts, &environment(container));
        let mut command = self.command("unshare");
        command.args(["--mount", "sh", "-c", &script, "sh"]);
        for argument in container["args"].as_array().unwrap() {
            command.arg(argument.as_str().unwrap());
        }
        command.stdin(Stdio::null());
        command
    }

    fn script(&self, mounts: &[Mount], environment: &str) -> String {
        let scratch = self.folder.path().join("scratch");
        fs::create_dir_all(&scratch).unwrap();
        let mut script = Vec::new();
        let (scratch, image) = (scratch.display(), self.image.display());
        writeln!(script, "set -e; r={scratch}; mount -t tmpfs -o mode=755 tmpfs $r; mkdir $r/upper $r/work $r/tree").unwrap();
        writeln!(
            script,
            "mount -t overlay overlay -o lowerdir={image},upperdir=$r/upper,workdir=$r/work $r/tree"
        )
        .unwrap();
        writeln!(script, "mkdir -p $r/tree/dev $r/tree/proc; mount --bind /proc $r/tree/proc; for f in /etc/hosts /dev/null /dev/urandom; do touch $r/tree$f; mount --bind $f $r/tree$f; done").unwrap();
        for mount in mounts {
            let (from, at) = (mount.from.display(), &mount.at);
            writeln!(
                script,
                "mkdir -p $r/tree{at}; mount --bind {from} $r/tree{at}"
            )
            .unwrap();
            if mount.read_only {
                writeln!(script, "mount -o remount,bind,ro $r/tree{at}").unwrap();
            }
        }
        writeln!(script, "mount -o remount,ro $r/tree").unwrap();
        writeln!(
            script,
            "exec env -i PATH=/usr/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt {environment} /usr/sbin/chroot \
             --userspec={USER}:0 --groups={GROUP} $r/tree /usr/bin/sigstead \"$@\""
        )
        .unwrap();
        String::from_utf8(script).unwrap()
    }
}

/// The file is written in place, for it is mounted.
fn write_hosts<'a>(folder: &Path, hosts: impl Iterator<Item = &'a str>) {
    let names = hosts.map(|host| format!("127.0.0.1 {host}\n"));
    let names = format!("127.0.0.1 localhost\n{}", names.collect::<String>());
    fs::write(folder.join("hosts"), names).unwrap();
}

/// The environment of a container, as arguments of `env`.
fn environment(container: &Value) -> String {
    let variables = container["env"].as_array().into_iter().flatten();
    let set = variables.map(|variable| {
        let text = |field: &str| variable[field].as_str().unwrap();
        format!("{}='{}'", text("name"), text("value"))
    });
    set.collect::<Vec<_>>().join(" ")
}

impl Drop for Node {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
