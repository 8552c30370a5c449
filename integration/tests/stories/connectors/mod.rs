//! People whose accounts are elsewhere sign with unmodified clients, by browser and by device.

mod device;
mod directory;
mod provider;

use std::path::{Path, PathBuf};

use sigstead_integration::{Instance, client, run, sigctl};

use crate::desk::Desk;
use device::by_device;

/// The clients that open a browser, and what drives it.
pub(crate) struct Clients {
    pub(crate) cosign: PathBuf,
    pub(crate) python: PathBuf,
    sigstore_python: PathBuf,
    js: client::SigstoreJs,
}

impl Clients {
    pub(crate) fn find() -> Option<Self> {
        client::chromium()?;
        Some(Self {
            cosign: client::cosign()?,
            python: client::python()?,
            sigstore_python: client::sigstore_python()?,
            js: client::sigstore_js_cli()?,
        })
    }

    /// A person signs with each of them, and once by cosign's device flow. The browser is `script` with `words`; the bundles
    /// name the person's address.
    pub(crate) fn sign(&self, instance: &Instance, (script, words): (&str, &[&str]), email: &str) {
        let file = crate::artifact(instance.work(), "connectors");
        let file = file.file_name().unwrap().to_str().unwrap();
        std::fs::write(instance.work().join("statement.json"), STATEMENT).unwrap();
        let kit = |name| instance.kit(name).display().to_string();
        let (config, root) = (kit("signing_config.v0.2.json"), kit("trusted_root.json"));
        let sign = format!(
            "cosign sign-blob --yes --signing-config {config} --trusted-root {root} {file} --bundle"
        );
        let trust = kit("client_trust_config.json");
        let url = |service| instance.url(service);
        let by_js = format!(
            "npx @sigstore/cli attest --oidc-issuer {} --fulcio-url {} --rekor-url {} --tsa-server-url {} -o js.json statement.json",
            url("oidc"),
            url("ca"),
            url("tlog"),
            url("tsa")
        );
        let by_python = format!("sigstore --trust-config {trust} sign --bundle python.json {file}");
        let desk = || Desk::with(&self.python, script, words);
        // Each waits for a browser most of the time.
        std::thread::scope(|all| {
            all.spawn(|| desk().types(instance, &format!("{sign} cosign.json"), &[&self.cosign]));
            all.spawn(|| desk().types(instance, &by_python, &[&self.sigstore_python]));
            all.spawn(|| desk().types(instance, &by_js, &[&self.js.node, &self.js.modules]));
            all.spawn(|| {
                let mut browser = std::process::Command::new(&self.python);
                browser.arg(client::script(script));
                by_device(
                    instance,
                    &self.cosign,
                    &format!("{sign} device.json"),
                    |page| {
                        run(browser.arg(page).args(words).arg("device")).unwrap();
                    },
                );
            });
        });
        for bundle in ["cosign.json", "python.json", "device.json"] {
            verify(instance, &[file, "--bundle", bundle], email);
        }
        // What the statement is about: a file with nothing in it.
        std::fs::write(instance.work().join("app"), "").unwrap();
        verify(instance, &["app", "--bundle", "js.json"], email);
    }
}

pub(crate) fn verify(instance: &Instance, words: &[&str], email: &str) {
    let mut verify = sigctl();
    verify.arg("verify").args(words).arg("--trusted-root");
    verify.arg(instance.kit("trusted_root.json"));
    verify.args(["--identity", email, "--issuer", &instance.url("oidc")]);
    run(verify.current_dir(instance.work())).unwrap();
}

/// A page for signing in that nobody waits for.
pub(crate) fn page(instance: &Instance) -> String {
    format!(
        "{}/authorize?response_type=code&client_id=sigstore&redirect_uri=http://localhost:1/&scope=openid+email\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        instance.url("oidc")
    )
}

/// Writes entries of connectors into the configuration of the issuer, which does not run yet.
fn connect(instance: &Instance, entries: &str) {
    let file = instance.directory().join("oidc/config.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let added = config.replace(
        "\nclients:\n",
        &format!("\nconnectors:\n{entries}clients:\n"),
    );
    assert_ne!(config, added);
    std::fs::write(&file, added).unwrap();
}

/// The entries of `docs/own-issuer.md`: that of the directory, and that of the provider.
fn shown_entries() -> (String, String) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/own-issuer.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, entries) = page.split_once("```yaml\nconnectors:\n").unwrap();
    let entries = entries.split_once("```").unwrap().0;
    let second = entries.find("  - kind: oidc\n").unwrap();
    let (directory, provider) = entries.split_at(second);
    (directory.to_owned(), provider.to_owned())
}

const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],"predicateType":"https://example.com/predicate","predicate":{}}"#;
