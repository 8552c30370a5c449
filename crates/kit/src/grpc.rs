use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use tonic::server::NamedService;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::Builder;

use crate::admin::{Gate, guard as gate_guard, record};
use crate::budget::{Budget, Elements, Endpoint, Method};
use crate::error::Error;
use crate::readiness::Readiness;

mod guard;
mod health;

use guard::guard;
use health::HealthService;

/// A gRPC service as it can be mounted.
pub trait GrpcService:
    tower::Service<
        http::Request<tonic::body::Body>,
        Error = Infallible,
        Response: IntoResponse,
        Future: Send + 'static,
    > + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> GrpcService for S where
    S: tower::Service<
            http::Request<tonic::body::Body>,
            Error = Infallible,
            Response: IntoResponse,
            Future: Send + 'static,
        > + NamedService
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The gRPC services of one listener, with the budgets of all their methods.
#[derive(Default)]
pub(crate) struct GrpcServices {
    routes: tonic::service::RoutesBuilder,
    names: Vec<&'static str>,
    methods: BTreeMap<String, Method>,
    descriptors: Vec<&'static [u8]>,
    elements: Option<Elements>,
}

/// What can be called, by its path.
struct Callable {
    methods: BTreeMap<String, Method>,
    elements: Option<Elements>,
}

impl GrpcServices {
    pub(crate) fn add<S: GrpcService>(&mut self, service: S, methods: &[Method]) {
        self.names.push(S::NAME);
        self.mount(service, methods);
    }

    fn mount<S: GrpcService>(&mut self, service: S, methods: &[Method]) {
        let path = |method: &Method| (format!("/{}/{}", S::NAME, method.name), *method);
        self.methods.extend(methods.iter().map(path));
        self.routes.add_service(service);
    }

    pub(crate) fn define(&mut self, descriptor_set: &'static [u8], elements: Elements) {
        self.descriptors.push(descriptor_set);
        self.elements = Some(elements);
    }

    /// The services as a router, with health and reflection beside them, and all that can be called there.
    pub(crate) fn into_router(
        mut self,
        readiness: &Readiness,
        listener: &'static str,
        gate: Gate,
    ) -> Result<(Router, Vec<Endpoint>), Error> {
        let failed = |error: tonic_reflection::server::Error| Error::Reflection(Box::new(error));
        let health = HealthService {
            readiness: readiness.clone(),
            names: self.names.clone(),
        };
        self.mount(HealthServer::new(health), HEALTH_METHODS);
        let reflection = self.reflection().build_v1().map_err(failed)?;
        self.mount(reflection, REFLECTION_METHODS);
        let reflection = self.reflection().build_v1alpha().map_err(failed)?;
        self.mount(reflection, REFLECTION_METHODS);
        let endpoint = |(name, method): (&String, &Method)| Endpoint {
            listener,
            name: name.clone(),
            budget: method.budget,
        };
        let endpoints = self.methods.iter().map(endpoint).collect();
        let router = self.routes.routes().into_axum_router();
        let callable = Arc::new(Callable {
            methods: self.methods,
            elements: self.elements,
        });
        // The fallback is the REST side's: one port answers unknown paths in one way.
        let router = router.reset_fallback();
        let guard = from_fn_with_state(callable, guard);
        let router = match gate {
            Gate::Open => router.layer(guard),
            Gate::Kept(keeper) => router
                .layer(from_fn_with_state(Arc::clone(&keeper), record))
                .layer(guard)
                .layer(from_fn_with_state(keeper, gate_guard)),
        };
        Ok((router, endpoints))
    }

    /// Lists what is served here, not all that the descriptors know.
    fn reflection(&self) -> Builder<'static> {
        let mut builder = Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name(HEALTH);
        for set in &self.descriptors {
            builder = builder.register_encoded_file_descriptor_set(set);
        }
        for name in &self.names {
            builder = builder.with_service_name(*name);
        }
        builder
    }
}

const HEALTH: &str = "grpc.health.v1.Health";

/// A request of either is a name.
const NAME: Budget = Budget::new(16 << 10, 10);

const HEALTH_METHODS: &[Method] = &[
    Method::unary("Check", NAME),
    Method::unary("List", NAME),
    Method::watch("Watch", NAME),
];

/// Tools ask for one thing after the other in one call, and are done within the time of any other call.
const REFLECTION_METHODS: &[Method] = &[Method::conversation("ServerReflectionInfo", NAME)];
