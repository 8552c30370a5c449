//! The page about a first signature, on a machine that has the one program, cosign, and nothing else of all this.

use std::fs::{copy, create_dir, write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sigstead_integration::{Unshare, client, run, sigctl, unshare};
use tempfile::TempDir;

use crate::verifying::{blocks, printed};

#[test]
fn one_copied_program_signs_by_the_commands_of_the_page() {
    let (Some(cosign), Some(unshare)) = (client::cosign(), unshare()) else {
        return;
    };
    let blocks = blocks("first-signature.md");
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    let machine = Machine::new();
    let began = Instant::now();
    copy(&machine.built, machine.path("sigstead")).unwrap();
    let output = run(&mut machine.shell(unshare, &cosign, &blocks.concat())).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{seconds:.1} s from the copy of the program to the end of the page");
    let said = printed(&output);
    assert!(said.contains("Verified OK"), "{said}");
    assert!(said.contains("stopped 6 services"), "{said}");

    // What was verified is this file, signed here.
    write(machine.path("release.txt"), "another release\n").unwrap();
    let (_, verify) = blocks[1].split_once("cosign verify-blob").unwrap();
    let verify = format!("cosign verify-blob{verify}");
    let refused = machine.shell(unshare, &cosign, &verify).output().unwrap();
    assert!(!refused.status.success(), "{}", printed(&refused));
}

/// A machine without a source, a network or a home with anything in it.
struct Machine {
    folder: TempDir,
    /// The program as it was built, before it is copied here.
    built: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let built = PathBuf::from(sigctl().get_program()).with_file_name("sigstead");
        let folder = TempDir::new().unwrap();
        for name in ["bin", "home", "work"] {
            create_dir(folder.path().join(name)).unwrap();
        }
        // The place at which the machine has cosign.
        write(folder.path().join("bin/cosign"), "").unwrap();
        Self { folder, built }
    }

    /// A file of the folder in which the page begins.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Runs commands, until one fails, where the source and the other programs cannot be seen. Nothing of them goes on.
    fn shell(&self, unshare: Unshare, cosign: &Path, commands: &str) -> Command {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let script = format!(
            "ip link set lo up
mount --bind \"$1\" \"$PWD/../bin/cosign\"
mount -t tmpfs none \"$2\"
test ! -d \"$3\" || mount -t tmpfs none \"$3\"
PATH=\"$PWD/../bin:/usr/bin:/bin\"
trap './sigstead ctl down demo' EXIT
{commands}"
        );
        let mut command = unshare.with_network();
        command
            .args(["sh", "-exc", &script, "sh"])
            .arg(cosign)
            .args([self.built.parent().unwrap(), source])
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }
}
