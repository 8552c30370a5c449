use sigstead_issuance::{Issuance, Stage};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::output::one_line;

/// One line for each.
pub(super) fn table(issuances: &[Issuance]) -> String {
    if issuances.is_empty() {
        return "no issuance fits".to_owned();
    }
    let lines = issuances.iter().map(|issuance| {
        format!(
            "{}  {:11}  {}  {}  {}",
            seconds(issuance.time),
            issuance.outcome.as_str(),
            one_line(&issuance.serial),
            one_line(&issuance.identity),
            one_line(&issuance.issuer),
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// All that is recorded.
pub(super) fn whole(issuance: &Issuance) -> String {
    let mut lines = vec![
        ("id", issuance.id.clone()),
        ("time", seconds(issuance.time)),
        ("outcome", outcome(issuance)),
        ("identity", issuance.identity.clone()),
        ("issuer", issuance.issuer.clone()),
        ("subject", issuance.subject.clone()),
        ("peer", issuance.peer.clone().unwrap_or_default()),
        ("request", issuance.request_id.clone().unwrap_or_default()),
        ("trace", issuance.trace_id.clone().unwrap_or_default()),
        ("token id", issuance.token_id.clone().unwrap_or_default()),
        ("token", format!("sha256:{}", issuance.token_sha256)),
        ("key", issuance.key.clone()),
        ("serial", issuance.serial.clone()),
        ("not before", seconds(issuance.not_before)),
        ("not after", seconds(issuance.not_after)),
        ("authority", format!("sha256:{}", issuance.authority)),
        (
            "precertificate",
            digest(issuance.precertificate_sha256.as_ref()),
        ),
        ("certificate", digest(issuance.certificate_sha256.as_ref())),
    ];
    if let Some(logged) = &issuance.logged {
        let index = logged.leaf_index.map(|index| format!(" at index {index}"));
        lines.push((
            "ct log",
            format!("{}{}", logged.log_id, index.unwrap_or_default()),
        ));
        lines.push(("sct", logged.time.format(&Rfc3339).unwrap_or_default()));
    }
    lines.push(("failure", issuance.failure.clone().unwrap_or_default()));
    let claims = issuance.claims.iter();
    let claims: Vec<_> = claims
        .map(|(name, value)| line(&format!("claim {name}"), value))
        .collect();
    let told = lines.into_iter().filter(|(_, value)| !value.is_empty());
    let told: Vec<_> = told.map(|(name, value)| line(name, &value)).collect();
    [told, claims].concat().join("\n")
}

/// That there are more than are shown, and how to see them.
pub(super) fn more(limit: usize) -> String {
    format!(
        "only the newest {limit} are shown, and there are more; write a larger --limit, choose with --since, --until or \
         --identity, or write all with `sigctl issued export`\n"
    )
}

/// The bearer of a token may choose what is in it, so that neither name nor value may look like the next line.
fn line(name: &str, value: &str) -> String {
    let name = format!("{}:", one_line(name));
    format!("{name:15} {}", one_line(value))
}

fn outcome(issuance: &Issuance) -> String {
    let stage = match issuance.stage {
        Stage::Precertificate => "before the precertificate was known to be signed",
        Stage::Log => "while a ct log was asked, which may have the precertificate",
        Stage::Certificate => "before the certificate was known to be signed",
        Stage::Answer => return issuance.outcome.as_str().to_owned(),
    };
    format!("{}, {stage}", issuance.outcome.as_str())
}

fn digest(hex: Option<&String>) -> String {
    hex.map(|hex| format!("sha256:{hex}")).unwrap_or_default()
}

fn seconds(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sigstead_issuance::conformance;

    use super::*;

    /// An issuance whose token had a line end, an escape sequence and a mark of direction wherever its issuer let it.
    fn forged() -> Issuance {
        let evil = "a\nid:  b\r\u{1b}[2J\u{9b}2J\t\u{202e}\u{2028}c";
        let mut forged = conformance::issuance(1);
        for field in [
            &mut forged.identity,
            &mut forged.issuer,
            &mut forged.subject,
        ] {
            evil.clone_into(field);
        }
        forged.token_id = Some(evil.to_owned());
        forged.failure = Some(evil.to_owned());
        forged.claims = [(evil.to_owned(), evil.to_owned())].into();
        forged
    }

    #[test]
    fn what_a_token_says_makes_no_lines_and_moves_no_cursor() {
        let honest = conformance::issuance(1);
        let mut full = honest.clone();
        full.token_id = Some("t".to_owned());
        full.failure = Some("f".to_owned());
        for (shown, lines) in [
            (table(&[forged(), forged()]), 2),
            (whole(&forged()), whole(&full).lines().count()),
        ] {
            assert_eq!(shown.lines().count(), lines, "{shown}");
            let obeyed = |each: char| each.is_control() && each != '\n';
            assert!(!shown.contains(obeyed), "{shown:?}");
            assert!(!shown.contains(['\u{202e}', '\u{2028}']), "{shown:?}");
        }
        assert!(whole(&honest).contains("user-1@example.com"));
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys_and_reads_as_before() {
        let json = crate::output::printable_json(&serde_json::to_string(&forged()).unwrap());
        assert!(!json.contains(|each: char| each.is_control()), "{json:?}");
        assert!(!json.contains('\u{202e}'));
        let read: Issuance = serde_json::from_str(&json).unwrap();
        assert_eq!(read, forged());
    }
}
