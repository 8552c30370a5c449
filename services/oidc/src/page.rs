use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use sigstead_config::IssuerUrl;
use sigstead_config::oidc::PagesConfig;
use url::{Host, Url};

use crate::client::{Client, Place};
use crate::connector::Choice;
use crate::email_address::EmailAddress;
use crate::error::{Error, Told};
use crate::secret::sha256;

mod factor;

pub(crate) use factor::{CodeAskedPage, EnrolmentPage, SecondFactorPage, SharedSecret};

/// What all pages share: at which host a person is, how safely, and whom to ask.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) name: Option<String>,
    pub(crate) contact: Option<Contact>,
    pub(crate) host: String,
    pub(crate) connection: Connection,
    pub(crate) style: String,
    pub(crate) icon: String,
    /// Whether passwords are shown to a directory.
    pub(crate) asks_directories: bool,
}

/// Whom people ask, and where a click on it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) text: String,
    pub(crate) link: Option<String>,
}

/// How what a person types travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    Encrypted,
    /// It does not leave the computer.
    Local,
    Plain,
}

/// An application that asks who somebody is.
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// A device that asks who somebody is.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) user_code: String,
}

/// On whose behalf a page is shown.
pub(crate) enum Asker {
    Application(Application),
    Device(Device),
}

/// The login page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) asker: Asker,
    pub(crate) form_token: String,
    pub(crate) places: Places,
    pub(crate) email: String,
    pub(crate) error: Option<String>,
}

/// Where people may have their account, and where this one said that theirs is.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The directories; accounts of the issuer are offered after them.
    pub(crate) choices: Vec<Choice>,
    /// Where else people are sent to sign in.
    pub(crate) providers: Vec<Choice>,
    /// Empty for an account of the issuer.
    pub(crate) chosen: String,
}

/// The page for somebody who is signed in already.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) asker: Asker,
    pub(crate) form_token: String,
    pub(crate) email: String,
    pub(crate) other_account: String,
}

/// The page that leads to a provider. A form could not: browsers hold `form-action` against all redirects that follow, and
/// the provider's are its own.
#[derive(Template)]
#[template(path = "leaving.html")]
pub(crate) struct LeavingPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) destination: &'a str,
    pub(crate) host: &'a str,
}

/// The page that shows a code, for the out-of-band redirect URI.
#[derive(Template)]
#[template(path = "code.html")]
pub(crate) struct CodePage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) name: &'a str,
    pub(crate) code: String,
}

/// The page where the user code of a device is entered.
#[derive(Template)]
#[template(path = "device.html")]
pub(crate) struct DevicePage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) user_code: String,
    pub(crate) error: Option<String>,
}

/// A page with one thing to say.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    shell: &'a Shell,
    heading: &'a str,
    text: &'a str,
    /// What the person can do, if the text does not say it.
    remedy: &'a str,
    asks: bool,
    /// How assistive technology announces the text: `status` or `alert`.
    role: &'static str,
    support: Option<Support>,
}

/// What a person passes on to those who can help.
pub(crate) struct Support {
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// What the service shows at its own address.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) email: Option<String>,
    pub(crate) form_token: String,
    pub(crate) sign_out: String,
    pub(crate) password: String,
    pub(crate) second_factor: String,
    pub(crate) was_signed_out: bool,
}

/// The page where a person sets a new password.
#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) form_token: String,
    pub(crate) email: String,
    pub(crate) error: Option<String>,
}

/// The page that asks whether an application may sign somebody out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) name: Option<&'a str>,
    pub(crate) email: &'a str,
    pub(crate) form_token: String,
}

impl<'a> MessagePage<'a> {
    pub(crate) fn done(shell: &'a Shell, heading: &'a str, text: &'a str) -> Self {
        Self {
            shell,
            heading,
            text,
            remedy: "",
            asks: false,
            role: "status",
            support: None,
        }
    }

    pub(crate) fn refusal(shell: &'a Shell, told: Told, support: Support) -> Self {
        Self {
            shell,
            heading: told.heading,
            text: told.happened,
            remedy: told.remedy,
            asks: told.asks,
            role: "alert",
            support: Some(support),
        }
    }
}

impl Shell {
    pub(crate) fn new(issuer: &IssuerUrl, pages: PagesConfig) -> Self {
        let url = Url::parse(issuer.as_str()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let port = url
            .as_ref()
            .and_then(Url::port)
            .map(|port| format!(":{port}"));
        let asset = |name: &str, bytes: &str| {
            let version = hex::encode(sha256(bytes.as_bytes()));
            let version = version.get(..12).unwrap_or_default();
            format!("{}/assets/{name}?v={version}", issuer.path())
        };
        Self {
            name: pages.name,
            contact: pages.contact.map(Contact::new),
            host: format!("{host}{}", port.unwrap_or_default()),
            connection: url.as_ref().map_or(Connection::Plain, Connection::of),
            style: asset("page.css", STYLE),
            icon: asset("icon.svg", ICON),
            asks_directories: false,
        }
    }
}

impl Contact {
    /// An e-mail address and an `https` URL can be clicked; other words are only read.
    fn new(text: String) -> Self {
        let is_url = Url::parse(&text).is_ok_and(|url| url.scheme() == "https");
        let link = if EmailAddress::parse(&text).is_ok() {
            Some(format!("mailto:{text}"))
        } else {
            is_url.then(|| text.clone())
        };
        Self { text, link }
    }
}

impl Connection {
    fn of(issuer: &Url) -> Self {
        let local = match issuer.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match issuer.scheme() {
            "https" => Self::Encrypted,
            _ if local => Self::Local,
            _ => Self::Plain,
        }
    }
}

impl Application {
    pub(crate) fn new(client: &Client, place: Place) -> Self {
        Self {
            name: client.name().to_owned(),
            place,
        }
    }
}

/// Renders a page. `form_targets` are the origins, besides our own, to which the answer to a form may
/// redirect: browsers hold `form-action` against redirects as well.
pub(crate) fn render<T: Template>(
    page: &T,
    status: StatusCode,
    form_targets: Option<String>,
) -> Result<Response, Error> {
    let html = page.render().map_err(Error::Page)?;
    let mut response = (status, Html(html)).into_response();
    let targets = form_targets
        .map(|target| format!(" {target}"))
        .unwrap_or_default();
    let policy = format!("{POLICY}; form-action 'self'{targets}");
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'",
    ));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in PAGE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

pub(crate) const STYLE: &str = include_str!("../assets/page.css");
pub(crate) const ICON: &str = include_str!("../assets/icon.svg");

/// No scripts, no frames, nothing from elsewhere. Were it weaker, an attacker who finds a way to write
/// into a page would read the passwords that are typed there.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

const PAGE_HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // The URL has the request's parameters in it.
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_says_where_a_password_goes() {
        for (issuer, host, connection) in [
            (
                "https://login.example.com/auth",
                "login.example.com",
                Connection::Encrypted,
            ),
            ("http://localhost:8085", "localhost:8085", Connection::Local),
            ("http://127.0.0.1:8085", "127.0.0.1:8085", Connection::Local),
            (
                "http://oidc.localhost:8085",
                "oidc.localhost:8085",
                Connection::Local,
            ),
            (
                "http://login.example.com",
                "login.example.com",
                Connection::Plain,
            ),
            (
                "http://localhost.example.com",
                "localhost.example.com",
                Connection::Plain,
            ),
        ] {
            let shell = Shell::new(&issuer.parse().unwrap(), PagesConfig::default());
            assert_eq!((shell.host.as_str(), shell.connection), (host, connection));
        }
    }

    #[test]
    fn a_contact_is_a_link_where_it_can_be_one() {
        for (text, link) in [
            ("help@example.com", Some("mailto:help@example.com")),
            ("https://example.com/help", Some("https://example.com/help")),
            ("http://example.com/help", None),
            ("javascript:alert(1)", None),
            ("the platform team", None),
        ] {
            let contact = Contact::new(text.to_owned());
            assert_eq!(
                (contact.text.as_str(), contact.link.as_deref()),
                (text, link)
            );
        }
    }

    #[test]
    fn what_strangers_write_stays_text() {
        let shell = Shell::new(
            &"http://localhost:1".parse().unwrap(),
            PagesConfig::default(),
        );
        let payload = "\"><script>alert(1)</script><img src=x onerror='a'>";
        let page = SignInPage {
            shell: &shell,
            asker: Asker::Application(Application {
                name: payload.to_owned(),
                place: Place::Site(payload.to_owned()),
            }),
            form_token: payload.to_owned(),
            places: Places {
                choices: vec![Choice {
                    id: payload.to_owned(),
                    name: payload.to_owned(),
                }],
                providers: vec![Choice {
                    id: payload.to_owned(),
                    name: payload.to_owned(),
                }],
                chosen: payload.to_owned(),
            },
            email: payload.to_owned(),
            error: Some(payload.to_owned()),
        };
        let html = page.render().unwrap();
        assert!(
            !html.contains("<script") && !html.contains("<img"),
            "{html}"
        );
    }
}
