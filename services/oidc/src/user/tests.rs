use super::*;

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

#[test]
fn takes_plain_addresses_and_refuses_odd_ones() {
    for good in [
        "a@b",
        "alice@example.com",
        "a.b+c@x-y.example",
        "o'neil@example.com",
    ] {
        assert!(EmailAddress::parse(good).is_ok(), "{good}");
    }
    let long = format!("{}@example.com", "a".repeat(65));
    let odd = [
        "",
        "alice",
        "@example.com",
        "alice@",
        "a@b@c",
        "Alice@example.com",
        " a@b.c",
        "a@b.c ",
        "a b@c.d",
        "a@b..c",
        ".a@b.c",
        "a.@b.c",
        "a@-b.c",
        "a@b_c.d",
        "\"a b\"@c.d",
        "a@b.c\n",
        "a\0@b.c",
        "ä@b.c",
        "a@bücher.example",
        "a,b@c.d",
        "a<b@c.d",
        "a>b@c.d",
        "a?b@c.d",
        "a~b@c.d",
        "a\u{7f}b@c.d",
        long.as_str(),
    ];
    for bad in odd {
        assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn accounts_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let users = Users::open(&path).unwrap();
    let alice = users
        .add(email("alice@example.com"), "h1".into(), now())
        .await
        .unwrap();
    users
        .add(email("bob@example.com"), "h2".into(), now())
        .await
        .unwrap();
    let renewed = users
        .set_password(email("alice@example.com"), "h3".into(), now())
        .await
        .unwrap();
    users.remove(email("bob@example.com")).await.unwrap();
    drop(users);

    let users = Users::open(&path).unwrap();
    assert_eq!(users.list(), vec![renewed.clone()]);
    assert_eq!(renewed.subject, alice.subject);
    assert_ne!(renewed.credential, alice.credential);
    assert_eq!(users.find(" Alice@Example.com "), Some(renewed));
    assert_eq!(users.find("bob@example.com"), None);
}

#[tokio::test]
async fn an_address_that_is_given_again_is_another_subject() {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::open(&folder.path().join("users")).unwrap();
    let first = users.add(email("a@b.c"), "h".into(), now()).await.unwrap();
    assert!(matches!(
        users.add(email("a@b.c"), "h".into(), now()).await,
        Err(Error::UserExists { .. })
    ));
    users.remove(email("a@b.c")).await.unwrap();
    assert!(matches!(
        users.remove(email("a@b.c")).await,
        Err(Error::UserUnknown { .. })
    ));
    let missing = users.set_password(email("a@b.c"), "h".into(), now()).await;
    assert!(matches!(missing, Err(Error::UserUnknown { .. })));
    let second = users.add(email("a@b.c"), "h".into(), now()).await.unwrap();
    assert_ne!(first.subject, second.subject);
}
