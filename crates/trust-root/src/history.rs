//! Trust is only ever added to.
//!
//! A bundle of any age is verified against the newest trusted root. What leaves that document, or changes in it, makes old
//! signatures unverifiable or new ones acceptable, so a publication is compared with what clients have.

use crate::error::Error;
use crate::trusted_root::{CertificateAuthority, TimeRange, TransparencyLogInstance, TrustedRoot};

/// Refuses a trusted root that takes something back from an earlier one.
///
/// # Errors
/// If a log or chain is missing, or counts from another time, or for longer than the end that was published.
pub fn check_history(earlier: &TrustedRoot, later: &TrustedRoot) -> Result<(), Error> {
    check_logs(&earlier.tlogs, &later.tlogs)?;
    check_logs(&earlier.ctlogs, &later.ctlogs)?;
    check_authorities(
        &earlier.certificate_authorities,
        &later.certificate_authorities,
    )?;
    check_authorities(&earlier.timestamp_authorities, &later.timestamp_authorities)
}

fn check_logs(
    earlier: &[TransparencyLogInstance],
    later: &[TransparencyLogInstance],
) -> Result<(), Error> {
    for log in earlier {
        let kept = later.iter().find(|kept| {
            kept.log_id == log.log_id && kept.public_key.raw_bytes == log.public_key.raw_bytes
        });
        let kept = kept.map(|kept| kept.public_key.valid_for);
        check_range(&log.base_url, log.public_key.valid_for, kept)?;
    }
    Ok(())
}

fn check_authorities(
    earlier: &[CertificateAuthority],
    later: &[CertificateAuthority],
) -> Result<(), Error> {
    for authority in earlier {
        let kept = later
            .iter()
            .find(|kept| kept.cert_chain == authority.cert_chain);
        let kept = kept.map(|kept| kept.valid_for);
        check_range(&authority.uri, authority.valid_for, kept)?;
    }
    Ok(())
}

fn check_range(owner: &str, before: TimeRange, kept: Option<TimeRange>) -> Result<(), Error> {
    let taken_back = |change| Error::TakenBack {
        owner: owner.to_owned(),
        change,
    };
    let Some(after) = kept else {
        return Err(taken_back("is missing"));
    };
    if after.start != before.start {
        return Err(taken_back("counts from another time"));
    }
    // An end may come, and may come earlier when a key was stolen. It never moves away: signatures that clients were
    // told to refuse would count again.
    match (before.end, after.end) {
        (Some(_), None) => Err(taken_back("has no end any more")),
        (Some(before), Some(after)) if after > before => Err(taken_back("ends later")),
        _ => Ok(()),
    }
}
