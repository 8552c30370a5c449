//! An image and what was signed about it come into registries that no network leads to, by `docs/air-gap.md`.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{GuardedRegistry, Instance, Registry, client, run, shared, sigctl};
use tempfile::TempDir;

use crate::cosign_2::Cosign2;
use crate::{PERSON, refuses};

#[test]
fn an_image_comes_in_with_what_both_generations_signed() {
    let Some(outside) = Outside::new() else {
        return;
    };
    let inside = Registry::start(&outside.crane).unwrap();
    let to = format!("{}/team", inside.address());
    let pushed = outside.push(&to, &["--plain-http"]);
    is_whole(&pushed);
    assert_eq!(pushed["images"][0]["were_there"], 0, "{pushed}");
    outside.is_verified(&to, &["--allow-http-registry"]);

    let again = outside.push(&to, &["--plain-http"]);
    let image = &again["images"][0];
    let count = |name: &str| image[name].as_u64().unwrap();
    assert_eq!(count("were_there"), count("manifests") + count("blobs"));
}

#[test]
fn a_registry_without_a_list_of_referrers_gets_the_tag_for_it() {
    let (Some(outside), Some(program)) = (Outside::new(), client::docker_registry()) else {
        return;
    };
    let inside = GuardedRegistry::start(&program).unwrap();
    let password = outside.path("password");
    outside.write_secret("password", GuardedRegistry::PASSWORD);
    outside.write_secret("wrong", "something else");
    let to = format!("{}/team", inside.address());
    let authority = inside.authority();
    let authority = authority.to_str().unwrap();
    let options = |password: &str| {
        [
            "--registry-ca",
            authority,
            "--user",
            GuardedRegistry::USER,
            "--password-file",
            password,
        ]
        .map(str::to_owned)
    };
    let wrong = options(outside.path("wrong").to_str().unwrap());
    outside.is_refused(&to, &wrong, "e-air-032");
    outside.is_refused(&to, &wrong[2..], "e-air-031");
    let page = outside.page_command(&to, authority, password.to_str().unwrap());
    let pushed = pushed(page);
    is_whole(&pushed);
    outside.is_verified(
        &to,
        &[
            "--registry-cacert",
            authority,
            "--registry-username",
            GuardedRegistry::USER,
            "--registry-password",
            GuardedRegistry::PASSWORD,
        ],
    );
}

#[test]
fn a_tag_of_others_is_left_alone_unless_it_may_move() {
    let Some(outside) = Outside::new() else {
        return;
    };
    let inside = Registry::start(&outside.crane).unwrap();
    let to = inside.address();
    let other = inside.push_image("older").unwrap();
    run(Command::new(&outside.crane).args(["tag", "--insecure", &other, "1.0"])).unwrap();
    let plain = ["--plain-http".to_owned()];
    outside.is_refused(to, &plain, "e-air-033");
    outside.push(to, &["--plain-http", "--move-tags"]);
    outside.is_verified(to, &["--allow-http-registry"]);
    for nowhere in [
        "app",
        "Registry.inside/App",
        "registry.inside/a@b",
        "team/app",
    ] {
        outside.is_refused(nowhere, &plain, "e-ctl-012");
    }
}

#[test]
fn an_archive_is_believed_by_the_instance_that_signed_it() {
    let Some(outside) = Outside::new() else {
        return;
    };
    let verify = |identity: &str| {
        let mut command = sigctl();
        command.args(["airgap", "verify", "--output", "json", "--trusted-root"]);
        command.arg(outside.instance.kit("trusted_root.json"));
        command.args(["--identity", identity, "--issuer"]);
        command.arg(outside.instance.url("oidc"));
        command.arg(outside.path("archive"));
        command
    };
    let verified = run(&mut verify(PERSON)).unwrap();
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["carriers"], 2, "{verified}");
    let by = verified["believed_by"][0].as_str().unwrap();
    assert!(by.contains(PERSON), "{by}");
    refuses(&mut verify("other@example.com"), &["e-air-021"]);
    let list = outside.path("archive/manifest.json");
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, text.replacen("older", "olden", 1)).unwrap();
    refuses(&mut verify(PERSON), &["e-air-021"]);
}

/// An archive with two images: `older`, signed by cosign 2, with a tag for the signature, and `newer`, signed by cosign 3, with a referrer.
struct Outside {
    instance: &'static Instance,
    crane: PathBuf,
    cosign: PathBuf,
    cosign_2: Cosign2<'static>,
    folder: TempDir,
}

impl Outside {
    fn new() -> Option<Self> {
        let outside = Self {
            instance: shared(),
            crane: client::crane()?,
            cosign: client::cosign()?,
            cosign_2: Cosign2::of(shared())?,
            folder: tempfile::tempdir().unwrap(),
        };
        let registry = Registry::start(&outside.crane).unwrap();
        for name in IMAGES {
            let image = registry.push_image(name).unwrap();
            run(Command::new(&outside.crane).args(["tag", "--insecure", &image, "1.0"])).unwrap();
            outside.sign(name, &image);
            outside.save(name, &image);
        }
        outside.create();
        Some(outside)
    }

    fn sign(&self, name: &str, image: &str) {
        if name == "older" {
            let mut sign = self
                .cosign_2
                .command(&["sign", "--yes", "--allow-http-registry"]);
            self.cosign_2.add_services(&mut sign);
            run(sign.arg(image)).unwrap();
            return;
        }
        run(Command::new(&self.cosign)
            .args(["sign", "--yes", "--allow-http-registry", "--identity-token"])
            .arg(self.instance.token(PERSON).unwrap())
            .arg("--signing-config")
            .arg(self.instance.kit("signing_config.v0.2.json"))
            .arg("--trusted-root")
            .arg(self.instance.kit("trusted_root.json"))
            .arg(image))
        .unwrap();
    }

    /// Saves the image, and what was left about it in the registry, as one layout.
    fn save(&self, name: &str, image: &str) {
        let (repository, digest) = image.split_once('@').unwrap();
        let tag = |tag: &str| format!("{repository}:{tag}");
        self.pull(name, &["--annotate-ref"], &tag("1.0"));
        let of_digest = digest.replace(':', "-");
        if name == "older" {
            self.pull(name, &["--annotate-ref"], &tag(&format!("{of_digest}.sig")));
            return;
        }
        let (host, path) = repository.split_once('/').unwrap();
        let list = format!("http://{host}/v2/{path}/referrers/{digest}");
        let list = run(Command::new("curl").args(["--silent", "--fail", &list]));
        // A registry that lists nothing keeps the list under a tag, where cosign put it.
        let list = list.unwrap_or_else(|_| {
            run(Command::new(&self.crane).args(["manifest", "--insecure", &tag(&of_digest)]))
                .unwrap()
        });
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        let referrers = list["manifests"].as_array().unwrap();
        assert_eq!(referrers.len(), 1, "{list}");
        let bundle = referrers[0]["digest"].as_str().unwrap();
        self.pull(name, &[], &format!("{repository}@{bundle}"));
    }

    fn pull(&self, name: &str, more: &[&str], image: &str) {
        run(Command::new(&self.crane)
            .args(["pull", "--insecure", "--format", "oci"])
            .args(more)
            .arg(image)
            .arg(self.path(name)))
        .unwrap();
    }

    fn create(&self) {
        self.write_secret("passphrase", "correct horse battery staple");
        let key = format!("file:{}", self.path("courier.key").display());
        let passphrase = self.path("passphrase");
        let made = run(sigctl()
            .args(["key", "create", &key, "--passphrase-file"])
            .arg(&passphrase))
        .unwrap();
        let text = String::from_utf8(made.stdout).unwrap();
        let from = text.find("-----BEGIN PUBLIC KEY-----").unwrap();
        std::fs::write(self.path("courier.pem"), text.get(from..).unwrap()).unwrap();
        run(sigctl()
            .args(["airgap", "create", "--number", "1", "--key", &key])
            .arg("--passphrase-file")
            .arg(&passphrase)
            .args(IMAGES.map(|name| format!("--image={name}={}", self.path(name).display())))
            .arg("--program")
            .arg(self.path("passphrase"))
            .arg("--sign-with")
            .arg(self.instance.directory())
            .args(["--identity", PERSON, "--out"])
            .arg(self.path("archive")))
        .unwrap();
    }

    fn push_command(&self, to: &str) -> Command {
        let mut command = sigctl();
        command.args(["airgap", "push", "--output", "json", "--to", to, "--key"]);
        command
            .arg(self.path("courier.pem"))
            .arg(self.path("archive"));
        command
    }

    fn push(&self, to: &str, options: &[&str]) -> Value {
        let mut command = self.push_command(to);
        command.args(options);
        pushed(command)
    }

    /// The command of the page, in these places.
    fn page_command(&self, to: &str, authority: &str, password: &str) -> Command {
        let mut lines = PAGE.lines();
        let line = lines.find_map(|line| line.strip_prefix("    sigctl airgap push "));
        let mut command = sigctl();
        command.args(["--output", "json", "airgap", "push"]);
        for word in line.unwrap().split_whitespace() {
            command.arg(match word {
                "archive-1" => self.path("archive"),
                "courier.pem" => self.path("courier.pem"),
                "registry.inside:5000/sigstead" => PathBuf::from(to),
                "registry-ca.pem" => PathBuf::from(authority),
                "password" => PathBuf::from(password),
                word => PathBuf::from(word),
            });
        }
        command
    }

    fn is_refused(&self, to: &str, options: &[String], code: &str) {
        refuses(self.push_command(to).args(options), &[code]);
    }

    /// Each generation verifies its image below that name.
    fn is_verified(&self, below: &str, options: &[&str]) {
        let mut verify = self.cosign_2.command(&["verify"]);
        self.cosign_2.add_policy(&mut verify, PERSON);
        run(verify.args(options).arg(format!("{below}/older:1.0"))).unwrap();
        run(Command::new(&self.cosign)
            .args(["verify", "--use-signed-timestamps", "--trusted-root"])
            .arg(self.instance.kit("trusted_root.json"))
            .args([
                "--certificate-identity",
                PERSON,
                "--certificate-oidc-issuer",
            ])
            .arg(self.instance.url("oidc"))
            .args(options)
            .arg(format!("{below}/newer:1.0")))
        .unwrap();
    }

    fn write_secret(&self, name: &str, secret: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(self.path(name), secret).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.path(name), private).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn pushed(mut command: Command) -> Value {
    let pushed = run(&mut command).unwrap();
    serde_json::from_slice(&pushed.stdout).unwrap()
}

/// Everything that comes with the images is in the registry now.
fn is_whole(pushed: &Value) {
    let images = pushed["images"].as_array().unwrap();
    assert_eq!(images.len(), IMAGES.len(), "{pushed}");
    for image in images {
        assert_eq!(image["carriers"], 1, "{pushed}");
    }
}

const PAGE: &str = include_str!("../../../docs/air-gap.md");
const IMAGES: [&str; 2] = ["newer", "older"];
