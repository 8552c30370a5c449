use serde::Deserialize;

use super::*;

/// What Go made of these texts; the folder says how.
const VECTORS: &str = include_str!("../../testdata/go-url/vectors.json");

#[derive(Deserialize)]
struct Vectors {
    parse: Vec<Parsed>,
    join: Vec<Joined>,
}

#[derive(Deserialize)]
struct Parsed {
    input: String,
    output: Option<String>,
    scheme: String,
    hostname: String,
    user: bool,
}

#[derive(Deserialize)]
struct Joined {
    base: String,
    elements: Vec<String>,
    output: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).unwrap()
}

#[test]
fn reads_and_writes_as_go_does() {
    let (mut taken, mut refused) = (0, 0);
    for vector in vectors().parse {
        let ours = CertificateUri::parse(&vector.input);
        // An address with a zone means something on one machine only.
        let is_for_all = !vector.hostname.contains('%') || !vector.hostname.contains(':');
        let theirs = vector
            .output
            .filter(|_| !vector.scheme.is_empty() && !vector.hostname.is_empty() && is_for_all);
        assert_eq!(
            ours.as_ref().ok().map(ToString::to_string),
            theirs,
            "{:?}: {ours:?}",
            vector.input
        );
        let Ok(ours) = ours else {
            refused += 1;
            continue;
        };
        taken += 1;
        assert_eq!(ours.scheme(), vector.scheme, "{}", vector.input);
        assert_eq!(
            ours.hostname(),
            vector.hostname.as_bytes(),
            "{}",
            vector.input
        );
        assert_eq!(ours.has_user_info(), vector.user, "{}", vector.input);
    }
    assert!(taken > 80 && refused > 50, "{taken} {refused}");
}

/// Go gives the base back if an element cannot be decoded, so that many names become one.
#[test]
fn joins_as_go_does_but_for_elements_that_cannot_be_decoded() {
    for vector in vectors().join {
        let base = CertificateUri::parse(&vector.base).unwrap();
        let elements: Vec<&str> = vector.elements.iter().map(String::as_str).collect();
        let undecodable = elements.iter().any(|element| element.contains("50%"));
        let ours = base.join(&elements);
        if undecodable {
            assert_eq!(ours, Err(UriFault::Escape), "{elements:?}");
            assert_eq!(vector.output, vector.base);
        } else {
            assert_eq!(ours.unwrap().to_string(), vector.output, "{elements:?}");
        }
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, expected) in [
        ("https://a\n.example", UriFault::Control),
        ("example.com/x", UriFault::Scheme),
        ("https:///x", UriFault::HostMissing),
        ("https://a b/", UriFault::Host),
        ("https://a:b/", UriFault::Port),
        ("https://ä@example.com/", UriFault::UserInfo),
        ("https://example.com/%zz", UriFault::Escape),
    ] {
        assert_eq!(CertificateUri::parse(text), Err(expected), "{text:?}");
    }
}
