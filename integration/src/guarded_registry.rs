//! A registry for container images behind TLS and a password, by the program of the Distribution project.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{free_ports, run, wait_for};

/// A registry that lists no referrers; it ends when it goes.
pub struct GuardedRegistry {
    process: Child,
    address: String,
    folder: TempDir,
}

impl GuardedRegistry {
    /// Who may use it.
    pub const USER: &str = "clerk";
    /// That user's password.
    pub const PASSWORD: &str = "courier and clerk";

    /// Starts a registry and waits until it answers.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(program: &Path) -> Result<Self> {
        let folder = TempDir::new()?;
        let address = format!("localhost:{}", free_ports(1)?);
        let path = |name: &str| folder.path().join(name);
        run(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args([
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
                "-days",
                "2",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(path("key.pem"))
            .arg("-out")
            .arg(path("authority.pem")))?;
        std::fs::write(path("users"), format!("{}:{HASH}\n", Self::USER))?;
        let config = serde_json::json!({
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": path("data")}},
            "http": {"addr": address, "tls": {"certificate": path("authority.pem"), "key": path("key.pem")}},
            "auth": {"htpasswd": {"realm": "inside", "path": path("users")}},
        });
        std::fs::write(path("config.yaml"), config.to_string())?;
        let process = Command::new(program)
            .arg("serve")
            .arg(path("config.yaml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("docker-registry does not start")?;
        let registry = Self {
            process,
            address,
            folder,
        };
        wait_for("the registry", || {
            TcpStream::connect(&registry.address).is_ok()
        })?;
        Ok(registry)
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The authority that vouches for it.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }
}

impl Drop for GuardedRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// That of the password, by bcrypt at its lowest cost.
const HASH: &str = "$2b$05$yaV4mbmtsrlw7y39H/7uTuSb9MgSQE1iF3PNECDByXIkAkyQk7q0m";
