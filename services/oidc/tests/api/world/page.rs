use serde_json::Value;

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        let cookies = self.headers.iter().filter(|(key, _)| key == "set-cookie");
        cookies.map(|(_, value)| value.clone()).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The value of an input of the page; empty for one without.
    pub(crate) fn input(&self, name: &str) -> Option<String> {
        let tag = self.body.split('<').find(|tag| {
            tag.starts_with("input")
                && (tag.contains(&format!("name=\"{name}\""))
                    || tag.contains(&format!("id=\"{name}\"")))
        })?;
        let value = tag
            .split_once("value=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        Some(value.map_or_else(String::new, |(value, _)| value.to_owned()))
    }

    pub(crate) fn assets(&self) -> Vec<String> {
        let links = self
            .body
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'));
        links
            .map(|(link, _)| link.to_owned())
            .filter(|link| link.contains("/assets/"))
            .collect()
    }
}
