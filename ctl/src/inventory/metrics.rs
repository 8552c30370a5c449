//! When everything ends, as Prometheus reads it.

use prometheus::{IntGaugeVec, Opts, Registry, TextEncoder};

use super::item::Item;

/// The ends of all that has one, in the text format of Prometheus.
pub(crate) fn ends(items: &[Item]) -> Result<String, prometheus::Error> {
    let ends = IntGaugeVec::new(
        Opts::new(
            "sigstead_end_timestamp_seconds",
            "When a key, certificate or signed file ends, in seconds since the epoch.",
        ),
        &["subject", "kind", "state", "key"],
    )?;
    let registry = Registry::new();
    registry.register(Box::new(ends.clone()))?;
    for item in items {
        let Some(end) = item.ends else { continue };
        let key = item.key.as_deref().unwrap_or_default();
        let labels = [&item.subject, item.kind.name(), item.state.name(), key];
        ends.with_label_values(&labels).set(end.unix_timestamp());
    }
    TextEncoder::new().encode_to_string(&registry.gather())
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::inventory::{Kind, Renewal, State};

    #[test]
    fn what_has_an_end_is_told_with_it_and_nothing_else_is() {
        let item = |subject: &str, ends| Item {
            subject: subject.to_owned(),
            kind: Kind::Certificate,
            state: State::Active,
            place: None,
            algorithm: None,
            key: Some("SHA256:ab".to_owned()),
            first_use: None,
            ends,
            successor: None,
            renewal: Renewal::Itself,
        };
        let end = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let items = [item("a \"chain\"", Some(end)), item("a log", None)];
        let told = ends(&items).unwrap();
        let told: Vec<_> = told.lines().filter(|line| !line.starts_with('#')).collect();
        let labels = r#"key="SHA256:ab",kind="certificate",state="active",subject="a \"chain\"""#;
        let line = format!("sigstead_end_timestamp_seconds{{{labels}}} 1800000000");
        assert_eq!(told, [line]);
    }
}
