//! The answers of the security best practice for OAuth (RFC 9700) that no other file has. Where the others are:
//!
//! | Section | Attack | Test |
//! |---|---|---|
//! | 2.1, 4.1, 4.11 | redirect URIs that are not registered, open redirectors | `authorize`: untrusted destinations; `sign_out`: a request that is not the client's |
//! | 2.1.1, 4.5, 4.8 | PKCE left out, downgraded or answered by another verifier | `authorize`: other refusals; `token`: a code is bound |
//! | 2.1.2, 2.4 | the implicit and the password grant | `authorize`: other refusals; `token`: malformed requests |
//! | 2.2.2, 4.14 | refresh tokens that were copied | `refresh` |
//! | 2.3, 4.10 | tokens of another audience or client | `bearer`: a client learns nothing, nobody gives back |
//! | 2.5 | guesses at secrets of clients | `token`: secrets are throttled |
//! | 4.3.2 | tokens in URLs | `bearer`: who shows no token |
//! | 4.5 | codes that come twice | `token`: a replayed code |
//! | 4.7 | forms of another site | `login`: forged forms; `provider`: an answer that is another's |
//! | 4.4 | answers of another provider | here, and `provider` |
//! | 4.15 | a workload that passes for a person | `token`: a workload gets a token without email; names and claims of workloads in the configuration |
//! | 4.16 | pages in frames | `login`: pages keep frames out |
//! | RFC 8628 §5.1 | guesses at user codes and device codes | `device`, and here |

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
