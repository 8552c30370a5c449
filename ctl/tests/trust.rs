//! Publishing trust: what is written, what a crash leaves, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// An instance that nobody serves.
struct World {
    folder: TempDir,
}

impl World {
    fn new(name: &str) -> Self {
        Self::with(name, &[])
    }

    fn with(name: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        let world = Self { folder };
        let arguments = [&["init", "--name", "world"], arguments].concat();
        world.run(&arguments).unwrap();
        world
    }

    /// Runs a command on the instance, and gives its JSON; of a refusal, what stands under `error`.
    fn run(&self, arguments: &[&str]) -> Result<Value, Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigctl"));
        command.args(["--output", "json"]).args(arguments);
        let output = command.arg(self.path("")).output().unwrap();
        let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        if output.status.success() {
            return Ok(answer);
        }
        Err(answer["error"].take())
    }

    fn publish(&self) -> (u64, u64) {
        versions(&self.run(&["trust", "publish"]).unwrap())
    }

    #[track_caller]
    fn refuses(&self, code: &str, cause: &str) {
        let before = self.files();
        let refusal = self
            .run(&["trust", "publish", "--valid-for", "30d"])
            .unwrap_err();
        assert_eq!(refusal["code"], code, "{refusal}");
        assert!(refusal.to_string().contains(cause), "{refusal}");
        assert_eq!(self.files(), before, "nothing is written");
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("instance").join(relative)
    }

    fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap()
    }

    fn json(&self, relative: &str) -> Value {
        serde_json::from_slice(&self.read(relative)).unwrap()
    }

    fn change_state(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.json("trust/state.json");
        change(&mut state);
        fs::write(self.path("trust/state.json"), state.to_string()).unwrap();
    }

    /// Names of what is in the repository, sorted.
    fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        for folder in ["tuf/repository", "tuf/repository/targets"] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                names.push(format!("{folder}/{name}"));
            }
        }
        names.sort();
        names
    }
}

fn versions(answer: &Value) -> (u64, u64) {
    let version = |role: &str| answer[role].as_u64().unwrap();
    (version("root"), version("targets"))
}

#[test]
fn the_first_publication_is_version_one_and_the_kit_begins_with_its_root() {
    let world = World::new("first");
    let shown = world.run(&["trust", "show"]).unwrap();
    let roles = shown["roles"].as_array().unwrap();
    let roles: Vec<_> = roles
        .iter()
        .map(|role| {
            (
                role["role"].as_str().unwrap(),
                role["version"].as_u64().unwrap(),
            )
        })
        .collect();
    // Snapshot and timestamp are the service's, which has not run.
    assert_eq!(roles, [("root", 1), ("targets", 1)]);
    for role in shown["roles"].as_array().unwrap() {
        assert_eq!(role["days_left"], 364, "{role}");
        assert_eq!(role["is_expired"], false, "{role}");
    }
    assert_eq!(shown["unpublished"], serde_json::json!([]));
    let names: Vec<_> = shown["targets"].as_array().unwrap().iter().collect();
    let trusted_root = names
        .iter()
        .find(|it| it["name"] == "trusted_root.json")
        .unwrap();
    let sha256 = trusted_root["sha256"].as_str().unwrap();
    assert_eq!(
        world.read(&format!(
            "tuf/repository/targets/{sha256}.trusted_root.json"
        )),
        world.read("client/trusted_root.json")
    );
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/1.root.json")
    );
}

#[test]
fn a_publication_renews_both_roles_and_one_right_after_it_changes_nothing() {
    let world = World::new("renewed");
    // Right after init nothing has aged.
    assert_eq!(world.publish(), (1, 1));
    let shorter = world
        .run(&["trust", "publish", "--valid-for", "30d"])
        .unwrap();
    assert_eq!(versions(&shorter), (2, 2));
    assert_eq!(world.publish(), (3, 3));
    let files = world.files();
    assert_eq!(world.publish(), (3, 3));
    assert_eq!(world.files(), files);
    for version in 1..=3 {
        for role in ["root", "targets"] {
            let file = format!("tuf/repository/{version}.{role}.json");
            assert_eq!(world.json(&file)["signed"]["version"], version, "{file}");
        }
    }
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/3.root.json")
    );
}

#[test]
fn what_changed_in_the_state_is_published_and_shown_until_then() {
    let world = World::new("changed");
    world.change_state(|state| state["operator"] = "another".into());
    let unpublished = |world: &World| world.run(&["trust", "show"]).unwrap()["unpublished"].take();
    assert_eq!(
        unpublished(&world),
        serde_json::json!(["trusted_root.json", "signing_config.v0.2.json"])
    );
    assert_eq!(world.publish(), (1, 2));
    assert_eq!(unpublished(&world), serde_json::json!([]));
    for file in [
        "trusted_root.json",
        "signing_config.v0.2.json",
        "client_trust_config.json",
    ] {
        let kit = world.read(&format!("client/{file}"));
        assert!(
            String::from_utf8(kit).unwrap().contains("another"),
            "{file}"
        );
    }
}

#[test]
fn the_page_for_clients_is_of_each_publication_and_has_no_secret() {
    let world = World::new("page");
    let page = || String::from_utf8(world.read("tuf/repository/client/index.html")).unwrap();
    let fingerprint = |version: u64| {
        let root = world.path(&format!("tuf/repository/{version}.root.json"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigctl"));
        let output = command
            .args(["client", "fingerprint"])
            .arg(root)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let says = |page: &str, fingerprint: &str| fingerprint.lines().all(|line| page.contains(line));
    let first = fingerprint(1);
    assert_eq!(first.lines().count(), 2, "{first}");
    assert!(says(&page(), &first));
    world
        .run(&["trust", "publish", "--valid-for", "30d"])
        .unwrap();
    assert!(says(&page(), &fingerprint(2)) && !says(&page(), &first));

    let whole = page();
    let kit = world.run(&["client", "publish"]).unwrap();
    assert_eq!(page(), whole, "the same trust is the same page");
    assert_eq!(kit["root_version"], 2);
    assert!(whole.contains(kit["archive"]["words"].as_str().unwrap()));
    let archive = world.read("tuf/repository/client/client-kit.tar.gz");
    let mut files = Vec::new();
    let mut unpacked = flate2::read::GzDecoder::new(archive.as_slice());
    std::io::Read::read_to_end(&mut unpacked, &mut files).unwrap();
    let shown = String::from_utf8_lossy(&files).into_owned() + &whole;
    assert!(shown.contains("trusted_root.json"));
    let secrets = secrets(&world.path(""));
    assert!(secrets.len() > 8, "{secrets:?}");
    for secret in secrets {
        let text = fs::read_to_string(&secret).unwrap();
        let line = text.lines().find(|line| !line.starts_with("-----"));
        assert!(!shown.contains(line.unwrap()), "{}", secret.display());
    }

    world.change_state(|state| state["operator"] = "another".into());
    let refusal = world.run(&["client", "publish"]).unwrap_err();
    assert_eq!(refusal["code"], "E-CTL-480", "{refusal}");
    assert_eq!(page(), whole, "nothing is written");
}

/// The keys below a folder, and the passphrase.
fn secrets(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            found.extend(secrets(&path));
        } else if name.ends_with(".key") || name == "passphrase" {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_publication_that_was_interrupted_is_finished_by_the_next() {
    let world = World::new("interrupted");
    let shorter = ["trust", "publish", "--valid-for", "30d"];
    world.run(&shorter).unwrap();
    let whole = world.files();
    // Each file that the last publication wrote, the newest first: what a crash before it would have left out.
    for lost in [
        "client/root.json",
        "tuf/repository/2.targets.json",
        "tuf/repository/2.root.json",
    ] {
        fs::remove_file(world.path(lost)).unwrap();
        fs::write(world.path(&format!("{lost}.new")), "half of it").unwrap();
        assert_eq!(
            versions(&world.run(&shorter).unwrap()),
            (2, 2),
            "without {lost}"
        );
        assert_eq!(world.files(), whole, "without {lost}");
        if lost.ends_with("2.targets.json") {
            // The next round is a crash before the root, so neither is there.
            fs::remove_file(world.path(lost)).unwrap();
        }
    }
    assert_eq!(
        world.read("client/root.json"),
        world.read("tuf/repository/2.root.json")
    );
}

#[test]
fn one_process_at_a_time_publishes() {
    let world = World::new("lock");
    let lock = File::create(world.path("trust/lock")).unwrap();
    lock.lock().unwrap();
    world.refuses("E-CTL-033", "another sigctl");
    lock.unlock().unwrap();
    world.publish();
}

#[test]
fn a_state_that_takes_something_back_is_not_published() {
    let world = World::new("taken-back");
    world.change_state(|state| drop(state["signature_logs"].as_array_mut().unwrap().pop()));
    world.refuses("E-CTL-032", "is missing");
}

/// A change of the state, the code with which it is refused, and what is said of it.
type Planted = (fn(&mut Value), &'static str, &'static str);

const PLANTED: &[Planted] = &[
    (
        |state| {
            let mut chain = state["certificate_authorities"][0].clone();
            chain["chain"] = state["timestamp_authorities"][0]["chain"].clone();
            chain["in_service"] = false.into();
            push(&mut state["certificate_authorities"], chain);
        },
        "E-CTL-451",
        "is not an authority's",
    ),
    (
        |state| {
            let mut log = state["signature_logs"][0].clone();
            log["log_id"] = "AAAA".into();
            log["in_service"] = false.into();
            push(&mut state["signature_logs"], log);
        },
        "E-CTL-452",
        "has the ID 000000",
    ),
    (
        |state| {
            // The next log has a key of its own, and counts from an hour after the end of the one before.
            let mut log = state["signature_logs"][0].clone();
            for part in ["public_key", "log_id"] {
                log[part] = state["certificate_logs"][0][part].clone();
            }
            log["valid_for"] = serde_json::json!({"start": "2999-01-01T01:00:00Z"});
            log["in_service"] = false.into();
            state["signature_logs"][0]["valid_for"]["end"] = "2999-01-01T00:00:00Z".into();
            push(&mut state["signature_logs"], log);
        },
        "E-CTL-453",
        "nothing of the logs of Rekor v2 counts between 2999-01-01T00:00:00Z and 2999-01-01T01:00:00Z",
    ),
    (
        |state| {
            let times = &mut state["timestamp_authorities"][0]["valid_for"];
            times["end"] = times["start"].clone();
        },
        "E-CTL-454",
        "no chain of it counts when clients use it",
    ),
];

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

#[test]
fn a_draft_that_clients_would_refuse_does_not_pass_the_gate() {
    let world = World::new("gate");
    let whole = world.read("trust/state.json");
    for (plant, code, cause) in PLANTED {
        world.change_state(plant);
        world.refuses(code, cause);
        fs::write(world.path("trust/state.json"), &whole).unwrap();
    }
    let published = world
        .run(&["trust", "publish", "--valid-for", "30d"])
        .unwrap();
    assert_eq!(
        versions(&published),
        (2, 2),
        "and nothing else keeps it from it"
    );
    assert_eq!(published["gate"]["stored"], 0);
    let untried = published["gate"]["untried"].to_string();
    assert!(
        untried.contains("a new signature"),
        "nobody serves: {untried}"
    );
}

#[test]
fn a_state_that_is_none_is_named() {
    let world = World::new("no-state");
    world.change_state(|state| state["unknown"] = Value::Null);
    world.refuses("E-CTL-030", "unknown");
}

#[test]
fn a_key_that_the_published_root_does_not_name_signs_nothing() {
    for (key, name) in [
        ("trust/tuf-root.key", "root"),
        ("trust/tuf-targets.key", "targets"),
    ] {
        let world = World::new(&format!("key-{name}"));
        // A key of another role, opened by the same passphrase.
        fs::copy(world.path("ca/keys/ca.key"), world.path(key)).unwrap();
        world.refuses("E-CTL-031", key);
    }
}

#[test]
fn targets_that_are_lost_or_damaged_are_written_again() {
    let world = World::new("healed");
    let folder = fs::read_dir(world.path("tuf/repository/targets")).unwrap();
    let targets: Vec<_> = folder
        .map(|entry| entry.unwrap().path())
        .map(|path| (fs::read(&path).unwrap(), path))
        .collect();
    let harms: [fn(&Path); 2] = [
        |path| fs::write(path, "damaged").unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ];
    for harm in harms {
        for (_, path) in &targets {
            harm(path);
        }
        assert_eq!(world.publish(), (1, 1));
        for (whole, path) in &targets {
            assert_eq!(&fs::read(path).unwrap(), whole, "{}", path.display());
        }
    }
}

#[test]
fn a_repository_that_does_not_say_what_clients_have_is_named() {
    let world = World::new("repository");
    let files = world.files();
    let trusted_root = files.iter().find(|it| it.ends_with(".trusted_root.json"));
    fs::write(world.path(trusted_root.unwrap()), "{}").unwrap();
    world.change_state(|state| state["operator"] = "another".into());
    world.refuses("E-CTL-034", "trusted_root.json");
    fs::remove_file(world.path("tuf/repository/1.targets.json")).unwrap();
    world.refuses("E-CTL-034", "targets.json");
}

#[test]
fn the_kit_has_a_file_for_every_client_and_its_guide_names_no_other() {
    let world = World::with("kit", &["--tls"]);
    let guide = String::from_utf8(world.read("client/README.md")).unwrap();
    assert!(!guide.contains("{tuf}") && !guide.contains("{issuer}") && !guide.contains("{name}"));
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let made_by_the_reader = [
        "FILE.sigstore.json",
        "PREDICATE.json",
        "chain.pem",
        "policy.json",
    ];
    let mut named = 0;
    for name in guide.split(|c| !is_of_a_name(c)) {
        let is_a_file = [".json", ".pem", ".pub"]
            .iter()
            .any(|ending| name.len() > ending.len() && name.ends_with(ending));
        if is_a_file && !made_by_the_reader.contains(&name) {
            let places = ["client", "client/policies"];
            let is_there = |place: &&str| world.path(place).join(name).exists();
            assert!(places.iter().any(is_there), "{name}");
            named += 1;
        }
    }
    assert!(named > 30, "{named} names of files");
}

#[test]
fn the_single_files_of_the_kit_are_those_of_the_trust_root() {
    let world = World::new("single-files");
    let targets = world.run(&["trust", "show"]).unwrap();
    let target = |name: &str| {
        let targets = targets["targets"].as_array().unwrap();
        let sha256 = targets.iter().find(|it| it["name"] == name).unwrap()["sha256"].clone();
        let sha256 = sha256.as_str().unwrap().to_owned();
        world.read(&format!("tuf/repository/targets/{sha256}.{name}"))
    };
    for name in ["rekor.pub", "ctfe.pub"] {
        assert_eq!(
            world.read(&format!("client/{name}")),
            target(name),
            "{name}"
        );
    }
    for (file, chain) in [
        (
            "fulcio-chain.pem",
            ["fulcio_intermediate_v1.crt.pem", "fulcio_v1.crt.pem"],
        ),
        ("tsa-chain.pem", ["tsa_leaf.crt.pem", "tsa_root.crt.pem"]),
    ] {
        let chain = [target(chain[0]), target(chain[1])].concat();
        assert_eq!(world.read(&format!("client/{file}")), chain, "{file}");
    }
}

#[test]
fn one_signing_config_has_both_faces_and_one_has_rekor_v1_alone() {
    let world = World::new("faces");
    for (file, versions) in [
        ("signing_config.v0.2.json", &[2, 1][..]),
        ("signing_config_rekor_v1.v0.2.json", &[1]),
    ] {
        let config = world.json(&format!("client/{file}"));
        let logs = config["rekorTlogUrls"].as_array().unwrap();
        let found: Vec<_> = logs
            .iter()
            .map(|log| log["majorApiVersion"].as_u64().unwrap())
            .collect();
        assert_eq!(found, versions, "{file}");
        for services in ["caUrls", "oidcUrls", "tsaUrls"] {
            assert_eq!(
                config[services].as_array().unwrap().len(),
                1,
                "{file}: {services}"
            );
        }
    }
}

#[test]
fn the_variables_add_the_own_authority_to_those_of_the_system() {
    let world = World::with("variables", &["--tls"]);
    let variables = world.run(&["env"]).unwrap();
    let file = |name: &str| fs::read(variables[name].as_str().unwrap()).unwrap();
    let own = world.read("client/tls-ca.pem");
    let system = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        assert!(file(name).ends_with(&own), "{name}");
        assert!(file(name).starts_with(&system), "{name}");
    }
    // Node adds the file to its own.
    assert_eq!(file("NODE_EXTRA_CA_CERTS"), own);
    let plain = World::new("variables-plain").run(&["env"]).unwrap();
    for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(plain[name], Value::Null, "{name}");
    }
    assert_eq!(plain["REKOR_REKOR_SERVER"], plain["GITSIGN_REKOR_URL"]);
}
