//! An authenticator app and its person, at the pages that ask for a code.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use serde_json::Value;
use sigstead_oidc::{EmailAddress, SecondFactorChange};

use crate::Changed;
use crate::world::{self, Browser, PASSWORD, Page, World};

/// An app: what it was given, and the recovery codes that were beside it.
pub(crate) struct App {
    pub(crate) secret: Vec<u8>,
    pub(crate) recovery: Vec<String>,
}

impl App {
    /// Reads the page as a person does.
    pub(crate) fn of(page: &Page) -> Self {
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
    pub(crate) fn code(&self, world: &World, steps: i64) -> String {
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
pub(crate) async fn send(browser: &mut Browser<'_>, changed: Changed<'_>) -> Page {
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
pub(crate) async fn verify(browser: &mut Browser<'_>, path: &str, page: &Page, code: &str) -> Page {
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

pub(crate) async fn enrol(world: &World) -> App {
    let mut browser = world.browser();
    let page = send(&mut browser, &[]).await;
    let app = App::of(&page);
    let page = verify(&mut browser, "/second-factor", &page, &app.code(world, 0)).await;
    assert!(page.body.contains("Second factor is on"), "{}", page.body);
    assert!(browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    app
}

pub(crate) fn path() -> String {
    format!("/authorize?{}", world::query(&[("prompt", "login")]))
}

/// The page that asks Alice for a code, whose password is right.
pub(crate) async fn asked(browser: &mut Browser<'_>) -> Page {
    let page = browser.attempt("alice@example.com", PASSWORD).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<h1>Enter a code</h1>"), "{}", page.body);
    assert!(!browser.get("/").await.body.contains("<h1>Signed in</h1>"));
    page
}

#[track_caller]
pub(crate) fn is_refused(page: &Page, status: u16, code: &str) {
    let found = (page.status, page.header("sigstead-code"));
    assert_eq!(found, (status, code), "{}", page.body);
}

pub(crate) async fn claims(world: &World, page: &Page) -> Value {
    assert_eq!(page.status, 303, "{}", page.body);
    let code = &world::parameters(page.header("location"))["code"];
    let tokens = world.redeem(code, &[]).await.json();
    world.verify(&tokens["id_token"]).await
}

pub(crate) async fn change(world: &World, change: SecondFactorChange) {
    let alice = EmailAddress::parse("alice@example.com").unwrap();
    drop(world.issuer.change_second_factor(alice, change).await);
}
