//! `OpenLDAP`'s server, as Debian installs it, with a small company in it.
//!
//! People are below `ou=people,dc=example,dc=com`, groups below `ou=groups,dc=example,dc=com`; only [`SEARCHER`] may read.
//! Everybody's password is [`PASSWORD`]. A bind with a name and without a password succeeds, as nobody, as it does at many
//! servers.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Need;

/// The server, which ends with this value.
pub struct Slapd {
    folder: PathBuf,
    ports: [u16; 2],
    process: Option<Child>,
}

impl Slapd {
    /// Starts a server whose files are below `folder`, in which nothing else is; `None` if it is not installed. Entries of
    /// `more` (LDIF) are added to those of the company.
    #[must_use]
    pub fn start(folder: &Path, more: &str) -> Option<Self> {
        let need = Need {
            name: "slapd",
            remedy: "make packages",
        };
        need.check(Path::new(PROGRAM).exists())?;
        let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = sockets.map(|socket| socket.local_addr().unwrap().port());
        let mut slapd = Self {
            folder: folder.to_owned(),
            ports,
            process: None,
        };
        fs::create_dir_all(slapd.path("db")).unwrap();
        slapd.certify();
        fs::write(slapd.path("slapd.conf"), slapd.config()).unwrap();
        fs::write(slapd.path("people.ldif"), format!("{}\n{more}", company())).unwrap();
        fs::write(slapd.path("password"), format!("{SEARCHER_PASSWORD}\n")).unwrap();
        let mut add = Command::new(PROGRAM.replace("slapd", "slapadd"));
        let added = add
            .arg("-f")
            .arg(slapd.path("slapd.conf"))
            .arg("-l")
            .arg(slapd.path("people.ldif"));
        let added = added.output().unwrap();
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "{said}");
        slapd.begin();
        Some(slapd)
    }

    /// Starts the server that was ended, at the same ports.
    ///
    /// # Panics
    /// It does not answer.
    pub fn begin(&mut self) {
        let [plain, tls] = self.ports;
        let child = Command::new(PROGRAM)
            .args(["-d", "0", "-h"])
            .arg(format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}"))
            .arg("-f")
            .arg(self.path("slapd.conf"))
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(child.unwrap());
        let begun = Instant::now();
        while self.ports.iter().any(|port| !answers(*port)) {
            assert!(begun.elapsed() < PATIENCE, "slapd does not answer");
            std::thread::yield_now();
        }
    }

    /// Ends the server.
    pub fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Its URL without encryption.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.ports[0])
    }

    /// Its URL with encryption from the first byte on.
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.ports[1])
    }

    /// The certificate of the server, which is its own authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.path("server.pem")
    }

    /// The file with the password of [`SEARCHER`].
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        self.path("password")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn certify(&self) {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(self.path("server.key"))
            .arg("-out")
            .arg(self.path("server.pem"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    fn config(&self) -> String {
        let folder = self.folder.display();
        format!(
            r#"include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'mailVerified' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
allow bind_anon_dn
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
directory {folder}/db
overlay ppolicy
ppolicy_use_lockout
ppolicy_default "cn=usual,ou=policies,dc=example,dc=com"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{SEARCHER}" read by * none
"#
        )
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.end();
    }
}

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn company() -> String {
    let mut ldif = String::from(
        "dn: dc=example,dc=com\nobjectClass: domain\n\n\
         dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\n\n\
         dn: ou=groups,dc=example,dc=com\nobjectClass: organizationalUnit\n\n\
         dn: ou=policies,dc=example,dc=com\nobjectClass: organizationalUnit\n\n\
         dn: cn=usual,ou=policies,dc=example,dc=com\nobjectClass: device\nobjectClass: pwdPolicy\n\
         pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 100\n\n\
         dn: cn=short,ou=policies,dc=example,dc=com\nobjectClass: device\nobjectClass: pwdPolicy\n\
         pwdAttribute: userPassword\npwdMaxAge: 3600\n\n",
    );
    let _written = write!(
        ldif,
        "dn: {SEARCHER}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\nuserPassword: {SEARCHER_PASSWORD}\n\n"
    );
    for (login, more) in [
        ("ada", "mail: Ada@example.com\nmailVerified: TRUE\n"),
        ("bob", "mail: bob@example.com\nmailVerified: FALSE\n"),
        ("eve", "mail: eve@example.net\nmailVerified: TRUE\n"),
        ("alice", "mail: alice@example.com\nmailVerified: TRUE\n"),
        (
            "locked",
            "mail: locked@example.com\npwdAccountLockedTime: 000001010000Z\n",
        ),
        (
            "expired",
            "mail: expired@example.com\npwdChangedTime: 20000101000000Z\n\
             pwdPolicySubentry: cn=short,ou=policies,dc=example,dc=com\n",
        ),
    ] {
        ldif.push_str(&person(login, more));
    }
    ldif.push_str(
        "dn: cn=release,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\n\
         member: uid=ada,ou=people,dc=example,dc=com\n\n\
         dn: cn=Site Operators,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\n\
         member: uid=ada,ou=people,dc=example,dc=com\nmember: uid=bob,ou=people,dc=example,dc=com\n\n\
         dn: cn=others,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\n\
         member: uid=bob,ou=people,dc=example,dc=com\n",
    );
    ldif
}

/// The entry of a person with the usual password, in LDIF.
#[must_use]
pub fn person(login: &str, more: &str) -> String {
    format!(
        "dn: uid={login},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: extensibleObject\n\
         uid: {login}\ncn: {login}\nsn: {login}\nuserPassword: {PASSWORD}\n{more}\n"
    )
}

const PROGRAM: &str = "/usr/sbin/slapd";
/// Who may read.
pub const SEARCHER: &str = "cn=sigstead,dc=example,dc=com";
const SEARCHER_PASSWORD: &str = "the password of the issuer";
/// Everybody's password.
pub const PASSWORD: &str = "battery of a horse";
const PATIENCE: Duration = Duration::from_secs(30);
