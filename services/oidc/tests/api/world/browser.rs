use std::collections::BTreeMap;

use super::{FORM, PASSWORD, Page, World, form, query};

pub(crate) struct Browser<'a> {
    pub(super) world: &'a World,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.clone()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.with_cookies(self.world.request("GET", path));
        let page = self.world.send(request, "").await;
        self.keep(page)
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = self
            .world
            .request("POST", path)
            .header("content-type", FORM);
        let page = self.world.send(self.with_cookies(request), form).await;
        self.keep(page)
    }

    pub(crate) async fn post_from(&mut self, site: &str, path: &str, form: &str) -> Page {
        let request = self
            .world
            .request("POST", path)
            .header("content-type", FORM);
        let request = self.with_cookies(request).header("sec-fetch-site", site);
        let page = self.world.send(request, form).await;
        self.keep(page)
    }

    /// Loads a page, and sends its form with Alice's credentials.
    pub(crate) async fn submit(&mut self, page: &str, target: &str, action: &str) -> Page {
        let token = self.get(page).await.input("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("action", action),
            ("email", "alice@example.com"),
            ("password", PASSWORD),
        ];
        self.post(target, &form(&fields)).await
    }

    pub(crate) async fn post_sign_in(&mut self, changed: &[(&str, &str)]) -> Page {
        let path = format!("/authorize?{}", query(changed));
        self.submit(&path, &path, "sign-in").await
    }

    /// Signs Alice in; answers where the browser was sent.
    pub(crate) async fn sign_in(&mut self, changed: &[(&str, &str)]) -> String {
        let page = self.post_sign_in(changed).await;
        assert_eq!(page.status, 303, "{}", page.body);
        page.header("location").to_owned()
    }

    pub(crate) async fn attempt(&mut self, email: &str, password: &str) -> Page {
        let path = format!("/authorize?{}", query(&[("prompt", "login")]));
        let token = self.get(&path).await.input("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("action", "sign-in"),
            ("email", email),
            ("password", password),
        ];
        self.post(&path, &form(&fields)).await
    }

    pub(super) fn with_cookies(&self, request: http::request::Builder) -> http::request::Builder {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        if pairs.is_empty() {
            request
        } else {
            request.header("cookie", pairs.join("; "))
        }
    }

    fn keep(&mut self, page: Page) -> Page {
        for cookie in page.cookies() {
            let (pair, _) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page
    }
}
