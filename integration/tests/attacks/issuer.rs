//! What the issuer must not be confused by: requests that two readers would read differently, forms with parameters twice, and
//! tokens that are none, to every route that takes a form or a token.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut requests = JoinSet::new();
    for path in FORMS.into_iter().chain(PAGES) {
        requests.spawn(async move {
            for request in confused(path) {
                send(target, &request).await;
            }
        });
    }
    for path in FORMS {
        requests.spawn(async move {
            for form in forms() {
                send(target, &post(path, "", &form)).await;
            }
        });
    }
    requests.spawn(async move {
        for token in tokens() {
            let bearer = format!("Authorization: Bearer {token}\r\n");
            let head = "GET /userinfo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
            send(target, format!("{head}{bearer}\r\n").as_bytes()).await;
            let hint = format!("/end-session?id_token_hint={token}");
            let asked =
                format!("GET {hint} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            send(target, asked.as_bytes()).await;
        }
    });
    while let Some(ended) = requests.join_next().await {
        ended.unwrap();
    }
}

/// Sends bytes as they are; whatever they are, they are refused.
async fn send(target: &Target, request: &[u8]) {
    let Ok(mut stream) = target.connect("oidc", STRANGER).await else {
        return;
    };
    // The service may have refused, and closed, before all was sent.
    let _sent = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _end = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let shown = String::from_utf8_lossy(&request[..request.len().min(300)]);
    // Nothing is answered where the place of the connection was needed. An answer is one: a second would be to bytes of the
    // first request's body.
    let begins = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    let answers = answer.split("HTTP/1.1 ").filter(begins).count();
    assert!(answers <= 1, "{shown}\n{answer}");
    let is_refused = ["HTTP/1.1 4", "HTTP/1.1 503"]
        .iter()
        .any(|start| answer.starts_with(start));
    assert!(answer.is_empty() || is_refused, "{shown}\n{answer}");
}

fn post(path: &str, headers: &str, form: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{headers}\r\n",
        form.len()
    );
    [head.as_bytes(), form].concat()
}

/// Requests whose end, method or client is in doubt, and bodies that are too long.
fn confused(path: &str) -> Vec<Vec<u8>> {
    let hidden = "GET /keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let head = |method: &str, headers: &str| {
        let start = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        format!("{start}{headers}\r\n{hidden}").into_bytes()
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let mut requests = vec![
        // RFC 9112 §6.3: lengths that contradict one another.
        head(
            "POST",
            &format!("{form}Content-Length: 5\r\nContent-Length: 6\r\n"),
        ),
        head("POST", &format!("{form}Content-Length: -1\r\n")),
        head("POST", &format!("{form}Content-Length: 0x10\r\n")),
        head("POST", &format!("{form}Transfer-Encoding: xchunked\r\n")),
        head(
            "POST",
            &format!("{form}Transfer-Encoding: chunked, identity\r\n"),
        ),
        // RFC 9112 §5: names with blanks, and lines that go on.
        head("POST", &format!("{form}Content-Length : 5\r\n")),
        head("POST", &format!("{form} folded: x\r\n")),
        // Two hosts. It has no body, so what is behind it would be a request of its own on a connection that stays open.
        head("POST", "Host: other.example\r\nConnection: close\r\n"),
    ];
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "get"] {
        requests.push(head(method, "Connection: close\r\nContent-Length: 0\r\n"));
    }
    requests.push(post(path, "", &vec![b'a'; 1 << 20]));
    requests
}

/// Forms that no client sends.
fn forms() -> Vec<Vec<u8>> {
    let id = "client_id=sigstore";
    let mut forms: Vec<Vec<u8>> = [
        "",
        "=",
        "&&&&",
        "%",
        "%zz=%00",
        "client_id=sigstore&client_id=sigstore",
        "client_id=sigstore&client_secret=x",
        "client_id=sigstore%00",
        "client_id[]=sigstore",
        "client_id=%F0%28%8C%28",
        "grant_type=password&client_id=sigstore&username=a&password=b",
        "grant_type=client_credentials&client_id=sigstore",
        "client_id=sigstore&token=a&token=b&access_token=a&access_token=b&code=a&code=b&grant_type=x&grant_type=y&scope=a&scope=b",
        "client_id=sigstore&grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x&subject_token_type=y",
    ]
    .map(|form| form.as_bytes().to_vec())
    .to_vec();
    forms.push(vec![0xff; 4096]);
    forms.push("a=&".repeat(5000).into_bytes());
    for name in [
        "client_id",
        "code",
        "refresh_token",
        "device_code",
        "access_token",
    ] {
        let long = "x".repeat(15 * 1024);
        forms.push(format!("{id}&grant_type=authorization_code&{name}={long}").into_bytes());
    }
    forms
}

/// Tokens that are none of the issuer's.
fn tokens() -> Vec<String> {
    // {"alg":"none"}, {"alg":"RS256","kid":"x"}, {}
    let (none, unknown, empty) = (
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ",
        "e30",
    );
    vec![
        "a".to_owned(),
        "..".to_owned(),
        ".".repeat(1000),
        "a.b.c".to_owned(),
        format!("{none}.{empty}."),
        format!("{none}.{empty}.AAAA"),
        format!("{unknown}.{empty}.AAAA"),
        format!("{unknown}.{}.AAAA", "A".repeat(6000)),
    ]
}

/// Routes that answer programs; none takes what is sent here.
const FORMS: [&str; 5] = [
    "/token",
    "/introspect",
    "/revoke",
    "/userinfo",
    "/device/code",
];
/// Routes that answer browsers.
const PAGES: [&str; 5] = [
    "/password",
    "/authorize?x=y",
    "/end-session?x=y",
    "/sign-out",
    "/device?user_code=x",
];
const STRANGER: u8 = 110;
