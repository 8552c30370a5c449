//! People whose accounts are in a directory. It is `OpenLDAP`'s server.

use std::net::TcpListener;
use std::path::Path;

use serde_json::json;
use sigstead_config::oidc::{
    AddressPolicy, ConnectorConfig, LdapBind, LdapConfig, LdapGroups, LdapPeople,
};
use sigstead_oidc::{EmailAddress, ProfileChange};
use sigstead_test_support::slapd::{PASSWORD, SEARCHER, Slapd, person};

use crate::world::{self, Browser, Page, World};

fn config(slapd: &Slapd) -> LdapConfig {
    LdapConfig {
        id: "company".to_owned(),
        name: "Example Ltd".to_owned(),
        url: slapd.tls_url(),
        start_tls: false,
        plain: false,
        ca_file: Some(slapd.authority()),
        bind: Some(LdapBind {
            dn: SEARCHER.to_owned(),
            password_file: slapd.password_file(),
        }),
        people: LdapPeople {
            base: "ou=people,dc=example,dc=com".to_owned(),
            filter: "(&(objectClass=inetOrgPerson)(|(uid={login})(mail={login})))".to_owned(),
            subject: "entryUUID".to_owned(),
            email: "mail".to_owned(),
            verified: AddressPolicy::Administrators,
            verified_attribute: None,
        },
        groups: Some(LdapGroups {
            base: "ou=groups,dc=example,dc=com".to_owned(),
            filter: "(&(objectClass=groupOfNames)(member={dn}))".to_owned(),
            name: "cn".to_owned(),
        }),
        domains: vec!["example.com".to_owned()],
        timeout: sigstead_kit::Period::from_seconds(5),
    }
}

async fn world(config: LdapConfig) -> World {
    World::with(|all| all.connectors = vec![ConnectorConfig::Ldap(config)]).await
}

/// Somebody signs in who says that their account is with the directory.
async fn attempt(browser: &mut Browser<'_>, login: &str, password: &str) -> Page {
    attempt_for(browser, &[], login, password).await
}

async fn attempt_for(
    browser: &mut Browser<'_>,
    changed: &[(&str, &str)],
    login: &str,
    password: &str,
) -> Page {
    let path = format!("/authorize?{}", world::query(changed));
    let form = form(browser, &path, login, password).await;
    browser.post(&path, &form).await
}

async fn form(browser: &mut Browser<'_>, path: &str, login: &str, password: &str) -> String {
    let token = browser.get(path).await.input("form_token").unwrap();
    world::form(&[
        ("form_token", &token),
        ("action", "sign-in"),
        ("connector", "company"),
        ("email", login),
        ("password", password),
    ])
}

fn start(folder: &Path) -> Option<Slapd> {
    Slapd::start(folder, "")
}

#[track_caller]
fn is_refused(page: &Page, status: u16, code: &str) {
    let found = (page.status, page.header("sigstead-code"));
    assert_eq!(found, (status, code), "{}", page.body);
    assert!(page.body.contains("role=\"alert\""));
}

#[tokio::test]
async fn a_person_of_a_directory_gets_a_token_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let Some(slapd) = start(folder.path()) else {
        return;
    };
    let in_clear = LdapConfig {
        url: slapd.url(),
        ca_file: None,
        ..config(&slapd)
    };
    let start_tls = LdapConfig {
        url: slapd.url(),
        start_tls: true,
        ..config(&slapd)
    };
    for config in [config(&slapd), start_tls, in_clear] {
        let world = world(config).await;
        let mut browser = world.browser();
        let page = browser
            .get(&format!("/authorize?{}", world::query(&[])))
            .await;
        assert!(page.body.contains("Example Ltd"), "{}", page.body);
        let scope = [("scope", "openid email groups offline_access")];
        let sent = attempt_for(&mut browser, &scope, " ada ", PASSWORD).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let code = &world::parameters(sent.header("location"))["code"];
        let tokens = world.redeem(code, &[]).await.json();
        let claims = world.verify(&tokens["id_token"]).await;
        assert_eq!(claims["email"], "ada@example.com");
        assert_eq!(claims["groups"], json!(["Site Operators", "release"]));
        assert_eq!(claims["federated_claims"]["connector_id"], "company");
        assert!(claims["sub"].as_str().unwrap().starts_with("company:"));
        // What becomes of the account nobody tells, so nothing goes on by itself.
        assert_eq!(tokens.get("refresh_token"), None);
        let home = browser.get("/").await;
        assert!(home.body.contains("ada@example.com"), "{}", home.body);
    }
}

/// The same page for all of them, so that a stranger learns nothing of who is in the directory, and how.
#[tokio::test]
async fn whoever_may_not_sign_in_is_told_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let referral = format!(
        "\ndn: uid=far,ou=people,dc=example,dc=com\nobjectClass: referral\nobjectClass: extensibleObject\nuid: far\n\
         ref: ldap://127.0.0.1:{port}/uid=far,ou=people,dc=example,dc=com\n\n{}",
        person("twin", "mail: bob@example.com\n")
    );
    let Some(slapd) = Slapd::start(folder.path(), &referral) else {
        return;
    };
    let world = World::with(|all| {
        all.connectors = vec![ConnectorConfig::Ldap(config(&slapd))];
        all.sessions.max_failures = 100;
    })
    .await;
    let mut sentences = std::collections::BTreeSet::new();
    for (login, password) in [
        ("ada", "wrong"),
        ("ada", ""),
        ("", ""),
        ("", PASSWORD),
        ("nobody", PASSWORD),
        ("locked", PASSWORD),
        ("expired", PASSWORD),
        ("far", PASSWORD),
        ("bob@example.com", PASSWORD),
        ("*", PASSWORD),
        ("ad*", PASSWORD),
        ("ada)(uid=*", PASSWORD),
        ("*)(|(objectClass=*", PASSWORD),
        ("\\61da", PASSWORD),
        ("ada\0", PASSWORD),
        ("uid=ada,ou=people,dc=example,dc=com", PASSWORD),
        ("ada,ou=people", PASSWORD),
        ("ａda", PASSWORD),
    ] {
        let page = attempt(&mut world.browser(), login, password).await;
        is_refused(&page, 403, "E-OIDC-029");
        let (_, rest) = page.body.split_once("role=\"alert\"").unwrap();
        sentences.insert(rest.split_once("</div>").unwrap().0.to_owned());
    }
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    let followed = elsewhere.accept();
    assert!(followed.is_err(), "a referral was followed");
    // The same server lets in whom it should.
    let page = attempt(&mut world.browser(), "ada", PASSWORD).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn an_address_that_is_not_verified_or_not_the_directory_s_signs_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let Some(slapd) = start(folder.path()) else {
        return;
    };
    let mut config = config(&slapd);
    config.people.verified = AddressPolicy::Attribute;
    config.people.verified_attribute = Some("mailVerified".to_owned());
    let world = world(config).await;
    for (login, status, code) in [
        ("bob", 403, "E-OIDC-063"),
        ("eve", 403, "E-OIDC-063"),
        ("ada", 303, ""),
    ] {
        let page = attempt(&mut world.browser(), login, PASSWORD).await;
        let found = (page.status, page.header("sigstead-code"));
        assert_eq!(found, (status, code), "{login}: {}", page.body);
    }
}

#[tokio::test]
async fn a_directory_that_is_away_is_named_and_comes_back_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut slapd) = start(folder.path()) else {
        return;
    };
    let world = world(config(&slapd)).await;
    slapd.end();
    for _ in 0..10 {
        let page = attempt(&mut world.browser(), "ada", PASSWORD).await;
        is_refused(&page, 503, "E-OIDC-061");
        assert!(
            page.body.contains("Example Ltd does not answer"),
            "{}",
            page.body
        );
    }
    // Accounts of the issuer do not wait for it.
    assert_eq!(
        world
            .browser()
            .attempt("alice@example.com", world::PASSWORD)
            .await
            .status,
        303
    );
    slapd.begin();
    // Nobody judged the attempts, so they count for nothing.
    let page = attempt(&mut world.browser(), "ada", PASSWORD).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn a_server_that_another_authority_certifies_is_shown_no_password() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (Some(slapd), Some(stranger)) = (start(folder.path()), start(other.path())) else {
        return;
    };
    for (url, start_tls) in [(slapd.tls_url(), false), (slapd.url(), true)] {
        let config = LdapConfig {
            url,
            start_tls,
            ca_file: Some(stranger.authority()),
            ..config(&slapd)
        };
        let world = world(config).await;
        let page = attempt(&mut world.browser(), "ada", PASSWORD).await;
        is_refused(&page, 503, "E-OIDC-061");
    }
}

/// Strangers guess from another address than the owner's, as a proxy that is trusted tells it.
#[tokio::test]
async fn wrong_passwords_of_strangers_lock_the_owner_out_of_no_browser_that_they_used() {
    let folder = tempfile::tempdir().unwrap();
    let Some(slapd) = start(folder.path()) else {
        return;
    };
    let world = world(config(&slapd)).await;
    let mut own = world.browser();
    assert_eq!(attempt(&mut own, "ada", PASSWORD).await.status, 303);
    let path = format!("/authorize?{}", world::query(&[]));
    let mut stranger = world.browser();
    let guess = form(&mut stranger, &path, "ada", "wrong").await;
    let guess = async || {
        world
            .post_from([192, 0, 2, 1], &stranger, &path, &guess)
            .await
    };
    for _ in 0..5 {
        is_refused(&guess().await, 403, "E-OIDC-029");
    }
    is_refused(&guess().await, 429, "E-OIDC-030");
    let own_page = attempt_for(&mut own, &[("prompt", "login")], "ADA", PASSWORD).await;
    assert_eq!(own_page.status, 303, "{}", own_page.body);
    // Another person of the directory, from a browser of their own.
    assert_eq!(
        attempt(&mut world.browser(), "alice", "wrong").await.status,
        403
    );
    // An account of the issuer with the name of one of the directory.
    let here = world
        .browser()
        .attempt("alice@example.com", world::PASSWORD)
        .await;
    assert_eq!(here.status, 303);
}

#[tokio::test]
async fn an_address_alone_links_nothing_and_an_administrator_does() {
    let folder = tempfile::tempdir().unwrap();
    let uuid = "11111111-2222-3333-4444-555555555555";
    let Some(slapd) = start(folder.path()) else {
        return;
    };
    let mut config = config(&slapd);
    // A name that the test knows.
    config.people.subject = "uid".to_owned();
    let world = world(config).await;
    let refused = attempt(&mut world.browser(), "alice", PASSWORD).await;
    is_refused(&refused, 403, "E-OIDC-062");

    let alice = || EmailAddress::parse("alice@example.com").unwrap();
    let link = |add: &[&str], remove: &[&str]| ProfileChange {
        add_links: add.iter().map(|text| (*text).to_owned()).collect(),
        remove_links: remove.iter().map(|text| (*text).to_owned()).collect(),
        ..ProfileChange::default()
    };
    let wrong = format!("company={uuid}");
    world
        .issuer
        .change_profile(alice(), link(&[&wrong], &[]))
        .await
        .unwrap();
    let refused = attempt(&mut world.browser(), "alice", PASSWORD).await;
    is_refused(&refused, 403, "E-OIDC-062");

    let account = world
        .issuer
        .change_profile(alice(), link(&["company=alice"], &[&wrong]));
    let account = account.await.unwrap();
    let mut browser = world.browser();
    let sent = attempt(&mut browser, "alice", PASSWORD).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let code = &world::parameters(sent.header("location"))["code"];
    let tokens = world.redeem(code, &[]).await.json();
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["sub"], account.subject);
    assert_eq!(claims.get("federated_claims"), None);
}

#[tokio::test]
async fn an_account_that_is_made_later_ends_the_session_of_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let Some(slapd) = start(folder.path()) else {
        return;
    };
    let world = world(config(&slapd)).await;
    let mut browser = world.browser();
    assert_eq!(attempt(&mut browser, "ada", PASSWORD).await.status, 303);
    let signed_in = "<h1>Signed in</h1>";
    assert!(browser.get("/").await.body.contains(signed_in));
    let ada = EmailAddress::parse("ada@example.com").unwrap();
    let password = sigstead_oidc::Password::new(world::PASSWORD.to_owned());
    world.issuer.add_user(ada, password).await.unwrap();
    assert!(!browser.get("/").await.body.contains(signed_in));
}
