use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;

use sigstead_config::oidc::Config;
use sigstead_kit::{Clock as _, Listeners, SystemClock};
use sigstead_store::StoreConfig;

use super::*;
use crate::authorize::AuthorizationResponse;
use crate::person::Person;
use crate::second_factor::Proof;

fn parse(authorization: Option<&str>, body: &str) -> Result<TokenRequest, Error> {
    let address = Ipv4Addr::LOCALHOST.into();
    TokenRequest::parse(authorization.map(str::as_bytes), body.as_bytes(), address)
}

fn basic_of(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[test]
fn reads_the_client_where_clients_put_it() {
    let table = [
        (None, "client_id=sigstore", "sigstore", false),
        (None, "client_id=sigstore&client_secret=", "sigstore", false),
        (None, "client_id=ci&client_secret=s", "ci", true),
        (Some("sigstore:"), "", "sigstore", false),
        (Some("sigstore:"), "client_id=sigstore", "sigstore", false),
        (Some("a%3Ab:s%20t"), "", "a:b", true),
        (Some("ci:with:colon&and=signs"), "", "ci", true),
    ];
    for (pair, body, id, has_secret) in table {
        let request = parse(pair.map(basic_of).as_deref(), body).unwrap();
        assert_eq!(
            (request.client_id.as_str(), request.secret.is_some()),
            (id, has_secret)
        );
    }
}

#[test]
fn refuses_clients_that_contradict_themselves() {
    let table = [
        (None, "", "E-OIDC-001"),
        (Some("Basic !!!".to_owned()), "", "E-OIDC-012"),
        (Some("Bearer abc".to_owned()), "", "E-OIDC-012"),
        (Some(basic_of("no colon")), "", "E-OIDC-012"),
        (Some(basic_of("ci:s")), "client_id=other", "E-OIDC-012"),
        (Some(basic_of("ci:s")), "client_secret=s", "E-OIDC-003"),
    ];
    for (header, body, code) in table {
        let error = parse(header.as_deref(), body).map(drop).unwrap_err();
        assert_eq!(error.row().code, code, "{header:?} {body}");
    }
}

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://localhost:4321/auth/callback";

async fn issuer(folder: &std::path::Path) -> Arc<OidcIssuer> {
    let path = folder.join("key");
    let algorithm = sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256;
    let key = sigstead_signer::PrivateKey::generate(algorithm).unwrap();
    std::fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = Config::new(
        Listeners::for_test(),
        "http://localhost:1".parse().unwrap(),
        sigstead_signer::KeyConfig::file(path, None),
        StoreConfig::Memory {},
        folder.join("users"),
    );
    OidcIssuer::open(config, Arc::new(SystemClock))
        .await
        .unwrap()
}

async fn alice(issuer: &OidcIssuer) -> Person {
    let email = crate::EmailAddress::parse("alice@example.com").unwrap();
    let password = Password::new("correct horse battery".to_owned());
    let user = issuer.add_user(email, password).await.unwrap();
    Person::signed_in(&user, Proof::Password, SystemClock.now())
}

/// Asks while the key fails, and again when it signs.
async fn ask_twice(issuer: &OidcIssuer, form: &str) {
    let request = parse(None, form).unwrap();
    issuer.keys.fail().await;
    let failed = issuer.token(&request).await.map(drop).unwrap_err();
    assert!(matches!(failed, Error::Signing(_)), "{failed:?}");
    issuer.open_keys_again().await.unwrap();
    let granted = issuer.token(&request).await.map(drop);
    assert!(granted.is_ok(), "{granted:?}");
}

#[tokio::test]
async fn a_key_that_fails_once_costs_nobody_their_code() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = issuer(folder.path()).await;
    let query = format!(
        "response_type=code&client_id=sigstore&redirect_uri={CALLBACK}&scope=openid&state=s&nonce=n\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let asked = issuer.authorization_request(&query).unwrap();
    let answer = issuer.authorize(&asked, alice(&issuer).await).await;
    let AuthorizationResponse::Redirect(location) = answer.unwrap() else {
        panic!("no redirect");
    };
    let location = url::Url::parse(&location).unwrap();
    let (_, code) = location.query_pairs().next().unwrap();
    let form = format!(
        "grant_type=authorization_code&client_id=sigstore&redirect_uri={CALLBACK}&code={code}&code_verifier={VERIFIER}"
    );
    ask_twice(&issuer, &form).await;
}

#[tokio::test]
async fn a_key_that_fails_once_costs_no_device_its_approval() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = issuer(folder.path()).await;
    let form = format!(
        "client_id=sigstore&scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let started = issuer.start_device(&parse(None, &form).unwrap()).await;
    let started = serde_json::to_value(started.unwrap()).unwrap();
    let user_code = started["user_code"].as_str().unwrap();
    let device = issuer
        .waiting_device(user_code, Ipv4Addr::LOCALHOST.into())
        .await;
    let person = alice(&issuer).await;
    issuer.decide(device.unwrap(), Some(person)).await.unwrap();
    let code = started["device_code"].as_str().unwrap();
    let form = format!(
        "grant_type={DEVICE_CODE}&client_id=sigstore&device_code={code}&code_verifier={VERIFIER}"
    );
    ask_twice(&issuer, &form).await;
}
