//! What is measured of issuers. The labels are the entries of the file of issuers, so strangers do not make new
//! ones.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts};
use sigstead_identity::{Counts, IssuerLocation, IssuerState};

use crate::Error;

/// Reads the state of the issuers whenever metrics are asked for.
pub(crate) struct IssuerMetrics<F> {
    /// How each issuer does, and what became of tokens that name none.
    look: F,
    /// What is described; the values are made anew each time, so that issuers that left the file leave the metrics.
    described: Families,
}

/// The metrics, all by issuer.
struct Families {
    tokens: IntCounterVec,
    failed_fetches: IntCounterVec,
    usable: IntGaugeVec,
    age: GaugeVec,
    remembered: IntGaugeVec,
}

impl<F> IssuerMetrics<F> {
    /// # Errors
    /// Not with names that can be metrics.
    pub(crate) fn new(look: F) -> Result<Self, Error> {
        let described = Families::new().map_err(Error::Metrics)?;
        Ok(Self { look, described })
    }
}

impl<F> Collector for IssuerMetrics<F>
where
    F: Fn() -> (Vec<IssuerState>, Counts) + Send + Sync,
{
    fn desc(&self) -> Vec<&Desc> {
        self.described
            .all()
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Ok(families) = Families::new() else {
            return Vec::new();
        };
        let (states, unknown) = (self.look)();
        for state in states {
            let issuer = match &state.location {
                IssuerLocation::Url(url) | IssuerLocation::Wildcard(url) => url.as_str(),
            };
            for (outcome, count) in &state.counts.tokens {
                let tokens = families.tokens.with_label_values(&[issuer, *outcome]);
                tokens.inc_by(*count);
            }
            let failed = families.failed_fetches.with_label_values(&[issuer]);
            failed.inc_by(state.counts.failed_fetches);
            match &state.keys {
                Some(keys) => {
                    let usable = families.usable.with_label_values(&[issuer]);
                    usable.set(i64::from(keys.is_usable));
                    if let Some(age) = keys.age {
                        let gauge = families.age.with_label_values(&[issuer]);
                        gauge.set(age.as_secs_f64());
                    }
                }
                None => {
                    let remembered = families.remembered.with_label_values(&[issuer]);
                    remembered.set(i64::try_from(state.remembered).unwrap_or(i64::MAX));
                }
            }
        }
        for (outcome, count) in unknown.tokens {
            families
                .tokens
                .with_label_values(&["", outcome])
                .inc_by(count);
        }
        families
            .all()
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}

impl Families {
    fn new() -> Result<Self, prometheus::Error> {
        let options = |name: &str, help: &str| Opts::new(format!("sigstead_ca_{name}"), help);
        Ok(Self {
            tokens: IntCounterVec::new(
                options(
                    "identity_tokens_total",
                    "Identity tokens, by entry of the file of issuers and what became of them.",
                ),
                &["issuer", "outcome"],
            )?,
            failed_fetches: IntCounterVec::new(
                options(
                    "issuer_fetch_failures_total",
                    "Fetches of an issuer's keys that failed.",
                ),
                &["issuer"],
            )?,
            usable: IntGaugeVec::new(
                options(
                    "issuer_usable",
                    "Whether tokens of an issuer can be verified now.",
                ),
                &["issuer"],
            )?,
            age: GaugeVec::new(
                options(
                    "issuer_keys_age_seconds",
                    "How long ago the keys of an issuer were fetched.",
                ),
                &["issuer"],
            )?,
            remembered: IntGaugeVec::new(
                options(
                    "issuers_remembered",
                    "How many issuers of a pattern are remembered.",
                ),
                &["issuer"],
            )?,
        })
    }

    fn all(&self) -> [&dyn Collector; 5] {
        [
            &self.tokens,
            &self.failed_fetches,
            &self.usable,
            &self.age,
            &self.remembered,
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus::{Registry, TextEncoder};
    use sigstead_identity::{FetchOptions, HttpFetch, Issuers, IssuersConfig};
    use time::OffsetDateTime;

    use super::*;

    #[tokio::test]
    async fn each_entry_has_its_measures_and_strangers_make_none() {
        let config = IssuersConfig::parse(
            "oidc-issuers: {'https://a.example': {client-id: sigstore, type: email}}\n\
             meta-issuers: {'https://*.b.example': {client-id: sigstore, type: email}}\n",
        )
        .unwrap();
        let fetch = HttpFetch::new(&FetchOptions::default(), &config).unwrap();
        let issuers = Arc::new(Issuers::new(config, Arc::new(fetch)).unwrap());
        let watched = issuers.clone();
        let metrics = IssuerMetrics::new(move || (watched.states(), watched.unknown())).unwrap();
        let registry = Registry::new();
        registry.register(Box::new(metrics)).unwrap();
        // An unsigned token of the issuer for another audience, one of a stranger, and no token.
        let of_issuer = "e30.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6Im90aGVyIn0.c2ln";
        let of_stranger = "e30.eyJpc3MiOiJodHRwczovL3guZXhhbXBsZSJ9.c2ln";
        for token in [of_issuer, of_stranger, "no token"] {
            let token = token.replace("e30.", "eyJhbGciOiJSUzI1NiJ9.");
            let now = OffsetDateTime::UNIX_EPOCH;
            assert!(issuers.verify(&token, now).await.is_err());
        }
        let text = TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        for line in [
            r#"sigstead_ca_identity_tokens_total{issuer="https://a.example",outcome="audience"} 1"#,
            r#"sigstead_ca_identity_tokens_total{issuer="",outcome="issuer_unknown"} 1"#,
            r#"sigstead_ca_identity_tokens_total{issuer="",outcome="malformed"} 1"#,
            r#"sigstead_ca_issuer_usable{issuer="https://a.example"} 0"#,
            r#"sigstead_ca_issuer_fetch_failures_total{issuer="https://*.b.example"} 0"#,
            r#"sigstead_ca_issuers_remembered{issuer="https://*.b.example"} 0"#,
        ] {
            assert!(text.lines().any(|each| each == line), "{line}\n{text}");
        }
        assert!(!text.contains("x.example"));
    }
}
