//! Programs that are not ours, as `make clients` and the system's packages install them.

use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_test_support::Need;

/// The pinned cosign.
#[must_use]
pub fn cosign() -> Option<PathBuf> {
    installed("cosign", clients().join("bin/cosign"))
}

/// The pinned cosign of the generation before, which speaks Rekor v1.
#[must_use]
pub fn cosign_2() -> Option<PathBuf> {
    installed("cosign 2", clients().join("cosign2/cosign"))
}

/// The pinned command-line client of Rekor v1.
#[must_use]
pub fn rekor_cli() -> Option<PathBuf> {
    installed("rekor-cli", clients().join("bin/rekor-cli"))
}

/// The pinned Helm.
#[must_use]
pub fn helm() -> Option<PathBuf> {
    let program = clients().join("bin/helm");
    present("helm", program.exists()).map(|()| program)
}

/// Prometheus' own checker of rules and measures.
#[must_use]
pub fn promtool() -> Option<PathBuf> {
    installed("promtool", clients().join("bin/promtool"))
}

/// Compose, which reads its files without a container engine.
#[must_use]
pub fn docker_compose() -> Option<PathBuf> {
    let answers = Command::new("docker-compose").arg("version").output();
    let is_there = answers.is_ok_and(|output| output.status.success());
    let need = Need {
        name: "docker-compose",
        remedy: "make packages, as root",
    };
    need.check(is_there)
        .map(|()| PathBuf::from("docker-compose"))
}

/// The program that decodes Kubernetes objects with the API server's types.
#[must_use]
pub fn kubernetes_decode() -> Option<PathBuf> {
    let program = clients().join("bin/kubernetes-decode");
    present("kubernetes-decode", program.exists()).map(|()| program)
}

/// The program that says whether a policy of containers/image lets an image in.
#[must_use]
pub fn containers_policy() -> Option<PathBuf> {
    let program = clients().join("bin/containers-policy");
    present("containers-policy", program.exists()).map(|()| program)
}

/// The pinned tester of policies for the policy-controller of Sigstore.
#[must_use]
pub fn policy_tester() -> Option<PathBuf> {
    let program = clients().join("bin/policy-tester");
    present("policy-tester", program.exists()).map(|()| program)
}

/// The folder of what the pinned policy-controller of Sigstore tells a cluster of its objects.
#[must_use]
pub fn policy_controller() -> Option<PathBuf> {
    let folder = clients().join("policy-controller");
    let is_filled = folder.join("300-trustroot.yaml").exists();
    present("the policy-controller", is_filled).map(|()| folder)
}

/// The program that decodes policies with the types of Kyverno and Flux.
#[must_use]
pub fn policies_decode() -> Option<PathBuf> {
    let program = clients().join("bin/policies-decode");
    present("policies-decode", program.exists()).map(|()| program)
}

/// The folder in which `make full` has the API server of Kubernetes, its store and its client. No other run has them.
///
/// # Panics
/// If the variable names a folder without them.
#[must_use]
pub fn kubernetes() -> Option<PathBuf> {
    let folder = std::env::var_os("SIGSTEAD_TEST_KUBERNETES").map(PathBuf::from);
    let need = Need {
        name: "an API server of Kubernetes",
        remedy: "make full",
    };
    need.check_optional(folder.is_some())?;
    let is_filled = |folder: &PathBuf| folder.join("bin/kube-apiserver").exists();
    assert!(
        folder.as_ref().is_some_and(is_filled),
        "{folder:?} is empty"
    );
    folder
}

/// The folder of the packages that the image has its C library and certificate authorities from.
#[must_use]
pub fn debian() -> Option<PathBuf> {
    let folder = clients().join("debian");
    let is_filled = std::fs::read_dir(&folder).is_ok_and(|entries| entries.count() >= 3);
    present("the packages of the image", is_filled).map(|()| folder)
}

/// crane, which has a registry for container images in it.
#[must_use]
pub fn crane() -> Option<PathBuf> {
    installed("crane", clients().join("bin/crane"))
}

/// The registry of the Distribution project.
#[must_use]
pub fn docker_registry() -> Option<PathBuf> {
    installed("docker-registry", clients().join("bin/docker-registry"))
}

/// The pinned witness, and the SSH agent in which its key lies.
#[must_use]
pub fn litewitness() -> Option<PathBuf> {
    let program = clients().join("bin/litewitness");
    present("litewitness", program.exists())?;
    let answers = Command::new("ssh-add").arg("-l").output().is_ok();
    present("ssh-agent", answers).map(|()| program)
}

/// A pinned sigstore-js: the Node that runs it, and the folder that holds its `node_modules`.
pub struct SigstoreJs {
    /// The program.
    pub node: PathBuf,
    /// The folder.
    pub modules: PathBuf,
}

/// The pinned sigstore-js 4, if Node is there to run it.
#[must_use]
pub fn sigstore_js() -> Option<SigstoreJs> {
    sigstore_js_in("js", PathBuf::from("node"))
}

/// The pinned sigstore-js 5, with the newer Node that it needs, which npm installs beside it.
#[must_use]
pub fn sigstore_js_5() -> Option<SigstoreJs> {
    sigstore_js_in("js5", newer_node())
}

/// The Node of sigstore-js 5.
fn newer_node() -> PathBuf {
    clients().join("js5/node_modules/.bin/node")
}

fn sigstore_js_in(folder: &str, node: PathBuf) -> Option<SigstoreJs> {
    let modules = clients().join(folder);
    let package = modules.join("node_modules/sigstore/package.json");
    let node = installed("node", node)?;
    present("sigstore-js", package.exists())?;
    Some(SigstoreJs { node, modules })
}

/// The pinned checker of how accessible pages are, as a script that runs in a page.
#[must_use]
pub fn axe() -> Option<PathBuf> {
    let script = clients().join("axe/node_modules/axe-core/axe.min.js");
    present("axe", script.exists()).map(|()| script)
}

/// The pinned reader of QR codes, as a script that runs in a page.
#[must_use]
pub fn jsqr() -> Option<PathBuf> {
    let script = clients().join("jsqr/node_modules/jsqr/dist/jsQR.js");
    present("jsqr", script.exists()).map(|()| script)
}

/// The pinned command line of sigstore-js, which opens a browser; its library does not.
#[must_use]
pub fn sigstore_js_cli() -> Option<SigstoreJs> {
    let (node, modules) = (newer_node(), clients().join("jscli"));
    let program = modules.join("node_modules/.bin/sigstore");
    present("the command line of sigstore-js", program.exists())?;
    Some(SigstoreJs { node, modules })
}

/// The pinned provider of identities that is not ours: the Node that runs it, and the folder that holds its
/// `node_modules`.
#[must_use]
pub fn oidc_provider() -> Option<(PathBuf, PathBuf)> {
    let modules = clients().join("provider");
    let package = modules.join("node_modules/oidc-provider");
    present("oidc-provider", package.exists()).map(|()| (newer_node(), modules))
}

/// The folder of the pinned sigstore-java and all that it needs, if Java is there to run it.
#[must_use]
pub fn sigstore_java() -> Option<PathBuf> {
    let folder = clients().join("java");
    installed("java", PathBuf::from("java"))?;
    installed("keytool", PathBuf::from("keytool"))?;
    present(
        "sigstore-java",
        folder.join("sigstore-java-2.0.0.jar").exists(),
    )?;
    Some(folder)
}

/// The program over the pinned sigstore-rust.
#[must_use]
pub fn sigstore_rust() -> Option<PathBuf> {
    let program = clients().join("rust/debug/sigstore-rust-client");
    present("sigstore-rust", program.exists()).map(|()| program)
}

/// The program over the pinned sigstore-rs.
#[must_use]
pub fn sigstore_rs() -> Option<PathBuf> {
    let program = clients().join("rust/debug/sigstore-rs-client");
    present("sigstore-rs", program.exists()).map(|()| program)
}

/// The program over the pinned tough.
#[must_use]
pub fn tough() -> Option<PathBuf> {
    let program = clients().join("rust/debug/tough-client");
    present("tough", program.exists()).map(|()| program)
}

/// The pinned model-signing.
#[must_use]
pub fn model_signing() -> Option<PathBuf> {
    installed("model-signing", clients().join("python/bin/model_signing"))
}

/// The Python of the virtual environment that holds sigstore, tuf, grpcio and playwright.
#[must_use]
pub fn python() -> Option<PathBuf> {
    installed("the Python clients", clients().join("python/bin/python"))
}

/// The pinned sigstore-python.
#[must_use]
pub fn sigstore_python() -> Option<PathBuf> {
    installed("sigstore-python", clients().join("python/bin/sigstore"))
}

/// The trusted root of the public instance, as the pinned sigstore-python brings it.
#[must_use]
pub fn public_trusted_root() -> Option<PathBuf> {
    let store = "site-packages/sigstore/_store/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev";
    let pythons = std::fs::read_dir(clients().join("python/lib")).ok();
    let found = pythons
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|python| python.path().join(store).join("trusted_root.json"))
        .find(|root| root.exists());
    present("sigstore-python", found.is_some())?;
    found
}

/// Chromium, as Debian installs it.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    installed("chromium", PathBuf::from("/usr/bin/chromium"))
}

/// The pinned linter of certificates.
#[must_use]
pub fn pkilint() -> Option<PathBuf> {
    let program = clients().join("pkilint/bin/lint_pkix_cert");
    present("pkilint", program.exists()).map(|()| program)
}

/// Go, which compiles what it runs.
#[must_use]
pub fn go() -> Option<PathBuf> {
    let answers = Command::new("go").arg("version").output().is_ok();
    present("go", answers).map(|()| PathBuf::from("go"))
}

/// Java, which compiles a file that it runs.
#[must_use]
pub fn java() -> Option<PathBuf> {
    installed("java", PathBuf::from("java"))
}

/// nginx, as Debian installs it.
#[must_use]
pub fn nginx() -> Option<PathBuf> {
    let program = PathBuf::from("/usr/sbin/nginx");
    let answers = Command::new(&program).arg("-v").output().is_ok();
    present("nginx", answers).map(|()| program)
}

/// Whether a process may have a network and mounts of its own here.
#[must_use]
pub fn namespaces() -> Option<()> {
    let own = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--net"])
        .args(["ip", "link", "set", "lo", "up"])
        .output();
    let may = own.is_ok_and(|output| output.status.success());
    present("namespaces of users and networks", may)
}

/// The OpenSSL command.
#[must_use]
pub fn openssl() -> Option<PathBuf> {
    installed("openssl", PathBuf::from("/usr/bin/openssl"))
}

/// `SoftHSM2`, a token in software, as Debian installs it.
#[must_use]
pub fn softhsm() -> Option<()> {
    present("softhsm2", Path::new(SOFTHSM).exists())
}

/// The compiler of C, which builds what stands before a library.
#[must_use]
pub fn cc() -> Option<PathBuf> {
    installed("cc", PathBuf::from("/usr/bin/cc"))
}

/// The library of `SoftHSM2`.
pub const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A script of `integration/clients`.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// The folder that `make clients` fills.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.clients")
}

/// A program that is there, or a visible skip; where skipping is not allowed, a failure.
fn installed(name: &str, program: PathBuf) -> Option<PathBuf> {
    let answers = Command::new(&program).arg("--version").output().is_ok();
    present(name, answers).map(|()| program)
}

fn present(name: &str, is_present: bool) -> Option<()> {
    let remedy = "make packages clients";
    Need { name, remedy }.check(is_present)
}
