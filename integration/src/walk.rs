//! The official clients of TUF, each as one that has nothing but an old root.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::instance::{Instance, run};
use crate::{client, sigstore_python};

/// Has each client that is installed walk from `root` to what is published now.
///
/// # Errors
/// If one of them does not arrive.
pub fn walk_from(instance: &Instance, root: &Path) -> Result<()> {
    walk_at(&instance.url("tuf"), root, instance.work())
}

/// The same of the repository that is served at `url`. What clients keep is made in the folder `work`.
///
/// # Errors
/// If one of them does not arrive.
pub fn walk_at(url: &str, root: &Path, work: &Path) -> Result<()> {
    if let Some(python) = client::python() {
        let script = client::script("tuf_client.py");
        run(Command::new(python).arg(script).arg(url).arg(root))?;
    }
    let cache = tempfile::tempdir_in(work)?;
    if let Some(cosign) = client::cosign() {
        let mut cosign = Command::new(cosign);
        cosign.env("TUF_ROOT", cache.path());
        cosign.args(["initialize", "--mirror", url, "--root"]);
        run(cosign.arg(root))?;
    }
    if let Some(js) = client::sigstore_js() {
        let mut node = Command::new(&js.node);
        node.arg(client::script("tuf_client.mjs")).arg(&js.modules);
        run(node.arg(url).arg(root).arg(cache.path().join("js")))?;
    }
    if let Some(python) = client::sigstore_python() {
        let at_home = || sigstore_python::at_home(&python, cache.path());
        sigstore_python::trust(at_home, url, root)?;
    }
    Ok(())
}
