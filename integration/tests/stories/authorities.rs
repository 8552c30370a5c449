//! What `docs/authorities.md` shows is done, each command on the machine that it names; and what a company certified is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, Rotated, client, run, sigctl};

use crate::ceremony::{Carried, commands, waits};
use crate::profile::lint;
use crate::refuses;

const PAGE: &str = include_str!("../../../docs/authorities.md");
const SOON: [&str; 5] = ["--in", "1s", "--drain", "1s", "--accept-short-times"];

#[test]
fn the_page_is_followed_by_a_key_that_no_network_reaches() {
    let instance = Instance::start("authorities", &["--roots", "elsewhere"]).unwrap();
    for key in ["ca-root.key", "tsa-root.key"] {
        assert!(!instance.directory().join("trust").join(key).exists());
    }
    let mut carried = Carried::new(&instance);
    people_hold_the_root(&mut carried);
    let commands = commands(PAGE);
    assert_eq!(commands.len(), 34, "{commands:?}");
    for (machine, command) in &commands[..of_company(&commands)] {
        let mut sigctl = carried.command(machine, command);
        match command.split(' ').collect::<Vec<_>>()[..] {
            ["rotate", _, "start", ..] => waits(sigctl.args(SOON)),
            ["rotate", role, "resume", _] => goes_on(&instance, role, &mut sigctl),
            _ => {
                run(&mut sigctl).unwrap();
            }
        }
    }
    let trust = instance.directory().join("trust");
    let trusted_root = read(&instance.kit("trusted_root.json"));
    for (kind, chains) in [("certificateAuthorities", 3), ("timestampAuthorities", 2)] {
        assert_eq!(
            trusted_root[kind].as_array().unwrap().len(),
            chains,
            "{kind}"
        );
    }
    for root in ["ca-root-2", "tsa-root-2"] {
        assert!(trust.join(format!("{root}.pem")).exists());
        assert!(
            !trust.join(format!("{root}.key")).exists(),
            "it is in the vault"
        );
    }
    a_linter_finds_nothing_wrong(&carried.machine("office"));
    clients_take_it(&instance);
    a_changed_medium_is_refused(&instance, &mut carried);
}

/// Where the commands begin that are about a company.
fn of_company(commands: &[(String, String)]) -> usize {
    let mut commands = commands.iter();
    commands
        .position(|(_, it)| it.contains("--to request"))
        .unwrap()
        - 1
}

/// Resumes a rotation that has its chain, until it is over.
fn goes_on(instance: &Instance, role: &str, resume: &mut Command) {
    let output = resume.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 6)), "{output:?}");
    let mut roles = ["ca-root", "ca-intermediate", "tsa"].into_iter();
    let over = Rotated(roles.find(|it| *it == role).unwrap()).until_over(instance);
    assert_eq!(over["phase"], "retired", "{over}");
}

/// The ceremony of the root of TUF, after which alice and bob hold it.
fn people_hold_the_root(carried: &mut Carried) {
    let invite = |name: &str| {
        format!(
            "ceremony invite root-2 --name {name} --key file:{name}.key --passphrase-file {name}.pass"
        )
    };
    let sign = |name: &str| {
        format!(
            "ceremony sign root-2 --key file:{name}.key --passphrase-file {name}.pass --words \"WORDS\""
        )
    };
    let mut done = |machine: &str, command: &str| {
        run(&mut carried.command(machine, command)).unwrap();
    };
    done(
        "office",
        "ceremony new DIR --to root-2 --replace operator=alice --add bob --threshold 2",
    );
    for name in ["alice", "bob"] {
        done(name, &invite(name));
    }
    for name in ["alice", "bob"] {
        done(name, &sign(name));
    }
    done(
        "office",
        "ceremony sign root-2 --key file:DIR/trust/tuf-root.key --passphrase-file DIR/passphrase --words \"WORDS\"",
    );
    done("office", "ceremony finish DIR --from root-2");
}

/// The official clients that are installed verify what was signed before, and sign and verify below the new chains.
fn clients_take_it(instance: &Instance) {
    let mut publish = sigctl();
    publish.args(["--output", "json", "trust", "publish"]);
    let Some(cosign) = client::cosign() else {
        return;
    };
    publish.env("SIGSTEAD_CLIENTS", cosign.ancestors().nth(2).unwrap());
    let output = run(publish.arg(instance.directory())).unwrap();
    let published: Value = serde_json::from_slice(&output.stdout).unwrap();
    let clients = published["gate"]["clients"].to_string();
    assert!(clients.contains("cosign"), "{published}");
    assert!(
        client::sigstore_python().is_none() || clients.contains("sigstore-python"),
        "{published}"
    );
}

/// The chains of the authority, of its next intermediate and of the timestamp authority.
fn a_linter_finds_nothing_wrong(office: &Path) {
    let Some(linter) = client::pkilint() else {
        return;
    };
    for medium in ["medium-1", "medium-2", "medium-3"] {
        let chain = fs::read_to_string(office.join(medium).join("chain.pem")).unwrap();
        for (index, (_, der)) in sigstead_key::pem::decode_all(&chain)
            .unwrap()
            .iter()
            .enumerate()
        {
            let name = format!("{medium}-{index}");
            let path = office.join(format!("{name}.der"));
            fs::write(&path, der).unwrap();
            lint(&linter, &name, &path);
        }
    }
}

/// The next intermediate, with somebody at work who has the medium.
fn a_changed_medium_is_refused(instance: &Instance, carried: &mut Carried) {
    waits(&mut Rotated("ca-intermediate").command(instance, "start", &SOON));
    let office = "office";
    run(&mut carried.command(
        office,
        "ceremony certificate DIR ca-intermediate --to medium-4",
    ))
    .unwrap();
    let medium = carried.machine(office).join("medium-4");
    let draft = medium.join("certificates.json");
    let written = fs::read_to_string(&draft).unwrap();
    let sign = |name: &str, key: &str| {
        format!(
            "ceremony sign medium-4 --key file:{key}.key --passphrase-file {name}.pass --words \"WORDS\""
        )
    };
    let finish = "ceremony finish DIR --from medium-4";
    // Nobody has signed, then one of two, then all but the root.
    for name in [None, Some("alice"), Some("bob")] {
        if let Some(name) = name {
            run(&mut carried.command(name, &sign(name, name))).unwrap();
        }
        let mut finish = carried.command(office, finish);
        assert_eq!(finish.output().unwrap().status.code(), Some(6));
        refuses(&mut finish, &["e-ceremony-009"]);
    }
    // Another key of the vault is no key of this ceremony.
    refuses(
        &mut carried.command("vault", &sign("vault", "tsa-root")),
        &["e-ceremony-007"],
    );
    let mut deaf = carried.command(
        "vault",
        &sign("vault", "ca-root").replace("\"WORDS\"", "abandon"),
    );
    refuses(&mut deaf, &["e-ceremony-006"]);
    run(&mut carried.command("vault", &sign("vault", "ca-root"))).unwrap();
    run(&mut carried.command(office, &format!("{finish} --check"))).unwrap();
    for (from, to, code) in [
        ("\"threshold\": 2", "\"threshold\": 1", "e-ceremony-046"),
        (
            "\"instance\": \"",
            "\"instance\": \"other-",
            "e-ceremony-045",
        ),
        ("\"format\": 1", "\"format\": 2", "e-ceremony-002"),
    ] {
        fs::write(&draft, written.replacen(from, to, 1)).unwrap();
        refuses(&mut carried.command(office, finish), &[code]);
    }
    fs::write(&draft, &written).unwrap();
    run(&mut carried.command(office, finish)).unwrap();
    fs::write(
        &draft,
        written.replacen("\"number\": 1", "\"number\": 2", 1),
    )
    .unwrap();
    refuses(
        &mut carried.command("stranger", "ceremony verify medium-4"),
        &["e-ceremony-021"],
    );
    Rotated("ca-intermediate").rotate(instance, "undo", &[]);
    let folder = instance.directory().join("trust/requests");
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("ca-intermediate-3")),
        "{left:?}"
    );
    refuses(&mut carried.command(office, finish), &["e-ceremony-045"]);
}

#[test]
fn a_key_of_a_root_that_is_brought_back_certifies() {
    let instance = Instance::start("brought-back", &[]).unwrap();
    let key = instance.directory().join("trust/tsa-root.key");
    let elsewhere = instance.work().join("tsa-root.key");
    sigstead_durable::rename(&key, &elsewhere).unwrap();
    refuses(
        &mut Rotated("tsa").command(&instance, "start", &SOON),
        &["e-ceremony-031", "tsa-root.key"],
    );
    waits(&mut Rotated("tsa").command(&instance, "resume", &[]));
    sigstead_durable::rename(&elsewhere, &key).unwrap();
    let over = Rotated("tsa").until_over(&instance);
    assert_eq!(over["phase"], "retired", "{over}");
    for (role, root) in [
        ("oidc", "here"),
        ("ca-intermediate", "elsewhere"),
        ("ca-root", "same"),
    ] {
        let mut start = Rotated(role).command(&instance, "start", &["--root", root]);
        refuses(&mut start, &["e-ctl-510"]);
    }
    // A root of the timestamp authority that is made in the instance, as in a rotation that needs nobody.
    Rotated("tsa").rotate(
        &instance,
        "start",
        &[&SOON[..], &["--root", "here"]].concat(),
    );
    Rotated("tsa").until_over(&instance);
    assert!(instance.directory().join("trust/tsa-root-3.key").exists());
    let file = crate::artifact(instance.work(), "stamped");
    let bundle = crate::beside(&file, "sigstore.json");
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory()).arg(&file);
    run(sign
        .args(["--identity", crate::PERSON, "--bundle"])
        .arg(&bundle))
    .unwrap();
}

/// A company's root, its issuing authority, and what they certify, by OpenSSL.
struct Company {
    folder: PathBuf,
}

impl Company {
    fn found(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let company = Self {
            folder: folder.to_owned(),
        };
        company.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 3650 -keyout root.key -out root.pem \
             -subj /O=Company/CN=Root -addext {AUTHORITY} -addext {CERTIFIES}"
        ));
        company.openssl(
            "req -new -newkey rsa:3072 -nodes -keyout issuing.key -out issuing.csr -subj /O=Company/CN=Issuing",
        );
        company.certify(
            "issuing.csr",
            "root",
            "issuing.pem",
            &[AUTHORITY, CERTIFIES],
        );
        company
    }

    /// A certificate with these extensions and identifiers of keys.
    fn certify(&self, request: &str, by: &str, to: &str, extensions: &[&str]) {
        let said = [
            extensions,
            &["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"],
        ]
        .concat();
        fs::write(self.folder.join("extensions"), said.join("\n")).unwrap();
        self.openssl(&format!(
            "x509 -req -in {request} -CA {by}.pem -CAkey {by}.key -CAcreateserial -days 1000 -out {to} -extfile extensions"
        ));
    }

    /// What it answers to a request: the whole chain.
    fn answer(&self, request: &Path, extensions: &[&str]) -> PathBuf {
        self.certify(request.to_str().unwrap(), "issuing", "ours.pem", extensions);
        let chain = ["ours.pem", "issuing.pem", "root.pem"]
            .map(|name| fs::read_to_string(self.folder.join(name)).unwrap());
        let file = self.folder.join("company.pem");
        fs::write(&file, chain.concat()).unwrap();
        file
    }

    fn openssl(&self, command: &str) {
        let mut openssl = Command::new("openssl");
        run(openssl
            .current_dir(&self.folder)
            .args(command.split_whitespace()))
        .unwrap();
    }
}

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE";
const LAST: &str = "basicConstraints=critical,CA:TRUE,pathlen:0";
const CERTIFIES: &str = "keyUsage=critical,keyCertSign,cRLSign";
const CODE: &str = "extendedKeyUsage=codeSigning";

#[test]
fn a_company_certifies_our_key_and_what_clients_would_refuse_is_not_taken() {
    if client::openssl().is_none() {
        return;
    }
    let instance = Instance::start("company", &[]).unwrap();
    let company = Company::found(&instance.work().join("company"));
    let mut carried = Carried::new(&instance);
    let office = carried.machine("office");
    let commands = commands(PAGE);
    let [start, request, check, accept, resume] = &commands[of_company(&commands)..] else {
        panic!("{commands:?}");
    };
    waits(carried.command(&start.0, &start.1).args(SOON));
    run(&mut carried.command(&request.0, &request.1)).unwrap();
    let csr = office.join("request.csr");
    let text = run(Command::new("openssl")
        .args(["req", "-verify", "-text", "-in"])
        .arg(&csr))
    .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    for asked in [
        "code signing of root 2",
        "CA:TRUE, pathlen:0",
        "Code Signing",
        "Certificate Sign",
    ] {
        assert!(text.contains(asked), "{asked}: {text}");
    }
    let answers = [
        (
            "e-ceremony-036",
            vec!["basicConstraints=critical,CA:FALSE", CERTIFIES, CODE],
        ),
        ("e-ceremony-037", vec![AUTHORITY, CERTIFIES, CODE]),
        (
            "e-ceremony-038",
            vec![LAST, CERTIFIES, "extendedKeyUsage=emailProtection"],
        ),
        (
            "e-ceremony-039",
            vec![
                LAST,
                CERTIFIES,
                CODE,
                "nameConstraints=permitted;email:example.com",
            ],
        ),
    ];
    let file = office.join("company.pem");
    for (code, extensions) in answers {
        fs::copy(company.answer(&csr, &extensions), &file).unwrap();
        refuses(&mut carried.command(&check.0, &check.1), &[code]);
        refuses(&mut carried.command(&accept.0, &accept.1), &[code]);
    }
    company.openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.csr -subj /CN=x");
    fs::copy(
        company.answer(Path::new("other.csr"), &[LAST, CERTIFIES, CODE]),
        &file,
    )
    .unwrap();
    refuses(
        &mut carried.command(&accept.0, &accept.1),
        &["e-ceremony-033"],
    );
    let good = company.answer(&csr, &[LAST, CERTIFIES, CODE]);
    let whole = fs::read_to_string(&good).unwrap();
    let alone = whole
        .split_inclusive("-----END CERTIFICATE-----\n")
        .next()
        .unwrap();
    for (text, code) in [
        ("no certificate", "e-ceremony-034"),
        (alone, "e-ceremony-034"),
    ] {
        fs::write(&file, text).unwrap();
        refuses(&mut carried.command(&accept.0, &accept.1), &[code]);
    }
    waits(&mut Rotated("ca-root").command(&instance, "resume", &[]));
    fs::write(&file, &whole).unwrap();
    run(&mut carried.command(&check.0, &check.1)).unwrap();
    waits(&mut Rotated("ca-root").command(&instance, "resume", &[]));
    run(&mut carried.command(&accept.0, &accept.1)).unwrap();
    goes_on(
        &instance,
        "ca-root",
        &mut carried.command(&resume.0, &resume.1),
    );
    refuses(
        &mut carried.command(&accept.0, &accept.1),
        &["e-ceremony-032"],
    );
    let trusted_root = read(&instance.kit("trusted_root.json"));
    let newest = &trusted_root["certificateAuthorities"][0];
    assert_eq!(
        newest["subject"]["organization"], "Company",
        "{trusted_root}"
    );
    assert_eq!(
        newest["certChain"]["certificates"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    clients_take_it(&instance);
    a_chain_of_another_root_is_refused(&instance, &company, &mut carried);
}

/// The next intermediate stays below the company's root.
fn a_chain_of_another_root_is_refused(
    instance: &Instance,
    company: &Company,
    carried: &mut Carried,
) {
    waits(&mut Rotated("ca-intermediate").command(instance, "start", &SOON));
    run(&mut carried.command(
        "office",
        "authority request DIR ca-intermediate --to next.csr",
    ))
    .unwrap();
    let csr = carried.machine("office").join("next.csr");
    let other = Company::found(&instance.work().join("other"));
    let accept = |chain: &Path| {
        let mut accept = sigctl();
        accept
            .args(["authority", "accept"])
            .arg(instance.directory());
        accept.args(["ca-intermediate", "--chain"]).arg(chain);
        accept
    };
    let theirs = other.answer(&csr, &[LAST, CERTIFIES, CODE]);
    // It has the name of the first company, for which a client could take it.
    refuses(&mut accept(&theirs), &["e-ceremony-040"]);
    run(&mut accept(&company.answer(&csr, &[LAST, CERTIFIES, CODE]))).unwrap();
    let mut resume = Rotated("ca-intermediate").command(instance, "resume", &[]);
    goes_on(instance, "ca-intermediate", &mut resume);
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
