//! The face: the route tables, decode, call, encode.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sigstead_kit::{BodyStyle, Budget, Routes};

use crate::OidcIssuer;

mod browser;
mod grpc;
mod http;
mod visitor;

pub(crate) use grpc::admin_service;

/// The public port.
pub(crate) fn router(issuer: &Arc<OidcIssuer>) -> Router {
    let pages = from_fn_with_state(Arc::clone(issuer), browser::show_refusals);
    routes(Arc::clone(issuer)).into_router().layer(pages)
}

/// All routes of the public port, below the path of the issuer URL.
fn routes(issuer: Arc<OidcIssuer>) -> Routes {
    let below = |path: &str| format!("{}{path}", issuer.issuer.path());
    let home = below("/");
    let pages = Routes::new(BodyStyle::Text)
        .get(&home, PAGE, browser::home)
        .get(&below("/authorize"), PAGE, browser::show_authorization)
        .post(&below("/authorize"), FORM, browser::answer_authorization)
        .get(&below("/device"), PAGE, browser::show_device)
        .post(&below("/device"), FORM, browser::answer_device)
        .post(&below("/sign-out"), FORM, browser::sign_out)
        .get(&below("/assets/page.css"), Budget::read(), http::style)
        .get(&below("/assets/icon.svg"), Budget::read(), http::icon);
    let machines = Routes::new(BodyStyle::OAuth)
        .get(
            &below("/.well-known/openid-configuration"),
            Budget::read(),
            http::discovery,
        )
        .get(&below("/keys"), Budget::read(), http::keys)
        .post(&below("/token"), FORM, http::token)
        .post(&below("/device/code"), FORM, http::start_device);
    pages.merge(machines).healthz().with_state(issuer)
}

/// Ten seconds, because a password may wait in the queue of hashes.
const FORM: Budget = Budget::new(16 * 1024, 10);
const PAGE: Budget = Budget::new(1024, 5);
