//! The attestation of a key is verified to a root that the operator gives. The chains are made here, of the form that the makers
//! document; no device is at hand.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};
use tempfile::TempDir;

use crate::refuses;

#[test]
fn a_device_attests_a_key_that_was_made_in_it_and_no_other() {
    let Some(maker) = Maker::new() else {
        return;
    };
    maker.authority("root", None, "2");
    maker.authority("line", Some("root"), "1");
    maker.authority("device", Some("line"), "0");
    maker.key("ours");
    maker.key("brought");

    maker.attest("ours", "device", &yubihsm("01", "0000000000000180"), "good");
    let shown = maker.json(&["good", "device", "line"], "root");
    assert_eq!(
        (&shown["device"], &shown["root"]),
        (&"YubiHSM 2".into(), &"root".into())
    );
    assert_eq!(shown["facts"][3]["value"], "made there");
    maker.attest("ours", "device", PIV, "piv");
    assert_eq!(
        maker.json(&["piv", "device", "line"], "root")["device"],
        "YubiKey"
    );
    // What may leave the device is a warning.
    maker.attest(
        "ours",
        "device",
        &yubihsm("01", "0000000000010180"),
        "wrapped",
    );
    let warned = maker
        .command(&["wrapped", "device", "line"], "root")
        .output()
        .unwrap();
    assert_eq!(warned.status.code(), Some(3), "{warned:?}");

    maker.attest(
        "ours",
        "device",
        &yubihsm("02", "0000000000000180"),
        "imported",
    );
    refuses(
        &mut maker.command(&["imported", "device", "line"], "root"),
        &["e-key-046"],
    );
    maker.attest(
        "brought",
        "device",
        &yubihsm("01", "0000000000000180"),
        "of-another",
    );
    refuses(
        &mut maker.command(&["of-another", "device", "line"], "root"),
        &["e-key-045"],
    );
    maker.attest("ours", "device", "keyUsage=digitalSignature\n", "plain");
    refuses(
        &mut maker.command(&["plain", "device", "line"], "root"),
        &["e-key-044"],
    );
}

/// A key that somebody brought in, and had attested, says what he likes of another.
#[test]
fn only_authorities_of_the_maker_lead_to_its_root() {
    let Some(maker) = Maker::new() else {
        return;
    };
    maker.authority("root", None, "2");
    maker.authority("line", Some("root"), "1");
    maker.authority("device", Some("line"), "0");
    maker.authority("other", None, "2");
    maker.key("ours");
    maker.key("brought");
    let good = yubihsm("01", "0000000000000180");
    maker.attest("ours", "device", &good, "good");
    let no_path = |chain: &[&str], root: &str, why: &str| {
        refuses(&mut maker.command(chain, root), &[why]);
    };
    no_path(&["good", "device", "line"], "other", "no root");
    no_path(&["good", "device"], "root", "no root");
    no_path(
        &["device", "line"],
        "root",
        "is a certificate of an authority",
    );
    // Of a key that is no authority's, of one authority too many, and of one that is attested itself.
    maker.attest(
        "brought",
        "device",
        &yubihsm("02", "0000000000000180"),
        "leaf",
    );
    maker.attest_by("ours", ("leaf", "brought"), &good, "forged");
    no_path(
        &["forged", "leaf", "device", "line"],
        "root",
        "no authority",
    );
    let authority = "basicConstraints=critical,CA:TRUE\n";
    maker.attest("brought", "device", authority, "one-more");
    maker.attest_by("ours", ("one-more", "brought"), &good, "forged-2");
    no_path(
        &["forged-2", "one-more", "device", "line"],
        "root",
        "follow it",
    );
    let attested = format!("{authority}{}", yubihsm("02", "0000000000000180"));
    maker.attest("brought", "line", &attested, "attested");
    maker.attest_by("ours", ("attested", "brought"), &good, "forged-3");
    no_path(&["forged-3", "attested", "line"], "root", "attested itself");
    refuses(
        &mut maker.command(&["good", "device", "line"], "other"),
        &["e-key-043"],
    );
}

#[test]
fn an_attestation_is_kept_with_the_instance() {
    let Some(maker) = Maker::new() else {
        return;
    };
    maker.authority("root", None, "2");
    maker.authority("device", Some("root"), "0");
    maker.key("ours");
    maker.attest("ours", "device", &yubihsm("01", "0000000000000180"), "good");
    let instance = Instance::create("attested", &[]).unwrap();
    let kept = || {
        let mut attest = maker.command(&["good", "device"], "root");
        let output = run(attest.arg("--keep").arg(instance.directory())).unwrap();
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        PathBuf::from(shown["kept"].as_str().unwrap())
    };
    // Again is no harm.
    assert_eq!(kept(), kept());
    assert!(kept().starts_with(instance.directory().canonicalize().unwrap().join("trust")));
    let chain = fs::read_to_string(kept()).unwrap();
    assert_eq!(
        chain.matches("BEGIN CERTIFICATE").count(),
        2,
        "not the root"
    );
    fs::copy(kept(), maker.path("kept.pem")).unwrap();
    maker.json(&["kept"], "root");
}

/// What a device says, with the origin and the capabilities.
fn yubihsm(origin: &str, capabilities: &str) -> String {
    format!(
        "1.3.6.1.4.1.41482.4.1=DER:0403020401\n1.3.6.1.4.1.41482.4.2=DER:0204020bd9fd\n\
         1.3.6.1.4.1.41482.4.3=DER:030200{origin}\n1.3.6.1.4.1.41482.4.4=DER:0303000001\n\
         1.3.6.1.4.1.41482.4.5=DER:030900{capabilities}\n1.3.6.1.4.1.41482.4.6=DER:020103\n"
    )
}

const PIV: &str = "1.3.6.1.4.1.41482.3.3=DER:050701\n1.3.6.1.4.1.41482.3.7=DER:020401020304\n\
                   1.3.6.1.4.1.41482.3.8=DER:0201\n1.3.6.1.4.1.41482.3.9=DER:03\n";

/// A maker of devices, with its authorities, and keys of ours.
struct Maker {
    openssl: PathBuf,
    folder: TempDir,
}

impl Maker {
    fn new() -> Option<Self> {
        let openssl = client::openssl()?;
        let folder = tempfile::tempdir().unwrap();
        let maker = Self { openssl, folder };
        fs::write(maker.path("passphrase"), "of ours\n").unwrap();
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(maker.path("passphrase"), private).unwrap();
        Some(maker)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An authority with a key of its own, which lets that many follow it.
    fn authority(&self, name: &str, by: Option<&str>, follow: &str) {
        self.make_key(name);
        let says = format!("basicConstraints=critical,CA:TRUE,pathlen:{follow}\n");
        self.issue(
            name,
            (by.unwrap_or(name), by.unwrap_or(name)),
            &says,
            name,
            by.is_none(),
        );
    }

    /// A key of ours, in a file, and one that openssl signs with.
    fn key(&self, name: &str) {
        self.make_key(name);
        let mut import = sigctl();
        import
            .args(["key", "import"])
            .arg(self.path(&format!("{name}.key")));
        import.arg(self.uri(name)).arg("--passphrase-file");
        run(import.arg(self.path("passphrase"))).unwrap();
    }

    fn uri(&self, name: &str) -> String {
        format!("file:{}", self.path(&format!("{name}.sealed")).display())
    }

    fn attest(&self, key: &str, by: &str, says: &str, name: &str) {
        self.issue(key, (by, by), says, name, false);
    }

    /// By a certificate whose key is another one's.
    fn attest_by(&self, key: &str, by: (&str, &str), says: &str, name: &str) {
        self.issue(key, by, says, name, false);
    }

    fn make_key(&self, name: &str) {
        let key = self.path(&format!("{name}.key"));
        let curve = [
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
        ];
        run(self.openssl("genpkey").args(curve).arg(&key)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let public = self.path(&format!("{name}.pub"));
        run(self
            .openssl("pkey")
            .arg("-in")
            .arg(&key)
            .arg("-pubout")
            .arg("-out")
            .arg(public))
        .unwrap();
    }

    fn issue(&self, key: &str, (by, by_key): (&str, &str), says: &str, name: &str, is_root: bool) {
        let extensions = self.path(&format!("{name}.ext"));
        fs::write(&extensions, says).unwrap();
        let mut issue = self.openssl("x509");
        issue.args([
            "-new",
            "-days",
            "5",
            "-set_serial",
            "7",
            "-subj",
            &format!("/CN={name}"),
        ]);
        issue.arg("-extfile").arg(&extensions);
        match is_root {
            true => issue.arg("-key").arg(self.path(&format!("{key}.key"))),
            false => issue
                .arg("-force_pubkey")
                .arg(self.path(&format!("{key}.pub")))
                .arg("-CA")
                .arg(self.path(&format!("{by}.pem")))
                .arg("-CAkey")
                .arg(self.path(&format!("{by_key}.key"))),
        };
        run(issue.arg("-out").arg(self.path(&format!("{name}.pem")))).unwrap();
    }

    fn openssl(&self, command: &str) -> Command {
        let mut openssl = Command::new(&self.openssl);
        openssl.arg(command);
        openssl
    }

    /// Attests our key with the certificates of these names.
    fn command(&self, chain: &[&str], root: &str) -> Command {
        let text = |name: &&str| fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap();
        let attestation = self.path("attestation.pem");
        fs::write(&attestation, chain.iter().map(text).collect::<String>()).unwrap();
        let mut attest = sigctl();
        attest
            .args(["--output", "json", "key", "attest"])
            .arg(self.uri("ours"));
        attest.arg("--passphrase-file").arg(self.path("passphrase"));
        attest.arg("--attestation").arg(attestation);
        attest
            .arg("--root")
            .arg(Path::new(&self.path(&format!("{root}.pem"))));
        attest
    }

    fn json(&self, chain: &[&str], root: &str) -> Value {
        let output = run(&mut self.command(chain, root)).unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
