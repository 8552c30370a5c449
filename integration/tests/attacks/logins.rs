//! Wrong passwords from a few addresses, which fill the queue of sign-ins, while another guesses at one account.

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut flood = JoinSet::new();
    for stranger in FLOODING {
        let visitor = Visitor::new(target, stranger).await;
        for number in 0..FLOOD_EACH {
            let visitor = visitor.clone();
            let email = format!("nobody-{stranger}-{number}@example.com");
            flood.spawn(async move { visitor.sign_in(&email).await });
        }
    }
    let guesser = Visitor::new(target, GUESSING).await;
    let (mut judged, mut is_locked) = (0, false);
    while !is_locked {
        // Other answers say nothing of the password: there was no place, or no time.
        match guesser.sign_in("victim@example.com").await {
            Some(StatusCode::FORBIDDEN) => judged += 1,
            Some(StatusCode::TOO_MANY_REQUESTS) => is_locked = true,
            _ => {}
        }
        assert!(judged <= JUDGED_AT_MOST, "a full queue forgives guesses");
    }
    while let Some(ended) = flood.join_next().await {
        ended.unwrap();
    }
}

/// A browser with the login page open.
#[derive(Clone)]
struct Visitor {
    http: reqwest::Client,
    url: String,
    cookie: String,
    form_token: String,
}

impl Visitor {
    async fn new(target: &Target, stranger: u8) -> Self {
        let http = reqwest::Client::builder()
            .http2_prior_knowledge()
            .local_address(std::net::IpAddr::from([127, 0, 0, stranger]))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let url = format!("http://{}/authorize?{QUERY}", target.services["oidc"]);
        // Under attack a page may come too late.
        loop {
            if let Some(visitor) = Self::open(&http, &url).await {
                return visitor;
            }
        }
    }

    async fn open(http: &reqwest::Client, url: &str) -> Option<Self> {
        let page = http.get(url).send().await.ok()?;
        let cookie = page.headers().get("set-cookie")?.to_str().ok()?.to_owned();
        let html = page.text().await.ok()?;
        let (_, rest) = html.split_once("name=\"form_token\" value=\"")?;
        Some(Self {
            http: http.clone(),
            url: url.to_owned(),
            cookie: cookie.split(';').next()?.to_owned(),
            form_token: rest.split('"').next()?.to_owned(),
        })
    }

    async fn sign_in(&self, email: &str) -> Option<StatusCode> {
        let form = [
            ("form_token", self.form_token.as_str()),
            ("action", "sign-in"),
            ("email", email),
            ("password", "a wrong password"),
        ];
        let request = self.http.post(&self.url).header("cookie", &self.cookie);
        let answer = request.form(&form).send().await.ok()?;
        Some(answer.status())
    }
}

const QUERY: &str = "response_type=code&client_id=sigstore&scope=openid&redirect_uri=http://localhost:1/\
                     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
/// Their sign-ins are more than the queue has places.
const FLOODING: std::ops::RangeInclusive<u8> = 80..=84;
const FLOOD_EACH: usize = 30;
const GUESSING: u8 = 90;
/// As many as lock an account.
const JUDGED_AT_MOST: usize = 5;
