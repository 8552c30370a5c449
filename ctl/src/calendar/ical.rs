//! The entries as a file that calendars subscribe to (RFC 5545).

use ics::parameters::Value;
use ics::properties::{Description, DtStart, Summary};
use ics::{Event, ICalendar, escape_text};
use sha2::{Digest as _, Sha256};
use time::{Date, OffsetDateTime};

use super::entry::Entry;

/// The calendar of an instance. An entry keeps its identifier for as long as it is about the same end, so that a calendar
/// that reads the file again moves what it has.
pub(super) fn file(name: &str, entries: &[Entry], now: OffsetDateTime) -> String {
    let mut calendar = ICalendar::new("2.0", "-//Sigstead//sigctl//EN");
    for entry in entries {
        calendar.add_event(event(name, entry, now));
    }
    calendar.to_string()
}

fn event<'a>(name: &str, entry: &'a Entry, now: OffsetDateTime) -> Event<'a> {
    let mut event = Event::new(identifier(name, entry), stamp(now));
    let mut start = DtStart::new(day(entry.date));
    start.add(Value::DATE);
    event.push(start);
    let summary = format!("{name}: {}", entry.subject);
    event.push(Summary::new(escape_text(summary)));
    let description = format!("It ends on {}. {}", entry.ends.date(), entry.how);
    event.push(Description::new(escape_text(description)));
    event
}

/// The same for the same end of the same thing, and for nothing else (RFC 5545 §3.8.4.7).
fn identifier(name: &str, entry: &Entry) -> String {
    let mut hash = Sha256::new();
    for part in [
        name,
        &entry.subject,
        &entry.ends.unix_timestamp().to_string(),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let hash = hex::encode(hash.finalize());
    format!("{}@sigstead", hash.get(..32).unwrap_or(&hash))
}

/// As RFC 5545 §3.3.5 writes a time in UTC.
fn stamp(time: OffsetDateTime) -> String {
    let (hour, minute, second) = time.to_offset(time::UtcOffset::UTC).to_hms();
    format!("{}T{hour:02}{minute:02}{second:02}Z", day(time.date()))
}

/// As RFC 5545 §3.3.4 writes a day.
fn day(date: Date) -> String {
    let month = u8::from(date.month());
    format!("{:04}{month:02}{:02}", date.year(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_an_event_of_one_day_that_a_later_reading_finds_again() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let entry = |subject: &str| Entry {
            date: now.date(),
            subject: subject.to_owned(),
            ends: now + time::Duration::days(60),
            how: "sigctl rotate tsa plan; ask, then go on\n".to_owned(),
        };
        let read = |subject| file("acme", &[entry(subject)], now);
        let text = read("timestamp authority");
        for line in [
            "BEGIN:VEVENT\r\n",
            "DTSTAMP:20270115T080000Z\r\n",
            "DTSTART;VALUE=DATE:20270115\r\n",
            "SUMMARY:acme: timestamp authority\r\n",
            "plan\\; ask\\, then",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        let identifier = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("UID:"));
            line.unwrap().to_owned()
        };
        let later = file(
            "acme",
            &[entry("timestamp authority")],
            now + time::Duration::days(1),
        );
        assert_eq!(identifier(&text), identifier(&later));
        assert_ne!(
            identifier(&text),
            identifier(&read("certificate authority"))
        );
    }
}
