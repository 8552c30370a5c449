//! The image, assembled from the programs of this build, and unpacked as a container runtime does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use sigstead_integration::{client, remove_after_us, run, sigctl};
use tempfile::TempDir;

/// An image of the programs that the tests were built with.
pub(crate) struct Image {
    folder: TempDir,
    /// What `assemble.py` says that its manifest is.
    pub(crate) digest: String,
    unpacked: OnceLock<PathBuf>,
}

impl Image {
    /// The image of this run; `None` where something that it needs is not there.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Image>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let image = Self::assemble()?;
            remove_after_us(image.folder.path()).unwrap();
            Some(image)
        });
        shared.as_ref()
    }

    /// Assembles an image.
    pub(crate) fn assemble() -> Option<Self> {
        let (image, said) = Self::assemble_with(&[])?;
        assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
        Some(image)
    }

    /// The same with more arguments. Programs of a test's build are large, so they go without what only debuggers read.
    fn assemble_with(more: &[&str]) -> Option<(Self, Output)> {
        let debian = client::debian()?;
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("sigstead");
        let built = PathBuf::from(sigctl().get_program()).with_file_name("sigstead");
        run(Command::new("strip").arg("-o").args([&program, &built])).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let assembled = Command::new("python3")
            .arg(root.join("integration/image/assemble.py"))
            .args([&program, &debian])
            .arg(folder.path().join("image.tar"))
            .args(["--seconds-since-epoch", "1700000000"])
            .args(more)
            .current_dir(root)
            .output()
            .unwrap();
        fs::remove_file(&program).unwrap();
        let digest = String::from_utf8_lossy(&assembled.stdout);
        let image = Self {
            digest: digest.trim().to_owned(),
            unpacked: OnceLock::new(),
            folder,
        };
        Some((image, assembled))
    }

    /// The archive.
    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.path().join("image.tar")
    }

    /// What is in the image, as it says itself.
    pub(crate) fn sbom(&self) -> Value {
        let file = self.folder.path().join("image.tar.spdx.json");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// The files of the image: the layout is followed from its index to its layers, and each digest is checked.
    pub(crate) fn unpacked(&self) -> PathBuf {
        self.unpacked.get_or_init(|| self.unpack()).clone()
    }

    fn unpack(&self) -> PathBuf {
        let (root, layout) = (self.folder.path().join("root"), self.layout());
        fs::create_dir(&root).unwrap();
        fs::create_dir(&layout).unwrap();
        run(Command::new("tar")
            .arg("-xf")
            .arg(self.archive())
            .arg("-C")
            .arg(&layout))
        .unwrap();
        for layer in self.manifest()["layers"].as_array().unwrap() {
            blob(&layout, layer);
            let packed = layout.join(path(layer));
            run(Command::new("tar")
                .arg("-xzpf")
                .arg(packed)
                .arg("-C")
                .arg(&root))
            .unwrap();
        }
        root
    }

    fn layout(&self) -> PathBuf {
        self.folder.path().join("layout")
    }

    fn manifest(&self) -> Value {
        let index = fs::read(self.layout().join("index.json")).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        assert_eq!(index["manifests"][0]["digest"], self.digest.as_str());
        serde_json::from_slice(&blob(&self.layout(), &index["manifests"][0])).unwrap()
    }

    /// The settings of the image.
    pub(crate) fn config(&self) -> Value {
        self.unpacked();
        serde_json::from_slice(&blob(&self.layout(), &self.manifest()["config"])).unwrap()
    }
}

fn path(descriptor: &Value) -> String {
    format!(
        "blobs/{}",
        descriptor["digest"].as_str().unwrap().replace(':', "/")
    )
}

fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    use sha2::Digest as _;
    let bytes = fs::read(layout.join(path(descriptor))).unwrap();
    let digest: String = sha2::Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(descriptor["digest"], format!("sha256:{digest}"));
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}

#[test]
fn an_image_is_assembled_twice_to_the_same_digest_and_says_what_is_in_it() {
    let (Some(first), Some(again)) = (Image::shared(), Image::assemble()) else {
        return;
    };
    assert_eq!(first.digest, again.digest);
    assert_eq!(
        fs::read(first.archive()).unwrap(),
        fs::read(again.archive()).unwrap()
    );
    let settings = first.config();
    assert_eq!(settings["config"]["User"], "65532");
    assert_eq!(settings["config"]["Entrypoint"][0], "/usr/bin/sigstead");
    let sbom = first.sbom();
    let names: Vec<_> = sbom["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    for name in ["sigstead", "rustls", "tokio", "libc6", "ca-certificates"] {
        assert!(names.contains(&name), "{name}");
    }
    // What only tests use is not in the program.
    assert!(!names.contains(&"tempfile") && !names.contains(&"sigstead-test-support"));
}

#[test]
fn an_image_that_is_too_large_is_not_written() {
    let Some((image, said)) = Image::assemble_with(&["--at-most-mib", "1"]) else {
        return;
    };
    assert!(!said.status.success());
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("and may have 1"), "{said}");
    assert!(!image.archive().exists());
}
