//! The face: the route tables, decode, call, encode.

use std::sync::Arc;

use axum::extract::State;
use sigstead_kit::{BodyStyle, Budget, Routes};

use crate::OidcIssuer;

mod bearer;
mod browser;
mod grpc;
mod http;
mod visitor;

pub(crate) use grpc::{ADMIN_METHODS, admin_service};

/// What every handler is given.
type Issuer = State<Arc<OidcIssuer>>;

/// All routes of the public port, below the path of the issuer URL.
pub(crate) fn routes(issuer: Arc<OidcIssuer>) -> Routes {
    let below = |path: &str| format!("{}{path}", issuer.issuer.path());
    let home = below("/");
    let pages = Routes::new(BodyStyle::Text)
        .get(&home, PAGE, browser::home)
        .get(&below("/authorize"), PAGE, browser::show_authorization)
        .post(&below("/authorize"), FORM, browser::answer_authorization)
        .get(&below("/device"), PAGE, browser::show_device)
        .post(&below("/device"), FORM, browser::answer_device)
        .get(&below("/callback/{connector}"), CALLBACK, browser::arrive)
        .post(&below("/sign-out"), FORM, browser::sign_out)
        .get(&below("/password"), PAGE, browser::show_password)
        .post(&below("/password"), FORM, browser::answer_password)
        .get(&below("/second-factor"), PAGE, browser::show_second_factor)
        .post(
            &below("/second-factor"),
            FORM,
            browser::answer_second_factor,
        )
        .get(&below("/end-session"), PAGE, browser::show_sign_out)
        .post(&below("/end-session"), FORM, browser::answer_sign_out)
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
        .get(&below("/userinfo"), Budget::read(), bearer::user_info)
        .post(&below("/userinfo"), FORM, bearer::user_info)
        .post(&below("/introspect"), FORM, http::introspect)
        .post(&below("/revoke"), FORM, http::revoke)
        .post(&below("/device/code"), FORM, http::start_device);
    let for_pages = Arc::clone(&issuer);
    pages
        .merge(machines)
        .healthz()
        .observed_by(move |request, next| {
            browser::show_refusals(State(Arc::clone(&for_pages)), request, next)
        })
        .with_state(issuer)
}

/// Ten seconds, because a password may wait in the queue of hashes.
const FORM: Budget = Budget::new(16 * 1024, 10);
/// A provider is asked for its token, and perhaps for two documents.
const CALLBACK: Budget = Budget::new(1024, 20);
const PAGE: Budget = Budget::new(1024, 5);
