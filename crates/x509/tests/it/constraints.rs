//! What authorities say about the names, policies and usages of the certificates below them.

use sigstead_key::Algorithm;
use sigstead_x509::{Certificate, Error, ExtendedKeyUsage, verify_chain};

use crate::raw::{Raw, tlv};
use crate::world::{Authority, name, now};

const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 19];
const NAME_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 30];
const SUBJECT_ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 17];
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 37];
const CODE_SIGNING: [u8; 10] = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3];

/// The tags of the forms of names.
const OTHER: u8 = 0xa0;
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
const REGISTERED: u8 = 0x88;

type Name<'a> = (u8, &'a [u8]);

/// A root, and an authority below it with more extensions.
struct World {
    root: Authority,
    extensions: Vec<(Vec<u8>, bool, Vec<u8>)>,
}

impl World {
    fn new() -> Self {
        Self {
            root: Authority::root(Algorithm::EcdsaP256Sha256),
            extensions: Vec::new(),
        }
    }

    fn with(mut self, oid: &[u8], is_critical: bool, value: Vec<u8>) -> Self {
        self.extensions.push((oid.to_vec(), is_critical, value));
        self
    }

    fn with_names(self, is_critical: bool, permitted: &[Name<'_>], excluded: &[Name<'_>]) -> Self {
        let list = |tag: u8, names: &[Name<'_>]| match names {
            [] => Vec::new(),
            names => {
                let subtrees = names.iter().map(|(tag, base)| tlv(0x30, &tlv(*tag, base)));
                tlv(tag, &subtrees.collect::<Vec<_>>().concat())
            }
        };
        let value = [list(0xa0, permitted), list(0xa1, excluded)].concat();
        self.with(&NAME_CONSTRAINTS, is_critical, tlv(0x30, &value))
    }

    fn authority(&self) -> Authority {
        let plain = Raw::issued_by(&self.root)
            .subject(name("intermediate").to_der().unwrap())
            .extension(&BASIC_CONSTRAINTS, true, &tlv(0x30, &[1, 1, 0xff]));
        let each = self.extensions.iter();
        each.fold(plain, |raw, (oid, is_critical, value)| {
            raw.extension(oid, *is_critical, value)
        })
        .authority()
    }

    fn verify(&self, names: &[Name<'_>]) -> Result<(), Error> {
        self.verify_subject(tlv(0x30, &[]), names)
    }

    fn verify_subject(&self, subject: Vec<u8>, names: &[Name<'_>]) -> Result<(), Error> {
        let authority = self.authority();
        let mut leaf = Raw::issued_by(&authority).subject(subject).extension(
            &EXTENDED_KEY_USAGE,
            false,
            &tlv(0x30, &CODE_SIGNING),
        );
        if !names.is_empty() {
            let names = names.iter().map(|(tag, name)| tlv(*tag, name));
            let names = names.collect::<Vec<_>>().concat();
            leaf = leaf.extension(&SUBJECT_ALTERNATIVE_NAME, true, &tlv(0x30, &names));
        }
        self.path(&leaf.read().unwrap(), &authority)
    }

    fn path(&self, leaf: &Certificate, authority: &Authority) -> Result<(), Error> {
        let intermediates = [authority.certificate.clone()];
        let roots = [self.root.certificate.clone()];
        let usage = ExtendedKeyUsage::CodeSigning;
        verify_chain(leaf, &intermediates, &roots, now(), usage).map(drop)
    }
}

#[test]
fn certifies_the_names_that_are_permitted_and_not_excluded() {
    let names: &[(u8, &str, &str, bool)] = &[
        (EMAIL, "example.com", "alice@example.com", true),
        (EMAIL, "example.com", "alice@EXAMPLE.com", true),
        (EMAIL, "example.com", "alice@sub.example.com", false),
        (EMAIL, "example.com", "alice@badexample.com", false),
        (EMAIL, ".example.com", "alice@sub.example.com", true),
        (EMAIL, ".example.com", "alice@example.com", false),
        (EMAIL, "alice@example.com", "alice@example.com", true),
        (EMAIL, "alice@example.com", "Alice@example.com", false),
        (EMAIL, "alice@example.com", "bob@example.com", false),
        (EMAIL, "", "alice@example.com", true),
        (DNS, "example.com", "example.com", true),
        (DNS, "example.com", "a.b.Example.com", true),
        (DNS, "example.com", "badexample.com", false),
        (DNS, "example.com", "*.example.com", true),
        (DNS, ".example.com", "example.com", false),
        (URI, "example.com", "https://example.com/path?a@b.com", true),
        (URI, "example.com", "https://user@EXAMPLE.com:8443/", true),
        (URI, "example.com", "https://example.com.evil.org/", false),
        (URI, "example.com", "https://evil.org/@example.com", false),
        (URI, "example.com", "https://sub.example.com/", false),
        (URI, ".example.com", "https://sub.example.com/", true),
        (URI, ".example.com", "spiffe://example.com/a", false),
    ];
    for (form, base, found, is_within) in names {
        let subtree = [(*form, base.as_bytes())];
        for is_critical in [true, false] {
            let permitted = World::new().with_names(is_critical, &subtree, &[]);
            let excluded = World::new().with_names(is_critical, &[], &subtree);
            let found_name = [(*form, found.as_bytes())];
            for (world, is_taken) in [(permitted, *is_within), (excluded, !*is_within)] {
                let verdict = world.verify(&found_name);
                assert_eq!(verdict.is_ok(), is_taken, "{base} {found}: {verdict:?}");
                let is_named = matches!(verdict, Ok(()) | Err(Error::NameConstrained));
                assert!(is_named, "{base} {found}: {verdict:?}");
            }
        }
    }
}

#[test]
fn certifies_addresses_of_a_network() {
    let network: Name<'_> = (IP, &[10, 1, 0, 0, 255, 255, 0, 0]);
    let world = World::new().with_names(true, &[network], &[]);
    for (address, is_taken) in [
        (&[10, 1, 2, 3][..], true),
        (&[10, 2, 2, 3], false),
        (&[0; 16], false),
        (&[10, 1, 2], false),
    ] {
        assert_eq!(
            world.verify(&[(IP, address)]).is_ok(),
            is_taken,
            "{address:?}"
        );
    }
}

#[test]
fn certifies_what_is_not_clear_under_no_constraint_of_its_form() {
    let registered: &[u8] = &[0x2b, 7];
    let other = [tlv(0x06, &[0x2b, 7]), tlv(0xa0, &tlv(0x0c, b"a"))].concat();
    for (form, base, found) in [
        (
            EMAIL,
            &b"example.com"[..],
            &b"\"alice@evil.org\"@example.com"[..],
        ),
        (EMAIL, b"example.com", b"example.com"),
        (EMAIL, b"example.com", b"alice@"),
        (DNS, b"example.com", b"a..example.com"),
        (DNS, b"a.example.com", b"*.example.com"),
        (URI, b"example.com", b"urn:example.com"),
        (URI, b"example.com", b"https://10.0.0.1/"),
        (URI, b"example.com", b"https://[::1]/"),
        (URI, b"example.com", b"https://example.com\\@evil.org/"),
        (REGISTERED, registered, registered),
        (OTHER, &other, &other),
    ] {
        for is_critical in [true, false] {
            let permitted = World::new().with_names(is_critical, &[(form, base)], &[]);
            let excluded = World::new().with_names(is_critical, &[], &[(form, base)]);
            for world in [permitted, excluded] {
                let verdict = world.verify(&[(form, found)]);
                let refused = matches!(verdict, Err(Error::NameConstrained));
                assert!(refused, "{form} {found:?}: {verdict:?}");
                // Names of other forms are not spoken of.
                let other: Name<'_> = match form {
                    EMAIL => (DNS, b"a.example"),
                    _ => (EMAIL, b"alice@evil.org"),
                };
                assert!(world.verify(&[other]).is_ok(), "{form} {found:?}");
            }
        }
    }
}

#[test]
fn looks_at_subjects_and_at_the_addresses_in_them() {
    let organization = |text: &[u8], tag: u8| {
        let attribute = [tlv(0x06, &[0x55, 4, 10]), tlv(tag, text)].concat();
        tlv(0x31, &tlv(0x30, &attribute))
    };
    let of = |text: &[u8], tag: u8| tlv(0x30, &organization(text, tag));
    let base = of(b"example", 0x0c);
    let world = World::new().with_names(true, &[(DIRECTORY, &base)], &[]);
    let longer = [organization(b"Example", 0x13), organization(b"x", 0x0c)].concat();
    for (subject, is_taken) in [
        (of(b"example", 0x0c), true),
        (of(b" EXAMPLE ", 0x13), true),
        (tlv(0x30, &longer), true),
        (of(b"other", 0x0c), false),
        (of(b"example", 0x1e), false),
        (tlv(0x30, &[]), true),
    ] {
        let verdict = world.verify_subject(subject.clone(), &[]);
        assert_eq!(verdict.is_ok(), is_taken, "{subject:?}: {verdict:?}");
    }

    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    let attribute = [tlv(0x06, &oid), tlv(0x16, b"alice@evil.org")].concat();
    let subject = tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)));
    let world = World::new().with_names(true, &[(EMAIL, b"example.com")], &[]);
    let verdict = world.verify_subject(subject, &[]);
    assert!(
        matches!(verdict, Err(Error::NameConstrained)),
        "{verdict:?}"
    );
}

#[test]
fn refuses_constraints_that_cannot_be_read() {
    let email = tlv(0x30, &tlv(EMAIL, b"example.com"));
    let distant = tlv(
        0x30,
        &[tlv(EMAIL, b"example.com"), tlv(0x80, &[1])].concat(),
    );
    let x400 = tlv(0x30, &tlv(0xa3, &[]));
    for (case, value) in [
        ("no sequence", vec![5, 0]),
        ("a minimum", tlv(0x30, &tlv(0xa0, &distant))),
        ("an x.400 address", tlv(0x30, &tlv(0xa0, &x400))),
        ("65 subtrees", tlv(0x30, &tlv(0xa0, &email.repeat(65)))),
    ] {
        for is_critical in [true, false] {
            let world = World::new().with(&NAME_CONSTRAINTS, is_critical, value.clone());
            assert!(
                world.verify(&[(EMAIL, b"alice@example.com")]).is_err(),
                "{case}"
            );
        }
    }
    let world = World::new().with(
        &NAME_CONSTRAINTS,
        true,
        tlv(0x30, &tlv(0xa0, &email.repeat(64))),
    );
    assert!(world.verify(&[(EMAIL, b"alice@example.com")]).is_ok());
}

#[test]
fn nobody_asks_for_a_policy() {
    let any = tlv(0x30, &tlv(0x30, &tlv(0x06, &[0x55, 0x1d, 0x20, 0])));
    let no_mapping = tlv(0x30, &[0x81, 1, 0]);
    let demanded = tlv(0x30, &[0x80, 1, 0]);
    for (case, arc, value, is_taken) in [
        ("policies", 32, any, true),
        ("no any-policy", 54, vec![2, 1, 0], true),
        ("no mapping", 36, no_mapping, false),
        ("a policy is demanded", 36, demanded, false),
    ] {
        let world = World::new().with(&[0x55, 0x1d, arc], true, value);
        let verdict = world.verify(&[(EMAIL, b"alice@example.com")]);
        assert_eq!(verdict.is_ok(), is_taken, "{case}: {verdict:?}");
    }
}

#[test]
fn an_authority_for_any_usage_issues_for_each() {
    let any = tlv(0x30, &tlv(0x06, &[0x55, 0x1d, 37, 0]));
    let world = World::new().with(&EXTENDED_KEY_USAGE, false, any.clone());
    assert!(world.verify(&[(EMAIL, b"alice@example.com")]).is_ok());
    // A leaf says what it is for: any usage is none.
    let authority = World::new().authority();
    let leaf = Raw::issued_by(&authority).extension(&EXTENDED_KEY_USAGE, false, &any);
    let verdict = world.path(&leaf.read().unwrap(), &authority);
    assert!(matches!(verdict, Err(Error::Usage(_))), "{verdict:?}");
}

#[test]
fn the_name_of_the_issuing_key_is_a_hint() {
    let world = World::new();
    let authority = world.authority();
    let identifier = tlv(0x30, &tlv(0x80, b"another key"));
    let leaf = Raw::issued_by(&authority)
        .extension(&EXTENDED_KEY_USAGE, false, &tlv(0x30, &CODE_SIGNING))
        .extension(&[0x55, 0x1d, 35], false, &identifier)
        .read()
        .unwrap();
    let roots = [world.root.certificate];
    let hinted = World::new().with(&[0x55, 0x1d, 14], false, tlv(0x04, b"another key"));
    let intermediates = [
        hinted.authority().certificate,
        authority.certificate.clone(),
    ];
    let usage = ExtendedKeyUsage::CodeSigning;
    let path = verify_chain(&leaf, &intermediates, &roots, now(), usage).unwrap();
    assert_eq!(path[1], authority.certificate);
}
