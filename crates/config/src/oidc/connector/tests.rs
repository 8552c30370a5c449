use serde::Deserialize;
use sigstead_kit::Period;

use super::*;

fn directory() -> LdapConfig {
    LdapConfig {
        id: "company".to_owned(),
        name: "Example Ltd".to_owned(),
        url: "ldaps://ldap.example.com".to_owned(),
        start_tls: false,
        plain: false,
        ca_file: None,
        bind: None,
        people: LdapPeople {
            base: "ou=people,dc=example,dc=com".to_owned(),
            filter: "(uid={login})".to_owned(),
            subject: "entryUUID".to_owned(),
            email: "mail".to_owned(),
            verified: AddressPolicy::Administrators,
            verified_attribute: None,
        },
        groups: None,
        domains: vec!["example.com".to_owned()],
        timeout: Period::from_seconds(5),
    }
}

/// What is wrong with a directory that was changed.
fn fault(change: impl FnOnce(&mut LdapConfig)) -> Option<String> {
    let mut config = directory();
    change(&mut config);
    check_all(&[ConnectorConfig::Ldap(config)]).err()
}

#[test]
fn passwords_travel_encrypted_unless_the_operator_says_otherwise() {
    for (url, start_tls, plain, fits) in [
        ("ldaps://ldap.example.com", false, false, true),
        ("ldap://ldap.example.com", true, false, true),
        ("ldap://ldap.example.com", false, false, false),
        ("ldap://ldap.example.com", false, true, true),
        ("ldap://localhost:3389", false, false, true),
        ("ldap://127.0.0.1:3389", false, false, true),
        ("ldap://[::1]:3389", false, false, true),
        ("ldap://localhost.example.com", false, false, false),
        ("ldap://127.0.0.1.example.com", false, false, false),
        ("ldaps://ldap.example.com", true, false, false),
        ("http://ldap.example.com", false, false, false),
        ("ldapi://%2frun%2fldapi", false, false, false),
        ("ldaps://", false, false, false),
        ("ldaps://me:secret@ldap.example.com", false, false, false),
        ("ldaps://ldap.example.com/dc=example", false, false, false),
        ("ldaps://ldap.example.com?uid", false, false, false),
    ] {
        let found = fault(|config| {
            (config.url, config.start_tls, config.plain) = (url.to_owned(), start_tls, plain);
        });
        assert_eq!(
            found.is_none(),
            fits,
            "{url} {start_tls} {plain}: {found:?}"
        );
    }
}

#[test]
fn what_would_find_anybody_or_believe_anything_is_refused() {
    assert_eq!(fault(|_| ()), None);
    type Change = fn(&mut LdapConfig);
    let table: &[(Change, &str)] = &[
        (|config| config.id = "Company".to_owned(), "lower-case"),
        (|config| config.id = String::new(), "lower-case"),
        (|config| config.name = "two\nlines".to_owned(), "one line"),
        (
            |config| config.people.filter = "(uid=*)".to_owned(),
            "anybody",
        ),
        (
            |config| config.people.email = "mail;lang-de".to_owned(),
            "no attribute",
        ),
        (
            |config| config.people.subject = String::new(),
            "no attribute",
        ),
        (
            |config| config.people.verified = AddressPolicy::Attribute,
            "verified_attribute",
        ),
        (
            |config| config.people.verified_attribute = Some("x".to_owned()),
            "for verified",
        ),
        (
            |config| config.domains.push("*.example.com".to_owned()),
            "no domain",
        ),
        (|config| config.timeout = Period::from_seconds(9), "timeout"),
        (
            |config| {
                config.bind = Some(LdapBind {
                    dn: " ".to_owned(),
                    password_file: "x".into(),
                });
            },
            "dn of bind",
        ),
        (
            |config| {
                config.groups = Some(LdapGroups {
                    base: String::new(),
                    filter: "(objectClass=groupOfNames)".to_owned(),
                    name: "cn".to_owned(),
                });
            },
            "everybody",
        ),
    ];
    for (change, why) in table {
        let found = fault(change).unwrap();
        assert!(found.contains(why), "{found}");
    }
    let twice = vec![ConnectorConfig::Ldap(directory()); 2];
    assert!(check_all(&twice).unwrap_err().contains("two connectors"));
}

/// The example of the manual.
fn example() -> String {
    let page = include_str!("../../../../../docs/own-issuer.md");
    let (_, block) = page.split_once("```yaml\nconnectors:\n").unwrap();
    format!("connectors:\n{}", block.split_once("```").unwrap().0)
}

#[derive(Debug, Deserialize)]
struct File {
    connectors: Vec<ConnectorConfig>,
}

#[test]
fn the_example_of_the_manual_is_read_and_unknown_words_are_not() {
    let text = example();
    let read: File = serde_yaml::from_str(&text).unwrap();
    check_all(&read.connectors).unwrap();
    let [ConnectorConfig::Ldap(ldap), ConnectorConfig::Oidc(provider)] = read.connectors.as_slice()
    else {
        panic!("{read:?}");
    };
    assert_eq!(provider.verified, AddressClaim::Claim);
    assert_eq!(ldap.timeout, Period::from_seconds(5));
    for unfit in [
        text.replace("    id:", "    start-tls: true\n    id:"),
        text.replace("      verified: administrators\n", ""),
        text.replace("verified: administrators", "verified: yes"),
        text.replace("kind: ldap", "kind: nis"),
    ] {
        assert_ne!(unfit, text);
        assert!(serde_yaml::from_str::<File>(&unfit).is_err(), "{unfit}");
    }
}

/// What is wrong with a provider that was changed.
fn fault_of_provider(change: impl FnOnce(&mut ProviderConfig)) -> Option<String> {
    let mut config = ProviderConfig {
        id: "login".to_owned(),
        name: "Example login".to_owned(),
        issuer: "https://login.example.com".to_owned(),
        client_id: "sigstead".to_owned(),
        client_secret_file: None,
        ca_file: None,
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        verified: AddressClaim::Claim,
        groups_claim: None,
        domains: Vec::new(),
    };
    change(&mut config);
    check_all(&[ConnectorConfig::Oidc(config)]).err()
}

#[test]
fn a_provider_is_spoken_to_encrypted_and_believed_for_a_reason() {
    assert_eq!(fault_of_provider(|_| ()), None);
    type Change = fn(&mut ProviderConfig);
    let table: &[(Change, &str)] = &[
        (
            |config| config.issuer = "http://login.example.com".to_owned(),
            "https",
        ),
        (
            |config| config.issuer = "http://localhost.example.com".to_owned(),
            "https",
        ),
        (|config| config.scopes = vec!["email".to_owned()], "openid"),
        (|config| config.scopes.push("two words".to_owned()), "words"),
        (|config| config.client_id = String::new(), "client_id"),
        (
            |config| config.verified = AddressClaim::Domains,
            "name them",
        ),
        (|config| config.name = " ".to_owned(), "one line"),
    ];
    for (change, why) in table {
        let found = fault_of_provider(change).unwrap();
        assert!(found.contains(why), "{found}");
    }
    let local = fault_of_provider(|config| config.issuer = "http://localhost:1".to_owned());
    assert_eq!(local, None);
}
