//! People show a code beside their password.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use sigstead_oidc::{EmailAddress, Password, SecondFactorChange};

use crate::Changed;
use crate::world::{self, Browser, PASSWORD, Page, World};

/// An app: what it was given, and the recovery codes that were beside it.
struct App {
    secret: Vec<u8>,
    recovery: Vec<String>,
}

impl App {
    /// Reads the page as a person does.
    fn of(page: &Page) -> Self {
        let (_, key) = page.body.split_once("<code class=\"key\">").unwrap();
        let key = key.split_once('<').unwrap().0;
        let key = key.replace(' ', "").to_ascii_uppercase();
        let uri = format!("secret={key}&");
        assert!(page.body.replace("&#38;", "&").contains(&uri), "{uri}");
        let codes = page.body.split("<li><code>").skip(1);
        let codes = codes.map(|rest| rest.split_once('<').unwrap().0.to_owned());
        Self {
            secret: BASE32_NOPAD.decode(key.as_bytes()).unwrap(),
            recovery: codes.collect(),
        }
    }

    /// The code that the app shows `steps` half minutes from now, by RFC 6238.
    fn code(&self, world: &World, steps: i64) -> String {
        let step = world.now().unix_timestamp() / 30 + steps;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 15);
        let four: [u8; 4] = tag[offset..offset + 4].try_into().unwrap();
        format!(
            "{:06}",
            (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
        )
    }
}

/// A form of `/second-factor`, with some fields changed.
async fn send(browser: &mut Browser<'_>, changed: Changed<'_>) -> Page {
    let page = browser.get("/second-factor").await;
    let token = page.input("form_token").unwrap();
    let fields = [
        ("form_token", token.as_str()),
        ("action", "set-up"),
        ("email", "alice@example.com"),
        ("password", PASSWORD),
        ("second", ""),
    ];
    let form = world::form(&world::replaced(&fields, changed));
    browser.post("/second-factor", &form).await
}

/// What a page asks for is sent to where it is.
async fn verify(browser: &mut Browser<'_>, path: &str, page: &Page, code: &str) -> Page {
    let (token, half) = (page.input("form_token"), page.input("half"));
    let (token, half) = (token.unwrap(), half.unwrap());
    let form = world::form(&[
        ("form_token", token.as_str()),
        ("half", half.as_str()),
        ("action", "verify"),
        ("second", code),
    ]);
    browser.post(path, &form).await
}

async fn enrol(world: &World) -> App {
    let mut browser = world.browser();
    let page = send(&mut browser, &[]).await;
    let app = App::of(&page);
    let page = verify(&mut browser, "/second-factor", &page, &app.code(world, 0)).await;
    assert!(page.body.contains("Second factor is on"), "{}", page.body);
    assert!(browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    app
}

fn path() -> String {
    format!("/authorize?{}", world::query(&[("prompt", "login")]))
}

/// The page that asks Alice for a code, whose password is right.
async fn asked(browser: &mut Browser<'_>) -> Page {
    let page = browser.attempt("alice@example.com", PASSWORD).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<h1>Enter a code</h1>"), "{}", page.body);
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    page
}

#[track_caller]
fn is_refused(page: &Page, status: u16, code: &str) {
    let found = (page.status, page.header("sigstead-code"));
    assert_eq!(found, (status, code), "{}", page.body);
}

async fn claims(world: &World, page: &Page) -> Value {
    assert_eq!(page.status, 303, "{}", page.body);
    let code = &world::parameters(page.header("location"))["code"];
    let tokens = world.redeem(code, &[]).await.json();
    world.verify(&tokens["id_token"]).await
}

async fn change(world: &World, change: SecondFactorChange) {
    let alice = EmailAddress::parse("alice@example.com").unwrap();
    drop(world.issuer.change_second_factor(alice, change).await);
}

#[tokio::test]
async fn a_code_is_asked_for_beside_the_password_and_the_token_says_so() {
    let world = World::new().await;
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    let by_password = claims(&world, &page).await;
    assert_eq!(by_password["amr"], json!(["pwd"]));
    assert_eq!(by_password["acr"], json!(null));
    let mut before = world.browser();
    before.sign_in(&[]).await;
    let app = enrol(&world).await;
    // A session that came of the password alone.
    assert!(!before.get("/").await.body.contains("<h1>Signed in</h1>"));

    let world = world.restart().await;
    let mut browser = world.browser();
    world.advance(30);
    let page = asked(&mut browser).await;
    world.advance(20);
    let page = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["acr"], MULTI_FACTOR);
    assert_eq!(claims["auth_time"], world.now().unix_timestamp());
    assert!(browser.get("/").await.body.contains("<h1>Signed in</h1>"));
}

#[tokio::test]
async fn a_code_is_good_once_and_near_its_time() {
    let world = World::new().await;
    let app = enrol(&world).await;
    let mut browser = world.browser();
    // The code of the enrolment itself, of the same half minute.
    let page = asked(&mut browser).await;
    let again = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    is_refused(&again, 403, "E-OIDC-067");
    for (steps, status) in [(-2, 403), (2, 403), (1, 303)] {
        let page = asked(&mut browser).await;
        let page = verify(&mut browser, &path(), &page, &app.code(&world, steps)).await;
        assert_eq!(page.status, status, "{steps}");
    }
    // Somebody who looked over the shoulder, in another browser.
    let mut other = world.browser();
    let page = asked(&mut other).await;
    let seen = verify(&mut other, &path(), &page, &app.code(&world, 1)).await;
    is_refused(&seen, 403, "E-OIDC-067");
    assert!(seen.body.contains("role=\"alert\"") && seen.input("half").is_some());
    let world = world.restart().await;
    let mut other = world.browser();
    let page = asked(&mut other).await;
    let page = verify(&mut other, &path(), &page, &app.code(&world, -1)).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// OpenID Connect Core §3.1.2.1: a wish, which the token answers.
#[tokio::test]
async fn a_client_that_asks_for_a_class_sees_in_the_token_which_it_was() {
    let world = World::new().await;
    let told = world.get("/.well-known/openid-configuration").await.json();
    assert_eq!(told["acr_values_supported"], json!([MULTI_FACTOR]));
    let mut browser = world.browser();
    let page = browser.post_sign_in(&[("acr_values", MULTI_FACTOR)]).await;
    assert_eq!(claims(&world, &page).await["acr"], json!(null));
    let app = enrol(&world).await;
    world.advance(60);
    let asks = world::query(&[("prompt", "login"), ("acr_values", MULTI_FACTOR)]);
    let path = format!("/authorize?{asks}");
    let mut browser = world.browser();
    let page = browser.submit(&path, &path, "sign-in").await;
    let page = verify(&mut browser, &path, &page, &app.code(&world, 0)).await;
    assert_eq!(claims(&world, &page).await["acr"], MULTI_FACTOR);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let world = World::new().await;
    let app = enrol(&world).await;
    assert_eq!(app.recovery.len(), 8);
    let code = app.recovery[3].to_ascii_uppercase().replace('-', " ");
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let page = verify(&mut browser, &path(), &page, &code).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "mfa"]));
    assert_eq!(claims["acr"], MULTI_FACTOR);
    let world = world.restart().await;
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let again = verify(&mut browser, &path(), &page, &code).await;
    is_refused(&again, 403, "E-OIDC-067");
    let page = verify(&mut browser, &path(), &again, &app.recovery[4]).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// A half is good in its browser, once, for ten minutes, and as long as the account is as it was.
#[tokio::test]
async fn the_half_of_another_sign_in_is_worth_nothing() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let mut browser = world.browser();
    let page = asked(&mut browser).await;
    let mut other = world.browser();
    let theirs = asked(&mut other).await;
    let (half, token) = (page.input("half").unwrap(), theirs.input("form_token"));
    let stolen = world::form(&[
        ("form_token", token.unwrap().as_str()),
        ("half", &half),
        ("action", "verify"),
        ("second", &app.code(&world, 0)),
    ]);
    is_refused(&other.post(&path(), &stolen).await, 403, "E-OIDC-028");
    let code = app.code(&world, 0);
    assert_eq!(
        verify(&mut browser, &path(), &page, &code).await.status,
        303
    );
    let next = app.code(&world, 1);
    let mut old = world.browser_with(browser.cookies());
    is_refused(
        &verify(&mut old, &path(), &page, &next).await,
        403,
        "E-OIDC-028",
    );

    for what in ["time", "password"] {
        let mut browser = world.browser();
        let page = asked(&mut browser).await;
        match what {
            "time" => world.advance(601),
            _ => {
                let alice = EmailAddress::parse("alice@example.com").unwrap();
                let new = Password::new("a password of tomorrow".to_owned());
                drop(world.issuer.set_password(alice, new).await.unwrap());
            }
        }
        let late = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
        is_refused(&late, 403, "E-OIDC-028");
    }
}

#[tokio::test]
async fn guesses_at_codes_lock_those_out_who_guess() {
    let world = World::new().await;
    let mut own = world.browser();
    own.sign_in(&[]).await;
    let app = enrol(&world).await;
    // Strangers without the password never come to the code, whatever they do.
    for _ in 0..6 {
        let page = world.browser().attempt("alice@example.com", "wrong").await;
        assert_ne!(page.status, 200);
    }
    world.advance(900);
    // Whoever has the password guesses, and gets no other try by the password.
    let mut thief = world.browser();
    for _ in 0..5 {
        let page = asked(&mut thief).await;
        is_refused(
            &verify(&mut thief, &path(), &page, "000000").await,
            403,
            "E-OIDC-067",
        );
    }
    let page = asked(&mut thief).await;
    let right = verify(&mut thief, &path(), &page, &app.code(&world, 0)).await;
    is_refused(&right, 429, "E-OIDC-030");
    assert_eq!(right.header("retry-after"), "900");
    // The owner goes on in the browser that is theirs.
    let page = asked(&mut own).await;
    let page = verify(&mut own, &path(), &page, &app.code(&world, 0)).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn a_new_password_takes_a_code_too() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    for (code, status) in [("", 403), ("000000", 403), (&*app.code(&world, 0), 200)] {
        let mut browser = world.browser();
        let token = browser.get("/password").await.input("form_token").unwrap();
        let form = world::form(&[
            ("form_token", &token),
            ("email", "alice@example.com"),
            ("password", PASSWORD),
            ("second", code),
            ("new_password", "staple of another horse"),
            ("again", "staple of another horse"),
        ]);
        let page = browser.post("/password", &form).await;
        assert_eq!(page.status, status, "{code}: {}", page.body);
        let signed_in = browser.get("/").await.body.contains("<h1>Signed in</h1>");
        assert_eq!(signed_in, status == 200);
    }
}

#[tokio::test]
async fn a_factor_is_replaced_or_turned_off_by_who_has_it() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let off = [("action", "turn-off")];
    for (changed, code) in [
        (&[("second", "000000")][..], "E-OIDC-067"),
        (&[], "E-OIDC-067"),
        (&off, "E-OIDC-067"),
        (&[("password", "wrong")], "E-OIDC-029"),
        (&[("form_token", "x")], "E-OIDC-028"),
    ] {
        let page = send(&mut world.browser(), changed).await;
        is_refused(&page, 403, code);
    }
    let mut browser = world.browser();
    let page = send(&mut browser, &[("second", &app.recovery[0])]).await;
    let other = App::of(&page);
    assert_ne!(other.secret, app.secret);
    // Nothing is replaced before a code of the new one.
    let wrong = verify(&mut browser, "/second-factor", &page, &app.code(&world, 0)).await;
    is_refused(&wrong, 403, "E-OIDC-067");
    assert_eq!(App::of(&wrong).recovery, other.recovery);
    let code = other.code(&world, 0);
    let page = verify(&mut browser, "/second-factor", &wrong, &code).await;
    assert!(page.body.contains("Second factor is on"), "{}", page.body);
    let with = |code: String| {
        [
            ("action", "turn-off"),
            ("second", Box::leak(code.into_boxed_str()) as &str),
        ]
    };
    let old = send(&mut world.browser(), &with(app.recovery[1].clone())).await;
    is_refused(&old, 403, "E-OIDC-067");

    change(&world, SecondFactorChange::Require).await;
    let page = send(&mut world.browser(), &with(other.recovery[0].clone())).await;
    is_refused(&page, 403, "E-OIDC-068");
    change(&world, SecondFactorChange::Permit).await;
    let page = send(&mut world.browser(), &with(other.recovery[1].clone())).await;
    assert!(page.body.contains("Second factor is off"), "{}", page.body);
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn who_has_to_have_a_factor_sets_it_up_at_the_sign_in() {
    let world = World::new().await;
    let mut before = world.browser();
    let code = world::parameters(&before.sign_in(&[]).await)["code"].clone();
    change(&world, SecondFactorChange::Require).await;
    // What came of the password alone has ended.
    assert!(!before.get("/").await.body.contains("<h1>Signed in</h1>"));
    let late = world.redeem(&code, &[]).await;
    assert_eq!(late.header("sigstead-code"), "E-OIDC-021");

    let mut browser = world.browser();
    let page = browser.attempt("alice@example.com", PASSWORD).await;
    assert!(
        page.body.contains("Set up a second factor"),
        "{}",
        page.body
    );
    let app = App::of(&page);
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    let page = verify(&mut browser, &path(), &page, &app.code(&world, 0)).await;
    let claims = claims(&world, &page).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));

    change(&world, SecondFactorChange::Reset).await;
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    let page = world.browser().attempt("alice@example.com", PASSWORD).await;
    assert_ne!(App::of(&page).secret, app.secret);
}

#[tokio::test]
async fn a_device_is_connected_after_a_code() {
    let world = World::new().await;
    let app = enrol(&world).await;
    world.advance(60);
    let device = world.start_device().await;
    let path = world::path_of(&device["verification_uri_complete"]);
    let mut browser = world.browser();
    let page = browser.submit(&path, &path, "sign-in").await;
    assert!(page.body.contains("<h1>Enter a code</h1>"), "{}", page.body);
    let early = browser.submit(&path, &path, "continue").await;
    assert_eq!(early.header("sigstead-code"), "E-OIDC-028");
    let page = verify(&mut browser, &path, &page, &app.code(&world, 0)).await;
    assert_eq!((page.status, page.header("location")), (303, path.as_str()));
    let page = browser.submit(&path, &path, "continue").await;
    assert!(page.body.contains("Device connected"), "{}", page.body);
    let tokens = world.poll(&device, &[]).await.json();
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
}

/// Browsers hold `form-action` against redirects: the page of the code must lead where the sign-in page may.
#[tokio::test]
async fn the_page_of_the_code_leads_to_the_application() {
    let world = World::new().await;
    enrol(&world).await;
    let page = asked(&mut world.browser()).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' http://localhost:4321"),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}

const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
