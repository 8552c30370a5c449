//! Whom the admin interface lets in, and what it lets them do.

use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rustls_pki_types::pem::PemObject as _;

use super::*;
use crate::admin::{Access, Act, Conclusion, Recorder, Role};

const TABLE: &[Access] = &[
    Access::new("/sigstead.test.v1.Sample/Fine", Role::Viewer),
    Access::new("/sigstead.test.v1.Sample/Fall", Role::Owner),
    Access::new("/sigstead.test.v1.Sample/Do", Role::Operator).recording(&["what"]),
];

struct Admin {
    running: Running,
    /// The place of the files that an operator changes.
    folder: tempfile::TempDir,
    acts: Arc<Recorded>,
}

/// What was recorded, a line for each; on request it records nothing more.
#[derive(Default)]
struct Recorded {
    lines: Mutex<Vec<String>>,
    is_full: AtomicBool,
}

impl Recorded {
    fn line(&self, line: String) -> u64 {
        let mut lines = self.lines.lock().unwrap();
        lines.push(line);
        lines.len() as u64 - 1
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Recorder for Recorded {
    fn begin(&self, act: Act) -> BoxFuture<'static, Result<u64, Problem>> {
        if self.is_full.load(Ordering::Relaxed) {
            let full = Problem::new(Kind::FailedPrecondition, "E-TEST-001", "no room");
            return std::future::ready(Err(full)).boxed();
        }
        assert!(act.request_id.is_some());
        let name = &act.administrator.name;
        let number = self.line(format!("{name} {} {:?}", act.method, act.arguments));
        std::future::ready(Ok(number)).boxed()
    }

    fn end(&self, act: u64, conclusion: Conclusion) -> BoxFuture<'static, ()> {
        self.line(format!("{act} {conclusion:?}"));
        std::future::ready(()).boxed()
    }

    fn refused(&self, act: Act, code: &'static str) -> BoxFuture<'static, ()> {
        self.line(format!("{} {} {code}", act.administrator.name, act.method));
        std::future::ready(()).boxed()
    }
}

fn fields(_: &str, message: &[u8], names: &[&str]) -> Vec<(String, String)> {
    vec![(names.concat(), String::from_utf8(message.to_vec()).unwrap())]
}

impl Admin {
    async fn start() -> Self {
        Self::start_with(true).await
    }

    async fn start_with(is_recorded: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let client_ca = folder.path().join("admin-ca.pem");
        std::fs::copy(testdata("admins.pem"), &client_ca).unwrap();
        let mut listeners = Listeners::for_test();
        let address = listeners.public.address;
        listeners.admin = Some(AdminListenConfig::new(address, tls("first"), client_ca));
        let acts = Arc::new(Recorded::default());
        let service = Service::new("test", listeners)
            .admin_grpc(Sample, SAMPLE)
            .access(TABLE);
        let service = match is_recorded {
            true => service.recorder(Arc::clone(&acts) as Arc<dyn Recorder>, fields),
            false => service,
        };
        let running = Running::start(service).await;
        Self {
            running,
            folder,
            acts,
        }
    }

    async fn call_with(&self, identity: &str, method: &str, message: &[u8]) -> String {
        let admin = self.running.admin.unwrap();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let answer = tls_client(Some(identity))
            .post(format!("https://{admin}{method}"))
            .header("content-type", "application/grpc")
            .body([&[0], &length[..], message].concat());
        let answer = answer.send().await.unwrap();
        let code = answer.headers().get("sigstead-code");
        code.map_or("", |code| code.to_str().unwrap()).to_owned()
    }

    async fn call(&self, client: &Client, method: &str) -> Option<(String, String)> {
        let admin = self.running.admin.unwrap();
        let answer = client.post(format!("https://{admin}{method}"));
        let answer = answer.header("content-type", "application/grpc");
        let answer = answer.send().await.ok()?;
        let text = |name: &str| {
            let value = answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        Some((text("sigstead-code"), text("grpc-message")))
    }

    /// The code of the refusal; none if the call went through, and `tls` if there was no connection.
    async fn refusal(&self, identity: Option<&str>, method: &str) -> String {
        let answer = self.call(&tls_client(identity), method).await;
        answer.map_or_else(|| "tls".to_owned(), |(code, _)| code)
    }
}

const FINE: &str = "/sigstead.test.v1.Sample/Fine";
const FALL: &str = "/sigstead.test.v1.Sample/Fall";
/// Mounted, and without a row in the table.
const HANG: &str = "/sigstead.test.v1.Sample/Hang";

#[tokio::test]
async fn each_certificate_does_what_its_role_may_and_no_more() {
    let admin = Admin::start().await;
    let broke = "E-KIT-001";
    for (identity, fine, fall, hang) in [
        (Some("viewer"), "", "E-KIT-020", "E-KIT-020"),
        (Some("operator"), "", "E-KIT-020", "E-KIT-020"),
        (Some("owner"), "", broke, "E-KIT-020"),
        (Some("former"), "", broke, "E-KIT-020"),
        (Some("nobody"), "E-KIT-019", "E-KIT-019", "E-KIT-019"),
        (Some("disguised"), "E-KIT-019", "E-KIT-019", "E-KIT-019"),
        (Some("both"), "E-KIT-019", "E-KIT-019", "E-KIT-019"),
        (Some("later"), "E-KIT-019", "E-KIT-019", "E-KIT-019"),
        (Some("server"), "tls", "tls", "tls"),
        (Some("ended"), "tls", "tls", "tls"),
        (Some("coming"), "tls", "tls", "tls"),
        (Some("stranger"), "tls", "tls", "tls"),
        (None, "tls", "tls", "tls"),
    ] {
        for (method, expected) in [(FINE, fine), (FALL, fall), (HANG, hang)] {
            let refusal = admin.refusal(identity, method).await;
            assert_eq!(refusal, expected, "{identity:?} calls {method}");
        }
    }
    let (_, message) = admin.call(&tls_client(Some("viewer")), FALL).await.unwrap();
    for part in ["owner", "viewer", "Vera", "Fall"] {
        assert!(message.contains(part), "{message}");
    }
    admin.running.stop().await;
}

#[tokio::test]
async fn everybody_with_a_role_may_ask_for_health() {
    let admin = Admin::start().await;
    let health = "/grpc.health.v1.Health/Check";
    assert_eq!(admin.refusal(Some("viewer"), health).await, "E-KIT-011");
    assert_eq!(admin.refusal(Some("nobody"), health).await, "E-KIT-019");
    admin.running.stop().await;
}

#[tokio::test]
async fn a_revocation_counts_from_the_next_call_on_also_on_an_open_connection() {
    let admin = Admin::start().await;
    let client = tls_client(Some("operator"));
    let code = async || admin.call(&client, FINE).await.unwrap().0;
    assert_eq!(code().await, "");
    let pem = std::fs::read(testdata("operator.pem")).unwrap();
    let der = rustls_pki_types::CertificateDer::from_pem_slice(&pem).unwrap();
    let serial = crate::admin::Administrator::of(&der).unwrap().serial;
    let list = admin.folder.path().join("admin-revoked.txt");
    std::fs::write(&list, format!("{serial} Otto\n")).unwrap();
    assert_eq!(code().await, "E-KIT-021");
    assert_eq!(admin.refusal(Some("viewer"), FINE).await, "");
    std::fs::write(&list, "Otto\n").unwrap();
    assert_eq!(code().await, "E-KIT-023");
    assert_eq!(admin.refusal(Some("viewer"), FINE).await, "E-KIT-023");
    std::fs::write(&list, "").unwrap();
    assert_eq!(code().await, "");
    admin.running.stop().await;
}

#[tokio::test]
async fn the_other_listeners_have_no_method_of_the_admin_interface() {
    let admin = Admin::start().await;
    let [client, _] = clients();
    for (method, url) in [FINE, FALL, HANG]
        .iter()
        .flat_map(|method| [&admin.running.public, &admin.running.ops].map(|url| (method, url)))
    {
        let answer = client.post(format!("{url}{method}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{url}{method}");
    }
    admin.running.stop().await;
}

const DO: &str = "/sigstead.test.v1.Sample/Do";

#[tokio::test]
async fn what_is_done_is_recorded_before_and_after_and_what_is_looked_at_is_not() {
    let admin = Admin::start().await;
    assert_eq!(admin.call_with("operator", FINE, b"").await, "");
    assert_eq!(admin.acts.take(), Vec::<String>::new());
    assert_eq!(admin.call_with("operator", DO, b"it").await, "E-TEST-002");
    let failed = Conclusion::Failed {
        code: Some("E-TEST-002".to_owned()),
    };
    let begun = format!("Otto {DO} {:?}", [("what", "it")]);
    assert_eq!(admin.acts.take(), [begun, format!("0 {failed:?}")]);
    assert_eq!(admin.call_with("viewer", DO, b"it").await, "E-KIT-020");
    assert_eq!(admin.acts.take(), [format!("Vera {DO} E-KIT-020")]);
    admin.running.stop().await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let admin = Admin::start().await;
    admin.acts.is_full.store(true, Ordering::Relaxed);
    assert_eq!(admin.call_with("operator", DO, b"it").await, "E-TEST-001");
    assert_eq!(admin.call_with("operator", FINE, b"").await, "");
    admin.running.stop().await;
    let admin = Admin::start_with(false).await;
    assert_eq!(admin.call_with("operator", DO, b"it").await, "E-KIT-024");
    admin.running.stop().await;
}
