//! The service from outside, over its router, in process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its expectation does"
)]

mod authenticator;
mod authorize;
mod bearer;
mod best_practice;
mod device;
mod directory;
mod discovery;
mod exchange;
mod identity_token;
mod login;
mod pages;
mod password;
mod profile;
mod provider;
mod queue;
mod refresh;
mod ring;
mod second_factor;
mod second_factor_change;
mod sign_out;
mod token;
mod world;

use serde_json::{Value, json};
use world::Page;

/// Parameters of a request that differ from those of a good one.
type Changed<'a> = &'a [(&'a str, &'a str)];

fn error_of(page: &Page) -> Value {
    page.json()["error"].clone()
}

impl Page {
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, error: &str, code: &str) {
        let found = (self.status, error_of(self), self.header("sigstead-code"));
        assert_eq!(found, (status, json!(error), code), "{}", self.body);
        let description = self.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            description.starts_with(&format!("{code}: ")),
            "{description}"
        );
        // RFC 6749 §5.2.
        let permitted = |b: u8| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\';
        assert!(description.bytes().all(permitted), "{description}");
    }
}
