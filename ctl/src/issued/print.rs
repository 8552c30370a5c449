use sigstead_issuance::{Issuance, Stage};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
            issuance.serial,
            issuance.identity,
            issuance.issuer,
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
        .map(|(name, value)| format!("{:15} {value}", format!("{name}:")))
        .collect();
    let told = lines.into_iter().filter(|(_, value)| !value.is_empty());
    let told: Vec<_> = told
        .map(|(name, value)| format!("{:15} {value}", format!("{name}:")))
        .collect();
    [told, claims].concat().join("\n")
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
