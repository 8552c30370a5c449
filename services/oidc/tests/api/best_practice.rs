//! The answers of the security best practice for OAuth (RFC 9700) that no other file has. `docs/own-issuer.md` has the table of all of them,
//! with the test that shows each.

use std::path::Path;

use crate::Changed;
use crate::world::{self, PASSWORD, World};

/// §4.4.2.1: whoever asked several issuers sees which one answers, also if it refuses.
#[tokio::test]
async fn every_answer_to_an_application_names_the_issuer() {
    let world = World::new().await;
    let table: [Changed<'_>; 4] = [
        &[("prompt", "none")],
        &[("response_type", "token")],
        &[("code_challenge", "")],
        &[("scope", "email")],
    ];
    let path = |changed| format!("/authorize?{}", world::query(changed));
    let mut answers = vec![world.browser().sign_in(&[]).await];
    for changed in table {
        let page = world.get(&path(changed)).await;
        answers.push(page.header("location").to_owned());
    }
    let path = path(&[]);
    let cancelled = world.browser().submit(&path, &path, "cancel").await;
    answers.push(cancelled.header("location").to_owned());
    for answer in answers {
        let iss = world::parameters(&answer).remove("iss");
        assert_eq!(iss.as_deref(), Some("http://localhost:8085"), "{answer}");
    }
}

/// §4.2.4 and §4.12: the next page does not learn the URL with the request, and no browser sends the password on.
#[tokio::test]
async fn a_code_travels_by_a_redirect_that_carries_nothing_else() {
    let world = World::new().await;
    let page = world.browser().post_sign_in(&[]).await;
    assert!(world::parameters(page.header("location")).contains_key("code"));
    // Not 307, with which browsers repeat the form.
    assert_eq!(page.status, 303);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.is_empty(), "{}", page.body);
}

/// §2.6: no script of another site reads what the authorization endpoint answers.
#[tokio::test]
async fn scripts_of_other_sites_read_no_page() {
    let world = World::new().await;
    let authorize = format!("/authorize?{}", world::query(&[]));
    for path in [&*authorize, "/device", "/password", "/second-factor", "/"] {
        for method in ["GET", "OPTIONS"] {
            let request = world
                .request(method, path)
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST");
            let page = world.send(request, "").await;
            let allowed = page.header("access-control-allow-origin");
            assert_eq!(allowed, "", "{method} {path}");
        }
    }
}

/// One password for many accounts: the address is stopped, and nobody elsewhere is.
#[tokio::test]
async fn who_sprays_a_password_is_stopped_alone() {
    let world = World::new().await;
    let path = format!("/authorize?{}", world::query(&[]));
    let attempt = async |address: [u8; 4], email: &str, password: &str| {
        let mut browser = world.browser();
        let token = browser.get(&path).await.input("form_token").unwrap();
        let form = world::form(&[
            ("form_token", &token),
            ("action", "sign-in"),
            ("email", email),
            ("password", password),
        ]);
        world.post_from(address, &browser, &path, &form).await
    };
    let sprayed = async |number: usize| {
        let email = format!("person-{number}@example.com");
        attempt([192, 0, 2, 1], &email, "Summer2026").await.status
    };
    for number in 0..50 {
        assert_eq!(sprayed(number).await, 403, "{number}");
    }
    assert_eq!(sprayed(50).await, 429);
    let elsewhere = attempt([198, 51, 100, 1], "alice@example.com", PASSWORD).await;
    assert_eq!(elsewhere.status, 303, "{}", elsewhere.body);
}

#[tokio::test]
async fn a_device_code_that_is_guessed_or_another_client_s_gives_nothing() {
    let world = World::new().await;
    let device = world.start_device().await;
    let guess = "A".repeat(43);
    let table: [(Changed<'_>, &str); 4] = [
        (&[("device_code", &guess)], "E-OIDC-026"),
        (&[("device_code", "short")], "E-OIDC-026"),
        (&[("client_id", "device-only")], "E-OIDC-018"),
        (&[], "E-OIDC-023"),
    ];
    for (changed, code) in table {
        let answer = world.poll(&device, changed).await;
        assert_eq!(answer.header("sigstead-code"), code, "{changed:?}");
    }
}

/// The table of the page names a test in each row, and each of them is there.
#[test]
fn every_answer_of_the_page_has_its_test() {
    let (_, section) = PAGE
        .split_once("\n## The security best practice\n")
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1);
    let mut sources = String::new();
    for folder in [
        "src",
        "tests/api",
        "../../integration/tests/stories",
        "../../crates/kit/src",
    ] {
        read(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut sources,
        );
    }
    let mut count = 0;
    for row in rows {
        let (_, tests) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test in {row}");
        for name in names {
            assert!(sources.contains(&format!("fn {name}(")), "no test {name}");
            count += 1;
        }
    }
    assert!(count > 40, "{count} tests");
}

fn read(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

const PAGE: &str = include_str!("../../../../docs/own-issuer.md");
