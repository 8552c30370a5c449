use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Json, Router};
use http::{HeaderName, HeaderValue, Uri, header};
use serde_json::json;
use tower_http::cors::{Any, CorsLayer};

use crate::budget::{Budget, Endpoint};
use crate::problem::{BodyStyle, CODE_METHOD, CODE_PATH, Kind, Problem};

mod body;
mod guard;
#[cfg(test)]
mod tests;

pub(crate) use body::{HeldBody, read_within};
use guard::{Guard, guard};
pub(crate) use guard::{exchange_of, panic_text};

/// The table of a service's HTTP routes, each with its [`Budget`], all with one [`BodyStyle`].
///
/// Handlers are axum handlers. Their request body is in memory already and within the budget, so
/// that `Bytes` is the extractor to use; a [`Problem`] that they return is rendered in the style,
/// and so is a panic. Layers that limit bodies must not be added on top: over HTTP/2 they reset the
/// stream instead of answering.
pub struct Routes<S = ()> {
    style: BodyStyle,
    paths: BTreeMap<String, Path<S>>,
    /// The styles in which what is unknown below a prefix is answered.
    prefixes: Vec<(&'static str, BodyStyle)>,
    cors: Cors,
    observers: Vec<Observer>,
}

/// What sees the requests of a table before its routes do.
type Observer = Box<dyn FnOnce(Router) -> Router + Send>;

struct Path<S> {
    style: BodyStyle,
    methods: Vec<(&'static str, Budget)>,
    router: MethodRouter<S>,
}

enum Cors {
    None,
    AnyOrigin(Vec<HeaderName>),
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// An empty table.
    #[must_use]
    pub fn new(style: BodyStyle) -> Self {
        Self {
            style,
            paths: BTreeMap::new(),
            prefixes: Vec::new(),
            cors: Cors::None,
            observers: Vec::new(),
        }
    }

    /// Adds a route for GET, and with it HEAD.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &str, budget: Budget, handler: H) -> Self {
        self.route(path, &["GET", "HEAD"], MethodFilter::GET, budget, handler)
    }

    /// Adds a route for POST.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(
        self,
        path: &str,
        budget: Budget,
        handler: H,
    ) -> Self {
        self.route(path, &["POST"], MethodFilter::POST, budget, handler)
    }

    /// Adds a route for PUT.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &str, budget: Budget, handler: H) -> Self {
        self.route(path, &["PUT"], MethodFilter::PUT, budget, handler)
    }

    /// Adds a route for DELETE.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(
        self,
        path: &str,
        budget: Budget,
        handler: H,
    ) -> Self {
        self.route(path, &["DELETE"], MethodFilter::DELETE, budget, handler)
    }

    /// Adds `GET /healthz`, which answers `{"status":"SERVING"}` while the process lives, for
    /// clients that look for it on the public port.
    #[must_use]
    pub fn healthz(self) -> Self {
        self.get("/healthz", Budget::read(), healthz)
    }

    /// Has every request of the table pass through `observer`, which measures it or dresses its answer.
    #[must_use]
    pub fn observed_by<F, Fut>(mut self, observer: F) -> Self
    where
        F: Fn(Request, Next) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response> + Send + 'static,
    {
        let observe = move |router: Router| router.layer(from_fn(observer));
        self.observers.push(Box::new(observe));
        self
    }

    /// Lets scripts of any origin call the routes, and read the given response headers.
    #[must_use]
    pub fn cors_any_origin(mut self, exposed: &[&'static str]) -> Self {
        let exposed = exposed.iter().copied().map(HeaderName::from_static);
        self.cors = Cors::AnyOrigin(exposed.collect());
        self
    }

    /// Has what is unknown below a prefix answered in the style of this table, also when it is merged into another.
    #[must_use]
    pub fn below(mut self, prefix: &'static str) -> Self {
        self.prefixes.push((prefix, self.style));
        self
    }

    /// Adds the routes of another table, which keep their own style. What is unknown to both is answered in the style of
    /// `self`, but for what [`Self::below`] says.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.prefixes.extend(other.prefixes);
        self.observers.extend(other.observers);
        for (path, theirs) in other.paths {
            match self.paths.remove(&path) {
                Some(ours) => self.paths.insert(path, ours.merge(theirs)),
                None => self.paths.insert(path, theirs),
            };
        }
        self
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        let Self {
            style,
            paths,
            prefixes,
            cors,
            observers,
        } = self;
        let paths = paths.into_iter().map(|(path, entry)| {
            let router = entry.router.with_state(state.clone());
            (
                path,
                Path {
                    style: entry.style,
                    methods: entry.methods,
                    router,
                },
            )
        });
        Routes {
            style,
            paths: paths.collect(),
            prefixes,
            cors,
            observers,
        }
    }

    fn route<H: Handler<T, S>, T: 'static>(
        mut self,
        path: &str,
        methods: &[&'static str],
        filter: MethodFilter,
        budget: Budget,
        handler: H,
    ) -> Self {
        let layer = from_fn_with_state(
            Guard {
                style: self.style,
                budget,
            },
            guard,
        );
        let router = on(filter, handler).layer(layer);
        let new = Path {
            style: self.style,
            methods: methods.iter().map(|method| (*method, budget)).collect(),
            router,
        };
        let entry = match self.paths.remove(path) {
            Some(existing) => existing.merge(new),
            None => new,
        };
        self.paths.insert(path.to_owned(), entry);
        self
    }
}

impl Routes {
    /// What is mounted, and what a request on it may cost.
    pub(crate) fn endpoints(&self, listener: &'static str) -> Vec<Endpoint> {
        let endpoint = |path: &str, (method, budget): &(&'static str, Budget)| Endpoint {
            listener,
            name: format!("{method} {path}"),
            budget: *budget,
        };
        let paths = self.paths.iter();
        paths
            .flat_map(|(path, entry)| entry.methods.iter().map(move |each| endpoint(path, each)))
            .collect()
    }

    /// The router of the table.
    pub(crate) fn into_router(self) -> Router {
        let style = self.style;
        let mut router = Router::new();
        for (path, entry) in self.paths {
            let Path {
                style,
                methods,
                router: methods_router,
            } = entry;
            let allow: Vec<_> = methods.iter().map(|(method, _)| *method).collect();
            let allow = allow.join(", ");
            let refuse = move || async move { wrong_method(style, &allow) };
            router = router.route(&path, methods_router.fallback(refuse));
        }
        let prefixes = self.prefixes;
        let style_of = move |path: &str| {
            let mut below = prefixes
                .iter()
                .filter(|(prefix, _)| path.starts_with(prefix));
            below.next().map_or(style, |(_, style)| *style)
        };
        let unknown = move |uri: Uri| std::future::ready(unknown_path(style_of(uri.path())));
        // The budgets are the limit; the library has one of its own otherwise, lower than some of them.
        let router = router.fallback(unknown).layer(DefaultBodyLimit::disable());
        let router = match self.cors {
            Cors::None => router,
            Cors::AnyOrigin(exposed) => router.layer(any_origin(exposed)),
        };
        let observers = self.observers.into_iter();
        observers.fold(router, |router, observe| observe(router))
    }
}

impl<S: Clone> Path<S> {
    fn merge(mut self, other: Self) -> Self {
        self.methods.extend(other.methods);
        self.router = self.router.merge(other.router);
        self
    }
}

fn any_origin(exposed: Vec<HeaderName>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any)
        .expose_headers(exposed)
        .max_age(Duration::from_secs(600))
}

fn wrong_method(style: BodyStyle, allow: &str) -> Response {
    let message = format!("this path does not take the method; it takes {allow}");
    let mut response = Problem::new(Kind::MethodNotAllowed, CODE_METHOD, message).response(style);
    if let Ok(value) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response.into_response()
}

fn unknown_path(style: BodyStyle) -> Response {
    let message = "there is nothing under this path; compare the URL with the configured one";
    Problem::new(Kind::NotFound, CODE_PATH, message).response(style)
}

/// The process lives; nothing else is asked.
pub(crate) async fn healthz() -> Response {
    Json(json!({"status": "SERVING"})).into_response()
}
