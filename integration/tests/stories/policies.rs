//! The policies of the client kit, before what reads them in clusters and on nodes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_integration::{Instance, Registry, client, run, shared};
use tempfile::TempDir;

use crate::PERSON;
use crate::cosign_2::Cosign2;
use crate::verifying::printed;

/// The policies of an instance, for the images of a registry and for one identity.
struct Policies {
    folder: TempDir,
}

impl Policies {
    fn of(instance: &Instance, registry: &str, identity: &str) -> Self {
        let policies = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(policies.path("registries.d")).unwrap();
        for entry in std::fs::read_dir(instance.kit("policies")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(left_open(&text), None, "{name}");
            let text = text
                .replace("registry.example.com", registry)
                .replace("you@example.com", identity);
            let place = match name {
                "containers-registries.yaml" => "registries.d/sigstead.yaml",
                name => name,
            };
            std::fs::write(policies.path(place), text).unwrap();
        }
        policies
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a value of others into the policy of CRI-O.
    fn take_from(&self, others: &Self, pointer: &str) {
        let file = "containers-policy.json";
        let mut policy = yaml(&self.path(file));
        let theirs = yaml(&others.path(file)).pointer(pointer).unwrap().clone();
        *policy.pointer_mut(pointer).unwrap() = theirs;
        std::fs::write(self.path(file), policy.to_string()).unwrap();
    }

    /// What CRI-O, Podman, Buildah and Skopeo say of an image.
    fn containers(&self, program: &Path, image: &str) -> Output {
        let policy = self.path("containers-policy.json");
        let registries = self.path("registries.d");
        let mut command = Command::new(program);
        command.arg(policy).arg(registries).arg(image);
        command.output().unwrap()
    }

    /// What the policy-controller of Sigstore says of an image.
    fn controller(&self, program: &Path, image: &str) -> Output {
        let mut command = Command::new(program);
        command
            .env("HOME", self.folder.path())
            .env("TUF_ROOT", self.path("tuf"))
            .arg("-policy")
            .arg(self.path("policy-controller.yaml"))
            .arg("-trustroot")
            .arg(self.path("policy-controller-trust-root.yaml"))
            .args(["-image", image]);
        command.output().unwrap()
    }
}

/// A name in braces in whose place no value was put.
fn left_open(text: &str) -> Option<&str> {
    let mut names = text.split('{').skip(1);
    names.find_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        (!name.is_empty() && name.chars().all(is_name)).then_some(name)
    })
}

#[test]
fn crio_and_podman_let_in_what_the_identity_signed_and_nothing_else() {
    let (Some(program), Some(cosign), Some(crane)) = (
        client::containers_policy(),
        Cosign2::of(shared()),
        client::crane(),
    ) else {
        return;
    };
    let registry = Registry::start(&crane).unwrap();
    let image = registry.push_image("signed").unwrap();
    let mut sign = cosign.command(&["sign", "--yes", "--allow-http-registry"]);
    cosign.add_services(&mut sign);
    run(sign.arg(&image)).unwrap();
    let policies = Policies::of(shared(), registry.address(), PERSON);
    let output = policies.containers(&program, &image);
    assert!(output.status.success(), "{}", printed(&output));

    let unsigned = registry.push_image("unsigned").unwrap();
    refused(&policies.containers(&program, &unsigned), "no signature");
    let others = Policies::of(shared(), registry.address(), "other@example.com");
    refused(&others.containers(&program, &image), "other@example.com");
    let elsewhere = Policies::of(shared(), "registry.example.com", PERSON);
    refused(
        &elsewhere.containers(&program, &image),
        "rejected by policy",
    );
    // Another instance's log or authority vouches for nothing here.
    let other = Instance::create("other", &[]).unwrap();
    let theirs = Policies::of(&other, registry.address(), PERSON);
    for (what, why) in [
        ("/rekorPublicKeyDatas", "Rekor SET"),
        ("/fulcio/caData", "unknown authority"),
    ] {
        let mixed = Policies::of(shared(), registry.address(), PERSON);
        mixed.take_from(
            &theirs,
            &format!("/transports/docker/{}/0{what}", registry.address()),
        );
        refused(&mixed.containers(&program, &image), why);
    }
}

fn refused(output: &Output, why: &str) {
    let said = printed(output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(why), "{said}");
}

#[test]
fn the_policy_controller_lets_in_what_the_identity_signed_and_nothing_else() {
    let (Some(program), Some(cosign), Some(crane)) = (
        client::policy_tester(),
        Cosign2::of(shared()),
        client::crane(),
    ) else {
        return;
    };
    let registry = Registry::start(&crane).unwrap();
    let image = registry.push_image("signed").unwrap();
    let mut sign = cosign.command(&["sign", "--yes", "--allow-http-registry"]);
    cosign.add_services(&mut sign);
    run(sign.arg(&image)).unwrap();
    let policies = Policies::of(shared(), registry.address(), PERSON);
    let output = policies.controller(&program, &image);
    assert!(output.status.success(), "{}", printed(&output));

    let others = Policies::of(shared(), registry.address(), "other@example.com");
    let elsewhere = Policies::of(shared(), "registry.example.com", PERSON);
    let unsigned = registry.push_image("unsigned").unwrap();
    for (policies, image, why) in [
        (&policies, &unsigned, "no signatures found"),
        (&others, &image, "none of the expected identities matched"),
        (&elsewhere, &image, "is uncovered by policy"),
    ] {
        let output = policies.controller(&program, image);
        let said = printed(&output);
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}

#[test]
fn the_policy_controller_has_every_field_that_its_objects_name() {
    let Some(definitions) = client::policy_controller() else {
        return;
    };
    for (file, definition, version) in [
        (
            "policy-controller.yaml",
            "300-clusterimagepolicy.yaml",
            "v1beta1",
        ),
        (
            "policy-controller-trust-root.yaml",
            "300-trustroot.yaml",
            "v1alpha1",
        ),
    ] {
        let definition = yaml(&definitions.join(definition));
        let versions = definition["spec"]["versions"].as_array().unwrap();
        let version = versions.iter().find(|each| each["name"] == version);
        let schema = &version.unwrap()["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let mut object = yaml(&shared().kit("policies").join(file));
        assert_eq!(object["kind"], definition["spec"]["names"]["kind"]);
        assert_eq!(unknown(schema, &object["spec"]), None, "{file}");
        object["spec"]["more"] = "than there is".into();
        let found = unknown(schema, &object["spec"]);
        assert_eq!(found.as_deref(), Some("more"), "{file}");
    }
}

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The first field of a value that its schema does not have, or has with another type.
fn unknown(schema: &Value, value: &Value) -> Option<String> {
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        other => return Some(other.to_string()),
    };
    if schema["type"] != kind {
        return Some(format!("a value of type {kind}"));
    }
    let below = |name: &String, value| {
        let schema = schema["properties"].get(name);
        schema.map_or_else(|| Some(name.clone()), |schema| unknown(schema, value))
    };
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| below(name, value)),
        Value::Array(values) => values
            .iter()
            .find_map(|value| unknown(&schema["items"], value)),
        _ => None,
    }
}

#[test]
fn kyverno_and_flux_have_every_field_that_their_objects_name() {
    let Some(decode) = client::policies_decode() else {
        return;
    };
    let files = ["kyverno.yaml", "flux.yaml"].map(|name| shared().kit("policies").join(name));
    let decoded = run(Command::new(&decode).args(&files)).unwrap();
    let decoded = String::from_utf8(decoded.stdout).unwrap();
    let kinds: Vec<_> = decoded
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "policies.kyverno.io/v1/ImageValidatingPolicy",
            "v1/Secret",
            "source.toolkit.fluxcd.io/v1/OCIRepository"
        ]
    );
    let other = tempfile::NamedTempFile::new().unwrap();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    std::fs::write(&other, text.replace("keyless:", "keylessly:")).unwrap();
    let output = Command::new(&decode).arg(other.path()).output().unwrap();
    assert!(!output.status.success(), "{}", printed(&output));
    let root = STANDARD.encode(std::fs::read(shared().kit("root.json")).unwrap());
    assert!(
        text.contains(&format!("          data: {root}\n")),
        "{text}"
    );
    let flux = std::fs::read_to_string(&files[1]).unwrap();
    let trusted_root = std::fs::read_to_string(shared().kit("trusted_root.json")).unwrap();
    for line in trusted_root.lines() {
        assert!(flux.contains(&format!("    {line}\n")), "{line}");
    }
}

/// Its types are not to be had by name here. What it fills in for CRI-O is what the policy of containers/image has, which is run above.
#[test]
fn openshift_is_given_the_keys_that_crio_is_given() {
    let read = |name: &str| std::fs::read_to_string(shared().kit("policies").join(name)).unwrap();
    let policy: Value = serde_json::from_str(&read("containers-policy.json")).unwrap();
    let policy = &policy["transports"]["docker"]["registry.example.com"][0];
    let openshift = read("openshift.yaml");
    for (field, value) in [
        ("fulcioCAData", &policy["fulcio"]["caData"]),
        ("rekorKeyData", &policy["rekorPublicKeyDatas"][0]),
        ("oidcIssuer", &policy["fulcio"]["oidcIssuer"]),
        ("signedEmail", &policy["fulcio"]["subjectEmail"]),
    ] {
        let line = format!(" {field}: {}\n", value.as_str().unwrap());
        assert!(openshift.contains(&line), "{line}");
    }
}
