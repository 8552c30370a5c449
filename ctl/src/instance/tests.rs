use super::*;

fn refusal(text: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(Instance::FILE), text).unwrap();
    let failure = Instance::open(folder.path()).unwrap_err();
    (failure.code().to_owned(), format!("{failure:?}"))
}

const GOOD: &str = "version: 1
name: demo
host: localhost
tls: false
profile: dev
created: 2026-01-01T00:00:00Z
passphrase_file: passphrase
ports:
  oidc: {public: 1, ops: 2, admin: 3}
  ctlog: {public: 4, ops: 5, admin: 6}
  ca: {public: 7, ops: 8, admin: 9}
  tsa: {public: 10, ops: 11, admin: 12}
  tlog: {public: 13, ops: 14, admin: 15}
  tuf: {public: 16, ops: 17, admin: 18}
";

#[test]
fn an_instance_is_the_same_by_every_path_that_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("a");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join(Instance::FILE), GOOD).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&directory, &link).unwrap();
    let plain = Instance::open(&directory).unwrap();
    for spelled in [link, directory.join("../a/."), folder.path().join("a//")] {
        let opened = Instance::open(&spelled).unwrap();
        assert_eq!(
            opened.directory(),
            plain.directory(),
            "{}",
            spelled.display()
        );
    }
}

#[test]
fn a_proxy_gives_each_service_a_name_or_a_port_of_its_own() {
    let urls = |proxy: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = GOOD.replace("tls: false", proxy);
        let text = text.replace("host: localhost", "host: sig.example");
        std::fs::write(folder.path().join(Instance::FILE), text).unwrap();
        let manifest = Instance::open(folder.path()).unwrap().manifest;
        let urls = SERVICES.map(|service| (manifest.url(service), manifest.local_url(service)));
        let log = manifest.log_url(Service::Tlog, "log2026-1.sig.example");
        (urls, log, manifest.listen_address().to_string())
    };
    let (urls_by_name, log, address) = urls("tls: false\nproxy: {first_port: null}");
    let [oidc, ctlog, ca, tsa, tlog, tuf] = urls_by_name;
    assert_eq!(oidc.0, "https://oidc.sig.example");
    assert_eq!(ctlog.0, "https://ct2026-1.sig.example");
    assert_eq!(ca.0, "https://ca.sig.example");
    assert_eq!(tsa.0, "https://tsa.sig.example");
    assert_eq!(tlog.0, "https://rekor.sig.example");
    assert_eq!(tuf.0, "https://tuf.sig.example");
    assert_eq!(log, "https://log2026-1.sig.example");
    assert_eq!(tuf.1, "http://127.0.0.1:16");
    assert_eq!(address, "127.0.0.1");
    let listening = "tls: true\nlisten: 2001:db8::1\nproxy: {first_port: 9443}";
    let ([oidc, .., tuf], log, address) = urls(listening);
    assert_eq!(oidc.0, "https://sig.example:9443");
    assert_eq!(tuf.0, "https://sig.example:9448");
    assert_eq!(log, "https://sig.example:9447");
    assert_eq!(tuf.1, "https://[2001:db8::1]:16");
    assert_eq!(address, "2001:db8::1");
    let ([oidc, ..], log, address) = urls("tls: true");
    assert_eq!(oidc.0, "https://sig.example:1");
    assert_eq!(oidc.1, oidc.0);
    assert_eq!(log, "https://sig.example:13");
    assert_eq!(address, "::");
}

#[test]
fn a_manifest_is_refused_for_what_is_wrong_with_it() {
    for (text, code, says) in [
        (
            GOOD.replace("version: 1", "version: 2\nshape: round"),
            "E-CTL-072",
            "newer sigctl",
        ),
        (
            GOOD.replace("name: demo", "nmae: demo"),
            "E-CTL-072",
            "cannot be understood",
        ),
        (
            GOOD.replace("name: demo", "name: \"\\e[2J\""),
            "E-CTL-072",
            "lower-case",
        ),
        (
            GOOD.replace("host: localhost", "host: \"a\\e[2J\""),
            "E-CTL-072",
            "host",
        ),
        (
            GOOD.replace("tls: false", "tls: false\nproxy: {first_port: 65531}"),
            "E-CTL-072",
            "proxy.first_port",
        ),
        (
            GOOD.replace("  tsa: ", "# tsa: "),
            "E-CTL-072",
            "no ports of tsa",
        ),
        ("#".repeat(100_000), "E-CTL-002", "longer than"),
    ] {
        let (found, said) = refusal(&text);
        assert_eq!(found, code, "{said}");
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("sigctl init"), "{said}");
    }
    let nothing = Instance::open(Path::new("/nonexistent")).unwrap_err();
    assert_eq!(nothing.code(), "E-CTL-004");
}
