//! One signing, as a collector of traces sees it: by `sigctl` it is one tree over the services, and by cosign, which sends no
//! context, one tree for each of its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use sigstead_integration::{Instance, SERVICES, client, run, sigctl};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, async_trait};

use crate::{PERSON, artifact, beside, cosign};

/// A span: who made it, what for, where it is.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    trace: String,
    id: String,
    parent: String,
}

/// Keeps what services export over OTLP.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for of_process in request.into_inner().resource_spans {
            let attributes = of_process.resource.unwrap().attributes;
            let named = attributes
                .into_iter()
                .find(|each| each.key == "service.name");
            let value = named.and_then(|each| each.value?.value);
            let Some(Any::StringValue(service)) = value else {
                return Err(Status::invalid_argument("a process without a name"));
            };
            let spans = of_process
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans);
            let spans = spans.map(|span| Span {
                service: service.clone(),
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
            });
            self.0.lock().unwrap().extend(spans);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Listens, as long as the runtime lives; gives its URL.
    fn start(&self, runtime: &tokio::runtime::Runtime) -> String {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(self.clone());
        let server = Server::builder().add_service(service);
        runtime.spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        url
    }

    /// The spans of a trace, each as its service and name, with those of its parent; without if that is not among them. Those of
    /// the issuer are left out: whether the authority asks it for its keys depends on when it asked last.
    fn tree(&self, trace: &str) -> BTreeSet<(String, Option<String>)> {
        let spans = self.0.lock().unwrap();
        let is_of = |span: &&Span| span.trace == trace && span.service != "sigstead-oidc";
        let spans: Vec<_> = spans.iter().filter(is_of).collect();
        let shown = |span: &Span| format!("{} {}", span.service, span.name);
        let by_id: BTreeMap<_, _> = spans
            .iter()
            .map(|span| (span.id.as_str(), shown(span)))
            .collect();
        let with_parent = |span: &&Span| (shown(span), by_id.get(span.parent.as_str()).cloned());
        spans.iter().map(with_parent).collect()
    }

    /// The traces in which there is a span of that service and name.
    fn traces_of(&self, service: &str, name: &str) -> Vec<String> {
        let spans = self.0.lock().unwrap();
        let found = spans
            .iter()
            .filter(|span| span.service == service && span.name == name);
        found.map(|span| span.trace.clone()).collect()
    }
}

/// An instance that sends its traces to `collector`, and whose logs say little, which must not matter.
fn traced(collector: &str) -> Instance {
    let instance = Instance::create("traced", &[]).unwrap();
    for service in SERVICES {
        let config = instance.directory().join(service).join("config.yaml");
        let text = std::fs::read_to_string(&config).unwrap();
        let telemetry = format!("telemetry:\n  otlp_endpoint: {collector}\n");
        assert!(text.contains("telemetry:\n"), "{text}");
        let text = text.replacen("telemetry:\n", &telemetry, 1);
        assert!(text.contains("log_level: info"), "{text}");
        std::fs::write(&config, text.replace("log_level: info", "log_level: warn")).unwrap();
    }
    instance
}

#[test]
fn a_signing_by_sigctl_is_one_tree_and_one_by_cosign_is_a_tree_for_each_call() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let collector = Collector::default();
    let url = collector.start(&runtime);
    let instance = traced(&url);
    instance.up().unwrap();
    let file = artifact(instance.work(), "traced");
    let signed = run(sigctl()
        .args(["--output", "json", "sign"])
        .arg(instance.directory())
        .arg(&file)
        .args(["--identity", PERSON, "--traces", &url, "--bundle"])
        .arg(beside(&file, "sigctl.json")))
    .unwrap();
    let signed: serde_json::Value = serde_json::from_slice(&signed.stdout).unwrap();
    let trace = signed["trace_id"].as_str().unwrap();
    let client = client::cosign();
    if let Some(client) = &client {
        cosign::sign(client, &instance, &file);
    }
    // Services send what they still hold when they stop.
    instance.down().unwrap();

    let [sign, ca, ctlog, tsa, tlog] = [
        "sigstead-ctl sigctl sign",
        "sigstead-ca POST /api/v2/signingCert",
        "sigstead-ctlog POST /ct/v1/add-pre-chain",
        "sigstead-tsa POST /api/v1/timestamp",
        "sigstead-tlog POST /api/v2/log/entries",
    ];
    let below = |child: &str, parent: Option<&str>| (child.to_owned(), parent.map(str::to_owned));
    let tree = BTreeSet::from([
        below(sign, None),
        below(ca, Some(sign)),
        below(ctlog, Some(ca)),
        below(tsa, Some(sign)),
        below(tlog, Some(sign)),
    ]);
    assert_eq!(collector.tree(trace), tree);

    let Some(_) = client else { return };
    let roots = [ca, tsa, tlog].map(|span| {
        let (service, name) = span.split_once(' ').unwrap();
        let mut traces = collector.traces_of(service, name);
        traces.retain(|found| found != trace);
        assert_eq!(traces.len(), 1, "{span}: {traces:?}");
        traces.remove(0)
    });
    assert_eq!(BTreeSet::from(roots.clone()).len(), 3, "{roots:?}");
    let [of_ca, of_tsa, of_tlog] = roots.map(|trace| collector.tree(&trace));
    assert_eq!(
        of_ca,
        BTreeSet::from([below(ca, None), below(ctlog, Some(ca))])
    );
    assert_eq!(of_tsa, BTreeSet::from([below(tsa, None)]));
    assert_eq!(of_tlog, BTreeSet::from([below(tlog, None)]));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
