use super::*;

fn sigstore() -> Client {
    Client::new(ClientConfig::sigstore()).unwrap()
}

fn with_redirects(uris: &[&str]) -> Result<Client, Error> {
    let redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
    Client::new(ClientConfig {
        redirect_uris,
        ..ClientConfig::sigstore()
    })
}

#[test]
fn the_preset_client_takes_loopback_on_any_port_and_the_shown_code() {
    for good in [
        "http://localhost:8080",
        "http://localhost:8080/",
        "http://localhost:43921/auth/callback",
        "http://127.0.0.1:1/Callback",
        "http://localhost/auth/callback",
        "http://localhost:8080?a=b",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        assert!(sigstore().redirect(good).is_ok(), "{good}");
    }
}

#[test]
fn the_preset_client_refuses_what_only_looks_like_loopback() {
    for bad in [
        "",
        "https://localhost:8080/",
        "http://localhost.evil.example/",
        "http://localhost:8080@evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example/?http://localhost",
        "http://localhost:80\\@evil.example/",
        "http://LOCALHOST:8080/",
        "http://127.0.0.2:8080/",
        "http://127.1:8080/",
        "http://0x7f.0.0.1:8080/",
        "http://localhost:/",
        "http://localhost:0/",
        "http://localhost:99999/",
        "http://localhost:8080/#fragment",
        "http://localhost:8080/ ",
        " http://localhost:8080/",
        "http://localhost:80\t80/",
        "http://[::1]:8080/",
        "urn:ietf:wg:oauth:2.0:oob:auto",
        "javascript:alert(1)",
    ] {
        assert!(sigstore().redirect(bad).is_err(), "{bad}");
    }
}

#[test]
fn configured_uris_are_compared_byte_for_byte() {
    let client = with_redirects(&["https://app.example/cb?x=1", "http://localhost/auth"]).unwrap();
    for (uri, permitted) in [
        ("https://app.example/cb?x=1", true),
        ("https://app.example/cb?x=1&y=2", false),
        ("https://app.example/cb", false),
        ("https://APP.example/cb?x=1", false),
        ("https://app.example:443/cb?x=1", false),
        ("http://localhost:1234/auth", true),
        ("http://localhost:1234/auth/", false),
        ("http://127.0.0.1:1234/auth", false),
    ] {
        assert_eq!(client.redirect(uri).is_ok(), permitted, "{uri}");
    }
}

#[test]
fn configurations_that_would_run_scripts_or_hide_the_host_are_refused() {
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://user@app.example/",
        "https://app.example/#x",
        "/relative",
        "",
    ] {
        assert!(with_redirects(&[bad]).is_err(), "{bad}");
    }
}

#[test]
fn the_answer_is_added_to_the_query_and_escaped() {
    let redirect = with_redirects(&["https://app.example/cb?x=1"])
        .unwrap()
        .redirect("https://app.example/cb?x=1")
        .unwrap();
    let answer = redirect.with(&[("code", "abc"), ("state", "a&b=c")]);
    assert_eq!(
        answer.unwrap(),
        "https://app.example/cb?x=1&code=abc&state=a%26b%3Dc"
    );
}

#[test]
fn places_are_told_apart() {
    let client = with_redirects(&[
        "http://localhost",
        "https://app.example/cb",
        "com.example.app:/cb",
    ])
    .unwrap();
    let table = [
        (
            "http://localhost:8080/x",
            Place::ThisComputer("localhost:8080".into()),
            "http://localhost:8080",
        ),
        (
            "https://app.example/cb",
            Place::Site("app.example".into()),
            "https://app.example",
        ),
        (
            "com.example.app:/cb",
            Place::Application("com.example.app".into()),
            "com.example.app:",
        ),
    ];
    for (uri, place, source) in table {
        let redirect = client.redirect(uri).unwrap();
        assert_eq!(redirect.place(), place);
        assert_eq!(redirect.form_action_source().unwrap(), source);
    }
}

#[test]
fn a_workload_needs_a_uri_as_its_subject() {
    let config = |subject: &str| ClientConfig {
        grants: vec![Grant::ClientCredentials],
        workload: Some(sigstead_config::oidc::WorkloadConfig {
            subject: subject.to_owned(),
            claims: BTreeMap::new(),
        }),
        ..ClientConfig::sigstore()
    };
    assert!(Client::new(config("https://example.com/workloads/ci")).is_ok());
    for bad in ["release", "a@b.c", ""] {
        assert!(Client::new(config(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_secret_hash_that_cannot_be_checked_is_refused_at_start() {
    let config = |params: &str| ClientConfig {
        secret_hash: Some(format!(
            "$argon2id$v=19${params}$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
        )),
        ..ClientConfig::sigstore()
    };
    assert!(Client::new(config("m=19456,t=2,p=1")).is_ok());
    for params in [
        "m=4194304,t=2,p=1",
        "m=19456,t=1000,p=1",
        "m=1,t=1",
        "no parameters",
    ] {
        let refused = Client::new(config(params));
        assert!(
            matches!(refused, Err(Error::ClientConfig { .. })),
            "{params}"
        );
    }
}
