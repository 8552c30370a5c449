use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::AUDIT_TARGET;

/// One JSON object per message: time, level, target, message, the fields of the message, and each span around it once,
/// under its name.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields
                .map(|fields| fields.fields.as_str())
                .unwrap_or_default();
            line.insert(span.name().to_owned(), Value::Object(span_fields(fields)));
        }
        let is_record = metadata.target() == AUDIT_TARGET;
        event.record(&mut Fields {
            line: &mut line,
            is_record,
        });
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// The fields of a span were written as JSON when they came. Those of the exporter are for the exporter.
fn span_fields(text: &str) -> Map<String, Value> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    fields.retain(|name, _| !name.starts_with("otel."));
    fields
}

struct Fields<'a> {
    line: &'a mut Map<String, Value>,
    /// Whether the field `event` is a record that was made as JSON already.
    is_record: bool,
}

impl Fields<'_> {
    fn insert(&mut self, field: &Field, value: Value) {
        self.line.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let record = (self.is_record && field.name() == "event")
            .then(|| serde_json::from_str(value).ok())
            .flatten();
        self.insert(field, record.unwrap_or_else(|| value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Written {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn lines(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(written.clone())
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines = written.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_message_names_each_span_once_and_its_own_fields() {
        let lines = lines(|| {
            let span =
                tracing::info_span!("request", otel.name = "GET /", route = "/", status = 200);
            span.in_scope(|| tracing::info!(millis = 3, done = true, "request \"answered\""));
        });
        let line = &lines[0];
        assert_eq!(line["message"], "request \"answered\"");
        assert_eq!((&line["millis"], &line["done"]), (&3.into(), &true.into()));
        assert_eq!(
            line["request"],
            serde_json::json!({"route": "/", "status": 200})
        );
        assert!(line.get("span").is_none() && line.get("spans").is_none());
    }

    #[test]
    fn a_record_is_an_object_and_other_text_stays_text() {
        let lines = lines(|| {
            let event = r#"{"serial":"00"}"#;
            tracing::info!(target: AUDIT_TARGET, event, "a certificate was issued");
            tracing::info!(event, "something else");
            tracing::info!(target: AUDIT_TARGET, event = "{", "a broken one");
        });
        assert_eq!(lines[0]["event"]["serial"], "00");
        assert_eq!(lines[1]["event"], r#"{"serial":"00"}"#);
        assert_eq!(lines[2]["event"], "{");
    }
}
