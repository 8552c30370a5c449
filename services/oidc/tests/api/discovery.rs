use serde_json::json;

use crate::world::{self, World};

#[tokio::test]
async fn discovery_says_what_clients_look_for() {
    let world = World::new().await;
    let document = world.get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["issuer"], "http://localhost:8085");
    assert_eq!(
        document["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(
        document["id_token_signing_alg_values_supported"],
        json!(["RS256"])
    );
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        let url = document[endpoint].as_str().unwrap();
        assert!(
            url.starts_with("http://localhost:8085/"),
            "{endpoint}: {url}"
        );
        // What the document names is there.
        let path = url.strip_prefix("http://localhost:8085").unwrap();
        assert_ne!(world.get(path).await.status, 404, "{endpoint}");
    }
    let key = &world.get("/keys").await.json()["keys"][0];
    assert_eq!(
        (&key["kty"], &key["use"], &key["alg"]),
        (&json!("RSA"), &json!("sig"), &json!("RS256"))
    );
}

#[tokio::test]
async fn an_issuer_with_a_path_serves_everything_below_it() {
    let world =
        World::with(|config| config.issuer = "https://id.example/auth".parse().unwrap()).await;
    let document = world
        .get("/auth/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(document["token_endpoint"], "https://id.example/auth/token");
    assert_eq!(world.get("/auth/keys").await.status, 200);
    let page = world
        .get(&format!("/auth/authorize?{}", world::query(&[])))
        .await;
    assert!(page.cookies().iter().all(|cookie| {
        cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("Path=/;")
    }));
    assert!(page.body.contains("href=\"/auth/assets/page.css"));
}

#[tokio::test]
async fn wrong_methods_and_large_bodies_are_refused_in_the_style_of_oauth() {
    let world = World::new().await;
    let wrong = world.get("/token").await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "POST"));
    let large = world.post("/token", &"a".repeat(20_000)).await;
    assert_eq!(large.status, 413);
    assert!(large.json()["error"].is_string());
}

#[tokio::test]
async fn accounts_sessions_and_forms_survive_a_restart() {
    let world = World::with(|config| config.store = world::sled_below(&config.users)).await;
    let mut browser = world.browser();
    let path = format!("/authorize?{}", world::query(&[]));
    let token = browser.get(&path).await.input("form_token").unwrap();
    let cookies = browser.cookies();
    let world = world.restart().await;
    let mut browser = world.browser_with(cookies);
    let form = world::sign_in_form(&token);
    let answer = browser.post(&path, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let code = world::parameters(answer.header("location"))["code"].clone();
    let cookies = browser.cookies();
    let world = world.restart().await;
    assert_eq!(world.redeem(&code, &[]).await.status, 200);
    assert!(
        world
            .browser_with(cookies)
            .get("/")
            .await
            .body
            .contains("Signed in")
    );
}
