//! What people see when there is nothing to sign in to.

use crate::world::{self, Page, World};

async fn get_accepting(world: &World, path: &str, accept: &str) -> Page {
    let request = world.request("GET", path).header("accept", accept);
    world.send(request, "").await
}

#[tokio::test]
async fn a_browser_gets_a_page_where_programs_get_text() {
    let world = World::new().await;
    let browsers = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, status, code, heading) in [
        ("/nowhere", 404, "E-KIT-002", "There is nothing here"),
        ("/token/", 404, "E-KIT-002", "There is nothing here"),
        ("/sign-out", 405, "E-KIT-003", "This did not work"),
    ] {
        let page = get_accepting(&world, path, browsers).await;
        assert_eq!((page.status, page.header("sigstead-code")), (status, code));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(
            page.header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert!(
            page.body.contains(heading) && page.body.contains(code),
            "{}",
            page.body
        );
        assert!(page.body.contains("class=\"card\""));
        for accept in ["*/*", "application/json"] {
            let text = get_accepting(&world, path, accept).await;
            assert_eq!((text.status, text.header("sigstead-code")), (status, code));
            assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
            assert!(text.body.contains(code));
        }
    }
    let allowed = get_accepting(&world, "/sign-out", browsers).await;
    assert_eq!(allowed.header("allow"), "POST");
    let request = world
        .request("POST", "/authorize")
        .header("accept", browsers);
    let large = world.send(request, &"a".repeat(20_000)).await;
    assert_eq!(
        (large.status, large.header("sigstead-code")),
        (413, "E-KIT-004")
    );
    assert!(large.body.contains("class=\"card\""));
    // What clients of the token endpoint read stays JSON.
    let token = get_accepting(&world, "/token", browsers).await;
    assert_eq!(token.header("content-type"), "application/json");
}

#[tokio::test]
async fn an_error_page_tells_people_what_happened_and_support_the_rest() {
    let world = World::new().await;
    let with = |changed: &[(&str, &str)]| format!("/authorize?{}", world::query(changed));
    for (path, heading, code, detail) in [
        (
            with(&[("client_id", "nobody")]),
            "Unknown program",
            "E-OIDC-004",
            "client_id is not configured",
        ),
        (
            with(&[("redirect_uri", "https://evil.example/")]),
            "You were not sent on",
            "E-OIDC-005",
            "redirect_uri is not registered",
        ),
        (
            with(&[("client_id", "")]),
            "This did not work",
            "E-OIDC-001",
            "parameter client_id is missing",
        ),
    ] {
        let page = world.get(&path).await;
        assert!(
            page.body.contains(&format!("<h1>{heading}</h1>")),
            "{}",
            page.body
        );
        let (for_people, for_support) = page.body.split_once("For support:").unwrap();
        assert!(!for_people.contains("client_id") && !for_people.contains("redirect_uri"));
        assert!(for_people.contains("ask the administrator of this service"));
        assert!(
            for_support.contains(code) && for_support.contains(detail),
            "{for_support}"
        );
    }
}

#[tokio::test]
async fn who_signs_out_is_told_so() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in(&[]).await;
    let token = browser.get("/").await.input("form_token").unwrap();
    let answer = browser
        .post("/sign-out", &world::form(&[("form_token", &token)]))
        .await;
    let page = browser.get(answer.header("location")).await;
    assert!(
        page.body.contains("<h1>You are signed out</h1>"),
        "{}",
        page.body
    );
    // The address alone signs nobody out, and does not say so.
    browser.sign_in(&[]).await;
    let page = browser.get(answer.header("location")).await;
    assert!(page.body.contains("<h1>Signed in</h1>"), "{}", page.body);
}

#[tokio::test]
async fn pages_say_who_runs_them_and_whom_to_ask() {
    let world = World::with(|config| {
        config.pages.name = Some("Release <team>".to_owned());
        config.pages.contact = Some("help@example.com".to_owned());
    })
    .await;
    let pages = [
        world.get("/").await,
        world
            .get(&format!("/authorize?{}", world::query(&[])))
            .await,
        world.get("/authorize").await,
        get_accepting(&world, "/nowhere", "text/html").await,
    ];
    for page in pages {
        assert!(
            page.body.contains("Release &#60;team&#62;"),
            "{}",
            page.body
        );
        let link = "<a href=\"mailto:help@example.com\">help@example.com</a>";
        assert!(page.body.contains(link), "{}", page.body);
    }
}
