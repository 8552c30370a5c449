//! A file system in a file, which can be filled, and can lose its power.

use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{run, wait_for};
use tempfile::TempDir;

use crate::tools::{present, program};

/// A mounted file system; it is unmounted when it goes.
pub(crate) struct Disk {
    image: PathBuf,
    mount: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// A new ext4 of so many MiB, or a visible skip where there is no right to mount one.
    pub(crate) fn new(mebibytes: u64) -> Option<Self> {
        program("python3")?;
        let folder = TempDir::new().unwrap();
        let (image, mount) = (folder.path().join("image"), folder.path().join("mount"));
        std::fs::create_dir(&mount).unwrap();
        let file = std::fs::File::create(&image).unwrap();
        file.set_len(mebibytes << 20).unwrap();
        let made = run(Command::new("mkfs.ext4").arg("-q").arg(&image));
        present("mkfs.ext4", made.is_ok())?;
        let disk = Self {
            image,
            mount,
            _folder: folder,
        };
        present(
            "the right to mount an image by a loop device",
            disk.mount().is_ok(),
        )?;
        Some(disk)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.mount
    }

    /// Everything that was not synced is lost, and from now on each call to the file system fails.
    ///
    /// The request is `FS_IOC_SHUTDOWN` with the flag that the file system's own journal is not written either.
    pub(crate) fn cut_power(&self) {
        let script = "import fcntl, os, struct, sys\n\
             fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        run(Command::new("python3")
            .args(["-c", script])
            .arg(&self.mount))
        .unwrap();
    }

    /// What a machine does that comes up again. No process may use the disk.
    pub(crate) fn come_up(&self) {
        wait_for("the unmounting", || self.unmount().is_ok()).unwrap();
        self.mount().unwrap();
    }

    fn mount(&self) -> anyhow::Result<()> {
        let mut command = Command::new("mount");
        command.args(["-t", "ext4", "-o", "loop"]);
        run(command.arg(&self.image).arg(&self.mount)).map(drop)
    }

    fn unmount(&self) -> anyhow::Result<()> {
        run(Command::new("umount").arg(&self.mount)).map(drop)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A test that failed may leave it in use; then it goes with its last user.
        if self.unmount().is_err() {
            let _ = run(Command::new("umount").arg("-l").arg(&self.mount));
        }
    }
}
