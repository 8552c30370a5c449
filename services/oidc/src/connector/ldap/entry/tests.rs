use std::collections::HashMap;

use sigstead_config::oidc::LdapConfig;

use super::*;

fn config(policy: AddressPolicy) -> LdapConfig {
    LdapConfig {
        id: "company".to_owned(),
        name: "Example Ltd".to_owned(),
        url: "ldaps://ldap.example.com".to_owned(),
        start_tls: false,
        plain: false,
        ca_file: None,
        bind: None,
        people: LdapPeople {
            base: "dc=example".to_owned(),
            filter: "(uid={login})".to_owned(),
            subject: "entryUUID".to_owned(),
            email: "mail".to_owned(),
            verified: policy,
            verified_attribute: Some("mailVerified".to_owned()),
        },
        groups: None,
        domains: vec!["example.com".to_owned()],
        timeout: sigstead_kit::Period::from_seconds(5),
    }
}

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let attributes = attributes.iter().map(|(name, values)| {
        let values = values.iter().map(|value| (*value).to_owned());
        ((*name).to_owned(), values.collect())
    });
    Entry(SearchEntry {
        dn: "uid=ada,dc=example".to_owned(),
        attrs: attributes.collect(),
        bin_attrs: HashMap::new(),
    })
}

/// The address that comes of an entry, or why none does.
fn address(attributes: &[(&str, &[&str])], login: &str) -> Result<String, &'static str> {
    entry(attributes)
        .address(&config(AddressPolicy::Administrators), login)
        .map(|address| address.as_str().to_owned())
}

#[test]
fn an_address_is_one_that_the_directory_may_speak_for() {
    let found = address(&[("MAIL", &["Ada@Example.com"])], "ada");
    assert_eq!(found.unwrap(), "ada@example.com");
    let two: &[(&str, &[&str])] = &[("mail", &["ada@example.com", "a.l@example.com"])];
    assert_eq!(address(two, "A.L@example.com").unwrap(), "a.l@example.com");
    let quoted = "\"ada@evil.example\"@example.com";
    let table: &[(&[&str], &str)] = &[
        (&["ada@example.com", "a.l@example.com"], "several"),
        (&["ada@example.org"], "domain"),
        (&["ada@sub.example.com"], "domain"),
        (&["ada@example.com.evil.example"], "domain"),
        (&[quoted], "certificate"),
        (&["ada"], "certificate"),
        (&[], "no e-mail"),
    ];
    for (values, why) in table {
        let refused = address(&[("mail", values)], "ada").unwrap_err();
        assert!(refused.contains(why), "{values:?}: {refused}");
    }
}

#[test]
fn an_address_is_verified_by_what_the_operator_named() {
    let config = config(AddressPolicy::Attribute);
    let table: &[(&[&str], bool)] = &[
        (&["TRUE"], true),
        (&["FALSE"], false),
        (&["true"], false),
        (&["TRUE", "FALSE"], false),
        (&[], false),
    ];
    for (value, believed) in table {
        let entry = entry(&[("mail", &["ada@example.com"]), ("mailverified", value)]);
        assert_eq!(
            entry.address(&config, "ada").is_ok(),
            *believed,
            "{value:?}"
        );
    }
    let without = entry(&[("mail", &["ada@example.com"])]);
    assert!(without.address(&config, "ada").is_err());
}

#[test]
fn a_subject_is_one_value_of_text_or_bytes() {
    let subject = |entry: &Entry| entry.subject("entryUUID");
    let text = |values: &[&str]| entry(&[("entryuuid", values)]);
    assert_eq!(subject(&text(&["6b9f"])).unwrap(), "6b9f");
    let mut bytes = entry(&[]);
    let guid = vec![vec![0xff, 0x01]];
    bytes.0.bin_attrs.insert("entryUUID".to_owned(), guid);
    assert_eq!(subject(&bytes).unwrap(), "ff01");
    let table: [&[&str]; 2] = [&[], &["a", "b"]];
    for values in table {
        assert!(subject(&text(values)).is_err(), "{values:?}");
    }
    let long = "x".repeat(256);
    for unfit in ["", "a\nb", &long] {
        let attributes: &[(&str, &[&str])] =
            &[("entryUUID", &[unfit]), ("mail", &["ada@example.com"])];
        let found = entry(attributes).identity(
            &config(AddressPolicy::Administrators),
            "ada",
            BTreeSet::new(),
        );
        assert!(matches!(found, Err(Error::IdentityUnfit { .. })), "{unfit}");
    }
}
