//! People who sign in at a provider of identities.

use std::collections::HashMap;

use serde_json::{Value, json};
use sigstead_config::oidc::{AddressClaim, ConnectorConfig, ProviderConfig};

use crate::Changed;
use crate::world::{self, Browser, Page, Provider, World};

type Fields = HashMap<String, String>;
/// Claims that differ from those of a good token.
type Claims<'a> = &'a [(&'a str, Value)];

fn config(provider: &Provider) -> ProviderConfig {
    ProviderConfig {
        id: "login".to_owned(),
        name: "Example login".to_owned(),
        issuer: provider.url.clone(),
        client_id: "sigstead".to_owned(),
        client_secret_file: None,
        ca_file: None,
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        verified: AddressClaim::Claim,
        groups_claim: Some("roles".to_owned()),
        domains: vec!["example.com".to_owned()],
    }
}

async fn world(provider: &Provider, change: impl FnOnce(&mut ProviderConfig)) -> World {
    let mut login = config(provider);
    change(&mut login);
    let other = ProviderConfig {
        id: "other".to_owned(),
        ..login.clone()
    };
    let world = World::with(|all| {
        let connectors = [login, other].map(ConnectorConfig::Oidc);
        all.connectors = connectors.to_vec();
    })
    .await;
    provider.has_keys(world.get("/keys").await.json());
    world
}

/// A person presses the button; gives what the provider is asked with.
async fn depart(browser: &mut Browser<'_>, changed: &[(&str, &str)]) -> Fields {
    depart_from(browser, &format!("/authorize?{}", world::query(changed))).await
}

async fn depart_from(browser: &mut Browser<'_>, path: &str) -> Fields {
    let page = browser.get(path).await;
    assert!(
        page.body.contains("Sign in with Example login"),
        "{}",
        page.body
    );
    let fields = [
        ("form_token", page.input("form_token").unwrap()),
        ("action", "depart".to_owned()),
        ("connector", "login".to_owned()),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let page = browser.post(path, &world::form(&fields)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("<a href=\"").unwrap();
    let url = rest
        .split_once('"')
        .unwrap()
        .0
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert!(page.body.contains("http-equiv=\"refresh\""));
    world::parameters(&url)
}

/// The claims of a good token, with some changed; those that are changed to nothing are left out.
fn claims(world: &World, provider: &Provider, sent: &Fields, changed: &[(&str, Value)]) -> Value {
    let now = world.now().unix_timestamp();
    let mut claims = json!({
        "iss": provider.url, "sub": "4711", "aud": "sigstead", "iat": now, "exp": now + 300,
        "nonce": sent["nonce"], "email": "Ada@example.com", "email_verified": true,
        "roles": ["release", "site"],
    });
    for (name, value) in changed {
        claims[*name] = value.clone();
    }
    let kept = claims.as_object().unwrap().clone().into_iter();
    kept.filter(|(_, value)| !value.is_null()).collect()
}

fn answer(provider: &Provider, sent: &Fields, changed: &[(&str, &str)]) -> String {
    let fields = [
        ("code", "good"),
        ("state", &sent["state"]),
        ("iss", &provider.url),
    ];
    format!(
        "/callback/login?{}",
        world::form(&world::replaced(&fields, changed))
    )
}

#[track_caller]
fn is_refused(page: &Page, status: u16, code: &str) {
    let found = (page.status, page.header("sigstead-code"));
    assert_eq!(found, (status, code), "{}", page.body);
}

#[tokio::test]
async fn a_person_of_a_provider_gets_a_token_that_says_so() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "the secret: of it\n").unwrap();
    let world = world(&provider, |login| {
        login.client_secret_file = Some(secret.clone());
    })
    .await;
    let mut browser = world.browser();
    let scope = [("scope", "openid email groups offline_access")];
    let sent = depart(&mut browser, &scope).await;
    for (name, value) in [
        ("tenant", "one"),
        ("response_type", "code"),
        ("client_id", "sigstead"),
        ("redirect_uri", "http://localhost:8085/callback/login"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent[name], value);
    }
    assert_eq!(sent.get("prompt"), None);
    provider.gives(
        &sent["code_challenge"],
        claims(&world, &provider, &sent, &[]),
    );
    let page = browser.get(&answer(&provider, &sent, &[])).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let code = &world::parameters(page.header("location"))["code"];
    let tokens = world.redeem(code, &[]).await.json();
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["email"], "ada@example.com");
    assert_eq!(claims["groups"], json!(["release", "site"]));
    let theirs = json!({"connector_id": "login", "user_id": "4711"});
    assert_eq!(claims["federated_claims"], theirs);
    assert!(claims["sub"].as_str().unwrap().starts_with("login:"));
    assert_eq!(tokens.get("refresh_token"), None);
    let (form, authorization) = provider.asked();
    assert_eq!(form.get("client_secret"), None);
    assert!(authorization.starts_with("Basic "), "{authorization}");
}

/// Each row spoils one thing of a token that would sign somebody in.
#[tokio::test]
async fn a_token_that_is_not_of_this_sign_in_or_of_this_person_signs_nobody_in() {
    let provider = Provider::start().await;
    let world = world(&provider, |_| ()).await;
    let past = world.now().unix_timestamp() - 3600;
    let both = json!(["sigstead", "other"]);
    let table: &[(Claims<'_>, u16, &str)] = &[
        (&[], 303, ""),
        (
            &[("aud", both.clone()), ("azp", json!("sigstead"))],
            403,
            "E-OIDC-066",
        ),
        (&[("aud", both)], 403, "E-OIDC-066"),
        (&[("azp", json!("other"))], 403, "E-OIDC-066"),
        (&[("aud", json!("other"))], 403, "E-OIDC-066"),
        (&[("iss", json!("https://evil.example"))], 403, "E-OIDC-066"),
        (&[("nonce", json!("other"))], 403, "E-OIDC-066"),
        (&[("nonce", Value::Null)], 403, "E-OIDC-066"),
        (
            &[("exp", json!(past)), ("iat", json!(past - 300))],
            403,
            "E-OIDC-066",
        ),
        (&[("sub", Value::Null)], 403, "E-OIDC-066"),
        (&[("email", Value::Null)], 403, "E-OIDC-066"),
        (&[("email_verified", json!(false))], 403, "E-OIDC-063"),
        (&[("email_verified", Value::Null)], 403, "E-OIDC-066"),
        (&[("email", json!("ada@example.org"))], 403, "E-OIDC-063"),
        (&[("sub", json!("a\nb"))], 403, "E-OIDC-066"),
        (&[("roles", json!([1]))], 403, "E-OIDC-063"),
        // There is an account of that address, and nobody linked the two.
        (&[("email", json!("alice@example.com"))], 403, "E-OIDC-062"),
    ];
    for (changed, status, code) in table {
        let mut browser = world.browser();
        let sent = depart(&mut browser, &[]).await;
        provider.gives(
            &sent["code_challenge"],
            claims(&world, &provider, &sent, changed),
        );
        let page = browser.get(&answer(&provider, &sent, &[])).await;
        let found = (page.status, page.header("sigstead-code"));
        assert_eq!(found, (*status, *code), "{changed:?}: {}", page.body);
        let signed_in = browser.get("/").await.body.contains("<h1>Signed in</h1>");
        assert_eq!(signed_in, *status == 303, "{changed:?}");
    }
}

/// Each row spoils one thing of an answer whose token would sign somebody in.
#[tokio::test]
async fn an_answer_that_is_another_s_or_a_second_one_signs_nobody_in() {
    let provider = Provider::start().await;
    let world = world(&provider, |_| ()).await;
    let other_state = "A".repeat(43);
    let table: &[(Changed<'_>, u16, &str)] = &[
        (&[("iss", "https://evil.example")], 403, "E-OIDC-066"),
        (&[("iss", "")], 403, "E-OIDC-066"),
        (
            &[("error", "access_denied"), ("code", "")],
            403,
            "E-OIDC-066",
        ),
        (&[("code", "bad")], 403, "E-OIDC-066"),
        (&[("code", "")], 400, "E-OIDC-001"),
        (&[("state", "")], 403, "E-OIDC-028"),
        (&[("state", "short")], 403, "E-OIDC-028"),
        (&[("state", &other_state)], 403, "E-OIDC-028"),
    ];
    for (changed, status, code) in table {
        let mut browser = world.browser();
        let sent = depart(&mut browser, &[]).await;
        provider.gives(
            &sent["code_challenge"],
            claims(&world, &provider, &sent, &[]),
        );
        is_refused(
            &browser.get(&answer(&provider, &sent, changed)).await,
            *status,
            code,
        );
        let is_used_up = !changed.iter().any(|(name, _)| *name == "state");
        let again = browser.get(&answer(&provider, &sent, &[])).await;
        assert_eq!(
            again.status,
            if is_used_up { 403 } else { 303 },
            "{changed:?}"
        );
    }
    let mut browser = world.browser();
    let sent = depart(&mut browser, &[]).await;
    provider.gives(
        &sent["code_challenge"],
        claims(&world, &provider, &sent, &[]),
    );
    let good = answer(&provider, &sent, &[]);
    // The browser of somebody who was sent the answer (RFC 6749 §10.12).
    is_refused(&world.browser().get(&good).await, 403, "E-OIDC-028");
    let elsewhere = good.replace("/callback/login", "/callback/other");
    is_refused(&browser.get(&elsewhere).await, 403, "E-OIDC-028");
    let unknown = good.replace("/callback/login", "/callback/nobody");
    is_refused(&browser.get(&unknown).await, 403, "E-OIDC-028");
    let twice = format!("{good}&code=other");
    is_refused(&browser.get(&twice).await, 400, "E-OIDC-002");
    let mut browser = world.browser();
    let sent = depart(&mut browser, &[]).await;
    provider.gives(
        &sent["code_challenge"],
        claims(&world, &provider, &sent, &[]),
    );
    world.advance(15 * 60);
    is_refused(
        &browser.get(&answer(&provider, &sent, &[])).await,
        403,
        "E-OIDC-028",
    );
}

#[tokio::test]
async fn a_sign_in_that_is_demanded_anew_is_one_there_too() {
    let provider = Provider::start().await;
    let world = world(&provider, |_| ()).await;
    let now = world.now().unix_timestamp();
    for (demand, auth_time, status) in [
        (("prompt", "login"), json!(now), 303),
        (("prompt", "login"), json!(now - 3600), 403),
        (("prompt", "login"), Value::Null, 403),
        (("max_age", "10"), json!(now - 3600), 403),
        (("prompt", "consent"), json!(now - 3600), 303),
    ] {
        let mut browser = world.browser();
        let sent = depart(&mut browser, &[demand]).await;
        let anew = demand.1 != "consent";
        assert_eq!(sent.contains_key("prompt"), anew, "{demand:?}");
        let changed = [("auth_time", auth_time.clone())];
        provider.gives(
            &sent["code_challenge"],
            claims(&world, &provider, &sent, &changed),
        );
        let page = browser.get(&answer(&provider, &sent, &[])).await;
        assert_eq!(page.status, status, "{demand:?} {auth_time}: {}", page.body);
    }
}

#[tokio::test]
async fn a_device_is_connected_by_somebody_of_a_provider_who_confirms() {
    let provider = Provider::start().await;
    let world = world(&provider, |_| ()).await;
    let device = world.start_device().await;
    let path = world::path_of(&device["verification_uri_complete"]);
    let mut browser = world.browser();
    let sent = depart_from(&mut browser, &path).await;
    provider.gives(
        &sent["code_challenge"],
        claims(&world, &provider, &sent, &[]),
    );
    let page = browser.get(&answer(&provider, &sent, &[])).await;
    assert_eq!((page.status, page.header("location")), (303, path.as_str()));
    let page = browser.submit(&path, &path, "continue").await;
    assert!(page.body.contains("Device connected"), "{}", page.body);
    let tokens = world.poll(&device, &[]).await.json();
    let claims = world.verify(&tokens["id_token"]).await;
    assert_eq!(claims["email"], "ada@example.com");
}

#[tokio::test]
async fn a_provider_that_is_away_is_named_and_others_sign_in() {
    let provider = Provider::start().await;
    let world = world(&provider, |_| ()).await;
    let mut browser = world.browser();
    let sent = depart(&mut browser, &[]).await;
    provider.end();
    drop(provider);
    let fields = world::form(&[("code", "good"), ("state", &sent["state"])]);
    let page = browser.get(&format!("/callback/login?{fields}")).await;
    // The answer does not say whose it is, as this provider's do.
    is_refused(&page, 403, "E-OIDC-066");
    let here = world
        .browser()
        .attempt("alice@example.com", world::PASSWORD)
        .await;
    assert_eq!(here.status, 303);
}
