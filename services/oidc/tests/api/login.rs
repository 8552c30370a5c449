use crate::world::{self, World};

/// CVE-2025-54999, CVE-2025-6011, CVE-2020-35177: the answer told strangers which accounts there are.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let world = World::new().await;
    let mut pages = Vec::new();
    for email in ["alice@example.com", "nobody@example.com"] {
        let mut browser = world.browser();
        let page = browser.attempt(email, "wrong password").await;
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (403, "E-OIDC-029")
        );
        assert!(page.body.contains("role=\"alert\""));
        assert!(
            !page.body.contains("wrong password"),
            "the password stands in the page"
        );
        let token = page.input("form_token").unwrap();
        pages.push(page.body.replace(email, "EMAIL").replace(&token, "TOKEN"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn an_account_is_locked_after_five_wrong_passwords_whether_it_exists_or_not() {
    for email in ["alice@example.com", "nobody@example.com"] {
        let world = World::new().await;
        for _ in 0..5 {
            assert_eq!(
                world
                    .browser()
                    .attempt(email, "wrong password")
                    .await
                    .status,
                403
            );
        }
        let page = world.browser().attempt(email, world::PASSWORD).await;
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (429, "E-OIDC-030")
        );
        assert_eq!(page.header("retry-after"), "900");
        world.advance(900);
        let page = world.browser().attempt(email, world::PASSWORD).await;
        assert_eq!(
            page.status,
            if email.starts_with("alice") { 303 } else { 403 }
        );
    }
}

#[tokio::test]
async fn strangers_do_not_lock_the_owner_out_of_the_own_browser() {
    let world = World::new().await;
    let mut own = world.browser();
    own.sign_in(&[]).await;
    for _ in 0..6 {
        world
            .browser()
            .attempt("alice@example.com", "wrong password")
            .await;
    }
    let page = own.attempt("alice@example.com", world::PASSWORD).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// Forms that this issuer did not make for this browser and this request.
#[tokio::test]
async fn forged_forms_are_refused() {
    let world = World::new().await;
    let query = world::query(&[]);
    let credentials = [
        ("action", "sign-in"),
        ("email", "alice@example.com"),
        ("password", world::PASSWORD),
    ];
    let mut browser = world.browser();
    let page = browser.get(&format!("/authorize?{query}")).await;
    let token = page.input("form_token").unwrap();
    let form = |token: &str| {
        let mut fields = credentials.to_vec();
        fields.push(("form_token", token));
        world::form(&fields)
    };
    let path = format!("/authorize?{query}");
    let other_request = format!(
        "/authorize?{}",
        world::query(&[("redirect_uri", "http://localhost:2/")])
    );
    let refused = [
        ("no token", browser.post(&path, &form("")).await),
        ("a forged token", browser.post(&path, &form("AAAA")).await),
        (
            "another browser",
            world.browser().post(&path, &form(&token)).await,
        ),
        (
            "another request",
            browser.post(&other_request, &form(&token)).await,
        ),
        (
            "another site",
            browser.post_from("cross-site", &path, &form(&token)).await,
        ),
    ];
    for (what, page) in refused {
        assert_eq!(
            (page.status, page.header("sigstead-code")),
            (403, "E-OIDC-028"),
            "{what}"
        );
    }
    assert_eq!(
        browser
            .post_from("same-origin", &path, &form(&token))
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn sessions_end_by_time_sign_out_new_password_and_removal() {
    for how in ["time", "sign-out", "password", "removal"] {
        let world = World::new().await;
        let mut browser = world.browser();
        browser.sign_in(&[]).await;
        assert!(browser.get("/").await.body.contains("Signed in"));
        let alice = sigstead_oidc::EmailAddress::parse("alice@example.com").unwrap();
        match how {
            "time" => world.advance(12 * 60 * 60),
            "password" => {
                let new = sigstead_oidc::Password::new("a new password".to_owned());
                drop(world.issuer.set_password(alice, new).await.unwrap());
            }
            "removal" => drop(world.issuer.remove_user(alice).await.unwrap()),
            _ => {
                let token = browser.get("/").await.input("form_token").unwrap();
                let form = world::form(&[("form_token", &token)]);
                assert_eq!(browser.post("/sign-out", &form).await.status, 303);
            }
        }
        assert!(
            browser.get("/").await.body.contains("not signed in"),
            "{how}"
        );
    }
}

/// CVE-2026-33758: a page of another issuer showed the text of an error as HTML.
#[tokio::test]
async fn pages_keep_scripts_frames_and_strangers_out() {
    let world = World::new().await;
    let hint = ("login_hint", "\"><script>alert(1)</script>");
    let pages = [
        world
            .get(&format!("/authorize?{}", world::query(&[hint])))
            .await,
        world.get("/device?user_code=%22%3E%3Cscript%3E").await,
        world.get("/authorize?client_id=%3Cscript%3E").await,
        world.get("/").await,
    ];
    for page in &pages {
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(!page.body.contains("<script"), "{}", page.body);
        assert!(!page.body.contains("style=") && !page.body.contains("onclick"));
    }
    // Browsers hold the policy against the redirect that answers the form.
    assert!(
        pages[0]
            .header("content-security-policy")
            .ends_with("'self' http://localhost:4321")
    );
    assert!(
        pages[0]
            .cookies()
            .iter()
            .all(|c| c.contains("HttpOnly") && c.contains("SameSite=Lax"))
    );
    for asset in pages[0].assets() {
        assert_eq!(world.get(&asset).await.status, 200, "{asset}");
    }
}

#[tokio::test]
async fn the_login_page_says_who_asks_and_where_the_password_goes() {
    let world = World::new().await;
    let page = world
        .get(&format!("/authorize?{}", world::query(&[])))
        .await;
    for text in [
        "Sigstore tools",
        "localhost:4321",
        "localhost:8085",
        "label for=\"email\"",
        "label for=\"password\"",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
}
