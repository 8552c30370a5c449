//! litewitness, a witness that is not ours (C2SP tlog-witness). Its key lies in an SSH agent, its memory in a database.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sigstead_integration::{client, free_ports, run, wait_for};

/// A witness of one log; its processes end when it goes.
pub(crate) struct Litewitness {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    agent: Child,
    process: Option<Child>,
    vkey: String,
}

impl Litewitness {
    /// A witness that has seen nothing, or a visible skip.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let program = client::litewitness()?;
        let folder = folder.join("witness");
        std::fs::create_dir(&folder).unwrap();
        let agent = agent(&folder);
        let mut witness = Self {
            program,
            port: free_ports(1).unwrap(),
            folder,
            agent,
            process: None,
            vkey: String::new(),
        };
        witness.start();
        let printed = witness.printed();
        let (_, vkey) = printed.split_once("vkey=").unwrap();
        witness.vkey = vkey
            .split_whitespace()
            .next()
            .unwrap()
            .trim_matches('"')
            .to_owned();
        Some(witness)
    }

    /// Has it know a log, of which it has seen nothing yet.
    pub(crate) fn know(&self, origin: &str, vkey: &str) {
        let script = "import sqlite3, sys\n\
                      db = sqlite3.connect(sys.argv[1])\n\
                      empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\n\
                      db.execute('INSERT INTO log(origin,tree_size,tree_hash) VALUES(?,0,?)', (sys.argv[2], empty))\n\
                      db.execute('INSERT INTO key(origin,key) VALUES(?,?)', (sys.argv[2], sys.argv[3]))\n\
                      db.commit()\n";
        let database = self.folder.join("witness.db");
        run(Command::new("python3")
            .args(["-c", script])
            .arg(database)
            .args([origin, vkey]))
        .unwrap();
    }

    /// A policy to which this witness suffices.
    pub(crate) fn policy(&self) -> String {
        let (vkey, port) = (&self.vkey, self.port);
        format!("witness w1 {vkey} http://127.0.0.1:{port}/\nquorum w1\n")
    }

    /// Its verifier key.
    pub(crate) fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Lets it answer again.
    pub(crate) fn start(&mut self) {
        let output = File::create(self.output()).unwrap();
        let process = Command::new(&self.program)
            .args(["-name", NAME, "-db"])
            .arg(self.folder.join("witness.db"))
            .args(["-key", &fingerprint(&self.folder), "-ssh-agent"])
            .arg(socket(&self.folder))
            .args(["-listen", &format!("127.0.0.1:{}", self.port)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn();
        self.process = Some(process.unwrap());
        wait_for("litewitness", || self.printed().contains("listening"))
            .unwrap_or_else(|error| panic!("{error:#}\n{}", self.printed()));
    }

    /// Ends it, until it is started again.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(self.output()).unwrap()
    }

    fn output(&self) -> PathBuf {
        self.folder.join("witness.log")
    }
}

impl Drop for Litewitness {
    fn drop(&mut self) {
        self.stop();
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// An agent that holds a new key.
fn agent(folder: &Path) -> Child {
    let key = folder.join("key");
    run(Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key))
    .unwrap();
    let agent = Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(socket(folder))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("ssh-agent", || socket(folder).exists()).unwrap();
    run(Command::new("ssh-add")
        .arg(&key)
        .env("SSH_AUTH_SOCK", socket(folder)))
    .unwrap();
    agent
}

fn fingerprint(folder: &Path) -> String {
    let listed = run(Command::new("ssh-keygen")
        .arg("-lf")
        .arg(folder.join("key.pub")))
    .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split_whitespace().nth(1).unwrap().to_owned()
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("agent.sock")
}

const NAME: &str = "witness.example.com/w1";
