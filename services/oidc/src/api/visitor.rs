use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use sigstead_kit::{CallerAddress, Problem};
use url::Url;

use crate::OidcIssuer;
use crate::error::Error;
use crate::secret::Secret;

/// A browser, by its cookies and its address.
pub(super) struct Visitor {
    /// Names the browser, not a person; forms are bound to it.
    pub(super) browser: Secret,
    is_new: bool,
    pub(super) session: Option<Secret>,
    pub(super) known: Option<String>,
    pub(super) address: IpAddr,
    from_elsewhere: bool,
    cookies: CookieNames,
}

/// The names and attributes of the cookies.
#[derive(Debug, Clone)]
struct CookieNames {
    prefix: &'static str,
    /// Browsers do not keep cookies of different ports apart; the name does.
    suffix: String,
    attributes: &'static str,
}

impl Visitor {
    fn new(issuer: &OidcIssuer, parts: &Parts) -> Result<Self, Error> {
        let cookies = CookieNames::of(issuer);
        let cookie = |name: &str| cookie(&parts.headers, &cookies.name(name));
        let presented = cookie(BROWSER).and_then(Secret::presented);
        let is_new = presented.is_none();
        let site = parts
            .headers
            .get("sec-fetch-site")
            .map(HeaderValue::as_bytes);
        Ok(Self {
            browser: presented.map_or_else(Secret::random, Ok)?,
            is_new,
            session: cookie(SESSION).and_then(Secret::presented),
            known: cookie(KNOWN).map(str::to_owned),
            address: address(parts),
            from_elsewhere: !matches!(site, None | Some(b"same-origin" | b"none")),
            cookies,
        })
    }

    /// The token of a form about `subject`, for this browser and the person who is signed in.
    pub(super) fn form_token(&self, issuer: &OidcIssuer, subject: &str) -> String {
        issuer
            .forms
            .form_token(&self.browser, &self.purpose(subject))
    }

    /// Refuses forms that this issuer did not make for this browser: cross-site request forgery.
    pub(super) fn check_form(
        &self,
        issuer: &OidcIssuer,
        subject: &str,
        token: Option<&str>,
    ) -> Result<(), Error> {
        let purpose = self.purpose(subject);
        let ours = token.is_some_and(|t| issuer.forms.is_form_token(t, &self.browser, &purpose));
        let genuine = ours && !self.is_new && !self.from_elsewhere;
        if genuine {
            Ok(())
        } else {
            Err(Error::FormStale)
        }
    }

    /// Gives a new browser its name.
    pub(super) fn introduce(&self, mut response: Response) -> Response {
        if self.is_new {
            self.set(&mut response, BROWSER, self.browser.as_str(), LONG);
        }
        response
    }

    pub(super) fn keep_login(
        &self,
        issuer: &OidcIssuer,
        mut response: Response,
        session: &Secret,
        known: Option<&str>,
    ) -> Response {
        let seconds = issuer.lifetimes.login.whole_seconds();
        self.set(&mut response, SESSION, session.as_str(), seconds);
        if let Some(known) = known {
            self.set(&mut response, KNOWN, known, LONG);
        }
        response
    }

    pub(super) fn forget_login(&self, mut response: Response) -> Response {
        self.set(&mut response, SESSION, "", 0);
        response
    }

    fn purpose(&self, subject: &str) -> String {
        let session = self
            .session
            .as_ref()
            .map(|session| hex::encode(session.digest()));
        format!("{}\n{subject}", session.unwrap_or_default())
    }

    fn set(&self, response: &mut Response, name: &str, value: &str, seconds: i64) {
        let CookieNames { attributes, .. } = self.cookies;
        let name = self.cookies.name(name);
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; {attributes}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

impl FromRequestParts<Arc<OidcIssuer>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        issuer: &Arc<OidcIssuer>,
    ) -> Result<Self, Problem> {
        Ok(Self::new(issuer, parts)?)
    }
}

impl CookieNames {
    fn of(issuer: &OidcIssuer) -> Self {
        let url = Url::parse(issuer.issuer.as_str()).ok();
        let port = url.as_ref().and_then(Url::port);
        // By the issuer's URL, not by the listener: TLS may end at a proxy.
        let secure = url.is_some_and(|url| url.scheme() == "https");
        Self {
            // Browsers let no other host and no plain connection set a cookie of this prefix.
            prefix: if secure { "__Host-" } else { "" },
            suffix: port.map(|port| format!("-{port}")).unwrap_or_default(),
            attributes: if secure {
                "HttpOnly; SameSite=Lax; Secure"
            } else {
                "HttpOnly; SameSite=Lax"
            },
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}{}", self.prefix, self.suffix)
    }
}

/// Where a request comes from; unknown in tests without a socket.
pub(super) fn address(parts: &Parts) -> IpAddr {
    let caller = parts.extensions.get::<CallerAddress>();
    caller.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |caller| caller.0)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|p| p.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

const BROWSER: &str = "sigstead-browser";
const SESSION: &str = "sigstead-session";
const KNOWN: &str = "sigstead-known";

/// Half a year, in seconds.
const LONG: i64 = 180 * 24 * 60 * 60;
