//! A registry for container images on this machine, as crane has it in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{free_ports, run, wait_for};

/// A registry; it ends when it goes.
pub struct Registry {
    process: Child,
    address: String,
    crane: PathBuf,
    folder: TempDir,
}

impl Registry {
    /// Starts a registry and waits until it answers.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(crane: &Path) -> Result<Self> {
        let address = format!("localhost:{}", free_ports(1)?);
        let process = Command::new(crane)
            .args(["registry", "serve", "--address", &address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("crane does not start")?;
        let registry = Self {
            process,
            address,
            crane: crane.to_owned(),
            folder: TempDir::new()?,
        };
        wait_for("the registry", || {
            std::net::TcpStream::connect(&registry.address).is_ok()
        })?;
        Ok(registry)
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Pushes an image of one small layer and gives its reference by digest.
    ///
    /// # Errors
    /// If the registry refuses it.
    pub fn push_image(&self, name: &str) -> Result<String> {
        let content = self.folder.path().join(name);
        std::fs::write(&content, name)?;
        let layer = self.folder.path().join(format!("{name}.tar"));
        run(Command::new("tar")
            .arg("-cf")
            .arg(&layer)
            .arg("-C")
            .arg(self.folder.path())
            .arg(name))?;
        let tag = format!("{}/{name}:latest", self.address);
        let pushed = run(Command::new(&self.crane)
            .args(["append", "--insecure", "--new_tag", &tag, "--new_layer"])
            .arg(&layer))?;
        Ok(String::from_utf8(pushed.stdout)?.trim().to_owned())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
